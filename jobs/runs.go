package jobs

import (
	"cmp"
	"context"
	"encoding/json"
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

// What became of a run, as the bucket tells it.
const (
	RunPublished  = "published"  // its commit is the newest of the date
	RunSuperseded = "superseded" // a newer commit took its place
	RunRetired    = "retired"    // the commit by which the retention took the night out of the archive
	RunFailed     = "failed"
	RunLate       = "late"
	RunUnfinished = "unfinished" // wrote tables and neither committed nor failed: still going, or killed
)

// RunRecord is one commit or attempt of a date.
type RunRecord struct {
	AsOf       calendar.Day `json:"as_of"`
	Run        string       `json:"run"`
	Status     string       `json:"status"`
	Sequence   int          `json:"sequence,omitempty"`    // of the commit
	RollbackTo int          `json:"rollback_to,omitempty"` // the commit whose tables this one publishes again
	Reason     string       `json:"reason,omitempty"`      // of a rollback or of an accepted turnover
	Collected  bool         `json:"collected,omitempty"`   // its tables were removed by the retention
	Started    *time.Time   `json:"started"`               // null: not known
	Finished   *time.Time   `json:"finished"`
	Seconds    float64      `json:"seconds"`
	Steps      []StepRecord `json:"steps,omitempty"`
	Gates      []Gate       `json:"gates,omitempty"`
	Rows       int64        `json:"rows"`
	Bytes      int64        `json:"bytes"`
	Warnings   []string     `json:"warnings,omitempty"`
	Step       string       `json:"failed_step,omitempty"`
	Error      string       `json:"error,omitempty"`
	Cause      string       `json:"cause,omitempty"` // of the failure, see CauseOf
	Version    string       `json:"version,omitempty"`
	Host       string       `json:"host,omitempty"`

	TableRows map[string]int64        `json:"-"` // of each published table
	Newest    map[string]calendar.Day `json:"-"` // by dumped table, the newest day that the night read
}

// Runs are the commits and attempts of the dates from first to last, by date and time. The bucket alone is asked:
// commit records and manifests for what was published, records of failures for what was not.
func (a Archive) Runs(ctx context.Context, first, last calendar.Day) ([]RunRecord, error) {
	shelves, err := a.shelves(ctx)
	if err != nil {
		return nil, err
	}
	out := []RunRecord{}
	for _, s := range shelves {
		if s.day < first || s.day > last {
			continue
		}
		runs, err := a.runsOf(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("runs of %s: %w", s.day, err)
		}
		out = append(out, runs...)
	}
	return out, nil
}

func (a Archive) runsOf(ctx context.Context, s shelf) ([]RunRecord, error) {
	commits, err := a.Out.Commits(ctx, a.Job, s.day.String())
	if err != nil {
		return nil, err
	}
	var out []RunRecord
	known := map[string]bool{}
	for i, rec := range commits {
		r, err := a.committedRun(ctx, s.day, rec)
		if err != nil {
			return nil, err
		}
		if i < len(commits)-1 && !rec.Retired {
			r.Status = RunSuperseded
		}
		out, known[rec.Run] = append(out, r), true
	}
	for _, o := range s.failures {
		run := strings.TrimSuffix(path.Base(o.Key), ".json")
		if known[run] {
			continue
		}
		r, err := a.failedRun(ctx, s.day, run, o)
		if err != nil {
			return nil, err
		}
		out, known[run] = append(out, r), true
	}
	for _, run := range slices.Sorted(maps.Keys(s.runs)) {
		if !known[run] {
			begun := slices.MinFunc(s.runs[run], func(x, y lake.Object) int { return x.ModTime.Compare(y.ModTime) }).ModTime.UTC()
			out = append(out, RunRecord{AsOf: s.day, Run: run, Status: RunUnfinished, Started: &begun})
		}
	}
	slices.SortStableFunc(out, func(x, y RunRecord) int { return x.when().Compare(y.when()) })
	return out, nil
}

// when orders runs: by their end, or their beginning if they have none.
func (r RunRecord) when() time.Time {
	switch {
	case r.Finished != nil:
		return *r.Finished
	case r.Started != nil:
		return *r.Started
	}
	return time.Time{}
}

func (a Archive) committedRun(ctx context.Context, day calendar.Day, rec lake.CommitRecord) (RunRecord, error) {
	r := RunRecord{AsOf: day, Run: rec.Run, Status: RunPublished, Sequence: rec.Sequence, RollbackTo: rec.RollbackTo, Reason: rec.Reason, Finished: rec.At}
	if rec.Retired {
		r.Status = RunRetired
		return r, nil
	}
	c, err := readManifest(ctx, a.Out, rec)
	if errors.Is(err, lake.ErrNotFound) {
		r.Collected = true
		return r, nil
	}
	if err != nil {
		return r, err
	}
	m := c.manifest
	r.Reason = cmp.Or(r.Reason, m.AcceptedChurn)
	r.Steps, r.Gates, r.Warnings, r.Version, r.Host = m.Steps, m.Gates, m.Warnings, m.Version, m.Host
	r.TableRows, r.Newest = map[string]int64{}, map[string]calendar.Day{}
	for _, o := range m.Outputs {
		r.TableRows[o.Table] = o.Rows
	}
	for name, ps := range m.Partitions {
		if len(ps) > 0 { // ascending
			r.Newest[name] = ps[len(ps)-1].Day
		}
	}
	for _, o := range m.Outputs {
		r.Rows += o.Rows
		r.Bytes += o.Bytes
	}
	if rec.RollbackTo == 0 { // a rollback ran nothing
		r.Started, r.Finished, r.Seconds = &m.Started, &m.Finished, seconds(m.Started, m.Finished)
	}
	return r, nil
}

func (a Archive) failedRun(ctx context.Context, day calendar.Day, run string, o lake.Object) (RunRecord, error) {
	r := RunRecord{AsOf: day, Run: run, Status: RunFailed}
	data, err := a.Out.ReadAll(ctx, o.Key, maxAttemptBytes)
	if err != nil {
		return r, err
	}
	var at attempt
	if err := json.Unmarshal(data, &at); err != nil {
		ended := o.ModTime.UTC()
		r.Error, r.Finished = fmt.Sprintf("the record of the failure cannot be read: %v", err), &ended
		return r, nil
	}
	r.Error, r.Cause, r.Step, r.Steps, r.Version, r.Host, r.Finished = at.Error, at.Cause, at.Step, at.Steps, at.Version, at.Host, &at.At
	if at.Late {
		r.Status, r.Cause = RunLate, CauseLate
	}
	if !at.Started.IsZero() { // older versions did not write it
		r.Started, r.Seconds = &at.Started, seconds(at.Started, at.At)
	}
	return r, nil
}

func seconds(from, to time.Time) float64 {
	return max(0, to.Sub(from).Round(time.Millisecond).Seconds())
}

// Newest is the newest date that has a commit or, if it has come by today, an attempt: one at a later date was a slip and
// would hide the others for years. It fails with ErrNotPublished if no date has anything.
func (a Archive) Newest(ctx context.Context, today calendar.Day) (calendar.Day, error) {
	shelves, err := a.shelves(ctx)
	if err != nil {
		return 0, err
	}
	for _, s := range slices.Backward(shelves) {
		if s.day <= today || len(s.commits) > 0 {
			return s.day, nil
		}
	}
	if len(shelves) == 0 {
		return 0, fmt.Errorf("job %s: %w: there is no run", a.Job, ErrNotPublished)
	}
	return shelves[len(shelves)-1].day, nil
}
