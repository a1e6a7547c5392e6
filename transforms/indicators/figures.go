package indicators

import "github.com/windvane/windvane/transforms/contract"

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

var lagged = of(Lagged)

// productRatios, shopRatios and talentRatios are the indicators that are made of sums alone. Their formulas in words
// stand in rules.ProductIndicators and so on.
var (
	productRatios = []ratio{
		{id: "quality_refund", x: of("quality_refunds"), n: lagged},
		{id: "bad_review", x: of("bad"), n: of("signed")},
		{id: "mismatch_complaint", x: of("mismatch"), n: lagged},
		{id: "missed_pickup", x: of("missed"), n: of("due")},
		{id: "transit_ratio", x: of("transit_seconds"), n: of("median_seconds"), perHours: true, inHours: true},
		{id: "dispute", x: of("disputed_orders"), n: lagged},
		{id: "refund_hours", x: of("refund_only_seconds", "return_refund_seconds"), n: of("refund_only", "return_refund"), perHours: true},
	}
	shopRatios = []ratio{
		{id: "quality_bad_review", x: of("quality_bad"), n: of("signed")},
		{id: "quality_refund", x: of("quality_refunds"), n: lagged},
		{id: "missed_pickup", x: of("missed"), n: of("due")},
		{id: "transit_ratio", x: of("transit_seconds"), n: of("median_seconds"), perHours: true, inHours: true},
		{id: "logistics_complaint", x: of("logistics"), n: lagged},
		{id: "not_self_completed", x: of("not_self_completed"), n: of("closed")},
		{id: "chat_unhappy", x: of("unhappy"), n: of("rated")},
		{id: "refund_only_hours", x: of("refund_only_seconds"), n: of("refund_only"), perHours: true},
		{id: "return_refund_hours", x: of("return_refund_seconds"), n: of("return_refund"), perHours: true},
		{id: "slow_reply", x: of("slow"), n: of("in_service")},
	}
	talentRatios = []ratio{
		{id: "quality_refund", x: of("quality_refunds"), n: lagged},
		{id: "bad_review", x: of("bad"), n: of("signed")},
		{id: "promoter_liable", x: of("promoter_liable"), n: of("disputes")},
		{id: "logistics_complaint", x: of("logistics"), n: lagged},
		{id: "content_reports", x: of("upheld_reports"), n: of("viewers")},
		{id: "misleading", x: of("misleading"), n: lagged},
		{id: "content_bad_rating", x: of("bad_ratings"), n: of("good_ratings", "bad_ratings")},
	}
)

// Figures are the indicators of a role (a code of contract.ScoreRoles) that its sums give.
func (s *Sums) Figures(role int) Figures {
	ratios := map[int][]ratio{contract.ScoreProduct: productRatios, contract.ScoreMerchant: shopRatios, contract.ScoreTalent: talentRatios}[role]
	out := Figures{}
	for _, r := range ratios {
		f := Figure{s.total(r.x), s.total(r.n)}
		if f.X == nil || f.N == nil {
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
