package repeat

import (
	"slices"
	"unsafe"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Figures are the results of one scope.
type Figures struct {
	Scope    contract.Scope
	Subjects *column.Ranking
	part
	order []int32         // subjects as published tables sort them
	index *column.Grouper // subject → position
}

// part is what one span of the pairs gives, by subject in the order of stored pairs.
type part struct {
	subjects []subjectRow
	ranges   []int64 // distinct buyers of each range
	live     map[int64]LiveBuyers
	won      []wonPair  // of shops
	trials   []trialRow // of products
}

// LiveDays is the window of LiveBuyers.
const LiveDays = 90

// LiveBuyers are the buyers of a merchant's own lives in the last LiveDays days: those with a purchase day that remains
// (a line was not fully refunded) on which they bought in one; and of them, those with two or more days that remain,
// wherever in the shop they bought. Which lines of a day remain is not looked at.
type LiveBuyers struct{ Buyers, Repeat int64 }

// subjectRow are the figures of one subject.
type subjectRow struct {
	code        int64
	firstWindow uint8 // position in contract.Windows of the first of windows; the longer ones follow
	windows     []tally
	months      []monthRow
	cohorts     []cohortRow
}

// store keeps many small slices in few large ones.
type store[T any] struct{ free []T }

const storeBlock = 1 << 16 // bytes, about

func (s *store[T]) keep(rows []T) []T {
	if len(rows) == 0 {
		return nil
	}
	if len(rows) > len(s.free) {
		var row T
		s.free = make([]T, max(len(rows), storeBlock/int(unsafe.Sizeof(row))))
	}
	kept := s.free[:len(rows):len(rows)]
	s.free = s.free[len(rows):]
	copy(kept, rows)
	return kept
}

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

// join puts the parts of successive spans together and ranks the subjects.
func join(in *Input, parts []*part) *Figures {
	f := &Figures{Scope: in.Scope, part: *parts[0]}
	for _, p := range parts[1:] {
		f.append(p)
	}
	codes := make([]int64, len(f.subjects))
	f.index = column.NewGrouper(1, 0)
	f.order = make([]int32, len(f.subjects))
	for i, s := range f.subjects {
		codes[i] = s.code
		f.index.Index(codes[i : i+1])
	}
	f.Subjects = column.Rank(codes, in.Compare)
	for rank := range f.order {
		codes[0] = f.Subjects.Code(int64(rank))
		i, _ := f.index.Index(codes[:1])
		f.order[rank] = int32(i)
	}
	return f
}

// append takes over the part behind this one. A subject that was cut in two stands in both.
func (p *part) append(o *part) {
	for i, n := range o.ranges {
		p.ranges[i] += n
	}
	for code, n := range o.live {
		p.live[code] = p.live[code].plus(n)
	}
	p.won = append(p.won, o.won...)
	if last := len(p.trials) - 1; last >= 0 && len(o.trials) > 0 && p.trials[last].product == o.trials[0].product {
		p.trials[last].add(&o.trials[0].Trial)
		o.trials = o.trials[1:]
	}
	p.trials = append(p.trials, o.trials...)
	if last := len(p.subjects) - 1; last >= 0 && len(o.subjects) > 0 && p.subjects[last].code == o.subjects[0].code {
		p.subjects[last].add(&o.subjects[0])
		o.subjects = o.subjects[1:]
	}
	p.subjects = append(p.subjects, o.subjects...)
}

// add adds the rest of the same subject.
func (s *subjectRow) add(o *subjectRow) {
	first := min(s.firstWindow, o.firstWindow)
	windows := make([]tally, windowCount-int(first))
	for _, x := range []*subjectRow{s, o} {
		for i := range x.windows {
			windows[int(x.firstWindow-first)+i].add(&x.windows[i])
		}
	}
	s.firstWindow, s.windows = first, windows
	s.months = mergeRows(s.months, o.months, func(r *monthRow) int64 { return int64(r.month) }, (*monthRow).add)
	s.cohorts = mergeRows(s.cohorts, o.cohorts, func(r *cohortRow) int64 { return int64(r.month)<<16 + r.offset }, (*cohortRow).add)
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

// window is the tally of a subject's window, nil if it has none.
func (f *Figures) window(subject int64, window int) *tally {
	if f.index.Find(subject) == nil {
		return nil
	}
	i, _ := f.index.Index([]int64{subject})
	row := &f.subjects[i]
	at := slices.Index(contract.Windows, window) - int(row.firstWindow)
	if at < 0 {
		return nil
	}
	return &row.windows[at]
}

// Buyers are the distinct buyers and the new ones of a subject's window, 0 where there are none.
func (f *Figures) Buyers(subject int64, window int) (buyers, newBuyers int64) {
	m := f.window(subject, window)
	if m == nil {
		return 0, 0
	}
	return m[mBuyers], m[mNew]
}

// RangeBuyers are the distinct buyers of range i of the input.
func (f *Figures) RangeBuyers(i int) int64 { return f.ranges[i] }

// R1 are the buyers and repeat buyers of a subject's window.
func (f *Figures) R1(subject int64, window int) (buyers, repeat int64) {
	m := f.window(subject, window)
	if m == nil {
		return 0, 0
	}
	return m[mKept], m[mRepeat]
}

// LiveBuyers are those of a merchant's own lives; none for other roles.
func (f *Figures) LiveBuyers(merchant int64) LiveBuyers { return f.live[merchant] }

// eachWindow visits the windows of all subjects as published tables sort them.
func (f *Figures) eachWindow(do func(subject, window int64, m *tally)) {
	for _, i := range f.order {
		s := &f.subjects[i]
		for j := range s.windows {
			do(s.code, int64(contract.Windows[int(s.firstWindow)+j]), &s.windows[j])
		}
	}
}
