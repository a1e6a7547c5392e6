package mapping_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

// lines is a small event table: a line is of the day of paid_at, or of created_at while that is null.
var lines = &contract.Table{
	Name: "lines", Class: contract.Event, Key: []string{"line_id"}, Latest: "updated_at",
	DayOf: []string{"created_at", "paid_at"}, DayLast: true,
	Columns: []contract.Column{
		{Name: "line_id", Kind: contract.Key},
		{Name: "buyer_id", Kind: contract.Buyer},
		{Name: "merchant_id", Kind: contract.ID, Domain: contract.Merchant},
		{Name: "scene", Kind: contract.Enum, Values: []string{"live", "search", "other"}, Copied: true},
		{Name: "created_at", Kind: contract.Instant},
		{Name: "paid_at", Kind: contract.Instant, Null: true},
		{Name: "paid_fen", Kind: contract.Fen},
		{Name: "risk_reason", Kind: contract.Text, Null: true},
	},
}

// anyOf is the same table where any of the times may decide.
func anyOf() *contract.Table {
	t := *lines
	t.DayLast = false
	return &t
}

var lineFields = []arrow.Field{
	nullable("line_id", i64), nullable("buyer_id", str), nullable("merchant_id", i64), nullable("scene", dict),
	nullable("created_at", utcUS), nullable("paid_at", utcUS), nullable("paid_fen", i64), nullable("risk_reason", str),
}

const goodLine = `{"line_id":1,"buyer_id":"b1","merchant_id":7,"scene":"live","created_at":"2026-01-31 01:00:00","paid_at":"2026-01-31 02:00:00","paid_fen":100}`

func newMapper(t testing.TB, table *contract.Table, spec mapping.Table, ids contract.IDTypes) *mapping.Mapper {
	t.Helper()
	m, err := mapping.New(table, spec, mapping.Env{Zone: shanghai(t), BuyerKey: [16]byte{1}, IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func bind(t testing.TB, m *mapping.Mapper, columns []string, raw arrow.Record) *mapping.Bound {
	t.Helper()
	b, err := m.Bind(columns, fieldsOf(raw.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDayRule(t *testing.T) {
	for _, c := range []struct {
		name      string
		table     *contract.Table
		tolerance time.Duration
		created   string
		paid      string
		want      string
	}{
		{"created and paid on the day", lines, 0, `"2026-01-31 01:00:00"`, `"2026-01-31 02:00:00"`, ""},
		{"unpaid and created on the day", lines, 0, `"2026-01-31 01:00:00"`, `null`, ""},
		{"the day begins at local midnight", lines, 0, `"2026-01-30 16:00:00"`, `null`, ""},
		{"and ends before the next", lines, 0, `"2026-01-31 16:00:00"`, `null`, "0 outside_day 2026-02-01T00:00:00+08:00"},
		{"paid on the day, created earlier", lines, 0, `"2026-01-20 01:00:00"`, `"2026-01-31 02:00:00"`, ""},
		{"paid later, created on the day", lines, 0, `"2026-01-31 01:00:00"`, `"2026-02-02 02:00:00"`, "0 outside_day 2026-02-02T10:00:00+08:00"},
		{"which is right where any time may decide", anyOf(), 0, `"2026-01-31 01:00:00"`, `"2026-02-02 02:00:00"`, ""},
		{"no time on the day where any may decide", anyOf(), 0, `"2026-01-30 01:00:00"`, `"2026-02-02 02:00:00"`, "0 outside_day 2026-02-02T10:00:00+08:00"},
		{"within the tolerance after", lines, time.Hour, `"2026-01-31 16:59:59"`, `null`, ""},
		{"beyond the tolerance after", lines, time.Hour, `"2026-01-31 17:00:00"`, `null`, "0 outside_day 2026-02-01T01:00:00+08:00"},
		{"within the tolerance before", lines, time.Hour, `"2026-01-30 15:00:00"`, `null`, ""},
		{"beyond the tolerance before", lines, time.Hour, `"2026-01-30 14:59:59"`, `null`, "0 outside_day 2026-01-30T22:59:59+08:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(dirty{})
			defer mem.AssertSize(t, 0)
			line := `{"line_id":1,"buyer_id":"b1","merchant_id":7,"scene":"live","created_at":` + c.created + `,"paid_at":` + c.paid + `,"paid_fen":100}`
			raw := sourceOf(t, mem, lineFields, "["+line+","+goodLine+"]")
			defer raw.Release()
			// The times are checked though only another column is asked for.
			b := bind(t, newMapper(t, c.table, mapping.Table{Tolerance: c.tolerance}, nil), []string{"line_id"}, raw)
			got, err := b.Map(mem, raw, mapping.Rows{Day: day(t, "2026-01-31")})
			if err != nil {
				t.Fatal(err)
			}
			defer got.Record.Release()
			if diff := cmp.Diff(c.want, rejected(got.Rejects)); diff != "" {
				t.Errorf("rejects (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRowsThatLeaveAreNumberedInTheFile(t *testing.T) {
	mem := memory.NewCheckedAllocator(dirty{})
	defer mem.AssertSize(t, 0)
	negative := strings.Replace(goodLine, `"paid_fen":100`, `"paid_fen":-100,"risk_reason":"odd"`, 1)
	twice := strings.Replace(negative, `"merchant_id":7`, `"merchant_id":null`, 1)
	raw := sourceOf(t, mem, lineFields, "["+strings.Join([]string{goodLine, negative, goodLine, twice, negative}, ",")+"]")
	defer raw.Release()
	b := bind(t, newMapper(t, lines, mapping.Table{}, nil), []string{"paid_fen", "merchant_id", "risk_reason"}, raw)
	got, err := b.Map(mem, raw, mapping.Rows{Day: day(t, "2026-01-31"), First: 1000, Skip: []uint64{1 << 4}})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Record.Release()
	want := []mapping.Reject{
		{Row: 1001, Reason: contract.RejectNegative, Column: "paid_fen", Value: "-100"},
		{Row: 1003, Reason: contract.RejectNullRequired, Column: "merchant_id"}, // the first fault in contract order
	}
	if diff := cmp.Diff(want, got.Rejects); diff != "" {
		t.Errorf("rejects (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{1000, 1002}, got.RowNumbers); diff != "" {
		t.Errorf("row numbers (-want +got):\n%s", diff)
	}
	if got.Rejected() != 2 || got.Counts[contract.RejectNegative] != 1 {
		t.Errorf("counts %v, want one negative of two", got.Counts)
	}
	if got.Record.NumRows() != 2 || values(got.Record.Column(2)) != "null | null" || !got.Record.Schema().Equal(b.Schema()) {
		t.Errorf("record %v, want the two good rows in the schema bound", got.Record)
	}
}

func TestNothingIsCopiedWhenTypesAreRight(t *testing.T) {
	raw := nativeOrders(t, 1000)
	defer raw.Release()
	b := bind(t, newMapper(t, contract.Orders, mapping.Table{}, nil), columnNames(contract.Orders), raw)
	got, err := b.Map(memory.DefaultAllocator, raw, mapping.Rows{Day: day(t, "2026-01-31")})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Record.Release()
	if got.RowNumbers != nil || got.Rejects != nil {
		t.Errorf("row numbers %v, rejects %v, want none", got.RowNumbers, got.Rejects)
	}
	for i, c := range contract.Orders.Columns {
		same := got.Record.Column(i).Data().Buffers()[1] == raw.Column(i).Data().Buffers()[1]
		if converted := c.Kind == contract.Buyer || c.Kind == contract.Enum; same == converted {
			t.Errorf("column %s shares its values: %t", c.Name, same)
		}
	}
}

func TestEnumerationsHaveTheContractsDictionary(t *testing.T) {
	raw := sourceOf(t, memory.DefaultAllocator, lineFields, "["+strings.Replace(goodLine, "live", "search", 1)+"]")
	defer raw.Release()
	got, err := bind(t, newMapper(t, lines, mapping.Table{}, nil), []string{"scene"}, raw).Map(memory.DefaultAllocator, raw, mapping.Rows{Day: day(t, "2026-01-31")})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Record.Release()
	d := got.Record.Column(0).(*array.Dictionary)
	if names := values(d.Dictionary()); names != "live | search | other" || d.GetValueIndex(0) != 1 {
		t.Errorf("code %d of %s, want 1 of live | search | other", d.GetValueIndex(0), names)
	}
}

func TestRealNumbersMustBeFinite(t *testing.T) {
	a := columnOf(f64, 4, func(i int, b array.Builder) {
		b.(*array.Float64Builder).Append([]float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)}[i])
	})
	raw := recordOf([]string{"c"}, []arrow.Array{a})
	got, err := bind(t, newMapper(t, one(signed(real)), mapping.Table{}, nil), []string{"c"}, raw).Map(memory.DefaultAllocator, raw, mapping.Rows{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "0 out_of_range NaN | 1 out_of_range +Inf | 2 out_of_range -Inf"; rejected(got.Rejects) != want {
		t.Errorf("rejects %s, want %s", rejected(got.Rejects), want)
	}
	if v := got.Record.Column(0).(*array.Float64).Value(0); math.Signbit(v) {
		t.Error("-0 stayed")
	}
}

func TestRejectsAreCountedBeyondThoseShown(t *testing.T) {
	n := mapping.MaxRejects + 500
	raw := recordOf([]string{"c"}, []arrow.Array{integers(n, func(int) int64 { return -1 })})
	got, err := bind(t, newMapper(t, one(count), mapping.Table{}, nil), []string{"c"}, raw).Map(memory.DefaultAllocator, raw, mapping.Rows{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rejects) != mapping.MaxRejects || got.Rejected() != int64(n) || got.Record.NumRows() != 0 {
		t.Errorf("%d shown of %d, want %d of %d", len(got.Rejects), got.Rejected(), mapping.MaxRejects, n)
	}
}

func TestDamagedDictionaryIsAnError(t *testing.T) {
	raw := recordOf([]string{"c"}, []arrow.Array{encoded(3, []string{"a"}, func(i int) uint32 { return uint32(i) })})
	_, err := bind(t, newMapper(t, one(free), mapping.Table{}, nil), []string{"c"}, raw).Map(memory.DefaultAllocator, raw, mapping.Rows{File: "f.parquet"})
	if err == nil || err.Error() != "map c of f.parquet: a dictionary of 1 values is asked for value 1" {
		t.Errorf("got %v", err)
	}
}

func TestBuyerHash(t *testing.T) {
	a, b := [16]byte{1}, [16]byte{2}
	hashes := []int64{
		mapping.HashBuyer(a, "5"), mapping.HashBuyer(b, "5"), mapping.HashBuyer(a, "05"), mapping.HashBuyer(a, "+5"), mapping.HashBuyer(a, "6"),
	}
	slices.Sort(hashes)
	if unique := slices.Compact(slices.Clone(hashes)); len(unique) != 5 {
		t.Errorf("%d hashes, want 5: 05 and +5 are other ids than 5", len(unique))
	}
	for _, c := range []struct {
		source arrow.DataType
		rows   string
		id     string
	}{
		{i64, `[{"c":5}]`, "5"}, {i32, `[{"c":5}]`, "5"}, {dec(20, 0), `[{"c":"5"}]`, "5"},
		{str, `[{"c":"5"}]`, "5"}, {dict, `[{"c":"5"}]`, "5"}, {bin, `[{"c":"NQ=="}]`, "5"},
		{str, `[{"c":"05"}]`, "05"}, {dict, `[{"c":"b5"}]`, "b5"},
	} {
		raw := sourceOf(t, memory.DefaultAllocator, []arrow.Field{nullable("c", c.source)}, c.rows)
		got, err := bind(t, newMapper(t, one(buyer), mapping.Table{}, nil), []string{"c"}, raw).Map(memory.DefaultAllocator, raw, mapping.Rows{})
		if err != nil {
			t.Fatal(err)
		}
		if v, want := got.Record.Column(0).(*array.Int64).Value(0), mapping.HashBuyer(a, c.id); v != want {
			t.Errorf("%s from %s: %d, want %d", c.id, c.source, v, want)
		}
	}
}

func textArray(s string) arrow.Array {
	b := array.NewStringBuilder(memory.DefaultAllocator)
	b.Append(s)
	return b.NewArray()
}

// An id is the same as INT64 and as the text that writes it, as a key and as a buyer; any other text is another id, and none stands for null.
func TestIDsAreTheSameAsNumbersAndAsText(t *testing.T) {
	for _, c := range []struct {
		text   string
		number int64
		is     bool
	}{
		{"0", 0, true}, {"7", 7, true}, {"-7", -7, true}, {"1001", 1001, true}, {"9223372036854775807", math.MaxInt64, true}, {"-9223372036854775807", -math.MaxInt64, true},
		{"-9223372036854775808", math.MinInt64, false}, {"9223372036854775808", math.MinInt64, false}, {"9999999999999999999", 0, false}, {"18446744073709551617", 1, false},
		{"-0", 0, false}, {"00", 0, false}, {"07", 7, false}, {"-07", -7, false}, {"+7", 7, false}, {" 7", 7, false}, {"7 ", 7, false}, {"7.0", 7, false}, {"7a", 7, false},
		{"-", 0, false}, {"--7", 7, false}, {"７", 7, false}, {"1_000", 1000, false}, {"1e3", 1000, false},
	} {
		for _, column := range []contract.Column{key, buyer} {
			of := func(a arrow.Array, spec mapping.Column) int64 {
				raw := recordOf([]string{"c"}, []arrow.Array{a})
				m := newMapper(t, one(column), mapping.Table{Columns: map[string]mapping.Column{"c": spec}}, nil)
				got, err := bind(t, m, []string{"c"}, raw).Map(memory.DefaultAllocator, raw, mapping.Rows{})
				if err != nil || got.Record.NumRows() != 1 {
					t.Fatalf("%q: %v, %v", c.text, got.Rejects, err)
				}
				return got.Record.Column(0).(*array.Int64).Value(0)
			}
			asText := of(textArray(c.text), mapping.Column{})
			if asText == math.MinInt64 {
				t.Errorf("%q as text is null", c.text)
			}
			if constant := of(textArray(c.text), mapping.Column{Constant: &c.text}); constant != asText {
				t.Errorf("%q is %d in a column and %d as a constant", c.text, asText, constant)
			}
			if c.number == math.MinInt64 {
				continue // no id as number
			}
			if asNumber := of(integers(1, func(int) int64 { return c.number }), mapping.Column{}); (asNumber == asText) != c.is {
				t.Errorf("%q as text is %d, %d as number %d: the same must be %v", c.text, asText, c.number, asNumber, c.is)
			}
		}
	}
}

func TestBuyerIDsNeverShowThroughOtherColumns(t *testing.T) {
	spec := mapping.Table{Columns: map[string]mapping.Column{"risk_reason": {Column: "buyer_id"}}}
	line := strings.Replace(goodLine, `"b1"`, `"canary\u0000"`, 1)
	raw := sourceOf(t, memory.DefaultAllocator, lineFields, "["+line+"]")
	got, err := bind(t, newMapper(t, lines, spec, nil), []string{"risk_reason"}, raw).Map(memory.DefaultAllocator, raw, mapping.Rows{Day: day(t, "2026-01-31")})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Rejects) != 1 || got.Rejects[0].Value != "" {
		t.Errorf("rejects %v, want one without value", got.Rejects)
	}
}

func TestBind(t *testing.T) {
	all := columnNames(lines)
	spec := mapping.Table{Columns: map[string]mapping.Column{
		"paid_at": {Column: "t", When: map[string][]string{"status": {"delivered"}}}, "risk_reason": {Null: true}, "paid_fen": {Constant: text("1")},
	}}
	m := newMapper(t, lines, spec, nil)
	source := []mapping.SourceField{{Name: "line_id", Type: str}, {Name: "buyer_id", Type: i64}, {Name: "merchant_id", Type: i64}, {Name: "created_at", Type: utcUS}, {Name: "t", Type: utcUS}, {Name: "status", Type: str}, {Name: "other", Type: f64}}
	b, err := m.Bind(append(all, "updated_at"), source)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what      string
		got, want []string
	}{
		{"a copied column may be absent, and the time of the last change", b.Absent, []string{"scene", "updated_at"}},
		{"columns nobody reads are extra", b.Extra, []string{"other"}},
		{"sources of what is bound", b.Sources(), []string{"line_id", "buyer_id", "merchant_id", "created_at", "t", "status"}},
		{"sources of one column and of the day rule", m.Sources([]string{"merchant_id"}), []string{"merchant_id", "created_at", "t", "status"}},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
	if names := b.Schema().NumFields(); names != len(all) {
		t.Errorf("%d columns delivered, want %d: updated_at is not there", names, len(all))
	}
}

func TestLatestIsDeliveredWherePresent(t *testing.T) {
	fields := append(slices.Clone(lineFields), nullable("updated_at", utcMS))
	raw := sourceOf(t, memory.DefaultAllocator, fields, "["+strings.Replace(goodLine, "}", `,"updated_at":"2026-02-01 00:00:00"}`, 1)+"]")
	b := bind(t, newMapper(t, lines, mapping.Table{}, nil), []string{"updated_at", "line_id"}, raw)
	got, err := b.Map(memory.DefaultAllocator, raw, mapping.Rows{Day: day(t, "2026-01-31")})
	if err != nil {
		t.Fatal(err)
	}
	if got.Record.ColumnName(0) != "updated_at" || values(got.Record.Column(0)) != "2026-02-01 00:00:00Z" || len(b.Absent) > 0 {
		t.Errorf("got %v, absent %v", got.Record, b.Absent)
	}
}

func TestBindRefuses(t *testing.T) {
	status := []mapping.SourceField{{Name: "c", Type: str}}
	for _, c := range []struct {
		name   string
		column contract.Column
		spec   mapping.Column
		source []mapping.SourceField
		want   string
	}{
		{"a required column that is missing", count, mapping.Column{}, []mapping.SourceField{{Name: "d", Type: i64}, {Name: "e", Type: i64}},
			`things: column c: found no such column among d, e, expected a required column; name its source in the configuration: columns: {c: <source column>}`},
		{"text ids where ids are integers", merchant, mapping.Column{Column: "c"}, status,
			`things: column c: found utf8, expected an integer, as ids of domain merchant are elsewhere; if they are text, say so in the configuration: ids: {merchant: string}`},
		{"doubles as ids", merchant, mapping.Column{}, []mapping.SourceField{{Name: "c", Type: f64}}, `things: column c: found float64, expected an integer`},
		{"decimals with fraction digits as counts", count, mapping.Column{}, []mapping.SourceField{{Name: "c", Type: dec(5, 2)}}, `things: column c: found decimal(5, 2), expected an integer or a decimal without fraction digits`},
		{"text as a number", real, mapping.Column{}, status, `things: column c: found utf8, expected a number`},
		{"a boolean as money", money, mapping.Column{}, []mapping.SourceField{{Name: "c", Type: boolean}}, `things: column c: found bool, expected an integer, a decimal, a double or text`},
		{"an integer time without a unit", instant, mapping.Column{Column: "t"}, []mapping.SourceField{{Name: "t", Type: i64}},
			`things: column c (from t): found int64, expected an integer with a declared unit; say it in the configuration: columns: {c: {column: t, unit: ms}}`},
		{"an integer enumeration without a mapping", scene, mapping.Column{}, []mapping.SourceField{{Name: "c", Type: i64}},
			`things: column c: found int64, expected text: live, search, other; map its values in the configuration: columns: {c: {column: c, values: {<source value>: live}}}`},
		{"a list", count, mapping.Column{}, []mapping.SourceField{{Name: "c", Parquet: "INT64, repeated"}},
			`things: column c: found INT64, repeated, expected one value a row, of a type that is read: no list, no field of a group, no decimal of more than 128 bits`},
		{"a condition on what cannot be read", orNull(count), mapping.Column{When: map[string][]string{"s": {"x"}}}, []mapping.SourceField{{Name: "c", Type: i64}, {Name: "s", Parquet: "BYTE_ARRAY STRING, in a group"}},
			`things: column c (from s): found BYTE_ARRAY STRING, in a group, expected text, an integer or a boolean, for a condition`},
		{"a condition on a column that is missing", orNull(count), mapping.Column{When: map[string][]string{"s": {"x"}}}, []mapping.SourceField{{Name: "c", Type: i64}},
			`things: column c (from s): found no such column among c, expected a required column; name its source in the configuration: columns: {c: <source column>}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMapper(t, one(c.column), mapping.Table{Columns: map[string]mapping.Column{"c": c.spec}}, nil)
			_, err := m.Bind([]string{"c"}, c.source)
			var typed *mapping.BindError
			if !errors.As(err, &typed) {
				t.Fatalf("got %v, want a BindError", err)
			}
			if diff := cmp.Diff(c.want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
			typed.File = "a.parquet"
			if !strings.HasPrefix(err.Error(), "things: file a.parquet: column c") {
				t.Errorf("with a file: %v", err)
			}
		})
	}
}

func TestValidate(t *testing.T) {
	ratio, least := 1.5, int64(-1)
	spec := mapping.Table{
		Path: "dumps/lines/*.parquet", Tolerance: -time.Second, MaxRejectRatio: &ratio, MinRejects: &least, MaxQuarantine: 1,
		Columns: map[string]mapping.Column{
			"line_id":     {Null: true},
			"merchant_id": {Unit: "yuan", Zone: "Asia/Shanghai", Values: map[string]*string{"a": text("b")}},
			"scene":       {Values: map[string]*string{"1": text("radio"), "2": nil}, Default: text("mall")},
			"created_at":  {Unit: "h", Zone: "Mars/Olympus", Default: text("soon")},
			"paid_at":     {When: map[string][]string{"status": nil}},
			"paid_fen":    {Constant: text("58.90"), Column: "x"},
			"buyer_id":    {When: map[string][]string{"status": {"paid"}}},
			"colour":      {},
		},
	}
	want := `path: "dumps/lines/*.parquet" names no day: it needs {date}, {yyyymmdd} or {yyyy}, {mm} and {dd}
tolerance: -1s is negative
max_reject_ratio: 1.5 is outside [0, 1]
min_rejects: -1 is negative
max_quarantine: 1 is outside [0, 1)
columns.buyer_id.when: outside a condition a column is null, and buyer_id must have a value in every row
columns.colour: table lines has no such column; it has line_id, buyer_id, merchant_id, scene, created_at, paid_at, paid_fen, risk_reason, updated_at
columns.created_at.default: "soon" is not a time such as 2006-01-02 15:04:05
columns.created_at.unit: "h" is not a unit of a column of kind instant; it may be s, ms, us, ns
columns.created_at.zone: "Mars/Olympus" is not an IANA time zone
columns.line_id: a required column cannot be null in every row
columns.merchant_id.unit: "yuan" is not a unit of a column of kind id, which has none
columns.merchant_id.values: only enumerations and booleans have a mapping of values
columns.merchant_id.zone: only times have a zone
columns.paid_at.when.status: no value is listed
columns.paid_fen.constant: "58.90" is not a whole number of fen
columns.paid_fen.constant: a constant has no column, values or default
columns.scene.default: "mall" is none of live, search, other
columns.scene.values.1: "radio" is none of live, search, other
columns.scene.values.2: null in a required column; leave the value out to reject its rows`
	err := spec.Validate(lines)
	if err == nil {
		t.Fatal("want an error")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	for _, c := range []mapping.Column{{Constant: text("")}, {Default: text("")}} {
		if err := (mapping.Table{Columns: map[string]mapping.Column{"risk_reason": c}}).Validate(lines); err == nil || !strings.Contains(err.Error(), "it is empty, and so says nothing: leave it out") {
			t.Errorf("an empty text where there may be none: %v", err)
		}
	}
	if _, err := mapping.New(lines, mapping.Table{Columns: map[string]mapping.Column{"merchant_id": {Constant: text("x")}}}, mapping.Env{Zone: shanghai(t)}); err == nil {
		t.Error("a text constant passed as an integer id")
	}
	for _, table := range contract.Inputs() {
		if err := (mapping.Table{}).Validate(table); err != nil {
			t.Errorf("the zero value is refused for %s: %v", table.Name, err)
		}
	}
}

func TestTooManyRejects(t *testing.T) {
	zero, all := 0.0, int64(0)
	for _, c := range []struct {
		name           string
		spec           mapping.Table
		rejected, rows int64
		want           bool
	}{
		{"ten fail no table", mapping.Table{}, 10, 11, false},
		{"but a day of which nothing is left", mapping.Table{}, 10, 10, true},
		{"eleven of ten thousand do", mapping.Table{}, 11, 10_000, true},
		{"eleven of eleven thousand are 0.1 %", mapping.Table{}, 11, 11_000, false},
		{"none allowed", mapping.Table{MaxRejectRatio: &zero, MinRejects: &all}, 1, 1_000_000, true},
		{"none rejected", mapping.Table{MaxRejectRatio: &zero, MinRejects: &all}, 0, 0, false},
	} {
		if got := c.spec.TooManyRejects(c.rejected, c.rows); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
}

func TestDetectIDs(t *testing.T) {
	source := []mapping.SourceField{{Name: "seller", Type: dict}, {Name: "product_id", Type: i64}}
	spec := mapping.Table{Columns: map[string]mapping.Column{"merchant_id": {Column: "seller"}}}
	if got := mapping.DetectIDs(contract.Orders, spec, source); len(got) != 1 || !got[contract.Merchant] {
		t.Errorf("got %v, want merchant", got)
	}
}

// A row that the tolerance lets in counts on the day, as its times tell: those within are moved to it, and keep
// their distances. A row with a time on the day keeps all.
func TestTimesWithinTheToleranceAreOfTheDay(t *testing.T) {
	const first, last = "2026-01-30 16:00:00Z", "2026-01-31 15:59:59.999999Z" // of the day, in UTC
	for _, c := range []struct {
		name                  string
		table                 *contract.Table
		created, paid         string
		wantCreated, wantPaid string
	}{
		{"before", lines, `"2026-01-30 15:30:00"`, `null`, first, "null"},
		{"after", lines, `"2026-01-31 16:30:00"`, `null`, last, "null"},
		{"both before", lines, `"2026-01-30 15:10:00"`, `"2026-01-30 15:30:00"`, first, "2026-01-30 16:20:00Z"},
		{"both after", lines, `"2026-01-31 16:02:00"`, `"2026-01-31 16:12:00"`, "2026-01-31 15:49:59.999999Z", last},
		{"one after, near one on the day", lines, `"2026-01-31 15:59:00"`, `"2026-01-31 16:12:00"`, "2026-01-31 15:59:00Z", last},
		{"created on an earlier day", lines, `"2026-01-30 12:00:00"`, `"2026-01-30 15:30:00"`, "2026-01-30 12:00:00Z", first},
		{"paid on the day", lines, `"2026-01-30 15:30:00"`, `"2026-01-31 02:00:00"`, "2026-01-30 15:30:00Z", "2026-01-31 02:00:00Z"},
		{"any on the day", anyOf(), `"2026-01-31 02:00:00"`, `"2026-01-31 16:30:00"`, "2026-01-31 02:00:00Z", "2026-01-31 16:30:00Z"},
		{"none on the day", anyOf(), `"2026-01-29 02:00:00"`, `"2026-01-31 16:30:00"`, "2026-01-29 02:00:00Z", last},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := memory.NewCheckedAllocator(dirty{})
			defer mem.AssertSize(t, 0)
			line := `{"line_id":1,"buyer_id":"b1","merchant_id":7,"scene":"live","created_at":` + c.created + `,"paid_at":` + c.paid + `,"paid_fen":100}`
			raw := sourceOf(t, mem, lineFields, "["+goodLine+","+line+"]")
			defer raw.Release()
			b := bind(t, newMapper(t, c.table, mapping.Table{Tolerance: time.Hour}, nil), []string{"created_at", "paid_at"}, raw)
			got, err := b.Map(mem, raw, mapping.Rows{Day: day(t, "2026-01-31")})
			if err != nil {
				t.Fatal(err)
			}
			defer got.Record.Release()
			if len(got.Rejects) > 0 {
				t.Fatalf("rejects %v", got.Rejects)
			}
			for i, want := range []string{c.wantCreated, c.wantPaid} {
				if _, is, _ := strings.Cut(values(got.Record.Column(i)), " | "); is != want {
					t.Errorf("%s is %s, want %s", got.Record.ColumnName(i), is, want)
				}
			}
		})
	}
}
