package recount

import (
	"fmt"
	"time"
)

// Date is a calendar day written 2017-11-30. Dates order as their text does.
type Date string

const layout = "2006-01-02"

// At is the date of a moment as its own clock shows it.
func At(t time.Time) Date { return Date(t.Format(layout)) }

// Midnight is the start of the date, as if its clock were UTC. A Date that is not one is a bug and panics.
func (d Date) Midnight() time.Time {
	t, err := time.Parse(layout, string(d))
	if err != nil {
		panic(fmt.Sprintf("recount: %q is no date: %v", string(d), err))
	}
	return t
}

// Add is the date so many days later.
func (d Date) Add(days int) Date { return At(d.Midnight().AddDate(0, 0, days)) }

// Until counts the days from d to other.
func (d Date) Until(other Date) int {
	return int(other.Midnight().Sub(d.Midnight()) / (24 * time.Hour))
}

// Month is the date's month, written 2017-11.
func (d Date) Month() string { return string(d[:7]) }

// MonthEnd is the last date of the date's month.
func (d Date) MonthEnd() Date {
	t := d.Midnight()
	return At(time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC))
}

// Days lists the dates from first to last.
func Days(first, last Date) []Date {
	var days []Date
	for d := first; d <= last; d = d.Add(1) {
		days = append(days, d)
	}
	return days
}

// nextMonth is the month after the given one, both written 2017-11.
func nextMonth(month string) string { return Date(month + "-01").MonthEnd().Add(1).Month() }

// monthsBetween counts calendar months from a to b, both written 2017-11.
func monthsBetween(a, b string) int {
	from, to := Date(a+"-01").Midnight(), Date(b+"-01").Midnight()
	return (to.Year()-from.Year())*12 + int(to.Month()) - int(from.Month())
}
