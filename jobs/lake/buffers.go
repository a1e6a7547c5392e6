package lake

// maxKeptRead is the largest buffer of a read that is kept for the next one.
const maxKeptRead = 8 << 20

// readBuffer gives room for n bytes of a file with decodePadding behind them, where possible in memory that was read into
// before: fresh memory costs a page fault for every 4 KiB.
func (l *Lake) readBuffer(n int) []byte {
	if n > maxKeptRead {
		return make([]byte, n, n+decodePadding)
	}
	if b, ok := l.reads.Get().(*[]byte); ok && cap(*b) >= n+decodePadding {
		return (*b)[:n]
	}
	return make([]byte, n, n+n/8+decodePadding) // the next row group may be a little larger
}

// keepBuffers takes buffers that nobody looks at any more.
func (l *Lake) keepBuffers(read [][]byte) {
	for _, b := range read {
		if len(b) <= maxKeptRead {
			l.reads.Put(&b)
		}
	}
}
