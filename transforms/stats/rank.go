package stats

import (
	"cmp"
	"slices"
)

// MidRank is the position of a value among total values, below of them smaller and equal of them the same.
//
//	q = (below + equal/2) / total
//
// A value that is one of them lies in (0, 1), and ties share the middle of their ranks. A value judged by others
// lies in [0, 1]. total = 0 gives 1/2, the place of a value alone.
func MidRank(below, equal, total int64) float64 {
	if total == 0 {
		return 0.5
	}
	return (float64(below) + float64(equal)/2) / float64(total)
}

// Ranking holds values in ascending order, so that they can be ranked within several groupings for one sort.
type Ranking struct {
	values []ranked
	length int
}

type ranked struct {
	value float64
	at    int32
}

// Rank orders values. NaN is no value: it has no rank and counts for nobody. At most 2³¹ − 1 values.
func Rank(values []float64) *Ranking {
	r := &Ranking{values: make([]ranked, 0, len(values)), length: len(values)}
	for at, v := range values {
		if v == v {
			r.values = append(r.values, ranked{v, int32(at)})
		}
	}
	slices.SortFunc(r.values, func(a, b ranked) int { return cmp.Compare(a.value, b.value) })
	return r
}

// Within writes into ranks the mid rank of every value among the counted values of its group; higher is larger.
//
// groups holds the group of each value, in [0, count); values of negative groups and NaNs keep what ranks has.
// counted tells whose values others are compared with, nil: everybody's. All slices are as long as the values.
func (r *Ranking) Within(groups []int32, count int, counted []bool, ranks []float64) {
	counts := func(at int32) bool { return groups[at] >= 0 && (counted == nil || counted[at]) }
	total, below, equal := make([]int64, count), make([]int64, count), make([]int64, count)
	for _, v := range r.values {
		if counts(v.at) {
			total[groups[v.at]]++
		}
	}
	for rest := r.values; len(rest) > 0; {
		ties := 1
		for ties < len(rest) && rest[ties].value == rest[0].value {
			ties++
		}
		run := rest[:ties]
		rest = rest[ties:]
		for _, v := range run {
			if counts(v.at) {
				equal[groups[v.at]]++
			}
		}
		for _, v := range run {
			if g := groups[v.at]; g >= 0 {
				ranks[v.at] = MidRank(below[g], equal[g], total[g])
			}
		}
		for _, v := range run {
			if g := groups[v.at]; g >= 0 {
				below[g], equal[g] = below[g]+equal[g], 0
			}
		}
	}
}
