package repeat

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// readWindows adds the pair to every window it bought in.
func (s *scan) readWindows(subject int64) {
	last := s.days[len(s.days)-1].day
	for _, w := range contract.Windows {
		first := s.in.AsOf - calendar.Day(w) + 1
		if s.in.Scope.Role == contract.RoleMerchant {
			s.readConversion(subject, w)
		}
		if last < first {
			continue
		}
		m := s.windows.Get([]int64{subject, int64(w)})
		s.readBuyer(m, first)
		s.readRepeat(m, first)
	}
}

// readBuyer adds what ignores refunds.
func (s *scan) readBuyer(m []int64, first calendar.Day) {
	at := s.firstIn(first)
	isNew := at == 0 || s.days[at-1].day < first-NewBuyerDays
	m[mBuyers]++
	if isNew {
		m[mNew]++
	}
	var setOrders int64
	for _, p := range s.days[at:] {
		m[mOrders] += p.orders
		m[mPaid] += p.paid
		if isNew {
			m[mNewOrders] += p.orders
		} else {
			m[mReturningPaid] += p.paid
		}
		setOrders += p.setOrders
		m[mSetFen] += p.setFen
	}
	m[mSetOrders] += setOrders
	if setOrders > 0 {
		m[mSetBuyers]++
	}
}

// ConversionDays is how long after a purchase through distribution a purchase in the merchant's own
// live counts as converted.
const ConversionDays = 30

// readConversion: bought through distribution in the window that ends ConversionDays ago, then in the own live.
func (s *scan) readConversion(subject int64, window int) {
	last := s.in.AsOf - ConversionDays
	first := last - calendar.Day(window) + 1
	through, converted := false, false
	for i, p := range s.days {
		if !p.distribution || p.day < first || p.day > last {
			continue
		}
		through = true
		for _, q := range s.days[i+1:] {
			if q.day > p.day+ConversionDays {
				break
			}
			converted = converted || q.selfLive
		}
	}
	if !through {
		return
	}
	m := s.windows.Get([]int64{subject, int64(window)})
	m[mDistribution]++
	if converted {
		m[mConverted]++
	}
}

// firstIn is the index of the first purchase day on or after day.
func (s *scan) firstIn(day calendar.Day) int {
	i := len(s.days)
	for i > 0 && s.days[i-1].day >= day {
		i--
	}
	return i
}

// readRepeat adds what full refunds take out.
func (s *scan) readRepeat(m []int64, first calendar.Day) {
	i := len(s.kept)
	for i > 0 && s.kept[i-1] >= first {
		i--
	}
	days := s.kept[i:]
	if len(days) == 0 {
		return
	}
	m[mKept]++
	if len(days) > 1 {
		m[mRepeat]++
		m[mGaps] += int64(len(days) - 1)
		m[mGapDays] += int64(days[len(days)-1] - days[0])
	}
}

func (s *scan) readRanges() {
	for i, r := range s.in.Ranges {
		for _, p := range s.days {
			if p.day >= r.From && p.day <= r.To {
				s.ranges[i]++
				break
			}
		}
	}
}

// readMonths adds the pair to the calendar months shown.
func (s *scan) readMonths(subject int64) {
	oldest := s.in.AsOf.Month().AddMonths(-MonthsShown)
	var counted calendar.Day = -1 << 30
	for _, p := range s.days {
		if month := s.month(p.day); month >= oldest && month != counted {
			counted = month
			s.months.Get([]int64{subject, int64(month)})[0]++
		}
	}
	counted = -1 << 30
	for i, day := range s.kept {
		month := s.month(day)
		if month < oldest || month == counted {
			continue
		}
		counted = month
		m := s.months.Get([]int64{subject, int64(month)})
		m[1]++
		if s.boughtAfter(i, month) {
			m[2]++
		}
	}
}

// boughtAfter tells whether the next month with a purchase after kept day i, which lies in month, is the next month.
func (s *scan) boughtAfter(i int, month calendar.Day) bool {
	for _, d := range s.kept[i+1:] {
		if m := s.month(d); m != month {
			return m == month.AddMonths(1)
		}
	}
	return false
}

// R3Days are the k of R3(k).
var R3Days = []calendar.Day{30, 60, 90}

// readCohort adds the pair to the cohort of its first purchase.
func (s *scan) readCohort(subject int64) {
	if len(s.kept) == 0 {
		return
	}
	first := s.kept[0]
	cohort := s.month(first)
	m := s.cohorts.Get([]int64{subject, int64(cohort), 0})
	m[0]++
	if len(s.kept) > 1 {
		for j, k := range R3Days {
			if s.kept[1]-first <= k {
				m[2+j]++
			}
		}
	}
	var counted calendar.Day
	for i, day := range s.kept {
		if month := s.month(day); i == 0 || month != counted {
			counted = month
			s.cohorts.Get([]int64{subject, int64(cohort), int64(calendar.MonthsBetween(cohort, month))})[1]++
		}
	}
}
