package repeat

// ComputeInSpans is Compute with the number of spans given.
var ComputeInSpans = compute
