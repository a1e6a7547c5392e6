package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

// States of a Standing and of a Freshness.
const (
	StandingFresh = "fresh" // the night that is wanted is published
	StandingStale = "stale" // it is not: what was published before stands
)

// standingOf is the state of a newest published night, nil if there is none, while one is wanted. That a correction of a
// published night failed makes nothing stale: the list of that night stands, and Reason says what became of the correction.
func standingOf(newest *calendar.Day, wanted calendar.Day) string {
	if newest == nil || *newest < wanted {
		return StandingStale
	}
	return StandingFresh
}

// Standing is what readers learn from published/<job>/status.json: whether the newest published night is the one
// that was wanted last. It is a hint, rewritten after each run; the commits are the truth.
type Standing struct {
	AsOf     calendar.Day  `json:"as_of"` // the night that was wanted
	State    string        `json:"state"`
	Late     bool          `json:"late"`             // why the last run did not publish: inputs are missing; false with a reason: it failed
	Reason   string        `json:"reason,omitempty"` // why the last run did not publish; with state fresh it was a correction
	Newest   *calendar.Day `json:"newest"`           // the newest published night; null: there is none
	Sequence int           `json:"sequence"`         // of its newest commit
	At       time.Time     `json:"at"`
}

// maxStandingBytes bounds what is read as a Standing.
const maxStandingBytes = 1 << 20

func standingKey(job string) string { return "published/" + job + "/status.json" }

// Standing reads status.json; nil if there is none.
func (a Archive) Standing(ctx context.Context) (*Standing, error) {
	data, err := a.Out.ReadAll(ctx, standingKey(a.Job), maxStandingBytes)
	if errors.Is(err, lake.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read status: %w", err)
	}
	s := &Standing{}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("read status: %s: %w", standingKey(a.Job), err)
	}
	return s, nil
}

// StaleNote is what a reader of a night should know: that it is the newest published one and a later one is wanted. It is
// empty otherwise, and where status.json cannot be read: that is a hint.
func (a Archive) StaleNote(ctx context.Context, day calendar.Day) string {
	s, err := a.Standing(ctx)
	if err != nil || s == nil || s.State != StandingStale || s.Newest == nil || *s.Newest != day || s.AsOf <= day {
		return ""
	}
	why := "the last attempt failed"
	if s.Late {
		why = "inputs are late"
	}
	return fmt.Sprintf("stale: %s is wanted and not published, %s; this is the last list, of %s. windvane status says more", s.AsOf, why, day)
}

// noteStanding rewrites status.json after a run that ended with cause, nil if it succeeded. That it cannot is
// logged and nothing more: the night is published, or not, all the same.
func (r *Runner) noteStanding(ctx context.Context, o Outcome, cause error) {
	if r.Out == nil || errors.Is(cause, ErrOvertaken) {
		return // nowhere to write; or the night is published, and whoever did it has said so
	}
	ctx = context.WithoutCancel(ctx) // a run that was interrupted did not publish: readers should know
	if err := r.writeStanding(ctx, o, cause); err != nil {
		r.Log.Warn("status not written", "as_of", o.AsOf.String(), "run", o.Run, "error", err)
	}
}

func (r *Runner) writeStanding(ctx context.Context, o Outcome, cause error) error {
	a := Archive{Out: r.Out, Job: r.Settings.Job}
	before, err := a.Standing(ctx)
	if before == nil || err != nil || o.AsOf < before.AsOf && before.AsOf > r.today() { // none yet, one that cannot be read, or that nobody can want: begun anew
		if before, err = a.newestStanding(ctx); err != nil {
			return err
		}
	} else if cause != nil { // whether the night stands published all the same is for the commits to say, not for an older hint
		if published, err := a.newestStanding(ctx); err == nil {
			before.Newest, before.Sequence = published.Newest, published.Sequence
		}
	}
	s := before.after(o, cause)
	s.At = r.Now().UTC().Truncate(time.Second)
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return r.Out.PutBytes(ctx, standingKey(r.Settings.Job), append(data, '\n'))
}

// today is the day in the business zone. A later one has not come: who asked for it mistyped, or by a clock that was wrong.
func (r *Runner) today() calendar.Day { return r.Settings.Zone.Day(r.Now().UnixMicro()) }

// newestStanding is what the commits alone tell.
func (a Archive) newestStanding(ctx context.Context) (*Standing, error) {
	newest, err := a.Latest(ctx)
	if errors.Is(err, ErrNotPublished) {
		return &Standing{AsOf: math.MinInt32, State: StandingStale}, nil
	}
	if err != nil {
		return nil, err
	}
	rec, _, err := a.Out.Newest(ctx, a.Job, newest.String())
	return &Standing{AsOf: newest, State: StandingFresh, Newest: &newest, Sequence: rec.Sequence}, err
}

// after is the standing once a run has ended. A night before the one wanted last says nothing about that one.
func (s Standing) after(o Outcome, cause error) Standing {
	if cause == nil && (s.Newest == nil || *s.Newest <= o.AsOf) {
		s.Newest, s.Sequence = &o.AsOf, o.Sequence
	}
	if o.AsOf < s.AsOf {
		return s
	}
	s.AsOf, s.State, s.Late, s.Reason = o.AsOf, standingOf(s.Newest, o.AsOf), false, ""
	if cause != nil {
		s.Late, s.Reason = errors.Is(cause, ErrLate), cause.Error()
	}
	return s
}
