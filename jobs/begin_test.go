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
)

// whenever does something each time that a step begins.
func whenever(step string, do func(time int)) func(jobs.Progress) {
	times := 0
	return func(p jobs.Progress) {
		if p.Step == step && p.Total == 0 {
			times++
			do(times)
		}
	}
}

// A dump that is replaced after it was listed and before it is read: the night begins anew by itself and publishes what
// an undisturbed night makes of the new dump. The other partitions are not reduced again.
func TestADumpReplacedUnderwayBeginsTheNightAnew(t *testing.T) {
	calm := newDeployment(t)
	calm.night(lastDay - 1)
	calm.correct(lastDay, 4_321)
	beginsAnew(t, calm.night(lastDay), func(d *deployment) { d.correct(lastDay, 4_321) })
}

// A file that is gone when it is opened was replaced too: Spark writes a day again under other names.
func TestADumpRenamedUnderwayBeginsTheNightAnew(t *testing.T) {
	calm := newDeployment(t)
	calm.night(lastDay - 1)
	beginsAnew(t, calm.night(lastDay), func(d *deployment) {
		files, err := filepath.Glob(filepath.Join(d.dump("orders", lastDay), "*.parquet"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%q, %v", files, err)
		}
		if err := os.Rename(files[0], filepath.Join(d.dump("orders", lastDay), "part-again.parquet")); err != nil {
			t.Fatal(err)
		}
	})
}

// beginsAnew lets something happen to a night's dumps once they are listed, and wants the night that follows from what is there then.
func beginsAnew(t *testing.T, want jobs.Outcome, happens func(d *deployment)) {
	t.Helper()
	d := newDeployment(t)
	d.night(lastDay - 1)
	got, err := d.tryWhile(lastDay, whenever("reduce", func(time int) {
		if time == 1 {
			happens(d)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(sums(want), sums(got)); diff != "" || got.Sequence != 1 {
		t.Errorf("commit %d: %s", got.Sequence, diff)
	}
	if told := strings.Join(got.Warnings, "; "); !strings.Contains(told, "begun anew: ") || !strings.Contains(told, filepath.Join("orders", "dt="+lastDay.String())) {
		t.Errorf("it says %q", told)
	}
}

// One that is replaced again and again is given up, and nothing is published.
func TestADumpThatIsAlwaysReplacedIsGivenUp(t *testing.T) {
	d := newDeployment(t)
	d.night(lastDay - 1)
	begun := 0
	_, err := d.tryWhile(lastDay, whenever("reduce", func(time int) { begun = time; d.correct(lastDay, int64(5_000+time)) }))
	if !errors.Is(err, lake.ErrChanged) || !errors.Is(err, jobs.ErrInput) || begun != 3 {
		t.Errorf("begun %d times, then %v", begun, err)
	}
	if n := len(d.commits(lastDay)); n != 0 {
		t.Errorf("%d commits", n)
	}
	if o := d.night(lastDay); o.Status != jobs.Published || o.Sequence != 1 {
		t.Errorf("when it rests: %s, commit %d", o.Status, o.Sequence)
	}
}

func (d *deployment) commits(day fmt.Stringer) []string {
	d.t.Helper()
	files, err := filepath.Glob(filepath.Join(d.out, "published/nightly/dt="+day.String(), "commits/*.json"))
	if err != nil {
		d.t.Fatal(err)
	}
	return files
}

// Another run publishes the night from newer dumps between this one's last gate and its commit. This one is refused,
// begins anew and finds the night done; what was published stays as it is.
func TestARunThatWasOvertakenFindsItsNightDone(t *testing.T) {
	d := newDeployment(t)
	d.night(lastDay - 1)
	var other jobs.Outcome
	got, err := d.tryWhile(lastDay, whenever("publish", func(time int) {
		d.correct(lastDay, 4_321)
		other = d.night(lastDay)
	}))
	if err != nil || got.Status != jobs.AlreadyDone || got.Run != other.Run || got.Sequence != 1 || len(d.commits(lastDay)) != 1 {
		t.Errorf("%s, run %s, commit %d, want that of run %s: %v", got.Status, got.Run, got.Sequence, other.Run, err)
	}
	if told := strings.Join(got.Warnings, "; "); !strings.Contains(told, "this one was refused") {
		t.Errorf("it says %q", told)
	}
	if o := d.night(lastDay); o.Status != jobs.AlreadyDone {
		t.Errorf("then: %s", o.Status)
	}
}

// Overtaken each time it tries: it is told, every commit is another run's, and readers are not told that the night is stale.
func TestARunThatIsAlwaysOvertakenSaysSo(t *testing.T) {
	d := newDeployment(t)
	d.night(lastDay - 1)
	_, err := d.tryWhile(lastDay, whenever("publish", func(time int) {
		d.correct(lastDay, int64(6_000+time))
		d.night(lastDay)
		d.correct(lastDay, int64(7_000+time)) // for the next beginning to have something to make
	}))
	if !errors.Is(err, jobs.ErrOvertaken) || len(d.commits(lastDay)) != 3 {
		t.Errorf("%d commits, then %v", len(d.commits(lastDay)), err)
	}
	s, err := jobs.Archive{Out: d.open(d.out), Job: "nightly"}.Standing(t.Context())
	if err != nil || s.State != jobs.StandingFresh || s.Sequence != 3 {
		t.Errorf("status.json: %+v, %v", s, err)
	}
}
