package main

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	public "github.com/windvane/windvane/internal/testkit/published" // the command has a type of the name
	"github.com/windvane/windvane/internal/testkit/recount"
)

const plantedLast recount.Date = "2026-01-31"

// enoughOrders is from how many valid orders on a subject must be ranked as it was planted.
const enoughOrders = 500

// leastCorrelation is what the rank correlation with what was planted must be, unless chance leaves less; beyondChance is
// what else may stand between the two: refunds after the lag, points that are level outside of the anchors.
const (
	leastCorrelation = 0.8
	beyondChance     = 0.06
)

// planted says which indicator must rank subjects as which planted rate does.
type planted struct {
	role, indicator, column string
	// rate is the chance of a bad event in one of n, given the planted rate; nil: not a rate.
	rate   func(planted float64) float64
	weight float64 // of the indicator in its dimension
}

func itself(rate float64) float64 { return rate }

// plantedRates lists what the market plants and the scores must find: defects, lateness, service, abuse. The factors are
// those of the market's model: a defective line is refunded for quality in 0.40 of all cases, badly reviewed in 0.40, a
// sound one in 0.0018; an order has 1.38 lines of one shop.
func plantedRates() []planted {
	return []planted{
		{"product", "quality_refund", "defect_ratio", func(defect float64) float64 { return 0.38 * defect }, 0.20},
		{"product", "bad_review", "defect_ratio", func(defect float64) float64 { return 0.40*defect + 0.0038 }, 0.15},
		{"merchant", "missed_pickup", "late_pickup_ratio", itself, 0.10},
		{"merchant", "logistics_complaint", "late_pickup_ratio", func(late float64) float64 { return 1.38 * 0.85 * 0.06 * late }, 0.07},
		{"merchant", "transit_ratio", "speed_ratio", nil, 0.08},
		{"merchant", "chat_unhappy", "bad_chat_ratio", itself, 0.07},
		{"merchant", "slow_reply", "slow_reply_ratio", itself, 0.04},
		{"merchant", "refund_only_hours", "handling_hours", nil, 0.03},
		{"merchant", "return_refund_hours", "handling_hours", nil, 0.03},
		// Of the refunds that count here three in four came after the signature; the others are cancellations.
		{"merchant", "not_self_completed", "not_self_completed_ratio", func(notSelf float64) float64 { return 0.75 * notSelf }, 0.08},
		// Upheld complaints: of 0.12 of misled lines, and of some defective ones.
		{"talent", "misleading", "misleading_ratio", func(misleading float64) float64 { return 1.38*0.85*0.12*misleading + 0.0006 }, 0.08},
		{"talent", "content_reports", "report_ratio", itself, 0.08},
		{"talent", "content_bad_rating", "bad_rating_ratio", itself, 0.04},
	}
}

// plantedDimensions are the dimensions that must rank subjects as the planted rates of their indicators do, weighted as
// the indicators are.
func plantedDimensions() []plantedDimension {
	return []plantedDimension{
		{"product", "quality", []string{"quality_refund", "bad_review"}},
		{"merchant", "logistics", []string{"missed_pickup", "logistics_complaint", "transit_ratio"}},
		{"merchant", "service", []string{"chat_unhappy", "slow_reply", "refund_only_hours", "return_refund_hours", "not_self_completed"}},
		{"talent", "content", []string{"misleading", "content_reports", "content_bad_rating"}},
	}
}

type plantedDimension struct {
	role, dimension string
	indicators      []string
}

// TestScoresFollowThePlantedTruth ranks subjects of many orders as their planted rates do. The market has few subjects,
// so that each has enough of the rare events: what chance leaves of a ranking is worked out beside it.
func TestScoresFollowThePlantedTruth(t *testing.T) {
	t.Parallel()
	followPlanted(t, "--merchants", "80", "--talents", "120", "--products", "160", "--lines-per-day", "20000")
}

// followPlanted makes a market of two months and one night.
func followPlanted(t *testing.T, sizes ...string) {
	input := demo(t, append(sizes, "--as-of", string(plantedLast), "--days", "60", "--skew", "0.4", "--buyers", "40000", "--seed", "3")...)
	s := newStand(t, input, "")
	s.night(plantedLast)
	found := map[[2]string]sample{} // by role and indicator
	for _, p := range plantedRates() {
		found[[2]string{p.role, p.indicator}] = s.sampleOf(p)
		t.Run(p.role+" "+p.indicator, func(t *testing.T) { checkPlanted(t, found[[2]string{p.role, p.indicator}]) })
	}
	for _, p := range plantedDimensions() {
		t.Run(p.role+" dimension "+p.dimension, func(t *testing.T) {
			var of []sample
			for _, indicator := range p.indicators {
				of = append(of, found[[2]string{p.role, indicator}])
			}
			checkDimension(t, of, s.dimension(p.role, p.dimension, of[0].subjects))
		})
	}
}

// sample is an indicator of the subjects of many orders, with what was planted.
type sample struct {
	planted
	subjects   []int64
	truth      []float64 // planted
	value, n   []float64 // the indicator after shrinkage, its denominator
	eventsEach float64
	undefined  int // subjects without a value
}

func (s *stand) sampleOf(p planted) sample {
	s.t.Helper()
	truth, steps := truthOf(s.t, s.input, p.role, p.column), s.steps(plantedLast, p.role)
	out := sample{planted: p, subjects: s.orders(plantedLast, p.role, enoughOrders)}
	for _, subject := range out.subjects {
		st := steps[subject][p.indicator]
		if st.n <= 0 {
			out.undefined++
		}
		out.truth, out.value, out.n = append(out.truth, truth[subject]), append(out.value, st.value), append(out.n, st.n)
		out.eventsEach += st.x / float64(len(out.subjects))
	}
	return out
}

func checkPlanted(t *testing.T, of sample) {
	got, best := spearman(of.truth, of.value), rankings([]sample{of})
	t.Logf("%d subjects, %.1f events each: rank correlation %.3f; chance leaves %.3f ± %.3f", len(of.subjects), of.eventsEach, got, best.mean, best.sd)
	if of.undefined > 0 {
		t.Fatalf("%d of %d subjects have no value", of.undefined, len(of.subjects))
	}
	best.check(t, got)
}

// checkDimension holds the points of a dimension against the planted rates of its indicators: the mean of their ranks,
// weighted as the indicators are.
func checkDimension(t *testing.T, of []sample, points []float64) {
	got, best := -spearman(mixed(of, func(s *sample) []float64 { return s.truth }), points), rankings(of)
	t.Logf("%d subjects: rank correlation %.3f; chance leaves %.3f ± %.3f", len(points), got, best.mean, best.sd)
	best.check(t, got)
}

// mixed is the mean of the ranks of figures, weighted as their indicators are.
func mixed(of []sample, figure func(*sample) []float64) []float64 {
	out := make([]float64, len(of[0].subjects))
	for i := range of {
		for j, rank := range ranks(figure(&of[i])) {
			out[j] += of[i].weight * rank
		}
	}
	return out
}

// ceiling is the rank correlation to expect if nothing but chance stands between what was planted and what is counted.
type ceiling struct{ mean, sd float64 }

// check wants 0.8, or where chance alone leaves less, that but for three deviations; and nowhere much less than chance leaves.
func (c ceiling) check(t *testing.T, got float64) {
	t.Helper()
	least := c.mean - 3*c.sd
	if least = max(min(leastCorrelation, least), least-beyondChance); got < least {
		t.Errorf("rank correlation %.3f, want %.3f", got, least)
	}
}

// rankings draws every count anew from the planted rates and ranks by those: the attenuation by chance. What is not a
// rate counts as known.
func rankings(of []sample) ceiling {
	const draws = 100
	source, got := rand.NewPCG(1, 2), make([]float64, draws)
	want := mixed(of, func(s *sample) []float64 { return s.truth })
	for k := range got {
		got[k] = spearman(want, mixed(of, func(s *sample) []float64 { return s.drawn(source) }))
	}
	mean, sd := stat.MeanStdDev(got, nil)
	return ceiling{mean, sd}
}

// drawn are rates counted of as many cases as there were, each case bad with its planted chance.
func (s *sample) drawn(source rand.Source) []float64 {
	if s.rate == nil {
		return s.truth
	}
	out := make([]float64, len(s.truth))
	for i, n := range s.n {
		out[i] = distuv.Binomial{N: math.Round(n), P: min(1, s.rate(s.truth[i])), Src: source}.Rand() / n
	}
	return out
}

// dimension is a dimension's score of each subject.
func (s *stand) dimension(role, dimension string, subjects []int64) []float64 {
	s.t.Helper()
	id, column := scoreTables[role][1], dimension+"_score"
	r, at := s.read(plantedLast, scoreTables[role][0], id, column), map[int64]float64{}
	for i := range r.N {
		at[r.Int(i, id)] = r.Real(i, column)
	}
	out := make([]float64, len(subjects))
	for i, subject := range subjects {
		out[i] = at[subject]
	}
	return out
}

// truthOf is a planted rate by subject.
func truthOf(t *testing.T, input, role, column string) map[int64]float64 {
	t.Helper()
	id := role + "_id"
	r, err := public.Read(filepath.Join(input, "truth", role+"s.parquet"), nil, id, column)
	if err != nil {
		t.Fatal(err)
	}
	out := map[int64]float64{}
	for i := range r.N {
		out[r.Int(i, id)] = r.Real(i, column)
	}
	return out
}

// orders are a role's subjects with so many valid orders in their window.
func (s *stand) orders(asOf recount.Date, role string, least int64) (subjects []int64) {
	s.t.Helper()
	r := s.read(asOf, scoreTables[role][0], scoreTables[role][1], "orders")
	for i := range r.N {
		if r.Int(i, "orders") >= least {
			subjects = append(subjects, r.Int(i, scoreTables[role][1]))
		}
	}
	return subjects
}

// spearman is the rank correlation; ties have the mean of their ranks.
func spearman(a, b []float64) float64 { return pearson(ranks(a), ranks(b)) }

func ranks(v []float64) []float64 {
	sorted, out := slices.Sorted(slices.Values(v)), make([]float64, len(v))
	for i, x := range v {
		first, _ := slices.BinarySearch(sorted, x)
		last := first
		for last < len(sorted) && sorted[last] == x {
			last++
		}
		out[i] = float64(first+last-1) / 2
	}
	return out
}

func pearson(a, b []float64) float64 {
	var meanA, meanB, ab, aa, bb float64
	for i := range a {
		meanA, meanB = meanA+a[i]/float64(len(a)), meanB+b[i]/float64(len(b))
	}
	for i := range a {
		x, y := a[i]-meanA, b[i]-meanB
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb)
}
