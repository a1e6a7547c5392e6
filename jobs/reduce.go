package jobs

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
)

// reducer turns dumps into rollups under state/. It is the native engine's side of the reduce step.
type reducer struct {
	in       *lake.Lake
	state    *state
	settings Settings
	env      mapping.Env
	memory   column.Memory
}

// rollupRows is the size of row groups of stored rollups.
const rollupRows = 1 << 17

// groupRows is the size of row groups of a rollup.
func (s Settings) groupRows(r *rollup.Rollup) int {
	for _, scope := range contract.Scopes() {
		if rollup.SalesOf(scope).Name == r.Name {
			return s.salesRows()
		}
	}
	return rollupRows
}

// reduceFiles reduces the files of a dump that can be read, which are all unless reduce has set some aside.
func (r *reducer) reduceFiles(ctx context.Context, all, d *dump, p Partition, dims *dimensions, workers int) (*Reduced, error) {
	spec := r.settings.Tables[d.table.Name]
	m, err := mapping.New(d.table, spec, r.env)
	if err != nil {
		return nil, fmt.Errorf("tables.%s: %w", d.table.Name, err)
	}
	rollups := rollup.From(d.table.Name)
	env := rollup.Env{Day: d.day, Zone: r.settings.Zone, IDs: r.state.ids, Dimensions: dims,
		MaxUnitsPerLine: r.settings.MaxUnitsPerLine, ScoreMinFen: r.settings.ScoreMinFen, Memory: r.memory, Workers: workers}
	t, err := openIntake(ctx, r.in, d, m, usedColumns(d.table, env))
	if err != nil {
		return nil, err
	}
	defer t.close()
	env.ExpectedRows = t.rows
	computable, missing := t.computable(rollups, env)
	red := rollup.New(d.table, computable, env)
	defer red.Close()
	dup, err := dropDuplicates(ctx, t, m, workers, r.memory)
	if err != nil {
		return nil, err
	}
	if p.Carries, err = r.feed(ctx, t, red, workers); err != nil {
		return nil, err
	}
	t.buffers = nil // nothing more is read; grouping needs the room
	if err := checkRows(t, spec); err != nil {
		return nil, err
	}
	if err := red.Finish(ctx); err != nil {
		return nil, fmt.Errorf("reduce %s of %s: %w", d.table.Name, d.day, err)
	}
	if err := dims.failure(); err != nil { // rows were classified as if there were no snapshot: what is stored is believed by every later night
		return nil, err
	}
	return r.store(ctx, all, t, p, red, rollups, missing, dup, dims, workers)
}

// computable splits the rollups into those whose columns the files have and the others, with the reason:
// a column that the warehouse would have to copy from the order line and did not.
func (t *intake) computable(rollups []*rollup.Rollup, env rollup.Env) (ok []*rollup.Rollup, missing map[string]string) {
	absent := t.absent()
	missing = map[string]string{}
	for _, ru := range rollups {
		for _, c := range rollup.New(t.dump.table, []*rollup.Rollup{ru}, env).Columns() {
			if declared := t.dump.table.Column(c); declared.Copied && !declared.Null && absent[c] {
				missing[ru.Name] = fmt.Sprintf("%s has no column %s", t.dump.table.Name, c)
			}
		}
		if missing[ru.Name] == "" {
			ok = append(ok, ru)
		}
	}
	return ok, missing
}

// feed maps every row group and hands its rows to the reduction. It tells what orders carry for others to copy.
func (r *reducer) feed(ctx context.Context, t *intake, red *rollup.Reduction, workers int) ([]string, error) {
	feeders := make([]*rollup.Worker, max(1, workers))
	totals, frames, carries := make([]dayTotals, len(feeders)), make([]*column.Frame, len(feeders)), make([]carried, len(feeders))
	for i := range feeders {
		feeders[i], totals[i], frames[i], carries[i] = red.Worker(), dayTotals{}, column.NewFrame(0), carried{}
	}
	err := t.each(ctx, workers, true, func(w int, b batch) error {
		f := frames[w]
		if err := r.state.ids.Refill(f, t.dump.table, b.record); err != nil {
			return fmt.Errorf("%s: %w", t.files[b.file].file.Object().Key, err)
		}
		totals[w].add(t.dump.table, b)
		carries[w].add(t.dump.table, b.record)
		return feeders[w].Add(rollup.Forget(t.dump.table, f, r.settings.Forgotten))
	})
	if err != nil {
		return nil, err
	}
	for i, other := range totals[1:] {
		totals[0].merge(other)
		maps.Copy(carries[0], carries[i+1])
	}
	if err := totals[0].check(t.dump); err != nil {
		return nil, err
	}
	for _, f := range feeders {
		if err := f.Flush(); err != nil {
			return nil, fmt.Errorf("reduce %s of %s: %w", t.dump.table.Name, t.dump.day, err)
		}
	}
	return slices.Sorted(maps.Keys(carries[0])), nil
}

// checkRows fails the table if too much of it is unusable, or nothing is there and nothing says that is right.
func checkRows(t *intake, spec mapping.Table) error {
	if err := t.dump.checkPromise(t.rows); err != nil {
		return err
	}
	return t.dump.checkRows(spec, t.rows, t.counts, t.rejects)
}

// checkRows does so with what was counted, which is stored.
func (d *dump) checkRows(spec mapping.Table, rows int64, rejected [mapping.Reasons]int64, examples []RejectedRow) error {
	if n := rejectedOf(rejected); spec.TooManyRejects(n, rows) {
		return fmt.Errorf("%w: %s of %s: %d of %d rows rejected (%s); see the rows with: windvane validate",
			ErrInput, d.table.Name, d.day, n, rows, worst(rejected, examples))
	}
	if rows == 0 && !d.success && !spec.AllowEmpty {
		return fmt.Errorf("%w: %s of %s has no rows (%s); if that is right, write _SUCCESS beside it or set tables.%s.allow_empty: true",
			ErrInput, d.table.Name, d.day, d.objects[0].Key, d.table.Name)
	}
	return nil
}

// worst names the most frequent reason and an example.
func worst(rejected [mapping.Reasons]int64, examples []RejectedRow) string {
	most := 0
	for r, n := range rejected {
		if n > rejected[most] {
			most = r
		}
	}
	for _, r := range examples {
		if r.Reason == most {
			return fmt.Sprintf("mostly %s: %s row %d, column %s, value %q", reasonName(most), r.File, r.Row, r.Column, r.Value)
		}
	}
	return "mostly " + reasonName(most)
}

// counts are the rejected rows by reason.
func (r *Reduced) counts() (rejected [mapping.Reasons]int64) {
	for reason := range rejected {
		rejected[reason] = r.Rejected[reasonName(reason)]
	}
	return rejected
}

// classified are rows of which some were classified by snapshots on the way: none, once one could not be had.
func classified(rows iter.Seq2[arrow.Record, error], dims *dimensions) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		for rec, err := range rows {
			if err == nil && dims.failure() != nil {
				rec.Release()
				rec, err = nil, dims.failure()
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

func (r *reducer) store(ctx context.Context, all *dump, t *intake, p Partition, red *rollup.Reduction, rollups []*rollup.Rollup, missing map[string]string, dup duplicates, dims *dimensions, workers int) (*Reduced, error) {
	p.Rows = make([]int64, len(rollups))
	var written []int
	for i, ru := range rollups {
		if missing[ru.Name] != "" {
			p.Rows[i] = -1
		} else if p.Rows[i] = red.Rows(ru); p.Rows[i] > 0 {
			written = append(written, i)
		}
	}
	slices.SortStableFunc(written, func(a, b int) int { return cmp.Compare(p.Rows[b], p.Rows[a]) }) // what comes last is written alone
	g, writing := errgroup.WithContext(ctx)
	g.SetLimit(max(1, workers))
	for _, i := range written {
		ru := rollups[i]
		g.Go(func() (err error) {
			defer column.Recover(&err)
			_, err = r.state.out.WriteParquet(writing, rollupKey(ru.Name, p), ru.Table().Schema(r.env.IDs),
				lake.WriteOptions{RowGroupRows: r.settings.groupRows(ru), Sorted: ru.By}, classified(red.Records(ru, memory.DefaultAllocator), dims))
			if err != nil {
				return fmt.Errorf("write rollup %s of %s: %w", ru.Name, p.Day, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	p.Input, p.Lacks = t.rows, t.lacking()
	rec := &Reduced{Format: stateFormat, Table: t.dump.table.Name, Partition: p, Objects: all.inputs(), InputRows: t.rows,
		Rejected: map[string]int64{}, Duplicates: dup.dropped, Rejects: t.sortedRejects(), Missing: missing,
		Absent: slices.Sorted(maps.Keys(t.absent())), Extra: slices.Sorted(maps.Keys(t.extra()))}
	for reason, n := range t.counts {
		if n > 0 {
			rec.Rejected[reasonName(reason)] = n
		}
	}
	return rec, r.state.put(ctx, rec)
}

// sortedRejects are the first rows of every file and reason, whatever the order in which workers met them.
func (t *intake) sortedRejects() []RejectedRow {
	slices.SortFunc(t.rejects, compareRejects)
	shown := map[shownKey]int{}
	return slices.DeleteFunc(t.rejects, func(r RejectedRow) bool {
		k := shownKey{r.File, r.Reason}
		shown[k]++
		return shown[k] > mapping.MaxRejects
	})
}
