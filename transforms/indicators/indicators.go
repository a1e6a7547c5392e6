// Package indicators adds up what the indicators of the three scores are made of: for each subject x bad of n, from
// the daily rollups of its window.
//
// The windows lengthen for small subjects, each on its own: a subject's window is chosen by its valid orders (or the
// signed ones, as the rules say) before anything else is added up. What waits for refunds and complaints looks at the
// orders paid in the window that ends LagDays earlier; an event counts if it came within LagDays of payment. Days of
// the talent score count with recency weights.
//
// All sums are integers; with recency weights they are sums of weight × count in millionths.
package indicators

import (
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// Source is a rollup that is added up.
type Source struct {
	Subject  string   // key column
	PaidDay  bool     // the key goes on with paid_day: the window is the lagged one, by pay day
	Lagged   bool     // counted over the orders of the lagged window: a day weighs what the day LagDays before it does
	Measures []string // columns that are summed
	Table    string   // its name
	Days     column.Days
	Present  calendar.Presence // days that its table has; by pay day: those from its first day on; nil: every one
}

// Columns are the columns that Days need to have.
func (s *Source) Columns() []string {
	columns := append([]string{s.Subject}, s.Measures...)
	if s.PaidDay {
		columns = append(columns, "paid_day")
	}
	return columns
}

// Input is what the figures of one role are added up from.
type Input struct {
	AsOf     calendar.Day
	Rules    *rules.Rules
	Score    *rules.Score
	Subjects []int64     // codes, distinct
	PaidOver []int       // windows, in days, of others who look at these subjects' sales
	Orders   Source      // <role>_score_orders: measures orders and paid_fen; Present: the days with orders
	Signed   column.Days // <role>_shipment_events, if the first window asks for signed orders; nil: valid orders stand in
	Events   []Source    // each measure's name stands in one of them only
}

// Sums are the figures of one role, row by row as Subjects.
type Sums struct {
	Window *column.Ints            // days
	Orders *column.Ints            // valid orders of the window, not weighted
	Recent *column.Ints            // valid orders of the last 30 days
	Paid   *column.Ints            // fen, 支付 GMV of the valid orders of the window, not weighted
	PaidIn map[int]*column.Ints    // the same of windows of so many days, those of Input.PaidOver, whatever a subject's own is
	sums   map[string]*column.Ints // by measure
	counts map[string]*column.Ints // of what is divided by, not weighted: the sums themselves where days do not weigh
	scale  float64                 // 1, or a million with recency weights
	cover  cover
}

// weightUnit is the weight of a day of age 0.
const weightUnit = 1_000_000

// RecentDays is the window of Recent, whatever those of the score are: Orders have to reach as far back.
const RecentDays = 30

// Measures of valid orders, beside those of the sources.
const (
	Valid  = "valid_orders"  // of the window
	Lagged = "lagged_orders" // of the lagged window
	Paid   = "paid_fen"      // 支付 GMV of the window, in fen
)

// total is what measures add up to, nil if the table of one is missing. A name measure@table is that of the days that the
// table has too.
func (s *Sums) total(measures ...string) *total { return totalOf(s.sums, s.scale, measures) }

func totalOf(all map[string]*column.Ints, scale float64, measures []string) *total {
	t := &total{scale: scale}
	for _, measure := range measures {
		plain, _, _ := strings.Cut(measure, "@")
		sums, cut := all[measure]
		if !cut {
			sums = all[plain]
		}
		if sums == nil {
			return nil
		}
		t.sums = append(t.sums, sums)
	}
	return t
}

// Forget lets go of the sums that no figure is made of. What stands in the other fields stays.
func (s *Sums) Forget() { s.sums, s.counts = nil, nil }

// LookbackDays is how many days before the as-of date, that date included, a score's figures begin.
func LookbackDays(r *rules.Rules, s *rules.Score) int { return s.Windows[len(s.Windows)-1] + r.LagDays }

// Collect adds up the figures of one role.
func Collect(in Input) (*Sums, error) {
	in.Orders.Table = Orders
	c := &collector{in: in, rows: column.NewLookup(in.Subjects), lag: in.Rules.LagDays, weights: weights(in), cover: newCover(in)}
	s := &Sums{sums: map[string]*column.Ints{}, scale: 1, cover: c.cover}
	s.counts = s.sums
	if in.Score.Weighted {
		s.scale, s.counts = weightUnit, map[string]*column.Ints{}
	}
	o, err := c.orders()
	if err != nil {
		return nil, err
	}
	signed, err := c.signed()
	if err != nil {
		return nil, err
	}
	c.window = o.choose(in, signed, s)
	for _, e := range in.Events {
		if err := c.add(e, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// weights are what days count with, by age.
func weights(in Input) []int64 {
	out := make([]int64, LookbackDays(in.Rules, in.Score))
	for age := range out {
		out[age] = 1
		if in.Score.Weighted {
			out[age] = stats.RecencyWeight(age, in.Rules.HalfLifeDays)
		}
	}
	return out
}

// collector reads rollups, a day at a time and within it a column at a time.
type collector struct {
	in      Input
	rows    *column.Lookup
	lag     int
	weights []int64
	window  []int32 // of each subject, once it is chosen
	cover   cover
	found   []int64
	known   known
	weighed []int64 // weights of known rows, where those of a day differ
}

// known are rows of a day whose subjects are known: where they stand in the frame, and whose they are.
type known struct{ at, subject []uint32 }

// each hands over the known rows of every day.
func (c *collector) each(days column.Days, subject string, visit func(day calendar.Day, f *column.Frame, rows known)) error {
	for d, err := range days {
		if err != nil {
			return err
		}
		visit(d.Day, d.Frame, c.knownOf(d.Frame.Column(subject)))
	}
	return nil
}

func (c *collector) knownOf(subjects []int64) known {
	n := len(subjects)
	if cap(c.found) < n {
		c.found, c.known = make([]int64, n), known{make([]uint32, n), make([]uint32, n)}
	}
	found, k := c.found[:n], known{c.known.at[:n], c.known.subject[:n]}
	c.rows.Rows(subjects, found)
	at := 0
	for i, row := range found { // without a branch: which are known comes at random
		k.at[at], k.subject[at] = uint32(i), uint32(row)
		at += 1 + int(row>>63) // -1 is nobody
	}
	return known{k.at[:at], k.subject[:at]}
}

// addTo adds weight × value to the sums of the rows' subjects.
func (k known) addTo(sums []int64, weight int64, values []int64) {
	subject := k.subject[:len(k.at)]
	for j, i := range k.at {
		sums[subject[j]] += weight * values[i]
	}
}

// addWeighed is addTo with a weight for each row.
func (k known) addWeighed(sums, weights, values []int64) {
	subject, weights := k.subject[:len(k.at)], weights[:len(k.at)]
	for j, i := range k.at {
		sums[subject[j]] += weights[j] * values[i]
	}
}

// add sums the measures of one source over each subject's window.
func (c *collector) add(e Source, s *Sums) error {
	totals, counts := make([][]int64, len(e.Measures)), make([][]int64, len(e.Measures))
	for j, m := range e.Measures {
		totals[j] = make([]int64, len(c.in.Subjects))
		if c.in.Score.Weighted && isObserved(m) {
			counts[j] = make([]int64, len(c.in.Subjects))
		}
	}
	if err := c.addDays(e, totals, counts); err != nil {
		return err
	}
	for j, m := range e.Measures {
		s.sums[m] = column.NewInts(totals[j])
		if counts[j] != nil {
			s.counts[m] = column.NewInts(counts[j])
		}
		totals[j], counts[j] = nil, nil
	}
	return nil
}

// addDays sums the measures of the days that the tables on their other sides have too.
func (c *collector) addDays(e Source, totals, counts [][]int64) error {
	var paidTold []bool
	if e.PaidDay {
		paidTold = c.paidTold(side{e.Table, true})
	}
	return c.each(e.Days, e.Subject, func(day calendar.Day, f *column.Frame, rows known) {
		var in picked
		if e.PaidDay {
			in = c.inLaggedWindow(day, rows, f.Column("paid_day"), paidTold)
		} else {
			in = c.inWindow(day, rows, e.Lagged)
		}
		for j, m := range e.Measures {
			if other, divided := otherSide[m]; divided && !c.cover.has(other, day) {
				continue
			}
			in.addTo(totals[j], f.Column(m))
			if counts[j] != nil {
				in.rows.addTo(counts[j], 1, f.Column(m))
			}
		}
	})
}

// paidTold are the pay days, by age, of which a table tells and that have orders: elsewhere its events are of orders that are not counted.
func (c *collector) paidTold(of side) []bool {
	told := make([]bool, len(c.weights))
	for age := range told {
		day := c.in.AsOf - calendar.Day(age-c.lag)
		told[age] = c.cover.has(of, day) && c.cover.has(side{Orders, true}, day)
	}
	return told
}

// picked are rows of a day that count, and their weights: one, or where weights are not nil one each.
type picked struct {
	rows    known
	weight  int64
	weights []int64
}

func (p *picked) addTo(sums, values []int64) {
	if p.weights != nil {
		p.rows.addWeighed(sums, p.weights, values)
		return
	}
	p.rows.addTo(sums, p.weight, values)
}

// inWindow picks the rows of a day that lie in their subjects' windows, of the memory of all, with the weight of
// the day, or of the one LagDays before it.
func (c *collector) inWindow(day calendar.Day, rows known, lagged bool) picked {
	age, weight, n := int(c.in.AsOf-day), int64(0), 0
	if age >= 0 && age < c.in.Score.Windows[len(c.in.Score.Windows)-1] {
		weight = c.weights[age]
		if lagged {
			weight = c.weights[age+c.lag]
		}
		for j, subject := range rows.subject {
			rows.at[n], rows.subject[n] = rows.at[j], subject
			if int32(age) < c.window[subject] {
				n++
			}
		}
	}
	return picked{rows: known{rows.at[:n], rows.subject[:n]}, weight: weight}
}

// inLaggedWindow does the same of rows by pay day, which count if their event came within the lag, and if tables tell of that day.
func (c *collector) inLaggedWindow(day calendar.Day, rows known, paid []int64, told []bool) picked {
	c.weighed = slices.Grow(c.weighed[:0], len(rows.at))
	n := 0
	for j, subject := range rows.subject {
		on := paid[rows.at[j]]
		age, delay := int(c.in.AsOf)-int(on), int(day)-int(on)
		if delay < 0 || delay > c.lag || age < c.lag || age >= c.lag+int(c.window[subject]) || !told[age] {
			continue
		}
		rows.at[n], rows.subject[n] = rows.at[j], subject
		c.weighed = append(c.weighed, c.weights[age])
		n++
	}
	return picked{rows: known{rows.at[:n], rows.subject[:n]}, weights: c.weighed}
}
