package jobs

import (
	"context"
	"slices"
	"time"

	"github.com/windvane/windvane/transforms/calendar"
)

// Freshness tells whether the newest published night is the one that is wanted. Commits and records of failures are
// asked, not the hint status.json.
type Freshness struct {
	Wanted      calendar.Day   `json:"wanted"`
	State       string         `json:"state"`       // fresh, stale; as in status.json
	Newest      *calendar.Day  `json:"newest"`      // the newest published night; null: there is none
	Sequence    int            `json:"sequence"`    // of its newest commit
	Run         string         `json:"run"`         // whose tables that commit names
	Published   *time.Time     `json:"published"`   // when
	Missing     []calendar.Day `json:"missing"`     // nights after the newest, up to the wanted one
	Gaps        []calendar.Day `json:"gaps"`        // dates without a night among the gapDays before the newest, since the first
	StaleSince  *time.Time     `json:"stale_since"` // when the first of them was due
	LastAttempt *RunRecord     `json:"last_attempt"`
	Cause       string         `json:"cause,omitempty"` // of the last failure since, see CauseOf, or CauseUnfinished; empty: nothing was tried. With state fresh: of a correction
	Reason      string         `json:"reason,omitempty"`
	Next        string         `json:"next,omitempty"` // what to type
}

// gapDays is how far back missing nights are told of: those before hardly matter to the list of today.
const gapDays = 7

// Freshness looks at what is published. due tells when a night should have been there.
func (a Archive) Freshness(ctx context.Context, wanted calendar.Day, due func(calendar.Day) time.Time) (*Freshness, error) {
	f := &Freshness{Wanted: wanted, Missing: []calendar.Day{}, Gaps: []calendar.Day{}}
	published, err := a.Dates(ctx)
	if err != nil {
		return nil, err
	}
	first := wanted // of the nights that are missing
	if n := len(published); n > 0 {
		newest := published[n-1]
		if err := f.setNewest(ctx, a, newest); err != nil {
			return nil, err
		}
		first = newest + 1
		for d := max(published[0], newest-gapDays); d < newest; d++ {
			if _, ok := slices.BinarySearch(published, d); !ok {
				f.Gaps = append(f.Gaps, d)
			}
		}
	}
	if f.State = standingOf(f.Newest, wanted); f.State == StandingFresh {
		return f, f.setCorrection(ctx, a)
	}
	for d := first; d <= wanted; d++ {
		f.Missing = append(f.Missing, d)
	}
	since := due(first)
	f.StaleSince = &since
	return f, f.setReason(ctx, a, first)
}

func (f *Freshness) setNewest(ctx context.Context, a Archive, newest calendar.Day) error {
	runs, err := a.Runs(ctx, newest, newest)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if r.Status == RunPublished {
			f.Newest, f.Sequence, f.Run, f.Published = &newest, r.Sequence, r.Run, r.Finished
		}
	}
	return nil
}

// setReason looks for what the last attempt at one of the missing nights came to. One that left tables had its inputs.
func (f *Freshness) setReason(ctx context.Context, a Archive, first calendar.Day) error {
	f.Next = Advice(CauseOther, first)
	if err := f.setLast(ctx, a, first, f.Wanted); err != nil {
		return err
	}
	if f.Unfinished() && (f.Cause == "" || f.Cause == CauseLate) {
		f.Cause, f.Reason = CauseUnfinished, "it wrote tables and neither published nor failed: it is still going, or was killed"
		f.Next = Advice(CauseUnfinished, f.LastAttempt.AsOf)
	}
	return nil
}

// Unfinished tells whether the last attempt has no outcome.
func (f *Freshness) Unfinished() bool {
	return f.LastAttempt != nil && f.LastAttempt.Status == RunUnfinished
}

// setCorrection looks for a failed attempt at the newest night since it was published. A run that found the night done
// leaves no record but the hint: after it nothing is to be corrected.
func (f *Freshness) setCorrection(ctx context.Context, a Archive) error {
	s, err := a.Standing(ctx)
	if err == nil && s != nil && s.AsOf == *f.Newest && s.Reason == "" {
		return nil
	}
	if err := f.setLast(ctx, a, *f.Newest, *f.Newest); err != nil || f.Reason != "" {
		return err
	}
	f.LastAttempt = nil // the one that published it
	return nil
}

// setLast takes the last attempt at the dates from first to last, and why the last one that ended failed: one that is still
// going, or was killed, takes the place of no reason.
func (f *Freshness) setLast(ctx context.Context, a Archive, first, last calendar.Day) error {
	runs, err := a.Runs(ctx, first, last)
	if err != nil {
		return err
	}
	f.LastAttempt = lastOf(runs)
	ended := lastOf(slices.DeleteFunc(slices.Clone(runs), func(r RunRecord) bool { return r.Status == RunUnfinished }))
	if ended != nil && ended.Error != "" {
		f.Cause, f.Reason, f.Next = ended.Cause, ended.Error, Advice(ended.Cause, ended.AsOf)
	}
	return nil
}

// lastOf is the newest of runs, of several at one time the last; nil: there is none.
func lastOf(runs []RunRecord) (last *RunRecord) {
	for i := range runs {
		if r := &runs[i]; last == nil || !r.when().Before(last.when()) {
			last = r
		}
	}
	return last
}
