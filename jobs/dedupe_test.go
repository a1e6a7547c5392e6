package jobs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/internal/testkit/faults"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
)

// trafficRow is one row of product_traffic: a key of an integer, a nullable integer and an enumeration.
type trafficRow struct {
	product  int64
	promoter int64 // 0: null
	scene    string
	clicks   int64
	updated  int64 // 0: null
}

func (r trafficRow) key() string { return fmt.Sprint(r.product, r.promoter, r.scene) }

type testingT interface {
	Helper()
	Fatal(args ...any)
}

// trafficDump stores files of product_traffic in a bucket of its own and lists them as a dump.
func trafficDump(t testingT, files [][]trafficRow) (*lake.Lake, *dump) {
	t.Helper()
	return trafficDumpAs(t, contract.InstantType, files)
}

// trafficDumpAs is trafficDump with times of the last change of that type.
func trafficDumpAs(t testingT, updated arrow.DataType, files [][]trafficRow) (*lake.Lake, *dump) {
	t.Helper()
	l, err := lake.Open(context.Background(), "mem://", lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return l, storedTraffic(t, l, updated, files)
}

// storedTraffic stores files of product_traffic and lists them as a dump.
func storedTraffic(t testingT, l *lake.Lake, updated arrow.DataType, files [][]trafficRow) *dump {
	t.Helper()
	ctx := context.Background()
	d := &dump{table: contract.ProductTraffic, day: calendar.Of(2026, 1, 31)}
	schema := trafficSchema(updated)
	for i, rows := range files {
		key := fmt.Sprintf("part-%d.parquet", i)
		if _, err := l.WriteParquet(ctx, key, schema, lake.WriteOptions{RowGroupRows: 7}, trafficRecord(schema, rows)); err != nil {
			t.Fatal(err)
		}
		obj, err := l.Stat(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		d.objects = append(d.objects, obj)
	}
	return d
}

func trafficSchema(updated arrow.DataType) *arrow.Schema {
	fields := contract.ProductTraffic.Schema(nil).Fields()
	return arrow.NewSchema(append(slices.Clone(fields), arrow.Field{Name: "updated_at", Type: updated, Nullable: true}), nil)
}

func trafficRecord(schema *arrow.Schema, rows []trafficRow) iter.Seq2[arrow.Record, error] {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for _, r := range rows {
		b.Field(0).(*array.Int64Builder).Append(r.product)
		orNull(b.Field(1), r.promoter, func() { b.Field(1).(*array.Int64Builder).Append(r.promoter) })
		if err := b.Field(2).(*array.BinaryDictionaryBuilder).AppendString(r.scene); err != nil {
			panic(err)
		}
		b.Field(3).(*array.Int64Builder).Append(1)
		b.Field(4).(*array.Int64Builder).Append(10)
		b.Field(5).(*array.Int64Builder).Append(r.clicks)
		orNull(b.Field(6), r.updated, func() {
			switch updated := b.Field(6).(type) {
			case *array.TimestampBuilder:
				updated.Append(arrow.Timestamp(r.updated))
			case *array.Int64Builder:
				updated.Append(r.updated)
			case *array.StringBuilder:
				updated.Append(updatedTexts[r.updated])
			}
		})
	}
	return one(b.NewRecord())
}

// updatedTexts are times as text by trafficRow.updated: two that can be read, the others as exports write them that need a mapping.
var updatedTexts = []string{1: "2026-01-31 10:00:00", 2: "2026-01-31 11:00:00", 3: "2026-01-31T10:00:00+0800", 4: "0000-00-00 00:00:00", 5: "2026/01/31 10:00:00"}

func orNull(b array.Builder, v int64, add func()) {
	if v == 0 {
		b.AppendNull()
		return
	}
	add()
}

// dedupe runs dropDuplicates and gives the rows that stay, file by file.
func dedupe(t testingT, l *lake.Lake, d *dump, workers int, budget int64, spill column.Spill) (duplicates, [][]int, []RejectedRow) {
	t.Helper()
	ctx := context.Background()
	m, err := mapping.New(d.table, mapping.Table{}, mapping.Env{Zone: calendar.NewZone(time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	in, err := openIntake(ctx, l, d, m, allColumns(d.table))
	if err != nil {
		t.Fatal(err)
	}
	defer in.close()
	dup, err := dropDuplicates(ctx, in, m, workers, column.Memory{Budget: column.NewBudget(budget), Spill: spill})
	if err != nil {
		t.Fatal(err)
	}
	kept := make([][]int, len(in.files))
	for f, b := range in.files {
		for i := range int(b.file.NumRows()) {
			if b.skip == nil || b.skip[i>>6]>>(i&63)&1 == 0 {
				kept[f] = append(kept[f], i)
			}
		}
	}
	return dup, kept, in.sortedRejects()
}

// naive is what dropDuplicates must do, said plainly.
func naive(files [][]trafficRow) (d duplicates, kept [][]int) {
	type place struct{ file, row int }
	byKey := map[string][]place{}
	for f, rows := range files {
		for i, r := range rows {
			byKey[r.key()] = append(byKey[r.key()], place{f, i})
		}
	}
	stays := map[place]bool{}
	for _, places := range byKey {
		at := func(p place) trafficRow { return files[p.file][p.row] }
		best, conflict := places[0], false
		latest := func(r trafficRow) int64 { // a row that does not say when is the oldest
			if r.updated == 0 {
				return -1
			}
			return r.updated
		}
		for _, p := range places[1:] {
			if latest(at(p)) > latest(at(best)) {
				best = p
			}
		}
		for _, p := range places {
			conflict = conflict || latest(at(p)) == latest(at(best)) && at(p) != at(best)
		}
		if conflict {
			d.conflicts += int64(len(places))
			continue
		}
		d.dropped += int64(len(places) - 1)
		stays[best] = true
	}
	kept = make([][]int, len(files))
	for f, rows := range files {
		for i := range rows {
			if stays[place{f, i}] {
				kept[f] = append(kept[f], i)
			}
		}
	}
	return d, kept
}

func TestDuplicatesAgreeWithTheirTwin(t *testing.T) {
	row := rapid.Custom(func(t *rapid.T) trafficRow {
		return trafficRow{rapid.Int64Range(1, 4).Draw(t, "product"), rapid.Int64Range(0, 2).Draw(t, "promoter"),
			rapid.SampledFrom(contract.Scenes[:2]).Draw(t, "scene"), rapid.Int64Range(1, 2).Draw(t, "clicks"), rapid.Int64Range(0, 2).Draw(t, "updated")}
	})
	rapid.Check(t, func(t *rapid.T) {
		files := rapid.SliceOfN(rapid.SliceOfN(row, 1, 20), 1, 3).Draw(t, "files")
		l, d := trafficDump(t, files)
		defer l.Close()
		got, kept, _ := dedupe(t, l, d, rapid.IntRange(1, 3).Draw(t, "workers"), 0, nil)
		want, wantKept := naive(files)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(duplicates{})); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(wantKept, kept); diff != "" {
			t.Fatal(diff)
		}
	})
}

// A row is taken or rejected by the same columns when duplicates are looked for and when rows are counted: no key is counted twice, and a
// night rejects the rows that validate does.
func TestNoKeyIsCountedTwiceWhereTheLastChangeCannotBeRead(t *testing.T) {
	row := func(product int64, updated int64) trafficRow { return trafficRow{product, 1, "live", 1, updated} }
	for _, c := range []struct {
		name                       string
		files                      [][]trafficRow
		taken, dropped, unreadable int64
	}{
		{"all can be read", [][]trafficRow{{row(7, 1), row(8, 1)}, {row(7, 1), row(8, 2)}}, 2, 2, 0},
		{"an offset without a colon", [][]trafficRow{{row(7, 3), row(8, 1)}, {row(7, 3), row(8, 1)}}, 1, 1, 2},
		{"a zero date", [][]trafficRow{{row(7, 4), row(8, 1)}, {row(7, 4), row(8, 1)}}, 1, 1, 2},
		{"slashes", [][]trafficRow{{row(7, 5), row(8, 1)}, {row(7, 5), row(8, 1)}}, 1, 1, 2},
		{"one of two", [][]trafficRow{{row(7, 3)}, {row(7, 1)}}, 1, 0, 1},
		{"two of four", [][]trafficRow{{row(7, 3), row(7, 1)}, {row(7, 4), row(7, 1)}}, 1, 1, 2},
		{"without duplicates", [][]trafficRow{{row(7, 3), row(8, 1)}}, 1, 0, 1},
	} {
		l, d := trafficDumpAs(t, arrow.BinaryTypes.String, c.files)
		defer l.Close()
		m, err := mapping.New(d.table, mapping.Table{}, mapping.Env{Zone: calendar.NewZone(time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		night := usedColumns(d.table, rollup.Env{Day: d.day, Zone: calendar.NewZone(time.UTC), Workers: 1})
		for whose, columns := range map[string][]string{"a night": night, "validate": allColumns(d.table)} {
			in, err := openIntake(t.Context(), l, d, m, columns)
			if err != nil {
				t.Fatal(err)
			}
			defer in.close()
			dup, err := dropDuplicates(t.Context(), in, m, 2, column.Memory{Budget: column.NewBudget(0)})
			if err != nil {
				t.Fatal(err)
			}
			var taken int64
			if err := in.each(t.Context(), 1, true, func(_ int, b batch) error { taken += b.record.NumRows(); return nil }); err != nil {
				t.Fatal(err)
			}
			if taken != c.taken || dup != (duplicates{dropped: c.dropped}) || in.counts[contract.RejectUnknownValue] != c.unreadable || rejectedOf(in.counts) != c.unreadable {
				t.Errorf("%s, %s: %d rows taken, %+v, rejects %v; want %d taken, %d dropped, %d rejected", c.name, whose, taken, dup, in.counts, c.taken, c.dropped, c.unreadable)
			}
			if absent := in.absent(); absent["updated_at"] {
				t.Errorf("%s, %s: absent %v", c.name, whose, absent)
			}
		}
	}
}

// However often its rows are read, a dump of small files is asked for once.
func TestADumpIsOpenedOnce(t *testing.T) {
	ctx := t.Context()
	bucket, url := faults.New(t)
	l, err := lake.Open(ctx, url, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	row := func(product int64) trafficRow {
		return trafficRow{product: product, promoter: 1, scene: "live", clicks: 1, updated: 1}
	}
	d := storedTraffic(t, l, contract.InstantType, [][]trafficRow{{row(7), row(8)}, {row(7), row(9)}})
	m, err := mapping.New(d.table, mapping.Table{}, mapping.Env{Zone: calendar.NewZone(time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	reads := map[string]int{}
	bucket.Forbid(func(operation, key string) bool {
		if operation == "read" {
			reads[key]++
		}
		return false
	})
	in, err := openIntake(ctx, l, d, m, allColumns(d.table))
	if err != nil {
		t.Fatal(err)
	}
	defer in.close()
	dup, err := dropDuplicates(ctx, in, m, 2, column.Memory{Budget: column.NewBudget(0)})
	if err != nil || dup.dropped != 1 {
		t.Fatalf("%+v, %v", dup, err)
	}
	if err := in.each(ctx, 2, true, func(int, batch) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]int{"part-0.parquet": 1, "part-1.parquet": 1}, reads); diff != "" {
		t.Error(diff)
	}
}

// A time of the last change whose unit nobody declared is refused on the first day, not on the first with a duplicate.
func TestALastChangeWithoutAUnitIsRefusedAtOnce(t *testing.T) {
	l, d := trafficDumpAs(t, arrow.PrimitiveTypes.Int64, [][]trafficRow{{{product: 7, promoter: 1, scene: "live", clicks: 1, updated: 1}}})
	defer l.Close()
	m, err := mapping.New(d.table, mapping.Table{}, mapping.Env{Zone: calendar.NewZone(time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = openIntake(t.Context(), l, d, m, usedColumns(d.table, rollup.Env{Day: d.day, Zone: calendar.NewZone(time.UTC), Workers: 1}))
	if !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), "columns: {updated_at: {column: updated_at, unit: ms}}") {
		t.Errorf("got %v", err)
	}
}

// memorySpill keeps scratch files in memory and counts them.
type memorySpill struct{ files int }

func (s *memorySpill) Create() (column.SpillFile, error) { s.files++; return &memoryFile{}, nil }

type memoryFile struct{ data []byte }

func (f *memoryFile) WriteAt(p []byte, at int64) (int, error) {
	if grow := int(at) + len(p) - len(f.data); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	return copy(f.data[at:], p), nil
}
func (f *memoryFile) ReadAt(p []byte, at int64) (int, error) { return copy(p, f.data[at:]), nil }
func (f *memoryFile) Close() error                           { return nil }

func TestADumpDeliveredTwiceStaysWithinItsMemory(t *testing.T) {
	rows := make([]trafficRow, 3000)
	for i := range rows {
		rows[i] = trafficRow{int64(i), 1, "live", 1, 0}
	}
	l, d := trafficDump(t, [][]trafficRow{rows, rows})
	defer l.Close()
	spill := &memorySpill{}
	got, kept, _ := dedupe(t, l, d, 2, 64<<10, spill)
	if got.dropped != 3000 || got.conflicts != 0 || len(kept[0]) != 3000 || len(kept[1]) != 0 {
		t.Errorf("dropped %d, conflicts %d, kept %d and %d rows", got.dropped, got.conflicts, len(kept[0]), len(kept[1]))
	}
	if spill.files == 0 {
		t.Error("nothing was spilled: the budget was not kept")
	}
}

func TestOnlyTheFirstContradictionsOfAFileAreShown(t *testing.T) {
	rows := make([]trafficRow, 2*mapping.MaxRejects+1)
	for i := range rows {
		rows[i] = trafficRow{int64(i), 1, "live", 1, 0}
	}
	other := slices.Clone(rows)
	for i := range other {
		other[i].clicks = 2
	}
	l, d := trafficDump(t, [][]trafficRow{rows, other})
	defer l.Close()
	got, _, shown := dedupe(t, l, d, 2, 0, nil)
	if got.conflicts != int64(2*len(rows)) || len(shown) != 2*mapping.MaxRejects || shown[mapping.MaxRejects-1].Row != mapping.MaxRejects-1 {
		t.Errorf("%d conflicts, %d shown", got.conflicts, len(shown))
	}
}

func TestHashesTellValuesApart(t *testing.T) {
	text := func(words ...string) arrow.Array {
		b := array.NewDictionaryBuilder(memory.DefaultAllocator, contract.StringType).(*array.BinaryDictionaryBuilder)
		for _, w := range words {
			if w == "null" {
				b.AppendNull()
			} else if err := b.AppendString(w); err != nil {
				t.Fatal(err)
			}
		}
		return b.NewArray()
	}
	field := func(name string) arrow.Field {
		return arrow.Field{Name: name, Type: contract.StringType, Nullable: true}
	}
	rec := array.NewRecord(arrow.NewSchema([]arrow.Field{field("a"), field("b")}, nil),
		[]arrow.Array{text("ab", "a", "null", "", "x", "null", "b"), text("c", "bc", "x", "x", "null", "null", "b")}, 7)
	seen := map[uint64]int{}
	for i, h := range hashRows(rec, nil, keySeed) {
		if j, ok := seen[h]; ok {
			t.Errorf("rows %d and %d hash alike", i, j)
		}
		seen[h] = i
	}
	swapped := array.NewRecord(rec.Schema(), []arrow.Array{text("q", "ab"), text("q", "c")}, 2)
	if hashRows(swapped, nil, keySeed)[1] != hashRows(rec, nil, keySeed)[0] {
		t.Error("equal rows hash differently where their dictionaries differ")
	}
}

// Every type that a key or a row may hold: another value hashes otherwise, and so does a null.
func TestHashesOfEveryType(t *testing.T) {
	for _, c := range []struct {
		name   string
		kind   arrow.DataType
		values []string
	}{
		{"integers", arrow.PrimitiveTypes.Int64, []string{"0", "1", "-1", "9223372036854775807"}},
		{"moments", contract.InstantType, []string{"1970-01-01 00:00:00", "2026-01-31 00:00:00"}},
		{"days", arrow.FixedWidthTypes.Date32, []string{"1970-01-01", "2026-01-31"}},
		{"ratios", arrow.PrimitiveTypes.Float64, []string{"0", "0.5", "-0.5"}},
		{"flags", arrow.FixedWidthTypes.Boolean, []string{"false", "true"}},
		{"plain text", arrow.BinaryTypes.String, []string{"", "0", "a"}},
		{"words", contract.StringType, []string{"", "0", "a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := array.NewBuilder(memory.DefaultAllocator, c.kind)
			for _, v := range c.values {
				if err := b.AppendValueFromString(v); err != nil {
					t.Fatal(err)
				}
			}
			b.AppendNull()
			schema := arrow.NewSchema([]arrow.Field{{Name: "a", Type: c.kind, Nullable: true}}, nil)
			rec := array.NewRecord(schema, []arrow.Array{b.NewArray()}, int64(len(c.values)+1))
			for _, seed := range []uint64{keySeed, keySeed2} {
				seen := map[uint64]bool{}
				for _, h := range hashRows(rec, []string{"a"}, seed) {
					seen[h] = true
				}
				if len(seen) != len(c.values)+1 {
					t.Errorf("%d hashes of %d values and a null", len(seen), len(c.values))
				}
			}
		})
	}
}

func BenchmarkHashRows(b *testing.B) {
	rows := make([]trafficRow, 100_000)
	for i := range rows {
		rows[i] = trafficRow{int64(i), int64(i % 50), contract.Scenes[i%7], 1, 0}
	}
	for rec, err := range trafficRecord(arrow.NewSchema(append(contract.ProductTraffic.Schema(nil).Fields(),
		arrow.Field{Name: "updated_at", Type: contract.InstantType, Nullable: true}), nil), rows) {
		if err != nil {
			b.Fatal(err)
		}
		for _, key := range [][]string{{"product_id"}, contract.ProductTraffic.Key} {
			b.Run(strings.Join(key, "+"), func(b *testing.B) {
				for b.Loop() {
					hashRows(rec, key, keySeed)
				}
				b.ReportMetric(float64(len(rows))*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
