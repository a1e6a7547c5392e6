package rollup_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// row is one row by column name. The twin computes everything from rows, one after another.
type row map[string]int64

// get is a column that the row must have: one that nobody drew or derived would pass for 0.
func (r row) get(t testingT, name string) int64 {
	t.Helper()
	v, ok := r[name]
	if !ok {
		t.Fatal("a row has no column", name)
	}
	return v
}

// today is the day that is reduced.
var today = calendar.Of(2026, 1, 31)

// zone is eight hours ahead of UTC.
func zone() *calendar.Zone { return calendar.NewZone(time.FixedZone("", 8*60*60)) }

// at is a moment of a business day.
func at(day calendar.Day, seconds int64) int64 {
	return (int64(day)*86_400 - 8*3600 + seconds) * 1_000_000
}

// world are the snapshots and the dictionaries.
type world struct {
	ids                *column.IDs
	products, accounts snapshots
	maxUnits           int64
}

// snapshots are the attributes of subjects by day.
type snapshots map[calendar.Day]map[int64][]int64

// nearest is the snapshot of the day or the last one before it, nil if there is none.
func nearest(of snapshots, day calendar.Day) map[int64][]int64 {
	for _, d := range slices.Backward(slices.Sorted(maps.Keys(of))) {
		if d <= day {
			return of[d]
		}
	}
	return nil
}

// attributes is the engine's table of a snapshot with n values a subject.
func attributes(of map[int64][]int64, n int) *rollup.Attributes {
	if of == nil {
		return nil
	}
	var keys []int64
	values := make([][]int64, n)
	for id, v := range of {
		keys = append(keys, id)
		for j := range values {
			values[j] = append(values[j], v[j])
		}
	}
	return column.NewLookup(keys, values...)
}

func (w world) Products(day calendar.Day) *rollup.Attributes {
	return attributes(nearest(w.products, day), 3)
}
func (w world) Categories(day calendar.Day, asked []int64) *rollup.Attributes {
	there, some := nearest(w.products, day), map[int64][]int64{}
	if there == nil {
		return nil
	}
	for _, id := range asked {
		if v, ok := there[id]; ok {
			some[id] = v
		}
	}
	return attributes(some, 1)
}
func (w world) Accounts(day calendar.Day) *rollup.Attributes {
	return attributes(nearest(w.accounts, day), 2)
}

// enrich adds the derived columns of a source's row.
func (w world) enrich(source *contract.Table, r row) row {
	switch source {
	case contract.Orders:
		return w.order(r)
	case contract.Refunds:
		return w.refund(r)
	}
	return r
}

// reduce is what a rollup means, said plainly: the rows of every group, then every figure from them.
func reduce(t testingT, ru *rollup.Rollup, rows []row) [][]int64 {
	t.Helper()
	groups := map[string][]row{}
	keys := map[string][]int64{}
	put := func(key []int64, r row) {
		name := fmt.Sprint(key)
		keys[name] = key
		groups[name] = append(groups[name], r)
	}
	for _, r := range rows {
		if ru.Where != "" && r.get(t, ru.Where) == 0 {
			continue
		}
		var key []int64
		for _, name := range ru.By {
			key = append(key, r.get(t, name))
		}
		put(key, r)
		if ru.Totals > 0 {
			put(append(slices.Clone(key[:len(key)-ru.Totals]), slices.Repeat([]int64{column.Null}, ru.Totals)...), r)
		}
	}
	var out [][]int64
	for name, members := range groups {
		line := slices.Clone(keys[name])
		for _, m := range ru.Measures {
			line = append(line, measure(t, m, members))
		}
		out = append(out, line)
	}
	return out
}

type testingT interface {
	Helper()
	Fatal(args ...any)
}

func measure(t testingT, m rollup.Measure, rows []row) (total int64) {
	t.Helper()
	counts := func(r row) bool { return m.If == "" || r.get(t, m.If) == 1 }
	brands := map[[2]int64]int64{} // order, brand
	for _, r := range rows {
		if r["brand_id"] != column.Null {
			brands[[2]int64{r["order_id"], r["brand_id"]}]++
		}
	}
	seen := map[int64]bool{}
	for _, r := range rows {
		full := r["brand_id"] != column.Null && brands[[2]int64{r["order_id"], r["brand_id"]}] >= rollup.MinSet
		switch {
		case m.Op == rollup.Only:
			if len(rows) != 1 {
				t.Fatal(m.Name, "asks for the only row of", len(rows))
			}
			return r.get(t, m.Of)
		case m.Op == rollup.Sets && full:
			seen[r["order_id"]] = true
		case m.Op == rollup.SetSum && full:
			total += r.get(t, m.Of)
		case m.Op == rollup.Count && counts(r):
			total++
		case m.Op == rollup.Sum && counts(r):
			total += r.get(t, m.Of)
		case m.Op == rollup.Distinct && counts(r):
			seen[r.get(t, m.Of)] = true
		}
	}
	if m.Op == rollup.Sets || m.Op == rollup.Distinct {
		return int64(len(seen))
	}
	return total
}

// byKey orders rows as stored: texts by their bytes, null last.
func byKey(ids *column.IDs, ru *rollup.Rollup) func(a, b []int64) int {
	table := ru.Table()
	return func(a, b []int64) int {
		for i := range ru.By {
			x, y := a[i], b[i]
			dict := ids.Dict(table.Columns[i])
			switch {
			case x == y:
				continue
			case x == column.Null || y == column.Null:
				return -cmp.Compare(x, y)
			case dict != nil:
				return strings.Compare(dict.Value(x), dict.Value(y))
			}
			return cmp.Compare(x, y)
		}
		return 0
	}
}

// how says how the engine is made to work.
type how struct {
	workers  int
	expected int64 // rows, which decide on the partitions
	batch    int   // rows of a batch
	memory   column.Memory
	day      calendar.Day // 0: today
}

// run reduces rows with the engine and gives every rollup's rows as stored.
func run(t testingT, source *contract.Table, rows []row, w world, h how) map[string][][]int64 {
	t.Helper()
	env := rollup.Env{Day: cmp.Or(h.day, today), Zone: zone(), IDs: w.ids, Dimensions: w, MaxUnitsPerLine: w.maxUnits, ScoreMinFen: scoreMin,
		Memory: h.memory, Workers: h.workers, ExpectedRows: h.expected}
	red := rollup.New(source, rollup.From(source.Name), env)
	defer red.Close()
	batches := make(chan []row)
	var wg sync.WaitGroup
	errs := make([]error, h.workers)
	for i := range h.workers {
		wg.Go(func() {
			worker := red.Worker()
			for b := range batches {
				errs[i] = errors.Join(errs[i], worker.Add(frame(b, red.Columns())))
			}
			errs[i] = errors.Join(errs[i], worker.Flush())
		})
	}
	for b := range slices.Chunk(rows, h.batch) {
		batches <- b
	}
	close(batches)
	wg.Wait()
	for _, err := range append(errs, red.Finish(context.Background())) {
		if err != nil {
			t.Fatal(err)
		}
	}
	out := map[string][][]int64{}
	for _, ru := range red.Rollups() {
		out[ru.Name] = stored(t, red, ru, w.ids)
	}
	return out
}

func frame(rows []row, columns []string) *column.Frame {
	f := column.NewFrame(len(rows))
	for _, name := range columns {
		values := make([]int64, len(rows))
		for i, r := range rows {
			v, ok := r[name]
			if !ok {
				panic("a row has no column " + name)
			}
			values[i] = v
		}
		f.Set(name, values)
	}
	return f
}

// stored reads the records of a rollup back.
func stored(t testingT, red *rollup.Reduction, ru *rollup.Rollup, ids *column.IDs) (out [][]int64) {
	t.Helper()
	table := ru.Table()
	promised := red.Rows(ru)
	for rec, err := range red.Records(ru, memory.DefaultAllocator) {
		if err != nil {
			t.Fatal(err)
		}
		f, err := ids.Frame(table, rec)
		if err != nil {
			t.Fatal(err)
		}
		for i := range f.N {
			var line []int64
			for _, c := range table.Columns {
				line = append(line, f.Column(c.Name)[i])
			}
			out = append(out, line)
		}
		rec.Release()
	}
	if promised != int64(len(out)) {
		t.Fatal(ru.Name, "promised", promised, "rows and gave", len(out))
	}
	return out
}

// expect are the rows of a rollup: of those that scores are made of by what their figures mean, of others by their
// declaration.
func (w world) expect(t testingT, ru *rollup.Rollup, rows, enriched []row) [][]int64 {
	t.Helper()
	if tally := tallies()[ru.Name]; tally != nil {
		f := figures{}
		for _, r := range rows {
			tally(w, f, r)
		}
		return f.rows(t, ru)
	}
	return reduce(t, ru, enriched)
}

// agree compares the engine with the twin for every rollup of a source.
func agree(t testingT, source *contract.Table, rows []row, w world, got map[string][][]int64) {
	t.Helper()
	var enriched []row
	for _, r := range rows {
		enriched = append(enriched, w.enrich(source, r))
	}
	for _, ru := range rollup.From(source.Name) {
		want := w.expect(t, ru, rows, enriched)
		slices.SortFunc(want, byKey(w.ids, ru))
		if diff := gocmp.Diff(want, got[ru.Name]); diff != "" {
			t.Fatal(ru.Name, "differs from its twin:", diff)
		}
	}
}

// draw is where random choices come from: rapid, or a seed where rows are many.
type draw func(name string, n int) int

func fromRapid(t *rapid.T) draw {
	return func(name string, n int) int { return rapid.IntRange(0, n-1).Draw(t, name) }
}

func fromSeed(seed uint64) draw {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(_ string, n int) int { return r.IntN(n) }
}

// orNull is a number from base on, or null once in n+1.
func (d draw) orNull(name string, base int64, n int) int64 {
	if v := d(name, n+1); v < n {
		return base + int64(v)
	}
	return column.Null
}

func (d draw) world() world {
	w := world{ids: column.NewIDs(nil), products: snapshots{}, accounts: snapshots{}, maxUnits: int64(d("max units", 2)) * 4}
	for range d("product snapshots", 3) {
		snapshot := map[int64][]int64{}
		for p := range d("listed products", 5) {
			snapshot[int64(30+p)] = []int64{d.orNull("category", 70, 2), d.orNull("brand", 60, 2), int64(1 + d("units", 4))}
		}
		w.products[today-calendar.Day(d("age", 4))] = snapshot
	}
	for range d("account snapshots", 3) {
		snapshot := map[int64][]int64{}
		for a := range d("known accounts", 4) {
			snapshot[int64(20+a)] = []int64{d.orNull("owner", 10, 3), int64(d("followers", 100))}
		}
		w.accounts[today-calendar.Day(d("age", 4))] = snapshot
	}
	return w
}

// rows draws n rows of a source.
func (d draw) rows(source *contract.Table, w world, n int) []row {
	switch source {
	case contract.Orders:
		return d.orders(w, n, 1+n/2)
	case contract.Refunds:
		return d.refunds(w, n)
	case contract.Shipments:
		return d.shipments(w, n)
	case contract.Reviews:
		return d.reviews(w, n)
	case contract.Complaints:
		return d.complaints(n)
	case contract.Chats:
		return d.chats(n)
	case contract.Contents:
		return d.contents(n)
	case contract.ProductTraffic:
		return d.traffic(n)
	case contract.Violations:
		return d.violations(w, n)
	case contract.Products:
		return d.products(w, n)
	case contract.Merchants:
		return d.merchants(w, n)
	case contract.Talents:
		return d.talents(w, n)
	case contract.Overrides:
		return d.overrides(w, n)
	case contract.ChuanliuEligibility:
		return d.eligible(w, n)
	case contract.ChuanliuExposures:
		return d.shown(n)
	}
	panic("no rows are drawn of " + source.Name)
}

func TestEveryRollupAgreesWithItsTwin(t *testing.T) {
	for _, source := range rollup.Sources() {
		t.Run(source.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				d := fromRapid(t)
				w := d.world()
				rows := d.rows(source, w, d("rows", 40))
				h := how{workers: 1 + d("workers", 3), expected: int64(d("expected", 200_000)), batch: 1 + d("batch", 10), memory: column.Memory{Budget: column.NewBudget(0)}}
				agree(t, source, rows, w, run(t, source, rows, w, h))
			})
		})
	}
}
