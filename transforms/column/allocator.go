package column

import (
	"math/bits"
	"sync"
)

// Buffers is an Arrow allocator that gives freed buffers out again: the columns of one row group are as large as
// those of the next, and fresh memory costs a page fault for every 4 KiB. Records made with it must be released, and
// nothing may look at them afterwards. It is safe for concurrent use.
type Buffers struct {
	// Uncleared is set before the first use where every byte is written anyway, as by jobs/lake and transforms/mapping:
	// buffers given out again then hold what they held.
	Uncleared bool

	mu   sync.Mutex
	free map[int][][]byte // by capacity
	kept int64
	keep int64
}

// minReused is the smallest buffer that is kept: the runtime's own caches serve smaller ones.
const minReused = 32 << 10

// NewBuffers keeps at most keep bytes of freed buffers.
func NewBuffers(keep int64) *Buffers { return &Buffers{free: map[int][][]byte{}, keep: keep} }

// roomFor rounds a size up, so that buffers of nearly the same size serve for each other: at most an eighth is lost.
func roomFor(size int) int {
	step := 1 << max(0, bits.Len(uint(size))-4)
	return (size + step - 1) / step * step
}

// Allocate returns size bytes, zero unless Uncleared.
func (a *Buffers) Allocate(size int) []byte {
	if size < minReused {
		return make([]byte, size)
	}
	room := roomFor(size)
	a.mu.Lock()
	free := a.free[room]
	if len(free) == 0 {
		a.mu.Unlock()
		return make([]byte, size, room)
	}
	b := free[len(free)-1]
	free[len(free)-1] = nil // or the list would keep it alive
	a.free[room] = free[:len(free)-1]
	a.kept -= int64(room)
	a.mu.Unlock()
	b = b[:size]
	if !a.Uncleared {
		clear(b)
	}
	return b
}

// Reallocate returns a buffer of size bytes that begins like b and has zeros behind, unless Uncleared.
func (a *Buffers) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		grown := b[:size]
		if size > len(b) && !a.Uncleared {
			clear(grown[len(b):])
		}
		return grown
	}
	grown := a.Allocate(size)
	copy(grown, b)
	a.Free(b)
	return grown
}

// Free takes a buffer back.
func (a *Buffers) Free(b []byte) {
	room := cap(b)
	if room < minReused || room != roomFor(room) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.kept+int64(room) > a.keep {
		return
	}
	a.free[room] = append(a.free[room], b[:0:room])
	a.kept += int64(room)
}
