package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/windvane/windvane/transforms/calendar"
)

// attempt is what is kept of a night that failed: published/<job>/dt=<date>/failures/<run>.json.
type attempt struct {
	AsOf    calendar.Day `json:"as_of"`
	Run     string       `json:"run"`
	Error   string       `json:"error"`
	Late    bool         `json:"late"`
	Cause   string       `json:"cause"` // see CauseOf
	At      time.Time    `json:"at"`    // when it ended
	Started time.Time    `json:"started"`
	Step    string       `json:"step"`  // that failed
	Steps   []StepRecord `json:"steps"` // that were done
	Version string       `json:"version"`
	Host    string       `json:"host"`
}

// maxAttemptBytes bounds what is read as an attempt.
const maxAttemptBytes = 1 << 20

// recordFailure keeps the reason beside the commits, where backfill --only failed and people find it.
func (n *night) recordFailure(ctx context.Context, cause error) {
	r := n.runner
	if r.Out == nil {
		return
	}
	a := attempt{AsOf: n.asOf, Run: n.id, Error: cause.Error(), Late: errors.Is(cause, ErrLate), Cause: CauseOf(cause), At: r.Now().UTC(),
		Started: n.started, Step: n.at, Steps: n.steps, Version: r.Version, Host: r.Host}
	data, err := json.Marshal(a)
	if err == nil {
		err = r.Out.PutBytes(context.WithoutCancel(ctx), failureKey(r.Settings.Job, n.asOf, n.id), data)
	}
	if err != nil {
		r.Log.Warn("failure not recorded", "as_of", n.asOf.String(), "run", n.id, "error", err)
	}
}

func failurePrefix(job string, asOf calendar.Day) string {
	return fmt.Sprintf("published/%s/dt=%s/failures/", job, asOf)
}

func failureKey(job string, asOf calendar.Day, run string) string {
	return failurePrefix(job, asOf) + run + ".json"
}

// Ready tells whether a night has all its inputs: nil, ErrLate, or trouble of the store. It lists the inputs anew,
// reduces nothing and records nothing, so that it may be asked every few minutes.
func (r *Runner) Ready(ctx context.Context, asOf calendar.Day) error {
	r.Inputs = nil
	n, err := r.newNight(ctx, asOf)
	if err != nil {
		return err
	}
	if err := n.takeSnapshot(ctx); err != nil {
		return fmt.Errorf("night %s: %w", asOf, err)
	}
	return nil
}
