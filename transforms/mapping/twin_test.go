package mapping_test

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
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
	"pgregory.net/rapid"
)

// sale is one row of a foreign table, nil where it is null.
type sale struct {
	seller, price, status, at, note *string
	amount                          *int64 // hundredths, as a decimal of two digits
	stars                           *int64
}

// sales is the contract that foreign rows are mapped to.
var sales = &contract.Table{
	Name: "sales", Class: contract.Event, DayOf: []string{"sold_at"},
	Columns: []contract.Column{
		{Name: "merchant_id", Kind: contract.ID, Domain: contract.Merchant},
		{Name: "price_fen", Kind: contract.Fen},
		{Name: "amount_fen", Kind: contract.Fen, Null: true},
		{Name: "stars", Kind: contract.Count, Null: true, Min: ref(1), Max: ref(5)},
		{Name: "kind", Kind: contract.Enum, Values: []string{"live", "other"}},
		{Name: "sold_at", Kind: contract.Instant},
		{Name: "note", Kind: contract.Text, Null: true},
	},
}

var salesSpec = mapping.Table{Columns: map[string]mapping.Column{
	"merchant_id": {Column: "seller"}, "price_fen": {Column: "price", Unit: "yuan"}, "amount_fen": {Column: "amount", Unit: "fen", When: map[string][]string{"status": {"1", "2"}}},
	"kind": {Column: "status", Values: map[string]*string{"1": text("live"), "2": text("other")}}, "sold_at": {Column: "at"},
}}

// mapSale is the naive twin: one row at a time, by the letter of the rules.
func mapSale(s sale, day string) (row []string, reason string) {
	fail := func(r string) {
		if reason == "" {
			reason = r
		}
	}
	show := func(v *string) string {
		if v == nil {
			return "null"
		}
		return *v
	}
	required := func(v *string, check func(string) string) string {
		if v == nil {
			fail("null_required")
			return "null"
		}
		return check(*v)
	}
	row = append(row, required(s.seller, func(v string) string {
		if v == "" {
			fail("bad_id")
		} else if badText(v) {
			fail("bad_text")
		}
		return v
	}))
	price := s.price
	if price != nil && *price == "" {
		price = nil
	}
	row = append(row, required(price, func(v string) string { return naiveFen(v, 100, fail) }))
	amount := "null"
	if s.amount != nil && s.status != nil && (*s.status == "1" || *s.status == "2") {
		amount = naiveFen(big.NewRat(*s.amount, 100).FloatString(2), 1, fail)
	}
	row = append(row, amount)
	stars := "null"
	if s.stars != nil {
		stars = strconv.FormatInt(*s.stars, 10)
		if *s.stars < 0 {
			fail("negative")
		} else if *s.stars < 1 || *s.stars > 5 {
			fail("out_of_range")
		}
	}
	row = append(row, stars)
	row = append(row, required(s.status, func(v string) string {
		kind, ok := map[string]string{"1": "live", "2": "other"}[v]
		if !ok {
			fail("unknown_value")
		}
		return kind
	}))
	at := s.at
	if at != nil && *at == "" {
		at = nil
	}
	row = append(row, required(at, func(v string) string {
		moment, err := time.ParseInLocation("2006-01-02 15:04:05", v, time.FixedZone("", 8*3600))
		if err != nil {
			fail("unknown_value")
		} else if moment.Format("2006-01-02") != day {
			defer fail("outside_day")
		}
		return moment.UTC().Format("2006-01-02 15:04:05Z")
	}))
	if s.note != nil && badText(*s.note) {
		// The day rule comes last: a fault of the text goes before it.
		if reason == "" || reason == "outside_day" {
			reason = "bad_text"
		}
	}
	note := s.note
	if note != nil && *note == "" {
		note = nil
	}
	return append(row, show(note)), reason
}

func badText(s string) bool {
	return !utf8.ValidString(s) || strings.ContainsRune(s, 0) || len(s) > mapping.MaxText
}

// naiveFen reads decimal text as a rational number of units of so many fen.
func naiveFen(v string, unit int64, fail func(string)) string {
	r, ok := new(big.Rat).SetString(v)
	if !ok || strings.ContainsAny(v, "eE/_+xXpPbBoO") || strings.HasPrefix(v, ".") || strings.HasSuffix(v, ".") || strings.HasPrefix(v, "-.") {
		fail("not_exact_money")
		return ""
	}
	r.Mul(r, new(big.Rat).SetInt64(unit))
	switch {
	case !r.IsInt():
		fail("not_exact_money")
	case !r.Num().IsInt64():
		fail("out_of_range")
	case r.Sign() < 0:
		fail("negative")
	}
	return r.Num().String()
}

func anySale(t *rapid.T) sale {
	maybe := func(name string, g *rapid.Generator[string]) *string {
		if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
			return nil
		}
		v := g.Draw(t, name)
		return &v
	}
	whole := func(name string, lo, hi int64) *int64 {
		if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
			return nil
		}
		v := rapid.Int64Range(lo, hi).Draw(t, name)
		return &v
	}
	return sale{
		seller: maybe("seller", rapid.SampledFrom([]string{"a", "b", "shop-1", "shop-2", "", "a\x00", "\xff"})),
		price:  maybe("price", rapid.OneOf(rapid.StringMatching(`-?[0-9]{1,4}(\.[0-9]{1,3})?`), rapid.SampledFrom([]string{"", "58,90", "92233720368547758.08", "x", "1e3", ".5", "5."}))),
		amount: whole("amount", -300, 3000), stars: whole("stars", -1, 7),
		status: maybe("status", rapid.SampledFrom([]string{"1", "2", "1", "3"})),
		at:     maybe("at", rapid.SampledFrom([]string{"2026-01-31 00:00:00", "2026-01-31 23:59:59", "2026-01-30 23:59:59", "2026-02-01 00:00:00", "", "soon"})),
		note:   maybe("note", rapid.SampledFrom([]string{"", "n", "风", "a\x00b", "\xff"})),
	}
}

// recordOfSales writes rows as a raw record; text is plain or dictionary-encoded.
func recordOfSales(mem memory.Allocator, rows []sale, encode bool) arrow.Record {
	textType := arrow.DataType(str)
	if encode {
		textType = dict
	}
	schema := arrow.NewSchema([]arrow.Field{
		nullable("seller", textType), nullable("price", textType), nullable("status", textType), nullable("at", textType), nullable("note", textType),
		nullable("amount", dec(12, 2)), nullable("stars", i32),
	}, nil)
	b := array.NewRecordBuilder(mem, schema)
	defer b.Release()
	for _, r := range rows {
		for i, v := range []*string{r.seller, r.price, r.status, r.at, r.note} {
			appendText(b.Field(i), v)
		}
		if r.amount == nil {
			b.Field(5).AppendNull()
		} else {
			b.Field(5).(*array.Decimal128Builder).Append(decimal128.FromI64(*r.amount))
		}
		if r.stars == nil {
			b.Field(6).AppendNull()
		} else {
			b.Field(6).(*array.Int32Builder).Append(int32(*r.stars))
		}
	}
	return b.NewRecord()
}

func appendText(b array.Builder, v *string) {
	switch b := b.(type) {
	case *array.StringBuilder:
		if v == nil {
			b.AppendNull()
		} else {
			b.Append(*v)
		}
	case *array.BinaryDictionaryBuilder:
		if v == nil {
			b.AppendNull()
		} else if err := b.AppendString(*v); err != nil {
			panic(err)
		}
	}
}

// told is what a mapping says of rows: the values of those that stay, and row and reason of those that do not.
type told struct{ Kept, Left []string }

func tellMapped(m mapping.Mapped) (t told) {
	for row := range int(m.Record.NumRows()) {
		var texts []string
		for _, a := range m.Record.Columns() {
			texts = append(texts, values(array.NewSlice(a, int64(row), int64(row)+1)))
		}
		t.Kept = append(t.Kept, strings.Join(texts, ","))
	}
	for _, r := range m.Rejects {
		t.Left = append(t.Left, fmt.Sprint(r.Row, " ", r.Reason))
	}
	return t
}

func TestMappingAgreesWithItsNaiveTwin(t *testing.T) {
	m := newMapper(t, sales, salesSpec, contract.IDTypes{contract.Merchant: true})
	rapid.Check(t, func(rt *rapid.T) {
		rows := make([]sale, rapid.IntRange(0, 80).Draw(rt, "rows"))
		var want told
		for i := range rows {
			rows[i] = anySale(rt)
			row, reason := mapSale(rows[i], "2026-01-31")
			if reason == "" {
				want.Kept = append(want.Kept, strings.Join(row, ","))
			} else {
				want.Left = append(want.Left, fmt.Sprint(i, " ", reason))
			}
		}
		raw := recordOfSales(memory.DefaultAllocator, rows, rapid.Bool().Draw(rt, "encoded"))
		got, err := bind(t, m, columnNames(sales), raw).Map(dirty{}, raw, mapping.Rows{Day: day(t, "2026-01-31")})
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(want, tellMapped(got)); diff != "" {
			rt.Fatalf("(-naive +mapped):\n%s", diff)
		}
	})
}

// Splitting a record into parts changes nothing: the parts say what the whole says.
func TestSplittingRecordsChangesNothing(t *testing.T) {
	m := newMapper(t, sales, salesSpec, contract.IDTypes{contract.Merchant: true})
	rapid.Check(t, func(rt *rapid.T) {
		checked := memory.NewCheckedAllocator(dirty{})
		defer checked.AssertSize(t, 0)
		rows := make([]sale, rapid.IntRange(1, 80).Draw(rt, "rows"))
		for i := range rows {
			rows[i] = anySale(rt)
		}
		raw := recordOfSales(checked, rows, rapid.Bool().Draw(rt, "encoded"))
		defer raw.Release()
		b := bind(t, m, columnNames(sales), raw)
		tell := func(from, to int64) told {
			part := raw.NewSlice(from, to)
			defer part.Release()
			got, err := b.Map(checked, part, mapping.Rows{Day: day(t, "2026-01-31"), First: from})
			if err != nil {
				rt.Fatal(err)
			}
			defer got.Record.Release()
			return tellReleased(got)
		}
		n := int64(len(rows))
		cut := rapid.Int64Range(0, n).Draw(rt, "cut")
		whole, first, second := tell(0, n), tell(0, cut), tell(cut, n)
		parts := told{slices.Concat(first.Kept, second.Kept), slices.Concat(first.Left, second.Left)}
		if diff := cmp.Diff(whole, parts); diff != "" {
			rt.Fatalf("(-whole +parts):\n%s", diff)
		}
	})
}

// tellReleased is tellMapped without a slice left behind.
func tellReleased(m mapping.Mapped) (t told) {
	for row := range int(m.Record.NumRows()) {
		var texts []string
		for _, a := range m.Record.Columns() {
			text := "null"
			if a.IsValid(row) {
				text = a.ValueStr(row)
			}
			texts = append(texts, text)
		}
		t.Kept = append(t.Kept, strings.Join(texts, ","))
	}
	for _, r := range m.Rejects {
		t.Left = append(t.Left, fmt.Sprint(r.Row, " ", r.Reason, " ", r.Column, " ", r.Value))
	}
	return t
}
