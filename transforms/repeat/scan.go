package repeat

import (
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// ConversionDays is how long after a purchase through distribution a purchase in the merchant's own
// live counts as converted.
const ConversionDays = 30

// R3Days are the k of R3(k).
var R3Days = []calendar.Day{30, 60, 90}

// days is what figures ask of a day, for all days of the history kept, by age: looked up, not computed.
type days struct {
	asOf   calendar.Day
	bucket []uint8  // the first of contract.Windows that holds the day; len(Windows): none
	month  []int16  // months since that of the oldest day
	ranges []uint64 // bit i: the day lies in range i
	class  []uint16 // position in classes
	months int
	shown  int16          // the oldest month of monthly_buyers
	first  []calendar.Day // of each window
	oldest calendar.Day   // month 0

	keptFrom calendar.Day // Input.Kept
	classes  []class
}

func newDays(in *Input) *days {
	n := int(in.AsOf-in.First) + 1
	d := &days{asOf: in.AsOf, keptFrom: in.Kept, bucket: make([]uint8, n), month: make([]int16, n), oldest: in.First.Month()}
	for _, w := range contract.Windows {
		d.first = append(d.first, in.AsOf-calendar.Day(w)+1)
	}
	d.months = calendar.MonthsBetween(d.oldest, in.AsOf.Month()) + 1
	d.shown = int16(d.months - 1 - MonthsShown)
	if len(in.Ranges) > 0 {
		d.ranges = make([]uint64, n)
	}
	for age := range n {
		day := in.AsOf - calendar.Day(age)
		for int(d.bucket[age]) < len(d.first) && d.first[d.bucket[age]] > day {
			d.bucket[age]++
		}
		d.month[age] = int16(calendar.MonthsBetween(d.oldest, day.Month()))
		for i, r := range in.Ranges {
			if day >= r.From && day <= r.To {
				d.ranges[age] |= 1 << i
			}
		}
	}
	d.classify(in)
	return d
}

const windowCount = 6 // len(contract.Windows)

// tally counts what falls into a window and not into a shorter one; windows are sums of tallies, since
// each holds the shorter ones. The one behind the last takes what no window holds.
type tally [windowMeasures]int64

// scan evaluates pairs, subject by subject. It is the sink of one span of a scope.
type scan struct {
	*days
	merchant, monthly bool
	out               *part

	tallies [windowCount + 1]tally
	exact   [windowCount]tally // what belongs to one window alone
	months  []monthRow
	singles []single    // pairs of one purchase, by class and flags
	cohorts []cohortRow // by month and offset, a square
	touched []int32     // cohorts that are not zero
	kept    []int16     // the pair's distinct months, newest first
	seen    bool        // the subject has a purchase
	exacts  bool

	subject int64
	row     subjectRow // of the subject, as far as it is known

	won   *Won      // products: whom distribution won for their shops; nil: no trials
	shop  []wonPair // those of the product's shop, from the pair's buyer on
	buyer int64     // of the pair

	sums   [windowCount]tally // what the row's windows are a part of
	packed []byte             // the subject that ended last
}

func newScan(in *Input, d *days) *scan {
	s := &scan{days: d, won: in.Won, merchant: in.Scope.Role == contract.RoleMerchant, monthly: in.Months, out: &part{ranges: make([]int64, len(in.Ranges))}}
	s.singles = make([]single, len(d.classes)*singleFlags)
	if s.monthly {
		s.months = make([]monthRow, d.months)
		s.cohorts = make([]cohortRow, d.months*d.months)
	}
	return s
}

func (s *scan) begin(subject int64) {
	s.subject = subject
	if s.won != nil {
		s.shop = s.won.of(subject)
	}
}

// walk is what evaluating a pair remembers of newer days.
type walk struct {
	days           int   // purchase days so far
	newest, newer  int32 // ages of the newest purchase day and of the one before in the walk
	orders, paid   int64 // so far
	sets           bool
	kept           int  // days that remain
	keptLive       bool // and one of them, not older than LiveDays, was in the own live
	liveRepeat     bool // and there were two in that time
	keptNewer      int32
	keptGap        int32 // between the last two of them
	live           int32 // age of the nearest newer day in the own live
	through, bound bool  // bought through distribution; and converted
	month, keptIn  int16
	ranges         uint64
	liveAges       uint64 // bit a: bought in the own live a days before the as-of date
	won            bool   // converted after a purchase in the window of buyers won
	trial          trialWalk
}

// never is an age after any day's.
const never = -1 << 20

// pair reads everything off one walk from the newest day backwards.
func (s *scan) pair(buyer int64, rows []row) error {
	if buyer == contract.Nobody {
		s.nobody(rows)
		return nil
	}
	if isSingle(rows) {
		s.single(buyer, rows[0])
		return nil
	}
	undone := 0
	for undone < len(rows) && kindOf(rows[undone].facts) == kindUndone {
		undone++
	}
	w := walk{live: never, month: -1, keptIn: -1}
	s.buyer = buyer
	s.kept = s.kept[:0]
	for i := undone; i < len(rows); {
		var p purchase
		i = p.gather(rows, i)
		if p.lines == 0 {
			continue // cannot be: a purchase has a line
		}
		p.kept = p.day >= s.keptFrom && (undone == 0 || p.lines > undoneOn(rows[:undone], p.day))
		s.day(&w, &p)
	}
	if w.days > 0 {
		s.finish(&w)
	}
	return nil
}

// nobody adds the money of purchases whose buyers are not known: no buyer, neither new nor returning, and nobody who came back.
func (s *scan) nobody(rows []row) {
	for i := 0; i < len(rows); {
		if kindOf(rows[i].facts) == kindUndone {
			i++
			continue
		}
		var p purchase
		i = p.gather(rows, i)
		t := &s.tallies[s.bucket[s.asOf-p.day]]
		t[mOrders] += p.orders
		t[mPaid] += p.paid
		t[mReturningPaid] -= p.paid // see endWindows
		t[mSetOrders] += p.setOrders
		t[mSetFen] += p.setFen
		s.seen = true
	}
}

// undoneOn adds up the day's lines that full refunds took out.
func undoneOn(rows []row, day calendar.Day) (lines int64) {
	for _, r := range rows {
		if dayOf(r.facts) == day {
			lines += r.value
		}
	}
	return lines
}

// purchase is one day on which a buyer bought from a subject.
type purchase struct {
	day                 calendar.Day
	facts               int64 // flags
	orders, lines, paid int64
	setOrders, setFen   int64
	kept                bool // it is known that a line remains that was not fully refunded
}

// gather sums the rows of the day of row i and returns the first row of another day.
func (p *purchase) gather(rows []row, i int) int {
	p.day = dayOf(rows[i].facts)
	for ; i < len(rows) && dayOf(rows[i].facts) == p.day; i++ {
		f, v := rows[i].facts, rows[i].value
		switch kindOf(f) {
		case kindPurchase:
			p.facts |= f
			p.orders += f >> atOrders & countMask
			p.lines += f >> atLines & countMask
			p.paid += v
		case kindOrders:
			p.orders += v
		case kindLines:
			p.lines += v
		case kindSetOrders:
			p.setOrders += v
		case kindSetFen:
			p.setFen += v
		}
	}
	return i
}

// day adds one purchase day.
func (s *scan) day(w *walk, p *purchase) {
	age := int32(s.asOf - p.day)
	bucket := s.bucket[age]
	t := &s.tallies[bucket]
	if w.days == 0 {
		w.newest = age
		t[mBuyers]++
	} else if age-w.newer > NewBuyerDays {
		s.newAgain(w, age)
	}
	t[mOrders] += p.orders
	t[mPaid] += p.paid
	w.days, w.newer, w.orders, w.paid = w.days+1, age, w.orders+p.orders, w.paid+p.paid
	if p.setOrders|p.setFen != 0 {
		t[mSetOrders] += p.setOrders
		t[mSetFen] += p.setFen
		if p.setOrders > 0 && !w.sets {
			w.sets = true
			t[mSetBuyers]++
		}
	}
	if s.merchant && p.facts&(1<<atDistribution|1<<atSelfLive) != 0 {
		s.convert(w, p, age)
	}
	if s.ranges != nil {
		w.ranges |= s.ranges[age]
	}
	if s.monthly && s.month[age] != w.month {
		w.month = s.month[age]
		s.months[w.month].buyers++
	}
	if p.kept {
		s.keep(w, t, age)
		if s.merchant && age < LiveDays {
			s.keepLive(w, p)
		}
	}
	if s.won != nil && age < LiveDays {
		s.try(w, p, age)
	}
}

// keepLive counts the buyers of the own live; keep has counted the day.
func (s *scan) keepLive(w *walk, p *purchase) {
	if p.facts&(1<<atSelfLive) != 0 && !w.keptLive {
		w.keptLive = true
		s.row.live.Buyers++
	}
	if w.keptLive && w.kept > 1 && !w.liveRepeat {
		w.liveRepeat = true
		s.row.live.Repeat++
	}
}

// newAgain looks at the windows that begin between two purchase days: without a purchase in the days
// before it, the buyer is new in such a window, whatever came earlier.
func (s *scan) newAgain(w *walk, age int32) {
	day := s.asOf - calendar.Day(age)
	for i := s.bucket[w.newer]; i < s.bucket[age] && i < windowCount; i++ {
		if day < s.first[i]-NewBuyerDays {
			s.exact[i][mNew]++
			s.exact[i][mNewOrders] += w.orders
			s.exact[i][mReturningPaid] -= w.paid
			s.exacts = true
		}
	}
}

// convert: bought through distribution in the window that ends ConversionDays ago, then in the own live.
func (s *scan) convert(w *walk, p *purchase, age int32) {
	if p.facts&(1<<atDistribution) != 0 && age >= ConversionDays {
		t := &s.tallies[s.bucket[age-ConversionDays]]
		if !w.through {
			w.through = true
			t[mDistribution]++
		}
		if !w.bound && age-w.live <= ConversionDays {
			w.bound = true
			t[mConverted]++
			w.won = age <= maxLiveAge
		}
	}
	if p.facts&(1<<atSelfLive) != 0 {
		w.live = age
		if age <= maxLiveAge {
			w.liveAges |= 1 << age
		}
	}
}

// keep adds what full refunds can take out.
func (s *scan) keep(w *walk, t *tally, age int32) {
	switch w.kept {
	case 0:
		t[mKept]++
	case 1:
		t[mRepeat]++
		fallthrough
	default:
		w.keptGap = age - w.keptNewer
		t[mGaps]++
		t[mGapDays] += int64(w.keptGap)
	}
	w.kept++
	w.keptNewer = age
	if !s.monthly {
		return
	}
	if month := s.month[age]; month != w.keptIn {
		s.months[month].r2Buyers++
		if w.keptIn == month+1 {
			s.months[month].retained++
		}
		w.keptIn = month
		s.kept = append(s.kept, month)
	}
}

// finish adds what is known once the oldest day has been seen.
func (s *scan) finish(w *walk) {
	s.seen = true
	if w.won {
		s.out.won = append(s.out.won, wonPair{s.subject, s.buyer, w.liveAges})
	}
	// In the windows that hold all its days the buyer is new.
	t := &s.tallies[s.bucket[w.newer]]
	t[mNew]++
	t[mNewOrders] += w.orders
	t[mReturningPaid] -= w.paid
	for i := range s.out.ranges {
		s.out.ranges[i] += int64(w.ranges >> i & 1)
	}
	if s.monthly && w.kept > 0 {
		s.join(w)
	}
}

// join adds the pair to the cohort of its first purchase.
func (s *scan) join(w *walk) {
	first := int(s.month[w.keptNewer])
	for _, month := range s.kept {
		s.cohort(first, int(month)-first).active++
	}
	c := s.cohort(first, 0)
	c.buyers++
	if w.kept > 1 {
		for j, k := range R3Days {
			if calendar.Day(w.keptGap) <= k {
				c.r3[j]++
			}
		}
	}
}

// cohort is that of a month, some months on, of which a pair is about to be active.
func (s *scan) cohort(month, offset int) *cohortRow {
	at := month*s.days.months + offset
	c := &s.cohorts[at]
	if c.active == 0 {
		s.touched = append(s.touched, int32(at))
	}
	return c
}

// end closes the subject: its tallies become windows. One without a purchase leaves no trace.
func (s *scan) end() {
	s.endSingles()
	if !s.seen {
		return
	}
	s.seen = false
	s.endWindows()
	if s.monthly {
		s.endMonths()
		s.endCohorts()
	}
	s.packed = s.out.keep(s.subject, &s.row, s.packed)
	s.row.live, s.row.trial = LiveBuyers{}, Trial{}
}

// endWindows sums the tallies up. Windows in which the subject has nothing have no row; all longer ones
// than the first that has something have one.
func (s *scan) endWindows() {
	var sum tally
	s.row.firstWindow = windowCount
	for i := range s.sums {
		sum.add(&s.tallies[i])
		if sum[mBuyers] == 0 && sum[mDistribution] == 0 && sum[mOrders] == 0 {
			continue
		}
		s.row.firstWindow = min(s.row.firstWindow, i)
		s.sums[i] = sum
		if s.exacts {
			s.sums[i].add(&s.exact[i])
		}
		s.sums[i][mReturningPaid] += sum[mPaid] // it was counted as what new buyers paid, negative
	}
	s.row.windows = s.sums[s.row.firstWindow:]
	s.tallies = [windowCount + 1]tally{}
	if s.exacts {
		s.exact, s.exacts = [windowCount]tally{}, false
	}
}

func (s *scan) endMonths() {
	s.row.months = s.row.months[:0]
	for i, m := range s.months {
		if i >= int(s.shown) && m.buyers > 0 {
			m.month = s.oldest.AddMonths(i)
			s.row.months = append(s.row.months, m)
		}
	}
	clear(s.months)
}

func (s *scan) endCohorts() {
	slices.Sort(s.touched)
	s.row.cohorts = s.row.cohorts[:0]
	for _, at := range s.touched {
		c := s.cohorts[at]
		c.month, c.offset = s.oldest.AddMonths(int(at)/s.days.months), int64(int(at)%s.days.months)
		s.row.cohorts = append(s.row.cohorts, c)
		s.cohorts[at] = cohortRow{}
	}
	s.touched = s.touched[:0]
}
