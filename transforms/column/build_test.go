package column_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// everyKind has a column of every kind, each required and nullable.
func everyKind() *contract.Table {
	t := &contract.Table{Name: "every_kind", Class: contract.Published}
	for _, null := range []bool{false, true} {
		suffix := map[bool]string{true: "_or_null"}[null]
		for _, c := range []contract.Column{
			{Name: "number_id", Kind: contract.ID, Domain: contract.Merchant}, {Name: "text_id", Kind: contract.ID, Domain: contract.Brand},
			{Name: "key", Kind: contract.Key}, {Name: "buyer", Kind: contract.Buyer}, {Name: "fen", Kind: contract.Fen}, {Name: "count", Kind: contract.Count},
			{Name: "real", Kind: contract.Real}, {Name: "bool", Kind: contract.Bool}, {Name: "instant", Kind: contract.Instant},
			{Name: "date", Kind: contract.Date}, {Name: "text", Kind: contract.Text}, {Name: "enum", Kind: contract.Enum, Values: contract.Scenes},
		} {
			c.Name, c.Null = c.Name+suffix, null
			t.Columns = append(t.Columns, c)
		}
	}
	return t
}

func newIDs() *column.IDs { return column.NewIDs(contract.IDTypes{contract.Brand: true}) }

// drawValue is a random value of a column as Int takes it.
func drawValue(t *rapid.T, ids *column.IDs, c contract.Column) int64 {
	if c.Null && rapid.Bool().Draw(t, "null") {
		return column.Null
	}
	whole := rapid.Int64Range(math.MinInt64+1, math.MaxInt64)
	if d := ids.Dict(c); d != nil {
		return d.Code(rapid.String().Draw(t, c.Name))
	}
	switch c.Kind {
	case contract.Bool:
		return rapid.Int64Range(0, 1).Draw(t, c.Name)
	case contract.Date:
		return int64(rapid.Int32().Draw(t, c.Name))
	case contract.Enum:
		return rapid.Int64Range(0, int64(len(c.Values)-1)).Draw(t, c.Name)
	case contract.Real:
		v := rapid.Float64().Filter(func(v float64) bool { return v != 0 }).Draw(t, c.Name)
		return int64(math.Float64bits(v))
	}
	return whole.Draw(t, c.Name)
}

func TestWhatIsBuiltIsReadBack(t *testing.T) {
	table := everyKind()
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		defer mem.AssertSize(checked{t}, 0)
		ids := newIDs()
		b := column.NewBuilder(table, ids)
		n := rapid.IntRange(0, 20).Draw(t, "rows")
		want := map[string][]int64{}
		for range n {
			for i, c := range table.Columns {
				v := drawValue(t, ids, c)
				want[c.Name] = append(want[c.Name], v)
				if c.Kind == contract.Real && v != column.Null {
					b.Columns()[i].Real(math.Float64frombits(uint64(v)))
				} else if d := ids.Dict(c); c.Kind == contract.Text && v != column.Null && v%2 == 0 {
					b.Column(c.Name).Int(d.Code(d.Value(v)))
				} else {
					b.Columns()[i].Int(v)
				}
			}
		}
		if b.Len() != n {
			t.Fatalf("%d rows", b.Len())
		}
		rec := b.Record(mem)
		defer rec.Release()
		if !rec.Schema().Equal(table.Schema(ids.Types)) {
			t.Fatalf("schema %s", rec.Schema())
		}
		f, err := ids.Frame(table, rec)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range table.Columns {
			if got := f.Column(c.Name); !slices.Equal(got, want[c.Name]) {
				t.Fatalf("column %s: %v, want %v", c.Name, got, want[c.Name])
			}
			if nulls := rec.Column(table.Index(c.Name)).NullN(); nulls != countNulls(want[c.Name]) {
				t.Fatalf("column %s: %d nulls", c.Name, nulls)
			}
		}
	})
}

// checked lets a rapid.T stand for the testing.T that the allocator asks for.
type checked struct{ t *rapid.T }

func (c checked) Errorf(format string, args ...any) { c.t.Errorf(format, args...) }
func (c checked) Helper()                           {}

func countNulls(values []int64) (n int) {
	for _, v := range values {
		if v == column.Null {
			n++
		}
	}
	return n
}

// small tables for single columns.
func oneColumn(c contract.Column) *contract.Table {
	c.Name = "c"
	return &contract.Table{Name: "one_column", Columns: []contract.Column{c}}
}

func TestMinusZeroIsZeroAndNotNull(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	table, ids := oneColumn(contract.Column{Kind: contract.Real, Null: true}), newIDs()
	b := column.NewBuilder(table, ids)
	c := b.Column("c")
	c.Real(math.Copysign(0, -1))
	c.Ratio(-1, 4)
	c.Ratio(0, -3)
	c.Ratio(1, 0)
	c.Ratio(column.Null, 1)
	c.Ratio(1, column.Null)
	rec := b.Record(mem)
	defer rec.Release()
	a := rec.Column(0).(*array.Float64)
	if got := fmt.Sprint(a.Value(0), a.Value(1), a.Value(2), math.Signbit(a.Value(0)), math.Signbit(a.Value(2))); got != "0 -0.25 0 false false" || a.NullN() != 3 {
		t.Errorf("%s, %d nulls", got, a.NullN())
	}
	foreign := array.NewFloat64Builder(mem)
	defer foreign.Release()
	foreign.AppendValues([]float64{math.Copysign(0, -1), 1.5}, nil)
	read := array.NewRecord(table.Schema(nil), []arrow.Array{foreign.NewArray()}, 2)
	defer read.Release()
	defer read.Column(0).Release()
	f, err := ids.Frame(table, read)
	if err != nil || f.Column("c")[0] != 0 || f.Column("c")[1] != int64(math.Float64bits(1.5)) {
		t.Errorf("read as %v, error %v", f.Column("c"), err)
	}
}

// words makes a dictionary column with the words in the order given.
func words(mem memory.Allocator, index arrow.DataType, dictionary []string, values ...int) arrow.Array {
	sb := array.NewStringBuilder(mem)
	defer sb.Release()
	sb.AppendValues(dictionary, nil)
	dict := sb.NewArray()
	defer dict.Release()
	ib := array.NewBuilder(mem, index)
	defer ib.Release()
	for _, v := range values {
		if v < 0 {
			ib.AppendNull()
		} else if err := ib.AppendValueFromString(fmt.Sprint(v)); err != nil {
			panic(err)
		}
	}
	indices := ib.NewArray()
	defer indices.Release()
	return array.NewDictionaryArray(&arrow.DictionaryType{IndexType: index, ValueType: arrow.BinaryTypes.String}, indices, dict)
}

func record(a arrow.Array) arrow.Record {
	schema := arrow.NewSchema([]arrow.Field{{Name: "c", Type: a.DataType(), Nullable: true}}, nil)
	return array.NewRecord(schema, []arrow.Array{a}, int64(a.Len()))
}

func TestDictionariesOfOtherWriters(t *testing.T) {
	ids := newIDs()
	scenes := contract.Column{Kind: contract.Enum, Values: contract.Scenes, Null: true}
	brands := contract.Column{Kind: contract.ID, Domain: contract.Brand, Null: true}
	dict := ids.Dict(brands)
	x, y := dict.Code("x"), dict.Code("y")
	u32, i8, text := arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Int8, arrow.BinaryTypes.String
	for _, c := range []struct {
		name   string
		column contract.Column
		index  arrow.DataType
		words  []string
		values []int
		want   []int64
		err    string
	}{
		{"an enumeration in another order", scenes, u32, []string{"other", "live"}, []int{1, 0, 1}, []int64{contract.SceneLive, contract.SceneOther, contract.SceneLive}, ""},
		{"with nulls", scenes, u32, []string{"mall"}, []int{0, -1}, []int64{contract.SceneMall, column.Null}, ""},
		{"with other indices", scenes, i8, []string{"search", "shop"}, []int{1, -1, 0}, []int64{contract.SceneShop, column.Null, contract.SceneSearch}, ""},
		{"a value the contract does not know", scenes, u32, []string{"live", "dungeon"}, []int{0}, nil, `unknown value "dungeon"`},
		{"identifiers known already", brands, u32, []string{"y", "x"}, []int{0, 1, -1}, []int64{y, x, column.Null}, ""},
		{"plain strings", brands, text, []string{"y", "x"}, []int{0, 1, -1}, []int64{y, x, column.Null}, ""},
		{"plain strings in a row", brands, text, []string{"y", "x"}, []int{-1, 1, 1, -1, 1, 0, 0, -1, 1}, []int64{column.Null, x, x, column.Null, x, y, y, column.Null, x}, ""},
		{"plain strings of an enumeration", scenes, text, []string{"dungeon"}, []int{0}, nil, `unknown value "dungeon"`},
		{"text where numbers are", contract.Column{Kind: contract.ID, Domain: contract.Merchant}, u32, []string{"m"}, []int{0}, nil, "found STRING where merchant is INT64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
			defer mem.AssertSize(t, 0)
			var a arrow.Array
			if c.index == text {
				sb := array.NewStringBuilder(mem)
				defer sb.Release()
				for _, v := range c.values {
					if v < 0 {
						sb.AppendNull()
					} else {
						sb.Append(c.words[v])
					}
				}
				a = sb.NewArray()
			} else {
				a = words(mem, c.index, c.words, c.values...)
			}
			defer a.Release()
			rec := record(a)
			defer rec.Release()
			f, err := ids.Frame(oneColumn(c.column), rec)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), "table one_column: column c") {
					t.Errorf("error %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, f.Column("c")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Files of before a domain became text hold its identifiers as numbers: 1001 is "1001", never what code 1001 stands for, however
// the file is read.
func TestNumbersOfADomainThatIsTextNowAreTheirTexts(t *testing.T) {
	table := oneColumn(contract.Column{Kind: contract.ID, Domain: contract.Brand, Null: true})
	rapid.Check(t, func(t *rapid.T) {
		ids := newIDs()
		dict := ids.Dict(table.Columns[0])
		for i := range 5 {
			dict.Code(strconv.Itoa(10 + i)) // so that small numbers would be codes of others
		}
		b := array.NewInt64Builder(memory.DefaultAllocator)
		numbers := rapid.SliceOf(rapid.OneOf(rapid.Int64Range(0, 12), rapid.Int64Range(math.MinInt64+1, math.MaxInt64))).Draw(t, "numbers")
		valid := rapid.SliceOfN(rapid.Bool(), len(numbers), len(numbers)).Draw(t, "valid")
		if rapid.Bool().Draw(t, "none is null") {
			valid = slices.Repeat([]bool{true}, len(numbers))
		}
		b.AppendValues(numbers, valid)
		rec := record(b.NewArray())
		framed, err := ids.Frame(table, rec)
		if err != nil {
			t.Fatal(err)
		}
		refilled, filled, decoded := column.NewFrame(0), column.NewFrame(len(numbers)), column.NewFrame(len(numbers))
		decoded.Set("c", slices.Clone(rec.Column(0).(*array.Int64).Int64Values()))
		err = errors.Join(ids.Refill(refilled, table, rec), ids.Fill(filled, 0, table, rec), ids.Fill(decoded, 0, table, record(inPlace(decoded.Column("c"), rec.Column(0)))))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []*column.Frame{framed, refilled, filled, decoded} {
			for i, code := range f.Column("c") {
				switch {
				case !valid[i] && code != column.Null:
					t.Fatalf("null is read as code %d", code)
				case valid[i] && (code == column.Null || dict.Value(code) != strconv.FormatInt(numbers[i], 10)):
					t.Fatalf("%d is read as code %d", numbers[i], code)
				}
			}
		}
	})
}

// inPlace is an array whose values were decoded into a frame.
func inPlace(values []int64, as arrow.Array) arrow.Array {
	data := array.NewData(as.DataType(), as.Len(), []*memory.Buffer{as.Data().Buffers()[0], memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(values))}, nil, as.NullN(), 0)
	return array.NewInt64Data(data)
}

func TestTypesTheEngineDoesNotReadAreRefused(t *testing.T) {
	b := array.NewUint8Builder(memory.DefaultAllocator)
	b.Append(1)
	_, err := newIDs().Frame(oneColumn(contract.Column{Kind: contract.Count}), record(b.NewArray()))
	if err == nil || !strings.Contains(err.Error(), "type uint8 is not one the engine reads") {
		t.Errorf("error %v", err)
	}
	_, err = newIDs().Frame(oneColumn(contract.Column{Kind: contract.Text}), record(array.NewDictionaryArray(
		&arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.PrimitiveTypes.Int64}, emptyOf(arrow.PrimitiveTypes.Int8), emptyOf(arrow.PrimitiveTypes.Int64))))
	if err == nil || !strings.Contains(err.Error(), "dictionary of int64, want STRING") {
		t.Errorf("error %v", err)
	}
}

func emptyOf(t arrow.DataType) arrow.Array {
	return array.NewBuilder(memory.DefaultAllocator, t).NewArray()
}

func TestColumnsThatAreNotDeclaredAreLeftOut(t *testing.T) {
	b := array.NewInt64Builder(memory.DefaultAllocator)
	b.AppendValues([]int64{1, 2}, nil)
	a := b.NewArray()
	schema := arrow.NewSchema([]arrow.Field{{Name: "c", Type: a.DataType()}, {Name: "extra", Type: a.DataType()}}, nil)
	f, err := newIDs().Frame(oneColumn(contract.Column{Kind: contract.Count}), array.NewRecord(schema, []arrow.Array{a, a}, 2))
	if err != nil || !f.Has("c") || f.Has("extra") || f.Bytes() != 16 {
		t.Errorf("error %v, %d bytes", err, f.Bytes())
	}
}

func TestWrongUseIsABug(t *testing.T) {
	table := oneColumn(contract.Column{Kind: contract.Real})
	two := &contract.Table{Name: "two", Columns: []contract.Column{{Name: "a", Kind: contract.Count}, {Name: "b", Kind: contract.Count}}}
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"a null in a required column", func() { column.NewBuilder(table, newIDs()).Column("c").Int(column.Null) }},
		{"no number", func() { column.NewBuilder(table, newIDs()).Column("c").Real(math.NaN()) }},
		{"infinity", func() { column.NewBuilder(table, newIDs()).Column("c").Real(math.Inf(1)) }},
		{"a column nobody declared", func() { column.NewBuilder(table, newIDs()).Column("d") }},
		{"a null among many of a required column", func() {
			b := column.NewBuilder(two, newIDs())
			b.Column("a").Extend(1)[0] = column.Null
			b.Column("b").Int(1)
			b.Record(memory.DefaultAllocator)
		}},
		{"reals as integers of a flag", func() {
			column.NewBuilder(oneColumn(contract.Column{Kind: contract.Bool}), newIDs()).Column("c").Extend(1)
		}},
		{"columns of unequal length", func() {
			b := column.NewBuilder(two, newIDs())
			b.Column("a").Int(1)
			b.Record(memory.DefaultAllocator)
		}},
		{"a column the frame has not", func() { column.NewFrame(1).Column("c") }},
		{"a column of another length", func() { column.NewFrame(1).Set("c", nil) }},
		{"texts the frame has not", func() { column.NewFrame(1).Texts("c") }},
		{"texts of another length", func() { column.NewFrame(1).SetTexts("c", nil) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("nobody noticed")
				}
			}()
			c.do()
		})
	}
}

// drawRecord draws a record of up to 20 rows.
func drawRecord(t *rapid.T, ids *column.IDs, table *contract.Table) arrow.Record {
	b := column.NewBuilder(table, ids)
	n := rapid.IntRange(0, 20).Draw(t, "rows")
	for i, c := range table.Columns {
		for range n {
			b.Columns()[i].Int(drawValue(t, ids, c))
		}
	}
	return b.Record(memory.DefaultAllocator)
}

// One frame takes one record after another, shorter and longer ones, with and without nulls.
func TestARefilledFrameIsTheFrameOfItsRecord(t *testing.T) {
	table := everyKind()
	rapid.Check(t, func(t *rapid.T) {
		ids, got := newIDs(), column.NewFrame(0)
		for range rapid.IntRange(1, 4).Draw(t, "records") {
			rec := drawRecord(t, ids, table)
			want, err := ids.Frame(table, rec)
			if err != nil {
				t.Fatal(err)
			}
			if err := ids.Refill(got, table, rec); err != nil {
				t.Fatal(err)
			}
			for _, c := range table.Columns {
				if !slices.Equal(got.Column(c.Name), want.Column(c.Name)) {
					t.Fatalf("column %s: %v, want %v", c.Name, got.Column(c.Name), want.Column(c.Name))
				}
			}
			if got.N != want.N {
				t.Fatalf("%d rows, want %d", got.N, want.N)
			}
			rec.Release()
		}
	})
}

// Records that are filled in one after the other are the frame of all their rows, and what the records are made of may be used again.
func TestFramesAreFilledInOrder(t *testing.T) {
	table := everyKind()
	rapid.Check(t, func(t *rapid.T) {
		ids := newIDs()
		rec := drawRecord(t, ids, table)
		defer rec.Release()
		want, err := ids.Frame(table, rec)
		if err != nil {
			t.Fatal(err)
		}
		n := want.N
		got := column.NewFrame(n)
		for at := 0; at < n; {
			to := at + rapid.IntRange(1, n-at).Draw(t, "taken")
			part := rec.NewSlice(int64(at), int64(to))
			if err := ids.Fill(got, at, table, part); err != nil {
				t.Fatal(err)
			}
			part.Release()
			at = to
		}
		if n == 0 {
			return
		}
		for _, c := range table.Columns {
			if !slices.Equal(got.Column(c.Name), want.Column(c.Name)) {
				t.Fatalf("column %s: %v, want %v", c.Name, got.Column(c.Name), want.Column(c.Name))
			}
		}
	})
}

func TestFillNamesTheColumn(t *testing.T) {
	ids, table := newIDs(), everyKind()
	b := column.NewBuilder(&contract.Table{Name: "other", Columns: []contract.Column{{Name: "enum", Kind: contract.Enum, Values: []string{"unheard of"}}}}, ids)
	b.Columns()[0].Int(0)
	rec := b.Record(memory.DefaultAllocator)
	defer rec.Release()
	if err := ids.Fill(column.NewFrame(1), 0, table, rec); err == nil || !strings.Contains(err.Error(), "table every_kind: column enum: unknown value") {
		t.Errorf("error %v", err)
	}
}

// Many values at once are the same values as one by one.
func TestManyValuesAtOnce(t *testing.T) {
	table := everyKind()
	rapid.Check(t, func(t *rapid.T) {
		mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
		defer mem.AssertSize(checked{t}, 0)
		ids := newIDs()
		b := column.NewBuilder(table, ids)
		for range 2 { // the second time in the memory of the first record
			b.Reset()
			want := map[string][]int64{}
			n := rapid.IntRange(0, 5).Draw(t, "times")
			b.Grow(n)
			for i, c := range table.Columns {
				for range n {
					v, times := drawValue(t, ids, c), rapid.IntRange(0, 3).Draw(t, "repeated")
					b.Columns()[i].Repeat(v, times)
					b.Columns()[i].Ints([]int64{v, v})
					want[c.Name] = append(want[c.Name], slices.Repeat([]int64{v}, times+2)...)
				}
			}
			for i, c := range table.Columns { // to equal lengths
				last := int64(0)
				if ids.Dict(c) != nil {
					last = ids.Dict(c).Code("last")
				}
				missing := 25 - b.Columns()[i].Len()
				b.Columns()[i].Repeat(last, missing)
				want[c.Name] = append(want[c.Name], slices.Repeat([]int64{last}, missing)...)
			}
			rec := b.Record(mem)
			f, err := ids.Frame(table, rec)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range table.Columns {
				if got := f.Column(c.Name); !slices.Equal(got, want[c.Name]) {
					t.Fatalf("column %s: %v, want %v", c.Name, got, want[c.Name])
				}
			}
			rec.Release()
		}
	})
}

func TestEntriesAndCodes(t *testing.T) {
	ids := newIDs()
	table := &contract.Table{Name: "two", Columns: []contract.Column{{Name: "text", Kind: contract.Text}, {Name: "scene", Kind: contract.Enum, Values: contract.Scenes}}}
	b := column.NewBuilder(table, ids)
	text := b.Column("text")
	text.RepeatEntry(text.Entry([]byte("a")), 2)
	text.RepeatEntry(text.Entry([]byte("")), 0)
	text.Text("b")
	code := ids.TextDict().Code("coded")
	text.Entries([]uint32{text.EntryOf(code), text.EntryOf(code)})
	scene := b.Column("scene")
	scene.Codes([]uint8{1, 0, 1}, []int64{contract.SceneShop, contract.SceneMall})
	scene.Entries([]uint32{scene.EntryOf(contract.SceneMall), scene.EntryOf(contract.SceneShop)})
	rec := b.Record(memory.DefaultAllocator)
	defer rec.Release()
	var got []string
	for i := range 5 {
		got = append(got, rec.Column(0).ValueStr(i)+" "+rec.Column(1).ValueStr(i))
	}
	if want := []string{"a mall", "a shop", "b mall", "coded mall", "coded shop"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAppendSubjectWritesWhatSubjectTextDoes(t *testing.T) {
	ids := column.NewIDs(contract.IDTypes{contract.Merchant: true})
	code := ids.Dict(contract.Column{Kind: contract.ID, Domain: contract.Merchant}).Code("shop 7")
	for _, s := range contract.Scopes() {
		for _, subject := range []int64{code, column.Null, 0} {
			if got, want := string(ids.AppendSubject(nil, s, subject)), ids.SubjectText(s, subject); got != want {
				t.Errorf("%s %d: %q, want %q", s.Name(), subject, got, want)
			}
		}
		if texts := ids.Strings(s.Domain); (s.Domain == contract.Merchant) != (len(texts) == 1) {
			t.Errorf("%s: texts %q", s.Name(), texts)
		}
	}
}
