package mapping

import (
	"math"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// Instants lie in the years 1 to 9999, which four digits can write and every reader knows.
var (
	firstInstant = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	lastInstant  = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
)

const microsecondsPerDay = 24 * 60 * 60 * 1_000_000

// instant makes moments of timestamps, dates (local midnight), integers of a declared unit, or text.
// Empty text is null.
func (c *conversion) instant(a arrow.Array) arrow.Array {
	moments := c.moments(a)
	values := arrow.GetValues[int64](moments.Data(), 1)
	if least, most := extremes(values); least >= firstInstant && most <= lastInstant {
		return moments
	}
	eachValid(moments, func(row int) {
		if v := values[row]; v < firstInstant || v > lastInstant {
			c.reject(row, contract.RejectOutOfRange, a.ValueStr(row))
		}
	})
	return moments
}

// outOfTime is a moment that instant rejects: of values that do not even fit.
const outOfTime = math.MinInt64

func (c *conversion) moments(a arrow.Array) arrow.Array {
	switch t := a.DataType().(type) {
	case *arrow.TimestampType:
		return c.timestamps(a, t)
	case *arrow.Date32Type:
		return transform(c.mem, a, contract.InstantType, func(_ int, v int32) int64 { return c.midnight(int64(v)) })
	case *arrow.Date64Type:
		return transform(c.mem, a, contract.InstantType, func(_ int, v int64) int64 { return c.midnight(floorDiv(v, 86_400_000)) })
	}
	if isText(a.DataType()) {
		return c.textInstants(a)
	}
	whole := c.whole(a, contract.RejectOutOfRange)
	defer whole.Release()
	return transform(c.mem, whole, contract.InstantType, func(_ int, v int64) int64 { return microseconds(v, c.spec.Unit) })
}

// midnight is the moment a day begins on the column's clock.
func (c *conversion) midnight(day int64) int64 {
	if day < firstInstant/microsecondsPerDay || day > lastInstant/microsecondsPerDay {
		return outOfTime
	}
	return c.zone.Start(calendar.Day(day))
}

// timestamps makes moments of timestamps: those with a zone are UTC already, others are wall clocks, and so is INT96 if the
// mapping gives its zone.
func (c *conversion) timestamps(a arrow.Array, t *arrow.TimestampType) arrow.Array {
	unit := map[arrow.TimeUnit]string{arrow.Second: UnitS, arrow.Millisecond: UnitMS, arrow.Microsecond: UnitUS, arrow.Nanosecond: UnitNS}[t.Unit]
	switch {
	case t.TimeZone == "" || c.wallClock:
		return transform(c.mem, a, contract.InstantType, func(_ int, v int64) int64 { return c.fromLocal(microseconds(v, unit)) })
	case t.Unit == arrow.Microsecond:
		return retyped(a, contract.InstantType)
	}
	return transform(c.mem, a, contract.InstantType, func(_ int, v int64) int64 { return microseconds(v, unit) })
}

// fromLocal is the moment of a wall clock.
func (c *conversion) fromLocal(wall int64) int64 {
	if wall < firstInstant || wall > lastInstant {
		return outOfTime
	}
	return c.zone.FromLocal(wall)
}

// microseconds converts a number of units; parts of a microsecond are cut off towards the past.
func microseconds(v int64, unit string) int64 {
	switch unit {
	case UnitS:
		return times(v, 1_000_000)
	case UnitMS:
		return times(v, 1000)
	case UnitNS:
		return floorDiv(v, 1000)
	}
	return v
}

// times is v × n, or outOfTime where that does not fit.
func times(v, n int64) int64 {
	if v > math.MaxInt64/n || v < math.MinInt64/n {
		return outOfTime
	}
	return v * n
}

// floorDiv is v/n rounded down.
func floorDiv(v, n int64) int64 {
	q := v / n
	if v%n < 0 {
		q--
	}
	return q
}

// textInstants reads moments from text. Equal text after equal text is read once.
func (c *conversion) textInstants(a arrow.Array) arrow.Array {
	texts := textsOf(a)
	last, lastMoment, lastOK := "", int64(0), false
	return nullable(c.mem, a, contract.InstantType, func(row int) (int64, bool) {
		s := texts.at(row)
		if s == "" {
			return 0, false
		}
		if s != last {
			last = s
			lastMoment, lastOK = c.parseInstant(s)
		}
		if !lastOK {
			c.reject(row, contract.RejectUnknownValue, s)
		}
		return lastMoment, true
	})
}

// parseInstant reads a moment; text without a zone is a wall clock.
func (c *conversion) parseInstant(s string) (int64, bool) {
	us, zoned, ok := parseTime(s)
	switch {
	case !ok:
		return 0, false
	case zoned:
		return us, true
	}
	return c.fromLocal(us), true
}

// date makes business days of dates, or of whatever makes a moment: the day on which it falls in the
// business zone. Text of a date alone is that date.
func (c *conversion) date(a arrow.Array) arrow.Array {
	switch a.DataType().(type) {
	case *arrow.Date32Type:
		a.Retain()
		c.checkDates(a)
		return a
	case *arrow.Date64Type:
		return transform(c.mem, a, arrow.FixedWidthTypes.Date32, func(row int, v int64) int32 { return c.dayNumber(row, floorDiv(v, 86_400_000)) })
	}
	if isText(a.DataType()) {
		return c.textDates(a)
	}
	moments := c.instant(a)
	defer moments.Release()
	return transform(c.mem, moments, arrow.FixedWidthTypes.Date32, func(row int, us int64) int32 { return c.dayNumber(row, int64(c.env.Zone.Day(us))) })
}

// checkDates rejects days outside the years 1 to 9999.
func (c *conversion) checkDates(a arrow.Array) {
	for i, v := range arrow.GetValues[int32](a.Data(), 1) {
		if !inYears(int64(v)) && a.IsValid(i) {
			c.dayNumber(i, int64(v))
		}
	}
}

// inYears tells whether a day lies in the years 1 to 9999.
func inYears(day int64) bool {
	return day >= firstInstant/microsecondsPerDay && day <= lastInstant/microsecondsPerDay
}

// dayNumber is the day as Date32, rejected if it is not one.
func (c *conversion) dayNumber(row int, day int64) int32 {
	if !inYears(day) {
		c.reject(row, contract.RejectOutOfRange, strconv.FormatInt(day, 10))
		return 0
	}
	return int32(day)
}

// textDates reads days from text.
func (c *conversion) textDates(a arrow.Array) arrow.Array {
	texts := textsOf(a)
	return nullable(c.mem, a, arrow.FixedWidthTypes.Date32, func(row int) (int32, bool) {
		s := texts.at(row)
		if s == "" {
			return 0, false
		}
		day, ok := c.parseDay(s)
		switch {
		case !ok:
			c.reject(row, contract.RejectUnknownValue, s)
		case !inYears(int64(day)): // beyond midnight of the last day, by a clock east of Greenwich
			c.reject(row, contract.RejectOutOfRange, s)
		}
		return int32(day), true
	})
}

// parseDay reads a date, or a moment as the business day it falls on.
func (c *conversion) parseDay(s string) (calendar.Day, bool) {
	us, ok := c.parseInstant(s)
	if ok && len(s) == len("2006-01-02") {
		us, _, _ := parseTime(s)
		return calendar.Day(us / microsecondsPerDay), true
	}
	return c.env.Zone.Day(us), ok
}
