//go:build acceptance

package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/testkit/faults"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rules"
)

// soak is a deployment that goes on for hundreds of nights, as they are: late and replaced dumps, killed processes,
// schedulers that fire twice or not at all, rollbacks, house-keeping.
type soak struct {
	t         *testing.T
	chance    *rand.Rand
	w         *warehouse
	bucket    *faults.Bucket // what is published
	url       string
	settings  jobs.Settings
	retention jobs.Retention
	rollbacks bool
	clock     time.Time
	runs      int
	newest    calendar.Day          // that is published; 0: none
	leftOut   map[calendar.Day]bool // nights that nobody ever makes
	told      map[string]int        // how often what happened
}

func newSoak(t *testing.T, nights, lead int) *soak {
	t.Helper()
	s := &soak{t: t, chance: rand.New(rand.NewPCG(6, 400)), leftOut: map[calendar.Day]bool{}, told: map[string]int{}}
	s.w = newWarehouse(t, s.chance, nights+lead, s.told)
	s.bucket, s.url = faults.New(t)
	s.bucket.SetClock(func() time.Time { return s.clock })
	s.settings = jobs.Default(calendar.NewZone(time.FixedZone("CST", 8*3600)))
	s.settings.Workers = 2
	s.settings.HistoryDays = 100
	s.settings.Rules = rulesThatChange(lastDay - calendar.Day(nights/2))
	return s
}

// rulesThatChange are the built-in rules, and others from a date on.
func rulesThatChange(from calendar.Day) rules.Set {
	old := config.DefaultRules()[0]
	changed := old
	changed.Version, changed.EffectiveFrom, changed.MinimumOrders = "soaked", from, old.MinimumOrders/2
	return rules.Set{old, changed}
}

// runner is a process of its own; close ends it.
func (s *soak) runner() (r *jobs.Runner, end func()) {
	in, out := openFaulty(s.t, s.w.url), openFaulty(s.t, s.url)
	s.runs++
	id := fmt.Sprintf("%s-%05d", s.clock.Format("20060102T150405Z"), s.runs)
	r = &jobs.Runner{In: in, Out: out, Settings: s.settings, OneNight: true, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return s.clock }, NewRunID: func() string { return id }}
	return r, func() { _, _ = in.Close(), out.Close() }
}

// day is one day of the deployment: dumps come, are replaced, and nights are made, or are not.
func (s *soak) day(day calendar.Day, mishaps bool) {
	s.clock = time.Unix(int64(day+1)*86_400, 0).UTC().Add(-5 * time.Hour) // three in the morning after it
	s.w.deliver(day, mishaps)
	for mishaps && s.w.happens("a dump is replaced", .3) {
		s.w.correct(day, 30)
	}
	switch {
	case mishaps && s.w.happens("nobody makes the night", .01):
		s.leftOut[day] = true
	case mishaps && s.w.happens("the scheduler is away", .03):
		return
	}
	s.catchUp(day, mishaps)
	if s.newest == day && mishaps {
		s.afterwards(day)
	}
}

// catchUp makes the nights since the newest, in order, until one has to wait.
func (s *soak) catchUp(today calendar.Day, mishaps bool) {
	for day := max(s.newest+1, today-6); day <= today; day++ {
		if s.leftOut[day] {
			continue
		}
		if waiting := s.w.late(day); len(waiting) > 0 {
			s.wait(day, waiting)
			return
		}
		if day < today {
			s.told["a night is caught up"]++
		}
		if mishaps {
			s.disturbed(day)
		}
		s.mustRun(day)
		s.newest = day
	}
}

// wait runs a night that lacks a dump: it publishes nothing and names the dump.
func (s *soak) wait(day calendar.Day, waiting []string) {
	s.told["a night waits for a dump"]++
	before := s.commits(day)
	_, err := s.run(s.t.Context(), day, nil)
	if !errors.Is(err, jobs.ErrLate) || !slices.ContainsFunc(waiting, func(p string) bool { return strings.Contains(err.Error(), p) }) {
		s.t.Fatalf("%s lacks %v, but ended with %v", day, waiting, err)
	}
	if after := s.commits(day); after != before {
		s.t.Fatalf("%s lacks %v, but has %d commits after %d", day, waiting, after, before)
	}
}

func (s *soak) run(ctx context.Context, day calendar.Day, progress func(jobs.Progress)) (jobs.Outcome, error) {
	r, end := s.runner()
	defer end()
	r.OnProgress = progress
	return r.Run(ctx, day)
}

// mustRun makes a night undisturbed.
func (s *soak) mustRun(day calendar.Day) jobs.Outcome {
	s.t.Helper()
	before := s.commits(day)
	o, err := s.run(s.t.Context(), day, nil)
	if err != nil {
		s.t.Fatalf("%s: %v", day, err)
	}
	want := before
	if o.Status == jobs.Published {
		want++
	}
	if after := s.commits(day); after != want || after == 0 {
		s.t.Fatalf("%s, %s: %d commits after %d", day, o.Status, after, before)
	}
	s.told["runs"]++
	return o
}

// commits is the number of commits of a date.
func (s *soak) commits(day calendar.Day) int {
	s.t.Helper()
	l := openFaulty(s.t, s.url)
	defer l.Close()
	all, err := l.Commits(context.Background(), s.settings.Job, day.String())
	if err != nil {
		s.t.Fatal(err)
	}
	return len(all)
}

// disturbed makes a night that is killed at some operation on the store, or stopped at some step. It may have come to
// its end all the same, and then the next run finds it done.
func (s *soak) disturbed(day calendar.Day) {
	before := s.commits(day)
	switch {
	case s.w.happens("a process is killed", .12):
		effect := faults.Before
		if s.chance.IntN(2) == 0 {
			effect = faults.After
		}
		s.bucket.Arm(faults.Fault{At: 1 + s.chance.IntN(1<<s.chance.IntN(9)), Effect: effect, Dies: true})
		_, _ = s.run(s.t.Context(), day, nil)
		s.bucket.Disarm()
	case s.w.happens("a night is stopped", .06):
		ctx, stop := context.WithCancel(s.t.Context())
		defer stop()
		left := 1 + s.chance.IntN(30)
		_, _ = s.run(ctx, day, func(jobs.Progress) {
			if left--; left == 0 {
				stop()
			}
		})
	case s.w.happens("two schedulers fire at once", .03):
		var both errgroup.Group
		for range 2 {
			r, end := s.runner()
			both.Go(func() error {
				defer end()
				_, err := r.Run(s.t.Context(), day)
				return err
			})
		}
		if err := both.Wait(); err != nil {
			s.t.Fatalf("%s, made by two at once: %v", day, err)
		}
	}
	if after := s.commits(day); after > before+1 {
		s.t.Fatalf("%s: %d commits after %d", day, after, before)
	}
}

// afterwards is what comes after a night: it is fired again, corrected, rolled back, made again with those before it.
func (s *soak) afterwards(day calendar.Day) {
	if s.w.happens("a night is fired again", .06) {
		if o := s.mustRun(day); o.Status != jobs.AlreadyDone {
			s.t.Fatalf("%s, fired again, %s", day, o.Status)
		}
	}
	if s.w.happens("a dump is replaced at once", .06) {
		s.w.correct(day, 3)
		if o := s.mustRun(day); o.Sequence > 1 && s.rollbacks && s.w.happens("a night is rolled back", .5) {
			s.rollBack(day, o.Sequence)
		}
	}
	if s.w.happens("stale nights are made again", .03) {
		r, end := s.runner()
		defer end()
		r.OneNight = false
		if err := r.Backfill(s.t.Context(), day-4, day, []string{jobs.Stale}, func(jobs.Outcome) error { return nil }); err != nil {
			s.t.Fatalf("restate %s: %v", day, err)
		}
	}
	if int(day)%7 == 0 {
		s.collect()
	}
}

// rollBack publishes the commit before the newest again, which holds against a run; half of them are taken back.
func (s *soak) rollBack(day calendar.Day, newest int) {
	l := openFaulty(s.t, s.url)
	defer l.Close()
	a := jobs.Archive{Out: l, Job: s.settings.Job}
	to := newest - 1
	for range 1 + s.chance.IntN(2) {
		if _, err := a.Rollback(s.t.Context(), day, to, "soak", s.clock); err != nil {
			s.t.Fatalf("roll %s back to %d: %v", day, to, err)
		}
		if o := s.mustRun(day); o.Status != jobs.AlreadyDone {
			s.t.Fatalf("%s, rolled back to %d, was %s again", day, to, o.Status)
		}
		to = newest
	}
}

// collect keeps house. A second look finds nothing more.
func (s *soak) collect() {
	l := openFaulty(s.t, s.url)
	defer l.Close()
	c := &jobs.Collector{Out: l, Retention: s.retention, Now: func() time.Time { return s.clock }}
	found, err := c.Find(s.t.Context())
	if err == nil {
		err = c.Apply(s.t.Context(), found)
	}
	if err != nil {
		s.t.Fatalf("collect on %s: %v", s.clock, err)
	}
	if again, err := c.Find(s.t.Context()); err != nil || len(again.Items) > 0 {
		s.t.Fatalf("collect on %s again: %v, %d items", s.clock, err, len(again.Items))
	}
	s.told["collections"]++
	s.told["objects collected"] += found.Objects
}

// clean makes nights from the dumps as they stand in an output of its own, undisturbed.
func (s *soak) clean(from, to calendar.Day, each func(o jobs.Outcome, out *faults.Bucket)) {
	s.t.Helper()
	bucket, url := faults.New(s.t)
	in, out := openFaulty(s.t, s.w.url), openFaulty(s.t, url)
	defer in.Close()
	defer out.Close()
	r := &jobs.Runner{In: in, Out: out, Settings: s.settings, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return s.clock }, NewRunID: func() string { return "clean" }}
	for day := from; day <= to; day++ {
		if s.leftOut[day] {
			continue
		}
		o, err := r.Run(s.t.Context(), day)
		if err != nil {
			s.t.Fatalf("clean %s: %v", day, err)
		}
		each(o, bucket)
	}
}

// figures tells how often what happened.
func (s *soak) figures() string {
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(s.told)) {
		parts = append(parts, fmt.Sprintf("%s %d", what, s.told[what]))
	}
	return strings.Join(parts, ", ")
}
