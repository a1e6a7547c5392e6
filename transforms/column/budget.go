package column

import (
	"sync"
	"sync/atomic"
)

// blockValues is the number of values of a block, 16 KiB: large enough that handing a block over costs nothing per
// row, small enough that one open block for each of 2,048 partitions is 32 MiB. All blocks have the one size, so
// that what one table frees another takes.
const blockValues = 1 << 11

// Budget counts the bytes that row blocks hold, over all tables of one run, and keeps freed blocks for reuse: a page
// fault for every 4 KiB of fresh memory costs more than filling it.
type Budget struct {
	limit   int64
	used    atomic.Int64
	peak    atomic.Int64
	spilled atomic.Int64

	mu   sync.Mutex
	free [][]int64
}

// NewBudget allows limit bytes; 0 or less means no limit.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

// Used is the number of bytes held now.
func (b *Budget) Used() int64 { return b.used.Load() }

// Peak is the most bytes ever held.
func (b *Budget) Peak() int64 { return b.peak.Load() }

// Spilled is the number of bytes that went to spill files so far.
func (b *Budget) Spilled() int64 { return b.spilled.Load() }

// Trim lets go of the blocks kept for reuse, but for keep bytes of them.
func (b *Budget) Trim(keep int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := int(keep / (blockValues * 8)); n < len(b.free) {
		clear(b.free[n:])
		b.free = b.free[:n]
	}
}

func (b *Budget) take(n int64) {
	now := b.used.Add(n)
	for {
		p := b.peak.Load()
		if now <= p || b.peak.CompareAndSwap(p, now) {
			return
		}
	}
}

func (b *Budget) give(n int64)   { b.used.Add(-n) }
func (b *Budget) exceeded() bool { return b.limit > 0 && b.used.Load() > b.limit }

// block returns a block in its full length. What it held before is still in it.
func (b *Budget) block() []int64 {
	b.mu.Lock()
	if n := len(b.free); n > 0 {
		block := b.free[n-1]
		b.free[n-1] = nil // or the list would keep it alive
		b.free = b.free[:n-1]
		b.mu.Unlock()
		return block
	}
	b.mu.Unlock()
	return make([]int64, blockValues)
}

// recycle takes back a block that block gave, in whatever length. Others are left to the garbage collector.
func (b *Budget) recycle(block []int64) {
	if cap(block) != blockValues {
		return
	}
	b.mu.Lock()
	b.free = append(b.free, block[:blockValues])
	b.mu.Unlock()
}
