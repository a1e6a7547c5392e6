package column

import "math/bits"

// Packed rows are numbers of a few words, the highest first. They are put in order by a radix sort from the most
// significant digit down, in two stages. While they are more than the second-level cache holds, the rows themselves are
// dealt into buckets, block by block. A bucket that fits is sorted by entries: one word and where the row begins. So no
// row is ever fetched from far away on its own.

const (
	cachedValues = 1 << 15 // of a bucket that is sorted in the cache, with two entries for each row
	bucketValues = 1 << 13 // aimed at when rows are dealt into buckets

	smallBucket  = 32 // entries from which on counting pays
	maxDigitBits = 11 // bits of a digit: the counters of all buckets stay in the first-level cache
)

// entry stands for a row.
type entry struct {
	key uint64 // the word in hand
	row uint32 // where the row begins
}

// orderer puts packed rows in order, and frees the blocks where they lie. It yields the rows of a bucket, and where each
// begins, in order.
type orderer struct {
	s     *Sorter
	width int // words of a row
	yield func(rows []int64, order []entry) error

	rows           []int64 // of the bucket in hand
	entries, other []entry
}

// order yields the rows of blocks, which are equal in all words before number word.
func (o *orderer) order(blocks [][]int64, word int) error {
	total := 0
	for _, b := range blocks {
		total += len(b)
	}
	if total <= cachedValues {
		return o.sort(blocks, word)
	}
	low, high := o.extremes(blocks, word)
	for low == high {
		if word++; word == o.width {
			return o.equal(blocks)
		}
		low, high = o.extremes(blocks, word)
	}
	for _, bucket := range o.deal(blocks, total, word, low, high) {
		if err := o.order(bucket, word); err != nil {
			return err
		}
	}
	return nil
}

// extremes are the least and the greatest value of a word.
func (o *orderer) extremes(blocks [][]int64, word int) (low, high uint64) {
	low = uint64(blocks[0][word])
	high = low
	for _, b := range blocks {
		for at := word; at < len(b); at += o.width {
			v := uint64(b[at])
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}

// deal spreads rows over buckets by the highest digit in which a word of theirs differs.
func (o *orderer) deal(blocks [][]int64, total, word int, low, high uint64) [][][]int64 {
	digit := min(maxDigitBits, bits.Len(uint(total/bucketValues)))
	shift := max(0, bits.Len64(high-low)-digit)
	buckets := make([][][]int64, (high-low)>>shift+1)
	open, used := make([][]int64, len(buckets)), make([]int, len(buckets))
	width := o.width
	full := blockValues / width * width
	for i, b := range blocks {
		for at := 0; at < len(b); at += width {
			d := (uint64(b[at+word]) - low) >> shift
			to, n := open[d], used[d]
			if n == len(to) { // full, or none
				to, n = o.s.newBlock()[:full], 0
				open[d] = to
				buckets[d] = append(buckets[d], to)
			}
			copy(to[n:n+width], b[at:at+width])
			used[d] = n + width
		}
		o.s.drop(b)
		blocks[i] = nil
	}
	for d, bucket := range buckets {
		if len(bucket) > 0 {
			bucket[len(bucket)-1] = open[d][:used[d]]
		}
	}
	return buckets
}

// equal yields rows that are all the same.
func (o *orderer) equal(blocks [][]int64) error {
	for i := range blocks {
		if err := o.sort(blocks[i:i+1], o.width-1); err != nil {
			return err
		}
	}
	return nil
}

// sort yields the rows of few blocks.
func (o *orderer) sort(blocks [][]int64, word int) error {
	o.rows, o.entries = o.rows[:0], o.entries[:0]
	for _, b := range blocks {
		o.rows = append(o.rows, b...)
		o.s.drop(b)
	}
	if len(o.rows) == 0 {
		return nil
	}
	for at := 0; at < len(o.rows); at += o.width {
		o.entries = append(o.entries, entry{key: uint64(o.rows[at+word]), row: uint32(at)})
	}
	if len(o.other) < len(o.entries) {
		o.other = make([]entry, cap(o.entries))
	}
	o.sortEntries(o.entries, o.other, word)
	return o.yield(o.rows, o.entries)
}

// sortEntries orders entries by a word, loaded, and those after it. other is scratch of at least the same length.
func (o *orderer) sortEntries(entries, other []entry, word int) {
	for {
		if len(entries) <= smallBucket {
			o.sortSmall(entries, word)
			return
		}
		low, high := keyRange(entries)
		if low != high {
			o.distribute(entries, other, word, low, high)
			return
		}
		if word++; word == o.width {
			return
		}
		o.load(entries, word)
	}
}

// load puts a word of the rows into their entries.
func (o *orderer) load(entries []entry, word int) {
	for i := range entries {
		entries[i].key = uint64(o.rows[int(entries[i].row)+word])
	}
}

func keyRange(entries []entry) (low, high uint64) {
	low, high = entries[0].key, entries[0].key
	for _, e := range entries[1:] {
		low, high = min(low, e.key), max(high, e.key)
	}
	return low, high
}

// distribute counts entries into buckets by the highest digit in which their keys differ, and sorts each.
func (o *orderer) distribute(entries, other []entry, word int, low, high uint64) {
	digit := min(maxDigitBits, max(4, bits.Len(uint(len(entries)))-3))
	shift := max(0, bits.Len64(high-low)-digit)
	var counters [1 << maxDigitBits]uint32
	next := counters[:(high-low)>>shift+1]
	for _, e := range entries {
		next[(e.key-low)>>shift]++
	}
	sum := uint32(0)
	for b, n := range next {
		next[b] = sum
		sum += n
	}
	for _, e := range entries {
		b := (e.key - low) >> shift
		other[next[b]] = e
		next[b]++
	}
	copy(entries, other[:len(entries)])
	from := uint32(0)
	for _, to := range next { // where the bucket ends, by now
		if to-from > 1 {
			o.sortEntries(entries[from:to], other[from:to], word)
		}
		from = to
	}
}

// sortSmall compares keys, and goes on with the next word among entries whose keys are equal.
func (o *orderer) sortSmall(entries []entry, word int) {
	for i := 1; i < len(entries); i++ {
		e, at := entries[i], i
		for ; at > 0 && entries[at-1].key > e.key; at-- {
			entries[at] = entries[at-1]
		}
		entries[at] = e
	}
	if word++; word == o.width {
		return
	}
	for from := 0; from < len(entries); {
		to := from + 1
		for to < len(entries) && entries[to].key == entries[from].key {
			to++
		}
		if to-from > 1 {
			o.load(entries[from:to], word)
			o.sortSmall(entries[from:to], word)
		}
		from = to
	}
}
