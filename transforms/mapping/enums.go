package mapping

import (
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/windvane/windvane/transforms/contract"
)

// noCode stands in a mapping of values for null.
const noCode = -1

// codesOf gives for each source value its code: the position in Column.Values, 0 or 1 of a Bool, noCode
// for null; nil for columns that are no enumeration.
func codesOf(target contract.Column, spec Column) map[string]int64 {
	names := enumeration(target)
	if names == nil {
		return nil
	}
	code := map[string]int64{}
	for i, name := range names {
		code[name] = int64(i)
	}
	if len(spec.Values) == 0 {
		if target.Kind == contract.Bool {
			code["0"], code["1"] = 0, 1
		}
		return code
	}
	codes := map[string]int64{}
	for from, to := range spec.Values {
		codes[from] = noCode
		if to != nil {
			codes[from] = code[*to]
		}
	}
	return codes
}

// enumerate makes the codes of an enumeration under the contract's own dictionary.
func (c *conversion) enumerate(a arrow.Array) arrow.Array {
	return dictionary(c.codesFrom(a), c.names)
}

// codesFrom is the column of codes of text, whole numbers or booleans.
func (c *conversion) codesFrom(a arrow.Array) arrow.Array {
	text := c.textForm(a)
	last, lastCode, lastOK := "", int64(0), false
	code := func(row int) (int64, bool) {
		s := text(row)
		if s == last && lastOK {
			return lastCode, true
		}
		found, ok := c.codes[s]
		if !ok && c.fallback != nil {
			found, ok = c.fallback.whole, true
		}
		if !ok {
			c.reject(row, contract.RejectUnknownValue, s)
			return 0, false
		}
		last, lastCode, lastOK = s, found, true
		return found, true
	}
	return nullable(c.mem, a, arrow.PrimitiveTypes.Uint32, func(row int) (uint32, bool) {
		found, ok := code(row)
		if !ok {
			return 0, true // rejected already, not null as well
		}
		return uint32(max(found, 0)), found != noCode
	})
}

// textForm reads values as mappings of values and conditions name them.
func (c *conversion) textForm(a arrow.Array) func(row int) string {
	switch {
	case isText(a.DataType()):
		return textsOf(a).at
	case isBool(a.DataType()):
		b := a.(*array.Boolean)
		return func(row int) string { return strconv.FormatBool(b.Value(row)) }
	}
	return a.ValueStr
}

// boolean makes true and false of booleans, of 0 and 1, or of mapped values.
func (c *conversion) boolean(a arrow.Array) arrow.Array {
	if isBool(a.DataType()) && len(c.spec.Values) == 0 {
		a.Retain()
		return a
	}
	codes := c.codesFrom(a).(*array.Uint32)
	defer codes.Release()
	buf := allocateBits(c.mem, codes.Len())
	for i, code := range codes.Uint32Values() {
		if code == 1 {
			bitutil.SetBit(buf.Bytes(), i)
		}
	}
	return assemble(arrow.FixedWidthTypes.Boolean, codes.Len(), buf, validity(c.mem, codes), codes.NullN())
}
