package mapping_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

// columnOf is a column of n values made by f, of the builder's type.
func columnOf(dt arrow.DataType, n int, f func(i int, b array.Builder)) arrow.Array {
	b := array.NewBuilder(memory.DefaultAllocator, dt)
	defer b.Release()
	b.Reserve(n)
	for i := range n {
		f(i, b)
	}
	return b.NewArray()
}

func integers(n int, f func(i int) int64) arrow.Array {
	return columnOf(i64, n, func(i int, b array.Builder) { b.(*array.Int64Builder).Append(f(i)) })
}

func plain(n int, f func(i int) string) arrow.Array {
	return columnOf(str, n, func(i int, b array.Builder) { b.(*array.StringBuilder).Append(f(i)) })
}

// encoded is a dictionary column as the lake reads it.
func encoded(n int, values []string, f func(i int) uint32) arrow.Array {
	indices := columnOf(arrow.PrimitiveTypes.Uint32, n, func(i int, b array.Builder) { b.(*array.Uint32Builder).Append(f(i)) })
	return array.NewDictionaryArray(contract.StringType, indices, plain(len(values), func(i int) string { return values[i] }))
}

func recordOf(names []string, columns []arrow.Array) arrow.Record {
	fields := make([]arrow.Field, len(names))
	for i, name := range names {
		fields[i] = nullable(name, columns[i].DataType())
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(columns[0].Len()))
}

func columnNames(t *contract.Table) []string {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return names
}

// nativeOrders are order lines of 2026-01-31 in the contract's own types.
func nativeOrders(b testing.TB, n int) arrow.Record {
	random := rand.New(rand.NewPCG(1, 2))
	start := shanghai(b).Start(day(b, "2026-01-31"))
	moment := func(i int, b array.Builder) {
		b.(*array.TimestampBuilder).Append(arrow.Timestamp(start + random.Int64N(86400e6)))
	}
	id := func(most int64) arrow.Array { return integers(n, func(int) int64 { return random.Int64N(most) }) }
	enum := func(values []string) arrow.Array {
		return encoded(n, values, func(int) uint32 { return random.Uint32N(uint32(len(values))) })
	}
	risk := columnOf(contract.StringType, n, func(_ int, b array.Builder) { b.AppendNull() })
	return recordOf(columnNames(contract.Orders), []arrow.Array{
		integers(n, func(i int) int64 { return int64(i) }), id(1e9), id(1e7), id(1e5), id(1e6), id(1e7), id(1e5), id(1e5), id(1e6),
		enum(contract.Scenes), columnOf(contract.InstantType, n, moment), columnOf(contract.InstantType, n, moment),
		id(5), id(1e5), id(100), id(1000), enum(contract.OrderKinds), risk,
	})
}

// hex is a 32-digit id such as Olist's.
func hex(v uint64) string { return fmt.Sprintf("%016x%016x", v, v*0x9e3779b97f4a7c15) }

// foreignOrders are order lines with text ids, decimal money, wall clocks and a text status.
func foreignOrders(b testing.TB, n int) arrow.Record {
	random := rand.New(rand.NewPCG(1, 2))
	wall := day(b, "2026-01-31")
	id := func(most uint64) arrow.Array { return plain(n, func(int) string { return hex(random.Uint64N(most)) }) }
	amount := columnOf(dec(12, 2), n, func(_ int, b array.Builder) {
		if err := b.AppendValueFromString(fmt.Sprintf("%d.%02d", random.IntN(1000), random.IntN(100))); err != nil {
			panic(err)
		}
	})
	at := columnOf(local, n, func(_ int, b array.Builder) {
		b.(*array.TimestampBuilder).Append(arrow.Timestamp(int64(wall)*86400e6 + random.Int64N(86400e6)))
	})
	statuses := []string{"delivered", "shipped", "canceled", "created"}
	return recordOf(
		[]string{"line", "order_no", "customer", "seller", "product", "price", "freight", "bought", "status"},
		[]arrow.Array{id(1 << 60), id(1 << 60), id(1e5), id(3000), id(30000), amount, amount, at,
			plain(n, func(int) string { return statuses[random.IntN(len(statuses))] })})
}

func foreignSpec() mapping.Table {
	none, constant := mapping.Column{Null: true}, func(s string) mapping.Column { return mapping.Column{Constant: &s} }
	from := func(name string) mapping.Column { return mapping.Column{Column: name} }
	return mapping.Table{Columns: map[string]mapping.Column{
		"order_line_id": from("line"), "order_id": from("order_no"), "buyer_id": from("customer"), "merchant_id": from("seller"),
		"product_id": from("product"), "sku_id": none, "promoter_id": none, "author_id": none, "content_id": none,
		"scene": constant("shop"), "created_at": from("bought"),
		"paid_at":  {Column: "bought", When: map[string][]string{"status": {"delivered", "shipped"}}},
		"quantity": constant("1"), "buyer_paid_fen": {Column: "price", Unit: "yuan"}, "platform_subsidy_fen": constant("0"),
		"freight_fen": {Column: "freight", Unit: "yuan"}, "order_kind": constant("normal"), "risk_reason": none,
	}}
}

func BenchmarkOrders(b *testing.B) {
	for _, c := range []struct {
		name string
		spec mapping.Table
		make func(testing.TB, int) arrow.Record
		ids  contract.IDTypes
	}{
		{"native", mapping.Table{}, nativeOrders, nil},
		{"foreign", foreignSpec(), foreignOrders, contract.IDTypes{contract.Merchant: true, contract.Product: true}},
	} {
		for _, rows := range []int{1e5, 1e6} {
			b.Run(fmt.Sprintf("%s/rows=%.0e", c.name, float64(rows)), func(b *testing.B) {
				m, err := mapping.New(contract.Orders, c.spec, mapping.Env{Zone: shanghai(b), IDs: c.ids})
				if err != nil {
					b.Fatal(err)
				}
				benchmarkMap(b, m, columnNames(contract.Orders), c.make(b, rows))
			})
		}
	}
}

// BenchmarkColumn shows where the time of a foreign table goes.
func BenchmarkColumn(b *testing.B) {
	native, foreign := nativeOrders(b, 1e6), foreignOrders(b, 1e6)
	ids := contract.IDTypes{contract.Merchant: true, contract.Product: true}
	bare := *contract.Orders
	bare.DayOf = nil
	for _, name := range []string{"order_id", "buyer_id", "merchant_id", "buyer_paid_fen", "paid_at", "scene"} {
		for source, c := range map[string]struct {
			spec mapping.Table
			raw  arrow.Record
			ids  contract.IDTypes
		}{"native": {mapping.Table{}, native, nil}, "foreign": {foreignSpec(), foreign, ids}} {
			b.Run(name+"/"+source, func(b *testing.B) {
				m, err := mapping.New(&bare, c.spec, mapping.Env{Zone: shanghai(b), IDs: c.ids})
				if err != nil {
					b.Fatal(err)
				}
				benchmarkMap(b, m, []string{name}, c.raw)
			})
		}
	}
}

func benchmarkMap(b *testing.B, m *mapping.Mapper, columns []string, raw arrow.Record) {
	bound, err := m.Bind(columns, fieldsOf(raw.Schema()))
	if err != nil {
		b.Fatal(err)
	}
	in := mapping.Rows{Day: day(b, "2026-01-31")}
	b.ReportAllocs()
	for b.Loop() {
		got, err := bound.Map(memory.DefaultAllocator, raw, in)
		if err != nil || got.Rejected() > 0 {
			b.Fatal(err, got.Rejects[:min(3, len(got.Rejects))])
		}
		got.Record.Release()
	}
	b.ReportMetric(float64(raw.NumRows())*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
