package mapping

import (
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/windvane/windvane/transforms/contract"
)

// fenDigits is how many decimal digits the column's unit stands above fen: 2 for yuan.
func (c *conversion) fenDigits() int { return fenDigits(c.spec.Unit) }

func fenDigits(unit string) int {
	if unit == UnitYuan {
		return 2
	}
	return 0
}

// money makes whole, exact fen of any number or of decimal text. Empty text is null.
func (c *conversion) money(a arrow.Array) arrow.Array {
	fen := c.fen(a)
	c.checkWhole(fen)
	return fen
}

func (c *conversion) fen(a arrow.Array) arrow.Array {
	i64, digits := arrow.PrimitiveTypes.Int64, c.fenDigits()
	switch t := a.DataType().(type) {
	case *arrow.Decimal128Type:
		return transform(c.mem, a, i64, func(row int, v decimal128.Num) int64 {
			fen, fault := decimalFen(v, digits-int(t.Scale))
			c.rejectMoney(row, fault, func() string { return v.ToString(t.Scale) })
			return fen
		})
	case *arrow.Float64Type:
		return transform(c.mem, a, i64, func(row int, v float64) int64 { return c.doubleFen(row, v, digits) })
	case *arrow.Float32Type:
		return transform(c.mem, a, i64, func(row int, v float32) int64 { return c.doubleFen(row, float64(v), digits) })
	}
	if isText(a.DataType()) {
		return c.textFen(a, digits)
	}
	whole := c.whole(a, contract.RejectOutOfRange)
	if digits == 0 {
		return whole
	}
	defer whole.Release()
	return transform(c.mem, whole, i64, func(row int, v int64) int64 {
		fen, fault := scaleUp(v, digits)
		c.rejectMoney(row, fault, func() string { return strconv.FormatInt(v, 10) })
		return fen
	})
}

// fault says why an amount is not one; fine is none.
type fault uint8

const (
	fine fault = iota
	inexact
	overflow
)

// rejectMoney rejects the row if there is a fault.
func (c *conversion) rejectMoney(row int, f fault, value func() string) {
	switch f {
	case inexact:
		c.reject(row, contract.RejectNotExactMoney, value())
	case overflow:
		c.reject(row, contract.RejectOutOfRange, value())
	}
}

func (c *conversion) doubleFen(row int, v float64, digits int) int64 {
	fen, fault := doubleFen(v, digits)
	c.rejectMoney(row, fault, func() string { return formatReal(v) })
	return fen
}

// wholeTolerance is how far from a whole number of fen a double may be.
const wholeTolerance = 1e-6

// exactDoubles ends the range in which doubles hold every whole number.
const exactDoubles = 1 << 53

// doubleFen is v times 10^digits, if that is a whole number within wholeTolerance. Beyond exactDoubles no
// double says which whole number was meant.
func doubleFen(v float64, digits int) (int64, fault) {
	x := v * float64(powersOfTen[digits])
	whole := math.Round(x)
	switch {
	case math.IsNaN(x) || math.Abs(x) >= 1<<63:
		return 0, overflow
	case math.Abs(x-whole) > wholeTolerance || math.Abs(whole) > exactDoubles:
		return 0, inexact
	}
	return int64(whole), fine
}

// powersOfTen are 10^0 to 10^18.
var powersOfTen = func() (p [19]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = 10 * p[i-1]
	}
	return p
}()

// decimalFen is v times 10^digits (digits may be negative), if that is whole and fits.
func decimalFen(v decimal128.Num, digits int) (int64, fault) {
	if !fitsInt64(v) {
		return wideFen(v, digits)
	}
	n := int64(v.LowBits())
	switch {
	case digits >= 0:
		return scaleUp(n, digits)
	case n == 0:
		return 0, fine
	case -digits >= len(powersOfTen) || n%powersOfTen[-digits] != 0:
		return 0, inexact
	}
	return n / powersOfTen[-digits], fine
}

// wideFen is decimalFen of a value beyond int64, which is rare.
func wideFen(v decimal128.Num, digits int) (int64, fault) {
	if digits >= 0 {
		return 0, overflow
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-digits)), nil)
	quotient, rest := new(big.Int).QuoRem(v.BigInt(), power, new(big.Int))
	switch {
	case rest.Sign() != 0:
		return 0, inexact
	case !quotient.IsInt64():
		return 0, overflow
	}
	return quotient.Int64(), fine
}

// scaleUp is v times 10^digits, if it fits.
func scaleUp(v int64, digits int) (int64, fault) {
	scaled := v * powersOfTen[digits]
	if scaled/powersOfTen[digits] != v {
		return 0, overflow
	}
	return scaled, fine
}

// textFen reads decimal text as fen.
func (c *conversion) textFen(a arrow.Array, digits int) arrow.Array {
	texts := textsOf(a)
	return nullable(c.mem, a, arrow.PrimitiveTypes.Int64, func(row int) (int64, bool) {
		s := texts.at(row)
		if s == "" {
			return 0, false
		}
		fen, fault := parseFen(s, digits)
		c.rejectMoney(row, fault, func() string { return s })
		return fen, true
	})
}

// parseFen reads decimal text such as 58.90 exactly and multiplies it by 10^digits. Text that is no plain
// decimal number is inexact too.
func parseFen(s string, digits int) (int64, fault) {
	unsigned, negative := strings.CutPrefix(s, "-")
	integer, fraction, dotted := strings.Cut(unsigned, ".")
	if !allDigits(integer) || dotted && !allDigits(fraction) {
		return 0, inexact
	}
	for len(fraction) < digits {
		fraction += "0"
	}
	if strings.Trim(fraction[digits:], "0") != "" {
		return 0, inexact
	}
	if negative {
		integer = "-" + integer
	}
	fen, err := strconv.ParseInt(integer+fraction[:digits], 10, 64)
	if err != nil {
		return 0, overflow
	}
	return fen, fine
}

// allDigits tells whether s is one or more ASCII digits.
func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
