package jobs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// Inputs is the listing of all dumps, taken once at the start of a command: a night reads these objects
// and no others.
type Inputs struct {
	tables map[string]map[calendar.Day]*dump
}

// dump is one partition of one input table.
type dump struct {
	table   *contract.Table
	day     calendar.Day
	objects []lake.Object
	success bool // a _SUCCESS object stands beside them, in each of their folders

	counts   []string // keys of the producer's counts beside them, of each folder that has some
	promised *counts  // what they say, once they were read and the files agree
}

// bytes is the size of the dump's files as they are stored; 0 where there is no dump.
func (d *dump) bytes() int64 {
	if d == nil {
		return 0
	}
	var total int64
	for _, o := range d.objects {
		total += o.Size
	}
	return total
}

// ListInputs lists the dumps of every table that the settings do not declare absent.
func ListInputs(ctx context.Context, in *lake.Lake, s Settings) (*Inputs, error) {
	tables := contract.Inputs()
	listed := make([]map[calendar.Day]*dump, len(tables))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(8)
	for i, t := range tables {
		if s.Tables[t.Name].Absent {
			continue
		}
		g.Go(func() (err error) {
			listed[i], err = listTable(ctx, in, t, s)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := &Inputs{tables: map[string]map[calendar.Day]*dump{}}
	for i, t := range tables {
		out.tables[t.Name] = listed[i]
	}
	return out, nil
}

func listTable(ctx context.Context, in *lake.Lake, t *contract.Table, s Settings) (map[calendar.Day]*dump, error) {
	p, err := s.Tables[t.Name].ParsedPath(t)
	if err != nil {
		return nil, fmt.Errorf("tables.%s: %w", t.Name, err)
	}
	if s.markers() != "" && t.Class != contract.Static && !p.DatedFolder() {
		return nil, fmt.Errorf("%w: tables.%s: path %s: one folder holds many days, and %s beside their files cannot tell which of them has arrived: give each day a folder, or do without require", ErrInput, t.Name, p, s.markers())
	}
	objects, err := in.List(ctx, p.Prefix())
	if err != nil {
		return nil, fmt.Errorf("list dumps of %s: %w", t.Name, err)
	}
	days := map[calendar.Day]*dump{}
	for _, o := range objects {
		day, ok := p.Match(o.Key)
		if !ok {
			continue
		}
		d := days[day]
		if d == nil {
			d = &dump{table: t, day: day}
			days[day] = d
		}
		d.objects = append(d.objects, o)
	}
	for _, d := range days {
		slices.SortFunc(d.objects, func(a, b lake.Object) int { return strings.Compare(a.Key, b.Key) })
	}
	settleMarkers(objects, days)
	if t.Class != contract.Static {
		maps.DeleteFunc(days, func(_ calendar.Day, d *dump) bool {
			return s.RequireSuccess && !d.success || s.RequireCounts && len(d.counts) == 0
		})
	}
	return days, nil
}

// on is the table's partition of a day, nil if there is none.
func (in *Inputs) on(table string, day calendar.Day) *dump { return in.tables[table][day] }

// has tells whether the table has any partition up to a day.
func (in *Inputs) has(table string, upTo calendar.Day) bool {
	_, ok := in.first(table)
	if !ok {
		return false
	}
	for d := range in.tables[table] {
		if d <= upTo {
			return true
		}
	}
	return false
}

// first is the table's earliest partition.
func (in *Inputs) first(table string) (calendar.Day, bool) {
	p := calendar.Presence{}
	for d := range in.tables[table] {
		p[d] = true
	}
	return p.First()
}

// nearest is the newest day from first to last that has a partition of the table.
func (in *Inputs) nearest(table string, first, last calendar.Day) (calendar.Day, bool) {
	for d := last; d >= first; d-- {
		if in.on(table, d) != nil {
			return d, true
		}
	}
	return 0, false
}

// Days lists the days on which the table has a partition, ascending.
func (in *Inputs) Days(table string) []calendar.Day {
	var days []calendar.Day
	for d := range in.tables[table] {
		days = append(days, d)
	}
	slices.Sort(days)
	return days
}
