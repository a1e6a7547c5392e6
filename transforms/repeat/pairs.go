// Package repeat computes who buys and who comes back: buyers of every window, new and returning, R1,
// months and R2, cohorts and R3, and the trust figures, all from one pass over the pairs of subject and
// buyer.
//
// A pair's purchase days are put in order once; every window, month and cohort is read off that list.
// Figures that ignore refunds (buyers, new buyers, MAB, trust) use all its days; R1 to R3 use the days
// on which at least one line was not fully refunded within 15 days of payment.
package repeat

import (
	"cmp"
	"context"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// NewBuyerDays is how long a buyer must not have bought before a window to be new in it.
const NewBuyerDays = 365

// MonthsShown is how many calendar months before the current one monthly_buyers shows.
const MonthsShown = 13

// Range is a span of business days, both ends included.
type Range struct{ From, To calendar.Day }

// Input is what the figures of one scope are computed from.
type Input struct {
	AsOf    calendar.Day
	Scope   contract.Scope
	Buyers  column.Days   // the scope's <role>_buyers rollups of the history kept
	Rows    int64         // rows to come from Buyers, roughly
	First   calendar.Day  // the first day of the history kept
	Refunds *column.Frame // settled refunds (see package refund); nil: not computable
	Ranges  []Range       // spans whose distinct buyers are asked for (the overview's)
	Months  bool          // also months and cohorts
	Compare func(a, b int64) int
	Workers int
	Memory  column.Memory
}

// Figures are the results of one scope.
type Figures struct {
	Scope    contract.Scope
	Subjects *column.Ranking
	windows  *column.Grouper // (subject, window) → windowMeasures
	months   *column.Grouper // (subject, month) → buyers, r2 buyers, retained
	cohorts  *column.Grouper // (subject, month, offset) → buyers, active, r3 30, 60, 90
	ranges   []int64         // distinct buyers of each range
}

// Measures of a window.
const (
	mBuyers = iota
	mNew
	mOrders
	mNewOrders
	mPaid
	mReturningPaid
	mDistribution
	mConverted
	mSetOrders
	mSetBuyers
	mSetFen
	mKept // buyers with a purchase day that remains
	mRepeat
	mGaps
	mGapDays
	windowMeasures
)

// Positions in a scattered row.
const (
	atSubject = iota
	atBuyer
	atDay
	atOrders
	atLines
	atPaid
	atDistribution
	atSelfLive
	atSetOrders
	atSetFen
	atUndone // fully refunded lines
	rowWidth
)

// Compute makes one pass over the scope's pairs.
func Compute(ctx context.Context, in Input) (*Figures, error) {
	s := column.NewScatter(rowWidth, column.PartitionsFor(in.Rows), in.Memory)
	defer s.Close()
	w := s.Writer()
	for d, err := range in.Buyers {
		if err != nil {
			return nil, err
		}
		scatterPurchases(w, in.Scope, d)
	}
	if in.Refunds != nil {
		scatterUndone(w, in, in.Refunds)
	}
	if err := w.Flush(); err != nil {
		return nil, err
	}
	scans := make([]*scan, max(1, in.Workers))
	for i := range scans {
		scans[i] = newScan(&in)
	}
	err := s.Partitions(ctx, in.Workers, func(worker int, blocks [][]int64) error {
		scans[worker].partition(blocks)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return merge(&in, scans), nil
}

func scatterPurchases(w *column.Writer, scope contract.Scope, d column.Dated) {
	f := d.Frame
	var subject []int64
	if scope.Subject != "" {
		subject = f.Column(scope.Subject)
	}
	buyer := f.Column("buyer_id")
	cols := [][]int64{f.Column("orders"), f.Column("lines"), f.Column("paid_fen"), f.Column("distribution_lines"),
		f.Column("self_live_lines"), f.Column("set_orders"), f.Column("set_fen")}
	for i := range f.N {
		var sub int64
		if subject != nil {
			sub = subject[i]
		}
		row := w.Row(column.Hash(sub, buyer[i]))
		row[atSubject], row[atBuyer], row[atDay], row[atUndone] = sub, buyer[i], int64(d.Day), 0
		for j := range cols {
			row[atOrders+j] = cols[j][i]
		}
	}
}

// scatterUndone adds the lines that full refunds took out. Those paid before the history kept meet no purchase.
func scatterUndone(w *column.Writer, in Input, f *column.Frame) {
	var subject []int64
	if in.Scope.Subject != "" {
		subject = f.Column(in.Scope.Subject)
	}
	undone, buyer, day := f.Column("full15_lines"), f.Column("buyer_id"), f.Column("paid_day")
	for i := range f.N {
		if undone[i] == 0 || calendar.Day(day[i]) < in.First {
			continue
		}
		var sub int64
		if subject != nil {
			sub = subject[i]
		}
		if in.Scope.Where != "" && sub == column.Null {
			continue
		}
		row := w.Row(column.Hash(sub, buyer[i]))
		clear(row[:rowWidth])
		row[atSubject], row[atBuyer], row[atDay], row[atUndone] = sub, buyer[i], day[i], undone[i]
	}
}

// scan reads the pairs of one partition after another.
type scan struct {
	in       *Input
	rows     [][]int64       // of the partition, by pair
	pairs    *column.Grouper // (subject, buyer) → rows
	pairOf   []uint32        // pair of each row as it came
	starts   []uint32        // first row of each pair
	month    func(calendar.Day) calendar.Day
	days     []purchase
	kept     []calendar.Day
	windows  *column.Grouper
	months   *column.Grouper
	cohorts  *column.Grouper
	ranges   []int64
	subjects *column.Grouper
}

// purchase is one day on which a buyer bought from a subject.
type purchase struct {
	day          calendar.Day
	orders, paid int64
	distribution bool
	selfLive     bool
	setOrders    int64
	setFen       int64
	kept         bool // a line remains that was not fully refunded
}

func newScan(in *Input) *scan {
	return &scan{in: in, pairs: column.NewGrouper(2, 1), month: monthOf(in.First, in.AsOf), windows: column.NewGrouper(2, windowMeasures), months: column.NewGrouper(2, 3),
		cohorts: column.NewGrouper(3, 5), ranges: make([]int64, len(in.Ranges)), subjects: column.NewGrouper(1, 0)}
}

// monthOf is Day.Month as a table over the history kept.
func monthOf(first, last calendar.Day) func(calendar.Day) calendar.Day {
	months := make([]calendar.Day, last-first+1)
	for i := range months {
		months[i] = (first + calendar.Day(i)).Month()
	}
	return func(d calendar.Day) calendar.Day { return months[d-first] }
}

// partition brings the rows of each pair together and reads the pairs. Rows come in the order of their
// days, but for refunds, which come last.
func (s *scan) partition(blocks [][]int64) {
	s.gather(blocks)
	for p := range s.pairs.Len() {
		rows := s.rows[s.starts[p]:s.starts[p+1]]
		byDay := func(a, b []int64) int { return cmp.Compare(a[atDay], b[atDay]) }
		if !slices.IsSortedFunc(rows, byDay) {
			slices.SortStableFunc(rows, byDay)
		}
		s.pair(s.pairs.Row(p)[0], rows)
	}
}

// gather counts the rows of each pair, then deals them out: a counting sort by pair.
func (s *scan) gather(blocks [][]int64) {
	s.pairs.Reset()
	s.pairOf = s.pairOf[:0]
	for _, b := range blocks {
		for ; len(b) > 0; b = b[rowWidth:] {
			p, _ := s.pairs.Index(b[atSubject : atBuyer+1])
			s.pairs.Row(p)[2]++
			s.pairOf = append(s.pairOf, uint32(p))
		}
	}
	s.starts = append(s.starts[:0], 0)
	for p := range s.pairs.Len() {
		s.starts = append(s.starts, s.starts[p]+uint32(s.pairs.Row(p)[2]))
	}
	s.rows = slices.Grow(s.rows[:0], len(s.pairOf))[:len(s.pairOf)]
	next := slices.Clone(s.starts)
	i := 0
	for _, b := range blocks {
		for ; len(b) > 0; b = b[rowWidth:] {
			p := s.pairOf[i]
			s.rows[next[p]] = b[:rowWidth]
			next[p]++
			i++
		}
	}
}

// pair turns the rows of one subject and buyer, ordered by day, into purchase days and reads them.
func (s *scan) pair(subject int64, rows [][]int64) {
	s.days, s.kept = s.days[:0], s.kept[:0]
	for i := 0; i < len(rows); {
		p := purchase{day: calendar.Day(rows[i][atDay])}
		var lines, undone int64
		for ; i < len(rows) && calendar.Day(rows[i][atDay]) == p.day; i++ {
			r := rows[i]
			p.orders += r[atOrders]
			p.paid += r[atPaid]
			p.distribution = p.distribution || r[atDistribution] > 0
			p.selfLive = p.selfLive || r[atSelfLive] > 0
			p.setOrders += r[atSetOrders]
			p.setFen += r[atSetFen]
			lines += r[atLines]
			undone += r[atUndone]
		}
		if lines == 0 {
			continue // a refund whose sale is not in the history kept
		}
		p.kept = lines > undone
		s.days = append(s.days, p)
		if p.kept {
			s.kept = append(s.kept, p.day)
		}
	}
	if len(s.days) == 0 {
		return
	}
	s.subjects.Index([]int64{subject})
	s.readWindows(subject)
	s.readRanges()
	if s.in.Months {
		s.readMonths(subject)
		s.readCohort(subject)
	}
}
