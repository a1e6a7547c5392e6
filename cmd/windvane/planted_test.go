package main

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	public "github.com/windvane/windvane/internal/testkit/published" // the command has a type of the name
	"github.com/windvane/windvane/internal/testkit/recount"
)

const plantedLast recount.Date = "2026-01-31"

// enoughOrders is from how many valid orders on a subject must be ranked as it was planted.
const enoughOrders = 500

// leastCorrelation is what the rank correlation must be, chanceMargin how far it may stay below what chance leaves.
const (
	leastCorrelation = 0.8
	chanceMargin     = 0.06
)

// planted says which indicator must rank subjects as which planted rate does.
type planted struct {
	role, indicator, column string
	// rate is the chance of a bad event in one of n, given the planted rate: what the ranking could be at best is worked
	// out with it. Nil: not a rate.
	rate func(planted float64) float64
	// rare: even the large market has too few events a subject for 0.8; what chance leaves is all that is asked for.
	rare bool
}

func itself(rate float64) float64 { return rate }

// plantedRates lists what the market plants and the scores must find. The factors are those of the market's model:
// a defective line is refunded for quality in 0.40 of all cases, badly reviewed in 0.40, a sound one in 0.0018.
func plantedRates() []planted {
	return []planted{
		{"product", "quality_refund", "defect_ratio", func(defect float64) float64 { return 0.38 * defect }, false},
		{"product", "bad_review", "defect_ratio", func(defect float64) float64 { return 0.40*defect + 0.0038 }, false},
		{"merchant", "missed_pickup", "late_pickup_ratio", itself, false},
		{"merchant", "transit_ratio", "speed_ratio", nil, false},
		{"merchant", "chat_unhappy", "bad_chat_ratio", itself, false},
		{"merchant", "slow_reply", "slow_reply_ratio", itself, false},
		{"merchant", "refund_only_hours", "handling_hours", nil, false},
		{"merchant", "return_refund_hours", "handling_hours", nil, false},
		{"merchant", "not_self_completed", "dispute_ratio", nil, true},
		{"talent", "misleading", "misleading_ratio", func(misleading float64) float64 { return 0.09*misleading + 0.0004 }, true},
		{"talent", "content_reports", "report_ratio", itself, false},
		{"talent", "content_bad_rating", "bad_rating_ratio", itself, false},
	}
}

// plantedDimension says which planted rates, with the weights of their indicators, a dimension must rank by.
type plantedDimension struct {
	role, dimension string
	rates           map[string]float64
	least           float64 // rank correlation that it must have
}

func plantedDimensions() []plantedDimension {
	return []plantedDimension{
		{"product", "quality", map[string]float64{"defect_ratio": 1}, 0.8},
		{"merchant", "logistics", map[string]float64{"late_pickup_ratio": 0.17, "speed_ratio": 0.08}, 0.8},
		{"merchant", "service", map[string]float64{"bad_chat_ratio": 0.07, "slow_reply_ratio": 0.04, "handling_hours": 0.06, "dispute_ratio": 0.08}, 0.55},
		{"talent", "content", map[string]float64{"report_ratio": 0.08, "misleading_ratio": 0.08, "bad_rating_ratio": 0.04}, 0.5},
	}
}

// TestScoresFollowThePlantedTruth ranks subjects of many orders as their planted rates do.
func TestScoresFollowThePlantedTruth(t *testing.T) { followPlanted(t, "50000") }

// followPlanted makes a market of two months and one night. The dimensions of one planted rate alone must rank by it as
// well as its indicators do; service and content mix four and three rates, each with its own chance, so their rank
// correlation with the planted mixture is lower.
func followPlanted(t *testing.T, linesPerDay string) {
	input := demo(t, "--as-of", string(plantedLast), "--days", "60", "--lines-per-day", linesPerDay, "--merchants", "200", "--talents", "300",
		"--products", "400", "--buyers", "40000", "--seed", "3")
	s := newStand(t, input, "")
	s.night(plantedLast)
	for _, p := range plantedRates() {
		t.Run(p.role+" "+p.indicator+" "+p.column, func(t *testing.T) { checkPlanted(t, s, p) })
	}
	for _, p := range plantedDimensions() {
		t.Run(p.role+" dimension "+p.dimension, func(t *testing.T) { checkDimension(t, s, p) })
	}
}

func checkPlanted(t *testing.T, s *stand, p planted) {
	truth, big := truthOf(t, s.input, p.role, p.column), s.orders(plantedLast, p.role, enoughOrders)
	steps := s.steps(plantedLast, p.role)
	var rates, value, n []float64
	var events float64
	for _, subject := range big {
		if st := steps[subject][p.indicator]; st.n > 0 {
			rates, value, n = append(rates, truth[subject]), append(value, st.value), append(n, st.n)
			events += st.x / float64(len(big))
		}
	}
	best := math.NaN()
	if p.rate != nil {
		best = bestRanking(rates, n, p.rate)
	}
	got := spearman(rates, value)
	t.Logf("%d subjects, %.1f events each: rank correlation %.3f; with the planted rates and their own chance alone %.3f", len(rates), events, got, best)
	if got < leastCorrelation && !p.rare || got < best-chanceMargin || got < 0.3 {
		t.Errorf("rank correlation %.3f", got)
	}
}

// bestRanking is the rank correlation to expect of counts that are binomial with the planted rates: what chance leaves.
func bestRanking(rates, n []float64, rate func(float64) float64) float64 {
	random, sum := rand.New(rand.NewPCG(1, 2)), 0.0
	const draws = 20
	for range draws {
		drawn := make([]float64, len(n))
		for i := range n {
			for range int(n[i]) {
				if random.Float64() < rate(rates[i]) {
					drawn[i] += 1 / n[i]
				}
			}
		}
		sum += spearman(rates, drawn)
	}
	return sum / draws
}

func checkDimension(t *testing.T, s *stand, p plantedDimension) {
	big := s.orders(plantedLast, p.role, enoughOrders)
	want, got := make([]float64, len(big)), make([]float64, len(big))
	for column, weight := range p.rates {
		truth, rates := truthOf(t, s.input, p.role, column), make([]float64, len(big))
		for i, subject := range big {
			rates[i] = truth[subject]
		}
		for i, rank := range ranks(rates) {
			want[i] -= weight * rank
		}
	}
	r, at := s.read(plantedLast, scoreTables[p.role][0], scoreTables[p.role][1], p.dimension+"_score"), map[int64]float64{}
	for i := range r.N {
		at[r.Int(i, scoreTables[p.role][1])] = r.Real(i, p.dimension+"_score")
	}
	for i, subject := range big {
		got[i] = at[subject]
	}
	correlation := spearman(want, got)
	t.Logf("%d subjects: rank correlation %.3f", len(big), correlation)
	if correlation < p.least {
		t.Errorf("rank correlation %.3f, want %.2f", correlation, p.least)
	}
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
