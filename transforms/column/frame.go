package column

import (
	"fmt"
	"iter"
	"maps"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/windvane/windvane/transforms/contract"
)

// Frame is a batch of rows as int64 columns, by the names of a contract table.
type Frame struct {
	N       int
	columns map[string][]int64
}

// Column is the named column, N values. A column the frame does not have is a bug and panics.
func (f *Frame) Column(name string) []int64 {
	c, ok := f.columns[name]
	if !ok {
		panic(fmt.Sprintf("column: frame has no column %s", name))
	}
	return c
}

// Has tells whether the frame has the column.
func (f *Frame) Has(name string) bool { _, ok := f.columns[name]; return ok }

// Set adds or replaces a column of N values.
func (f *Frame) Set(name string, values []int64) {
	if len(values) != f.N {
		panic(fmt.Sprintf("column: %s has %d values, the frame %d rows", name, len(values), f.N))
	}
	f.columns[name] = values
}

// With is the frame with another column in the place of one; the others are shared.
func (f *Frame) With(name string, values []int64) *Frame {
	out := &Frame{N: f.N, columns: maps.Clone(f.columns)}
	out.Set(name, values)
	return out
}

// Keep is a frame of the rows that are wanted.
func (f *Frame) Keep(wanted func(row int) bool) *Frame {
	var rows []int
	for i := range f.N {
		if wanted(i) {
			rows = append(rows, i)
		}
	}
	out := NewFrame(len(rows))
	for name, values := range f.columns {
		kept := make([]int64, len(rows))
		for j, i := range rows {
			kept[j] = values[i]
		}
		out.Set(name, kept)
	}
	return out
}

// Bytes is the memory the columns hold.
func (f *Frame) Bytes() int64 { return int64(f.N) * 8 * int64(len(f.columns)) }

// NewFrame makes a frame of n rows without columns.
func NewFrame(n int) *Frame { return &Frame{N: n, columns: map[string][]int64{}} }

// Frame views a record of table t as int64 columns: INT64 without nulls is shared with the record,
// everything else is converted. Columns the table does not declare are left out. Reals keep their
// IEEE bits. The dictionaries of enumerations may be in any order; a value the contract does not
// know is an error.
func (ids *IDs) Frame(t *contract.Table, rec arrow.Record) (*Frame, error) {
	f := NewFrame(int(rec.NumRows()))
	for i, field := range rec.Schema().Fields() {
		at := t.Index(field.Name)
		if at < 0 {
			continue
		}
		v, err := ids.values(t.Columns[at], rec.Column(i))
		if err != nil {
			return nil, fmt.Errorf("table %s: column %s: %w", t.Name, field.Name, err)
		}
		f.Set(field.Name, v)
	}
	return f, nil
}

func (ids *IDs) values(c contract.Column, a arrow.Array) ([]int64, error) {
	switch a := a.(type) {
	case *array.Int64:
		return withNulls(a, a.Int64Values()), nil
	case *array.Timestamp:
		v := a.TimestampValues()
		return withNulls(a, unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(v))), len(v))), nil
	case *array.Date32:
		return gather(a, func(i int) int64 { return int64(a.Value(i)) }), nil
	case *array.Boolean:
		return gather(a, func(i int) int64 {
			if a.Value(i) {
				return 1
			}
			return 0
		}), nil
	case *array.Float64:
		return gather(a, func(i int) int64 { return realBits(a.Value(i)) }), nil
	case *array.Dictionary:
		return ids.codes(c, a)
	case *array.String:
		return ids.stringCodes(c, a)
	}
	return nil, fmt.Errorf("type %s is not one the engine reads", a.DataType())
}

// withNulls puts Null where the bitmap says so. It has no branch: nulls come at random.
func withNulls(a arrow.Array, values []int64) []int64 {
	if a.NullN() == 0 {
		return values
	}
	out := make([]int64, len(values))
	bitmap, offset := a.NullBitmapBytes(), a.Data().Offset()
	for i, v := range values {
		at := offset + i
		there := -int64(bitmap[at>>3] >> (at & 7) & 1)
		out[i] = v&there | Null&^there
	}
	return out
}

func gather(a arrow.Array, value func(int) int64) []int64 {
	out := make([]int64, a.Len())
	for i := range out {
		if a.IsNull(i) {
			out[i] = Null
		} else {
			out[i] = value(i)
		}
	}
	return out
}

// codes translates the dictionary once and gathers by index.
func (ids *IDs) codes(c contract.Column, a *array.Dictionary) ([]int64, error) {
	words, ok := a.Dictionary().(*array.String)
	if !ok {
		return nil, fmt.Errorf("dictionary of %s, want STRING", a.Dictionary().DataType())
	}
	table := make([]int64, words.Len())
	for i := range table {
		code, err := ids.code(c, words.Value(i))
		if err != nil {
			return nil, err
		}
		table[i] = code
	}
	indices, ok := a.Indices().(*array.Uint32)
	if !ok {
		return gather(a, func(i int) int64 { return table[a.GetValueIndex(i)] }), nil
	}
	raw := indices.Uint32Values()
	if a.NullN() > 0 {
		return gather(a, func(i int) int64 { return table[raw[i]] }), nil
	}
	out := make([]int64, len(raw))
	for i, x := range raw {
		out[i] = table[x]
	}
	return out, nil
}

// stringCodes looks a string up once where it comes several times in a row, as subjects do.
func (ids *IDs) stringCodes(c contract.Column, a *array.String) ([]int64, error) {
	out := make([]int64, a.Len())
	last := -1
	for i := range out {
		switch {
		case a.IsNull(i):
			out[i] = Null
			continue
		case last >= 0 && a.Value(i) == a.Value(last):
			out[i] = out[last]
		default:
			code, err := ids.code(c, a.Value(i))
			if err != nil {
				return nil, err
			}
			out[i] = code
		}
		last = i
	}
	return out, nil
}

func (ids *IDs) code(c contract.Column, s string) (int64, error) {
	if c.Kind == contract.Enum {
		if code := c.Code(s); code >= 0 {
			return int64(code), nil
		}
		return 0, fmt.Errorf("unknown value %q, want one of %v", s, c.Values)
	}
	d := ids.Dict(c)
	if d == nil {
		return 0, fmt.Errorf("found STRING where %v is INT64 in this deployment; say ids: {%v: string} in the configuration", c.Domain, c.Domain)
	}
	return d.Code(s), nil
}

// Concat joins frames that have the same columns, in order; they are rows rows in all. No frame is held longer than until
// the next one comes. A single one is given back as it is.
func Concat(names []string, rows int, parts iter.Seq2[*Frame, error]) (*Frame, error) {
	out := NewFrame(0)
	for part, err := range parts {
		if err != nil {
			return nil, err
		}
		if part.N == rows {
			return part, nil
		}
		for _, name := range names {
			values := part.Column(name)
			if out.columns[name] == nil {
				out.columns[name] = make([]int64, 0, rows)
			}
			out.columns[name] = append(out.columns[name], values...)
		}
		out.N += part.N
	}
	for _, name := range names {
		out.Set(name, out.columns[name])
	}
	return out, nil
}
