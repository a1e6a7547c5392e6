package column

import "math/bits"

// Lookup finds the row of a key in a table whose keys are distinct. It is made once and then read, by any number of
// goroutines.
//
// Keys in ascending order, as stored rollups of numbers have them, are found through a directory: the span of the keys
// is cut into stretches of equal length, about as many as there are rows, and each says where its rows begin. It is made
// in one pass, and whoever asks for keys in order reads it in order. Other keys are hashed.
type Lookup struct {
	keys   []int64
	values [][]int64

	starts []uint32 // first row of every stretch, and the end; nil: keys are hashed
	shift  uint     // bits of a stretch

	slots []uint32 // row + 1; 0 is empty
}

// mostInStretch is how many rows a stretch may have: beyond it the keys lie so unevenly that hashing them is better.
const mostInStretch = 64

// NewLookup indexes keys; values are other columns of the same rows. The columns are shared, not copied.
func NewLookup(keys []int64, values ...[]int64) *Lookup {
	l := &Lookup{keys: keys, values: values}
	if !l.makeDirectory() {
		l.hash()
	}
	return l
}

// makeDirectory reports whether the keys ascend and lie evenly enough.
func (l *Lookup) makeDirectory() bool {
	n := len(l.keys)
	if n == 0 {
		return false
	}
	least, greatest := l.keys[0], l.keys[n-1]
	if greatest < least || least == Null {
		return false
	}
	span := uint64(greatest) - uint64(least)
	l.shift = uint(max(0, bits.Len64(span)-bits.Len(uint(n))))
	starts := make([]uint32, span>>l.shift+2) // at most 2n+1
	before := least - 1
	for i, key := range l.keys {
		if key <= before || key > greatest {
			return false
		}
		before = key
		starts[(uint64(key)-uint64(least))>>l.shift+1] = uint32(i + 1) // the last of a stretch stays
	}
	for s := 1; s < len(starts); s++ {
		starts[s] = max(starts[s], starts[s-1])
		if starts[s]-starts[s-1] > mostInStretch {
			return false
		}
	}
	l.starts = starts
	return true
}

func (l *Lookup) hash() {
	l.slots = make([]uint32, 2<<bits.Len(uint(len(l.keys))))
	mask := uint64(len(l.slots) - 1)
	for i, key := range l.keys {
		s := Mix(hashSeed, key) & mask
		for l.slots[s] != 0 {
			s = (s + 1) & mask
		}
		l.slots[s] = uint32(i + 1)
	}
}

// Len is the number of rows.
func (l *Lookup) Len() int { return len(l.keys) }

// Bytes is the memory that the table holds, its columns included.
func (l *Lookup) Bytes() int64 {
	return int64(len(l.keys))*8*int64(1+len(l.values)) + int64(len(l.slots)+len(l.starts))*4
}

// Keys are the keys by row.
func (l *Lookup) Keys() []int64 { return l.keys }

// Values is column j by row.
func (l *Lookup) Values(j int) []int64 { return l.values[j] }

// Row is the row of a key, -1 if it is not there.
func (l *Lookup) Row(key int64) int {
	if l.starts != nil {
		return l.rowIn(key)
	}
	mask := uint64(len(l.slots) - 1)
	s := Mix(hashSeed, key) & mask
	for l.slots[s] != 0 && l.keys[l.slots[s]-1] != key {
		s = (s + 1) & mask
	}
	return int(l.slots[s]) - 1
}

// rowIn is Row by the directory. A key beyond either end lies in no stretch.
func (l *Lookup) rowIn(key int64) int {
	if key < l.keys[0] || key > l.keys[len(l.keys)-1] {
		return -1
	}
	return l.search(key, l.starts[(uint64(key)-uint64(l.keys[0]))>>l.shift])
}

// search looks for the key from the first row of its stretch on.
func (l *Lookup) search(key int64, row uint32) int {
	keys := l.keys[row:]
	for i, k := range keys {
		if k >= key {
			if k == key {
				return int(row) + i
			}
			break
		}
	}
	return -1
}

// Rows puts the row of every key into rows, -1 for keys that are not there. Asked for many at once, their cache misses
// overlap.
func (l *Lookup) Rows(keys, rows []int64) {
	rows = rows[:len(keys)]
	if l.starts == nil {
		for i, key := range keys {
			rows[i] = int64(l.Row(key))
		}
		return
	}
	least, greatest := l.keys[0], l.keys[len(l.keys)-1]
	for i, key := range keys { // first all that the directory says, without a branch that waits for it
		if key < least || key > greatest {
			rows[i] = int64(len(l.keys))
			continue
		}
		rows[i] = int64(l.starts[(uint64(key)-uint64(least))>>l.shift])
	}
	for i, key := range keys {
		rows[i] = int64(l.search(key, uint32(rows[i])))
	}
}
