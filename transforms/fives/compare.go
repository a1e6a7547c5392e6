package fives

import (
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// Result is how the shops compare.
type Result struct {
	*Shops
	Index [][]float64 // [dimension][shop] 0 to 100; NaN: no figure
	Gap   [][]int64   // [dimension][shop] fen, positive: behind the category's P75; a nil row: not computable
	Next  []int64     // code of contract.FivesDimensions by shop; column.Null: no gap above 0

	ratios ratios
}

// ratios are the figures that are divided; NaN where there is nothing to divide by, a nil column: not computable.
type ratios struct {
	lowPrice, watch, interactions, reports, distribution, r1, panShelf, search []float64
}

// Compare computes ratios, indexes and gaps.
//
//	index = 100 · mean of the mid-rank percentiles of the dimension's figures inside the category; 1 − q for reports
//	gap   = P75 (type 7, rounded half up to a fen) of the dimension's GMV inside the category − the shop's own
//	next  = the dimension with the largest gap above 0; ties in the order of contract.FivesDimensions
//
// Source: definitions, section 12; what takes part in next is ours.
func Compare(s *Shops) *Result {
	r := &Result{Shops: s, ratios: s.ratios()}
	c := categories(s.Categories)
	for d := range contract.FivesDimensions {
		r.Index = append(r.Index, c.index(r.figures(d), r.reversed(d)))
		r.Gap = append(r.Gap, c.gaps(s.gmv(d)))
	}
	r.Next = next(r.Gap, len(s.Codes))
	return r
}

func (s *Shops) ratios() ratios {
	c := s.Contents
	return ratios{
		lowPrice: divide(s.LowPrice, s.Comparable, 1), distribution: divide(s.Distribution, s.Paid, 1), r1: divide(s.LiveRepeat, s.LiveBuyers, 1),
		panShelf: divide(s.PanShelf, s.Paid, 1), search: divide(s.Search, s.Paid, 1),
		watch: divide(c.WatchSeconds, c.Viewers, 1), interactions: divide(c.Interactions, c.Viewers, 1_000), reports: divide(c.Reports, c.Viewers, 10_000),
	}
}

// divide is scale · num / den, NaN where den is 0; nil where either is.
func divide(num, den []int64, scale int64) []float64 {
	if num == nil || den == nil {
		return nil
	}
	out := make([]float64, len(num))
	for i := range out {
		if out[i] = math.NaN(); den[i] != 0 {
			out[i] = float64(scale*num[i]) / float64(den[i])
		}
	}
	return out
}

// figures are what the index of a dimension is made of.
func (r *Result) figures(dimension int) [][]float64 {
	s, q := r.Shops, &r.ratios
	switch dimension {
	case contract.FivesLowPrice:
		return [][]float64{q.lowPrice, s.Goods}
	case contract.FivesContent:
		return [][]float64{q.watch, q.interactions, q.reports}
	case contract.FivesDistribution:
		return [][]float64{reals(s.Partners.Active), reals(s.Distribution), q.distribution, s.Partners.Score}
	case contract.FivesSelfBroadcast:
		return [][]float64{reals(s.Contents.LiveDays), reals(s.SelfBroadcast), q.r1}
	}
	return [][]float64{reals(s.AlwaysOn), reals(s.PanShelf), q.panShelf, q.search}
}

// reversed is the position among a dimension's figures of which less is better, -1: none.
func (r *Result) reversed(dimension int) int {
	if dimension == contract.FivesContent {
		return 2
	}
	return -1
}

func reals(values []int64) []float64 {
	if values == nil {
		return nil
	}
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = float64(v)
	}
	return out
}

// gmv is the GMV by which a dimension takes part in next. Content has none of its own: that of its scenes stands in.
func (s *Shops) gmv(dimension int) []int64 {
	switch dimension {
	case contract.FivesLowPrice:
		return s.LowPrice
	case contract.FivesContent:
		return s.Content
	case contract.FivesDistribution:
		return s.Distribution
	case contract.FivesSelfBroadcast:
		return s.SelfBroadcast
	}
	return s.PanShelf
}

// grouping is the shops by category.
type grouping struct {
	of    []int32 // number of the category of each shop, -1: none
	count int
	all   []int32 // the platform: one group of all
}

func categories(codes []int64) *grouping {
	g := &grouping{of: make([]int32, len(codes)), all: make([]int32, len(codes))}
	numbers := map[int64]int32{}
	for i, code := range codes {
		if code == column.Null {
			g.of[i] = -1
			continue
		}
		number, ok := numbers[code]
		if !ok {
			number = int32(len(numbers))
			numbers[code] = number
		}
		g.of[i] = number
	}
	g.count = len(numbers)
	return g
}

// percentiles are mid ranks in the category, NaN for NaN. Shops without a category are ranked among all.
func (g *grouping) percentiles(values []float64) []float64 {
	ranking, out, among := stats.Rank(values), missing(len(values)), missing(len(values))
	ranking.Within(g.of, g.count, nil, out)
	ranking.Within(g.all, 1, nil, among)
	for i, number := range g.of {
		if number < 0 {
			out[i] = among[i]
		}
	}
	return out
}

func missing(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	return out
}

// index is 100 times the mean of the percentiles that are there.
func (g *grouping) index(figures [][]float64, reversed int) []float64 {
	sum, count := make([]float64, len(g.of)), make([]float64, len(g.of))
	for j, values := range figures {
		if values == nil {
			continue
		}
		for i, q := range g.percentiles(values) {
			if math.IsNaN(q) {
				continue
			}
			if j == reversed {
				q = 1 - q
			}
			sum[i] += q
			count[i]++
		}
	}
	for i := range sum {
		sum[i] = 100 * sum[i] / count[i] // NaN: 0 of 0
	}
	return sum
}

// gaps are P75 of the category less each shop's value; nil: not computable.
func (g *grouping) gaps(gmv []int64) []int64 {
	if gmv == nil {
		return nil
	}
	members, all := make([][]float64, g.count), make([]float64, len(gmv))
	for i, fen := range gmv {
		all[i] = float64(fen)
		if number := g.of[i]; number >= 0 {
			members[number] = append(members[number], all[i])
		}
	}
	targets := make([]int64, g.count)
	for number := range targets {
		targets[number] = upperQuartile(members[number])
	}
	platform, out := upperQuartile(all), make([]int64, len(gmv))
	for i, fen := range gmv {
		target := platform
		if number := g.of[i]; number >= 0 {
			target = targets[number]
		}
		out[i] = target - fen
	}
	return out
}

// upperQuartile sorts the values. Quarters of fen are exact in a float64 up to 2⁵¹ fen.
func upperQuartile(values []float64) int64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return int64(math.Floor(stats.QuantileType7(values, 0.75) + 0.5))
}

// next is the dimension with the largest gap above 0, the first of equals.
func next(gaps [][]int64, shops int) []int64 {
	out, largest := make([]int64, shops), make([]int64, shops)
	for i := range out {
		out[i] = column.Null
	}
	for d, gap := range gaps {
		for i, fen := range gap {
			if fen > largest[i] {
				out[i], largest[i] = int64(d), fen
			}
		}
	}
	return out
}
