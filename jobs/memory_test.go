package jobs_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

// large is a deployment whose as-of day has one row group of so many order lines.
func large(t *testing.T, lines int) *deployment {
	t.Helper()
	d := newDeployment(t)
	d.drop("orders", lastDay)
	var rows []twin.Order
	for len(rows) < lines {
		for _, o := range orders(twin.Day(lastDay)) {
			o.OrderLineID = strconv.Itoa(1_000_000 + len(rows))
			rows = append(rows, o)
		}
	}
	d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(lastDay): rows}})
	return d
}

var namedLimit = regexp.MustCompile(`memory_limit is (\d+) MiB: set it to (\d+)MiB or more`)

// TestANightThatCannotFitIsRefused: a row group whose columns alone exceed the memory is refused before anything is reduced,
// by the plan and by the run, with the file and the limit that would do; that limit is let pass, and the night that was
// made once is no longer looked at.
func TestANightThatCannotFitIsRefused(t *testing.T) {
	d := large(t, 15_000)
	d.settings.ProcessMemory = 1 << 20
	_, err := d.try(lastDay)
	if !errors.Is(err, jobs.ErrMemory) {
		t.Fatalf("got %v, want %v", err, jobs.ErrMemory)
	}
	t.Log(err)
	if !strings.Contains(err.Error(), "row group 0 of dumps/orders/dt=2026-01-31/") || !strings.Contains(err.Error(), "(15000 rows)") {
		t.Errorf("the file is not named: %v", err)
	}
	if _, again := d.plan(lastDay); again == nil || !errors.Is(again, jobs.ErrMemory) {
		t.Errorf("the plan says %v", again)
	}
	if _, err := os.Stat(filepath.Join(d.out, "state/rollups")); !os.IsNotExist(err) {
		t.Errorf("something was reduced before it was refused: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(d.out, "published/nightly/dt=*/commits/*")); len(left) != 0 {
		t.Errorf("published: %v", left)
	}
	named := namedLimit.FindStringSubmatch(err.Error())
	if named == nil || named[1] != "1" {
		t.Fatalf("no limit is named: %v", err)
	}
	enough, convErr := strconv.Atoi(named[2])
	if convErr != nil || enough <= 1 {
		t.Fatalf("the limit named: %v, %v", named, convErr)
	}
	d.settings.ProcessMemory = int64(enough) << 20
	want := large(t, 15_000).night(lastDay)
	if got := d.night(lastDay); got.Status != jobs.Published || len(got.Tables) != len(want.Tables) {
		t.Errorf("with the limit named: %+v", got)
	}
	d.settings.ProcessMemory = 1
	if o := d.night(lastDay); o.Status != jobs.AlreadyDone {
		t.Errorf("a night that is done: %s", o.Status)
	}
}

// plan is the plan of a night.
func (d *deployment) plan(asOf calendar.Day) (*jobs.Plan, error) {
	d.t.Helper()
	var p *jobs.Plan
	err := d.with(func(r *jobs.Runner) (err error) {
		p, err = r.Plan(d.t.Context(), asOf)
		return err
	})
	return p, err
}
