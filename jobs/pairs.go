package jobs

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/repeat"
	"github.com/windvane/windvane/transforms/rollup"
)

// pairs are the purchases of one scope over the history kept, as sorted runs. Small files are held
// decoded; of large ones a row group at a time is read.
type pairs struct {
	night  *night
	scope  contract.Scope
	rollup *rollup.Rollup
	stored *contract.Table // of segments
	order  column.SubjectOrder
	// buffers are those of row groups that are merged no more: a merge holds one of each run.
	buffers *column.Buffers
	openFiles
}

// keptPairs bounds the buffers of row groups that are kept for the next ones.
const keptPairs = 64 << 20

// openPairs opens the runs that hold any of the days from since on; segments that are not there are made. Close them when done.
func (n *night) openPairs(ctx context.Context, s contract.Scope, since calendar.Day, workers int) (*pairs, error) {
	r := rollup.BuyersOf(s)
	p := &pairs{night: n, scope: s, rollup: r, stored: repeat.Stored(s, r.Table().Columns[0]), order: n.pairOrder(s), buffers: column.NewBuffers(keptPairs)}
	p.buffers.Uncleared = true
	settled := n.asOf - calendar.Day(n.runner.Settings.RestateDays)
	blocks := planBlocks(n.since(contract.Orders, n.first), n.first, n.asOf, settled)
	blocks = slices.DeleteFunc(blocks, func(b block) bool { return b.parts[len(b.parts)-1].Day < since })
	var err error
	p.runs, p.files, err = openAll(blocks, workers, func(b block) (repeat.Run, *groupReader, error) { return p.open(ctx, b) })
	return p, err
}

func (p *pairs) open(ctx context.Context, b block) (repeat.Run, *groupReader, error) {
	if b.single() {
		return p.openDay(ctx, b.parts[0], true)
	}
	if empty(p.rollup, b.parts...) {
		return repeat.InMemory(b.parts[len(b.parts)-1].Day, repeat.Rows{}), nil, nil
	}
	return p.segment(b).open(ctx, true)
}

// pairOrder is the order of the scope's stored pairs.
func (n *night) pairOrder(s contract.Scope) column.SubjectOrder {
	if s.Subject == "" {
		return column.SubjectOrder{}
	}
	return column.SubjectOrder{Dict: n.runner.ids.Dict(contract.Column{Kind: contract.ID, Domain: s.Domain})}
}

// since are the partitions of a table from first to the as-of date.
func (n *night) since(t *contract.Table, first calendar.Day) (out []Partition) {
	for _, p := range n.partitions[t.Name] {
		if p.Day >= first && p.Day <= n.asOf {
			out = append(out, p)
		}
	}
	return out
}

// openDay opens one day's rollup; a lost one is made again.
func (p *pairs) openDay(ctx context.Context, part Partition, keep bool) (repeat.Run, *groupReader, error) {
	n := p.night
	part, err := n.recorded(ctx, p.rollup.Source.Name, part)
	if err != nil {
		return repeat.Run{}, nil, err
	}
	if empty(p.rollup, part) {
		return repeat.InMemory(part.Day, repeat.Rows{}), nil, nil
	}
	f := &pairFile{pairs: p, key: rollupKey(p.rollup.Name, part), table: p.rollup.Table(), columns: repeat.Columns(p.scope), last: part.Day,
		pack: func(f *column.Frame) (repeat.Rows, error) {
			return repeat.Pack(p.scope, column.Dated{Day: part.Day, Frame: f}, p.order)
		},
		remake: func(ctx context.Context) error {
			_, err := n.reduceOnce(ctx, p.rollup.Source.Name, part, n.runner.Settings.workers())
			return err
		}}
	return f.open(ctx, keep)
}

// pairFile is a stored file of pairs.
type pairFile struct {
	pairs   *pairs
	key     string
	table   *contract.Table
	columns []string
	last    calendar.Day
	pack    func(f *column.Frame) (repeat.Rows, error)
	remake  func(ctx context.Context) error
}

// heldGroups is the number of row groups of a segment up to whose rows a file is decoded whole, once for
// all workers and, as the cache allows, nights: about what two workers hold of a large file.
const heldGroups = 4

// open opens the file; one that is lost is made again, once. A small one is kept for later nights if that
// is wanted.
func (f *pairFile) open(ctx context.Context, keep bool) (repeat.Run, *groupReader, error) {
	run, file, err := f.tryOpen(ctx, keep)
	var l *lostRun
	if !errors.As(err, &l) {
		return run, file, err
	}
	if err := l.make(ctx); err != nil {
		return repeat.Run{}, nil, err
	}
	return f.tryOpen(ctx, keep)
}

func (f *pairFile) tryOpen(ctx context.Context, keep bool) (repeat.Run, *groupReader, error) {
	s := f.pairs.night.runner.state
	cached := f.key + "#pairs"
	if frame := s.cache.get(cached); frame != nil {
		return repeat.InMemory(f.last, rowsOf(frame)), nil, nil
	}
	file, err := s.open(ctx, f.key)
	if err != nil {
		return repeat.Run{}, nil, f.lost(err)
	}
	if file.NumRows() > heldGroups*int64(f.pairs.night.runner.Settings.pairRows()) {
		run, reader := f.stream(file)
		if err := repeat.CheckBounds(f.pairs.order, run.Groups); err != nil {
			return repeat.Run{}, nil, errors.Join(f.unsorted(err), reader.close())
		}
		return run, reader, nil
	}
	reader := newGroupReader(file, f.columns, memory.DefaultAllocator) // the collector frees what it gives
	defer reader.close()
	var parts []repeat.Rows
	for g := range file.NumRowGroups() {
		rows, _, err := f.read(ctx, reader, g)
		if err != nil {
			return repeat.Run{}, nil, err
		}
		parts = append(parts, rows)
	}
	rows := repeat.Concat(parts)
	if err := f.unsorted(repeat.CheckOrder(f.pairs.order, rows)); err != nil { // each part is, but not all of them together
		return repeat.Run{}, nil, err
	}
	if keep {
		s.cache.put(cached, packedFrame(rows))
	}
	return repeat.InMemory(f.last, rows), nil, nil
}

// stream reads a row group when it is asked for.
func (f *pairFile) stream(file *lake.File) (repeat.Run, *groupReader) {
	r := repeat.Run{Last: f.last, Groups: make([]repeat.Group, file.NumRowGroups())}
	for g := range r.Groups {
		r.Groups[g] = f.group(file, g)
	}
	reader := newGroupReader(file, f.columns, f.pairs.buffers)
	r.Read = func(ctx context.Context, g int) (repeat.Rows, func(), error) {
		rows, release, err := f.read(ctx, reader, g)
		if err == nil {
			if err = f.unsorted(r.Groups[g].Check(f.pairs.order, rows)); err != nil {
				release()
			}
		}
		return rows, release, err
	}
	return r, reader
}

// read gives the rows of a row group, which may share memory that release gives back.
func (f *pairFile) read(ctx context.Context, reader *groupReader, g int) (_ repeat.Rows, release func(), err error) {
	rec, err := reader.read(ctx, g)
	if err != nil {
		return repeat.Rows{}, nil, f.lost(lost(err))
	}
	rows, err := f.rows(rec)
	if err != nil {
		rec.Release()
		return repeat.Rows{}, nil, err
	}
	return rows, rec.Release, nil
}

func (f *pairFile) rows(rec arrow.Record) (repeat.Rows, error) {
	frame, err := f.pairs.night.runner.ids.Frame(f.table, rec)
	if err != nil {
		return repeat.Rows{}, fmt.Errorf("%s: %w", f.key, err)
	}
	rows, err := f.pack(frame)
	if err != nil {
		return repeat.Rows{}, fmt.Errorf("%s: %w", f.key, f.unsorted(err))
	}
	return rows, nil
}

// unsorted says of a file that is not in order that it is damaged.
func (f *pairFile) unsorted(err error) error {
	if errors.Is(err, repeat.ErrNotSorted) {
		return f.lost(fmt.Errorf("%w: %s: %w", errLost, f.key, err))
	}
	return err
}

func (f *pairFile) lost(err error) error {
	return lostFile(err, f.key, f.remake)
}

// group is what the file's statistics tell of a row group.
func (f *pairFile) group(file *lake.File, g int) repeat.Group {
	out := repeat.Group{Rows: file.RowGroupRows(g)}
	subject := repeat.Key{}
	last := subject
	if f.pairs.scope.Subject != "" {
		var ok bool
		if subject.Subject, last.Subject, ok = subjectBounds(file, g, f.columns[0], f.pairs.order.Dict); !ok {
			return out
		}
	}
	subject.Buyer, last.Buyer = math.MinInt64, math.MaxInt64
	if b, ok := file.Bounds(g, "buyer_id"); ok && subject.Subject == last.Subject && len(b.Least) == 8 {
		subject.Buyer, last.Buyer = int64(binary.LittleEndian.Uint64(b.Least)), int64(binary.LittleEndian.Uint64(b.Greatest))
	}
	out.First, out.Last, out.Bounded = subject, last, true
	return out
}

// packedFrame and rowsOf let packed rows be kept in the cache of decoded rollups.
func packedFrame(r repeat.Rows) *column.Frame {
	f := column.NewFrame(r.Len())
	if r.Subject != nil {
		f.Set("subject", r.Subject)
	}
	f.Set("buyer", r.Buyer)
	f.Set("facts", r.Facts)
	f.Set("value", r.Value)
	return f
}

func rowsOf(f *column.Frame) repeat.Rows {
	r := repeat.Rows{Buyer: f.Column("buyer"), Facts: f.Column("facts"), Value: f.Column("value")}
	if f.Has("subject") {
		r.Subject = f.Column("subject")
	}
	return r
}

// countScope computes the figures of one scope, of purchases from since on and perhaps some before.
func (n *night) countScope(ctx context.Context, in repeat.Input, since calendar.Day) (f *repeat.Figures, err error) {
	err = repaired(ctx, func() error {
		f, err = n.tryScope(ctx, in, since)
		return err
	})
	return f, err
}

func (n *night) tryScope(ctx context.Context, in repeat.Input, since calendar.Day) (f *repeat.Figures, err error) {
	p, err := n.openPairs(ctx, in.Scope, since, in.Workers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	in.Runs, in.Order = p.runs, p.order
	f, err = repeat.Compute(ctx, in)
	return f, err
}
