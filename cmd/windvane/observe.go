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
	o.metrics.Attempt(what, out.Failed, asOf, ended.Sub(began), ended)
	if err == nil {
		o.metrics.Success(nightOf(out), ended)
	}
	if o.Unopened != nil { // unless the output says otherwise
		o.metrics.Standing(nil, true)
	}
	o.standing(context.WithoutCancel(ctx))
}

// standing notes what stands published, whoever made it. What cannot be read is left as it was: metrics fail no night.
func (o observed) standing(ctx context.Context) {
	if o.Out == nil {
		return
	}
	a := jobs.Archive{Out: o.Out, Job: o.Settings.Job}
	s, _ := a.Standing(ctx) // a hint is enough here: each run rewrites it
	if s == nil {
		return
	}
	o.metrics.Standing(s.Newest, s.State == jobs.StandingStale)
	if s.Newest == nil {
		return
	}
	runs, _ := a.Runs(ctx, *s.Newest, *s.Newest)
	for _, r := range runs {
		if r.Status == jobs.RunPublished && !r.Collected && r.Finished != nil {
			o.metrics.Published(metrics.Night{AsOf: r.AsOf, Rows: r.Rows, Bytes: r.Bytes, Steps: stepSeconds(r.Steps), Tables: r.TableRows, Inputs: r.Newest}, *r.Finished)
		}
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
	n := metrics.Night{AsOf: o.AsOf, Reduced: o.Reduced, Spilled: o.Spilled, Steps: stepSeconds(o.Steps), AlreadyDone: o.Status == jobs.AlreadyDone}
	for _, t := range o.Tables {
		n.Rows += t.Rows
		n.Bytes += t.Bytes
	}
	return n
}

func stepSeconds(steps []jobs.StepRecord) map[string]float64 {
	out := map[string]float64{}
	for _, s := range steps {
		out[s.Name] = s.Seconds
	}
	return out
}
