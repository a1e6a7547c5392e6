package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

// MaxRun is how long a run may take. One that was paused beyond it may have lost its tables to Collect and does not commit.
const MaxRun = 24 * time.Hour

// Retention is what a Collector keeps. The newest commit of every date that is not retired, and all commit records, are
// always kept.
type Retention struct {
	Nights      int           // newest nights, of each job, that stay published; older ones are retired (retire.go); 0: all
	Grace       time.Duration // nothing younger is removed: a reader may hold it, a run may be writing it; more than MaxRun
	Superseded  time.Duration // tables of a commit are kept so long after a newer one took its place
	StateNights int           // newest nights, of each job, whose state is kept
	Failures    time.Duration // records of failed attempts and of messages
}

// Validate refuses what would take away what runs or readers hold.
func (r Retention) Validate() error {
	var errs []error
	if r.Grace <= MaxRun {
		errs = append(errs, fmt.Errorf("grace: %s is not more than %s, the longest run", r.Grace, MaxRun))
	}
	if r.StateNights < 1 {
		errs = append(errs, fmt.Errorf("state_nights: %d is below 1", r.StateNights))
	}
	if r.Nights != 0 && r.Nights < max(r.StateNights, MinNights) {
		errs = append(errs, fmt.Errorf("keep_nights: %d is below %d, which nights look back on or whose state is kept; 0 keeps all", r.Nights, max(r.StateNights, MinNights)))
	}
	return errors.Join(errs...)
}

// Kinds of garbage.
const (
	AbandonedRun  = "abandoned_run"  // tables of a run that never committed
	SupersededRun = "superseded_run" // tables of a commit that a newer one replaced long ago
	OldRecord     = "old_record"     // records of failures and messages
	DeadState     = "dead_state"     // state that no night of the retention asks for
	Leftover      = "leftover"       // probes and half-written files
	OldNight      = "old_night"      // a published night beyond the newest ones; it is retired, and its tables go after their time
)

// Garbage are objects that go together.
type Garbage struct {
	Kind    string `json:"kind"`
	Where   string `json:"where"` // a prefix
	Why     string `json:"why"`
	Objects int    `json:"objects"`
	Bytes   int64  `json:"bytes"`

	keys []string
	job  string // of a run
	day  calendar.Day
	run  string

	retires *lake.CommitRecord // the newest commit of a night that is to be retired
}

func (g *Garbage) add(o lake.Object) {
	g.Objects++
	g.Bytes += o.Size
	g.keys = append(g.keys, o.Key)
}

// Collection is what there is to remove, or was removed.
type Collection struct {
	Items   []Garbage `json:"items"`
	Unknown []string  `json:"unknown"` // prefixes of state that this version does not know; never touched
	Objects int       `json:"objects"`
	Bytes   int64     `json:"bytes"`
	Applied bool      `json:"applied"`
	Staging int       `json:"staging_files"` // half-written files of a folder that were removed
}

// Collector finds and removes what nobody needs any more in an output bucket, of all jobs that publish there: they share
// the state.
type Collector struct {
	Out       *lake.Lake
	Retention Retention
	Now       func() time.Time
}

// Find looks for garbage and removes nothing.
func (c *Collector) Find(ctx context.Context) (*Collection, error) {
	if err := c.Retention.Validate(); err != nil {
		return nil, fmt.Errorf("retention: %w", err)
	}
	archives, err := c.archives(ctx)
	if err != nil {
		return nil, err
	}
	out := &Collection{Items: []Garbage{}, Unknown: []string{}}
	live := newLiveState()
	for _, a := range archives {
		if err := c.findPublished(ctx, a, live, out); err != nil {
			return nil, err
		}
	}
	if err := c.findState(ctx, live, out); err != nil {
		return nil, err
	}
	for _, g := range out.Items {
		out.Objects += g.Objects
		out.Bytes += g.Bytes
	}
	return out, nil
}

// archives are the jobs that publish in the bucket.
func (c *Collector) archives(ctx context.Context) ([]Archive, error) {
	objects, err := c.Out.List(ctx, "published/")
	if err != nil {
		return nil, fmt.Errorf("list published nights: %w", err)
	}
	jobs := map[string]bool{}
	for _, o := range objects {
		job, rest, _ := strings.Cut(strings.TrimPrefix(o.Key, "published/"), "/")
		if strings.HasPrefix(rest, "dt=") {
			jobs[job] = true
		}
	}
	var out []Archive
	for _, job := range slices.Sorted(maps.Keys(jobs)) {
		out = append(out, Archive{Out: c.Out, Job: job})
	}
	return out, nil
}

// findPublished looks through the dates of a job, and learns what state its newest nights ask for.
func (c *Collector) findPublished(ctx context.Context, a Archive, live *liveState, out *Collection) error {
	shelves, err := a.shelves(ctx)
	if err != nil {
		return err
	}
	nights, newest := 0, calendar.Day(0) // published
	for _, s := range slices.Backward(shelves) {
		commits, err := c.Out.Commits(ctx, a.Job, s.day.String())
		if err != nil {
			return fmt.Errorf("collect %s %s: %w", a.Job, s.day, err)
		}
		kept := c.keptRuns(s, commits)
		if standing(commits) {
			if nights++; nights == 1 {
				newest = s.day
			}
			if nights <= c.Retention.StateNights {
				if err := c.learn(ctx, live, commits, kept); err != nil {
					return err
				}
			}
			if c.isOld(nights, s, commits, newest) {
				out.Items = append(out.Items, retirement(a.Job, s, commits))
			}
		}
		out.Items = append(out.Items, c.deadRuns(a.Job, s, commits, kept)...)
		if g := c.oldRecords(a.Job, s, len(commits) > 0); g.Objects > 0 {
			out.Items = append(out.Items, g)
		}
	}
	return nil
}

// keptRuns are the runs of a date whose tables are kept because of a commit: that of the newest, unless it retires the
// night, and those whose commit was superseded not long ago.
func (c *Collector) keptRuns(s shelf, commits []lake.CommitRecord) map[string]bool {
	kept, records := map[string]bool{}, map[string]lake.Object{}
	for _, o := range s.commits {
		records[path.Base(o.Key)] = o
	}
	for i, rec := range commits {
		if rec.Retired {
			continue
		}
		next, listed := records[fmt.Sprintf("%04d.json", rec.Sequence+1)] // not listed: it came after the listing
		if i == len(commits)-1 || !listed || c.younger(next, max(c.Retention.Superseded, c.Retention.Grace)) {
			kept[rec.Run] = true
		}
	}
	return kept
}

func (c *Collector) younger(o lake.Object, than time.Duration) bool {
	return o.ModTime.After(c.Now().Add(-than))
}

// deadRuns are the runs of a date that nothing keeps and that have been left alone for the time of grace.
func (c *Collector) deadRuns(job string, s shelf, commits []lake.CommitRecord, kept map[string]bool) (out []Garbage) {
	for _, run := range slices.Sorted(maps.Keys(s.runs)) {
		objects := s.runs[run]
		if kept[run] || slices.ContainsFunc(objects, func(o lake.Object) bool { return c.younger(o, c.Retention.Grace) }) {
			continue
		}
		g := Garbage{Kind: AbandonedRun, Where: fmt.Sprintf("published/%s/dt=%s/run=%s/", job, s.day, run), Why: "no commit names it", job: job, day: s.day, run: run}
		for _, rec := range commits {
			if rec.Run == run {
				g.Kind, g.Why = SupersededRun, fmt.Sprintf("commit %d was superseded", rec.Sequence)
				if rec.Retired {
					g.Why = "its night was retired"
				}
			}
		}
		for _, o := range objects {
			g.add(o)
		}
		out = append(out, g)
	}
	return out
}

// oldRecords are records of failures and messages. A date that has no commit keeps its newest failure: it is why. One that was
// recorded before its date had come says nothing of the night.
func (c *Collector) oldRecords(job string, s shelf, committed bool) Garbage {
	g := Garbage{Kind: OldRecord, Where: fmt.Sprintf("published/%s/dt=%s/", job, s.day), Why: "older than failure_days"}
	failures := s.failures
	if n := len(failures); n > 0 && !committed && !beforeItCame(failures[n-1], s.day) {
		failures = failures[:n-1] // run IDs begin with the time
	}
	for _, o := range slices.Concat(failures, s.notices) {
		if !c.younger(o, max(c.Retention.Failures, c.Retention.Grace)) {
			g.add(o)
		}
	}
	return g
}

// beforeItCame tells whether an object is older than its date is in any zone.
func beforeItCame(o lake.Object, day calendar.Day) bool {
	year, month, today := o.ModTime.UTC().Date()
	return calendar.Of(year, month, today)+1 < day
}

// Apply removes what Find found. Before the tables of a run go, the commits of its date are read again.
func (c *Collector) Apply(ctx context.Context, found *Collection) error {
	for i := range found.Items {
		if err := c.remove(ctx, &found.Items[i]); err != nil {
			return err
		}
	}
	n, err := c.Out.CollectStaging(ctx, c.Now().Add(-c.Retention.Grace))
	found.Staging, found.Applied = n, true
	return err
}

func (c *Collector) remove(ctx context.Context, g *Garbage) error {
	if g.retires != nil {
		return c.retire(ctx, g)
	}
	if g.run != "" {
		commits, err := c.Out.Commits(ctx, g.job, g.day.String())
		if err != nil {
			return fmt.Errorf("collect %s: %w", g.Where, err)
		}
		if n := len(commits); standing(commits) && commits[n-1].Run == g.run { // committed, or rolled back to, since it was found
			g.Why, g.Objects, g.Bytes = "kept: the newest commit names it now", 0, 0
			return nil
		}
	}
	for _, key := range g.keys {
		if err := c.Out.Delete(ctx, key); err != nil && !errors.Is(err, lake.ErrNotFound) { // another collector was here
			return fmt.Errorf("collect: %w", err)
		}
	}
	return nil
}
