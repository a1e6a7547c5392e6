package stats

import (
	"math"
	"math/big"
	"math/bits"
	"slices"
)

// Histogram holds the outcome of an arm's units over fixed geometric edges, so that winsorised sums can be had for any
// cap that is an edge. Its sums are whole numbers: it merges, and what was added can be taken out again, in any order,
// to the same value. The zero value is empty; only buckets with units take memory. A copy shares its buckets until either
// is merged: it may be read, merged and retracted from, but units are added to and moved in one of them alone.
//
//	bucket    …, −1]   [0]   [1]  [2]  …  [10]  [11]  [12, 13]  [14, 15]  …  (e, ⌈1.1·e⌉]  …
//
// Edges are whole numbers, each 1.1 times the one before, rounded up, from 1 to 2⁶²: in fen, 1 to all there is.
type Histogram struct {
	buckets []bucket // sparse, ascending by index
	xx      Int128   // sum of squares of the covariate, which no cap touches
}

// bucket is what the units of a range of outcomes add up to.
type bucket struct {
	index        int32 // of the edge that ends it, from 1; 0: the outcome is zero; −1: it is negative
	n            int64
	y, yy, xy, x Int128 // of Outcome and PreOutcome
}

// edges[i] ends the bucket of index i + 1.
var edges = func() []int64 {
	var e []int64
	for v := int64(1); v <= 1<<62; v += (v + 9) / 10 {
		e = append(e, v)
	}
	return e
}()

// firstEdge is, by the length in bits of a value, the first edge of at least that length.
var firstEdge = func() (first [65]int32) {
	for length := range first {
		first[length] = int32(slices.IndexFunc(edges, func(e int64) bool { return bits.Len64(uint64(e)) >= length }))
	}
	return first
}()

// bucketOf is the index of the bucket that y lies in; what exceeds the last edge lies in the last one.
func bucketOf(y int64) int32 {
	if y <= 0 {
		return int32(max(y, -1))
	}
	if y >= edges[len(edges)-1] {
		return int32(len(edges))
	}
	i := firstEdge[bits.Len64(uint64(y))]
	for edges[i] < y {
		i++
	}
	return i + 1
}

// CapEdge is the least cap of at least v fen that winsorised sums can be had for.
func CapEdge(v int64) int64 { return edges[max(bucketOf(v), 1)-1] }

// Add counts a unit that enters with these totals, of which Outcome and PreOutcome matter.
func (h *Histogram) Add(u *Values) {
	y, x := u[Outcome], u[PreOutcome]
	h.xx = h.xx.Add(Product(x, x))
	h.change(&bucket{bucketOf(y), 1, Int128Of(y), Product(y, y), Product(x, y), Int128Of(x)})
}

// AddIdle counts n units of which both totals are zero: most units of a campaign, counted at once.
func (h *Histogram) AddIdle(n int64) {
	if n != 0 {
		h.change(&bucket{n: n})
	}
}

// Remove takes a unit out that was counted with these totals.
func (h *Histogram) Remove(u *Values) {
	y, x := u[Outcome], u[PreOutcome]
	h.xx = h.xx.Sub(Product(x, x))
	h.change(&bucket{bucketOf(y), -1, Int128Of(-y), Product(y, -y), Product(x, -y), Int128Of(-x)})
}

// Move replaces the totals of a counted unit.
func (h *Histogram) Move(from, to *Values) {
	if from[Outcome] == to[Outcome] && from[PreOutcome] == to[PreOutcome] {
		return
	}
	h.Remove(from)
	h.Add(to)
}

// change adds d to its bucket. A bucket of which nothing is left goes.
func (h *Histogram) change(d *bucket) {
	i, after := 0, len(h.buckets)
	for i < after { // written out, since this is where a night's units spend their time
		if middle := (i + after) / 2; h.buckets[middle].index < d.index {
			i = middle + 1
		} else {
			after = middle
		}
	}
	if i == len(h.buckets) || h.buckets[i].index != d.index {
		h.buckets = slices.Insert(h.buckets, i, *d)
		return
	}
	b := &h.buckets[i]
	b.n += d.n
	b.y, b.yy, b.xy, b.x = b.y.Add(d.y), b.yy.Add(d.yy), b.xy.Add(d.xy), b.x.Add(d.x)
	if *b == (bucket{index: b.index}) {
		h.buckets = slices.Delete(h.buckets, i, i+1)
		if len(h.buckets) == 0 {
			h.buckets = nil // as if nothing had ever been counted
		}
	}
}

// Merge counts the units of o too.
func (h *Histogram) Merge(o *Histogram) {
	h.xx = h.xx.Add(o.xx)
	h.buckets = merged(h.buckets, o.buckets, func(b, d *bucket) bucket {
		return bucket{d.index, b.n + d.n, b.y.Add(d.y), b.yy.Add(d.yy), b.xy.Add(d.xy), b.x.Add(d.x)}
	})
}

// Retract takes the units of o out.
func (h *Histogram) Retract(o *Histogram) {
	h.xx = h.xx.Sub(o.xx)
	h.buckets = merged(h.buckets, o.buckets, func(b, d *bucket) bucket {
		return bucket{d.index, b.n - d.n, b.y.Sub(d.y), b.yy.Sub(d.yy), b.xy.Sub(d.xy), b.x.Sub(d.x)}
	})
}

// merged are the buckets of a with those of b put to them, in memory of their own; nil if nothing is left.
func merged(a, b []bucket, put func(to, of *bucket) bucket) []bucket {
	if len(b) == 0 {
		return a
	}
	out := make([]bucket, 0, max(len(a), len(b)))
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].index < b[0].index:
			out, a = append(out, a[0]), a[1:]
			continue
		case len(a) == 0 || b[0].index < a[0].index:
			out = append(out, put(&bucket{}, &b[0]))
		default:
			out, a = append(out, put(&a[0], &b[0])), a[1:]
		}
		b = b[1:]
		if last := len(out) - 1; out[last] == (bucket{index: out[last].index}) {
			out = out[:last]
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// N is the number of units.
func (h *Histogram) N() int64 {
	var n int64
	for i := range h.buckets {
		n += h.buckets[i].n
	}
	return n
}

// WinsorisedSums are the sums of Outcome and PreOutcome with outcomes above the cap set to it; the other variables are
// left out (0). limit is an edge; another value is taken for the next edge above (CapEdge). The estimand changes with
// the cap: it is a difference of E[min(Y, cap)]. The cap is chosen without a look at the arms apart, from both pooled or
// from an earlier period.
func (h *Histogram) WinsorisedSums(limit int64) Sums {
	last := bucketOf(CapEdge(limit))
	limit = CapEdge(limit)
	var s Sums
	y, yy, xy := &s.first[Outcome], &s.second[at(Outcome, Outcome)], &s.second[at(Outcome, PreOutcome)]
	for i := range h.buckets {
		b := h.buckets[i]
		if b.index > last {
			b.y, b.yy, b.xy = Product(b.n, limit), Product(limit, limit).Times(b.n), b.x.Times(limit)
		}
		s.N += b.n
		*y, *yy, *xy = y.Add(b.y), yy.Add(b.yy), xy.Add(b.xy)
		s.first[PreOutcome] = s.first[PreOutcome].Add(b.x)
	}
	s.second[at(PreOutcome, PreOutcome)] = h.xx
	return s
}

// Above is the number of units with outcomes above the cap, which is an edge or taken for the next edge above.
func (h *Histogram) Above(limit int64) int64 {
	last := bucketOf(CapEdge(limit))
	var n int64
	for i := range h.buckets {
		if h.buckets[i].index > last {
			n += h.buckets[i].n
		}
	}
	return n
}

// Quantile is the least edge that a share q of the units, or more, does not exceed: a cap. It is 0 where so many units
// have no outcome above zero, or there are no units: no cap is to be had at q.
func (h *Histogram) Quantile(q float64) int64 {
	need := q * float64(h.N())
	var below int64
	for i := range h.buckets {
		below += h.buckets[i].n
		if float64(below) >= need {
			return max(0, h.edge(i))
		}
	}
	return 0
}

// edge is the edge that ends a bucket in use; 0 for those of no and of negative outcomes.
func (h *Histogram) edge(i int) int64 {
	if h.buckets[i].index < 1 {
		return 0
	}
	return edges[h.buckets[i].index-1]
}

// Skewness is that of the outcomes, for Skewed; NaN if they are all alike. Cubes are not kept: those of a bucket are taken
// to sum to (Σy²)²/Σy, the least they can (Cauchy-Schwarz); 1.1 from edge to edge keeps that within 0.25 %. Negative
// outcomes share one bucket, so theirs may be understated by more.
func (h *Histogram) Skewness() float64 {
	s := h.WinsorisedSums(math.MaxInt64)
	var cubes float64
	for i := range h.buckets {
		if b := &h.buckets[i]; b.y.Sign() != 0 {
			yy := b.yy.Float64()
			cubes += yy * yy / b.y.Float64()
		}
	}
	n, m, square := float64(s.N), s.Mean(Outcome), ratio(s.SumOf(Outcome, Outcome).Big(), big.NewInt(s.N))
	variance := s.Cov(Outcome, Outcome) * (n - 1) / n
	return (cubes/n - 3*m*square + 2*m*m*m) / math.Pow(variance, 1.5)
}
