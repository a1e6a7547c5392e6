package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// SampleRatioP is the p-value of the hypothesis that units fell into K arms with the probabilities wanted. A small one
// (below 0.0005, say) is a sample-ratio mismatch: the experiment is broken and its lift must not be shown.
//
//	χ² = Σ (o_k − N·p_k)²/(N·p_k),  K − 1 degrees of freedom
//
// Where fewer than five units are expected in an arm, exact binomial tests take its place: for two arms BinomialP, for
// more the smallest of the arms' p-values times K (Bonferroni). counts and shares have one entry for each arm; shares are
// above zero and sum to 1. Without units p is 1.
//
// Source: Fabijan et al., Diagnosing sample ratio mismatch in online controlled experiments, KDD 2019.
func SampleRatioP(counts []int64, shares []float64) float64 {
	n := countAll(counts)
	var chi2 float64
	exact := false
	for k, o := range counts {
		expected := float64(n) * shares[k]
		exact = exact || expected < 5
		d := float64(o) - expected
		chi2 += d * d / expected
	}
	switch {
	case n == 0:
		return 1
	case !exact:
		return distuv.ChiSquared{K: float64(len(counts) - 1)}.Survival(chi2)
	case len(counts) == 2:
		return BinomialP(counts[0], n, shares[0])
	}
	least := 1.0
	for k, o := range counts {
		least = math.Min(least, BinomialP(o, n, shares[k])*float64(len(counts)))
	}
	return least
}

// BinomialP is the exact two-sided p-value of k successes among n trials of probability p: twice the smaller tail, at most 1.
func BinomialP(k, n int64, p float64) float64 {
	b := distuv.Binomial{N: float64(n), P: p}
	atMost := b.CDF(float64(k))
	atLeast := 1.0
	if k > 0 { // successes and failures change places, so that the tail is not 1 minus nearly 1
		atLeast = distuv.Binomial{N: float64(n), P: 1 - p}.CDF(float64(n - k))
	}
	return math.Min(1, 2*math.Min(atMost, atLeast))
}

// SampleRatioEvidence is the natural logarithm of the evidence against the wanted probabilities, valid on every night at
// once: over all nights it exceeds ln(1/α) with probability α at most if nothing is wrong.
//
//	α_k = concentration·p_k
//	ln E = lnΓ(Σα) − lnΓ(Σα + N) + Σ(lnΓ(α_k + o_k) − lnΓ(α_k)) − Σ o_k·ln p_k
//
// It is the Bayes factor of a Dirichlet prior around the wanted probabilities, worth concentration units; large values
// look for small departures. A p-value for all times is 1/E, at most 1.
//
// Source: Lindon, Malek, Anytime-valid inference for multinomial count data, NeurIPS 2022.
func SampleRatioEvidence(counts []int64, shares []float64, concentration float64) float64 {
	evidence := lgamma(concentration) - lgamma(concentration+float64(countAll(counts)))
	for k, o := range counts {
		alpha := concentration * shares[k]
		evidence += lgamma(alpha+float64(o)) - lgamma(alpha) - float64(o)*math.Log(shares[k])
	}
	return evidence
}

func lgamma(x float64) float64 {
	v, _ := math.Lgamma(x)
	return v
}

func countAll(counts []int64) int64 {
	var n int64
	for _, o := range counts {
		n += o
	}
	return n
}
