package main

import (
	"context"
	"time"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/metrics"
	"github.com/windvane/windvane/transforms/calendar"
)

// observed is a runner whose attempts are counted.
type observed struct {
	*jobs.Runner
	metrics *metrics.Metrics
}

// night is Run, noted.
func (o observed) night(ctx context.Context, asOf calendar.Day) (jobs.Outcome, error) {
	began := o.Now()
	out, err := o.Run(ctx, asOf)
	o.note(ctx, asOf, out, err, began)
	return out, err
}

func (o observed) note(ctx context.Context, asOf calendar.Day, out jobs.Outcome, err error, began time.Time) {
	ended := o.Now()
	what := out.Status
	if err != nil {
		what = outcomeOf(err)
	}
	o.metrics.Attempt(what, asOf, ended.Sub(began), ended)
	if err == nil {
		o.metrics.Success(nightOf(out), ended)
	}
	// A hint is enough here: the run has just rewritten it.
	if s, _ := (jobs.Archive{Out: o.Out, Job: o.Settings.Job}).Standing(context.WithoutCancel(ctx)); s != nil {
		o.metrics.Standing(s.Newest, s.State == jobs.StandingStale)
	}
}

// outcomeOf is the word of a failure in metrics.
func outcomeOf(err error) string {
	switch jobs.CauseOf(err) {
	case jobs.CauseLate:
		return "late"
	case jobs.CauseGate:
		return "gate"
	case jobs.CauseStopped:
		return "stopped"
	}
	return "failed"
}

func nightOf(o jobs.Outcome) metrics.Night {
	n := metrics.Night{AsOf: o.AsOf, Reduced: o.Reduced, Spilled: o.Spilled, Steps: map[string]float64{}, AlreadyDone: o.Status == jobs.AlreadyDone}
	for _, t := range o.Tables {
		n.Rows += t.Rows
		n.Bytes += t.Bytes
	}
	for _, s := range o.Steps {
		n.Steps[s.Name] = s.Seconds
	}
	return n
}
