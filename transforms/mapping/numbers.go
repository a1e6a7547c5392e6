package mapping

import (
	"fmt"
	"math"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/windvane/windvane/transforms/contract"
)

// whole reads whole numbers of any width as int64; an Int64 array passes as it is. Values that do not fit
// are rejected with the reason. The caller releases the array.
func (c *conversion) whole(a arrow.Array, tooLarge Reason) arrow.Array {
	i64 := arrow.PrimitiveTypes.Int64
	switch a := a.(type) {
	case *array.Int64:
		a.Retain()
		return a
	case *array.Int32:
		return transform(c.mem, a, i64, func(_ int, v int32) int64 { return int64(v) })
	case *array.Int16:
		return transform(c.mem, a, i64, func(_ int, v int16) int64 { return int64(v) })
	case *array.Int8:
		return transform(c.mem, a, i64, func(_ int, v int8) int64 { return int64(v) })
	case *array.Uint32:
		return transform(c.mem, a, i64, func(_ int, v uint32) int64 { return int64(v) })
	case *array.Uint16:
		return transform(c.mem, a, i64, func(_ int, v uint16) int64 { return int64(v) })
	case *array.Uint8:
		return transform(c.mem, a, i64, func(_ int, v uint8) int64 { return int64(v) })
	case *array.Uint64:
		return transform(c.mem, a, i64, func(row int, v uint64) int64 {
			if v > math.MaxInt64 {
				c.reject(row, tooLarge, strconv.FormatUint(v, 10))
			}
			return int64(v)
		})
	case *array.Decimal128:
		return transform(c.mem, a, i64, func(row int, v decimal128.Num) int64 {
			if !fitsInt64(v) {
				c.reject(row, tooLarge, v.BigInt().String())
			}
			return int64(v.LowBits())
		})
	}
	panic(fmt.Sprintf("mapping: column %s was bound to whole numbers, not %s", c.Name, a.DataType()))
}

// fitsInt64 tells whether the upper half is only the sign.
func fitsInt64(v decimal128.Num) bool { return v.HighBits() == int64(v.LowBits())>>63 }

// identifier makes the ids of an INT64 domain.
func (c *conversion) identifier(a arrow.Array) arrow.Array {
	ids := c.whole(a, contract.RejectBadID)
	values := arrow.GetValues[int64](ids.Data(), 1)
	if least, _ := extremes(values); least > math.MinInt64 {
		return ids
	}
	eachValid(ids, func(row int) { // the native engine takes this value for null
		if values[row] == math.MinInt64 {
			c.reject(row, contract.RejectBadID, strconv.FormatInt(values[row], 10))
		}
	})
	return ids
}

// count makes whole numbers in their declared range.
func (c *conversion) count(a arrow.Array) arrow.Array {
	whole := c.whole(a, contract.RejectOutOfRange)
	c.checkWhole(whole)
	return whole
}

// checkWhole rejects what the column's sign and range forbid.
func (c *conversion) checkWhole(a arrow.Array) {
	values := arrow.GetValues[int64](a.Data(), 1)
	lo, hi := c.wholeLimits()
	if least, most := extremes(values); least >= lo && most <= hi {
		return
	}
	eachValid(a, func(row int) {
		if v := values[row]; v < lo || v > hi {
			c.reject(row, c.rangeReason(v < 0), strconv.FormatInt(v, 10))
		}
	})
}

// wholeLimits are the smallest and the largest whole number that the column may hold. The smallest int64
// never is one: the native engine takes it for null.
func (c *conversion) wholeLimits() (lo, hi int64) {
	lo, hi = math.MinInt64+1, math.MaxInt64
	if !c.Signed {
		lo = 0
	}
	if c.Min != nil {
		lo = int64(math.Ceil(*c.Min))
	}
	if c.Max != nil {
		hi = int64(math.Floor(*c.Max))
	}
	return lo, hi
}

// rangeReason is why a value outside the column's limits is rejected.
func (c *conversion) rangeReason(negative bool) Reason {
	if negative && !c.Signed {
		return contract.RejectNegative
	}
	return contract.RejectOutOfRange
}

// extremes are the smallest and the largest value, null rows included; MaxInt64 and MinInt64 of none.
func extremes(values []int64) (least, most int64) {
	least, most = math.MaxInt64, math.MinInt64
	for _, v := range values {
		least, most = min(least, v), max(most, v)
	}
	return least, most
}

// real makes finite numbers in their declared range.
func (c *conversion) real(a arrow.Array) arrow.Array {
	numbers := c.floats(a)
	if !c.plain(arrow.GetValues[float64](numbers.Data(), 1)) {
		defer numbers.Release()
		return c.checkedReal(numbers)
	}
	return numbers
}

// floats reads numbers of any type as float64; a Float64 array passes as it is. The caller releases it.
func (c *conversion) floats(a arrow.Array) arrow.Array {
	f64 := arrow.PrimitiveTypes.Float64
	switch a := a.(type) {
	case *array.Float64:
		a.Retain()
		return a
	case *array.Float32:
		return transform(c.mem, a, f64, func(_ int, v float32) float64 { return float64(v) })
	case *array.Decimal128:
		scale := a.DataType().(*arrow.Decimal128Type).Scale
		return transform(c.mem, a, f64, func(_ int, v decimal128.Num) float64 { return v.ToFloat64(scale) })
	}
	whole := c.whole(a, contract.RejectOutOfRange)
	defer whole.Release()
	return transform(c.mem, whole, f64, func(_ int, v int64) float64 { return float64(v) })
}

// plain tells whether all values, null rows included, are finite, in range and not -0.
func (c *conversion) plain(values []float64) bool {
	lo, hi := c.realLimits()
	for _, v := range values {
		if !(v >= lo && v <= hi) || math.Float64bits(v) == 1<<63 {
			return false
		}
	}
	return true
}

// realLimits are the smallest and the largest number that the column may hold.
func (c *conversion) realLimits() (lo, hi float64) {
	lo, hi = -math.MaxFloat64, math.MaxFloat64
	if !c.Signed {
		lo = 0
	}
	if c.Min != nil {
		lo = *c.Min
	}
	if c.Max != nil {
		hi = *c.Max
	}
	return lo, hi
}

// checkedReal rejects what is not finite or out of range, and writes -0 as 0.
func (c *conversion) checkedReal(a arrow.Array) arrow.Array {
	lo, hi := c.realLimits()
	return transform(c.mem, a, a.DataType(), func(row int, v float64) float64 {
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			c.reject(row, contract.RejectOutOfRange, formatReal(v))
		case v < lo || v > hi:
			c.reject(row, c.rangeReason(v < 0), formatReal(v))
		case v == 0:
			return 0
		}
		return v
	})
}

// formatReal writes a number as briefly as it can be read back.
func formatReal(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
