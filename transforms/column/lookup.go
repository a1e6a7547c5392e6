package column

import "math/bits"

// Lookup finds the row of a key in a table whose keys are distinct. It is made once and then read, by any number of
// goroutines.
type Lookup struct {
	keys   []int64
	values [][]int64
	slots  []uint32 // row + 1; 0 is empty
}

// NewLookup indexes keys; values are other columns of the same rows. The columns are shared, not copied.
func NewLookup(keys []int64, values ...[]int64) *Lookup {
	l := &Lookup{keys: keys, values: values, slots: make([]uint32, 2<<bits.Len(uint(len(keys))))}
	mask := uint64(len(l.slots) - 1)
	for i, key := range keys {
		s := Mix(hashSeed, key) & mask
		for l.slots[s] != 0 {
			s = (s + 1) & mask
		}
		l.slots[s] = uint32(i + 1)
	}
	return l
}

// Len is the number of rows.
func (l *Lookup) Len() int { return len(l.keys) }

// Bytes is the memory that the table holds, its columns included.
func (l *Lookup) Bytes() int64 {
	return int64(len(l.keys))*8*int64(1+len(l.values)) + int64(len(l.slots))*4
}

// Keys are the keys by row.
func (l *Lookup) Keys() []int64 { return l.keys }

// Values is column j by row.
func (l *Lookup) Values(j int) []int64 { return l.values[j] }

// Row is the row of a key, -1 if it is not there.
func (l *Lookup) Row(key int64) int {
	mask := uint64(len(l.slots) - 1)
	s := Mix(hashSeed, key) & mask
	for l.slots[s] != 0 && l.keys[l.slots[s]-1] != key {
		s = (s + 1) & mask
	}
	return int(l.slots[s]) - 1
}

// Rows puts the row of every key into rows, -1 for keys that are not there. Asked for many at once, their cache misses
// overlap.
func (l *Lookup) Rows(keys, rows []int64) {
	mask := uint64(len(l.slots) - 1)
	for i, key := range keys {
		s := Mix(hashSeed, key) & mask
		for l.slots[s] != 0 && l.keys[l.slots[s]-1] != key {
			s = (s + 1) & mask
		}
		rows[i] = int64(l.slots[s]) - 1
	}
}
