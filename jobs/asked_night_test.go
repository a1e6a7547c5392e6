package jobs_test

import (
	"context"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

// picking makes a night whose refunds pick what they ask of snapshots.
func (d *deployment) picking(asOf calendar.Day) (o jobs.Outcome, err error) {
	d.t.Helper()
	err = d.with(func(r *jobs.Runner) (err error) {
		r.OnProgress = func(jobs.Progress) { jobs.HoldNoLookups(r) }
		o, err = r.Run(context.Background(), asOf)
		return err
	})
	return o, err
}

// A night publishes the same whether refunds make tables of whole snapshots or pick what they ask for, also where a snapshot
// of the state is lost and made again.
func TestSnapshotsThatArePickedPublishTheSame(t *testing.T) {
	warm := newDeployment(t)
	warm.night(lastDay - 1)
	want := sums(warm.forked(t).night(lastDay))
	lost := "state/rollups/product_days/dt=" + (lastDay - 1).String() // the refund of the last day is of a line of the day before
	for _, c := range []struct {
		name    string
		prepare func(d *deployment)
	}{
		{"all snapshots are there", func(*deployment) {}},
		{"one is lost", func(d *deployment) { d.remove(lost) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := warm.forked(t)
			c.prepare(d)
			o, err := d.picking(lastDay)
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want, sums(o)); diff != "" {
				t.Error(diff)
			}
			if len(d.under(lost)) != 1 {
				t.Errorf("%v is there of the snapshot", d.under(lost))
			}
		})
	}
}
