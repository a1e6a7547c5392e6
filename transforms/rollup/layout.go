package rollup

import (
	"math/bits"
	"slices"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// layout says how a pass's rows lie in the words of a Scatter: a wide column has a word of its own, flags and
// enumerations share words. Rows are written and read once each, so their width is what a pass costs.
type layout struct {
	source *contract.Table
	names  []string
	fields []field
	words  int
	packed int  // the word that narrow fields go to, while it has room
	used   uint // bits of it
}

// field is one column of a row.
type field struct {
	word  int
	shift uint
	mask  int64 // of a narrow field, which holds it for Null; 0: the whole word
	null  bool  // a narrow field that may be Null
}

// add is the position of a column among the fields, a new one if need be.
func (l *layout) add(name string) int {
	if i := slices.Index(l.names, name); i >= 0 {
		return i
	}
	c := declared(l.source, name)
	switch {
	case isFlag(c):
		return l.addNarrow(name, 1, false)
	case c.Kind == contract.Enum || c.Kind == contract.Bool:
		return l.addNarrow(name, uint(bits.Len(uint(max(2, len(c.Values))))), true)
	}
	l.fields = append(l.fields, field{word: l.words})
	l.names = append(l.names, name)
	l.words++
	return len(l.fields) - 1
}

// addFlag is add for a column of 0 and 1 that no table declares.
func (l *layout) addFlag(name string) int {
	if i := slices.Index(l.names, name); i >= 0 {
		return i
	}
	return l.addNarrow(name, 1, false)
}

func (l *layout) addNarrow(name string, width uint, null bool) int {
	if l.used == 0 || l.used+width > 63 {
		l.packed, l.used = l.words, 0
		l.words++
	}
	l.fields = append(l.fields, field{word: l.packed, shift: l.used, mask: 1<<width - 1, null: null})
	l.names = append(l.names, name)
	l.used += width
	return len(l.fields) - 1
}

// pack makes the words of n rows from the columns of all fields. Wide columns are shared, not copied.
func (l *layout) pack(n int, columns [][]int64) [][]int64 {
	words := make([][]int64, l.words)
	for j, f := range l.fields {
		if f.mask == 0 {
			words[f.word] = columns[j][:n]
			continue
		}
		if words[f.word] == nil {
			words[f.word] = make([]int64, n)
		}
		word, shift, mask := words[f.word], f.shift, f.mask
		for i, v := range columns[j][:n] {
			if v == column.Null {
				v = mask
			}
			word[i] |= v & mask << shift
		}
	}
	return words
}

// vectors are the rows of one partition as columns. Memory is kept from one partition to the next.
type vectors struct {
	layout *layout
	n      int
	words  [][]int64
	fields [][]int64 // narrow ones, once they were asked for
	ready  []bool
}

func newVectors(l *layout) *vectors {
	return &vectors{layout: l, words: make([][]int64, l.words), fields: make([][]int64, len(l.fields)), ready: make([]bool, len(l.fields))}
}

// load turns the rows of a partition into columns.
func (v *vectors) load(blocks [][]int64) {
	width := v.layout.words
	v.n = 0
	for _, b := range blocks {
		v.n += len(b) / width
	}
	for j := range v.words {
		v.words[j] = grow(v.words[j], v.n)
	}
	at := 0
	for _, b := range blocks {
		rows := len(b) / width
		for j, w := range v.words {
			w = w[at : at+rows]
			from := b[j:]
			for i := range w {
				w[i] = from[i*width]
			}
		}
		at += rows
	}
	clear(v.ready)
}

// field is one column of the partition, n values.
func (v *vectors) field(i int) []int64 {
	f := v.layout.fields[i]
	if f.mask == 0 {
		return v.words[f.word]
	}
	if v.ready[i] {
		return v.fields[i]
	}
	out := grow(v.fields[i], v.n)
	shift, mask := f.shift, f.mask
	word := v.words[f.word][:len(out)]
	for k, w := range word {
		out[k] = w >> shift & mask
	}
	if f.null {
		for k, w := range out {
			if w == mask {
				out[k] = column.Null
			}
		}
	}
	v.fields[i], v.ready[i] = out, true
	return out
}

// grow is s with n values, whatever they are.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
