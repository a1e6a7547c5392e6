package jobs

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// What is picked of a snapshot is what the table of all of it says, be ids numbers or texts, in any row groups.
func TestWhatIsPickedOfASnapshotIsWhatItsTableSays(t *testing.T) {
	day := calendar.Of(2026, 1, 31)
	rapid.Check(t, func(t *rapid.T) {
		out, err := lake.Open(t.Context(), "mem://", lake.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		ids := column.NewIDs(contract.IDTypes{contract.Product: rapid.Bool().Draw(t, "texts for products"), contract.Category: rapid.Bool().Draw(t, "texts for categories")})
		table := rollup.ProductDays().Table()
		code := func(c contract.Column, v int64) int64 {
			if d := ids.Dict(c); d != nil {
				return d.Code(fmt.Sprint("id ", v))
			}
			return v
		}
		for v := range int64(30) {
			code(table.Columns[0], 17*v%30) // codes in an order that is not that of the texts
		}
		products := rapid.SliceOfNDistinct(rapid.Int64Range(0, 29), 1, 30, rapid.ID[int64]).Draw(t, "products")
		slices.SortFunc(products, func(a, b int64) int {
			return ids.CompareText(contract.Product, "")(code(table.Columns[0], a), code(table.Columns[0], b))
		})
		if ids.Dict(table.Columns[0]) == nil {
			slices.Sort(products)
		}
		f := column.NewFrame(len(products))
		for _, c := range table.Columns {
			values := make([]int64, len(products))
			for i, v := range products {
				switch {
				case c.Name == "product_id":
					values[i] = code(c, v)
				case c.Null && rapid.Bool().Draw(t, "null"):
					values[i] = column.Null
				default:
					values[i] = code(c, rapid.Int64Range(0, 3).Draw(t, c.Name))
				}
			}
			f.Set(c.Name, values)
		}
		rows := make([]int64, len(rollup.From(contract.Products.Name)))
		rows[rollupAt()["product_days"]] = int64(len(products))
		p := Partition{Day: day, Digest: "x", Rows: rows}
		if _, err := out.WriteParquet(t.Context(), rollupKey("product_days", p), table.Schema(ids.Types),
			lake.WriteOptions{RowGroupRows: rapid.IntRange(1, 9).Draw(t, "rows of a group"), Sorted: []string{"product_id"}}, frameRecords(table, ids, f)); err != nil {
			t.Fatal(err)
		}
		n := &night{runner: &Runner{Out: out, ids: ids, state: newState(out, ids, 0), lookups: newLookupCache(0)}, partitions: map[string][]Partition{contract.Products.Name: {p}}}
		asked := rapid.SliceOf(rapid.Map(rapid.Int64Range(0, 29), func(v int64) int64 { return code(table.Columns[0], v) })).Draw(t, "asked")
		before := slices.Clone(asked)
		got, err := n.snapshotOf(t.Context(), categoryAttributes, day, asked)
		if err != nil {
			t.Fatal(err)
		}
		if len(n.runner.lookups.tables) != 0 || got.Len() > len(asked) {
			t.Fatalf("%d rows of %d asked for, %d tables", got.Len(), len(asked), len(n.runner.lookups.tables))
		}
		whole, err := n.snapshot(t.Context(), categoryAttributes, day)
		if err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(said(whole, before), said(got, before)); diff != "" {
			t.Fatal(diff)
		}
		if after, err := n.snapshotOf(t.Context(), categoryAttributes, day, asked); err != nil || after != whole {
			t.Fatalf("a table that is there was not used, error %v", err)
		}
	})
}

// A snapshot without rows has no file, and says nothing of anybody.
func TestNothingIsPickedOfAnEmptySnapshot(t *testing.T) {
	out, err := lake.Open(t.Context(), "mem://", lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	ids, day := column.NewIDs(nil), calendar.Of(2026, 1, 31)
	p := Partition{Day: day, Digest: "x", Rows: make([]int64, len(rollup.From(contract.Products.Name)))}
	n := &night{runner: &Runner{Out: out, OneNight: true, ids: ids, state: newState(out, ids, 0), lookups: newLookupCache(0)}, partitions: map[string][]Partition{contract.Products.Name: {p}}}
	got, err := n.snapshotOf(t.Context(), categoryAttributes, day+1, []int64{3, 5})
	if err != nil || got.Row(3) != -1 || got.Row(5) != -1 {
		t.Errorf("%v, error %v", got, err)
	}
	if none, err := n.snapshotOf(t.Context(), categoryAttributes, day-1, []int64{3}); none != nil || err != nil {
		t.Errorf("there is a snapshot of before the first: %v, error %v", none, err)
	}
}

// said is what a table says of keys, Null where it has none.
func said(table *rollup.Attributes, keys []int64) (out [][2]int64) {
	for _, key := range keys {
		if row := table.Row(key); row >= 0 {
			out = append(out, [2]int64{1, table.Values(0)[row]})
		} else {
			out = append(out, [2]int64{0, column.Null})
		}
	}
	return out
}

// Rows that were classified without a snapshot that could not be read are not stored: an error stands in their place.
func TestRowsThatCouldNotBeClassifiedAreAnError(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	table := rollup.CartedProducts().Table()
	broken := errors.New("the store is away")
	for _, failed := range []error{nil, broken} {
		dims := &dimensions{}
		rows := func(yield func(arrow.Record, error) bool) {
			for day := range int64(3) {
				if day == 1 {
					dims.noted(nil, failed)
				}
				b := column.NewBuilder(table, column.NewIDs(nil))
				b.Column("product_id").Int(day)
				if !yield(b.Record(mem), nil) {
					return
				}
			}
		}
		var seen []string
		for rec, err := range classified(rows, dims) {
			if err != nil {
				seen = append(seen, err.Error())
				continue
			}
			seen = append(seen, rec.Column(0).ValueStr(0))
			rec.Release()
		}
		want := []string{"0", "1", "2"}
		if failed != nil {
			want = []string{"0", "the store is away"}
		}
		if diff := gocmp.Diff(want, seen); diff != "" {
			t.Error(diff)
		}
	}
}
