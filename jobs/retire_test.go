package jobs_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

// oldNights is a bucket with so many nights, each made on its day, the last of them today.
func oldNights(t *testing.T, nights int) (*bucket, jobs.Archive) {
	t.Helper()
	dir := t.TempDir()
	out, err := lake.Open(context.Background(), dir, lake.Options{Rebuildable: []string{""}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	b := &bucket{t: t, dir: dir, lake: out, now: time.Now().Add(-time.Hour)} // so that what is written from now on is told from it
	for i := range nights {
		b.write("nightly", lastDay-calendar.Day(i), time.Duration(i)*aDay, true)
	}
	return b, jobs.Archive{Out: out, Job: "nightly"}
}

// later collects so long after the bucket was made, and gives what it writes that time.
func (b *bucket) later(after time.Duration, r jobs.Retention) *jobs.Collection {
	ctx, written := context.Background(), time.Now().Add(-time.Second)
	c := &jobs.Collector{Out: b.lake, Retention: r, Now: func() time.Time { return b.now.Add(after) }}
	found, err := c.Find(ctx)
	b.check(err)
	b.check(c.Apply(ctx, found))
	b.moveTo(written, b.now.Add(after))
	return found
}

func where(c *jobs.Collection, kind string) (days []string) {
	for _, g := range c.Items {
		if g.Kind == kind {
			_, date, _ := strings.Cut(g.Where, "dt=")
			days = append(days, date[:len("2026-01-31")])
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

func TestOldNightsAreRetiredFirstAndRemovedLater(t *testing.T) {
	ctx := context.Background()
	const more = 3
	b, a := oldNights(t, jobs.MinNights+more)
	retention := jobs.Retention{Nights: jobs.MinNights, Grace: 2 * aDay, Superseded: 5 * aDay, StateNights: 2}
	var old []string
	for i := range more {
		old = append(old, (lastDay - jobs.MinNights - calendar.Day(more-1-i)).String())
	}
	oldest, err := calendar.Parse(old[0])
	b.check(err)
	if got := where(b.later(0, retention), jobs.OldNight); !slices.Equal(got, old) {
		t.Fatalf("retired %v, want %v", got, old)
	}
	days, err := a.Dates(ctx)
	b.check(err)
	if len(days) != jobs.MinNights || days[0] != lastDay-jobs.MinNights+1 {
		t.Errorf("%d dates are published, from %s", len(days), days[0])
	}
	if _, err := a.Verify(ctx, oldest); !errors.Is(err, jobs.ErrNotPublished) || !strings.Contains(err.Error(), "retired") {
		t.Errorf("a reader of a retired night is told %v", err)
	}
	runs, err := a.Runs(ctx, oldest, oldest)
	b.check(err)
	var story []string
	for _, r := range runs {
		story = append(story, fmt.Sprintf("%d %s collected %v", r.Sequence, r.Status, r.Collected))
	}
	slices.Sort(story)
	if diff := gocmp.Diff([]string{"1 superseded collected false", "2 retired collected false"}, story); diff != "" {
		t.Error(diff)
	}
	if c := b.later(aDay, retention); len(where(c, jobs.SupersededRun))+len(where(c, jobs.OldNight)) > 0 {
		t.Errorf("a day later readers lost %+v", c.Items)
	}
	back, err := a.Rollback(ctx, oldest, 1, "needed once more", b.now.Add(aDay))
	if err != nil || back.Status != jobs.Published || back.Sequence != 3 {
		t.Fatalf("rollback of a retired night: %+v, %v", back, err)
	}
	if _, err := a.Rollback(ctx, oldest, 2, "no such tables", b.now); err == nil || !strings.Contains(err.Error(), "retired") {
		t.Errorf("rollback to the retirement: %v", err)
	}
	b.moveTo(time.Now().Add(-time.Second), b.now.Add(aDay))
	if got := where(b.later(5*aDay+time.Hour, retention), jobs.SupersededRun); !slices.Equal(got, old[1:]) {
		t.Errorf("after their time the tables of %v went, want %v", got, old[1:])
	}
	if rec, _, err := a.Out.Newest(ctx, a.Job, old[1]); err != nil || !rec.Retired {
		t.Errorf("the records of a retired night are not there: %+v, %v", rec, err)
	}
	if got := where(b.later(30*aDay, retention), jobs.OldNight); !slices.Equal(got, old[:1]) {
		t.Errorf("in the end %v are retired, want the one that was rolled back", got)
	}
}

// A retirement has the signature of who retires, or none: that of the commit before fits another record.
func TestARetirementIsSignedByWhoRetires(t *testing.T) {
	ctx := context.Background()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, collector := range map[string]ed25519.PrivateKey{"with the key": private, "without": nil} {
		t.Run(name, func(t *testing.T) {
			b, a := oldNights(t, jobs.MinNights)
			b.lake.SignCommits(private)
			b.write("nightly", lastDay-jobs.MinNights, jobs.MinNights*aDay, true)
			b.lake.SignCommits(collector)
			b.later(0, jobs.Retention{Nights: jobs.MinNights, Grace: 2 * aDay, StateNights: 1})
			commits, err := a.Out.Commits(ctx, a.Job, (lastDay - jobs.MinNights).String())
			if err != nil || len(commits) != 2 || !commits[1].Retired {
				t.Fatalf("commits %+v, %v", commits, err)
			}
			var want error
			if collector == nil {
				want = lake.ErrUnsigned
			}
			if before, now := commits[0].VerifySignature(public), commits[1].VerifySignature(public); before != nil || !errors.Is(now, want) {
				t.Errorf("the night: %v; its retirement: %v, want %v", before, now, want)
			}
		})
	}
}

func TestANightThatIsCommittedAgainIsNotRetired(t *testing.T) {
	ctx := context.Background()
	b, a := oldNights(t, jobs.MinNights+1)
	c := &jobs.Collector{Out: b.lake, Retention: jobs.Retention{Nights: jobs.MinNights, Grace: 2 * aDay, StateNights: 1}, Now: func() time.Time { return b.now }}
	found, err := c.Find(ctx)
	b.check(err)
	again := b.write("nightly", lastDay-jobs.MinNights, 0, true)
	b.check(c.Apply(ctx, found))
	rec, _, err := a.Out.Newest(ctx, a.Job, (lastDay - jobs.MinNights).String())
	if err != nil || rec.Retired || rec.Run != again {
		t.Errorf("the newest commit is %+v, %v", rec, err)
	}
	found, err = c.Find(ctx)
	b.check(err)
	if got := where(found, jobs.OldNight); len(got) > 0 {
		t.Errorf("%v are to be retired, just after a person made them", got)
	}
}

// retire takes a night out of the archive as a collection does.
func (d *deployment) retire(day calendar.Day) {
	d.t.Helper()
	ctx := context.Background()
	out, err := lake.Open(ctx, d.out, lake.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer out.Close()
	rec, _, err := out.Newest(ctx, d.settings.Job, day.String())
	if err == nil {
		rec.Retired = true
		err = out.Commit(ctx, rec, rec.Sequence+1)
	}
	if err != nil {
		d.t.Fatal(err)
	}
}

// Commits are never removed, also not those of a night that was corrected or retired: one that a night rests on and that is gone is damage.
func TestVerifyMissesTheCommitsThatANightRestsOn(t *testing.T) {
	d := newDeployment(t)
	d.night(lastDay - 1)
	d.night(lastDay)
	d.correct(lastDay-1, 4_321)
	d.night(lastDay - 1)
	verified(t, d, lastDay)
	d.retire(lastDay - 1)
	verified(t, d, lastDay)
	commits := filepath.Join(d.out, "published/nightly/dt="+(lastDay-1).String(), "commits")
	found := func() (told []string) {
		t.Helper()
		v, err := jobs.Archive{Out: d.open(d.out), Job: d.settings.Job}.Verify(context.Background(), lastDay)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range v.Findings {
			told = append(told, f.Check+": "+f.Detail)
		}
		return told
	}
	first, err := os.ReadFile(filepath.Join(commits, "0001.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(commits); err != nil {
		t.Fatal(err)
	}
	if got, want := found(), []string{"chain: it rests on commit 1 of 2026-01-30, which has no commits any more"}; !gocmp.Equal(got, want) {
		t.Errorf("without any: %q, want %q", got, want)
	}
	if err := os.Mkdir(commits, 0o755); err != nil {
		t.Fatal(err)
	}
	other := regexp.MustCompile(`[0-9a-f]{64}`).ReplaceAll(first, bytes.Repeat([]byte{'0'}, 64))
	if err := os.WriteFile(filepath.Join(commits, "0001.json"), other, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := found(), []string{"chain: it rests on commit 1 of 2026-01-30, which is not the one that stands there now"}; !gocmp.Equal(got, want) {
		t.Errorf("of another: %q, want %q", got, want)
	}
}

// A night that rests on a retired one stays as it is: made again it would be a cold start, and so change every later one.
// Making the retired night again lifts that.
func TestNightsThatRestOnARetiredOneStay(t *testing.T) {
	d := newDeployment(t)
	d.night(lastDay - 1)
	want := sums(d.night(lastDay))
	d.retire(lastDay - 1)
	if o := d.night(lastDay); o.Status != jobs.AlreadyDone || !gocmp.Equal(sums(o), want) || !strings.Contains(fmt.Sprint(o.Warnings), "was retired: it stays as it is") {
		t.Errorf("the night after: %s, warnings %v", o.Status, o.Warnings)
	}
	d.correct(lastDay-2, 77_777)
	if o := d.night(lastDay); o.Status != jobs.AlreadyDone || !gocmp.Equal(sums(o), want) {
		t.Errorf("the night after, corrected: %s", o.Status)
	}
	if o := d.night(lastDay - 1); o.Status != jobs.Published || o.Sequence != 3 {
		t.Errorf("the retired night made again: %s, commit %d", o.Status, o.Sequence)
	}
	if o := d.night(lastDay); o.Status != jobs.Published || o.Sequence != 2 || o.Cold {
		t.Errorf("the night after it: %s, commit %d, cold %v", o.Status, o.Sequence, o.Cold)
	}
}
