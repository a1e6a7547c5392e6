package mapping

import (
	"time"

	"github.com/windvane/windvane/transforms/calendar"
)

// parseTime reads 2006-01-02, 2006-01-02 15:04:05 or 2006-01-02T15:04:05, with up to nine digits of a
// second after a dot, and Z or an offset such as +08:00 after a time. zoned tells whether us is UTC or a
// wall clock. Years are 0001 to 9999.
func parseTime(s string) (us int64, zoned, ok bool) {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return 0, false, false
	}
	year, month, day := digits(s[:4]), digits(s[5:7]), digits(s[8:10])
	if year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false, false
	}
	us = int64(calendar.Of(year, time.Month(month), day)) * microsecondsPerDay
	if len(s) == 10 {
		return us, false, true
	}
	clock, zone, ok := parseClock(s[10:])
	if !ok {
		return 0, false, false
	}
	offset, zoned, ok := parseOffset(zone)
	return us + clock - offset, zoned, ok
}

// parseClock reads the time of day, with its separator in front, in microseconds; rest is what follows.
func parseClock(s string) (us int64, rest string, ok bool) {
	if len(s) < 9 || s[0] != ' ' && s[0] != 'T' || s[3] != ':' || s[6] != ':' {
		return 0, "", false
	}
	hour, minute, second := digits(s[1:3]), digits(s[4:6]), digits(s[7:9])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 {
		return 0, "", false
	}
	us = int64(hour*3600+minute*60+second) * 1_000_000
	fraction, rest, ok := parseFraction(s[9:])
	return us + fraction, rest, ok
}

// parseFraction reads an optional fraction of a second; digits beyond the microsecond are cut off.
func parseFraction(s string) (us int64, rest string, ok bool) {
	if s == "" || s[0] != '.' {
		return 0, s, true
	}
	n := 1
	for ; n < len(s) && s[n] >= '0' && s[n] <= '9'; n++ {
		if n <= 6 {
			us = us*10 + int64(s[n]-'0')
		}
	}
	for i := n; i <= 6; i++ {
		us *= 10
	}
	return us, s[n:], n > 1 && n <= 10
}

// parseOffset reads nothing, Z or an offset such as +08:00, in microseconds.
func parseOffset(s string) (us int64, zoned, ok bool) {
	switch {
	case s == "":
		return 0, false, true
	case s == "Z":
		return 0, true, true
	case len(s) != 6 || s[3] != ':' || s[0] != '+' && s[0] != '-':
		return 0, false, false
	}
	hour, minute := digits(s[1:3]), digits(s[4:6])
	if hour < 0 || hour > 23 || minute < 0 || minute > 59 {
		return 0, false, false
	}
	us = int64(hour*60+minute) * 60_000_000
	if s[0] == '-' {
		us = -us
	}
	return us, true, true
}

// digits is the number that ASCII digits write, -1 if s has anything else.
func digits(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}

// daysIn is the length of a month.
func daysIn(year, month int) int {
	_, _, last := calendar.Of(year, time.Month(month), 1).MonthEnd().Date()
	return last
}
