//go:build speed

package jobs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/rollup"
)

// The speed of a night of lift, by make bench-lift: TestLiftSpeedData writes a state of LIFT_PAIRS pairs and the rollups
// of a night that touches LIFT_TOUCHED of them, TestLiftSpeed runs that night, in a process of its own so that its peak
// memory is the night's.
type liftSpeed struct {
	night                     *liftNight
	pairs, touched, merchants int
	random                    *rand.Rand
}

func openLiftSpeed(t *testing.T) *liftSpeed {
	number := func(name string) int {
		n, err := strconv.Atoi(os.Getenv(name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return n
	}
	out, err := lake.Open(context.Background(), "file://"+os.Getenv("LIFT_DIR"), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, plan := Default(nil), lift.DefaultPlan()
	s.Workers = number("LIFT_WORKERS")
	asOf := calendar.Of(2026, 7, 31)
	r := &Runner{Out: out, Settings: s, ids: column.NewIDs(nil), memory: column.Memory{Budget: column.NewBudget(s.MemoryLimit / 2)}}
	r.state = newState(out, r.ids, s.CacheBytes/4)
	n := &night{runner: r, asOf: asOf, first: asOf - 729, previous: &committed{}, partitions: map[string][]Partition{}}
	l := &liftNight{night: n, plan: plan, start: calendar.Of(2026, 1, 1)}
	for _, table := range []*contract.Table{contract.ChuanliuEligibility, contract.ChuanliuExposures, contract.Orders} {
		for d := l.start - calendar.Day(plan.PreDays); d <= asOf; d++ {
			p := Partition{Day: d, Digest: "old"}
			for range rollup.From(table.Name) {
				p.Rows = append(p.Rows, rollupRows+1) // read as large ones are
			}
			n.partitions[table.Name] = append(n.partitions[table.Name], p)
		}
	}
	l.before, l.last = l.cut(l.basis(n.partitions), asOf-1), asOf-1
	corrected := slices.Clone(n.partitions[contract.Orders.Name])
	corrected[len(corrected)-4].Digest = "corrected"
	n.partitions[contract.Orders.Name] = corrected
	l.now = l.basis(n.partitions)
	return &liftSpeed{l, number("LIFT_PAIRS"), number("LIFT_TOUCHED"), 5_000, rand.New(rand.NewPCG(1, 2))}
}

// buyer is the i-th of all buyers in their order; each has a few pairs.
func (s *liftSpeed) buyer(i int) int64 {
	step := ^uint64(0) / uint64(s.buyers()+1)
	return int64(uint64(i)*step+1+column.Hash(int64(i))%(step-1)) ^ -1<<63
}
func (s *liftSpeed) buyers() int { return s.pairs*2/5 + 1 }

// pair is the i-th pair: of five, two are of one buyer and three of another.
func (s *liftSpeed) pair(i int) (merchant, buyer int64) {
	b := i/5*2 + []int{0, 0, 1, 1, 1}[i%5]
	return int64(uint64(i)*2654435761%uint64(s.merchants)) + 1, s.buyer(b)
}

func (s *liftSpeed) writePairs(t *testing.T) {
	l, table := s.night, lift.StoredPairs()
	opts := lake.WriteOptions{RowGroupRows: liftGroupRows, PageRows: liftGroupRows, Sorted: table.Key}
	dir := l.dir(l.before, l.asOf-1)
	_, err := l.runner.Out.WriteParquet(context.Background(), dir+liftPairs, table.Schema(nil), opts, func(yield func(arrow.Record, error) bool) {
		b := column.NewBuilder(table, l.runner.ids)
		for i := 0; i < s.pairs; i++ {
			row := s.row(i)
			for c, v := range row {
				b.Columns()[c].Int(v)
			}
			if b.Len() == liftGroupRows || i == s.pairs-1 {
				rec := b.Record(memory.DefaultAllocator)
				yield(rec, nil)
				rec.Release()
				b.Reset()
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, lift.StoredDays(), dir+liftDays, nil)
}

// row is a stored pair: of twenty one bought in its window, of four users one did anywhere.
func (s *liftSpeed) row(i int) []int64 {
	merchant, buyer := s.pair(i)
	r := s.random
	facts := int64(s.night.start) + int64(r.IntN(int(s.night.asOf-s.night.start)))
	if uint64(buyer)>>20%10 == 0 {
		facts |= 1 << 16
	}
	row := []int64{buyer, merchant, 1 + r.Int64N(40), s.night.runner.ids.TextDict().Code("chuanliu"), facts, 0, 0, 0, 0, 0, 0, 0}
	if r.IntN(20) == 0 {
		row[5], row[6], row[9] = r.Int64N(100_000), 1, 120_000
	}
	if r.IntN(10) == 0 {
		row[7], row[8] = r.Int64N(100_000), 1
	}
	if r.IntN(4) == 0 {
		row[10] = r.Int64N(300_000)
	}
	return row
}

// write stores rows by the columns of a table, sorted.
func (s *liftSpeed) write(t *testing.T, table *contract.Table, key string, rows [][]int64) {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, slices.Compare[[]int64])
	rows = slices.CompactFunc(rows, func(a, b []int64) bool { return slices.Equal(a[:len(table.Key)], b[:len(table.Key)]) })
	f := column.NewFrame(len(rows))
	for c := range table.Columns {
		values := make([]int64, len(rows))
		for i := range rows {
			values[i] = rows[i][c]
		}
		f.Set(table.Columns[c].Name, values)
	}
	_, err := s.night.runner.Out.WriteParquet(context.Background(), key, table.Schema(nil), lake.WriteOptions{RowGroupRows: rollupRows, Sorted: table.Key},
		frameRecords(table, s.night.runner.ids, f))
	if err != nil {
		t.Fatal(err)
	}
}

// some are n pairs, most of them known ones.
func (s *liftSpeed) some(n int, row func(merchant, buyer int64) []int64) (rows [][]int64) {
	for range n {
		merchant, buyer := s.pair(s.random.IntN(s.pairs))
		if s.random.IntN(5) == 0 {
			merchant = 1 + s.random.Int64N(int64(s.merchants))
		}
		rows = append(rows, row(merchant, buyer))
	}
	return rows
}

func (s *liftSpeed) sales(n int) [][]int64 {
	return s.some(n, func(merchant, buyer int64) []int64 {
		row := make([]int64, len(merchantBuyers.Table().Columns))
		paid := 1 + s.random.Int64N(90_000)
		row[0], row[1], row[2], row[3], row[4] = merchant, buyer, 1, 1, paid
		if s.random.IntN(3) == 0 {
			row[6], row[7], row[len(row)-1] = 1, paid, 1
		}
		return row
	})
}

func TestLiftSpeedData(t *testing.T) {
	s := openLiftSpeed(t)
	l := s.night
	s.writePairs(t)
	for i := len(l.now.orders) - 1; l.now.orders[i].Day > l.asOf-1-calendar.Day(l.plan.PreDays); i-- {
		sales := s.sales(s.touched / 2)
		s.write(t, merchantBuyers.Table(), rollupKey(merchantBuyers.Name, l.now.orders[i]), sales)
		if l.now.orders[i].Day == l.asOf || l.now.orders[i].Digest == "corrected" {
			s.write(t, platformBuyers.Table(), rollupKey(platformBuyers.Name, l.now.orders[i]), usersOf(sales))
		}
		if l.now.orders[i].Digest == "corrected" {
			was := Partition{Day: l.now.orders[i].Day, Digest: "old"}
			s.write(t, merchantBuyers.Table(), rollupKey(merchantBuyers.Name, was), sales[len(sales)/100:])
			s.write(t, platformBuyers.Table(), rollupKey(platformBuyers.Name, was), usersOf(sales[len(sales)/100:]))
		}
	}
	for _, p := range l.now.exposures[len(l.now.exposures)-6:] {
		s.write(t, rollup.ChuanliuShown().Table(), rollupKey(rollup.ChuanliuShown().Name, p),
			s.some(s.touched/4, func(merchant, buyer int64) []int64 { return []int64{merchant, buyer, 3} }))
	}
	programme := l.runner.ids.TextDict().Code("chuanliu")
	s.write(t, rollup.ChuanliuPairs().Table(), rollupKey(rollup.ChuanliuPairs().Name, l.now.eligibility[len(l.now.eligibility)-1]),
		s.some(s.touched/4, func(merchant, buyer int64) []int64 {
			return []int64{merchant, buyer, truth(uint64(buyer)>>20%10 == 0), 1 + s.random.Int64N(40), programme}
		}))
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func usersOf(sales [][]int64) (rows [][]int64) {
	paid := map[int64]int64{}
	for _, r := range sales {
		paid[r[1]] += r[4]
	}
	for buyer, fen := range paid {
		row := make([]int64, len(platformBuyers.Table().Columns))
		row[0], row[1], row[2], row[3] = buyer, 1, 1, fen
		rows = append(rows, row)
	}
	return rows
}

// refunds are settled ones of two in a hundred pairs.
func (s *liftSpeed) refunds() *column.Frame {
	n := s.pairs / 50
	f := column.NewFrame(n)
	values := make([][]int64, 6)
	for i := range n {
		merchant, buyer := s.pair(s.random.IntN(s.pairs))
		paid := int64(s.night.asOf) - s.random.Int64N(200)
		for c, v := range []int64{buyer, merchant, paid, 1 + s.random.Int64N(5_000), contract.ChannelSelf, contract.SceneLive} {
			values[c] = append(values[c], v)
		}
		_ = i
	}
	for c, name := range []string{"buyer_id", "merchant_id", "paid_day", "amount_fen", "channel", "scene"} {
		f.Set(name, values[c])
	}
	return f
}

func TestLiftSpeed(t *testing.T) {
	s := openLiftSpeed(t)
	s.night.refunds = s.refunds()
	runtime.GC()
	started := time.Now()
	f, err := s.night.figures(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(started)
	if f.Pairs < int64(s.pairs) || len(f.Merchants) != s.merchants {
		t.Fatalf("%d pairs of %d merchants", f.Pairs, len(f.Merchants))
	}
	fmt.Printf("pairs %d, new %d, mixed %d, touched %d, workers %d: %.2f s, peak memory %s, spilled %d bytes\n",
		f.Pairs, f.Pairs-int64(s.pairs), f.Mixed, s.touched, s.night.runner.Settings.Workers, took.Seconds(), peak(), s.night.runner.memory.Budget.Spilled())
}

// peak is the most memory this process ever held.
func peak() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}
