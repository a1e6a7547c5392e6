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
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// Source is a rollup that is added up.
type Source struct {
	Subject  string       // key column
	PaidDay  bool         // the key goes on with paid_day: the window is the lagged one, by pay day
	Lagged   bool         // counted over the orders of the lagged window: a day weighs what the day LagDays before it does
	Measures []string     // columns that are summed
	Table    string       // name for cuts, empty: the source is never divided by another's
	From     calendar.Day // first day of its table, if that is later than that of the orders; 0: it is not
	Days     column.Days
}

// Input is what the figures of one role are added up from.
type Input struct {
	AsOf     calendar.Day
	Rules    *rules.Rules
	Score    *rules.Score
	Subjects []int64     // codes, distinct
	Orders   Source      // <role>_score_orders: measures orders and paid_fen
	Signed   column.Days // <role>_shipment_events, if the first window asks for signed orders; nil: valid orders stand in
	Events   []Source    // each measure's name stands in one of them only
}

// Sums are the figures of one role, row by row as Subjects.
type Sums struct {
	Window     *column.Ints            // days
	Orders     *column.Ints            // valid orders of the window, not weighted
	Recent     *column.Ints            // valid orders of the last 30 days
	RecentPaid *column.Ints            // fen, their 支付 GMV
	Paid       *column.Ints            // fen, 支付 GMV of the valid orders of the window, not weighted
	sums       map[string]*column.Ints // by measure
	scale      float64                 // 1, or a million with recency weights
	asOf       calendar.Day
	lag        int
	begins     map[string]calendar.Day // first days of tables that begin later than the orders
}

// weightUnit is the weight of a day of age 0.
const weightUnit = 1_000_000

// recentDays is the window of Recent.
const recentDays = 30

// Measures of valid orders, beside those of the sources.
const (
	Valid  = "valid_orders"  // of the window
	Lagged = "lagged_orders" // of the lagged window
	Paid   = "paid_fen"      // 支付 GMV of the window, not weighted
)

// total is what measures add up to, nil if the table of one is missing. A name measure@table is that of the days that the
// table covers too.
func (s *Sums) total(measures ...string) *total {
	t := &total{scale: s.scale}
	for _, measure := range measures {
		plain, _, _ := strings.Cut(measure, "@")
		sums, cut := s.sums[measure]
		if !cut {
			sums = s.sums[plain]
		}
		if sums == nil {
			return nil
		}
		t.sums = append(t.sums, sums)
		if plain == Paid {
			t.scale = 1
		}
	}
	return t
}

// Forget lets go of the sums that no figure is made of. What stands in the other fields stays.
func (s *Sums) Forget() { s.sums = nil }

// LookbackDays is how many days before the as-of date, that date included, a score's figures begin.
func LookbackDays(r *rules.Rules, s *rules.Score) int { return s.Windows[len(s.Windows)-1] + r.LagDays }

// Collect adds up the figures of one role.
func Collect(in Input) (*Sums, error) {
	c := &collector{in: in, rows: column.NewLookup(in.Subjects), lag: in.Rules.LagDays, weights: weights(in), begins: map[string]calendar.Day{}}
	for _, e := range in.Events {
		if e.From != 0 && e.Table != "" {
			c.begins[e.Table] = e.From
		}
	}
	s := &Sums{sums: map[string]*column.Ints{}, scale: 1, asOf: in.AsOf, lag: in.Rules.LagDays, begins: c.begins}
	if in.Score.Weighted {
		s.scale = weightUnit
	}
	o, err := c.orders()
	if err != nil {
		return nil, err
	}
	signed, err := c.signed()
	if err != nil {
		return nil, err
	}
	o.choose(in, signed, s)
	c.window = s.Window
	for _, e := range in.Events {
		if err := c.add(e, s.sums); err != nil {
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

// collector reads rollups.
type collector struct {
	in      Input
	rows    *column.Lookup
	lag     int
	weights []int64
	window  *column.Ints // of each subject, once it is chosen
	begins  map[string]calendar.Day
	found   []int64
}

// each opens every day and hands it the rows of known subjects.
func (c *collector) each(days column.Days, subject string, open func(day calendar.Day, f *column.Frame) (visit func(i, row int))) error {
	for d, err := range days {
		if err != nil {
			return err
		}
		visit := open(d.Day, d.Frame)
		if cap(c.found) < d.Frame.N {
			c.found = make([]int64, d.Frame.N)
		}
		found := c.found[:d.Frame.N]
		c.rows.Rows(d.Frame.Column(subject), found)
		for i, row := range found {
			if row >= 0 {
				visit(i, int(row))
			}
		}
	}
	return nil
}

// add sums the measures of one source over each subject's window.
func (c *collector) add(e Source, sums map[string]*column.Ints) error {
	totals, cuts := make([][]int64, len(e.Measures)), make([][]int64, len(e.Measures))
	for j, m := range e.Measures {
		totals[j] = make([]int64, len(c.in.Subjects))
		if _, begins := c.begins[otherSide[m]]; begins {
			cuts[j] = make([]int64, len(c.in.Subjects))
		}
	}
	if err := c.addDays(e, totals, cuts); err != nil {
		return err
	}
	for j, m := range e.Measures {
		sums[m] = column.NewInts(totals[j])
		if cuts[j] != nil {
			sums[cutBy(m, otherSide[m])] = column.NewInts(cuts[j])
		}
		totals[j], cuts[j] = nil, nil
	}
	return nil
}

// addDays sums the measures, and those that another table cuts a second time.
func (c *collector) addDays(e Source, totals, cuts [][]int64) error {
	return c.each(e.Days, e.Subject, func(day calendar.Day, f *column.Frame) func(i, row int) {
		columns := make([][]int64, len(e.Measures))
		for j, m := range e.Measures {
			columns[j] = f.Column(m)
		}
		inWindow := c.inWindow(day, 0)
		if e.Lagged {
			inWindow = c.inWindow(day, c.lag)
		}
		if e.PaidDay {
			inWindow = c.inLaggedWindow(day, f.Column("paid_day"), e.From)
		}
		return func(i, row int) {
			if weight := inWindow(i, row); weight != 0 {
				for j, v := range columns {
					totals[j][row] += weight * v[i]
					if cuts[j] != nil && day >= c.begins[otherSide[e.Measures[j]]] {
						cuts[j][row] += weight * v[i]
					}
				}
			}
		}
	})
}

// inWindow gives the weight of the rows of a day, that of the day some days before it, 0 outside the subject's window.
func (c *collector) inWindow(day calendar.Day, before int) func(i, row int) int64 {
	age := int(c.in.AsOf - day)
	return func(_, row int) int64 {
		if age < 0 || int64(age) >= c.window.At(row) {
			return 0
		}
		return c.weights[age+before]
	}
}

// inLaggedWindow is the same of rows by pay day, which count if their event came within the lag, and if the table was
// there when they were paid.
func (c *collector) inLaggedWindow(day calendar.Day, paid []int64, from calendar.Day) func(i, row int) int64 {
	return func(i, row int) int64 {
		age, delay := int(c.in.AsOf)-int(paid[i]), int(day)-int(paid[i])
		if delay < 0 || delay > c.lag || age < c.lag || age >= c.lag+int(c.window.At(row)) || calendar.Day(paid[i]) < from {
			return 0
		}
		return c.weights[age]
	}
}
