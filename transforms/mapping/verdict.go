package mapping

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// rowSet is a set of row positions, one bit each; nil is the empty set.
type rowSet []uint64

func newRowSet(rows int) rowSet { return make(rowSet, (rows+63)/64) }

func (s rowSet) has(i int) bool { return s != nil && s[i>>6]>>(i&63)&1 != 0 }

func (s rowSet) add(i int) { s[i>>6] |= 1 << (i & 63) }

// verdict collects the rows that leave a record.
type verdict struct {
	rows    int
	first   int64
	gone    rowSet // rejected or skipped
	removed int    // rows in gone
	rejects []Reject
	counts  [Reasons]int64
	kepts   []uint32 // rows that stay; made when the first column is cut
}

func newVerdict(rows int, in Rows) *verdict {
	v := &verdict{rows: rows, first: in.First}
	for i := range rows {
		if in.Skip == nil {
			break
		}
		if rowSet(in.Skip).has(i) {
			v.remove(i)
		}
	}
	return v
}

// remove takes a row out, and tells whether it was still there.
func (v *verdict) remove(row int) bool {
	if v.gone == nil {
		v.gone = newRowSet(v.rows)
	}
	if v.gone.has(row) {
		return false
	}
	v.gone.add(row)
	v.removed++
	return true
}

// judge takes the bad values of one column; those of rows in off do not matter.
func (v *verdict) judge(p *plan, off rowSet) func(row int, reason Reason, value string) {
	return func(row int, reason Reason, value string) {
		if off.has(row) || !v.remove(row) {
			return
		}
		v.counts[reason]++
		if v.counts[reason] > MaxRejects {
			return
		}
		if p.secret {
			value = ""
		}
		v.rejects = append(v.rejects, Reject{Row: v.first + int64(row), Reason: reason, Column: p.Name, Value: shorten(value)})
	}
}

// shorten cuts a value to MaxValue bytes of valid UTF-8.
func shorten(value string) string {
	if len(value) > MaxValue {
		cut := MaxValue
		for cut > MaxValue-utf8.UTFMax && !utf8.RuneStart(value[cut]) {
			cut--
		}
		value = value[:cut]
	}
	valid := strings.ToValidUTF8(value, "\uFFFD")
	for len(valid) > MaxValue { // a replacement is longer than what it replaces
		_, size := utf8.DecodeLastRuneInString(valid)
		valid = valid[:len(valid)-size]
	}
	return strings.Clone(valid) // values point into the raw record
}

// inOrder are the rejects by row.
func (v *verdict) inOrder() []Reject {
	slices.SortFunc(v.rejects, func(a, b Reject) int { return cmp.Compare(a.Row, b.Row) })
	return v.rejects
}

// kept is the number of rows that stay.
func (v *verdict) kept() int { return v.rows - v.removed }

// keptRows are the positions of the rows that stay.
func (v *verdict) keptRows() []uint32 {
	if v.kepts == nil {
		v.kepts = make([]uint32, 0, v.kept())
		for i := range v.rows {
			if !v.gone.has(i) {
				v.kepts = append(v.kepts, uint32(i))
			}
		}
	}
	return v.kepts
}

// keep is the column without the rows that left. The caller releases it.
func (v *verdict) keep(mem memory.Allocator, a arrow.Array) arrow.Array {
	if v.removed == 0 {
		a.Retain()
		return a
	}
	return take(mem, a, v.keptRows())
}

// rowNumbers are the positions in the file of the rows that stay, nil if all do.
func (v *verdict) rowNumbers() []int64 {
	if v.removed == 0 {
		return nil
	}
	numbers := make([]int64, 0, v.kept())
	for _, i := range v.keptRows() {
		numbers = append(numbers, v.first+int64(i))
	}
	return numbers
}
