package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"runtime"
	"strconv"
	"time"
	_ "time/tzdata" // the business zone on machines without a zone database

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/mapping"
)

// deployment is what windvane's side of a job needs to know.
type deployment struct {
	task     task
	day      calendar.Day
	zone     *calendar.Zone
	buyerKey [16]byte
	settings jobs.Settings
	workers  int
}

// task is what every process of a measurement is told.
type task struct {
	data  string // folder of the dumps, or of windvane's output
	work  string // folder for what the job writes
	date  string // the as-of date
	spec  string // JSON file of the tables that are compared
	check bool   // also tell what stands in the tables
}

func newDeployment(t task) (deployment, error) {
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return deployment{}, fmt.Errorf("business zone: %w", err)
	}
	day, err := calendar.Parse(t.date)
	if err != nil {
		return deployment{}, fmt.Errorf("as-of date: %w", err)
	}
	d := deployment{task: t, day: day, zone: calendar.NewZone(loc), workers: runtime.GOMAXPROCS(0)}
	key := sha256.Sum256([]byte("windvane bench"))
	copy(d.buyerKey[:], key[:])
	d.settings = jobs.Default(d.zone)
	d.settings.Rules = config.DefaultRules()
	d.settings.BuyerKey, d.settings.Workers = d.buyerKey, d.workers
	limit, err := memoryLimit()
	if err != nil {
		return deployment{}, err
	}
	d.settings.MemoryLimit, d.settings.CacheBytes = limit/2, limit/4
	return d, nil
}

// memoryVariable is the memory_limit of windvane's side in GiB; empty: the product's default.
const memoryVariable = "BENCH_MEMORY_GIB"

// memoryLimit is how many bytes windvane may hold: row blocks get half of it and decoded rollups a quarter, as the
// command does it.
func memoryLimit() (int64, error) {
	text := os.Getenv(memoryVariable)
	if text == "" {
		return 4 << 30, nil
	}
	gib, err := strconv.ParseInt(text, 10, 16)
	if err != nil || gib < 1 {
		return 0, fmt.Errorf("%s: %q is no number of GiB", memoryVariable, text)
	}
	return gib << 30, nil
}

// memory is what the engine may hold.
func (d deployment) memory() column.Memory {
	return column.Memory{Budget: column.NewBudget(d.settings.MemoryLimit), Spill: spillDir(d.task.work)}
}

// dumps is the prefix of a table's dumps of the day.
func (d deployment) dumps(table string) string { return fmt.Sprintf("dumps/%s/dt=%s/", table, d.day) }

// spillDir makes scratch files in a folder.
type spillDir string

// Create makes a file that goes when it is closed.
func (d spillDir) Create() (column.SpillFile, error) {
	f, err := os.CreateTemp(string(d), "spill-*")
	if err != nil {
		return nil, err
	}
	return f, os.Remove(f.Name()) // the open file stays until it is closed
}

// openDumps opens the Parquet files under a prefix.
func openDumps(ctx context.Context, l *lake.Lake, prefix string) (files []*lake.File, err error) {
	objects, err := l.List(ctx, prefix)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		if path.Ext(o.Key) != ".parquet" {
			continue
		}
		f, err := l.OpenParquet(ctx, o)
		if err != nil {
			return files, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no Parquet files under %s", prefix)
	}
	return files, nil
}

func sourceFields(f *lake.File) []mapping.SourceField {
	var fields []mapping.SourceField
	for _, c := range f.Columns() {
		fields = append(fields, mapping.SourceField{Name: c.Name, Type: c.Type, Parquet: c.Parquet})
	}
	return fields
}

// tally counts rows, and sums them up where the run is a check.
type tally struct {
	check bool
	specs map[string]tableSpec
	sums  map[string]*summer
	rows  map[string]int64
}

func newTally(specs []tableSpec, check bool) *tally {
	t := &tally{check: check, specs: map[string]tableSpec{}, sums: map[string]*summer{}, rows: map[string]int64{}}
	for _, s := range specs {
		t.specs[s.Name], t.sums[s.Name] = s, newSummer(s)
	}
	return t
}

func (t *tally) add(table string, rec arrow.Record) error {
	t.rows[table] += rec.NumRows()
	if !t.check {
		return nil
	}
	return t.sums[table].add(rec)
}

func (t *tally) tables() map[string]tableSums {
	out := map[string]tableSums{}
	for name := range t.specs {
		out[name] = tableSums{Rows: t.rows[name]}
		if t.check {
			out[name] = t.sums[name].sums()
		}
	}
	return out
}
