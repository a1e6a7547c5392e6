package rollup

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// layout lists the columns that a pass's rows carry. How they lie in the words of a Scatter is a format.
type layout struct {
	source *contract.Table
	names  []string
	widths []uint // bits of flags and enumerations; 0: whatever the values need
	flags  []bool // 0 and 1 only, never Null
}

// add is the position of a column, a new one if need be.
func (l *layout) add(name string) int {
	if i := slices.Index(l.names, name); i >= 0 {
		return i
	}
	c := declared(l.source, name)
	switch {
	case isFlag(c):
		return l.append(name, 1, true)
	case c.Kind == contract.Enum || c.Kind == contract.Bool:
		return l.append(name, uint(bits.Len(uint(max(2, len(c.Values))))), false) // and one more value for Null
	}
	return l.append(name, 0, false)
}

// addFlag is add for a column of 0 and 1 that no table declares.
func (l *layout) addFlag(name string) int {
	if i := slices.Index(l.names, name); i >= 0 {
		return i
	}
	return l.append(name, 1, true)
}

func (l *layout) append(name string, width uint, flag bool) int {
	l.names, l.widths, l.flags = append(l.names, name), append(l.widths, width), append(l.flags, flag)
	return len(l.names) - 1
}

func (l *layout) addAll(names []string) []int {
	var fields []int
	for _, n := range names {
		fields = append(fields, l.add(n))
	}
	return fields
}

// format says where each column lies in a row. Rows are written once and read once, so their width is what a pass
// costs: columns share words.
type format struct {
	fields []field
	words  int
}

// field is one column of a row: the distance of its values from the least that fits.
type field struct {
	word  int
	shift uint
	mask  int64 // all bits of the field; -1: the whole word. It stands for Null, except in flags
	low   int64
	flag  bool
}

// whole reports that the field is the word.
func (f field) whole() bool { return f.mask == -1 }

// room is what the values of a column need: bits, 64 for a word of its own, from low on.
type room struct {
	width uint
	low   int64
}

// format makes the rows of columns with the given rooms. Wide columns are placed first, or they would find each word
// begun.
func (l *layout) format(rooms []room) *format {
	f := &format{fields: make([]field, len(rooms))}
	order := make([]int, len(rooms))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rooms[b].width, rooms[a].width) })
	var used []uint // bits of each word
	for _, i := range order {
		width := rooms[i].width
		if width >= 64 {
			f.fields[i] = field{word: len(used), mask: -1}
			used = append(used, 64)
			continue
		}
		w := slices.IndexFunc(used, func(u uint) bool { return u+width <= 63 })
		if w < 0 {
			w, used = len(used), append(used, 0)
		}
		f.fields[i] = field{word: w, shift: used[w], mask: 1<<width - 1, low: rooms[i].low, flag: l.flags[i]}
		used[w] += width
	}
	f.words = len(used)
	return f
}

// rooms are those of flags and enumerations; the others have none yet.
func (l *layout) rooms() []room {
	rooms := make([]room, len(l.widths))
	for i, w := range l.widths {
		rooms[i].width = w
	}
	return rooms
}

// wide is the format that any values fit.
func (l *layout) wide() *format {
	rooms := l.rooms()
	for i := range rooms {
		if rooms[i].width == 0 {
			rooms[i].width = 64
		}
	}
	return l.format(rooms)
}

// slackBits is how many times values may double beyond those that were looked at.
const slackBits = 2

// fit chooses rooms after a look at the values of some of the rows: those of a day are mostly alike.
func (l *layout) fit(columns [][]int64) []room {
	rooms := l.rooms()
	for i, values := range columns {
		if rooms[i].width == 0 {
			rooms[i] = roomFor(values)
		}
	}
	return rooms
}

// span is the range of some values other than Null.
type span struct{ low, high int64 }

func spanOf(values []int64) span {
	s := span{math.MaxInt64, math.MinInt64}
	for _, v := range values {
		if v != column.Null {
			s.low, s.high = min(s.low, v), max(s.high, v)
		}
	}
	return s
}

func (s span) with(o span) span { return span{min(s.low, o.low), max(s.high, o.high)} }

// nearly tells whether a span within another is most of it.
func (s span) nearly(whole span) bool {
	w := uint64(whole.high - whole.low)
	return s.low <= s.high && uint64(s.high-s.low) >= w-w/4
}

// steadyRows is how many rows tell that values stay within their range.
const steadyRows = 256

// roomFor is room for values like these: for their range where both halves of the rows have nearly all of it, as ids
// have that come in no order, and else, as for numbers that count up or have a long tail, for all from zero on.
func roomFor(values []int64) room {
	first, second := spanOf(values[:len(values)/2]), spanOf(values[len(values)/2:])
	seen := first.with(second)
	switch {
	case seen.low > seen.high:
		return room{width: slackBits}
	case seen.low < 0:
		return room{width: 64}
	}
	r := room{width: uint(bits.Len64(uint64(seen.high))) + slackBits}
	if len(values) >= steadyRows && first.nearly(seen) && second.nearly(seen) {
		if width := uint(bits.Len64(uint64(seen.high-seen.low))) + slackBits; width < r.width {
			beyond := int64(1<<width) - 1 - (seen.high - seen.low)
			r = room{width, max(0, seen.low-beyond/2)}
		}
	}
	if r.width > 56 {
		return room{width: 64}
	}
	return r
}

// pack makes the words of n rows from columns, in the memory of scratch, one slice for each word. Columns that are whole
// words are shared, not copied. Rows with a value that does not fit are marked in misfits, if there are any.
func (f *format) pack(n int, columns, scratch [][]int64) (words [][]int64, misfits []uint64) {
	words = make([][]int64, f.words)
	for j, field := range f.fields {
		values := columns[j][:n]
		if field.whole() {
			words[field.word] = values
			continue
		}
		if words[field.word] == nil {
			scratch[field.word] = grow(scratch[field.word], n)
			clear(scratch[field.word])
			words[field.word] = scratch[field.word]
		}
		word := words[field.word][:len(values)]
		if field.flag {
			field.putFlags(word, values)
		} else if !field.put(word, values) && !field.fit(values) {
			misfits = mark(misfits, values, field)
		}
	}
	return words, misfits
}

// Loops over the rows are not inlined: beside the fields of a format they lack registers.

// put adds the values to the words of their rows. It reports whether all fit and none is Null; for the others mask is kept.
//
//go:noinline
func (f field) put(words, values []int64) (plain bool) {
	shift, mask, low := f.shift&63, uint64(f.mask), f.low
	words = words[:len(values)]
	var most uint64
	for i, v := range values {
		d := uint64(v - low) // it wraps: below low it is beyond any mask, or low + d is v again, as with Null and a low near the greatest
		most = max(most, d)
		words[i] |= int64(min(d, mask) << shift)
	}
	return most < mask
}

// fit reports whether all values other than Null fit.
//
//go:noinline
func (f field) fit(values []int64) bool {
	low, most := f.low, uint64(0)
	for _, v := range values { // without a branch: nulls come at random
		d := uint64(v - low)
		if v == column.Null {
			d = 0
		}
		most = max(most, d)
	}
	return most < uint64(f.mask)
}

// putFlags is put of flags, which always fit.
//
//go:noinline
func (f field) putFlags(words, values []int64) {
	shift := f.shift & 63
	words = words[:len(values)]
	for i, v := range values {
		words[i] |= v << shift
	}
}

// mark sets the bits of rows whose value does not fit into mask.
func mark(misfits []uint64, values []int64, f field) []uint64 {
	if misfits == nil {
		misfits = make([]uint64, (len(values)+63)/64)
	}
	for i, v := range values {
		if v != column.Null && uint64(v-f.low) >= uint64(f.mask) {
			misfits[i>>6] |= 1 << (i & 63)
		}
	}
	return misfits
}

// vectors are the rows of one partition as columns: first those in the close format, then those that need the wide
// one. Memory is kept from one partition to the next.
type vectors struct {
	n      int
	parts  [2]words
	fields [][]int64 // once they were asked for
	ready  []bool
}

// words are rows of one format as columns of words.
type words struct {
	format  *format
	n       int
	columns [][]int64
}

func newVectors(formats [2]*format) *vectors {
	v := &vectors{fields: make([][]int64, len(formats[0].fields)), ready: make([]bool, len(formats[0].fields))}
	for i, f := range formats {
		v.parts[i] = words{format: f, columns: make([][]int64, f.words)}
	}
	return v
}

// load turns the rows of a partition into columns.
func (v *vectors) load(blocks [][][]int64) {
	v.n = 0
	for i := range v.parts {
		v.parts[i].load(blocks[i])
		v.n += v.parts[i].n
	}
	if v.n > math.MaxInt32 {
		panic(fmt.Sprintf("rollup: a partition of %d rows", v.n)) // rows are numbered by 31 bits
	}
	clear(v.ready)
}

func (w *words) load(blocks [][]int64) {
	width := w.format.words
	w.n = 0
	for _, b := range blocks {
		w.n += len(b) / width
	}
	for j := range w.columns {
		w.columns[j] = grow(w.columns[j], w.n)
	}
	at := 0
	for _, b := range blocks {
		rows := len(b) / width
		for j, c := range w.columns {
			c = c[at : at+rows]
			from := b[j:]
			for i := range c {
				c[i] = from[i*width]
			}
		}
		at += rows
	}
}

// field is one column of the partition, n values.
func (v *vectors) field(i int) []int64 {
	if v.ready[i] {
		return v.fields[i]
	}
	if f := v.parts[0].format.fields[i]; f.whole() && v.parts[1].n == 0 {
		return v.parts[0].columns[f.word]
	}
	out := grow(v.fields[i], v.n)
	v.fields[i], v.ready[i] = out, true
	for p := range v.parts {
		v.parts[p].extract(i, out[:v.parts[p].n])
		out = out[v.parts[p].n:]
	}
	return v.fields[i]
}

func (w *words) extract(i int, out []int64) {
	f := w.format.fields[i]
	word := w.columns[f.word][:len(out)]
	if f.whole() {
		copy(out, word)
		return
	}
	if f.flag {
		f.takeFlags(out, word)
	} else {
		f.take(out, word)
	}
}

// take is the reverse of put.
//
//go:noinline
func (f field) take(values, words []int64) {
	shift, mask, low := f.shift&63, f.mask, f.low
	words = words[:len(values)]
	for i, w := range words {
		d := w >> shift & mask
		v := d + low
		if d == mask {
			v = column.Null
		}
		values[i] = v
	}
}

// takeFlags is the reverse of putFlags.
//
//go:noinline
func (f field) takeFlags(values, words []int64) {
	shift := f.shift & 63
	words = words[:len(values)]
	for i, w := range words {
		values[i] = w >> shift & 1
	}
}

// grow is s with n values, whatever they are.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
