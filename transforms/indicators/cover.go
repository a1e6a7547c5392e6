package indicators

import (
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
)

// Where a table begins later than the orders, an indicator that divides one table's events by another's would have events
// of fewer days than it divides by. Then both sides are cut to the days that all its tables cover: a second sum of
// the other side's measure is kept, named measure@table, from the first such day on. Where all tables cover the whole window
// there is none, and Sum takes the plain one.

// MinimumCover is on how many days of the window all tables of an indicator must be there; with fewer it is not computable.
const MinimumCover = 7

// unbounded is more days than any window has.
const unbounded = 1 << 20

// Names of the sources' tables, for cuts.
const (
	Refunds    = "refunds"
	Shipments  = "shipments"
	Reviews    = "reviews"
	Complaints = "complaints"
	Traffic    = "traffic"
)

func cutBy(measure, table string) string { return measure + "@" + table }

// otherSide is the table that a measure of events is divided by, or divides.
var otherSide = map[string]string{"signed": Reviews, "bad": Shipments, "quality_bad": Shipments}

// orderCuts are the measures of orders that a table may cut.
var orderCuts = []struct {
	measure, table string
	lagged         bool // counted over the lagged window
	before         bool // the table's events look at the orders of the day LagDays before theirs
}{
	{Lagged, Refunds, true, false}, {Lagged, Complaints, true, true}, {Valid, Traffic, false, false}, {Paid, Traffic, false, false},
}

// orderCut are the sums of one measure of orders from a day on, by window.
type orderCut struct {
	name   string
	from   calendar.Day
	lagged bool
	paid   bool // fen, not weighted
	sums   [][]int64
}

// newCuts are the cuts of orders that the tables' beginnings ask for.
func (c *collector) newCuts() (cuts []*orderCut) {
	for _, k := range orderCuts {
		from, begins := c.begins[k.table]
		if !begins {
			continue
		}
		if k.before {
			from -= calendar.Day(c.lag)
		}
		cut := &orderCut{name: cutBy(k.measure, k.table), from: from, lagged: k.lagged, paid: k.measure == Paid}
		for range c.in.Score.Windows {
			cut.sums = append(cut.sums, make([]int64, len(c.in.Subjects)))
		}
		cuts = append(cuts, cut)
	}
	return cuts
}

// add counts the orders of one day of a subject in every window that holds it.
func (k *orderCut) add(windows []int, day calendar.Day, age, lag int, weight int64, rows known, orders, paid []int64) {
	if day < k.from {
		return
	}
	values := orders
	if k.paid {
		weight, values = 1, paid
	}
	if k.lagged {
		age -= lag
	}
	for w, length := range windows {
		if age >= 0 && age < length {
			rows.addTo(k.sums[w], weight, values)
		}
	}
}

// Cover is on how many days all tables of an indicator are there, where one of them begins later than the orders; false:
// none does, and windows alone bound the days.
func (s *Sums) Cover(indicator string) (days int, late bool) {
	days = unbounded
	for _, table := range tablesOf(indicator) {
		from, begins := s.begins[table]
		if !begins {
			continue
		}
		covered := int(s.asOf-from) + 1
		if table == Refunds {
			covered -= s.lag // by pay day, in the window that ends so many days ago
		}
		days, late = min(days, max(0, covered)), true
	}
	return days, late
}

// computable tells whether the tables of an indicator cover enough days.
func (s *Sums) computable(indicator string) bool {
	days, late := s.Cover(indicator)
	return !late || days >= MinimumCover
}

// tablesOf are the tables of events that an indicator looks at, without the orders.
func tablesOf(indicator string) []string {
	switch indicator {
	case "quality_refund", "dispute", "refund_hours", "refund_only_hours", "return_refund_hours", "not_self_completed", "promoter_liable":
		return []string{Refunds}
	case "bad_review", "quality_bad_review":
		return []string{Reviews, Shipments}
	case "missed_pickup", "transit_ratio":
		return []string{Shipments}
	case "gmv_per_mille", "conversion":
		return []string{Traffic}
	}
	if strings.HasSuffix(indicator, "_complaint") || indicator == "misleading" {
		return []string{Complaints}
	}
	return nil
}
