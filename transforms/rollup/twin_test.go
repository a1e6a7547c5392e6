package rollup_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
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
	products, accounts map[calendar.Day]map[int64][2]int64
	maxUnits           int64
}

// nearest is the snapshot of the day or the last one before it, nil if there is none.
func nearest(snapshots map[calendar.Day]map[int64][2]int64, day calendar.Day) map[int64][2]int64 {
	for _, d := range slices.Backward(slices.Sorted(maps.Keys(snapshots))) {
		if d <= day {
			return snapshots[d]
		}
	}
	return nil
}

func attributes(of map[int64][2]int64) *rollup.Attributes {
	if of == nil {
		return nil
	}
	var keys, first, second []int64
	for id, v := range of {
		keys, first, second = append(keys, id), append(first, v[0]), append(second, v[1])
	}
	return column.NewLookup(keys, first, second)
}

func (w world) Products(day calendar.Day) *rollup.Attributes {
	return attributes(nearest(w.products, day))
}
func (w world) Accounts(day calendar.Day) *rollup.Attributes {
	return attributes(nearest(w.accounts, day))
}

// scoreMin is the amount that score_valid lines exceed.
const scoreMin = 200

// class says what may count a line (definitions, sections 1 and 1a).
func (w world) class(r row, fen int64) int64 {
	minor := []int64{contract.OrderGift, contract.OrderLuckyBag, contract.OrderSample}
	switch {
	case r["paid_at"] == column.Null:
		return contract.ClassUnpaid
	case r["order_kind"] == contract.OrderTest:
		return contract.ClassTest
	case r["risk_reason"] != column.Null || w.maxUnits > 0 && r["quantity"] > w.maxUnits:
		return contract.ClassAbnormal
	case slices.Contains(minor, r["order_kind"]) || fen <= scoreMin:
		return contract.ClassGMVValid
	}
	return contract.ClassScoreValid
}

// channel says who sold.
func (w world) channel(r row, day calendar.Day) int64 {
	account := r["author_id"]
	if account == column.Null {
		account = r["promoter_id"]
	}
	if account == column.Null {
		return contract.ChannelNone
	}
	accounts := nearest(w.accounts, day)
	if accounts == nil {
		return contract.ChannelUnknown
	}
	if owner, ok := accounts[account]; ok && owner[0] == r["merchant_id"] {
		return contract.ChannelSelf
	}
	if r["promoter_id"] != column.Null {
		return contract.ChannelDistribution
	}
	return contract.ChannelNone
}

func (w world) product(r row, day calendar.Day) [2]int64 {
	if p, ok := nearest(w.products, day)[r["product_id"]]; ok {
		return p
	}
	return [2]int64{column.Null, column.Null}
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// order adds to a row of orders what rollups ask of it.
func (w world) order(r row) row {
	r = maps.Clone(r)
	r["amount_fen"] = r["buyer_paid_fen"] + r["platform_subsidy_fen"]
	class := w.class(r, r["amount_fen"])
	channel := w.channel(r, today)
	product := w.product(r, today)
	gmv := class == contract.ClassScoreValid || class == contract.ClassGMVValid
	r["class"], r["channel"], r["category1_id"], r["brand_id"] = class, channel, product[0], product[1]
	r["is_placed"] = one(r["order_kind"] != contract.OrderTest && zone().Day(r["created_at"]) == today)
	r["is_raw"] = one(gmv || class == contract.ClassAbnormal)
	r["is_gmv"] = one(gmv)
	r["is_excluded"] = one(class == contract.ClassAbnormal || class == contract.ClassTest)
	r["has_promoter"] = one(r["promoter_id"] != column.Null)
	r["is_gmv_has_promoter"] = r["is_gmv"] * r["has_promoter"]
	r["is_distribution"] = one(channel == contract.ChannelDistribution)
	r["is_self_live"] = one(channel == contract.ChannelSelf && r["scene"] == contract.SceneLive)
	r["excluded_reason"] = w.ids.TextDict().Code(w.reason(r))
	return r
}

func (w world) reason(r row) string {
	switch {
	case r["class"] == contract.ClassTest:
		return "test"
	case r["risk_reason"] == column.Null:
		return "max_units_per_line"
	}
	return "risk:" + w.ids.TextDict().Value(r["risk_reason"])
}

// refund adds to a row of refunds what rollups ask of it.
func (w world) refund(r row) row {
	r = maps.Clone(r)
	paid := zone().Day(r["paid_at"])
	r["paid_day"] = int64(paid)
	r["line_fen"] = r["buyer_paid_fen"] + r["platform_subsidy_fen"]
	r["class"] = w.class(r, r["line_fen"])
	gmv := r["class"] == contract.ClassScoreValid || r["class"] == contract.ClassGMVValid
	r["is_refund"] = one(gmv && r["succeeded_at"] != column.Null && zone().Day(r["succeeded_at"]) == today)
	r["refund_fen"] = min(r["amount_fen"], r["line_fen"])
	if r["is_full"] == 1 {
		r["refund_fen"] = r["line_fen"]
	}
	r["channel"], r["category1_id"] = w.channel(r, paid), w.product(r, paid)[0]
	return r
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
		if ru.Where != "" && r[ru.Where] == 0 {
			continue
		}
		var key []int64
		for _, name := range ru.By {
			key = append(key, r[name])
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
	counts := func(r row) bool { return m.If == "" || r[m.If] == 1 }
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
			return r[m.Of]
		case m.Op == rollup.Sets && full:
			seen[r["order_id"]] = true
		case m.Op == rollup.SetSum && full:
			total += r[m.Of]
		case m.Op == rollup.Count && counts(r):
			total++
		case m.Op == rollup.Sum && counts(r):
			total += r[m.Of]
		case m.Op == rollup.Distinct && counts(r):
			seen[r[m.Of]] = true
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
}

// run reduces rows with the engine and gives every rollup's rows as stored.
func run(t testingT, source *contract.Table, rows []row, w world, h how) map[string][][]int64 {
	t.Helper()
	env := rollup.Env{Day: today, Zone: zone(), IDs: w.ids, Dimensions: w, MaxUnitsPerLine: w.maxUnits, ScoreMinFen: scoreMin,
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
			values[i] = r[name]
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

// agree compares the engine with the twin for every rollup of a source.
func agree(t testingT, source *contract.Table, rows []row, w world, got map[string][][]int64) {
	t.Helper()
	var enriched []row
	for _, r := range rows {
		enriched = append(enriched, w.enrich(source, r))
	}
	for _, ru := range rollup.From(source.Name) {
		want := reduce(t, ru, enriched)
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
	w := world{ids: column.NewIDs(nil), products: map[calendar.Day]map[int64][2]int64{}, accounts: map[calendar.Day]map[int64][2]int64{}, maxUnits: int64(d("max units", 2)) * 4}
	for range d("product snapshots", 3) {
		snapshot := map[int64][2]int64{}
		for p := range d("listed products", 5) {
			snapshot[int64(30+p)] = [2]int64{d.orNull("category", 70, 2), d.orNull("brand", 60, 2)}
		}
		w.products[today-calendar.Day(d("age", 4))] = snapshot
	}
	for range d("account snapshots", 3) {
		snapshot := map[int64][2]int64{}
		for a := range d("known accounts", 4) {
			snapshot[int64(20+a)] = [2]int64{d.orNull("owner", 10, 3), int64(d("followers", 100))}
		}
		w.accounts[today-calendar.Day(d("age", 4))] = snapshot
	}
	return w
}

// line are the columns that orders and refunds share.
func (d draw) line(w world) row {
	r := row{"merchant_id": int64(10 + d("merchant", 3)), "product_id": int64(30 + d("product", 5)),
		"promoter_id": d.orNull("promoter", 20, 3), "author_id": d.orNull("author", 20, 3), "scene": int64(d("scene", 3)),
		"quantity": int64(1 + d("quantity", 6)), "buyer_paid_fen": int64(d("paid", 5) * 100), "platform_subsidy_fen": int64(d("subsidy", 3)),
		"order_kind": int64(d("kind", len(contract.OrderKinds))), "risk_reason": column.Null}
	if d("normal", 2) == 0 {
		r["order_kind"] = contract.OrderNormal
	}
	if d("risky", 5) == 0 {
		r["risk_reason"] = w.ids.TextDict().Code([]string{"bot", "brushing"}[d("risk", 2)])
	}
	return r
}

// orders draws n lines; an order has one buyer.
func (d draw) orders(w world, n, orders int) []row {
	rows := make([]row, n)
	for i := range rows {
		r := d.line(w)
		order := int64(d("order", orders))
		r["order_line_id"], r["order_id"], r["buyer_id"] = int64(i), order, order%max(1, int64(orders)/2)-2
		r["freight_fen"] = int64(d("freight", 3))
		r["created_at"] = at(today-calendar.Day(d("created", 2)), int64(d("second", 86_400)))
		r["paid_at"] = at(today, 86_399)
		if d("unpaid", 5) == 0 {
			r["paid_at"] = column.Null
		}
		rows[i] = r
	}
	return rows
}

// refunds draws n refunds, several of a line.
func (d draw) refunds(w world, n int) []row {
	rows := make([]row, n)
	for i := range rows {
		r := d.line(w)
		r["refund_id"], r["order_line_id"], r["buyer_id"] = int64(i), int64(d("line", n)), int64(40+d("buyer", 3))
		r["paid_at"] = at(today-calendar.Day(d("paid days ago", 5)), 0)
		r["succeeded_at"] = at(today-calendar.Day(d("succeeded", 2)), int64(d("second", 86_400)))
		if d("pending", 5) == 0 {
			r["succeeded_at"] = column.Null
		}
		r["amount_fen"], r["is_full"] = int64(d("amount", 600)), int64(d("full", 2))
		rows[i] = r
	}
	return rows
}

// snapshot draws n rows of products or accounts.
func (d draw) snapshot(key string, n int) []row {
	rows := make([]row, n)
	for i := range rows {
		rows[i] = row{key: int64(i * 3), "category1_id": d.orNull("category", 70, 2), "brand_id": d.orNull("brand", 60, 2), "in_cart": int64(d("cart", 2)),
			"owner_merchant_id": d.orNull("owner", 10, 2), "followers": int64(d("followers", 9))}
	}
	return rows
}

func (d draw) rows(source *contract.Table, w world, n int) []row {
	switch source {
	case contract.Orders:
		return d.orders(w, n, 1+n/2)
	case contract.Refunds:
		return d.refunds(w, n)
	}
	return d.snapshot(source.Key[0], n)
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

// spillFile keeps scratch data in memory.
type spillFile struct {
	mu   sync.Mutex
	data []byte
}

func (f *spillFile) Create() (column.SpillFile, error) { return &spillFile{}, nil }
func (f *spillFile) Close() error                      { return nil }

func (f *spillFile) WriteAt(p []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if grow := int(at) + len(p) - len(f.data); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	return copy(f.data[at:], p), nil
}

func (f *spillFile) ReadAt(p []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return copy(p, f.data[at:]), nil
}

func TestRollupsOfManyRowsDoNotDependOnHowTheyAreMade(t *testing.T) {
	for _, source := range []*contract.Table{contract.Orders, contract.Refunds} {
		t.Run(source.Name, func(t *testing.T) {
			d := fromSeed(7)
			w := d.world()
			for len(w.products) == 0 || len(w.accounts) == 0 {
				w = d.world()
			}
			rows := d.rows(source, w, 5000)
			var first map[string][][]int64
			for _, h := range []how{
				{workers: 1, expected: 1, batch: 5000}, {workers: 3, expected: 300_000, batch: 777}, {workers: 2, expected: 1 << 20, batch: 1024},
			} {
				for _, limit := range []int64{0, 1} {
					budget := column.NewBudget(limit)
					h.memory = column.Memory{Budget: budget, Spill: &spillFile{}}
					got := run(t, source, rows, w, h)
					if first == nil {
						agree(t, source, rows, w, got)
						first = got
					}
					if !reflect.DeepEqual(first, got) {
						t.Errorf("%d workers, %d rows expected, limit %d: another result", h.workers, h.expected, limit)
					}
					// In many partitions no block may fill, and only full ones are spilled.
					if mustSpill := limit > 0 && h.expected == 1; mustSpill && budget.Spilled() == 0 || budget.Used() != 0 {
						t.Errorf("limit %d: %d bytes spilled, %d are held", limit, budget.Spilled(), budget.Used())
					}
				}
			}
		})
	}
}

// Orders of hundreds of lines are counted another way than orders of a few.
func TestOrdersOfManyLines(t *testing.T) {
	d := fromSeed(11)
	w := d.world()
	for len(w.products) == 0 || len(w.accounts) == 0 {
		w = d.world()
	}
	rows := append(d.orders(w, 700, 3), d.orders(w, 50, 1)...)
	for i, r := range rows {
		r["order_line_id"] = int64(i)
	}
	for _, expected := range []int64{1, 300_000} {
		h := how{workers: 2, expected: expected, batch: 100, memory: column.Memory{Budget: column.NewBudget(0)}}
		agree(t, contract.Orders, rows, w, run(t, contract.Orders, rows, w, h))
	}
}

// The close format of rows is chosen by the first that come; what comes later may be anything.
func TestRowsUnlikeTheFirst(t *testing.T) {
	d := fromSeed(5)
	w := d.world()
	for len(w.products) == 0 || len(w.accounts) == 0 {
		w = d.world()
	}
	rows := d.orders(w, 400, 150)
	for i, r := range rows[100:] {
		switch i % 4 {
		case 0:
			r["quantity"] += 1 << 40
		case 1:
			r["buyer_id"] = -r["buyer_id"] - 1<<62
			r["order_id"] += 1 << 50
		case 2:
			r["buyer_paid_fen"] += 1 << 45
		}
	}
	var first map[string][][]int64
	for _, h := range []how{{workers: 1, expected: 1, batch: 10}, {workers: 3, expected: 300_000, batch: 50}, {workers: 1, expected: 1, batch: 400}} {
		h.memory = column.Memory{Budget: column.NewBudget(0)}
		got := run(t, contract.Orders, rows, w, h)
		agree(t, contract.Orders, rows, w, got)
		if first == nil {
			first = got
		}
		if !reflect.DeepEqual(first, got) {
			t.Errorf("%d workers, batches of %d: another result", h.workers, h.batch)
		}
	}
}

// fullDisk fails every write and counts them.
type fullDisk struct {
	spillFile
	writes *int
}

func (d *fullDisk) Create() (column.SpillFile, error) { return d, nil }

func (d *fullDisk) WriteAt([]byte, int64) (int, error) {
	*d.writes++
	return 0, errors.New("disk full")
}

// A disk that is full ends a reduction soon, instead of all of a day being kept in memory first.
func TestAFullDiskEndsTheReductionAtOnce(t *testing.T) {
	d := fromSeed(3)
	w := d.world()
	rows := d.orders(w, 2000, 900)
	writes := 0
	budget := column.NewBudget(1)
	red := rollup.New(contract.Orders, rollup.From("orders"), rollup.Env{Day: today, Zone: zone(), IDs: w.ids, Dimensions: w,
		Memory: column.Memory{Budget: budget, Spill: &fullDisk{writes: &writes}}, Workers: 1})
	worker := red.Worker()
	var err error
	batches := 0
	for batches = 0; err == nil && batches < 50; batches++ {
		err = worker.Add(frame(rows, red.Columns()))
	}
	if err == nil || !strings.Contains(err.Error(), "disk full") || batches > 3 || writes > 10 {
		t.Errorf("after %d batches and %d writes: %v", batches, writes, err)
	}
	if err := red.Close(); err != nil {
		t.Fatal(err)
	}
}
