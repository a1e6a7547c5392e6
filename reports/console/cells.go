package console

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/contract"
)

// notComputed stands for a null.
const notComputed = "–"

// cells are the values of one column of a record.
type cells struct {
	column *contract.Column
	array  arrow.Array
	whole  func(i int) int64   // of whole numbers, days and moments; else nil
	real   func(i int) float64 // of Real; else nil
	word   func(i int) string  // of everything else
}

// cellsOf reads an array in one of the contract's types.
func cellsOf(c *contract.Column, a arrow.Array) (cells, error) {
	out := cells{column: c, array: a}
	switch a := a.(type) {
	case *array.Int64:
		out.whole = a.Value
	case *array.Float64:
		out.real = a.Value
	case *array.Boolean:
		out.word = func(i int) string { return strconv.FormatBool(a.Value(i)) }
	case *array.Date32:
		out.word = func(i int) string { return a.Value(i).ToTime().Format(time.DateOnly) }
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		out.word = func(i int) string { return a.Value(i).ToTime(unit).UTC().Format("2006-01-02 15:04:05") }
	case *array.String:
		out.word = a.Value
	case *array.Dictionary:
		words, ok := a.Dictionary().(*array.String)
		if !ok {
			return out, fmt.Errorf("type %s is not one that windvane publishes", a.DataType())
		}
		out.word = func(i int) string { return words.Value(a.GetValueIndex(i)) }
	default:
		return out, fmt.Errorf("type %s is not one that windvane publishes", a.DataType())
	}
	return out, nil
}

// plain is the value as Options.Where is compared with; a null is empty.
func (c cells) plain(i int) string {
	switch {
	case c.array.IsNull(i):
		return ""
	case c.whole != nil:
		return strconv.FormatInt(c.whole(i), 10)
	case c.real != nil:
		return strconv.FormatFloat(c.real(i), 'g', -1, 64)
	}
	return c.word(i)
}

// text is the value for people.
func (c cells) text(i int) string {
	switch {
	case c.array.IsNull(i):
		return notComputed
	case c.whole != nil && c.column.Kind == contract.Fen:
		return yuan(c.whole(i))
	case c.whole != nil && c.column.Kind == contract.Count:
		return grouped(c.whole(i))
	case c.real != nil && isRatio(c.column):
		return strconv.FormatFloat(c.real(i)*100, 'f', 2, 64)
	case c.real != nil && isFen(c.column):
		return strconv.FormatFloat(c.real(i)/100, 'f', 2, 64)
	case c.real != nil:
		return strconv.FormatFloat(c.real(i), 'f', 2, 64)
	}
	return words.Printable(c.plain(i))
}

// rank is the value as rows are ranked by; nulls come last.
func (c cells) rank(i int) float64 {
	switch {
	case c.array.IsNull(i):
		return math.Inf(-1)
	case c.whole != nil:
		return float64(c.whole(i))
	case c.real != nil:
		return c.real(i)
	}
	return 0
}

func isRatio(c *contract.Column) bool {
	return c.Kind == contract.Real && strings.HasSuffix(c.Name, "_ratio")
}

// isFen tells money: whole fen, or a figure in fen such as a mean.
func isFen(c *contract.Column) bool {
	return c.Kind == contract.Fen || c.Kind == contract.Real && strings.HasSuffix(c.Name, "_fen")
}

func isNumber(c *contract.Column) bool {
	return c.Kind == contract.Fen || c.Kind == contract.Count || c.Kind == contract.Real
}

// label is the column's name with the unit that is printed.
func label(c *contract.Column) string {
	switch {
	case isFen(c):
		return strings.TrimSuffix(c.Name, "_fen") + " [yuan]"
	case isRatio(c):
		return strings.TrimSuffix(c.Name, "_ratio") + " [%]"
	}
	return c.Name
}

// yuan writes fen with two decimals and commas: 123456 as 1,234.56.
func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign = "-"
	}
	abs := uint64(fen)
	if fen < 0 {
		abs = -abs // right for the smallest int64 too
	}
	return fmt.Sprintf("%s%s.%02d", sign, commas(strconv.FormatUint(abs/100, 10)), abs%100)
}

// grouped writes a whole number with commas.
func grouped(v int64) string {
	digits, negative := strings.CutPrefix(strconv.FormatInt(v, 10), "-")
	if negative {
		return "-" + commas(digits)
	}
	return commas(digits)
}

func commas(digits string) string {
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
