package repeat

import (
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Figures are the results of one scope.
type Figures struct {
	Scope contract.Scope
	part
	order []int32        // positions of the subjects as published tables sort them
	rows  *column.Lookup // subject → position
}

// part is what one span of the pairs gives, by subject in the order of stored pairs.
type part struct {
	packed
	ranges []int64   // distinct buyers of each range
	won    []wonPair // of shops
}

// LiveDays is the window of LiveBuyers.
const LiveDays = 90

// LiveBuyers are the buyers of a merchant's own lives in the last LiveDays days: those with a purchase day that remains
// (a line was not fully refunded) on which they bought in one; and of them, those with two or more days that remain,
// wherever in the shop they bought. Which lines of a day remain is not looked at.
type LiveBuyers struct{ Buyers, Repeat int64 }

// monthRow is one month of a subject.
type monthRow struct {
	month                      calendar.Day
	buyers, r2Buyers, retained int64
}

func (m *monthRow) add(o *monthRow) {
	m.buyers, m.r2Buyers, m.retained = m.buyers+o.buyers, m.r2Buyers+o.r2Buyers, m.retained+o.retained
}

// cohortRow is one cohort of a subject some months on. buyers and r3 stand in the row of offset 0.
type cohortRow struct {
	month          calendar.Day
	offset         int64
	buyers, active int64
	r3             [3]int64
}

func (c *cohortRow) add(o *cohortRow) {
	c.buyers, c.active = c.buyers+o.buyers, c.active+o.active
	for j, n := range o.r3 {
		c.r3[j] += n
	}
}

// join puts the parts of successive spans together and orders the subjects.
func join(in *Input, parts []*part) *Figures {
	f := &Figures{Scope: in.Scope, part: *parts[0]}
	for _, p := range parts[1:] {
		f.append(p)
	}
	f.rows = column.NewLookup(f.subjects)
	f.order = make([]int32, len(f.subjects))
	for i := range f.order {
		f.order[i] = int32(i)
	}
	slices.SortFunc(f.order, func(a, b int32) int { return in.Compare(f.subjects[a], f.subjects[b]) })
	return f
}

// append takes over the part behind this one.
func (p *part) append(o *part) {
	for i, n := range o.ranges {
		p.ranges[i] += n
	}
	p.won = append(p.won, o.won...)
	p.packed.append(&o.packed)
}

// mergeRows joins two sorted lists; rows with the same key are added up.
func mergeRows[T any](a, b []T, key func(*T) int64, add func(to, row *T)) []T {
	out := make([]T, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch x, y := key(&a[0]), key(&b[0]); {
		case x < y:
			out, a = append(out, a[0]), a[1:]
		case y < x:
			out, b = append(out, b[0]), b[1:]
		default:
			out = append(out, a[0])
			add(&out[len(out)-1], &b[0])
			a, b = a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

func (t *tally) add(o *tally) {
	for j, v := range o {
		t[j] += v
	}
}

// Len is the number of subjects.
func (f *Figures) Len() int { return len(f.subjects) }

// read gives the windows of a subject up to one into s; nil if it has none there.
func (f *Figures) read(s *subjectRow, subject int64, place int) *tally {
	row := f.rows.Row(subject)
	if row < 0 {
		return nil
	}
	u := unpacker{f.store.At(f.spans[row])}
	u.readTotals(s)
	u.readWindows(s, place+1)
	return s.window(place)
}

// Buyers are the distinct buyers and the new ones of a subject's window, 0 where there are none.
func (f *Figures) Buyers(subject int64, window int) (buyers, newBuyers int64) {
	return f.BuyersInTurn()(subject, window)
}

// BuyersInTurn is Buyers for who asks for all windows of a subject before the next one: what it found last is at hand. It
// is not safe for concurrent use.
func (f *Figures) BuyersInTurn() func(subject int64, window int) (buyers, newBuyers int64) {
	last, known := int64(0), false
	var s subjectRow
	return func(subject int64, window int) (buyers, newBuyers int64) {
		if !known || subject != last {
			s.firstWindow, s.windows = windowCount, s.windows[:0]
			f.read(&s, subject, windowCount-1)
			last, known = subject, true
		}
		m := s.window(slices.Index(contract.Windows, window))
		if m == nil {
			return 0, 0
		}
		return m[mBuyers], m[mNew]
	}
}

// RangeBuyers are the distinct buyers of range i of the input.
func (f *Figures) RangeBuyers(i int) int64 { return f.ranges[i] }

// R1 are the buyers and repeat buyers of a subject's window.
func (f *Figures) R1(subject int64, window int) (buyers, repeat int64) {
	m := f.read(&subjectRow{}, subject, slices.Index(contract.Windows, window))
	if m == nil {
		return 0, 0
	}
	return m[mKept], m[mRepeat]
}

// LiveBuyers are those of a merchant's own lives; none for other roles.
func (f *Figures) LiveBuyers(merchant int64) LiveBuyers {
	row := f.rows.Row(merchant)
	if row < 0 {
		return LiveBuyers{}
	}
	var s subjectRow
	u := unpacker{f.store.At(f.spans[row])}
	u.readTotals(&s)
	return s.live
}
