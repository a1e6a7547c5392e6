package stats

// Histogram holds the outcome of an arm's units over fixed geometric edges, so that winsorised sums can be had for any
// cap that is an edge. The zero value is empty.
type Histogram struct {
	buckets []bucket // sparse, ascending
}

type bucket struct {
	index        int32
	n            int64
	y, yy, xy, x Int128
}
