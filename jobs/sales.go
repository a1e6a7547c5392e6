package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/rollup"
)

// sales are the sales of one scope, as sorted runs. A file of one row group is decoded whole, once for all workers and,
// as the cache allows, nights; of larger ones a row group at a time is read.
type sales struct {
	night  *night
	scope  contract.Scope
	rollup *rollup.Rollup
	dict   *column.Dict // of the subjects, nil if they are numbers
	memory *column.Buffers
	runs   []gmv.Run
	files  []*groupReader // of runs that are not in memory
}

// salesBuffers is how many bytes of decoded row groups are kept to be filled again.
const salesBuffers = 64 << 20

// openSales opens the sales of a scope from first to the as-of date: days, and sums of days that lie in the same windows
// of this night, which are made if they are not there. Close them when done.
func (n *night) openSales(ctx context.Context, scope contract.Scope, first calendar.Day, workers int) (*sales, error) {
	s := n.salesOf(scope)
	return s, s.open(ctx, n.units(s.rollup, first), workers)
}

func (n *night) salesOf(scope contract.Scope) *sales {
	s := &sales{night: n, scope: scope, rollup: rollup.SalesOf(scope), memory: column.NewBuffers(salesBuffers)}
	s.memory.Uncleared = true
	if scope.Subject != "" {
		s.dict = n.runner.ids.Dict(contract.Column{Kind: contract.ID, Domain: scope.Domain})
	}
	return s
}

// open opens units; on an error none is left open.
func (s *sales) open(ctx context.Context, units []unit, workers int) (err error) {
	s.runs, s.files, err = openAll(units, workers, func(u unit) (gmv.Run, *groupReader, error) { return s.openUnit(ctx, u) })
	return err
}

func (s *sales) close() error { return closeReaders(s.files) }

// openUnit opens a day, or the sum of a run of days; what is lost, or not there yet, is made, once.
func (s *sales) openUnit(ctx context.Context, u unit) (gmv.Run, *groupReader, error) {
	if u.length == 0 {
		day, err := s.night.recorded(ctx, s.rollup.Source.Name, u.days[0])
		if err != nil {
			return gmv.Run{}, nil, err
		}
		u.days = []Partition{day}
	}
	f := &salesFile{sales: s, unit: u, key: sumKey(s.rollup, u)}
	if empty(s.rollup, u.days...) {
		return f.inMemory(emptyFrame(s.rollup.Table())), nil, nil
	}
	run, file, err := f.open(ctx)
	var l *lostRun
	if !errors.As(err, &l) {
		return run, file, err
	}
	if err := l.make(ctx); err != nil {
		return gmv.Run{}, nil, err
	}
	return f.open(ctx)
}

// salesFile is a stored file of sales.
type salesFile struct {
	sales *sales
	unit  unit
	key   string
}

func (f *salesFile) day() calendar.Day { return f.unit.days[len(f.unit.days)-1].Day }

func (f *salesFile) inMemory(frame *column.Frame) gmv.Run {
	return gmv.InMemory(f.sales.scope, f.day(), frame)
}

// open opens the file. One that is lost is a *lostRun.
func (f *salesFile) open(ctx context.Context) (gmv.Run, *groupReader, error) {
	state := f.sales.night.runner.state
	if frame := state.cache.get(f.key); frame != nil {
		return f.inMemory(frame), nil, nil
	}
	file, err := state.open(ctx, f.key)
	if err != nil {
		return gmv.Run{}, nil, f.lost(err)
	}
	if file.NumRows() > int64(f.sales.night.runner.Settings.salesRows()) {
		run, reader := f.stream(file)
		if err := gmv.CheckBounds(f.sales.scope, state.ids, run.Groups); err != nil {
			return gmv.Run{}, nil, errors.Join(f.lost(err), reader.close())
		}
		return run, reader, nil
	}
	frame, err := readTable(ctx, file, f.sales.rollup.Table(), state.ids)
	if err == nil {
		err = gmv.CheckOrder(f.sales.scope, state.ids, frame, gmv.Group{})
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return gmv.Run{}, nil, f.lost(err)
	}
	state.cache.put(f.key, frame)
	return f.inMemory(frame), nil, nil
}

// lost says of an error that it is the file's, how it can be made again.
func (f *salesFile) lost(err error) error {
	if errors.Is(err, gmv.ErrNotSorted) {
		err = fmt.Errorf("%w: %s: %w", errLost, f.key, err)
	}
	s := f.sales
	return lostFile(err, f.key, func(ctx context.Context) error {
		if f.unit.length == 0 {
			_, err := s.night.reduceOnce(ctx, s.rollup.Source.Name, f.unit.days[0], s.night.runner.Settings.workers())
			return err
		}
		_, err, _ := s.night.runner.reducing.Do(f.key, func() (any, error) { return nil, s.addUp(ctx, f.unit, f.key) })
		return err
	})
}

// stream reads a row group when it is asked for.
func (f *salesFile) stream(file *lake.File) (gmv.Run, *groupReader) {
	r := gmv.Run{Day: f.day(), Groups: make([]gmv.Group, file.NumRowGroups())}
	for g := range r.Groups {
		r.Groups[g] = f.group(file, g)
	}
	t := f.sales.rollup.Table()
	reader := newGroupReader(file, t.Names(), f.sales.memory)
	r.Read = func(ctx context.Context, g int) (*column.Frame, func(), error) {
		rec, err := reader.read(ctx, g)
		if err != nil {
			return nil, nil, f.lost(lost(err))
		}
		ids := f.sales.night.runner.ids
		frame, err := ids.Frame(t, rec)
		if err != nil {
			err = fmt.Errorf("%s: %w", f.key, err)
		} else {
			err = gmv.CheckOrder(f.sales.scope, ids, frame, r.Groups[g])
		}
		if err != nil {
			rec.Release()
			return nil, nil, f.lost(err)
		}
		return frame, rec.Release, nil
	}
	return r, reader
}

// group is what the file's statistics tell of a row group.
func (f *salesFile) group(file *lake.File, g int) gmv.Group {
	out := gmv.Group{Rows: file.RowGroupRows(g)}
	if f.sales.scope.Subject == "" {
		out.Bounded = true
		return out
	}
	out.First, out.Last, out.Bounded = subjectBounds(file, g, f.sales.scope.Subject, f.sales.dict)
	return out
}

// addUp makes the sum of a run of the shorter runs and days in it, and keeps it.
func (s *sales) addUp(ctx context.Context, u unit, key string) (err error) {
	parts := s.night.salesOf(s.scope)
	if err := parts.open(ctx, shorter(u), s.night.runner.Settings.workers()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, parts.close()) }()
	t, ids := s.rollup.Table(), s.night.runner.ids
	rows := s.night.runner.Settings.salesRows()
	opts := lake.WriteOptions{RowGroupRows: rows, Sorted: s.rollup.By}
	_, err = s.night.runner.Out.WriteParquet(ctx, key, t.Schema(ids.Types), opts, pushed(func(push func(arrow.Record) error) error {
		b := column.NewBuilder(t, ids)
		return gmv.AddUp(ctx, s.scope, ids, parts.runs, rows, func(f *column.Frame) error {
			for i, c := range b.Columns() {
				c.Ints(f.Column(t.Columns[i].Name))
			}
			defer b.Reset()
			return push(b.Record(memory.DefaultAllocator))
		})
	}))
	if err != nil {
		return fmt.Errorf("keep sum of %s: %w", s.rollup.Name, err)
	}
	return nil
}

// sumScope adds up the GMV of a scope. refunds are nil where they are not computable.
func (n *night) sumScope(ctx context.Context, scope contract.Scope, refunds *gmv.Refunds, workers int) (sums *gmv.Sums, err error) {
	err = repaired(ctx, func() error {
		sums, err = n.trySums(ctx, scope, refunds, workers)
		return err
	})
	return sums, err
}

func (n *night) trySums(ctx context.Context, scope contract.Scope, refunds *gmv.Refunds, workers int) (sums *gmv.Sums, err error) {
	s, err := n.openSales(ctx, scope, max(n.asOf-gmv.Lookback+1, n.first), workers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return gmv.Sum(ctx, gmv.Input{AsOf: n.asOf, Scope: scope, Runs: s.runs, Refunds: refunds, IDs: n.runner.ids,
		Workers: workers, SharedRows: int64(n.runner.Settings.SalesRows)})
}
