package column

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unsafe"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/windvane/windvane/transforms/contract"
)

// Frame is a batch of rows as int64 columns, by the names of a contract table. Columns of text may stand in it as texts.
type Frame struct {
	N       int
	columns map[string][]int64
	texts   map[string][]string
	own     map[string][]int64 // memory of converted columns, for Refill
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

// Texts is the named column of text that was left as it stands, N texts. As with Column, one that the frame does not have
// is a bug.
func (f *Frame) Texts(name string) []string {
	t, ok := f.texts[name]
	if !ok {
		panic(fmt.Sprintf("column: frame has no texts of %s", name))
	}
	return t
}

// SetTexts adds or replaces a column of N texts.
func (f *Frame) SetTexts(name string, texts []string) {
	if len(texts) != f.N {
		panic(fmt.Sprintf("column: %s has %d texts, the frame %d rows", name, len(texts), f.N))
	}
	if f.texts == nil {
		f.texts = map[string][]string{}
	}
	f.texts[name] = texts
}

// Slice is a frame of rows [from, to), which it shares. Texts are not in it, nor in frames that Keep and With make.
func (f *Frame) Slice(from, to int) *Frame {
	out := &Frame{N: to - from, columns: make(map[string][]int64, len(f.columns))}
	for name, values := range f.columns {
		out.columns[name] = values[from:to]
	}
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
// everything else is converted, and so are INT64 identifiers where they are text now: 1001 is "1001" then. Columns the table does not declare are left out. Reals keep their
// IEEE bits. The dictionaries of enumerations may be in any order; a value the contract does not
// know is an error.
//
// The columns named as texts stay texts, which share the record's memory; a null is empty. So are read ids of subjects, of
// which there are as many as rows: in the dictionary of free text they would cost more than the table.
func (ids *IDs) Frame(t *contract.Table, rec arrow.Record, texts ...string) (*Frame, error) {
	f := NewFrame(int(rec.NumRows()))
	for i, field := range rec.Schema().Fields() {
		at := t.Index(field.Name)
		if at < 0 {
			continue
		}
		if slices.Contains(texts, field.Name) {
			v, err := textsOf(rec.Column(i))
			if err != nil {
				return nil, inColumn(t, field.Name, err)
			}
			f.SetTexts(field.Name, v)
			continue
		}
		v, err := ids.values(t.Columns[at], rec.Column(i))
		if err != nil {
			return nil, inColumn(t, field.Name, err)
		}
		f.Set(field.Name, v)
	}
	return f, nil
}

// Refill makes f the frame of another record of table t, in the memory of the columns that it converted before: fresh memory
// costs a page fault for every 4 KiB. What f held, also for those it was shared with, is gone.
func (ids *IDs) Refill(f *Frame, t *contract.Table, rec arrow.Record) error {
	f.N = int(rec.NumRows())
	clear(f.columns)
	clear(f.texts)
	if f.own == nil {
		f.own = map[string][]int64{}
	}
	for i, field := range rec.Schema().Fields() {
		at := t.Index(field.Name)
		if at < 0 {
			continue
		}
		values, shared := ids.sharedValues(t.Columns[at], rec.Column(i))
		if !shared {
			if values = f.own[field.Name]; cap(values) < f.N {
				values = make([]int64, f.N)
			}
			values = values[:f.N]
			f.own[field.Name] = values
			if err := ids.convert(values, t.Columns[at], rec.Column(i)); err != nil {
				return inColumn(t, field.Name, err)
			}
		}
		f.Set(field.Name, values)
	}
	return nil
}

// Fill puts the rows of a record of table t into the frame from row at on, as Frame views them. Columns that the frame
// lacks are made, for all its rows. Nothing of the record is kept.
func (ids *IDs) Fill(f *Frame, at int, t *contract.Table, rec arrow.Record) error {
	for i, field := range rec.Schema().Fields() {
		j := t.Index(field.Name)
		if j < 0 {
			continue
		}
		if !f.Has(field.Name) {
			f.Set(field.Name, make([]int64, f.N))
		}
		if err := ids.convert(f.Column(field.Name)[at:at+int(rec.NumRows())], t.Columns[j], rec.Column(i)); err != nil {
			return inColumn(t, field.Name, err)
		}
	}
	return nil
}

func inColumn(t *contract.Table, name string, err error) error {
	return fmt.Errorf("table %s: column %s: %w", t.Name, name, err)
}

// values are those of an array, shared where they can be.
func (ids *IDs) values(c contract.Column, a arrow.Array) ([]int64, error) {
	if values, shared := ids.sharedValues(c, a); shared {
		return values, nil
	}
	out := make([]int64, a.Len())
	return out, ids.convert(out, c, a)
}

// sharedValues are those of an array that a frame can share.
func (ids *IDs) sharedValues(c contract.Column, a arrow.Array) (values []int64, shared bool) {
	values = wideValues(a)
	return values, values != nil && a.NullN() == 0 && ids.Dict(c) == nil
}

// wideValues are those of an array that holds int64, nil for others and for none.
func wideValues(a arrow.Array) []int64 {
	switch a := a.(type) {
	case *array.Int64:
		return a.Int64Values()
	case *array.Timestamp:
		v := a.TimestampValues()
		return unsafe.Slice((*int64)(unsafe.Pointer(unsafe.SliceData(v))), len(v))
	}
	return nil
}

// convert puts the values of an array into out, which is as long.
func (ids *IDs) convert(out []int64, c contract.Column, a arrow.Array) error {
	switch a := a.(type) {
	case *array.Int64, *array.Timestamp:
		if dict := ids.Dict(c); dict != nil {
			numberCodes(out, dict, a)
			return nil
		}
		if values := wideValues(a); unsafe.SliceData(values) != unsafe.SliceData(out) { // else the record was decoded into the frame
			copy(out, values)
		}
		setNulls(out, a)
	case *array.Date32:
		for i, v := range a.Date32Values() {
			out[i] = int64(v)
		}
		setNulls(out, a)
	case *array.Boolean:
		for i := range out {
			if out[i] = 0; a.Value(i) {
				out[i] = 1
			}
		}
		setNulls(out, a)
	case *array.Float64:
		for i, v := range a.Float64Values() {
			out[i] = realBits(v)
		}
		setNulls(out, a)
	case *array.Dictionary:
		return ids.codes(out, c, a)
	case *array.String:
		return ids.stringCodes(out, c, a)
	default:
		return fmt.Errorf("type %s is not one the engine reads", a.DataType())
	}
	return nil
}

// textsOf are the texts of an array, which they share.
func textsOf(a arrow.Array) ([]string, error) {
	out := make([]string, a.Len())
	switch a := a.(type) {
	case *array.String:
		for i := range out {
			if a.IsValid(i) {
				out[i] = a.Value(i)
			}
		}
	case *array.Dictionary:
		words, err := wordsOf(a)
		if err != nil {
			return nil, err
		}
		for i := range out {
			if a.IsValid(i) {
				out[i] = words.Value(a.GetValueIndex(i))
			}
		}
	default:
		return nil, fmt.Errorf("type %s is no text", a.DataType())
	}
	return out, nil
}

func wordsOf(a *array.Dictionary) (*array.String, error) {
	words, ok := a.Dictionary().(*array.String)
	if !ok {
		return nil, fmt.Errorf("dictionary of %s, want STRING", a.Dictionary().DataType())
	}
	return words, nil
}

func (ids *IDs) codes(out []int64, c contract.Column, a *array.Dictionary) error {
	words, err := wordsOf(a)
	if err != nil {
		return err
	}
	table, dict := make([]int64, words.Len()), ids.Dict(c)
	for i := range table {
		code, err := codeIn(dict, c, words.Value(i))
		if err != nil {
			return err
		}
		table[i] = code
	}
	indices, ok := a.Indices().(*array.Uint32)
	if !ok {
		for i := range out {
			if out[i] = Null; a.IsValid(i) {
				out[i] = table[a.GetValueIndex(i)]
			}
		}
		return nil
	}
	if a.NullN() == a.Len() { // the dictionary may be empty
		setNulls(out, a)
		return nil
	}
	for i, x := range indices.Uint32Values() {
		out[i] = table[x]
	}
	setNulls(out, a)
	return nil
}

// stringCodes looks a string up once where it comes several times in a row, as subjects do.
func (ids *IDs) stringCodes(out []int64, c contract.Column, a *array.String) error {
	last, dict := -1, ids.Dict(c)
	for i := range out {
		switch {
		case a.IsNull(i):
			out[i] = Null
			continue
		case last >= 0 && a.Value(i) == a.Value(last):
			out[i] = out[last]
		default:
			code, err := codeIn(dict, c, a.Value(i))
			if err != nil {
				return err
			}
			out[i] = code
		}
		last = i
	}
	return nil
}

// numberCodes are the codes of the decimal texts of numbers: files of before a domain became text hold its identifiers so. The
// numbers may stand in out.
func numberCodes(out []int64, dict *Dict, a arrow.Array) {
	last, code := int64(Null), int64(Null)
	for i, v := range wideValues(a) {
		if a.IsNull(i) {
			out[i] = Null
			continue
		}
		if v != last {
			last, code = v, dict.Code(strconv.FormatInt(v, 10))
		}
		out[i] = code
	}
}

// codeIn is the code of a value of a column that has the dictionary, nil if it has none.
func codeIn(d *Dict, c contract.Column, s string) (int64, error) {
	if c.Kind == contract.Enum {
		if code := c.Code(s); code >= 0 {
			return int64(code), nil
		}
		return 0, fmt.Errorf("unknown value %q, want one of %v", s, c.Values)
	}
	if d == nil {
		return 0, fmt.Errorf("found STRING where %v is INT64 in this deployment; say ids: {%v: string} in the configuration", c.Domain, c.Domain)
	}
	return d.Code(s), nil
}
