package jobs

import (
	"cmp"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/windvane/windvane/transforms/contract"
)

// maxDayTotal is the most that one column of amounts or counts may add up to in a day. Every figure adds at
// most two such columns over at most maxHistoryDays days, so no sum of any window leaves int64: overflow is
// found here, once, instead of being looked for in every addition. It is 50 trillion yuan a day.
const maxDayTotal = 5e15

// maxHistoryDays keeps 2 x maxDayTotal x days below 2^63.
const maxHistoryDays = 900

// dayTotals adds up the magnitudes of a day's columns, in floating point: it only has to tell the order.
type dayTotals map[string]dayTotal

type dayTotal struct {
	sum     float64
	largest amount
}

// amount is a value of a column and where it stands.
type amount struct {
	size  float64 // its magnitude
	value int64
	file  int // in the dump
	row   int64
}

// before tells which of two is named: the larger, of equal ones the first.
func (a amount) before(o amount) bool {
	return cmp.Or(cmp.Compare(o.size, a.size), cmp.Compare(a.file, o.file), cmp.Compare(a.row, o.row)) < 0
}

func (t dayTotals) add(table *contract.Table, b batch) {
	for i, f := range b.record.Schema().Fields() {
		c := table.Index(f.Name)
		if c < 0 || table.Columns[c].Kind != contract.Fen && table.Columns[c].Kind != contract.Count {
			continue
		}
		total, values := t[f.Name], b.record.Column(i).(*array.Int64)
		for row, v := range values.Int64Values() {
			if values.IsNull(row) {
				continue
			}
			size := max(float64(v), -float64(v))
			total.sum += size
			if size >= total.largest.size {
				if a := (amount{size, v, b.file, b.rows(row)}); a.before(total.largest) {
					total.largest = a
				}
			}
		}
		t[f.Name] = total
	}
}

func (t dayTotals) merge(o dayTotals) {
	for name, other := range o {
		total := t[name]
		total.sum += other.sum
		if other.largest.before(total.largest) {
			total.largest = other.largest
		}
		t[name] = total
	}
}

func (t dayTotals) check(d *dump) error {
	for _, c := range d.table.Columns {
		if total := t[c.Name]; total.sum > maxDayTotal {
			a := total.largest
			return fmt.Errorf("%w: %s of %s: column %s adds up to %.3g, more than %.0g a day: is the unit right? (the largest, %d, is %s row %d)",
				ErrInput, d.table.Name, d.day, c.Name, total.sum, float64(maxDayTotal), a.value, d.objects[a.file].Key, a.row)
		}
	}
	return nil
}
