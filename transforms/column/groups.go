package column

import "math/bits"

// Groups numbers the distinct keys of rows that lie as columns: the vectorised counterpart of Grouper for one batch,
// such as a partition that fits the cache. It holds no keys, only the first row of each group; a key is compared by
// looking at that row, and that only where 32 bits of the hash agree.
//
// It is not safe for concurrent use. Its memory is reused from batch to batch.
type Groups struct {
	slots []uint64 // upper half: tag of the hash; lower half: group + 1; 0 is empty
	first []uint32
}

// Len is the number of groups of the last batch.
func (g *Groups) Len() int { return len(g.first) }

// First is the row that each group was met in first.
func (g *Groups) First() []uint32 { return g.first }

// Number gives each of the named rows the number of its group, in order of first appearance from 0. Keys are the key
// columns, hashes those of the rows (see HashColumns), of takes the numbers and is as long as rows. Without key
// columns all rows are one group.
func (g *Groups) Number(keys [][]int64, hashes []uint64, rows, of []uint32) {
	g.first = g.first[:0]
	size := 2 << bits.Len(uint(len(rows)))
	if len(g.slots) < size || len(g.slots) > 8*size {
		g.slots = make([]uint64, size)
	} else {
		clear(g.slots)
	}
	mask := uint64(len(g.slots) - 1)
	slots := g.slots
	for k, row := range rows {
		h := hashes[row]
		tag := h &^ (1<<32 - 1)
		for s := h & mask; ; s = (s + 1) & mask {
			e := slots[s]
			if e == 0 {
				slots[s] = tag | uint64(len(g.first)+1)
				of[k] = uint32(len(g.first))
				g.first = append(g.first, row)
				break
			}
			if e&^(1<<32-1) != tag {
				continue
			}
			group := uint32(e) - 1
			if equalAt(keys, row, g.first[group]) {
				of[k] = group
				break
			}
		}
	}
}

func equalAt(keys [][]int64, a, b uint32) bool {
	for _, k := range keys {
		if k[a] != k[b] {
			return false
		}
	}
	return true
}

// HashColumns puts Hash of the key columns of every row into hashes, which sets the number of rows.
// It is not inlined, or its loops would keep their variables in memory.
//
//go:noinline
func HashColumns(hashes []uint64, keys [][]int64) {
	if len(keys) == 0 {
		for i := range hashes {
			hashes[i] = hashSeed
		}
		return
	}
	for i, v := range keys[0][:len(hashes)] {
		hashes[i] = Mix(hashSeed, v)
	}
	for _, k := range keys[1:] {
		k = k[:len(hashes)]
		for i, v := range k {
			hashes[i] = Mix(hashes[i], v)
		}
	}
}
