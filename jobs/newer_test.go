package jobs_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

// byNewer makes a night one that a newer binary published, whose digests are others.
func byNewer(m *jobs.Manifest) {
	m.Figures.Version++
	m.Version, m.NightDigest = "9.9", "of newer figures"
}

// onPurpose makes a night whatever figures are published.
func (d *deployment) onPurpose(asOf calendar.Day, why string) (o jobs.Outcome) {
	d.t.Helper()
	if err := d.with(func(r *jobs.Runner) (err error) {
		r.AcceptOlder = why
		o, err = r.Run(context.Background(), asOf)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return o
}

// leaves tells whether a run leaves a night as a newer binary published it, and says so.
func (d *deployment) leaves(o jobs.Outcome) {
	d.t.Helper()
	got := d.night(o.AsOf)
	if got.Status != jobs.AlreadyDone || got.Sequence != o.Sequence || got.Run != o.Run {
		d.t.Errorf("%s: %s, commit %d of run %s", o.AsOf, got.Status, got.Sequence, got.Run)
	}
	if told := strings.Join(got.Warnings, "; "); !strings.Contains(told, "of windvane 9.9, and this version makes older ones") || !strings.Contains(told, "--accept-older-figures REASON") {
		d.t.Errorf("%s says %q", o.AsOf, told)
	}
}

// A binary leaves what a newer one published: as it stands, after dumps have changed and after they are gone, alone and in a backfill,
// which goes on behind it.
func TestNewerFiguresStand(t *testing.T) {
	t.Parallel()
	for name, newer := range map[string]func(*jobs.Manifest){"figures": byNewer, "rollups": func(m *jobs.Manifest) {
		byNewer(m)
		m.Figures = jobs.FiguresRef{Version: m.Figures.Version - 2, Rollups: m.Figures.Rollups + 1}
	}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			d.night(lastDay - 2)
			o := d.night(lastDay - 1)
			d.night(lastDay)
			d.forge(o, newer)
			d.leaves(o)
			d.correct(lastDay-1, 4_321)
			if got := d.status(lastDay - 1); got != jobs.Done {
				t.Errorf("its status is %q", got)
			}
			if err := d.with(func(r *jobs.Runner) error {
				p, err := r.Plan(context.Background(), lastDay-1)
				if err == nil && (p.Status != jobs.Done || !strings.Contains(p.Why, "commit 1 of "+(lastDay-1).String()+" has figures ")) {
					t.Errorf("the plan is %s: %s", p.Status, p.Why)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
			published, log, err := d.backfill(lastDay-2, lastDay, jobs.Stale)
			if err != nil || !slices.Equal(published, []calendar.Day{lastDay}) || strings.Count(log, "night left as it is") != 1 {
				t.Errorf("a backfill of stale nights: %v, %v, logged %q", published, err, log)
			}
			if published, _, err := d.backfill(lastDay-2, lastDay); err != nil || len(published) != 0 {
				t.Errorf("a backfill: %v, %v", published, err)
			}
			d.drop("orders", lastDay-1)
			d.leaves(o)
			if got := d.status(lastDay - 1); got != jobs.Done {
				t.Errorf("without its dump its status is %q", got)
			}
		})
	}
}

// Overtaken by a newer binary, a night is done.
func TestNewerFiguresThatCameMeanwhileStand(t *testing.T) {
	d := newDeployment(t)
	var other jobs.Outcome
	got, err := d.tryWhile(lastDay, whenever("publish", func(time int) {
		if time == 1 {
			other = d.night(lastDay)
			d.forge(other, byNewer)
		}
	}))
	if err != nil || got.Status != jobs.AlreadyDone || got.Run != other.Run || len(d.commits(lastDay)) != 1 {
		t.Errorf("%s, run %s, %d commits: %v", got.Status, got.Run, len(d.commits(lastDay)), err)
	}
}

// A night of figures that are older, or that no manifest names, is stale as ever.
func TestOlderFiguresAreStale(t *testing.T) {
	for name, older := range map[string]jobs.FiguresRef{"older": {Version: 5, Rollups: 8}, "not named": {}} {
		d := newDeployment(t)
		o := d.night(lastDay)
		if m := d.manifest(o); m.Figures.Version == 0 || m.Figures.Rollups == 0 {
			t.Errorf("a manifest names its figures %s", m.Figures)
		}
		d.forge(o, func(m *jobs.Manifest) { m.Figures, m.NightDigest = older, "of older figures" })
		if got := d.status(lastDay); got != jobs.Stale {
			t.Errorf("%s: status %q", name, got)
		}
		if o := d.night(lastDay); o.Status != jobs.Published || o.Sequence != 2 {
			t.Errorf("%s: %s, commit %d", name, o.Status, o.Sequence)
		}
	}
}

// Who goes back to an older binary loses no night: the next one is made, and says what it rests on.
func TestTheNightAfterNewerFiguresIsMade(t *testing.T) {
	d := newDeployment(t)
	d.forge(d.night(lastDay-2), byNewer)
	o := d.night(lastDay - 1)
	if told := strings.Join(o.Warnings, "; "); o.Status != jobs.Published || !strings.Contains(told, "the night of "+(lastDay-2).String()+", which this one rests on, has figures") {
		t.Errorf("%s, says %q", o.Status, told)
	}
	if again := d.night(lastDay - 1); again.Status != jobs.AlreadyDone {
		t.Errorf("again: %s", again.Status)
	}
	if next := d.night(lastDay); next.Status != jobs.Published || strings.Contains(strings.Join(next.Warnings, "; "), "figures") {
		t.Errorf("the night after: %s, says %q", next.Status, next.Warnings)
	}
}

// Two ways lead back to older figures of the same date, both on purpose and on record.
func TestOlderFiguresArePublishedOnPurpose(t *testing.T) {
	t.Parallel()
	t.Run("with a reason", func(t *testing.T) {
		t.Parallel()
		d := newDeployment(t)
		d.forge(d.night(lastDay), byNewer)
		o := d.onPurpose(lastDay, "9.9 counts wrong")
		if told := strings.Join(d.manifest(o).Warnings, "; "); o.Status != jobs.Published || o.Sequence != 2 || !strings.Contains(told, "published over commit 1, whose figures, ") || !strings.Contains(told, "accepted: 9.9 counts wrong") {
			t.Errorf("%s, commit %d, the manifest says %q", o.Status, o.Sequence, told)
		}
		d.correct(lastDay, 4_321)
		if o := d.night(lastDay); o.Status != jobs.Published || o.Sequence != 3 {
			t.Errorf("its correction asks for a reason again: %s, commit %d", o.Status, o.Sequence)
		}
	})
	t.Run("by a rollback", func(t *testing.T) {
		t.Parallel()
		d := newDeployment(t)
		d.night(lastDay)
		d.correct(lastDay, 4_321)
		o := d.night(lastDay)
		d.forge(o, byNewer)
		d.leaves(o)
		a := jobs.Archive{Out: d.open(d.out), Job: d.settings.Job}
		if _, err := a.Rollback(context.Background(), lastDay, 1, "9.9 counts wrong", time.Unix(0, 0)); err != nil {
			t.Fatal(err)
		}
		if o := d.night(lastDay); o.Status != jobs.Published || o.Sequence != 4 {
			t.Errorf("after it the correction is not published: %s, commit %d", o.Status, o.Sequence)
		}
	})
	t.Run("nothing newer is there", func(t *testing.T) {
		t.Parallel()
		d := newDeployment(t)
		d.night(lastDay)
		if o := d.onPurpose(lastDay, "to be sure"); o.Status != jobs.AlreadyDone {
			t.Errorf("%s", o.Status)
		}
	})
}
