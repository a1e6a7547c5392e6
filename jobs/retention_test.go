package jobs_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

const aDay = 24 * time.Hour

// collect finds garbage so long after everything was written, and removes it.
func collect(t testing.TB, dir string, later time.Duration, r jobs.Retention) *jobs.Collection {
	t.Helper()
	ctx := context.Background()
	out, err := lake.Open(ctx, dir, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	c := &jobs.Collector{Out: out, Retention: r, Now: func() time.Time { return time.Now().Add(later) }}
	found, err := c.Find(ctx)
	if err == nil {
		err = c.Apply(ctx, found)
	}
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func kinds(c *jobs.Collection) (out []string) {
	for _, g := range c.Items {
		out = append(out, g.Kind)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// correct changes an amount of a day.
func (d *deployment) correct(day calendar.Day, fen int64) {
	d.t.Helper()
	rows := orders(twin.Day(day))
	rows[0].BuyerPaidFen = fen
	d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{twin.Day(day): rows}})
}

// After a collection nights go on as if there had been none: the same bytes, and no day reduced twice. Before there is
// anything superseded, all of the state is asked for: reduced days, sums of runs, segments of pairs of 8 and of 64 days.
func TestNightsGoOnAfterACollection(t *testing.T) {
	t.Parallel()
	d := newDeployment(t)
	d.settings.RestateDays = 5
	p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}, Refunds: map[twin.Day][]twin.Refund{}}
	for day := twin.Day(lastDay - 69); day < twin.Day(firstDay); day++ {
		p.Orders[day], p.Refunds[day] = orders(day), refunds(day)
	}
	d.deliver(p)
	d.night(lastDay - 1)
	d.night(lastDay)
	for _, dir := range []string{"state/windows", "state/pairs/merchant_buyers/days=8", "state/pairs/merchant_buyers/days=64", "state/rollups", "state/partitions"} {
		if len(d.under(dir)) == 0 {
			t.Fatalf("nothing under %s", dir)
		}
	}
	retention := jobs.Retention{Grace: 2 * aDay, StateNights: 2}
	if c := collect(t, d.out, 1000*aDay, retention); len(c.Items) > 0 || len(c.Unknown) > 0 {
		t.Errorf("of two nights alone are collected %+v", c.Items)
	}
	d.correct(lastDay-3, 77_777)
	d.night(lastDay - 1)
	d.night(lastDay)
	undisturbed := *d
	undisturbed.out = filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(undisturbed.out, os.DirFS(d.out)); err != nil {
		t.Fatal(err)
	}
	c := collect(t, d.out, 100*aDay, retention)
	if diff := gocmp.Diff([]string{jobs.DeadState, jobs.SupersededRun}, kinds(c)); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	if c := collect(t, d.out, 100*aDay, retention); len(c.Items) > 0 {
		t.Errorf("a second collection finds %+v", c.Items)
	}
	d.correct(lastDay-2, 88_888)
	for _, day := range []calendar.Day{lastDay - 1, lastDay} {
		want, got := undisturbed.night(day), d.night(day)
		if diff := gocmp.Diff(sums(want), sums(got)); diff != "" || got.Reduced != want.Reduced || got.Sequence != want.Sequence {
			t.Errorf("%s: %d reduced, want %d; commit %d; %s", day, got.Reduced, want.Reduced, got.Sequence, diff)
		}
	}
}

func TestARetentionThatIsNoneIsRefused(t *testing.T) {
	for _, r := range []jobs.Retention{{}, {Grace: jobs.MaxRun, StateNights: 1}, {Grace: 2 * aDay}, {Grace: 2 * aDay, StateNights: 1, Nights: jobs.MinNights - 1}, {Grace: 2 * aDay, StateNights: 100, Nights: 99}} {
		if _, err := (&jobs.Collector{Retention: r}).Find(context.Background()); err == nil || !strings.HasPrefix(err.Error(), "retention: ") {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// bucket is an output with runs that hold one small file each.
type bucket struct {
	t interface {
		Helper()
		Fatal(args ...any)
	}
	dir  string
	lake *lake.Lake
	now  time.Time
	runs int
}

func (b *bucket) check(err error) {
	if err != nil {
		b.t.Helper()
		b.t.Fatal(err)
	}
}

// backdate sets the time of everything written just now.
func (b *bucket) backdate(prefix string, age time.Duration) {
	at := b.now.Add(-age)
	b.check(filepath.WalkDir(filepath.Join(b.dir, prefix), func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(file, at, at)
	}))
}

// moveTo sets the time of everything that was written since a moment.
func (b *bucket) moveTo(since, at time.Time) {
	b.check(filepath.WalkDir(b.dir, func(file string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || info.ModTime().Before(since) || info.ModTime().After(time.Now()) {
			return err
		}
		return os.Chtimes(file, at, at)
	}))
}

// write puts a run there, so long ago, and commits it if it is to.
func (b *bucket) write(job string, day calendar.Day, age time.Duration, commit bool) string {
	ctx := context.Background()
	b.runs++
	run := fmt.Sprintf("run-%03d", b.runs)
	prefix := fmt.Sprintf("published/%s/dt=%s/run=%s", job, day, run)
	data, err := json.Marshal(jobs.Manifest{Format: jobs.ManifestFormat, Job: job, AsOf: day, Run: run,
		Partitions: map[string][]jobs.Partition{"orders": {{Day: day, Digest: run}}}})
	b.check(err)
	b.check(b.lake.PutBytes(ctx, prefix+"/manifest.json", data))
	state := fmt.Sprintf("state/partitions/orders/dt=%s/%s.json", day, run)
	b.check(b.lake.PutBytes(ctx, state, []byte("{}")))
	b.backdate(prefix, age)
	b.backdate(state, age)
	if commit {
		b.commit(lake.CommitRecord{Job: job, AsOf: day.String(), Run: run, Prefix: prefix, ManifestKey: prefix + "/manifest.json", ManifestSHA256: hexSum(data)}, age)
	}
	return run
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (b *bucket) commit(rec lake.CommitRecord, age time.Duration) {
	ctx := context.Background()
	newest, _, err := b.lake.Newest(ctx, rec.Job, rec.AsOf)
	b.check(err)
	b.check(b.lake.Commit(ctx, rec, newest.Sequence+1))
	b.backdate(fmt.Sprintf("published/%s/dt=%s/commits/%04d.json", rec.Job, rec.AsOf, newest.Sequence+1), age)
}

func (b *bucket) has(key string) bool {
	_, err := b.lake.Stat(context.Background(), key)
	if err != nil && !errors.Is(err, lake.ErrNotFound) {
		b.check(err)
	}
	return err == nil
}

// Lift state is found by a digest that covers settings, so it is kept by date: of the newest nights and the days before
// them what was written last, and the rest for as long as superseded tables.
func TestLiftStateIsKeptByDate(t *testing.T) {
	dir := t.TempDir()
	out, err := lake.Open(context.Background(), dir, lake.Options{Rebuildable: []string{""}})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	b := &bucket{t: t, dir: dir, lake: out, now: time.Now()}
	for day := lastDay - 2; day <= lastDay; day++ {
		b.write("nightly", day, 20*aDay, true)
	}
	state := map[string]struct {
		age  time.Duration
		kept bool
	}{
		fmt.Sprintf("state/lift/dt=%s/new/pairs.parquet", lastDay):     {9 * aDay, true},
		fmt.Sprintf("state/lift/dt=%s/old/pairs.parquet", lastDay):     {20 * aDay, false},
		fmt.Sprintf("state/lift/dt=%s/younger/pairs.parquet", lastDay): {10 * aDay, true}, // superseded ten days ago
		fmt.Sprintf("state/lift/dt=%s/only/pairs.parquet", lastDay-1):  {90 * aDay, true}, // the night rests on it
		fmt.Sprintf("state/lift/dt=%s/only/pairs.parquet", lastDay-2):  {90 * aDay, false},
		fmt.Sprintf("state/lift/dt=%s/young/pairs.parquet", lastDay-2): {aDay, true},
	}
	for key, s := range state {
		b.check(out.PutBytes(context.Background(), key, []byte("x")))
		b.backdate(key, s.age)
	}
	collect(t, dir, 0, jobs.Retention{Grace: 2 * aDay, Superseded: 15 * aDay, StateNights: 1})
	for key, s := range state {
		if b.has(key) != s.kept {
			t.Errorf("%s is kept: %v, want %v", key, !s.kept, s.kept)
		}
	}
}

// I5: after a collection nothing temporary is left, and nothing a reader may hold is gone. Histories of commits,
// rollbacks and killed runs of two jobs; what must be kept is told here from what was done, not from the bucket.
func TestCollectionsKeepWhatReadersHold(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "bucket")
		if err != nil {
			r.Fatal(err)
		}
		out, err := lake.Open(context.Background(), dir, lake.Options{Rebuildable: []string{""}})
		if err != nil {
			r.Fatal(err)
		}
		defer out.Close()
		b := &bucket{t: r, dir: dir, lake: out, now: time.Now()}
		retention := jobs.Retention{Grace: 2 * aDay, Superseded: time.Duration(rapid.IntRange(0, 20).Draw(r, "superseded")) * aDay, StateNights: rapid.IntRange(1, 3).Draw(r, "nights")}
		live := false // some job has published: before that all state waits for the first night
		type run struct {
			name                string
			written, superseded time.Duration // ago; superseded -1: the newest
			committed           bool
		}
		held, state := map[string]bool{}, map[string]bool{} // keys, and whether they must be there
		for _, job := range []string{"nightly", "weekly"} {
			for day := lastDay - 1; day <= lastDay; day++ {
				var runs []*run
				age := time.Duration(rapid.IntRange(20, 60).Draw(r, "age")) * aDay
				for range rapid.IntRange(0, 4).Draw(r, "runs") {
					age = max(time.Hour, age-time.Duration(rapid.IntRange(0, 400).Draw(r, "hours"))*time.Hour)
					var standing *run // that readers follow
					for _, x := range runs {
						if x.committed && x.superseded < 0 {
							standing = x
						}
					}
					var again *run // that a rollback publishes again
					for _, x := range runs {
						if x.committed && x != standing && rapid.Bool().Draw(r, "rollback") {
							again = x
						}
					}
					commit := again != nil || rapid.Bool().Draw(r, "commit")
					live = live || commit
					if standing != nil && commit {
						standing.superseded = age
					}
					if again != nil {
						recs, err := out.Commits(context.Background(), job, day.String())
						b.check(err)
						i := slices.IndexFunc(recs, func(rec lake.CommitRecord) bool { return rec.Run == again.name })
						rec := recs[i]
						rec.RollbackTo = rec.Sequence
						b.commit(rec, age)
						again.superseded = -1
						continue
					}
					runs = append(runs, &run{b.write(job, day, age, commit), age, -1, commit})
				}
				for _, x := range runs {
					key := fmt.Sprintf("published/%s/dt=%s/run=%s/manifest.json", job, day, x.name)
					byCommit := x.committed && (x.superseded < 0 || x.superseded < max(retention.Superseded, retention.Grace))
					held[key] = byCommit || x.written < retention.Grace
					state[fmt.Sprintf("state/partitions/orders/dt=%s/%s.json", day, x.name)] = x.written < retention.Grace
				}
			}
			b.markState(job, retention, held, state)
		}
		for key := range state {
			state[key] = state[key] || !live
		}
		c := &jobs.Collector{Out: out, Retention: retention, Now: func() time.Time { return b.now }}
		found, err := c.Find(context.Background())
		b.check(err)
		for key := range held {
			if !b.has(key) {
				r.Fatalf("a look removed %s", key)
			}
		}
		b.check(c.Apply(context.Background(), found))
		for _, keys := range []map[string]bool{held, state} {
			for key, must := range keys {
				if got := b.has(key); got != must {
					r.Errorf("%s is there: %v, want %v", key, got, must)
				}
			}
		}
	})
}

// markState marks the state of the kept commits of the newest nights of a job. While no job has published, none is dead.
func (b *bucket) markState(job string, retention jobs.Retention, held, state map[string]bool) {
	nights := 0
	for day := lastDay; day >= lastDay-1; day-- {
		recs, err := b.lake.Commits(context.Background(), job, day.String())
		b.check(err)
		if len(recs) == 0 || nights == retention.StateNights {
			continue
		}
		nights++
		for i, rec := range recs {
			if i == len(recs)-1 || held[rec.Prefix+"/manifest.json"] && b.heldByCommit(recs, i, retention) {
				state[fmt.Sprintf("state/partitions/orders/dt=%s/%s.json", day, rec.Run)] = true
			}
		}
	}
}

// heldByCommit tells whether the commit after one came a short while ago.
func (b *bucket) heldByCommit(recs []lake.CommitRecord, i int, retention jobs.Retention) bool {
	next := recs[i+1]
	info, err := os.Stat(filepath.Join(b.dir, fmt.Sprintf("published/%s/dt=%s/commits/%04d.json", next.Job, next.AsOf, next.Sequence)))
	b.check(err)
	return b.now.Sub(info.ModTime()) < max(retention.Superseded, retention.Grace)
}
