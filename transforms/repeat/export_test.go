package repeat

// ComputeInSpans is Compute with the number of spans given.
var ComputeInSpans = compute

// WithIdleRows puts a row that says nothing behind every row, so that no pair is a single row.
func WithIdleRows(r Rows) (out Rows) {
	for i := range r.Len() {
		out.append(r.Slice(i, i+1))
		idle := r.Slice(i, i+1)
		idle.Facts, idle.Value = []int64{r.Facts[i]&dayMask | kindOrders<<atKind}, []int64{0}
		out.append(idle)
	}
	return out
}
