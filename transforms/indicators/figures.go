package indicators

import (
	"slices"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Figure tells one indicator of a subject by its row: x of n, or what Known.Way says. It is made of sums when it is asked
// for, by any number of goroutines: as numbers of all subjects figures take five times as much memory. nil: not computable.
type Figure func(row int) (x, n float64)

// Figures are indicators by their names.
type Figures map[string]Figure

// ratio says which sums an indicator divides.
type ratio struct {
	id       string
	x, n     []string // added up
	perHours bool     // x is in seconds and shown in hours
	inHours  bool     // so is n
	lines    string   // how many lines hours are of, where n does not say it
	divides  bool     // one table's events by another's
}

func of(names ...string) []string { return names }

// The valid orders of the lagged window, of the days that refunds and complaints cover.
var lagged, complained = of(cutBy(Lagged, Refunds)), of(cutBy(Lagged, Complaints))

// productRatios, shopRatios and talentRatios are the indicators that are made of sums alone. Their formulas in words
// stand in rules.ProductIndicators and so on.
var (
	productRatios = []ratio{
		{id: "quality_refund", x: of("quality_refunds"), n: lagged, divides: true},
		{id: "bad_review", x: of("bad"), n: of("signed"), divides: true},
		{id: "mismatch_complaint", x: of("mismatch"), n: complained, divides: true},
		{id: "missed_pickup", x: of("missed"), n: of("due")},
		{id: "transit_ratio", x: of("transit_seconds"), n: of("median_seconds"), perHours: true, inHours: true, lines: "transits"},
		{id: "dispute", x: of("disputed_orders"), n: lagged, divides: true},
		{id: "refund_hours", x: of("refund_only_seconds", "return_refund_seconds"), n: of("refund_only", "return_refund"), perHours: true},
	}
	shopRatios = []ratio{
		{id: "quality_bad_review", x: of("quality_bad"), n: of("signed"), divides: true},
		{id: "quality_refund", x: of("quality_refunds"), n: lagged, divides: true},
		{id: "missed_pickup", x: of("missed"), n: of("due")},
		{id: "transit_ratio", x: of("transit_seconds"), n: of("median_seconds"), perHours: true, inHours: true, lines: "transits"},
		{id: "logistics_complaint", x: of("logistics"), n: complained, divides: true},
		{id: "not_self_completed", x: of("not_self_completed"), n: of("closed")},
		{id: "chat_unhappy", x: of("unhappy"), n: of("rated")},
		{id: "refund_only_hours", x: of("refund_only_seconds"), n: of("refund_only"), perHours: true},
		{id: "return_refund_hours", x: of("return_refund_seconds"), n: of("return_refund"), perHours: true},
		{id: "slow_reply", x: of("slow"), n: of("in_service")},
	}
	talentRatios = []ratio{
		{id: "quality_refund", x: of("quality_refunds"), n: lagged, divides: true},
		{id: "bad_review", x: of("bad"), n: of("signed"), divides: true},
		{id: "promoter_liable", x: of("promoter_liable"), n: of("disputes")},
		{id: "logistics_complaint", x: of("logistics"), n: complained, divides: true},
		{id: "content_reports", x: of("upheld_reports"), n: of("viewers")},
		{id: "misleading", x: of("misleading"), n: complained, divides: true},
		{id: "content_bad_rating", x: of("bad_ratings"), n: of("good_ratings", "bad_ratings")},
	}
)

// ratiosOf are the indicators of a role (a code of contract.ScoreRoles).
func ratiosOf(role int) []ratio {
	switch role {
	case contract.ScoreProduct:
		return productRatios
	case contract.ScoreMerchant:
		return shopRatios
	}
	return talentRatios
}

// isObserved tells whether an indicator rests on so many of a measure.
func isObserved(measure string) bool {
	return slices.ContainsFunc(slices.Concat(productRatios, shopRatios, talentRatios), func(r ratio) bool { return slices.Contains(r.observed(), measure) })
}

// observed are the measures that count what an indicator rests on.
func (r *ratio) observed() []string {
	if r.lines != "" {
		return of(r.lines)
	}
	return r.n
}

// Observed tells on how many orders, refunds, lines, ratings or viewers the indicators of a role rest, by row: n without recency
// weights, and of hours the lines. An indicator that is not there rests on its n.
func (s *Sums) Observed(role int) map[string]func(row int) float64 {
	out := map[string]func(row int) float64{}
	for _, r := range ratiosOf(role) {
		if t := totalOf(s.counts, 1, r.observed()); t != nil && (s.scale != 1 || r.lines != "") {
			out[r.id] = t.at
		}
	}
	return out
}

// Figures are the indicators of a role that its sums give.
func (s *Sums) Figures(role int) Figures {
	out := Figures{}
	for _, r := range ratiosOf(role) {
		x, n := s.total(r.x...), s.total(r.n...)
		if x == nil || n == nil || r.divides && !s.computable(r.id) {
			out[r.id] = nil
			continue
		}
		x.hours, n.hours = r.perHours, r.inHours
		out[r.id] = func(row int) (float64, float64) { return x.at(row), n.at(row) }
	}
	return out
}

// total is a sum of sums in the making.
type total struct {
	sums  []*column.Ints
	scale float64 // of the sums
	hours bool    // they are in seconds, and shown in hours
}

func (t *total) at(row int) float64 {
	v := float64(t.sums[0].At(row)) / t.scale
	for _, more := range t.sums[1:] {
		v += float64(more.At(row)) / t.scale
	}
	if t.hours {
		v /= 3600
	}
	return v
}

// PerTraffic is what orders and clicks or impressions of the same days are: a measure of orders by another of traffic; not
// computable where the traffic covers too few days.
func (s *Sums) PerTraffic(indicator, orders, traffic string, scale float64) Figure {
	if !s.computable(indicator) {
		return nil
	}
	a, b := s.total(cutBy(orders, Traffic)), s.total(traffic)
	if a == nil || b == nil {
		return nil
	}
	return Given(func(row int) (float64, bool) {
		of := b.at(row)
		if of <= 0 {
			return 0, false
		}
		return scale * a.at(row) / of, true
	})
}

// PaidPerDay is 支付 GMV of valid orders by day of the window that has orders, in fen, where there is any: windows differ, and
// may be longer than the history.
func (s *Sums) PaidPerDay() Figure {
	covered := s.Cover("effective_gmv")
	return Given(func(row int) (float64, bool) {
		paid, days := s.Paid.At(row), covered[s.Window.At(row)]
		if paid == 0 || days <= 0 {
			return 0, false
		}
		return float64(paid) / float64(days), true
	})
}

// Given is a figure with n = 1, as percentiles and points have it: value tells it, if there is one.
func Given(value func(row int) (float64, bool)) Figure {
	return func(row int) (float64, float64) {
		if v, ok := value(row); ok {
			return v, 1
		}
		return 0, 0
	}
}

// Counted is x of n where both are told row by row, once: for what is dear to tell.
func Counted(subjects int, value func(row int) (x, n float64)) Figure {
	told := make([][2]float64, subjects)
	for i := range told {
		told[i][0], told[i][1] = value(i)
	}
	return func(row int) (float64, float64) { return told[row][0], told[row][1] }
}
