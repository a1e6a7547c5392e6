// Package calendar does business-day arithmetic: days, months and quarters as integers, and the step from
// moments (microseconds since 1970 UTC) to the days of one business zone.
//
// A Day has no zone and no clock. A Zone is a fixed table of offsets, so both are pure, and safe for
// concurrent use. Nothing here asks what day it is.
package calendar

import (
	"fmt"
	"time"
)

// Day is a business day: days since 1970-01-01. It is what an Arrow Date32 holds.
type Day int32

const layout = "2006-01-02"

// secondsPerDay is the length of a civil day; leap seconds do not exist in Unix time.
const secondsPerDay = 24 * 60 * 60

// Parse reads a day written as 2026-01-31.
func Parse(s string) (Day, error) {
	t, err := time.Parse(layout, s)
	if err != nil {
		return 0, fmt.Errorf("day %q is not written as %s", s, "2026-01-31")
	}
	return of(t), nil
}

// Of is the day of a civil date; month and day may exceed their range, as with time.Date.
func Of(year int, month time.Month, day int) Day {
	return of(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// of is the day of a UTC midnight.
func of(t time.Time) Day { return Day(t.Unix() / secondsPerDay) }

// midnight is the day as a UTC midnight.
func (d Day) midnight() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// Date is the day's year, month and day of month.
func (d Day) Date() (year int, month time.Month, day int) { return d.midnight().Date() }

// String writes the day as 2026-01-31.
func (d Day) String() string { return d.midnight().Format(layout) }

// MarshalText writes the day as 2026-01-31.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText writes.
func (d *Day) UnmarshalText(text []byte) (err error) {
	*d, err = Parse(string(text))
	return err
}

// Month is the first day of the day's month.
func (d Day) Month() Day {
	year, month, _ := d.Date()
	return Of(year, month, 1)
}

// MonthEnd is the last day of the day's month.
func (d Day) MonthEnd() Day {
	year, month, _ := d.Date()
	return Of(year, month+1, 0)
}

// Quarter is the first day of the day's quarter.
func (d Day) Quarter() Day {
	year, month, _ := d.Date()
	return Of(year, (month-1)/3*3+1, 1)
}

// AddMonths is the same day of the month n months later (earlier if n is negative), or that month's last
// day where it is shorter: 2026-01-31 plus one month is 2026-02-28.
func (d Day) AddMonths(n int) Day {
	year, month, day := d.Date()
	first := Of(year, month+time.Month(n), 1)
	return min(first+Day(day-1), first.MonthEnd())
}

// AddYears is AddMonths of twelve months a year: 2024-02-29 plus one year is 2025-02-28.
func (d Day) AddYears(n int) Day { return d.AddMonths(12 * n) }

// MonthsBetween counts calendar months from a's month to b's month: 0 inside one month, negative if b's is earlier.
func MonthsBetween(a, b Day) int {
	ya, ma, _ := a.Date()
	yb, mb, _ := b.Date()
	return (yb-ya)*12 + int(mb) - int(ma)
}
