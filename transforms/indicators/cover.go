package indicators

import (
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
)

// An indicator may divide one table's events by another's. Where one of the tables lacks days that the other has (it begins later, or
// a day never came), it would have events of other days than it divides by. So both sides are of the days that all its
// tables have: a rate by refunds is of the pay days that orders and refunds have, a complaint counts against the orders of the day
// LagDays before it if there are any. Where a table cuts a measure of orders, its sum is kept beside the plain one, named
// measure@table; where it lacks none of their days there is none, and total takes the plain one. Measures of events have one sum.

// MinimumCover is on how many days of the window all tables of an indicator must be there, where one of them begins later than the
// orders; with fewer it is not computable.
const MinimumCover = 7

// Names of the sources' tables.
const (
	Orders     = "orders"
	Refunds    = "refunds"
	Shipments  = "shipments"
	Reviews    = "reviews"
	Complaints = "complaints"
	Traffic    = "traffic"
	Chats      = "chats"
	Contents   = "contents"
)

// side is a table that an indicator looks at.
type side struct {
	table  string
	lagged bool // at the days LagDays before those of the window: orders there, and refunds by their pay days
}

// sidesOf are the tables of an indicator; nil: it is of no days of the window.
func sidesOf(indicator string) []side {
	switch indicator {
	case "quality_refund", "dispute", "refund_hours", "refund_only_hours", "return_refund_hours", "not_self_completed", "promoter_liable":
		return []side{{Refunds, true}, {Orders, true}}
	case "bad_review", "quality_bad_review":
		return []side{{Reviews, false}, {Shipments, false}}
	case "missed_pickup", "transit_ratio":
		return []side{{Shipments, false}}
	case "gmv_per_mille", "conversion":
		return []side{{Traffic, false}, {Orders, false}}
	case "effective_gmv", "price_coverage", "product_score", "shop_score":
		return []side{{Orders, false}}
	case "chat_unhappy", "slow_reply":
		return []side{{Chats, false}}
	case "content_reports", "content_bad_rating":
		return []side{{Contents, false}}
	}
	if strings.HasSuffix(indicator, "_complaint") || indicator == "misleading" {
		return []side{{Complaints, false}, {Orders, true}}
	}
	return nil
}

// cover is which days tables have.
type cover struct {
	asOf   calendar.Day
	lag    int
	days   int                          // of the longest window
	tables map[string]calendar.Presence // not there: every day
}

func newCover(in Input) cover {
	c := cover{in.AsOf, in.Rules.LagDays, in.Score.Windows[len(in.Score.Windows)-1], map[string]calendar.Presence{}}
	for _, e := range append([]Source{in.Orders}, in.Events...) {
		if e.Present != nil {
			c.tables[e.Table] = e.Present
		}
	}
	return c
}

// has tells whether a table has what stands for a day of the window.
func (c *cover) has(s side, day calendar.Day) bool {
	if s.lagged {
		day -= calendar.Day(c.lag)
	}
	present, told := c.tables[s.table]
	return !told || present[day]
}

// cuts tells whether one table lacks a day of the longest window that the other has.
func (c *cover) cuts(by, of side) bool {
	for day := c.asOf - calendar.Day(c.days) + 1; day <= c.asOf; day++ {
		if c.has(of, day) && !c.has(by, day) {
			return true
		}
	}
	return false
}

// later tells whether a table begins later than the orders, and than the first day that is looked at.
func (c *cover) later(table string) bool {
	first, ok := c.tables[table].First()
	orders, _ := c.tables[Orders].First()
	return ok && first > max(orders, c.asOf-calendar.Day(c.days+c.lag)+1)
}

// Cover is on how many of the last so many days of the longest window, none included, all tables of an indicator are there.
func (s *Sums) Cover(indicator string) []int {
	days, sides := make([]int, s.cover.days+1), sidesOf(indicator)
	for n := range s.cover.days {
		all := true
		for _, side := range sides {
			all = all && s.cover.has(side, s.cover.asOf-calendar.Day(n))
		}
		if days[n+1] = days[n]; all {
			days[n+1]++
		}
	}
	return days
}

// computable tells whether the tables of an indicator cover enough days. Where all of them are as young as the orders, few
// days are all there is, and shrinkage knows how little they say.
func (s *Sums) computable(indicator string) bool {
	late := false
	for _, side := range sidesOf(indicator) {
		late = late || s.cover.later(side.table)
	}
	return !late || s.Cover(indicator)[s.cover.days] >= MinimumCover
}

func cutBy(measure, table string) string { return measure + "@" + table }

// otherSide is what a measure of events is divided by, or divides.
var otherSide = map[string]side{
	"signed": {Reviews, false}, "bad": {Shipments, false}, "quality_bad": {Shipments, false}, "impressions": {Orders, false}, "clicks": {Orders, false},
	"mismatch": {Orders, true}, "logistics": {Orders, true}, "misleading": {Orders, true},
}

// orderCuts are the measures of orders that a table may cut.
var orderCuts = []struct {
	measure string
	of, by  side
}{
	{Lagged, side{Orders, true}, side{Refunds, true}}, {Lagged, side{Orders, true}, side{Complaints, false}},
	{Valid, side{Orders, false}, side{Traffic, false}}, {Paid, side{Orders, false}, side{Traffic, false}},
}

// orderCut are the sums of one measure of orders over the days that a table has too, by window.
type orderCut struct {
	name   string
	by     side
	lagged bool // counted over the lagged window
	paid   bool // fen, not orders
	sums   [][]int64
	counts [][]int64 // of orders where days weigh, not weighted
}

// newCuts are the cuts of orders that the tables' days ask for.
func (c *collector) newCuts() (cuts []*orderCut) {
	for _, k := range orderCuts {
		if !c.cover.cuts(k.by, k.of) {
			continue
		}
		cut := &orderCut{name: cutBy(k.measure, k.by.table), by: k.by, lagged: k.of.lagged, paid: k.measure == Paid}
		for range c.in.Score.Windows {
			cut.sums = append(cut.sums, make([]int64, len(c.in.Subjects)))
			if c.in.Score.Weighted && isObserved(cut.name) {
				cut.counts = append(cut.counts, make([]int64, len(c.in.Subjects)))
			}
		}
		cuts = append(cuts, cut)
	}
	return cuts
}

// add counts the orders of one day of a subject in every window that holds it.
func (k *orderCut) add(c *cover, windows []int, day calendar.Day, weight int64, rows known, orders, paid []int64) {
	if k.lagged {
		day += calendar.Day(c.lag)
	}
	if !c.has(k.by, day) {
		return
	}
	values := orders
	if k.paid {
		values = paid
	}
	age := int(c.asOf - day)
	for w, length := range windows {
		if age >= 0 && age < length {
			rows.addTo(k.sums[w], weight, values)
			if k.counts != nil {
				rows.addTo(k.counts[w], 1, orders)
			}
		}
	}
}
