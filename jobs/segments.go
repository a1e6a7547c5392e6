package jobs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/bitutil"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/repeat"
)

// A pair segment holds the pairs of a block of successive days, merged from their rollups: a night reads
// some forty sorted files and not one for each day (ADR 11). It is a cache like the rollups: a pure
// function of the partitions it covers, found by their digest, made again when lost.
const (
	shortBlock = 8  // days, calendar-aligned; made as soon as they are over
	longBlock  = 64 // made when no night looks at any of them again
)

// block is a stretch of days whose pairs are read as one run: a segment if there are several, else a day.
type block struct {
	from  calendar.Day
	days  int
	parts []Partition
}

// planBlocks cuts partitions, in order, into blocks. A segment covers whole blocks of the calendar from
// first on; long ones end by settled.
func planBlocks(parts []Partition, first, asOf, settled calendar.Day) (out []block) {
	for len(parts) > 0 {
		b := block{parts[0].Day, 1, parts[:1]}
		for _, length := range []calendar.Day{longBlock, shortBlock} {
			from := b.from - b.from%length
			last := from + length - 1
			if from < first || last > asOf || length == longBlock && last > settled {
				continue
			}
			end, _ := slices.BinarySearchFunc(parts, last+1, func(p Partition, d calendar.Day) int { return int(p.Day - d) })
			if end > 1 {
				b = block{from, int(length), parts[:end]}
				break
			}
		}
		out = append(out, b)
		parts = parts[len(b.parts):]
	}
	return out
}

func (b *block) single() bool { return len(b.parts) == 1 }

// key is where the segment of a rollup's block stands.
func (b *block) key(rollup string) string {
	parts := []string{strconv.Itoa(repeat.Version)}
	for _, p := range b.parts {
		parts = append(parts, p.Day.String(), p.Digest)
	}
	return fmt.Sprintf("state/pairs/%s/days=%d/from=%s/%s.parquet", rollup, b.days, b.from, digestOf(parts...))
}

// segment opens the segment of a block, which is made first if it is not there.
func (p *pairs) segment(b block) *pairFile {
	key := b.key(p.rollup.Name)
	return &pairFile{pairs: p, key: key, table: p.stored, columns: p.scope.Keys("buyer_id", "facts", "value"), last: b.parts[len(b.parts)-1].Day,
		pack: func(f *column.Frame) (repeat.Rows, error) { return repeat.Unpack(p.scope, f, p.order) },
		remake: func(ctx context.Context) error {
			_, err, _ := p.night.runner.reducing.Do(key, func() (any, error) { return nil, p.makeSegment(ctx, key, b) })
			return err
		}}
}

// makeSegment merges the block's days, or the segments of shorter blocks where there are some.
func (p *pairs) makeSegment(ctx context.Context, key string, b block) (err error) {
	shorter := []block{b}
	if b.days == longBlock {
		last := b.from + calendar.Day(b.days) - 1
		shorter = planBlocks(b.parts, b.from, last, b.from-1)
	}
	var o openFiles
	defer func() { err = errors.Join(err, o.close()) }()
	for _, s := range shorter {
		if err := p.addRuns(ctx, s, b.days, &o); err != nil {
			return err
		}
	}
	group := p.night.runner.Settings.pairRows()
	opts := lake.WriteOptions{RowGroupRows: group, PageRows: group, Sorted: p.scope.Keys("buyer_id"), Level: lake.Uncompressed}
	_, err = p.night.runner.Out.WriteParquet(ctx, key, p.stored.Schema(p.night.runner.ids.Types), opts, pushed(func(push func(arrow.Record) error) error {
		return repeat.Merge(ctx, o.runs, p.order, group, func(rows repeat.Rows) error { return push(p.record(rows)) })
	}))
	if err != nil {
		return fmt.Errorf("write pairs of %s from %s: %w", p.scope.Name(), b.from, err)
	}
	return nil
}

// openFiles are the runs that a segment is made of.
type openFiles struct {
	runs  []repeat.Run
	files []*groupReader // of runs that are not in memory
}

func (o *openFiles) close() error { return closeReaders(o.files) }

// addRuns opens the segment of a block shorter than days, or else its days.
func (p *pairs) addRuns(ctx context.Context, b block, days int, o *openFiles) error {
	if b.days < days && !b.single() && !empty(p.rollup, b.parts...) {
		run, file, err := p.segment(b).tryOpen(ctx, false)
		if err == nil {
			o.runs, o.files = append(o.runs, run), append(o.files, file)
			return nil
		}
		if !errors.Is(err, errLost) {
			return err
		}
	}
	for _, part := range b.parts {
		run, file, err := p.openDay(ctx, part, false)
		if err != nil {
			return err
		}
		o.runs, o.files = append(o.runs, run), append(o.files, file)
	}
	return nil
}

// record is the rows as a record of the stored table. It shares their memory.
func (p *pairs) record(r repeat.Rows) arrow.Record {
	var columns []arrow.Array
	if p.scope.Subject != "" {
		columns = append(columns, p.subjects(r.Subject))
	}
	for _, v := range [][]int64{r.Buyer, r.Facts, r.Value} {
		columns = append(columns, int64Array(v, nil, 0))
	}
	rec := array.NewRecord(p.stored.Schema(p.night.runner.ids.Types), columns, int64(r.Len()))
	for _, c := range columns {
		c.Release()
	}
	return rec
}

func int64Array(values []int64, valid *memory.Buffer, nulls int) arrow.Array {
	data := array.NewData(arrow.PrimitiveTypes.Int64, len(values), []*memory.Buffer{valid, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(values))}, nil, nulls, 0)
	defer data.Release()
	return array.NewInt64Data(data)
}

// subjects is the column of subjects, nulls marked.
func (p *pairs) subjects(codes []int64) arrow.Array {
	valid, nulls := validity(codes)
	if p.order.Dict == nil {
		return int64Array(codes, valid, nulls)
	}
	words := array.NewStringBuilder(memory.DefaultAllocator)
	defer words.Release()
	indices := make([]uint32, len(codes))
	for i, code := range codes {
		if code == column.Null {
			continue
		}
		if i == 0 || code != codes[i-1] { // they are sorted
			words.Append(p.order.Dict.Value(code))
		}
		indices[i] = uint32(words.Len() - 1)
	}
	dict := words.NewArray()
	defer dict.Release()
	data := array.NewDataWithDictionary(contract.StringType, len(codes), []*memory.Buffer{valid, memory.NewBufferBytes(arrow.Uint32Traits.CastToBytes(indices))},
		nulls, 0, dict.Data().(*array.Data))
	defer data.Release()
	return array.NewDictionaryData(data)
}

// validity is the bitmap of what is not Null, nil if nothing is.
func validity(codes []int64) (*memory.Buffer, int) {
	nulls := 0
	for _, c := range codes {
		if c == column.Null {
			nulls++
		}
	}
	if nulls == 0 {
		return nil, 0
	}
	bits := make([]byte, bitutil.BytesForBits(int64(len(codes))))
	for i, c := range codes {
		bitutil.SetBitTo(bits, i, c != column.Null)
	}
	return memory.NewBufferBytes(bits), nulls
}
