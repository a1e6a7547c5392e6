package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rollup"
)

// A measure must go on running while the product changes: windvane's side of every job of one day, on a small one.
func TestOwnJobsOfADay(t *testing.T) {
	data := t.TempDir()
	l, err := lake.Open(t.Context(), data, lake.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	day, err := calendar.Parse(asOf)
	if err != nil {
		t.Fatal(err)
	}
	o := market.DefaultOptions()
	o.Days, o.LinesPerDay, o.AsOf = 1, 2_000, day
	o.Merchants, o.Talents, o.Products, o.Buyers = 20, 20, 200, 1_000
	if _, err := market.Generate(t.Context(), o, sink{l}, nil); err != nil {
		t.Fatal(err)
	}
	rows, sources := map[string]int64{}, map[string]string{}
	for _, r := range append(rollup.All(), orderRollups()...) {
		sources[r.Name] = r.Source.Name
	}
	for _, source := range rollup.Sources() {
		rows[source.Name] = rowsOf(t, l, source.Name)
	}
	if rows["orders"] < 2_000 || rows["chats"] == 0 || rows["complaints"] > 0 {
		t.Errorf("the day is not what the test needs: %v", rows)
	}
	for _, j := range allJobs() {
		if j.place != placeDay {
			continue
		}
		work := t.TempDir()
		specs, err := json.Marshal(j.tables)
		if err != nil {
			t.Fatal(err)
		}
		spec := filepath.Join(t.TempDir(), "tables.json")
		if err := os.WriteFile(spec, specs, 0o600); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := runOwn(t.Context(), j.name, task{data: data, work: work, date: asOf, spec: spec}, &out); err != nil {
			t.Errorf("%s: %v", j.name, err)
			continue
		}
		var a answer
		if err := json.Unmarshal(out.Bytes(), &a); err != nil || a.Seconds <= 0 {
			t.Errorf("%s answered %s (%v)", j.name, out.String(), err)
		}
		for _, table := range j.tables {
			if slices.Contains(j.files, windvane) {
				_, err := os.Stat(filepath.Join(work, table.Name+".parquet"))
				if want := rows[sources[table.Name]] > 0; want != (err == nil) {
					t.Errorf("%s: file of %s: %t (%v), want %t", j.name, table.Name, err == nil, err, want)
				}
			} else if a.Tables[table.Name].Rows == 0 {
				t.Errorf("%s counts no row of %s", j.name, table.Name)
			}
		}
	}
}

// rowsOf are the rows in a table's dumps of the day.
func rowsOf(t *testing.T, l *lake.Lake, table string) (n int64) {
	t.Helper()
	files, err := openDumps(t.Context(), l, "dumps/"+table+"/dt="+asOf+"/")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		n += f.NumRows()
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	return n
}
