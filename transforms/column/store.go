package column

// Store keeps many short byte strings in few large chunks: what is wanted seldom and one by one takes the bytes that it
// is encoded in, and the collector has next to nothing to look at. What was kept stays where it is.
type Store struct{ chunks [][]byte }

// Span is where a Store keeps a byte string.
type Span struct{ chunk, from, end uint32 }

// Chunks begin small, since there are many small stores, and double.
const (
	leastChunk = 1 << 12
	mostChunk  = 1 << 20
)

// Keep copies the bytes.
func (s *Store) Keep(data []byte) Span {
	last := len(s.chunks) - 1
	if last < 0 || cap(s.chunks[last])-len(s.chunks[last]) < len(data) {
		size := leastChunk
		if last >= 0 {
			size = min(2*cap(s.chunks[last]), mostChunk)
		}
		s.chunks = append(s.chunks, make([]byte, 0, max(size, len(data))))
		last++
	}
	c := &s.chunks[last]
	from := len(*c)
	*c = append(*c, data...)
	return Span{uint32(last), uint32(from), uint32(len(*c))}
}

// At are the bytes of a span. Nobody may change them.
func (s *Store) At(at Span) []byte { return s.chunks[at.chunk][at.from:at.end] }

// Take takes over what another store keeps, without a copy, and changes its spans to where it is now.
func (s *Store) Take(o *Store, spans []Span) {
	for i := range spans {
		spans[i].chunk += uint32(len(s.chunks))
	}
	s.chunks = append(s.chunks, o.chunks...)
}
