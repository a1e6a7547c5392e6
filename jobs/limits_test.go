package jobs_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/mapping"
)

// limited is a deployment of which one night is published: its orders have a row that is rejected, its refunds have none at all.
func limited(t *testing.T) *deployment {
	d, day := newDeployment(t), twin.Day(lastDay-1)
	odd := orders(day)[0]
	odd.OrderLineID, odd.OrderID, odd.Scene = "900001", "900002", "nowhere"
	d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{day: append(orders(day), odd)}, Refunds: map[twin.Day][]twin.Refund{day: nil}})
	d.settings.RestateDays = 3
	d.settings.Tables = map[string]mapping.Table{"refunds": {AllowEmpty: true}}
	d.night(lastDay - 1)
	return d
}

// Limits of rejected rows change no byte of what a day is reduced to: raised ones neither reduce days again nor lose those whose dumps are
// gone, and a published night stays what it is.
func TestRaisedLimitsReduceNothingAgain(t *testing.T) {
	d := limited(t)
	for _, table := range []string{"orders", "refunds"} {
		d.drop(table, lastDay-5)
	}
	want := sums(d.forked(t).night(lastDay))
	ratio, least := 0.5, int64(20)
	d.settings.Tables = map[string]mapping.Table{"orders": {AllowEmpty: true, MinRejects: &least, MaxRejectRatio: &ratio}, "refunds": {AllowEmpty: true, MinRejects: &least}}
	o := d.night(lastDay)
	if diff := gocmp.Diff(want, sums(o)); diff != "" || o.Reduced != sources {
		t.Errorf("%d partitions were reduced, want %d: %s", o.Reduced, sources, diff)
	}
	d.settings.Tables = map[string]mapping.Table{"refunds": {AllowEmpty: true}}
	if got := d.status(lastDay); got != jobs.Done {
		t.Errorf("under other limits the night is %s", got)
	}
}

// A day that was let pass is asked again under the limits of tonight, as long as it is restated.
func TestLoweredLimitsCatchStoredDays(t *testing.T) {
	d, none := limited(t), int64(0)
	for _, c := range []struct {
		name   string
		change func(d *deployment)
		want   string // in the error; empty: none
	}{
		{"no row may be rejected", func(d *deployment) { d.settings.Tables["orders"] = mapping.Table{MinRejects: &none} },
			`orders of 2026-01-30: 1 of 4 rows rejected (mostly unknown_value: dumps/orders/dt=2026-01-30/part-00000.parquet row 3, column scene, value "nowhere")`},
		{"no day may be empty", func(d *deployment) { delete(d.settings.Tables, "refunds") }, "refunds of 2026-01-30 has no rows"},
		{"an empty day is said to be right", func(d *deployment) {
			delete(d.settings.Tables, "refunds")
			if err := os.WriteFile(filepath.Join(d.dump("refunds", lastDay-1), "_SUCCESS"), nil, 0o600); err != nil {
				d.t.Fatal(err)
			}
		}, ""},
		{"the day is restated no more", func(d *deployment) {
			d.settings.Tables, d.settings.RestateDays = map[string]mapping.Table{"orders": {MinRejects: &none}}, 1
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := d.forked(t)
			f.settings.Tables = map[string]mapping.Table{"refunds": {AllowEmpty: true}}
			c.change(f)
			_, err := f.try(lastDay)
			if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}
