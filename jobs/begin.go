package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

// ErrOvertaken says that another run committed the night while this one was making it: this one's commit was refused.
var ErrOvertaken = errors.New("another run committed first")

// errCollected: the run was paused for so long that gc may have taken its tables.
var errCollected = errors.New("its tables may have been collected")

// attempts bounds how often a night is begun before its trouble is told: a dump that is always being rewritten is not
// waited for here.
const attempts = 3

// untilSteady makes a night, and begins it anew with a new listing if what it rested on changed meanwhile: a dump was
// replaced while it was read, another run committed first, or this one was paused beyond MaxRun. Days that were reduced
// are found again by their digests, so only what changed is read again.
func (r *Runner) untilSteady(ctx context.Context, asOf calendar.Day) (Outcome, error) {
	var notes []string
	for n := 1; ; n++ {
		o, err := r.makeNight(ctx, asOf)
		o.Warnings = append(notes, o.Warnings...)
		if n == attempts || r.simulation != nil || !changedMeanwhile(err) {
			return o, err
		}
		r.Log.Info("night begins anew", "as_of", asOf.String(), "run", o.Run, "error", err)
		notes = append(notes, fmt.Sprintf("begun anew: %v", err))
		r.Inputs = nil
	}
}

// changedMeanwhile tells errors that another beginning may mend. Published objects do not change: damage is none of them.
func changedMeanwhile(err error) bool {
	return errors.Is(err, ErrOvertaken) || errors.Is(err, errCollected) || errors.Is(err, lake.ErrChanged) && !errors.Is(err, ErrDamaged)
}
