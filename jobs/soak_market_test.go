//go:build acceptance

package jobs_test

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	arrowmemory "github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/internal/testkit/faults"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// partition names the dump of a table of a day.
type partition struct {
	table string
	day   calendar.Day
}

// warehouse delivers the dumps of a demo market day by day, not as they should come: partitions that come nights later,
// and files that are replaced by others with more or fewer lines.
type warehouse struct {
	t       *testing.T
	chance  *rand.Rand
	rate    float64        // of mishaps
	bucket  *faults.Bucket // what nights read
	url     string
	source  *lake.Lake // the market as it was made
	objects map[partition]map[string][]byte
	tables  []string // that nights read, in order
	due     map[calendar.Day][]partition
	awaited map[partition]bool
	told    map[string]int
}

// newWarehouse makes a market of so many days, the last of them lastDay, and delivers what has no day.
func newWarehouse(t *testing.T, chance *rand.Rand, days int, told map[string]int) *warehouse {
	t.Helper()
	w := &warehouse{t: t, chance: chance, rate: 1, objects: map[partition]map[string][]byte{}, due: map[calendar.Day][]partition{}, awaited: map[partition]bool{}, told: told}
	made, url := faults.New(t)
	w.source = openFaulty(t, url)
	t.Cleanup(func() { _ = w.source.Close() })
	o := market.DefaultOptions()
	o.Days, o.Merchants, o.Talents, o.Products, o.Buyers, o.LinesPerDay, o.AsOf, o.PartRows = days, 10, 24, 60, 150, 40, lastDay, 1024
	if _, err := market.Generate(t.Context(), o, marketSink{w.source}, nil); err != nil {
		t.Fatal(err)
	}
	w.bucket, w.url = faults.New(t)
	known := map[string]bool{}
	for _, source := range rollup.Sources() {
		known[source.Name] = true
	}
	for key, data := range made.Objects("dumps/") {
		parts := strings.Split(key, "/")
		date, dated := strings.CutPrefix(parts[2], "dt=")
		day, err := calendar.Parse(date)
		if !dated || err != nil || !known[parts[1]] {
			w.bucket.Put(key, []byte(data))
			continue
		}
		p := partition{parts[1], day}
		if w.objects[p] == nil {
			w.objects[p] = map[string][]byte{}
		}
		w.objects[p][key] = []byte(data)
	}
	w.tables = slices.Sorted(maps.Keys(known))
	return w
}

// openFaulty opens a bucket of package faults with pauses too short to notice.
func openFaulty(t testing.TB, url string) *lake.Lake {
	t.Helper()
	l, err := lake.Open(context.Background(), url, lake.Options{Retry: lake.Retry{Attempts: 4, First: time.Microsecond, Longest: time.Microsecond}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// deliver brings the dumps of a day, and those that were to come on it. Of a day with mishaps one table may be missing,
// and another may lack lines.
func (w *warehouse) deliver(day calendar.Day, mishaps bool) {
	for _, p := range w.due[day] {
		w.put(p)
		delete(w.awaited, p)
	}
	missing, short := "", ""
	if mishaps && w.happens("a table is missing", .06) {
		missing = w.anyTable()
	}
	if mishaps && w.happens("a table comes with few lines", .15) {
		short = w.anyTable()
	}
	for _, name := range w.tables {
		switch p := (partition{name, day}); {
		case w.objects[p] == nil:
		case name == missing:
			comes := day + 1 + calendar.Day(w.chance.IntN(3))
			w.due[comes] = append(w.due[comes], p)
			w.awaited[p] = true
		case name == short:
			w.putSome(p)
		default:
			w.put(p)
		}
	}
}

func (w *warehouse) happens(what string, share float64) bool {
	if w.chance.Float64() >= share*w.rate {
		return false
	}
	w.told[what]++
	return true
}

func (w *warehouse) anyTable() string { return w.tables[w.chance.IntN(len(w.tables))] }

func (w *warehouse) put(p partition) {
	for key, data := range w.objects[p] {
		w.bucket.Put(key, data)
	}
}

// correct replaces a dump of the last thirty days by the whole one, or by one without some of its first and last lines.
func (w *warehouse) correct(today calendar.Day, ago int) {
	p := partition{w.anyTable(), today - calendar.Day(w.chance.IntN(ago+1))}
	switch {
	case w.objects[p] == nil || w.awaited[p]:
	case w.chance.IntN(3) == 0:
		w.put(p)
	default:
		w.putSome(p)
	}
}

// putSome delivers a dump without up to a quarter of its lines at either end.
func (w *warehouse) putSome(p partition) {
	ctx := context.Background()
	out := openFaulty(w.t, w.url)
	defer out.Close()
	for key, data := range w.objects[p] {
		if path.Ext(key) != ".parquet" {
			w.bucket.Put(key, data)
			continue
		}
		rec := w.read(p.table, key)
		n := rec.NumRows()
		from, to := w.chance.Int64N(n/4+1), n-w.chance.Int64N(n/4+1)
		part := rec.NewSlice(min(from, to), to)
		if _, err := out.WriteParquet(ctx, key, rec.Schema(), lake.WriteOptions{}, one(part)); err != nil {
			w.t.Fatalf("rewrite %s: %v", key, err)
		}
		part.Release()
		rec.Release()
	}
}

func one(rec arrow.Record) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) { yield(rec, nil) }
}

// read is the first row group of a file of the market: it has no more.
func (w *warehouse) read(table, key string) arrow.Record {
	ctx := context.Background()
	decl, _ := contract.Lookup(table, contract.Inputs())
	obj, err := w.source.Stat(ctx, key)
	if err != nil {
		w.t.Fatal(err)
	}
	f, err := w.source.OpenParquet(ctx, obj)
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	if f.NumRowGroups() == 0 {
		return array.NewRecordBuilder(arrowmemory.DefaultAllocator, decl.Schema(nil)).NewRecord()
	}
	names := make([]string, len(decl.Columns))
	for i, c := range decl.Columns {
		names[i] = c.Name
	}
	rec, err := f.ReadRowGroup(ctx, arrowmemory.DefaultAllocator, 0, names)
	if err != nil || f.NumRowGroups() > 1 {
		w.t.Fatalf("%s: %v, %d row groups", key, err, f.NumRowGroups())
	}
	return rec
}

// expire takes dumps away that no night looks at any more.
func (w *warehouse) expire(before calendar.Day) {
	for _, name := range w.tables {
		w.bucket.Remove("dumps/" + name + "/dt=" + before.String() + "/")
	}
}

// late are the partitions that a night waits for: those of tables of events up to its date.
func (w *warehouse) late(asOf calendar.Day) (waiting []string) {
	for p := range w.awaited {
		decl, _ := contract.Lookup(p.table, contract.Inputs())
		if p.day <= asOf && decl.Class != contract.Snapshot {
			waiting = append(waiting, fmt.Sprintf("%s dt=%s", p.table, p.day))
		}
	}
	return waiting
}
