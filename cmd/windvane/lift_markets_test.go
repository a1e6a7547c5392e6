//go:build teststats

package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/windvane/windvane/internal/testkit/recount"
)

// manyMarkets is how many markets of the preset are made: one tells nothing of averages, since the error of its programme
// is in all of its merchants.
const manyMarkets = 12

// topOf is how many merchants lead a list.
const topOf = 3

// promise is what one market's lists say of lift, and what was planted.
type promise struct {
	z                 float64 // of the programme's logarithm
	merchants, missed int     // with a holdout; fixed intervals that miss
	shrunkMissed      int
	over, raw         float64 // mean of what is promised less what was planted: shrunken, raw
	topOver, topRaw   float64 // the same of the merchants who lead the list
}

// TestListsOfManyMarketsPromiseNoMoreThanPlanted makes markets that differ by their seed alone. On average the shrunken lifts
// promise no more than what was planted, neither over the whole list nor over those who lead it, where the raw ones do; and the
// intervals of programmes and merchants cover as often as they say.
func TestListsOfManyMarketsPromiseNoMoreThanPlanted(t *testing.T) {
	var all []promise
	for seed := range manyMarkets {
		t.Run(fmt.Sprint(seed+2), func(t *testing.T) { all = append(all, promiseOf(t, seed+2)) })
	}
	if len(all) != manyMarkets {
		t.Fatal("a market has no promise")
	}
	var squares float64
	merchants, missed, shrunkMissed := 0, 0, 0
	for _, p := range all {
		squares += p.z * p.z
		merchants, missed, shrunkMissed = merchants+p.merchants, missed+p.missed, shrunkMissed+p.shrunkMissed
	}
	chance := distuv.ChiSquared{K: manyMarkets}.Survival(squares)
	t.Logf("programmes: sum of squares %.1f over %d markets, p %.3f", squares, manyMarkets, chance)
	if chance < 0.001 {
		t.Error("the intervals of programmes are too short")
	}
	t.Logf("%d merchants: %d fixed intervals miss, %d of the shrunken", merchants, missed, shrunkMissed)
	if most := int(rarely(merchants, 0.05)); missed > most || shrunkMissed > most {
		t.Errorf("more than %d of %d intervals miss", most, merchants)
	}
	of := func(what string, f func(promise) float64) (mean, se float64) {
		var x []float64
		for _, p := range all {
			x = append(x, f(p))
		}
		mean, sd := stat.MeanStdDev(x, nil)
		se = sd / math.Sqrt(float64(len(x)))
		t.Logf("%s: over by %+.4f ± %.4f", what, mean, se)
		return mean, se
	}
	for what, f := range map[string]func(promise) float64{
		"the shrunken list": func(p promise) float64 { return p.over }, "those who lead it": func(p promise) float64 { return p.topOver },
	} {
		if mean, se := of(what, f); mean > 2*se {
			t.Errorf("%s promises more than was planted", what)
		}
	}
	of("the raw list", func(p promise) float64 { return p.raw })
	if mean, se := of("those who lead the raw list", func(p promise) float64 { return p.topRaw }); mean < 2*se {
		t.Error("the leaders of the raw list are no winners by chance: the test shows nothing")
	}
}

// rarely is the number of n events of a rate that is exceeded once in a thousand times.
func rarely(n int, rate float64) float64 {
	b := distuv.Binomial{N: float64(n), P: rate}
	k := 0.0
	for b.CDF(k) < 0.999 {
		k++
	}
	return k
}

// promiseOf makes the market of a seed and reads what its night says.
func promiseOf(t *testing.T, seed int) (p promise) {
	const asOf recount.Date = "2026-01-31"
	s := newStand(t, demo(t, "--preset", "lift", "--as-of", string(asOf), "--seed", fmt.Sprint(seed)), "chuanliu: {holdout_share: 0.1, since: 2025-12-31}\n")
	s.night(asOf)
	planted := s.planted()

	type row struct{ truth, raw, shrunk float64 }
	var rows []row
	var base, caused float64
	r := s.read(asOf, "chuanliu_lift", "merchant_id", "period", "status", "observed_fen", "lift_ratio", "lift_lo_ratio", "lift_hi_ratio",
		"shrunk_lift_ratio", "shrunk_lo_ratio", "shrunk_hi_ratio")
	for i := range r.N {
		if r.Text(i, "period") != "all" {
			continue
		}
		truth := planted[r.Int(i, "merchant_id")].lift
		b := float64(r.Int(i, "observed_fen")) / (1 + truth)
		base, caused = base+b, caused+b*truth
		if r.Text(i, "status") != "estimated" || r.Null(i, "shrunk_lift_ratio") {
			continue
		}
		rows = append(rows, row{truth, r.Real(i, "lift_ratio"), r.Real(i, "shrunk_lift_ratio")})
		if truth < r.Real(i, "lift_lo_ratio") || truth > r.Real(i, "lift_hi_ratio") {
			p.missed++
		}
		if truth < r.Real(i, "shrunk_lo_ratio") || truth > r.Real(i, "shrunk_hi_ratio") {
			p.shrunkMissed++
		}
	}
	p.merchants = len(rows)
	for _, x := range rows {
		p.over += (x.shrunk - x.truth) / float64(len(rows))
		p.raw += (x.raw - x.truth) / float64(len(rows))
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(b.shrunk, a.shrunk) })
	for _, x := range rows[:topOf] {
		p.topOver += (x.shrunk - x.truth) / topOf
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(b.raw, a.raw) })
	for _, x := range rows[:topOf] {
		p.topRaw += (x.raw - x.truth) / topOf
	}
	q := s.read(asOf, "chuanliu_programme", "scope", "period", "lift_ratio", "lift_lo_ratio", "lift_hi_ratio")
	for i := range q.N {
		if q.Text(i, "scope") == "programme" && q.Text(i, "period") == "all" {
			se := (math.Log1p(q.Real(i, "lift_hi_ratio")) - math.Log1p(q.Real(i, "lift_lo_ratio"))) / (2 * distuv.UnitNormal.Quantile(0.975))
			p.z = (math.Log1p(q.Real(i, "lift_ratio")) - math.Log1p(caused/base)) / se
		}
	}
	t.Logf("planted in money %.3f, programme off by %+.2f standard errors; %d merchants", caused/base, p.z, p.merchants)
	return p
}
