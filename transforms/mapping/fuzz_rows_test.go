package mapping_test

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

// everyKind has a column of every kind, required and nullable ones, with and without a range.
var everyKind = &contract.Table{
	Name: "everything", Class: contract.Event, DayOf: []string{"paid_at", "closed_at"}, Latest: "updated_at",
	Columns: []contract.Column{
		{Name: "merchant_id", Kind: contract.ID, Domain: contract.Merchant},
		{Name: "talent_id", Kind: contract.ID, Domain: contract.Talent, Null: true},
		{Name: "order_id", Kind: contract.Key},
		{Name: "buyer_id", Kind: contract.Buyer, Null: true},
		{Name: "paid_fen", Kind: contract.Fen},
		{Name: "change_fen", Kind: contract.Fen, Null: true, Signed: true},
		{Name: "stars", Kind: contract.Count, Null: true, Min: ref(1), Max: ref(5)},
		{Name: "steps", Kind: contract.Count, Null: true, Signed: true},
		{Name: "share", Kind: contract.Real, Null: true, Min: ref(0), Max: ref(1)},
		{Name: "change", Kind: contract.Real, Null: true, Signed: true},
		{Name: "risk", Kind: contract.Bool, Null: true},
		{Name: "paid_at", Kind: contract.Instant},
		{Name: "closed_at", Kind: contract.Instant, Null: true},
		{Name: "born", Kind: contract.Date, Null: true},
		{Name: "scene", Kind: contract.Enum, Values: []string{"live", "other"}, Copied: true},
		{Name: "note", Kind: contract.Text, Null: true},
	},
}

// Ways to map it: as it is, foreign units and codes, with defaults, with conditions and constants.
var everyKindSpecs = []mapping.Table{
	{},
	{Tolerance: 12 * time.Hour, Columns: map[string]mapping.Column{
		"paid_fen": {Unit: "yuan"}, "change_fen": {Unit: "fen"}, "paid_at": {Unit: "ms", Zone: "UTC"}, "closed_at": {Unit: "ns"}, "born": {Unit: "s", Zone: "America/New_York"},
		"scene": {Values: map[string]*string{"1": text("live"), "2": text("other"), "true": text("live"), "": text("other")}},
		"risk":  {Values: map[string]*string{"Y": text("true"), "0": text("false"), "?": nil}},
	}},
	{Columns: map[string]mapping.Column{
		"paid_fen": {Unit: "yuan", Default: text("0.01")}, "stars": {Default: text("3")}, "share": {Default: text("0.5")}, "paid_at": {Unit: "us", Default: text("2026-01-31 00:00:00")},
		"scene": {Default: text("other")}, "note": {Default: text("none")}, "merchant_id": {Default: text("7")},
	}},
	{Columns: map[string]mapping.Column{
		"change_fen": {Unit: "yuan", When: map[string][]string{"note": {"1", "2"}}}, "share": {When: map[string][]string{"scene": {"live"}}},
		"talent_id": {Constant: text("12")}, "closed_at": {Constant: text("2026-01-31 23:59:59")}, "stars": {When: map[string][]string{"note": {""}, "scene": {"live", "1"}}},
	}},
}

// sourceTypes are those that files have and the reader delivers.
var sourceTypes = []arrow.DataType{
	i64, str, dict, f64, dec(12, 2), utcUS, boolean, i32, u64, bin, dec(38, 0), f32, local, utcMS, utcNS, date32, date64,
	arrow.PrimitiveTypes.Uint32, arrow.PrimitiveTypes.Int8, dec(38, 18), &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: i64}, arrow.Null,
}

// tokens are texts that mean something to some column.
var tokens = []string{"", "0", "1", "2", "-1", "58.90", "-0.01", "1e3", "NaN", "Inf", "92233720368547758.08", "-9223372036854775808", "true", "Y", "live", "other",
	"2026-01-31", "2026-01-31 08:00:00", "2026-01-31T23:59:59.999999+08:00", "0001-01-01", "9999-12-31 23:59:59", "a\x00b", "\xff", "\ufeff=1+1", "风", strings.Repeat("x", mapping.MaxText+1)}

// draw takes what the fuzzer gives apart; at its end it gives zeros.
type draw struct{ rest []byte }

func (d *draw) number(below int) int {
	if len(d.rest) == 0 {
		return 0
	}
	v := int(d.rest[0]) % below
	d.rest = d.rest[1:]
	return v
}

func (d *draw) bytes(n int) []byte {
	n = min(n, len(d.rest))
	v := d.rest[:n]
	d.rest = d.rest[n:]
	return v
}

// bits are small numbers as often as any.
func (d *draw) bits() int64 {
	switch d.number(6) {
	case 0:
		return int64(d.number(9)) - 2
	case 1: // a moment of the partition's day, in µs
		return 1769792400_000_000 + int64(d.number(256))*337_500_000
	case 2:
		return []int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64, math.MinInt32, math.MaxInt32, 1 << 53, contract.Nobody, 20484}[d.number(8)]
	}
	var b [8]byte
	copy(b[:], d.bytes(8))
	return int64(binary.LittleEndian.Uint64(b[:]))
}

func (d *draw) float() float64 {
	switch d.number(4) {
	case 0:
		return []float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(1), math.Inf(-1), 0.5, math.MaxFloat64, math.SmallestNonzeroFloat64}[d.number(8)]
	case 1:
		return float64(d.number(500)) / 100
	}
	return math.Float64frombits(uint64(d.bits()))
}

func (d *draw) text() string {
	if n := d.number(len(tokens) + 8); n < len(tokens) {
		return tokens[n]
	}
	return string(d.bytes(d.number(24)))
}

// cell appends any value of the builder's type, or a null.
func (d *draw) cell(b array.Builder) {
	if d.number(8) == 7 {
		b.AppendNull()
		return
	}
	switch b := b.(type) {
	case *array.Int64Builder:
		b.Append(d.bits())
	case *array.Int32Builder:
		b.Append(int32(d.bits()))
	case *array.Int8Builder:
		b.Append(int8(d.bits()))
	case *array.Uint32Builder:
		b.Append(uint32(d.bits()))
	case *array.Uint64Builder:
		b.Append(uint64(d.bits()))
	case *array.Float64Builder:
		b.Append(d.float())
	case *array.Float32Builder:
		b.Append(float32(d.float()))
	case *array.Decimal128Builder:
		b.Append(decimal128.New(int64(d.number(5)-2)*int64(d.number(2)), uint64(d.bits())))
	case *array.BooleanBuilder:
		b.Append(d.number(2) == 1)
	case *array.TimestampBuilder:
		b.Append(arrow.Timestamp(d.bits()))
	case *array.Date32Builder:
		b.Append(arrow.Date32(d.bits()))
	case *array.Date64Builder:
		b.Append(arrow.Date64(d.bits()))
	case *array.StringBuilder:
		b.Append(d.text())
	case *array.BinaryBuilder:
		b.Append([]byte(d.text()))
	case *array.BinaryDictionaryBuilder:
		if err := b.AppendString(d.text()); err != nil {
			panic(err)
		}
	case *array.Int64DictionaryBuilder:
		if err := b.Append(d.bits()); err != nil {
			panic(err)
		}
	case *array.NullBuilder:
		b.AppendNull()
	default:
		panic(b.Type().String())
	}
}

// everyWay is a mapper of everyKind and the source types that it takes for each column.
type everyWay struct {
	*mapping.Mapper
	takes map[string][]arrow.DataType
}

// everyKindAndLatest are the columns that a file may deliver.
var everyKindAndLatest = append(slices.Clone(everyKind.Columns), contract.Column{Name: everyKind.Latest, Kind: contract.Instant, Null: true})

func newWay(f *testing.F, spec mapping.Table, ids contract.IDTypes) everyWay {
	w := everyWay{newMapper(f, everyKind, spec, ids), map[string][]arrow.DataType{}}
	for _, c := range everyKindAndLatest {
		for _, dt := range sourceTypes {
			fields := []mapping.SourceField{{Name: c.Name, Type: dt}, {Name: "note", Type: str}, {Name: "scene", Type: str}} // conditions read the last two
			_, err := w.Bind([]string{c.Name}, fields)
			refused := new(mapping.BindError)
			if !errors.As(err, &refused) || !slices.ContainsFunc(refused.Problems, func(p mapping.Problem) bool { return p.Column == c.Name }) {
				w.takes[c.Name] = append(w.takes[c.Name], dt)
			}
		}
	}
	return w
}

// record is a raw record of the columns of everyKind, mostly of types that are taken; some may be missing.
func (d *draw) record(mem memory.Allocator, w everyWay) arrow.Record {
	var fields []arrow.Field
	for _, c := range everyKindAndLatest {
		types := w.takes[c.Name]
		switch d.number(64) {
		case 63:
			types = sourceTypes
		case 62:
			continue
		case 61:
			if c.Null || c.Copied {
				continue
			}
		}
		fields = append(fields, nullable(c.Name, types[d.number(len(types))]))
	}
	b := array.NewRecordBuilder(mem, arrow.NewSchema(fields, nil))
	defer b.Release()
	for range d.number(40) {
		for i := range fields {
			d.cell(b.Field(i))
		}
	}
	return b.NewRecord()
}

// FuzzRows maps rows of any cells in columns of any types. Columns are refused with a remedy or each row is kept or
// rejected with a reason; what is kept fits the contract; and a record in two parts says what the whole says.
func FuzzRows(f *testing.F) {
	for seed := range byte(24) {
		row := make([]byte, 700)
		for i := range row {
			row[i] = byte(i*i)*seed + byte(i)
		}
		f.Add(seed, seed%8 == 7, row)
	}
	ids := []contract.IDTypes{{}, {contract.Merchant: true, contract.Talent: true}}
	var ways []everyWay
	for _, spec := range everyKindSpecs {
		for _, types := range ids {
			ways = append(ways, newWay(f, spec, types))
		}
	}
	asOf := day(f, "2026-01-31")
	names := append(columnNames(everyKind), everyKind.Latest)
	f.Fuzz(func(t *testing.T, way byte, skip bool, data []byte) {
		checked := memory.NewCheckedAllocator(dirty{})
		defer checked.AssertSize(t, 0)
		d := &draw{data}
		m := ways[int(way)%len(ways)]
		raw := d.record(checked, m)
		defer raw.Release()
		b, err := m.Bind(names, fieldsOf(raw.Schema()))
		if err != nil {
			if refused := new(mapping.BindError); !errors.As(err, &refused) || len(refused.Problems) == 0 {
				t.Fatalf("not a BindError with problems: %v", err)
			}
			return
		}
		rows := raw.NumRows()
		in := mapping.Rows{File: "f", Day: asOf, First: 10}
		if skip {
			in.Skip = []uint64{0xAAAAAAAAAAAAAAAA}
		}
		got, err := b.Map(checked, raw, in)
		if err != nil {
			t.Fatalf("rows of bound types: %v", err)
		}
		defer got.Record.Release()
		checkEveryRowIsAccountedFor(t, got, in, rows)
		checkFits(t, b, got.Record)
		if skip {
			return
		}
		whole, cut := tellReleased(got), int64(d.number(int(rows)+1))
		parts := told{}
		for _, part := range [][2]int64{{0, cut}, {cut, rows}} {
			kept, left := mapPart(t, checked, b, raw, part, in)
			parts.Kept, parts.Left = append(parts.Kept, kept...), append(parts.Left, left...)
		}
		if diff := cmp.Diff(whole, parts); diff != "" {
			t.Fatalf("(-whole +parts cut at %d):\n%s", cut, diff)
		}
	})
}

func mapPart(t *testing.T, mem memory.Allocator, b *mapping.Bound, raw arrow.Record, part [2]int64, in mapping.Rows) (kept, left []string) {
	slice := raw.NewSlice(part[0], part[1])
	defer slice.Release()
	in.First += part[0]
	got, err := b.Map(mem, slice, in)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Record.Release()
	says := tellReleased(got)
	return says.Kept, says.Left
}

// checkEveryRowIsAccountedFor: each row is kept, rejected once with a reason, or was skipped before.
func checkEveryRowIsAccountedFor(t *testing.T, m mapping.Mapped, in mapping.Rows, rows int64) {
	t.Helper()
	times := make([]int, rows)
	if m.RowNumbers == nil {
		if m.Record.NumRows() != rows {
			t.Fatalf("%d of %d rows are kept, and nothing says which", m.Record.NumRows(), rows)
		}
		for i := range times {
			times[i]++
		}
	}
	for _, n := range m.RowNumbers {
		times[n-in.First]++
	}
	for _, r := range m.Rejects {
		times[r.Row-in.First]++
		if int(r.Reason) >= int(mapping.Reasons) || everyKind.Index(r.Column) < 0 && r.Column != everyKind.Latest {
			t.Fatalf("a reject without a reason or a column: %+v", r)
		}
		if !utf8.ValidString(r.Value) || len(r.Value) > mapping.MaxValue || r.Column == "buyer_id" && r.Value != "" {
			t.Fatalf("a reject that shows what it should not: %+v", r)
		}
	}
	for i, n := range times {
		if skipped := in.Skip != nil && in.Skip[i>>6]>>(i&63)&1 != 0; n != 1 && !(skipped && n == 0) || skipped && n > 0 {
			t.Fatalf("row %d (skipped before: %t) was kept or rejected %d times; rejects %+v", i, skipped, n, m.Rejects)
		}
	}
	if m.Rejected() != int64(len(m.Rejects)) {
		t.Fatalf("%d rejects are counted, %d shown", m.Rejected(), len(m.Rejects))
	}
}

// checkFits: the kept rows are what the contract promises to everything after the mapping.
func checkFits(t *testing.T, b *mapping.Bound, rec arrow.Record) {
	t.Helper()
	if !rec.Schema().Equal(b.Schema()) {
		t.Fatalf("the record has the schema %s, bound was %s", rec.Schema(), b.Schema())
	}
	for i, field := range rec.Schema().Fields() {
		at := slices.IndexFunc(everyKindAndLatest, func(c contract.Column) bool { return c.Name == field.Name })
		c, a := everyKindAndLatest[at], rec.Column(i)
		if a.NullN() > 0 && !field.Nullable {
			t.Fatalf("%d nulls in the required column %s", a.NullN(), c.Name)
		}
		for row := range a.Len() {
			if a.IsValid(row) && !fits(c, a, row) {
				t.Fatalf("row %d: column %s holds %.80q", row, c.Name, a.ValueStr(row))
			}
		}
	}
}

// fits is the contract's promise on one value.
func fits(c contract.Column, a arrow.Array, row int) bool {
	inRange := func(v float64) bool {
		return (c.Signed || c.Min != nil || v >= 0) && (c.Min == nil || v >= *c.Min) && (c.Max == nil || v <= *c.Max)
	}
	switch a := a.(type) {
	case *array.Int64:
		v := a.Value(row)
		ofNumbers := c.Kind == contract.Fen || c.Kind == contract.Count
		return v != math.MinInt64 && (!ofNumbers || inRange(float64(v))) && (c.Kind != contract.Buyer || v != contract.Nobody)
	case *array.Float64:
		v := a.Value(row)
		return !math.IsNaN(v) && !math.IsInf(v, 0) && inRange(v) && !(v == 0 && math.Signbit(v))
	case *array.Timestamp:
		return yearOf(time.UnixMicro(int64(a.Value(row))))
	case *array.Date32:
		return yearOf(time.Unix(int64(a.Value(row))*86400, 0))
	case *array.Boolean:
		return true
	case *array.Dictionary:
		v := a.Dictionary().(*array.String).Value(a.GetValueIndex(row))
		if c.Kind == contract.Enum {
			return c.Values[a.GetValueIndex(row)] == v
		}
		return !badText(v) && (c.Kind != contract.ID || v != "")
	}
	return false
}

func yearOf(at time.Time) bool { y := at.UTC().Year(); return y >= 1 && y <= 9999 }
