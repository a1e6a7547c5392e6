package jobs

import (
	"fmt"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// maxDayTotal is the most that one column of amounts or counts may add up to in a day. Every figure adds at
// most two such columns over at most maxHistoryDays days, so no sum of any window leaves int64: overflow is
// found here, once, instead of being looked for in every addition. It is 50 trillion yuan a day.
const maxDayTotal = 5e15

// maxHistoryDays keeps 2 x maxDayTotal x days below 2^63.
const maxHistoryDays = 900

// dayTotals adds up the magnitudes of a day's columns, in floating point: it only has to tell the order.
type dayTotals map[string]float64

func (t dayTotals) add(table *contract.Table, f *column.Frame) {
	for _, c := range table.Columns {
		if (c.Kind != contract.Fen && c.Kind != contract.Count) || !f.Has(c.Name) {
			continue
		}
		var sum float64
		for _, v := range f.Column(c.Name) {
			if v != column.Null {
				sum += max(float64(v), -float64(v))
			}
		}
		t[c.Name] += sum
	}
}

func (t dayTotals) merge(o dayTotals) {
	for name, sum := range o {
		t[name] += sum
	}
}

func (t dayTotals) check(d *dump) error {
	for _, c := range d.table.Columns {
		if sum := t[c.Name]; sum > maxDayTotal {
			return fmt.Errorf("%w: %s of %s: column %s adds up to %.3g, more than %.0g a day: is the unit right? (%s)",
				ErrInput, d.table.Name, d.day, c.Name, sum, float64(maxDayTotal), d.objects[0].Key)
		}
	}
	return nil
}
