package mapping

import (
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// outside are the rows of a raw record in which the column's condition does not hold; nil: it has none.
func (p *plan) outside(raw arrow.Record) (rowSet, error) {
	if len(p.spec.When) == 0 {
		return nil, nil
	}
	off := newRowSet(int(raw.NumRows()))
	for _, name := range sortedKeys(p.spec.When) {
		a, err := sourceOf(raw, name)
		if err != nil {
			return nil, err
		}
		if !hasTextForm(a.DataType()) {
			return nil, fmt.Errorf("source column %s is %s now, which a condition cannot read", name, a.DataType())
		}
		holds, err := p.holds(a, p.spec.When[name])
		if err != nil {
			return nil, err
		}
		for i := range a.Len() {
			if a.IsNull(i) || !holds(i) {
				off.add(i)
			}
		}
	}
	return off, nil
}

// holds tells for a row that is not null whether it has one of the listed values.
func (p *plan) holds(a arrow.Array, listed []string) (func(row int) bool, error) {
	if a.DataType().ID() == arrow.NULL {
		return func(int) bool { return false }, nil
	}
	d, ok := a.(*array.Dictionary)
	if !ok {
		text := (&conversion{plan: p}).textForm(a)
		return func(row int) bool { return slices.Contains(listed, text(row)) }, nil
	}
	if err := checkIndices(d); err != nil {
		return nil, err
	}
	of, err := p.holds(d.Dictionary(), listed)
	if err != nil {
		return nil, err
	}
	values := newRowSet(d.Dictionary().Len())
	for i := range d.Dictionary().Len() {
		if d.Dictionary().IsValid(i) && of(i) {
			values.add(i)
		}
	}
	return func(row int) bool { return values.has(d.GetValueIndex(row)) }, nil
}

// checkDay rejects rows whose times do not belong to the partition's day: of the table's DayOf columns at
// least one, or with DayLast the last that is not null, must fall on it. Where the tolerance alone lets a row in, its times are
// moved to the day: figures count an event on the day on which it lies, and would count it on none.
func (b *Bound) checkDay(mem memory.Allocator, made map[string]arrow.Array, day calendar.Day, v *verdict) {
	t := b.mapper.table
	if len(t.DayOf) == 0 {
		return
	}
	tolerance := int64(b.mapper.spec.Tolerance / time.Microsecond)
	start, end := b.mapper.env.Zone.Start(day), b.mapper.env.Zone.Start(day+1)
	var times []moments
	for _, name := range t.DayOf {
		times = append(times, momentsOf(made[name]))
	}
	if allOn(times, t.DayLast, start, end) {
		return
	}
	on := anyOn
	if t.DayLast {
		on = lastOn
	}
	var moved []int
	for row := range v.rows {
		switch {
		case on(times, row, start, end):
		case tolerance > 0 && on(times, row, start-tolerance, end+tolerance):
			moved = append(moved, row)
		default:
			b.rejectDay(made, row, v)
		}
	}
	if len(moved) == 0 {
		return
	}
	shifts := make([]shift, len(moved))
	for i, row := range moved {
		shifts[i] = shiftOf(times, row, start, end, tolerance)
	}
	for i, name := range t.DayOf {
		a := made[name]
		made[name] = times[i].shifted(mem, a, moved, shifts)
		a.Release()
	}
}

// shift moves the times of a row that lie within the tolerance of a day to it, those before and those after it by as much as the
// farthest needs, so that what came first still does, and as long before. No time is moved to before one that lies on the day.
type shift struct {
	from, start, end, to int64 // the day, and it with the tolerance
	forth, back          int64
	last                 int64 // of the times on the day; start: none
}

func shiftOf(times []moments, row int, start, end, tolerance int64) shift {
	s := shift{from: start - tolerance, start: start, end: end, to: end + tolerance, last: start}
	for i := range times {
		us := times[i].us[row]
		switch {
		case !times[i].valid(row) || us < s.from || us >= s.to: // of another day
		case us < start:
			s.forth = max(s.forth, start-us)
		case us >= end:
			s.back = max(s.back, us-end+1)
		default:
			s.last = max(s.last, us)
		}
	}
	return s
}

func (s *shift) moved(us int64) int64 {
	switch {
	case us < s.from || us >= s.to:
		return us
	case us < s.start:
		return min(us+s.forth, s.end-1) // where the tolerance is longer than a day
	case us >= s.end:
		return max(us-s.back, s.last)
	}
	return us
}

// moments are the values of an Instant column.
type moments struct {
	us     []int64
	bitmap []byte // of those that are not null, the first at bit offset; nil: all are
	offset int
}

func momentsOf(a arrow.Array) moments {
	m := moments{us: arrow.GetValues[int64](a.Data(), 1)}
	if a.NullN() > 0 {
		m.bitmap, m.offset = a.NullBitmapBytes(), a.Data().Offset()
	}
	return m
}

// shifted are the moments of a with those of some rows moved.
func (m *moments) shifted(mem memory.Allocator, a arrow.Array, rows []int, by []shift) arrow.Array {
	buf, us := allocate[int64](mem, len(m.us))
	copy(us, m.us)
	for i, row := range rows {
		us[row] = by[i].moved(us[row])
	}
	return assemble(a.DataType(), len(us), buf, validity(mem, a), a.NullN())
}

func (m *moments) valid(row int) bool {
	return m.bitmap == nil || bitutil.BitIsSet(m.bitmap, m.offset+row)
}

// allOn tells whether one scan is enough: a column without nulls that decides lies in [lo, hi) throughout.
func allOn(times []moments, last bool, lo, hi int64) bool {
	if last {
		times = times[len(times)-1:]
	}
	for i := range times {
		if least, most := extremes(times[i].us); times[i].bitmap == nil && least >= lo && most < hi {
			return true
		}
	}
	return false
}

// anyOn tells whether any of the times lies in [lo, hi).
func anyOn(times []moments, row int, lo, hi int64) bool {
	for i := range times {
		if us := times[i].us[row]; us >= lo && us < hi && times[i].valid(row) {
			return true
		}
	}
	return false
}

// lastOn tells whether the last of the times that is not null lies in [lo, hi).
func lastOn(times []moments, row int, lo, hi int64) bool {
	for i := len(times) - 1; i >= 0; i-- {
		if times[i].valid(row) {
			us := times[i].us[row]
			return us >= lo && us < hi
		}
	}
	return false
}

// rejectDay names the last time of the row that is not null, in the business zone.
func (b *Bound) rejectDay(made map[string]arrow.Array, row int, v *verdict) {
	t, value := b.mapper.table, ""
	column := t.DayOf[len(t.DayOf)-1]
	for _, name := range slices.Backward(t.DayOf) {
		if times := made[name].(*array.Timestamp); times.IsValid(row) {
			column = name
			value = time.UnixMicro(int64(times.Value(row))).In(b.mapper.env.Zone.Location()).Format(time.RFC3339Nano)
			break
		}
	}
	v.judge(&b.mapper.plans[b.mapper.index(column)], nil)(row, contract.RejectOutsideDay, value)
}
