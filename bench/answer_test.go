package main

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// row is one row of the test's table; a nil pointer is null.
type row struct {
	shop  *int64
	scene string
	buyer int64
	paid  *int64
}

func of(v int64) *int64 { return &v }

func record(t *testing.T, rows ...row) arrow.Record {
	t.Helper()
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{
		{Name: "shop_id", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
		{Name: "scene", Type: arrow.BinaryTypes.String},
		{Name: buyerColumn, Type: arrow.PrimitiveTypes.Int64},
		{Name: "paid_fen", Type: arrow.PrimitiveTypes.Int64, Nullable: true},
	}, nil))
	defer b.Release()
	for _, r := range rows {
		appendInt(b.Field(0), r.shop)
		b.Field(1).(*array.StringBuilder).Append(r.scene)
		appendInt(b.Field(2), &r.buyer)
		appendInt(b.Field(3), r.paid)
	}
	return b.NewRecord()
}

func appendInt(b array.Builder, v *int64) {
	if v == nil {
		b.AppendNull()
		return
	}
	b.(*array.Int64Builder).Append(*v)
}

var shops = tableSpec{Name: "shops", Keys: []string{"shop_id", "scene", buyerColumn}, Measures: []string{"paid_fen"}}

func sumsOf(t *testing.T, records ...arrow.Record) tableSums {
	t.Helper()
	s := newSummer(shops)
	for _, r := range records {
		if err := s.add(r); err != nil {
			t.Fatal(err)
		}
	}
	return s.sums()
}

// Values that 53 bits do not hold, one below zero, and nulls.
func threeRows() []row {
	return []row{
		{of(1), "live", 7, of(9007199254740993)},
		{nil, "商城", 8, of(-4611686018427387904)},
		{of(3), "live", 9, nil},
	}
}

func TestSumsAreExact(t *testing.T) {
	got := sumsOf(t, record(t, threeRows()...))
	if got.Rows != 3 || got.Sums["paid_fen"] != "-4602678819172646911" {
		t.Errorf("rows %d, sum %s", got.Rows, got.Sums["paid_fen"])
	}
	if want := "21267729062197068573160623152000139265"; got.Squares["paid_fen"] != want { // by Python's integers
		t.Errorf("sum of squares %s, want %s", got.Squares["paid_fen"], want)
	}
}

func TestSumsKeepTheirCarry(t *testing.T) {
	big := row{of(1), "live", 7, of(math.MaxInt64)}
	got := sumsOf(t, record(t, big, big))
	if got.Sums["paid_fen"] != "18446744073709551614" || got.Squares["paid_fen"] != "170141183460469231694793815568465002498" {
		t.Errorf("sum %s, squares %s", got.Sums["paid_fen"], got.Squares["paid_fen"])
	}
}

func TestSquaresPass128Bits(t *testing.T) {
	least := row{of(1), "live", 7, of(math.MinInt64)}
	got := sumsOf(t, record(t, least, least, least, least, least))
	if want := "425352958651173079329218259289710264320"; got.Squares["paid_fen"] != want { // 5 × 2^126, by Python's integers
		t.Errorf("sum of squares %s, want %s", got.Squares["paid_fen"], want)
	}
}

func TestChecksumKnowsNoOrderAndNoBuyers(t *testing.T) {
	rows := threeRows()
	want := sumsOf(t, record(t, rows...))
	other := rows[1]
	other.buyer = 80
	if d := differences(want, sumsOf(t, record(t, rows[2]), record(t, other, rows[0]))); len(d) > 0 {
		t.Errorf("another order, another hash of a buyer: %v", d)
	}
	for what, changed := range map[string]row{
		"a fen more":     {of(1), "live", 7, of(9007199254740994)},
		"another key":    {of(2), "live", 7, of(9007199254740993)},
		"another scene":  {of(1), "mall", 7, of(9007199254740993)},
		"null for a key": {nil, "live", 7, of(9007199254740993)},
	} {
		if d := differences(want, sumsOf(t, record(t, changed, rows[1], rows[2]))); len(d) == 0 {
			t.Errorf("%s is not noticed", what)
		}
	}
}

func TestDisagreementNamesJobEngineTableAndMeasure(t *testing.T) {
	answered := func(paid int64) answer {
		return answer{Tables: map[string]tableSums{"shops": sumsOf(t, record(t, row{of(1), "live", 7, of(paid)}))}}
	}
	err := agree(job{name: "order_rollups", tables: []tableSpec{shops}}, duckdb, answered(9007199254740993), answered(9007199254740994))
	for _, word := range []string{"order_rollups", "duckdb", "shops", "sum of paid_fen", "9007199254740993", "9007199254740994"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%v does not name %s", err, word)
		}
	}
}

func TestEnginesTakeTurns(t *testing.T) {
	got := fmt.Sprint(turn([]string{"a", "b", "c"}, 4))
	if got != "[b c a]" {
		t.Errorf("round 4: %s", got)
	}
}

func TestMedian(t *testing.T) {
	if odd, even := median([]float64{1, 2, 9}), median([]float64{1, 2, 4, 9}); odd != 2 || even != 3 {
		t.Errorf("odd %v, even %v", odd, even)
	}
}
