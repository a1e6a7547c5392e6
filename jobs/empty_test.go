package jobs_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
)

// records are the records of all reductions that are stored.
func (d *deployment) records() (out []jobs.Reduced) {
	d.t.Helper()
	for _, path := range d.under("state/partitions") {
		data, err := os.ReadFile(path)
		if err != nil {
			d.t.Fatal(err)
		}
		var r jobs.Reduced
		if err := json.Unmarshal(data, &r); err != nil {
			d.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func TestNoFileStandsForNoRows(t *testing.T) {
	d := newDeployment(t)
	d.night(lastDay)
	stored, withRows, without := map[string]bool{}, 0, 0
	for _, path := range d.under("state/rollups") {
		stored[strings.TrimPrefix(path, d.out+string(filepath.Separator))] = true
	}
	for _, r := range d.records() {
		for i, ru := range rollup.From(r.Table) {
			key := filepath.Join("state/rollups", ru.Name, "dt="+r.Partition.Day.String(), r.Partition.Digest+".parquet")
			if got, want := stored[key], r.Partition.Rows[i] > 0; got != want {
				t.Errorf("%s has %d rows; that its file is there is %v", key, r.Partition.Rows[i], got)
			}
			if stored[key] {
				withRows++
			} else {
				without++
			}
		}
	}
	if withRows != len(stored) || withRows == 0 || without == 0 {
		t.Errorf("%d files, %d rollups with rows, %d without", len(stored), withRows, without)
	}
}

// TestQuietDaysLeaveNoSumsAndNoSegments makes nights of a market that sold nothing for 19 days.
func TestQuietDaysLeaveNoSumsAndNoSegments(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	d.settings.RestateDays = 10
	quiet := func(day calendar.Day) bool { return day > lastDay-60 && day < lastDay-40 }
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}, Refunds: map[twin.Day][]twin.Refund{}}
	for day := twin.Day(lastDay - 63); day < twin.Day(firstDay); day++ {
		p.Orders[day], p.Refunds[day] = nil, nil
		if !quiet(calendar.Day(day)) {
			p.Orders[day], p.Refunds[day] = orders(day), refunds(day)
		}
	}
	d.deliver(p)
	d.settings.Tables = map[string]mapping.Table{"orders": {AllowEmpty: true}, "refunds": {AllowEmpty: true}}
	d.same("with quiet days", lastDay)
	for _, dir := range []string{"state/windows", "state/pairs"} {
		for _, path := range d.under(dir) {
			_, after, ok := strings.Cut(filepath.ToSlash(path), "=20")
			if !ok {
				t.Fatalf("%s names no day", path)
			}
			day, err := calendar.Parse("20" + after[:8])
			if err != nil {
				t.Fatal(err)
			}
			if quiet(day) && quiet(day+7) {
				t.Errorf("%s stands for days without rows", path)
			}
		}
	}
}
