package mapping_test

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests name zones; a machine may have none

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

// Source types, short as in a table.
var (
	i64     = arrow.PrimitiveTypes.Int64
	i32     = arrow.PrimitiveTypes.Int32
	u64     = arrow.PrimitiveTypes.Uint64
	f64     = arrow.PrimitiveTypes.Float64
	f32     = arrow.PrimitiveTypes.Float32
	str     = arrow.BinaryTypes.String
	bin     = arrow.BinaryTypes.Binary
	boolean = arrow.FixedWidthTypes.Boolean
	date32  = arrow.FixedWidthTypes.Date32
	date64  = arrow.FixedWidthTypes.Date64
	dict    = contract.StringType
	local   = &arrow.TimestampType{Unit: arrow.Microsecond}
	utcMS   = &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}
	utcUS   = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "+08:00"}
	utcNS   = &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "UTC"}
)

func dec(precision, scale int32) arrow.DataType {
	return &arrow.Decimal128Type{Precision: precision, Scale: scale}
}

func shanghai(t testing.TB) *calendar.Zone {
	t.Helper()
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return calendar.NewZone(loc)
}

func day(t testing.TB, s string) calendar.Day {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func text(s string) *string { return &s }

// one is a table of a single column c.
func one(c contract.Column) *contract.Table {
	c.Name = "c"
	return &contract.Table{Name: "things", Class: contract.Daily, Columns: []contract.Column{c}}
}

// dirty is memory that holds something, as that of column.Buffers does where it is Uncleared: every byte must be written.
type dirty struct{}

func (dirty) Allocate(size int) []byte {
	b := memory.DefaultAllocator.Allocate(size)
	soil(b)
	return b
}

func (dirty) Reallocate(size int, b []byte) []byte {
	before := len(b)
	b = memory.DefaultAllocator.Reallocate(size, b)
	soil(b[min(before, size):])
	return b
}

func (dirty) Free(b []byte) { memory.DefaultAllocator.Free(b) }

func soil(b []byte) {
	for i := range b {
		b[i] = 0xA5
	}
}

// sourceOf is a raw record of JSON rows.
func sourceOf(t testing.TB, mem memory.Allocator, fields []arrow.Field, rows string) arrow.Record {
	t.Helper()
	rec, _, err := array.RecordFromJSON(mem, arrow.NewSchema(fields, nil), strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

func fieldsOf(s *arrow.Schema) []mapping.SourceField {
	fields := make([]mapping.SourceField, s.NumFields())
	for i, f := range s.Fields() {
		fields[i] = mapping.SourceField{Name: f.Name, Type: f.Type}
	}
	return fields
}

func nullable(name string, dt arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: dt, Nullable: true}
}

// values writes a column as its values, "null" for nulls.
func values(a arrow.Array) string {
	texts := make([]string, a.Len())
	for i := range texts {
		texts[i] = "null"
		if a.IsValid(i) {
			texts[i] = a.ValueStr(i)
		}
	}
	return strings.Join(texts, " | ")
}

// rejected writes rejects as row reason value.
func rejected(rejects []mapping.Reject) string {
	var texts []string
	for _, r := range rejects {
		texts = append(texts, strings.TrimSpace(string('0'+rune(r.Row))+" "+r.Reason.String()+" "+r.Value))
	}
	return strings.Join(texts, " | ")
}

// columnCase maps the source column "c" (and "s", a status) to the contract column c.
type columnCase struct {
	name    string
	column  contract.Column
	spec    mapping.Column
	source  arrow.DataType
	rows    string // JSON of the rows
	want    string // values of the rows that stay
	rejects string // row reason value
	ids     contract.IDTypes
	int96   bool
}

func (c columnCase) run(t *testing.T) {
	checked := memory.NewCheckedAllocator(dirty{})
	defer checked.AssertSize(t, 0)
	m, err := mapping.New(one(c.column), mapping.Table{Columns: map[string]mapping.Column{"c": c.spec}}, mapping.Env{Zone: shanghai(t), IDs: c.ids})
	if err != nil {
		t.Fatal(err)
	}
	raw := sourceOf(t, checked, []arrow.Field{nullable("c", c.source), nullable("s", str)}, c.rows)
	defer raw.Release()
	offset := shifted(t, checked, raw)
	defer offset.Release()
	for _, raw := range []arrow.Record{raw, offset} {
		fields := fieldsOf(raw.Schema())
		fields[0].Int96 = c.int96
		bound, err := m.Bind([]string{"c"}, fields)
		if err != nil {
			t.Fatal(err)
		}
		got, err := bound.Map(checked, raw, mapping.Rows{})
		if err != nil {
			t.Fatal(err)
		}
		defer got.Record.Release()
		if diff := cmp.Diff(c.want, values(got.Record.Column(0))); diff != "" {
			t.Errorf("values (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(c.rejects, rejected(got.Rejects)); diff != "" {
			t.Errorf("rejects (-want +got):\n%s", diff)
		}
		if want := one(c.column).Schema(c.ids).Field(0).Type; !arrow.TypeEqual(got.Record.Column(0).DataType(), want) {
			t.Errorf("type %s, want %s", got.Record.Column(0).DataType(), want)
		}
	}
}

// shifted is the same record as a slice of a longer one, so that its arrays have an offset.
func shifted(t *testing.T, mem memory.Allocator, raw arrow.Record) arrow.Record {
	t.Helper()
	columns := make([]arrow.Array, raw.NumCols())
	for i, a := range raw.Columns() {
		longer, err := array.Concatenate([]arrow.Array{a, a}, mem)
		if err != nil {
			t.Fatal(err)
		}
		columns[i] = array.NewSlice(longer, int64(a.Len()), 2*int64(a.Len()))
		longer.Release()
	}
	rec := array.NewRecord(raw.Schema(), columns, raw.NumRows())
	for _, a := range columns {
		a.Release()
	}
	return rec
}

var (
	money    = contract.Column{Kind: contract.Fen}
	count    = contract.Column{Kind: contract.Count}
	rating   = contract.Column{Kind: contract.Count, Min: ref(1), Max: ref(5)}
	real     = contract.Column{Kind: contract.Real}
	score    = contract.Column{Kind: contract.Real, Min: ref(0), Max: ref(100)}
	merchant = contract.Column{Kind: contract.ID, Domain: contract.Merchant}
	key      = contract.Column{Kind: contract.Key}
	buyer    = contract.Column{Kind: contract.Buyer}
	instant  = contract.Column{Kind: contract.Instant}
	date     = contract.Column{Kind: contract.Date}
	free     = contract.Column{Kind: contract.Text}
	flag     = contract.Column{Kind: contract.Bool}
	scene    = contract.Column{Kind: contract.Enum, Values: []string{"live", "search", "other"}}
	yuan     = mapping.Column{Unit: mapping.UnitYuan}
	texts    = contract.IDTypes{contract.Merchant: true}
)

func ref(v float64) *float64 { return &v }

func orNull(c contract.Column) contract.Column { c.Null = true; return c }

func signed(c contract.Column) contract.Column { c.Signed = true; return c }

func TestColumns(t *testing.T) {
	big := `[{"c":"` + strings.Repeat("x", mapping.MaxText+1) + `"},{"c":"ok"}]`
	for _, c := range []columnCase{
		// Money.
		{name: "fen as int64 pass", column: money, source: i64, rows: `[{"c":5890},{"c":0}]`, want: "5890 | 0"},
		{name: "fen as int32 are widened", column: money, source: i32, rows: `[{"c":5890}]`, want: "5890"},
		{name: "yuan as integers are times 100", column: money, spec: yuan, source: i64, rows: `[{"c":58}]`, want: "5800"},
		{name: "yuan as integers may be too large", column: money, spec: yuan, source: i64, rows: `[{"c":"92233720368547759"}]`, rejects: "0 out_of_range 92233720368547759"},
		{name: "yuan as decimals are exact", column: money, spec: yuan, source: dec(10, 2), rows: `[{"c":"58.90"},{"c":"0.01"}]`, want: "5890 | 1"},
		{name: "yuan as decimals of one digit", column: money, spec: yuan, source: dec(10, 1), rows: `[{"c":"58.9"}]`, want: "5890"},
		{name: "yuan as decimals of four digits must be whole fen", column: money, spec: yuan, source: dec(18, 4), rows: `[{"c":"58.9000"},{"c":"58.9001"}]`, want: "5890", rejects: "1 not_exact_money 58.9001"},
		{name: "decimals beyond 64 bits are exact too", column: money, spec: yuan, source: dec(38, 20), rows: `[{"c":"58.90000000000000000000"},{"c":"12345678.90000000000000000001"},{"c":"999999999999999999.00000000000000000000"}]`,
			want: "5890", rejects: "1 not_exact_money 12345678.90000000000000000001 | 2 out_of_range 999999999999999999.00000000000000000000"},
		{name: "decimals that are too wide overflow", column: money, spec: yuan, source: dec(38, 0), rows: `[{"c":"99999999999999999999"}]`, rejects: "0 out_of_range 99999999999999999999"},
		{name: "fen as decimals must be whole", column: money, spec: mapping.Column{Unit: mapping.UnitFen}, source: dec(10, 2), rows: `[{"c":"5890.00"},{"c":"0.50"}]`, want: "5890", rejects: "1 not_exact_money 0.50"},
		{name: "yuan as doubles within 1e-6 of whole fen", column: money, spec: yuan, source: f64, rows: `[{"c":58.9},{"c":0.29},{"c":58.901}]`, want: "5890 | 29", rejects: "2 not_exact_money 58.901"},
		{name: "fen as doubles must be whole", column: money, spec: mapping.Column{Unit: mapping.UnitFen}, source: f64, rows: `[{"c":5890},{"c":0.5}]`, want: "5890", rejects: "1 not_exact_money 0.5"},
		{name: "doubles that hold no exact fen", column: money, spec: mapping.Column{Unit: mapping.UnitFen}, source: f64, rows: `[{"c":1e17},{"c":1e300}]`, rejects: "0 not_exact_money 1e+17 | 1 out_of_range 1e+300"},
		{name: "floats too", column: money, spec: yuan, source: f32, rows: `[{"c":58.5},{"c":58.9}]`, want: "5850", rejects: "1 not_exact_money 58.900001525878906"},
		{name: "yuan as text", column: money, spec: yuan, source: str, rows: `[{"c":"58.90"},{"c":"58,90"},{"c":"7"},{"c":"1e3"}]`, want: "5890 | 700", rejects: "1 not_exact_money 58,90 | 3 not_exact_money 1e3"},
		{name: "money text from a dictionary", column: money, spec: yuan, source: dict, rows: `[{"c":"58.90"},{"c":"x"},{"c":"58.90"},{"c":"x"}]`, want: "5890 | 5890", rejects: "1 not_exact_money x | 3 not_exact_money x"},
		{name: "empty money text is null", column: orNull(money), spec: mapping.Column{Unit: mapping.UnitFen}, source: str, rows: `[{"c":""}]`, want: "null"},
		{name: "negative money is refused", column: money, source: i64, rows: `[{"c":-1},{"c":1}]`, want: "1", rejects: "0 negative -1"},
		{name: "where money is signed it is not", column: signed(money), spec: yuan, source: dec(10, 2), rows: `[{"c":"-0.05"}]`, want: "-5"},
		{name: "money from a column without any value", column: orNull(money), source: arrow.Null, rows: `[{"c":null},{"c":null}]`, want: "null | null"},
		// Whole numbers.
		{name: "a null in a required column", column: count, source: i64, rows: `[{"c":1},{"c":null}]`, want: "1", rejects: "1 null_required"},
		{name: "a null in a nullable column", column: orNull(count), source: i64, rows: `[{"c":1},{"c":null}]`, want: "1 | null"},
		{name: "counts from decimals without fraction digits", column: count, source: dec(20, 0), rows: `[{"c":"3"},{"c":"99999999999999999999"}]`, want: "3", rejects: "1 out_of_range 99999999999999999999"},
		{name: "counts beyond int64", column: count, source: u64, rows: `[{"c":3},{"c":"18446744073709551615"}]`, want: "3", rejects: "1 out_of_range 18446744073709551615"},
		{name: "ratings have a range", column: rating, source: i32, rows: `[{"c":0},{"c":1},{"c":5},{"c":6},{"c":-1}]`, want: "1 | 5", rejects: "0 out_of_range 0 | 3 out_of_range 6 | 4 negative -1"},
		{name: "the smallest int64 is no count", column: signed(count), source: i64, rows: `[{"c":"-9223372036854775808"},{"c":"-9223372036854775807"}]`, want: "-9223372036854775807", rejects: "0 out_of_range -9223372036854775808"},
		{name: "a default fills nulls", column: count, spec: mapping.Column{Default: text("1")}, source: i64, rows: `[{"c":null},{"c":2}]`, want: "1 | 2"},
		{name: "a constant needs no source", column: count, spec: mapping.Column{Constant: text("3")}, source: str, rows: `[{"c":"x"},{"c":"y"}]`, want: "3 | 3"},
		// Real numbers.
		{name: "doubles pass", column: real, source: f64, rows: `[{"c":0.5}]`, want: "0.5"},
		{name: "real numbers from integers and decimals", column: real, source: dec(5, 2), rows: `[{"c":"1.25"}]`, want: "1.25"},
		{name: "real numbers have a range", column: score, source: f64, rows: `[{"c":100},{"c":100.5},{"c":-0.5}]`, want: "100", rejects: "1 out_of_range 100.5 | 2 negative -0.5"},
		{name: "minus zero becomes zero", column: signed(real), source: f64, rows: `[{"c":-0.0},{"c":-1}]`, want: "0 | -1"},
		// Identifiers.
		{name: "integer ids pass", column: merchant, source: i64, rows: `[{"c":7},{"c":-7}]`, want: "7 | -7"},
		{name: "the smallest int64 is no id", column: merchant, source: i64, rows: `[{"c":"-9223372036854775808"},{"c":7}]`, want: "7", rejects: "0 bad_id -9223372036854775808"},
		{name: "ids beyond int64", column: merchant, source: u64, rows: `[{"c":"18446744073709551615"}]`, rejects: "0 bad_id 18446744073709551615"},
		{name: "text ids", column: merchant, ids: texts, source: str, rows: `[{"c":"b"},{"c":"a"},{"c":"b"},{"c":""}]`, want: "b | a | b", rejects: "3 bad_id"},
		{name: "text ids from a dictionary", column: merchant, ids: texts, source: dict, rows: `[{"c":"b"},{"c":""},{"c":"b"},{"c":null}]`, want: "b | b", rejects: "1 bad_id | 3 null_required"},
		{name: "integer ids where elsewhere they are text", column: merchant, ids: texts, source: i64, rows: `[{"c":70},{"c":-8},{"c":70}]`, want: "70 | -8 | 70"},
		{name: "a null id where it may be null", column: orNull(merchant), ids: texts, source: str, rows: `[{"c":null},{"c":"a"}]`, want: "null | a"},
		{name: "a default id", column: merchant, ids: texts, spec: mapping.Column{Default: text("none")}, source: dict, rows: `[{"c":null},{"c":"a"}]`, want: "none | a"},
		{name: "a constant id", column: merchant, ids: texts, spec: mapping.Column{Constant: text("only")}, source: i64, rows: `[{"c":1}]`, want: "only"},
		{name: "integer keys pass", column: key, source: i64, rows: `[{"c":7}]`, want: "7"},
		// XXH3 of "a" is 0xe6c632b61e964e1f.
		{name: "text keys are hashed", column: key, source: str, rows: `[{"c":""},{"c":"a"}]`, want: "-1817709641818812897", rejects: "0 bad_id"},
		{name: "text keys from a dictionary have the same hash", column: key, source: dict, rows: `[{"c":"a"},{"c":"a"}]`, want: "-1817709641818812897 | -1817709641818812897"},
		{name: "buyers are never shown", column: buyer, source: i64, rows: `[{"c":"-9223372036854775808"}]`, rejects: "0 bad_id"},
		// Text.
		{name: "text is dictionary-encoded", column: free, source: str, rows: `[{"c":"a"},{"c":""},{"c":"a"}]`, want: "a |  | a"},
		{name: "an empty text where it may be null says nothing", column: orNull(free), source: str, rows: `[{"c":"a"},{"c":""},{"c":null}]`, want: "a | null | null"},
		{name: "so it does in a dictionary", column: orNull(free), source: dict, rows: `[{"c":""},{"c":"a"},{"c":""}]`, want: "null | a | null"},
		{name: "bytes without annotation are text", column: free, source: bin, rows: `[{"c":"YWI="},{"c":"/w=="}]`, want: "ab", rejects: "1 bad_text \uFFFD"},
		{name: "text with NUL", column: free, source: dict, rows: `[{"c":"a\u0000b"},{"c":"a"}]`, want: "a", rejects: "0 bad_text a\x00b"},
		{name: "text that is too long is cut in the reject", column: free, source: str, rows: big, want: "ok", rejects: "0 bad_text " + strings.Repeat("x", mapping.MaxValue)},
		{name: "integers as text", column: free, source: i32, rows: `[{"c":5},{"c":null}]`, want: "5", rejects: "1 null_required"},
		// Enumerations.
		{name: "enumeration from text", column: scene, source: str, rows: `[{"c":"search"},{"c":"live"},{"c":"mall"}]`, want: "search | live", rejects: "2 unknown_value mall"},
		{name: "enumeration from a dictionary", column: scene, source: dict, rows: `[{"c":"mall"},{"c":"live"},{"c":null}]`, want: "live", rejects: "0 unknown_value mall | 2 null_required"},
		{name: "enumeration from mapped integers", column: scene, source: i64, spec: mapping.Column{Values: map[string]*string{"1": text("live"), "2": text("search")}, Default: text("other")},
			rows: `[{"c":1},{"c":2},{"c":9},{"c":null}]`, want: "live | search | other | other"},
		{name: "enumeration from booleans", column: scene, source: boolean, spec: mapping.Column{Values: map[string]*string{"true": text("live"), "false": text("other")}}, rows: `[{"c":true},{"c":false}]`, want: "live | other"},
		{name: "a value may mean null", column: orNull(scene), source: str, spec: mapping.Column{Values: map[string]*string{"-": nil, "L": text("live")}, Default: text("other")},
			rows: `[{"c":"-"},{"c":"L"},{"c":"?"},{"c":null}]`, want: "null | live | other | null"},
		{name: "with a mapping the contract's own values are unknown", column: scene, source: str, spec: mapping.Column{Values: map[string]*string{"L": text("live")}}, rows: `[{"c":"live"}]`, rejects: "0 unknown_value live"},
		{name: "a constant enumeration", column: scene, spec: mapping.Column{Constant: text("other")}, source: str, rows: `[{"c":"x"}]`, want: "other"},
		{name: "booleans pass", column: flag, source: boolean, rows: `[{"c":true},{"c":false}]`, want: "true | false"},
		{name: "a constant boolean", column: flag, spec: mapping.Column{Constant: text("true")}, source: str, rows: `[{"c":"x"},{"c":"x"},{"c":"x"}]`, want: "true | true | true"},
		{name: "a null boolean", column: orNull(flag), spec: mapping.Column{Null: true}, source: str, rows: `[{"c":"x"},{"c":"x"}]`, want: "null | null"},
		{name: "a null date", column: orNull(date), spec: mapping.Column{Null: true}, source: str, rows: `[{"c":"x"}]`, want: "null"},
		{name: "a constant date", column: date, spec: mapping.Column{Constant: text("2026-01-31")}, source: str, rows: `[{"c":"x"},{"c":"x"}]`, want: "2026-01-31 | 2026-01-31"},
		{name: "a null text", column: orNull(free), spec: mapping.Column{Null: true}, source: str, rows: `[{"c":"x"},{"c":"x"}]`, want: "null | null"},
		{name: "a null enumeration", column: orNull(scene), spec: mapping.Column{Null: true}, source: str, rows: `[{"c":"x"}]`, want: "null"},
		{name: "a constant time is a wall clock", column: instant, spec: mapping.Column{Constant: text("2026-01-31 08:00:00")}, source: str, rows: `[{"c":"x"}]`, want: "2026-01-31 00:00:00Z"},
		{name: "a constant real number", column: real, spec: mapping.Column{Constant: text("0.5")}, source: str, rows: `[{"c":"x"},{"c":"x"}]`, want: "0.5 | 0.5"},
		{name: "booleans from 0 and 1", column: flag, source: i32, rows: `[{"c":1},{"c":0},{"c":2}]`, want: "true | false", rejects: "2 unknown_value 2"},
		{name: "booleans from mapped text", column: flag, source: dict, spec: mapping.Column{Values: map[string]*string{"Y": text("true"), "N": text("false")}}, rows: `[{"c":"Y"},{"c":"N"},{"c":"y"}]`, want: "true | false", rejects: "2 unknown_value y"},
		{name: "a default boolean", column: flag, spec: mapping.Column{Default: text("true")}, source: boolean, rows: `[{"c":null},{"c":false}]`, want: "true | false"},
		// Times.
		{name: "UTC microseconds pass", column: instant, source: utcUS, rows: `[{"c":"2026-01-31 00:00:00.000001"}]`, want: "2026-01-31 00:00:00.000001Z"},
		{name: "milliseconds", column: instant, source: utcMS, rows: `[{"c":"1969-12-31 23:59:59.999"}]`, want: "1969-12-31 23:59:59.999Z"},
		{name: "nanoseconds are cut towards the past", column: instant, source: utcNS, rows: `[{"c":"2026-01-31 00:00:00.000000999"},{"c":"1969-12-31 23:59:59.999999999"}]`, want: "2026-01-31 00:00:00Z | 1969-12-31 23:59:59.999999Z"},
		{name: "without zone they are business-zone wall clocks", column: instant, source: local, rows: `[{"c":"2026-01-31 00:00:00"}]`, want: "2026-01-30 16:00:00Z"},
		{name: "or those of the column's zone", column: instant, source: local, spec: mapping.Column{Zone: "America/New_York"}, rows: `[{"c":"2025-07-01 00:00:00"},{"c":"2025-12-01 00:00:00"}]`, want: "2025-07-01 04:00:00Z | 2025-12-01 05:00:00Z"},
		{name: "a zone says nothing of moments", column: instant, source: utcMS, spec: mapping.Column{Zone: "America/New_York"}, rows: `[{"c":"2026-01-31 00:00:00"}]`, want: "2026-01-31 00:00:00Z"},
		{name: "INT96 are moments", column: instant, source: utcUS, int96: true, rows: `[{"c":"2026-01-30 19:00:00"}]`, want: "2026-01-30 19:00:00Z"},
		{name: "also of UTC", column: instant, source: utcUS, int96: true, spec: mapping.Column{Zone: "UTC"}, rows: `[{"c":"2026-01-30 19:00:00"}]`, want: "2026-01-30 19:00:00Z"},
		{name: "unless a zone says whose wall clocks they are", column: orNull(instant), source: utcUS, int96: true, spec: mapping.Column{Zone: "Asia/Shanghai"}, rows: `[{"c":"2026-01-31 03:00:00"},{"c":null}]`, want: "2026-01-30 19:00:00Z | null"},
		{name: "and dates of INT96 are business days", column: date, source: utcUS, int96: true, rows: `[{"c":"2026-01-30 16:00:00"}]`, want: "2026-01-31"},
		{name: "or days of its wall clock", column: date, source: utcUS, int96: true, spec: mapping.Column{Zone: "Asia/Shanghai"}, rows: `[{"c":"2026-01-31 00:00:00"}]`, want: "2026-01-31"},
		{name: "integers with a unit", column: instant, source: i64, spec: mapping.Column{Unit: "s"}, rows: `[{"c":0},{"c":"9223372036854775807"}]`, want: "1970-01-01 00:00:00Z", rejects: "1 out_of_range 9223372036854775807"},
		{name: "dates are local midnights", column: instant, source: date32, rows: `[{"c":"2026-01-31"}]`, want: "2026-01-30 16:00:00Z"},
		{name: "text of a wall clock", column: instant, source: str, rows: `[{"c":"2026-01-31 08:00:00"},{"c":"2026-01-31T08:00:00.5+01:00"},{"c":"2026-01-31"},{"c":"soon"},{"c":"2026-02-30 08:00:00"}]`,
			want: "2026-01-31 00:00:00Z | 2026-01-31 07:00:00.5Z | 2026-01-30 16:00:00Z", rejects: "3 unknown_value soon | 4 unknown_value 2026-02-30 08:00:00"},
		{name: "empty time text is null", column: orNull(instant), source: dict, rows: `[{"c":""},{"c":"2026-01-31 08:00:00"}]`, want: "null | 2026-01-31 00:00:00Z"},
		{name: "a condition that does not hold makes null", column: orNull(instant), source: str, spec: mapping.Column{When: map[string][]string{"s": {"shipped", "delivered"}}},
			rows: `[{"c":"2026-01-31 08:00:00","s":"shipped"},{"c":"nonsense","s":"created"},{"c":"2026-01-31 08:00:00","s":null}]`, want: "2026-01-31 00:00:00Z | null | null"},
		{name: "dates pass", column: date, source: date32, rows: `[{"c":"2026-01-31"}]`, want: "2026-01-31"},
		{name: "dates from date64", column: date, source: date64, rows: `[{"c":"2026-01-31"}]`, want: "2026-01-31"},
		{name: "dates from moments are business days", column: date, source: utcMS, rows: `[{"c":"2026-01-30 16:00:00"}]`, want: "2026-01-31"},
		{name: "the last day of the year 9999 is over in Shanghai before it is in Greenwich", column: date, source: utcMS, rows: `[{"c":"9999-12-31 15:59:59"},{"c":"9999-12-31 16:00:00"}]`,
			want: "9999-12-31", rejects: "1 out_of_range 2932897"},
		{name: "so it is in text", column: date, source: str, rows: `[{"c":"9999-12-31T15:59:59Z"},{"c":"9999-12-31T16:00:00Z"}]`, want: "9999-12-31", rejects: "1 out_of_range 9999-12-31T16:00:00Z"},
		{name: "dates from wall clocks", column: date, source: local, rows: `[{"c":"2026-01-31 00:00:00"}]`, want: "2026-01-31"},
		{name: "dates from text", column: date, source: str, rows: `[{"c":"2026-01-31"},{"c":"2026-01-31 23:59:59"},{"c":"31.1.2026"}]`, want: "2026-01-31 | 2026-01-31", rejects: "2 unknown_value 31.1.2026"},
	} {
		t.Run(c.name, c.run)
	}
}

// What stands under nulls is written too: frames look all indices of a dictionary up.
func TestNullsHaveAnIndexOfTheDictionary(t *testing.T) {
	ids := contract.IDTypes{contract.Merchant: true}
	for _, c := range []contract.Column{
		{Kind: contract.Text, Null: true},
		{Kind: contract.Enum, Null: true, Values: []string{"a", "b"}},
		{Kind: contract.ID, Domain: contract.Merchant, Null: true},
	} {
		m, err := mapping.New(one(c), mapping.Table{Columns: map[string]mapping.Column{"c": {}}}, mapping.Env{Zone: shanghai(t), IDs: ids})
		if err != nil {
			t.Fatal(err)
		}
		raw := sourceOf(t, memory.DefaultAllocator, []arrow.Field{nullable("c", arrow.BinaryTypes.String)}, `[{"c":"a"},{"c":null},{"c":"b"},{"c":null}]`)
		mapped, err := bind(t, m, []string{"c"}, raw).Map(dirty{}, raw, mapping.Rows{})
		if err != nil {
			t.Fatal(err)
		}
		f, err := column.NewIDs(ids).Frame(one(c), mapped.Record)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Column("c"); got[0] == got[2] || got[0] == column.Null || got[2] == column.Null || got[1] != column.Null || got[3] != column.Null {
			t.Errorf("kind %v: %v", c.Kind, got)
		}
	}
}
