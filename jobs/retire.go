package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

// A night is retired by a commit that says so (docs/adr/0024-nights-are-retired.md): from then on the date is as one that was never
// published, but for its records. Its tables are superseded by that commit and go when those of other superseded commits
// do; until then a rollback publishes them again.

// MinNights is how many nights stay published at least: a night rests on one that is up to maxCommitGap days back, and
// the causes of changes ask for the one that that one rests on.
const MinNights = 2*maxCommitGap + 2

// standing tells whether a date with these commits is published.
func standing(commits []lake.CommitRecord) bool {
	return len(commits) > 0 && !commits[len(commits)-1].Retired
}

// isOld tells whether the n-th published night, from the newest, is to be retired: it is beyond the nights that are kept,
// in number and, where dates were left out, in days, and was not made a short while ago.
func (c *Collector) isOld(n int, s shelf, commits []lake.CommitRecord, newest calendar.Day) bool {
	if c.Retention.Nights == 0 || n <= c.Retention.Nights || s.day > newest-MinNights || len(s.commits) != len(commits) {
		return false
	}
	return !c.younger(s.commits[len(s.commits)-1], max(c.Retention.Superseded, c.Retention.Grace))
}

// retirement is the item of a night that is to be retired. Nothing is removed yet.
func retirement(job string, s shelf, commits []lake.CommitRecord) Garbage {
	newest := commits[len(commits)-1]
	return Garbage{Kind: OldNight, Where: fmt.Sprintf("published/%s/dt=%s/", job, s.day), Why: "beyond keep_nights: retired, its tables go after superseded_days", job: job, day: s.day, retires: &newest}
}

// retire commits that a night is retired. A commit that came meanwhile keeps it.
func (c *Collector) retire(ctx context.Context, g *Garbage) error {
	at := c.Now().UTC()
	rec := *g.retires
	rec.RollbackTo, rec.Withdrawn, rec.Stale = 0, nil, false
	rec.Retired, rec.Reason, rec.At = true, "beyond keep_nights", &at
	err := c.Out.Commit(ctx, rec, rec.Sequence+1)
	if errors.Is(err, lake.ErrLostRace) {
		g.Why = "kept: it was committed again meanwhile"
		return nil
	}
	if err != nil {
		return fmt.Errorf("retire %s: %w", g.Where, err)
	}
	return nil
}

// retired tells whether a date was published and is no more.
func retired(ctx context.Context, out *lake.Lake, job string, day calendar.Day) (sequence int, is bool, err error) {
	rec, _, err := out.Newest(ctx, job, day.String())
	if err != nil {
		return 0, false, fmt.Errorf("read commits of %s: %w", day, err)
	}
	return rec.Sequence, rec.Retired, nil
}

// settle tells whether the night rests on one that was retired since. It cannot be made again as it was, so it stays as it
// is: a cold start in its place would change every night after it.
func (n *night) settle(ctx context.Context) (bool, error) {
	if n.current == nil || n.current.manifest.Previous == nil || n.runner.simulation != nil {
		return false, nil
	}
	before := n.current.manifest.Previous.AsOf
	if n.previous != nil && n.previous.manifest.AsOf >= before {
		return false, nil
	}
	_, is, err := retired(ctx, n.runner.Out, n.runner.Settings.Job, before)
	if is {
		n.warnings = append(n.warnings, fmt.Sprintf("inputs or rules changed, but the night of %s, which this one rests on, was retired: it stays as it is; windvane backfill --from %s begins anew", before, before))
	}
	return is, err
}
