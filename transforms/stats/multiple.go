package stats

import (
	"cmp"
	"math"
	"slices"
)

// BenjaminiHochberg are the adjusted p-values of a family: the smallest false discovery rate at which each hypothesis
// is rejected. Rejecting what is q or less keeps the share of false ones among the rejected below q on average.
//
//	adjusted of rank i = min over k ≥ i of M·p(k)/k, at most 1
//
// p lies in [0, 1], in any order; NaN is no test: it stays NaN and is not counted in M. The bound holds for
// independent tests and for positively dependent ones (PRDS), such as merchants whose holdouts share users.
//
// Source: Benjamini, Hochberg, JRSS B 57 (1995); R's p.adjust.
func BenjaminiHochberg(p []float64) []float64 { return stepUp(p, 1) }

// BenjaminiYekutieli are the adjusted p-values that hold under any dependence: those of Benjamini and Hochberg times
// 1 + 1/2 + … + 1/M.
//
// Source: Benjamini, Yekutieli, Annals of Statistics 29 (2001); R's p.adjust.
func BenjaminiYekutieli(p []float64) []float64 {
	price := 0.0
	for k := counted(p); k > 0; k-- {
		price += 1 / float64(k)
	}
	return stepUp(p, price)
}

// Bonferroni are the adjusted p-values that bound the probability of any false rejection: M·p, at most 1.
func Bonferroni(p []float64) []float64 {
	m := float64(counted(p))
	adjusted := make([]float64, len(p))
	for i, v := range p {
		adjusted[i] = math.Min(1, m*v)
	}
	return adjusted
}

// EBenjaminiHochberg is e-BH: for each e-value of a family the smallest false discovery rate at which its hypothesis
// is rejected. Rejecting what is q or less are the k largest, k = max{k: e(k) ≥ M/(k·q)}.
//
// The bound holds under any dependence, and each e-value may have been stopped at a look of its own. Largest values
// over looks are no e-values: put EOfMaximum of them in. NaN is no test, as in BenjaminiHochberg.
//
// Source: Wang, Ramdas, False discovery rate control with e-values, JRSS B 84 (2022).
func EBenjaminiHochberg(e []float64) []float64 {
	p := make([]float64, len(e))
	for i, v := range e {
		p[i] = 1 / v
	}
	return stepUp(p, 1)
}

// Rejected is how many hypotheses of a family are rejected at false discovery rate q, given their adjusted p-values.
func Rejected(adjusted []float64, q float64) int {
	n := 0
	for _, v := range adjusted {
		if v <= q {
			n++
		}
	}
	return n
}

// FCRConfidence is the confidence to be given to the intervals of the selected, so that the share of them that miss
// is below q on average: 1 − rejected·q/tested. It is 1 − q where nothing was left out, and NaN without tests.
//
// Source: Benjamini, Yekutieli, False coverage-statement rate, JASA 100 (2005).
func FCRConfidence(rejected, tested int, q float64) float64 {
	if tested < 1 {
		return math.NaN()
	}
	return 1 - float64(rejected)*q/float64(tested)
}

// NullShare estimates the share of a family in which nothing happened: #{p > lambda}/((1 − lambda)·M), at most 1.
// lambda is 1/2 by custom. It describes the family; without tests it is NaN.
//
// Source: Storey, A direct approach to false discovery rates, JRSS B 64 (2002).
func NullShare(p []float64, lambda float64) float64 {
	above := 0
	for _, v := range p {
		if v > lambda {
			above++
		}
	}
	return math.Min(1, float64(above)/((1-lambda)*float64(counted(p))))
}

// stepUp is min over k ≥ i of price·M·p(k)/k for the value of rank i, at most 1.
func stepUp(p []float64, price float64) []float64 {
	order := make([]int, 0, len(p))
	adjusted := make([]float64, len(p))
	for i, v := range p {
		if v == v {
			order = append(order, i)
		} else {
			adjusted[i] = math.NaN()
		}
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	m, least := float64(len(order)), 1.0
	for k := len(order); k > 0; k-- {
		least = math.Min(least, p[order[k-1]]*(price*m/float64(k)))
		adjusted[order[k-1]] = least
	}
	return adjusted
}

// counted is how many values are not NaN.
func counted(values []float64) int {
	n := 0
	for _, v := range values {
		if v == v {
			n++
		}
	}
	return n
}
