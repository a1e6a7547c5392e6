package indicators

import (
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/contract"
)

// Figure is one indicator of all subjects: x of n, or what Known.Way says. A nil X: not computable.
type Figure struct{ X, N []float64 }

// Figures are indicators by their names.
type Figures map[string]Figure

// ratio says which sums an indicator divides.
type ratio struct {
	id       string
	x, n     []string // added up
	perHours bool     // x is in seconds and shown in hours
	inHours  bool     // so is n
}

func of(names ...string) []string { return names }

// The valid orders of the lagged window, as far as refunds and complaints cover it.
var lagged, complained = of(cutBy(Lagged, Refunds)), of(cutBy(Lagged, Complaints))

// The two sides of reviews: signed orders and bad reviews of the days that have both tables.
var reviewed, bad, qualityBad = of(cutBy("signed", Reviews)), of(cutBy("bad", Shipments)), of(cutBy("quality_bad", Shipments))

// productRatios, shopRatios and talentRatios are the indicators that are made of sums alone. Their formulas in words
// stand in rules.ProductIndicators and so on.
var (
	productRatios = []ratio{
		{id: "quality_refund", x: of("quality_refunds"), n: lagged},
		{id: "bad_review", x: bad, n: reviewed},
		{id: "mismatch_complaint", x: of("mismatch"), n: complained},
		{id: "missed_pickup", x: of("missed"), n: of("due")},
		{id: "transit_ratio", x: of("transit_seconds"), n: of("median_seconds"), perHours: true, inHours: true},
		{id: "dispute", x: of("disputed_orders"), n: lagged},
		{id: "refund_hours", x: of("refund_only_seconds", "return_refund_seconds"), n: of("refund_only", "return_refund"), perHours: true},
	}
	shopRatios = []ratio{
		{id: "quality_bad_review", x: qualityBad, n: reviewed},
		{id: "quality_refund", x: of("quality_refunds"), n: lagged},
		{id: "missed_pickup", x: of("missed"), n: of("due")},
		{id: "transit_ratio", x: of("transit_seconds"), n: of("median_seconds"), perHours: true, inHours: true},
		{id: "logistics_complaint", x: of("logistics"), n: complained},
		{id: "not_self_completed", x: of("not_self_completed"), n: of("closed")},
		{id: "chat_unhappy", x: of("unhappy"), n: of("rated")},
		{id: "refund_only_hours", x: of("refund_only_seconds"), n: of("refund_only"), perHours: true},
		{id: "return_refund_hours", x: of("return_refund_seconds"), n: of("return_refund"), perHours: true},
		{id: "slow_reply", x: of("slow"), n: of("in_service")},
	}
	talentRatios = []ratio{
		{id: "quality_refund", x: of("quality_refunds"), n: lagged},
		{id: "bad_review", x: bad, n: reviewed},
		{id: "promoter_liable", x: of("promoter_liable"), n: of("disputes")},
		{id: "logistics_complaint", x: of("logistics"), n: complained},
		{id: "content_reports", x: of("upheld_reports"), n: of("viewers")},
		{id: "misleading", x: of("misleading"), n: complained},
		{id: "content_bad_rating", x: of("bad_ratings"), n: of("good_ratings", "bad_ratings")},
	}
)

// Figures are the indicators of a role (a code of contract.ScoreRoles) that its sums give.
func (s *Sums) Figures(role int) Figures {
	ratios := map[int][]ratio{contract.ScoreProduct: productRatios, contract.ScoreMerchant: shopRatios, contract.ScoreTalent: talentRatios}[role]
	out := Figures{}
	for _, r := range ratios {
		f := Figure{s.total(r.x), s.total(r.n)}
		if f.X == nil || f.N == nil || divides(r) && !s.computable(r.id) {
			f = Figure{}
		}
		if r.perHours {
			toHours(f.X)
		}
		if r.inHours {
			toHours(f.N)
		}
		out[r.id] = f
	}
	return out
}

func toHours(seconds []float64) {
	for i := range seconds {
		seconds[i] /= 3600
	}
}

// divides tells whether an indicator holds the events of one table against those of another.
func divides(r ratio) bool {
	return strings.Contains(strings.Join(append(slices.Clone(r.x), r.n...), " "), "@")
}

// PerTraffic is what orders and clicks or impressions of the same days are: a measure of orders by another of traffic; not
// computable where the traffic covers too few days.
func (s *Sums) PerTraffic(indicator, orders, traffic string, scale float64) Figure {
	if !s.computable(indicator) {
		return Figure{}
	}
	return Quotient(s.Sum(cutBy(orders, Traffic)), s.Sum(traffic), scale)
}

// total adds up measures, nil if one is missing.
func (s *Sums) total(measures []string) []float64 {
	out := s.Sum(measures[0])
	for _, m := range measures[1:] {
		more := s.Sum(m)
		if out == nil || more == nil {
			return nil
		}
		for i, v := range more {
			out[i] += v
		}
	}
	return out
}

// Quotient is a / b with n = 1 where b is positive, as percentiles are computed from; not computable where either is nil.
func Quotient(a, b []float64, scale float64) Figure {
	if a == nil || b == nil {
		return Figure{}
	}
	f := Figure{make([]float64, len(a)), make([]float64, len(a))}
	for i := range a {
		if b[i] > 0 {
			f.X[i], f.N[i] = scale*a[i]/b[i], 1
		}
	}
	return f
}

// Given is a figure that needs no sums: value tells it, if there is one.
func Given(subjects int, value func(row int) (float64, bool)) Figure {
	f := Figure{make([]float64, subjects), make([]float64, subjects)}
	for i := range f.X {
		if v, ok := value(i); ok {
			f.X[i], f.N[i] = v, 1
		}
	}
	return f
}

// Counted is x of n where both are told row by row.
func Counted(subjects int, value func(row int) (x, n float64)) Figure {
	f := Figure{make([]float64, subjects), make([]float64, subjects)}
	for i := range f.X {
		f.X[i], f.N[i] = value(i)
	}
	return f
}
