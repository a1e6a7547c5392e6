package twin

import "time"

// Day is a business day, counted from 1970-01-01.
type Day int32

// NewDay is the day of a calendar date; dates that do not exist are carried over as time.Date does.
func NewDay(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

const secondsPerDay = 24 * 60 * 60

// DayAt is the business day of a moment in zone.
func DayAt(t time.Time, zone *time.Location) Day {
	return NewDay(t.In(zone).Date())
}

// Date is midnight UTC of the day.
func (d Day) Date() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// String is the ISO date.
func (d Day) String() string { return d.Date().Format(time.DateOnly) }

func (d Day) monthFirst() Day {
	y, m, _ := d.Date().Date()
	return NewDay(y, m, 1)
}

func (d Day) monthLast() Day {
	y, m, _ := d.Date().Date()
	return NewDay(y, m+1, 1) - 1
}

func (d Day) quarterFirst() Day {
	y, m, _ := d.Date().Date()
	return NewDay(y, m-(m-1)%3, 1)
}

// addMonths keeps the day of the month, or takes the month's last day if there is no such day.
func (d Day) addMonths(n int) Day {
	y, m, day := d.Date().Date()
	first := NewDay(y, m+time.Month(n), 1)
	return min(first+Day(day-1), first.monthLast())
}

// monthsSince is the number of calendar months from the month of e to the month of d.
func (d Day) monthsSince(e Day) int {
	y, m, _ := d.Date().Date()
	ey, em, _ := e.Date().Date()
	return (y-ey)*12 + int(m-em)
}

// span is the days from first to last, both included.
type span struct{ first, last Day }

// window is the span of n days that ends on last.
func window(last Day, n int) span { return span{last - Day(n) + 1, last} }

func (s span) has(d Day) bool { return s.first <= d && d <= s.last }
func (s span) days() int64    { return int64(s.last-s.first) + 1 }

// shift moves both ends.
func (s span) shift(move func(Day) Day) span { return span{move(s.first), move(s.last)} }

// monthsEarlier is the same period n months back: the month or quarter to date begins where the earlier one
// begins; the others are as long as they are.
func (s span) monthsEarlier(n int, period string) span {
	last := s.last.addMonths(-n)
	if period == "month" || period == "quarter" {
		return span{s.first.addMonths(-n), last}
	}
	return span{last - Day(s.days()) + 1, last}
}

// earlier moves both ends n days back.
func (s span) earlier(n int) span {
	return s.shift(func(d Day) Day { return d - Day(n) })
}
