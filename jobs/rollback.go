package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

// RolledBack is what a rollback did.
type RolledBack struct {
	AsOf     calendar.Day   `json:"as_of"`
	Status   string         `json:"status"`   // published, already_done
	Sequence int            `json:"sequence"` // of the new commit
	To       int            `json:"to"`       // of the commit whose tables it publishes again
	Run      string         `json:"run"`      // that made these tables
	Reason   string         `json:"reason"`
	Stale    []calendar.Day `json:"stale"` // later nights that rest on what was taken back
	Warnings []string       `json:"warnings,omitempty"`
}

// Rollback publishes the tables of an earlier commit of a date again, as the next commit: a pointer to the same run and
// manifest, with the reason. Nothing is copied or removed; readers see it by the ordinary protocol. The tables are held
// against their manifest first.
//
// What the commits since then were made of is withdrawn: a run that would publish the same again finds its night done.
// New inputs or rules publish as always. Rolling back to the withdrawn commit itself lifts that.
func (a Archive) Rollback(ctx context.Context, asOf calendar.Day, to int, reason string, now time.Time) (*RolledBack, error) {
	reason = plainReason(reason)
	commits, err := a.Out.Commits(ctx, a.Job, asOf.String())
	if err != nil {
		return nil, err
	}
	n := len(commits)
	switch {
	case n == 0:
		return nil, fmt.Errorf("job %s, %s: %w", a.Job, asOf, ErrNotPublished)
	case to < 1 || to > n:
		return nil, fmt.Errorf("%s has commits 1 to %d, no commit %d; windvane runs lists them", asOf, n, to)
	}
	target, newest := commits[to-1], commits[n-1]
	out := &RolledBack{AsOf: asOf, Status: AlreadyDone, Sequence: n, To: to, Run: target.Run, Reason: reason, Stale: []calendar.Day{}}
	if target.Retired {
		return nil, fmt.Errorf("commit %d of %s has no tables: it says that the night was retired; take an earlier one", to, asOf)
	}
	if target.ManifestSHA256 == newest.ManifestSHA256 && !newest.Retired {
		return out, nil
	}
	night, err := a.intact(ctx, target)
	if err != nil {
		return nil, err
	}
	withdrawn, err := a.withdrawn(ctx, commits[to:], night.manifest.NightDigest)
	if err != nil {
		return nil, err
	}
	at := now.UTC().Truncate(time.Second)
	rec := lake.CommitRecord{Job: a.Job, AsOf: asOf.String(), Run: target.Run, Prefix: target.Prefix, ManifestKey: target.ManifestKey, ManifestSHA256: target.ManifestSHA256,
		RollbackTo: to, Reason: reason, At: &at, Withdrawn: withdrawn}
	if err := a.Out.Commit(ctx, rec, n+1); errors.Is(err, lake.ErrLostRace) {
		return nil, fmt.Errorf("%w: look at windvane runs, then decide again", err)
	} else if err != nil {
		return nil, err
	}
	out.Status, out.Sequence = Published, n+1
	if err := a.noteRollback(ctx, asOf, n+1, at); err != nil { // a hint; the commit stands
		out.Warnings = append(out.Warnings, fmt.Sprintf("status not written: %v", err))
	}
	out.Stale, err = a.restingOn(ctx, asOf)
	return out, err
}

// intact reads the manifest of a commit and holds every table against it.
func (a Archive) intact(ctx context.Context, rec lake.CommitRecord) (*committed, error) {
	night, err := readManifest(ctx, a.Out, rec)
	if errors.Is(err, lake.ErrNotFound) {
		return nil, fmt.Errorf("the tables of commit %d were removed by windvane gc; retention.superseded_days says for how long they are kept: %w", rec.Sequence, err)
	}
	if err != nil {
		return nil, err
	}
	for _, o := range night.manifest.Outputs {
		if _, err := a.copyOutput(ctx, o, io.Discard); err != nil {
			return nil, fmt.Errorf("commit %d cannot be published again: %w", rec.Sequence, err)
		}
	}
	return night, nil
}

// withdrawn are the digests of nights that are taken back: of the commits since, and what they had taken back. Those
// whose manifest was collected are not known, and are too old to be made again by chance.
func (a Archive) withdrawn(ctx context.Context, since []lake.CommitRecord, restored string) ([]lake.Withdrawn, error) {
	var out []lake.Withdrawn
	for _, rec := range since {
		if rec.Retired {
			continue
		}
		out = append(out, rec.Withdrawn...)
		night, err := readManifest(ctx, a.Out, rec)
		if errors.Is(err, lake.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, lake.Withdrawn{NightDigest: night.manifest.NightDigest, AcceptedChurn: night.manifest.AcceptedChurn})
	}
	slices.SortFunc(out, func(x, y lake.Withdrawn) int { return strings.Compare(x.NightDigest, y.NightDigest) })
	return slices.DeleteFunc(slices.Compact(out), func(w lake.Withdrawn) bool { return w.NightDigest == restored }), nil
}

// noteRollback brings the hint status.json up to date.
func (a Archive) noteRollback(ctx context.Context, asOf calendar.Day, sequence int, at time.Time) error {
	s, err := a.Standing(ctx)
	if err != nil || s == nil || s.Newest == nil || *s.Newest != asOf {
		return err
	}
	s.Sequence, s.At = sequence, at
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return a.Out.PutBytes(ctx, standingKey(a.Job), append(data, '\n'))
}

// after are the published nights after a date, without a longer gap than nights look back: each rests, or would rest,
// on the one before.
func (a Archive) after(ctx context.Context, asOf calendar.Day, gap int) ([]calendar.Day, error) {
	days, err := a.committed(ctx)
	if err != nil {
		return nil, err
	}
	out := []calendar.Day{} // never null in JSON
	last := asOf
	for d := asOf + 1; d <= last+calendar.Day(gap); d++ {
		if slices.Contains(days, d) {
			out, last = append(out, d), d
		}
	}
	return out, nil
}

// restingOn are the published nights that rest on one, each on the one before, as their manifests say.
func (a Archive) restingOn(ctx context.Context, asOf calendar.Day) ([]calendar.Day, error) {
	later, err := a.after(ctx, asOf, maxCommitGap)
	if err != nil {
		return nil, err
	}
	last := asOf
	for i, d := range later {
		night, err := readNewest(ctx, a.Out, a.Job, d)
		if err != nil {
			return nil, err
		}
		if night == nil { // retired
			return later[:i], nil
		}
		if p := night.manifest.Previous; p == nil || p.AsOf != last {
			return later[:i], nil
		}
		last = d
	}
	return later, nil
}

// isWithdrawn tells whether a rollback took back what the night would publish. A reason to accept turnover that was given
// for a night that was taken back makes no other night of the same inputs; one that is given now does.
func (n *night) isWithdrawn() bool {
	return n.current != nil && slices.ContainsFunc(n.current.record.Withdrawn, func(w lake.Withdrawn) bool {
		return w.NightDigest == n.digest() || n.runner.AcceptChurn == "" && w.NightDigest == n.digestIf(w.AcceptedChurn)
	})
}

// withdrawnNote says so.
func (n *night) withdrawnNote() string {
	rec := n.current.record
	return fmt.Sprintf("commit %d rolled back to commit %d (%s) and holds until inputs or rules change: what this night would publish was taken back; windvane rollback --to publishes it again",
		rec.Sequence, rec.RollbackTo, rec.Reason)
}
