package jobs

import (
	"context"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/lift"
)

// LiftFigures are the figures of lift of a night that is not published.
func LiftFigures(ctx context.Context, r *Runner, asOf calendar.Day) (*lift.Figures, error) {
	n, err := r.newNight(ctx, asOf)
	if err != nil {
		return nil, err
	}
	defer n.release()
	for _, step := range []func(*night, context.Context) error{(*night).takeSnapshot, (*night).reduceChanged, (*night).settleRefunds, (*night).countLift} {
		if err := step(n, ctx); err != nil {
			return nil, err
		}
	}
	return n.lift, nil
}
