package jobs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/mapping"
)

// count writes what the producer says of a partition.
func (d *deployment) count(table string, day calendar.Day, text string) {
	d.t.Helper()
	if err := os.WriteFile(filepath.Join(d.dump(table, day), "_COUNTS.json"), []byte(text), 0o600); err != nil {
		d.t.Fatal(err)
	}
}

// countAll writes what is right: the small market has one file a day, of three, one, three and two rows.
func (d *deployment) countAll() {
	d.t.Helper()
	for table, rows := range map[string]int{"orders": 3, "refunds": 1, "products": 3, "talents": 2} {
		for day := firstDay; day <= lastDay; day++ {
			d.count(table, day, fmt.Sprintf(`{"files": 1, "rows": %d}`, rows))
		}
	}
}

func TestCountsOfTheProducer(t *testing.T) {
	d := newDeployment(t)
	d.settings.RequireCounts = true
	for _, c := range []struct {
		name   string
		change func()
		fails  error
		says   string
	}{
		{"a day without counts has not arrived", func() {
			if err := os.Remove(filepath.Join(d.dump("orders", lastDay), "_COUNTS.json")); err != nil {
				t.Fatal(err)
			}
		}, jobs.ErrLate, "orders dt=2026-01-31"},
		{"a file is missing, or not listed yet", func() { d.count("refunds", lastDay, `{"files": 2, "rows": 1}`) }, jobs.ErrLate,
			"refunds of 2026-01-31 has 1 files where dumps/refunds/dt=2026-01-31/_COUNTS.json says 2"},
		{"a file too many", func() { d.count("talents", lastDay, `{"files": 0, "rows": 0}`) }, jobs.ErrLate, "talents of 2026-01-31 has 1 files"},
		{"rows are missing", func() { d.count("orders", lastDay, `{"files": 1, "rows": 4}`) }, jobs.ErrInput,
			"orders of 2026-01-31 has 3 rows where dumps/orders/dt=2026-01-31/_COUNTS.json says 4"},
		{"rows of a snapshot are missing", func() { d.count("products", lastDay, `{"files": 1, "rows": 9}`) }, jobs.ErrInput, "products of 2026-01-31 has 3 rows"},
		{"counts that are none", func() { d.count("orders", lastDay, `{"rows": 3}`) }, jobs.ErrInput, "it says nothing like"},
		{"counts that are no JSON", func() { d.count("orders", lastDay, `4 files`) }, jobs.ErrInput, "it says nothing like"},
	} {
		d.countAll()
		c.change()
		if err := os.RemoveAll(filepath.Join(d.out, "state")); err != nil { // rows are counted when files are read
			t.Fatal(err)
		}
		if _, err := d.try(lastDay); !errors.Is(err, c.fails) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %v: %s", c.name, err, c.fails, c.says)
		}
		if n := len(d.commits(lastDay)); n != 0 {
			t.Errorf("%s: %d commits", c.name, n)
		}
	}
	d.countAll()
	if o := d.night(lastDay); o.Status != jobs.Published {
		t.Errorf("all is as it says: %s", o.Status)
	}
}

// A day whose files lie in several folders has arrived when each of them has its marker.
func TestEachFolderOfADayHasItsMarker(t *testing.T) {
	d := newDeployment(t)
	d.settings.Tables = map[string]mapping.Table{"orders": {Path: "hourly/dt={date}/hour=*/*.parquet"}}
	hour := func(day calendar.Day, hour string) string {
		return filepath.Join(d.in, "hourly", "dt="+day.String(), "hour="+hour)
	}
	for day := firstDay; day <= lastDay; day++ {
		for _, h := range []string{"00", "23"} { // the second has copies, which are dropped
			if err := os.CopyFS(hour(day, h), os.DirFS(d.dump("orders", day))); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := sums(d.night(lastDay))
	d.settings.RequireSuccess = true
	mark := func(folder string) {
		if err := os.WriteFile(filepath.Join(folder, "_SUCCESS"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for day := firstDay; day <= lastDay; day++ {
		for _, table := range []string{"refunds", "products", "talents"} {
			mark(d.dump(table, day))
		}
		mark(hour(day, "00"))
		if day < lastDay {
			mark(hour(day, "23"))
		}
	}
	if _, err := d.try(lastDay); !errors.Is(err, jobs.ErrLate) || !strings.Contains(err.Error(), "orders dt=2026-01-31") {
		t.Errorf("an hour without its marker: %v", err)
	}
	mark(hour(lastDay, "23"))
	if diff := gocmp.Diff(want, sums(d.night(lastDay))); diff != "" {
		t.Error(diff)
	}
	d.countAll() // of the default folders
	d.settings.RequireSuccess, d.settings.RequireCounts = false, true
	for day := firstDay; day <= lastDay; day++ {
		for _, h := range []string{"00", "23"} {
			if err := os.WriteFile(filepath.Join(hour(day, h), "_COUNTS.json"), []byte(`{"files": 1, "rows": 3}`), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := gocmp.Diff(want, sums(d.night(lastDay))); diff != "" {
		t.Errorf("counts of each folder: %s", diff)
	}
	if err := os.Remove(filepath.Join(hour(lastDay, "00"), "_COUNTS.json")); err != nil {
		t.Fatal(err)
	}
	d.out = t.TempDir() // counts are held against days that no night has seen
	if _, err := d.try(lastDay); !errors.Is(err, jobs.ErrLate) || !strings.Contains(err.Error(), "orders of 2026-01-31 has 2 files where hourly/dt=2026-01-31/hour=23/_COUNTS.json says 1") {
		t.Errorf("an hour without its counts: %v", err)
	}
	d.settings.Tables = map[string]mapping.Table{"orders": {Path: "flat/{date}.parquet"}}
	in, err := lake.Open(t.Context(), d.in, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := jobs.ListInputs(t.Context(), in, d.settings); !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), "one folder holds many days") {
		t.Errorf("a folder of many days: %v", err)
	}
}

// validate reads the counts as a night does.
func TestValidateComparesCounts(t *testing.T) {
	d := newDeployment(t)
	d.countAll()
	d.settings.RequireCounts = true
	d.count("orders", lastDay, `{"files": 1, "rows": 4}`)
	d.count("refunds", lastDay, `{"files": 2, "rows": 1}`)
	r := &jobs.Runner{In: d.open(d.in), Settings: d.settings}
	says := map[string]string{"orders": "has 3 rows where", "refunds": "has 1 files where", "talents": ""}
	told := 0
	err := r.Validate(t.Context(), lastDay, lastDay, jobs.ValidateOptions{Tables: []string{"orders", "refunds", "talents"}}, func(report jobs.TableReport) error {
		told++
		if text, want := strings.Join(report.Problems, "; "), says[report.Table]; !strings.Contains(text, want) || (text == "") != (want == "") {
			t.Errorf("%s: %q, want %q", report.Table, text, want)
		}
		return nil
	})
	if err != nil || told != len(says) {
		t.Errorf("%d tables, %v", told, err)
	}
}

// Days that a night before rested on are not asked for again, and a night that is done asks for nothing.
func TestCountsAreReadOfNewDaysAlone(t *testing.T) {
	d := newDeployment(t)
	d.countAll()
	d.settings.RequireCounts = true
	d.night(lastDay - 1)
	d.count("orders", lastDay-1, "broken")
	d.night(lastDay)
	d.count("orders", lastDay, "broken")
	if o := d.night(lastDay); o.Status != jobs.AlreadyDone {
		t.Errorf("the night is %s", o.Status)
	}
}

// A snapshot that does not come is stood in for, but not for ever.
func TestAnOldSnapshotStopsANight(t *testing.T) {
	d := newDeployment(t)
	for day := lastDay - 2; day <= lastDay; day++ {
		d.drop("talents", day)
	}
	d.settings.Gates.MaxSnapshotAge = 2
	if _, err := d.try(lastDay); !errors.Is(err, jobs.ErrGate) || !strings.Contains(err.Error(), "freshness: the newest snapshot of talents is that of 2026-01-28, 3 days before the night") {
		t.Errorf("got %v", err)
	}
	d.settings.Gates.MaxSnapshotAge = 3
	if o := d.night(lastDay); o.Status != jobs.Published {
		t.Errorf("at the limit it is %s", o.Status)
	}
}
