package mapping

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// constant is one value of a column, from the configuration.
type constant struct {
	whole int64 // numbers, codes, moments, days, hashes
	real  float64
	text  string // Text and ID
}

// constant reads a literal of the configuration for the column; nil if there is none.
func (m *Mapper) constant(p plan, key string, literal *string) (*constant, error) {
	if literal == nil {
		return nil, nil
	}
	c := conversion{plan: &p, env: m.env}
	v, err := c.parse(*literal)
	if err != nil {
		return nil, fmt.Errorf("columns.%s.%s: %w", p.Name, key, err)
	}
	return v, nil
}

// checkLiteral checks a literal before the deployment's zone, key and id types are known.
func checkLiteral(target contract.Column, spec Column, literal string) error {
	utc := calendar.NewZone(time.UTC)
	c := conversion{plan: &plan{Column: target, spec: spec, zone: utc}, env: Env{Zone: utc, IDs: contract.IDTypes{target.Domain: true}}}
	_, err := c.parse(literal)
	return err
}

// parse reads a literal by the column's kind.
func (c *conversion) parse(s string) (*constant, error) {
	switch c.Kind {
	case contract.Fen:
		fen, fault := parseFen(s, c.fenDigits())
		if fault != fine {
			return nil, fmt.Errorf("%q is not a whole number of fen", s)
		}
		return c.inRange(fen)
	case contract.Count:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number", s)
		}
		return c.inRange(n)
	case contract.Real:
		return c.parseReal(s)
	case contract.Instant:
		us, ok := c.parseInstant(s)
		if !ok {
			return nil, fmt.Errorf("%q is not a time such as 2006-01-02 15:04:05", s)
		}
		return &constant{whole: us}, nil
	case contract.Date:
		day, ok := c.parseDay(s)
		if !ok {
			return nil, fmt.Errorf("%q is not a date such as 2006-01-02", s)
		}
		return &constant{whole: int64(day)}, nil
	case contract.Bool, contract.Enum:
		return c.parseCode(s)
	}
	return c.parseName(s)
}

// inRange checks a whole number against the column's limits.
func (c *conversion) inRange(n int64) (*constant, error) {
	if lo, hi := c.wholeLimits(); n < lo || n > hi {
		return nil, fmt.Errorf("%d is outside [%d, %d]", n, lo, hi)
	}
	return &constant{whole: n}, nil
}

func (c *conversion) parseReal(s string) (*constant, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, fmt.Errorf("%q is not a number", s)
	}
	if lo, hi := c.realLimits(); v < lo || v > hi {
		return nil, fmt.Errorf("%v is outside [%v, %v]", v, lo, hi)
	}
	return &constant{real: v + 0}, nil
}

// parseCode reads a value of the contract's enumeration.
func (c *conversion) parseCode(s string) (*constant, error) {
	names := enumeration(c.Column)
	for i, name := range names {
		if s == name {
			return &constant{whole: int64(i)}, nil
		}
	}
	return nil, fmt.Errorf("%q is none of %s", s, strings.Join(names, ", "))
}

// parseName reads text or an identifier. A key or buyer is read as the text it is in a column.
func (c *conversion) parseName(s string) (*constant, error) {
	if reason, bad := c.textFault(s); bad {
		return nil, fmt.Errorf("it is refused as %s", contract.RejectReasons[reason])
	}
	n, err := strconv.ParseInt(s, 10, 64)
	switch {
	case c.isNothing(s):
		return nil, errors.New("it is empty, and so says nothing: leave it out")
	case c.dictionaryEncoded():
		return &constant{text: s}, nil
	case c.Kind == contract.Buyer:
		return &constant{whole: HashBuyer(c.env.BuyerKey, s)}, nil
	case c.Kind == contract.Key && s != "":
		return &constant{whole: textKey(s)}, nil
	case err == nil && n != math.MinInt64:
		return &constant{whole: n}, nil
	case c.Kind == contract.ID:
		return nil, fmt.Errorf("%q is not an integer, as ids of domain %s are", s, c.Domain)
	}
	return nil, errors.New("it is empty")
}

// fill is a column of n equal values: the constant, or null if there is none. The caller releases it.
func (c *conversion) fill(n int) arrow.Array {
	if c.constant == nil {
		return c.nulls(n)
	}
	one := c.one(c.constant)
	defer one.Release()
	return c.repeat(one, n, nil, 0)
}

// nulls is a column of n nulls. The caller releases it.
func (c *conversion) nulls(n int) arrow.Array {
	one := c.one(&constant{})
	defer one.Release()
	return c.repeat(one, n, allocateBits(c.mem, n), n)
}

// repeat is a column of n times the one row of a, under a validity that it takes over. The caller releases it.
func (c *conversion) repeat(one arrow.Array, n int, valid *memory.Buffer, nulls int) arrow.Array {
	if d, ok := one.(*array.Dictionary); ok {
		return dictionary(c.repeat(d.Indices(), n, valid, nulls), d.Dictionary())
	}
	value := one.Data().Buffers()[1].Bytes()
	size := n * len(value)
	if one.DataType().ID() == arrow.BOOL {
		value, size = []byte{-(value[0] & 1)}, int(bitutil.BytesForBits(int64(n)))
	}
	buf := memory.NewResizableBuffer(c.mem)
	buf.Resize(size)
	fillBytes(buf.Bytes(), value)
	return assemble(one.DataType(), n, buf, valid, nulls)
}

// fillBytes repeats value over to, doubling what is there.
func fillBytes(to, value []byte) {
	for done := copy(to, value); done < len(to); done *= 2 {
		copy(to[done:], to[:done])
	}
}

// one is a column of one row. The caller releases it.
func (c *conversion) one(v *constant) arrow.Array {
	switch dt := c.ArrowType(c.env.IDs); dt.ID() {
	case arrow.FLOAT64:
		return single(c, dt, v.real)
	case arrow.DATE32:
		return single(c, dt, int32(v.whole))
	case arrow.BOOL:
		buf := allocateBits(c.mem, 1)
		bitutil.SetBitTo(buf.Bytes(), 0, v.whole == 1)
		return assemble(dt, 1, buf, nil, 0)
	case arrow.DICTIONARY:
		return c.oneText(v)
	default:
		return single(c, dt, v.whole)
	}
}

func single[T arrow.FixedWidthType](c *conversion, dt arrow.DataType, v T) arrow.Array {
	buf, values := allocate[T](c.mem, 1)
	values[0] = v
	return assemble(dt, 1, buf, nil, 0)
}

func (c *conversion) oneText(v *constant) arrow.Array {
	if c.Kind == contract.Enum {
		return dictionary(single(c, arrow.PrimitiveTypes.Uint32, uint32(v.whole)), c.names)
	}
	b := array.NewStringBuilder(c.mem)
	defer b.Release()
	b.Append(v.text)
	values := b.NewArray()
	defer values.Release()
	return dictionary(single(c, arrow.PrimitiveTypes.Uint32, uint32(0)), values)
}

// withDefault puts Default where nulls are, except in a nullable enumeration. It takes over a.
func (c *conversion) withDefault(a arrow.Array) arrow.Array {
	if c.fallback == nil || a.NullN() == 0 || c.Null && enumeration(c.Column) != nil {
		return a
	}
	defer a.Release()
	switch a := a.(type) {
	case *array.Dictionary:
		return c.withDefaultText(a)
	case *array.Boolean:
		return c.withDefaultBit(a)
	case *array.Float64:
		return replaceNulls(c, a, c.fallback.real)
	case *array.Date32:
		return replaceNulls(c, a, int32(c.fallback.whole))
	}
	return replaceNulls(c, a, c.fallback.whole)
}

// replaceNulls is a with v where it is null. The caller releases it.
func replaceNulls[T arrow.FixedWidthType](c *conversion, a arrow.Array, v T) arrow.Array {
	buf, to := allocate[T](c.mem, a.Len())
	copy(to, arrow.GetValues[T](a.Data(), 1))
	for i := range to {
		if a.IsNull(i) {
			to[i] = v
		}
	}
	return assemble(a.DataType(), a.Len(), buf, nil, 0)
}

func (c *conversion) withDefaultBit(a *array.Boolean) arrow.Array {
	buf := allocateBits(c.mem, a.Len())
	for i := range a.Len() {
		bitutil.SetBitTo(buf.Bytes(), i, a.IsValid(i) && a.Value(i) || a.IsNull(i) && c.fallback.whole == 1)
	}
	return assemble(a.DataType(), a.Len(), buf, nil, 0)
}

// withDefaultText is a with the default where it is null; open text gains it as one more value.
func (c *conversion) withDefaultText(a *array.Dictionary) arrow.Array {
	if c.Kind == contract.Enum {
		return dictionary(replaceNulls(c, a.Indices(), uint32(c.fallback.whole)), c.names)
	}
	old := a.Dictionary().(*array.String)
	b := array.NewStringBuilder(c.mem)
	defer b.Release()
	for i := range old.Len() {
		b.Append(old.Value(i))
	}
	b.Append(c.fallback.text)
	values := b.NewArray()
	defer values.Release()
	return dictionary(replaceNulls(c, a.Indices(), uint32(old.Len())), values)
}
