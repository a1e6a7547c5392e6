package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rollup"
)

// countsName is the object beside the files of a partition in which its producer says how much it delivered, written last.
const countsName = "_COUNTS.json"

// maxCountsBytes bounds what is read of it.
const maxCountsBytes = 64 << 10

// counts is what a producer says of a partition: {"files": 4, "rows": 120000}. A listing that is stale, an upload that
// is not finished and a file that was lost all show as fewer files; half a file shows as fewer rows.
type counts struct {
	Files *int   `json:"files"` // Parquet files
	Rows  *int64 `json:"rows"`  // in all of them
}

// checkCounts holds the partitions that the commit before did not rest on against what their producers say. Files that are
// missing are late (ErrLate); rows are compared when the files are read.
func (n *night) checkCounts(ctx context.Context) error {
	if !n.runner.Settings.RequireCounts { // before thousands of partitions are gone through
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(fetchers)
	for _, t := range rollup.Sources() {
		for _, p := range n.partitions[t.Name] {
			d := n.runner.Inputs.on(t.Name, p.Day)
			if d == nil || n.inPrevious(t.Name, p) {
				continue
			}
			g.Go(func() (err error) {
				defer column.Recover(&err)
				return n.runner.promised(ctx, d)
			})
		}
	}
	return g.Wait()
}

// promised reads what the producer says of a dump, once for a listing, and counts the files. What it says folder by folder adds up.
func (r *Runner) promised(ctx context.Context, d *dump) error {
	if !r.Settings.RequireCounts || len(d.counts) == 0 || d.promised != nil {
		return nil
	}
	var files int
	var rows int64
	for _, key := range d.counts {
		c, err := r.readCounts(ctx, d, key)
		if err != nil {
			return err
		}
		files, rows = files+*c.Files, rows+*c.Rows
	}
	if found := len(d.objects); found != files {
		return fmt.Errorf("%w: %s of %s has %d files where %s says %d: wait for the rest, or for the listing to show it",
			ErrLate, d.table.Name, d.day, found, strings.Join(d.counts, " + "), files)
	}
	d.promised = &counts{&files, &rows}
	return nil
}

func (r *Runner) readCounts(ctx context.Context, d *dump, key string) (c counts, err error) {
	data, err := r.In.ReadAll(ctx, key, maxCountsBytes)
	if errors.Is(err, lake.ErrNotFound) {
		return c, fmt.Errorf("%w: %s is no longer there: %s of %s is being written again", ErrLate, key, d.table.Name, d.day)
	}
	if err != nil {
		return c, fmt.Errorf("read counts of %s of %s: %w", d.table.Name, d.day, err)
	}
	if err := json.Unmarshal(data, &c); err != nil || c.Files == nil || c.Rows == nil {
		return c, fmt.Errorf(`%w: %s: it says nothing like {"files": 4, "rows": 120000}; mend what writes it`, ErrInput, key)
	}
	return c, nil
}

// checkPromise compares the rows that were found in the files. Those of files that were set aside are not known: what is left
// may have fewer rows, not more.
func (d *dump) checkPromise(rows int64) error {
	if d.promised == nil || *d.promised.Rows == rows {
		return nil
	}
	if len(d.objects) < *d.promised.Files && rows < *d.promised.Rows {
		return nil
	}
	return fmt.Errorf("%w: %s of %s has %d rows where %s says %d: have the day written again", ErrInput, d.table.Name, d.day, rows, strings.Join(d.counts, " + "), *d.promised.Rows)
}

// settleMarkers gives each day the markers that stand beside its files: a day in several folders has arrived when each of them has.
func settleMarkers(objects []lake.Object, days map[calendar.Day]*dump) {
	success, promises := map[string]bool{}, map[string]string{}
	for _, o := range objects {
		switch path.Base(o.Key) {
		case "_SUCCESS":
			success[path.Dir(o.Key)] = true
		case countsName:
			promises[path.Dir(o.Key)] = o.Key
		}
	}
	for _, d := range days {
		d.success = true
		for _, o := range d.objects {
			folder := path.Dir(o.Key)
			d.success = d.success && success[folder]
			if key := promises[folder]; key != "" && !slices.Contains(d.counts, key) {
				d.counts = append(d.counts, key)
			}
		}
	}
}

// markers are the objects that must stand beside the files of a day for it to have arrived.
func (s Settings) markers() string {
	var names []string
	if s.RequireSuccess {
		names = append(names, "_SUCCESS")
	}
	if s.RequireCounts {
		names = append(names, countsName)
	}
	return strings.Join(names, " and ")
}

// withMarkers is a place of dumps and what must stand there for them to count.
func (s Settings) withMarkers(place string) string {
	if names := s.markers(); names != "" {
		return place + " with " + names + " beside it"
	}
	return place
}
