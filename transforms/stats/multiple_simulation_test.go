package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/windvane/windvane/transforms/stats"
)

// The nightly list: 5,000 merchants, of whom 90 % gain nothing.
const (
	merchants = 5000
	gaining   = merchants / 10
)

// drawn are the z-values of the merchants after each of the nights, the gaining ones last, drifting to drift on
// average at the end. shared is the correlation of noise between merchants, whose holdouts share users.
func drawn(r *rand.Rand, nights int, drift, shared float64) [][merchants]float64 {
	z := make([][merchants]float64, nights)
	var s [merchants]float64
	for k := range z {
		common := math.Sqrt(shared) * r.NormFloat64()
		for j := range s {
			s[j] += common + math.Sqrt(1-shared)*r.NormFloat64()
			if j >= merchants-gaining {
				s[j] += drift / math.Sqrt(float64(nights))
			}
			z[k][j] = s[j] / math.Sqrt(float64(k+1))
		}
	}
	return z
}

// discoveries are the shares of false ones among the rejected, and of the gaining that are found.
func discoveries(adjusted []float64, q float64) (false_, found float64) {
	var wrong, right float64
	for j, v := range adjusted {
		switch {
		case v > q:
		case j < merchants-gaining:
			wrong++
		default:
			right++
		}
	}
	return wrong / math.Max(1, wrong+right), right / gaining
}

func TestFalseDiscoveriesAmongFiveThousandMerchants(t *testing.T) {
	const q = 0.1
	for _, shared := range []float64{0, 0.1} {
		var bh, by, bonferroni, power, naive, missed, nulls average
		for rep := range 20 * simulations {
			z := drawn(random(uint64(rep)), 1, 3.5, shared)[0]
			p := make([]float64, merchants)
			wrong, selected := 0.0, 0.0
			for j, v := range z {
				p[j] = 2 * distuv.UnitNormal.CDF(-math.Abs(v))
				if p[j] < 0.05 {
					selected++
					if j < merchants-gaining {
						wrong++
					}
				}
			}
			naive.add(wrong / selected)
			nulls.add(stats.NullShare(p, 0.5))
			adjusted := stats.BenjaminiHochberg(p)
			share, found := discoveries(adjusted, q)
			bh.add(share)
			power.add(found)
			share, _ = discoveries(stats.BenjaminiYekutieli(p), q)
			by.add(share)
			share, _ = discoveries(stats.Bonferroni(p), q)
			bonferroni.add(share)

			// Intervals of the selected: the share that misses its truth.
			rejected := stats.Rejected(adjusted, q)
			wide := -distuv.UnitNormal.Quantile((1 - stats.FCRConfidence(rejected, merchants, q)) / 2)
			misses := 0.0
			for j, v := range adjusted {
				truth := 0.0
				if j >= merchants-gaining {
					truth = 3.5
				}
				if v <= q && math.Abs(z[j]-truth) > wide {
					misses++
				}
			}
			missed.add(misses / math.Max(1, float64(rejected)))
		}
		bh.below(t, "false discoveries of BH", q*0.9) // q times the share of nulls
		by.below(t, "false discoveries of BY", q)
		bonferroni.below(t, "false discoveries of Bonferroni", q)
		missed.below(t, "intervals of the selected that miss", q)
		if !(bh.mean() >= q*0.9-3*bh.se() && power.mean() >= 0.5) {
			t.Errorf("BH is timid: false discoveries %v, gaining merchants found %v", bh.mean(), power.mean())
		}
		if !(naive.mean() >= 0.3) {
			t.Errorf("without correction %v of the discoveries are false; it was to be a third and more", naive.mean())
		}
		if shared == 0 && (apart(nulls.mean(), 0.9, 0.01+3*nulls.se()) || nulls.mean() < 0.9-3*nulls.se()) {
			t.Errorf("share of nulls %v, want 0.90 to 0.91", nulls.mean())
		}
	}
}

// Every merchant's e-value is stopped when it has seen enough, or kept as the price of the largest: e-BH holds for
// both. The largest itself, unpriced, is no e-value: under the null its mean is above one.
func TestEBHHoldsWheneverMerchantsAreStopped(t *testing.T) {
	const q, nights, users = 0.1, 20, 100
	plan := stats.AlwaysValid{Alpha: 0.05, Planned: nights * users}
	for _, shared := range []float64{0, 0.1} {
		var stopped, priced, power, powerPriced, meanOfStopped, meanOfLargest, meanOfPrice average
		for rep := range 4 * simulations {
			z := drawn(random(uint64(rep)), nights, 6, shared)
			e, largest := make([]float64, merchants), make([]float64, merchants)
			for j := range e {
				done := false
				largest[j] = 1
				for k := range z {
					v := plan.EValueAbove(z[k][j], 1, int64((k+1)*users))
					largest[j] = math.Max(largest[j], v)
					if !done {
						e[j] = v
					}
					done = done || v >= 500 // enough to be listed
				}
			}
			price := make([]float64, merchants)
			for j, v := range largest {
				price[j] = stats.EOfMaximum(v)
				if j < merchants-gaining {
					meanOfStopped.add(e[j])
					meanOfLargest.add(v)
					meanOfPrice.add(price[j])
				}
			}
			share, found := discoveries(stats.EBenjaminiHochberg(e), q)
			stopped.add(share)
			power.add(found)
			share, found = discoveries(stats.EBenjaminiHochberg(price), q)
			priced.add(share)
			powerPriced.add(found)
		}
		stopped.below(t, "false discoveries of stopped merchants", q)
		priced.below(t, "false discoveries of what was ever claimed", q)
		if shared == 0 {
			meanOfStopped.below(t, "mean of stopped e-values", 1)
			meanOfPrice.below(t, "mean of priced largest e-values", 1)
			if !(meanOfLargest.mean() >= 1.5) {
				t.Errorf("the mean of largest e-values is %v; it was to be well above 1", meanOfLargest.mean())
			}
		}
		if !(power.mean() >= 0.5 && powerPriced.mean() >= 0.2) {
			t.Errorf("e-BH is timid: it finds %v of the gaining merchants, priced %v", power.mean(), powerPriced.mean())
		}
	}
}
