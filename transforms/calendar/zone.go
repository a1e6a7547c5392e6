package calendar

import (
	"math"
	"sort"
	"time"
)

// microsecondsPerDay is the unit of Days.
const microsecondsPerDay = secondsPerDay * 1_000_000

// widest is more than any offset from UTC that a time zone has had.
const widest = 26 * 60 * 60 * 1_000_000

// horizon ends the precomputed offsets of zones whose summer time recurs for ever.
const horizon = 2200

// Zone tells the business day of a moment. All moments are microseconds since 1970 UTC, all wall clocks
// microseconds since 1970 as a local clock shows them. Moments must lie within about 290,000 years of 1970.
type Zone struct {
	loc   *time.Location
	spans []span // in order, without gaps, from the beginning of time to the horizon or to the end
}

// span is a time of constant offset: moments in [lo, hi).
type span struct{ lo, hi, offset int64 }

// NewZone precomputes the offsets of loc.
func NewZone(loc *time.Location) *Zone {
	z := &Zone{loc: loc}
	end := time.Date(horizon, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	for at := int64(math.MinInt64); ; {
		s := spanOf(loc, at)
		z.append(s)
		if s.hi == math.MaxInt64 || s.hi >= end {
			return z
		}
		at = s.hi
	}
}

// append adds the next span, or lengthens the last one where the offset stays the same.
func (z *Zone) append(s span) {
	if last := len(z.spans) - 1; last >= 0 && z.spans[last].offset == s.offset {
		z.spans[last].hi = s.hi
		return
	}
	z.spans = append(z.spans, s)
}

// spanOf asks package time for the span that holds the moment.
func spanOf(loc *time.Location, us int64) span {
	t := time.UnixMicro(us).In(loc)
	_, offset := t.Zone()
	start, end := t.ZoneBounds()
	s := span{lo: math.MinInt64, hi: math.MaxInt64, offset: int64(offset) * 1_000_000}
	if !start.IsZero() {
		s.lo = start.UnixMicro()
	}
	if !end.IsZero() {
		s.hi = end.UnixMicro()
	}
	if s.hi <= us {
		// Where a rule recurs for ever, ZoneBounds cuts spans at the year's end and takes every year to
		// have 365 days; on 31 December of a leap year the bound has passed already.
		s.hi = time.Date(t.UTC().Year()+1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	}
	return s
}

// span is the span that holds the moment.
func (z *Zone) span(us int64) span {
	last := len(z.spans) - 1
	if us >= z.spans[last].lo {
		if us < z.spans[last].hi || z.spans[last].hi == math.MaxInt64 {
			return z.spans[last]
		}
		return spanOf(z.loc, us) // beyond the horizon
	}
	return z.spans[sort.Search(last, func(i int) bool { return us < z.spans[i].hi })]
}

// String is the zone's IANA name.
func (z *Zone) String() string { return z.loc.String() }

// Location is the zone as package time has it.
func (z *Zone) Location() *time.Location { return z.loc }

// Day is the local day of a moment.
func (z *Zone) Day(us int64) Day { return dayOf(us + z.span(us).offset) }

// Days sets dst[i] to the local day of us[i]. dst must be at least as long as us.
func (z *Zone) Days(dst []Day, us []int64) {
	dst = dst[:len(us)]
	var s span // holds nothing, so the first moment looks up its own
	for i, at := range us {
		if at < s.lo || at >= s.hi {
			s = z.span(at)
		}
		dst[i] = dayOf(at + s.offset)
	}
}

// dayOf is the day of a wall clock: a division that rounds down, also before 1970.
func dayOf(local int64) Day {
	day := local / microsecondsPerDay
	if local%microsecondsPerDay < 0 {
		day--
	}
	return Day(day)
}

// Start is the first moment whose local date is the day or later: local midnight, or the end of the gap
// where clocks skip it.
func (z *Zone) Start(day Day) int64 {
	midnight := int64(day) * microsecondsPerDay
	for s := z.span(midnight - widest); ; s = z.span(s.hi) {
		if at := max(s.lo, midnight-s.offset); at < s.hi || s.hi == math.MaxInt64 {
			return at
		}
	}
}

// FromLocal is the moment at which a local clock shows local. Of two such moments (clocks set back) it is
// the earlier one; where there is none (clocks set forward) the wall clock moves forward by the gap.
func (z *Zone) FromLocal(local int64) int64 {
	s := z.span(local - widest)
	for {
		at := local - s.offset
		if at < s.hi || s.hi == math.MaxInt64 {
			return at
		}
		next := z.span(s.hi)
		if local-next.offset < next.lo {
			return at // in the gap: the offset before it moves the clock forward
		}
		s = next
	}
}
