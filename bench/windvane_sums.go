package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/jobs/lake"
)

// windowsOfNight runs the whole night. A check then adds up the daily rollups that stand in its state: what the
// peers have made of the raw dumps must be these sums.
func windowsOfNight(ctx context.Context, d deployment) (answer, error) {
	a, err := wholeNight(ctx, d)
	if err != nil || !d.task.check {
		return a, err
	}
	l, err := lake.Open(ctx, filepath.Join(d.task.work, outputFolder), lake.Options{})
	if err != nil {
		return answer{}, err
	}
	defer l.Close()
	for _, w := range nightWindows() {
		if a.Tables[w.rollup.Name], err = w.addUp(ctx, l, d.task.date, d.workers); err != nil {
			return answer{}, fmt.Errorf("add up %s: %w", w.rollup.Name, err)
		}
	}
	return a, nil
}

// addUp adds up the stored days of a window by key.
func (w nightWindow) addUp(ctx context.Context, l *lake.Lake, date string, workers int) (tableSums, error) {
	var files []*lake.File
	defer func() {
		for _, f := range files {
			_ = f.Close() // it was only read
		}
	}()
	for age := range w.days {
		prefix := fmt.Sprintf("state/rollups/%s/dt=%s/", w.rollup.Name, daysBefore(date, age))
		objects, err := l.List(ctx, prefix)
		if err != nil || len(objects) > 1 {
			return tableSums{}, fmt.Errorf("%d files under %s: %w", len(objects), prefix, err)
		}
		for _, o := range objects { // no row, no file
			f, err := l.OpenParquet(ctx, o)
			if err != nil {
				return tableSums{}, err
			}
			files = append(files, f)
		}
	}
	if w.rows {
		s := newSummer(w.spec())
		err := eachRecord(ctx, files, s.spec.compared(), s.add)
		return s.sums(), err
	}
	return addByKey(ctx, files, w.spec(), workers)
}

// rowsInPass bounds the rows whose keys are in memory at once, for each worker.
const rowsInPass = 4 << 20

// addByKey adds up rows by key, the keys of one pass after the other.
func addByKey(ctx context.Context, files []*lake.File, spec tableSpec, workers int) (tableSums, error) {
	rows := int64(0)
	for _, f := range files {
		rows += f.NumRows()
	}
	passes := uint64(rows/rowsInPass) + 1
	total := newSummer(spec)
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for pass := range passes {
		g.Go(func() error {
			a := newAdder(spec)
			err := eachRecord(ctx, files, a.stored(), func(rec arrow.Record) error { return a.add(rec, pass, passes) })
			mu.Lock()
			defer mu.Unlock()
			a.tell(total)
			return err
		})
	}
	err := g.Wait()
	return total.sums(), err
}

// eachRecord reads columns of files, a row group at a time.
func eachRecord(ctx context.Context, files []*lake.File, columns []string, do func(arrow.Record) error) error {
	for _, f := range files {
		for group := range f.NumRowGroups() {
			rec, err := f.ReadRowGroup(ctx, memory.DefaultAllocator, group, columns)
			if err == nil {
				err = do(rec)
				rec.Release()
			}
			if err != nil {
				return fmt.Errorf("%s: %w", f.Object().Key, err)
			}
		}
	}
	return nil
}

// mostKeys are the most key columns of a rollup that is added up.
const mostKeys = 3

// keyWords are the values of a key as words, in the order of the spec's keys.
type keyWords [mostKeys]uint64

// adder adds up measures by key.
type adder struct {
	spec tableSpec
	at   map[keyWords]int
	sums []int64 // len(spec.Measures) for each key
}

func newAdder(spec tableSpec) *adder { return &adder{spec: spec, at: map[keyWords]int{}} }

// stored are the columns that are read: days are counted.
func (a *adder) stored() []string {
	return slices.DeleteFunc(slices.Concat(a.spec.Keys, a.spec.Measures), func(name string) bool { return name == daysMeasure })
}

// add takes the rows whose key belongs to a pass.
func (a *adder) add(rec arrow.Record, pass, passes uint64) error {
	keys, width := len(a.spec.Keys), len(a.spec.Measures)
	if keys > mostKeys {
		return fmt.Errorf("%d keys, at most %d can be added up", keys, mostKeys)
	}
	if got := int(rec.NumCols()); got != len(a.stored()) {
		return fmt.Errorf("%d columns in place of %v", got, a.stored())
	}
	columns := make([][]uint64, keys+width)
	for i := range rec.NumCols() {
		words, err := wordsOf(rec.Column(int(i)))
		if err != nil {
			return err
		}
		if int(i) >= keys && rec.Column(int(i)).NullN() > 0 {
			return fmt.Errorf("column %s has nulls: it cannot be added up", rec.ColumnName(int(i)))
		}
		columns[i] = words
	}
	if int(rec.NumCols()) == keys { // days
		columns[keys] = slices.Repeat([]uint64{1}, int(rec.NumRows()))
	}
	hashes := make([]uint64, rec.NumRows())
	for _, words := range columns[:keys] {
		fold(hashes, words)
	}
	for i, h := range hashes {
		if (h>>32)%passes != pass {
			continue
		}
		var key keyWords
		for k := range keys {
			key[k] = columns[k][i]
		}
		at, known := a.at[key]
		if !known {
			at = len(a.sums)
			a.at[key], a.sums = at, append(a.sums, make([]int64, width)...)
		}
		for m, words := range columns[keys:] {
			a.sums[at+m] += int64(words[i])
		}
	}
	return nil
}

// tell adds the sums to a table's, as its rows.
func (a *adder) tell(s *summer) {
	names := a.spec.compared()
	for key, at := range a.at { // sums know no order
		sums, h := a.sums[at:], uint64(0)
		for _, name := range names {
			if k := slices.Index(a.spec.Keys, name); k >= 0 {
				h = foldWord(h, key[k])
				continue
			}
			word := uint64(sums[slices.Index(a.spec.Measures, name)])
			h = foldWord(h, word)
			s.measures[name].addWord(word)
		}
		s.rows, s.checksum = s.rows+1, s.checksum+h
	}
}
