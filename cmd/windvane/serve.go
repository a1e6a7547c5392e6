package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/metrics"
	"github.com/windvane/windvane/jobs/schedule"
	"github.com/windvane/windvane/transforms/calendar"
)

func (a *app) serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "Make nights by the schedule of the configuration, until told to stop",
		Long: `serve is the scheduler for those who have none: it makes the nights under schedule in the configuration.
At its time, and at the start, it makes the nights that are missing among the last catch_up ones, in
order. A night whose dumps are late is waited for until its deadline; a night that failed is tried again.
Its as-of date stays that of the firing. A night that is given up holds up no other: the next one rests on
the nearest earlier night there is. At each firing the missing one is looked at first; when it is made,
the nights after it are corrected. Only one night is made at a time, and two schedulers do no harm: one
of them commits.

It shows /metrics (Prometheus) and /healthz on serve.listen, and logs to standard error. On SIGTERM or
Ctrl-C it takes nothing new; a night under way has serve.stop_grace to finish. The configuration is read
at the start; restart it after a change. Cron, systemd and Kubernetes do as well: docs/deploy.md.`,
		Example: `  windvane serve --config windvane.yaml
  windvane serve --config windvane.yaml --log-format json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context()) },
	}
	a.nightFlags(c)
	cli.CompleteNoFiles(c, "workers")
	return c
}

func (a *app) serve(ctx context.Context) error {
	c, err := a.loadConfig()
	if err != nil {
		return cli.UsageError{Err: err}
	}
	if len(c.Schedule) == 0 {
		return cli.Usagef("schedule is empty: there is nothing to serve")
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	log := a.logger(slog.LevelInfo)
	s.runner.Log = log
	stop, err := a.watch(ctx, c, s.runner)
	if err != nil {
		return err
	}
	defer stop()
	srv := &server{app: a, config: c, site: s, log: log, busy: make(chan struct{}, 1), metrics: metrics.New(c.Job, version(), true),
		states: map[string]jobState{}, last: map[string]jobs.Outcome{}, owed: map[calendar.Day]bool{}}
	if srv.herald, err = a.newHerald(c, s.runner, srv.metrics); err != nil {
		return err
	}
	scheduled, err := srv.jobs()
	if err != nil {
		return cli.UsageError{Err: err}
	}
	srv.runner().standing(ctx)
	closeHTTP, err := srv.listen(c.Serve.Listen)
	if err != nil {
		return err
	}
	defer closeHTTP()
	log.Info("serving", "version", version(), "jobs", len(scheduled), "output", c.Output.URL)
	err = schedule.Serve(ctx, a.clock, c.Serve.StopGrace, scheduled...)
	log.Info("stopped")
	return err
}

// server is what the scheduled jobs of a process share.
type server struct {
	app     *app
	config  config.Config
	site    *site
	log     *slog.Logger
	busy    chan struct{} // held by the one job that works: a night may take all the memory it is allowed
	metrics *metrics.Metrics
	herald  *herald

	mu     sync.Mutex
	states map[string]jobState
	last   map[string]jobs.Outcome // of the last attempt of each job
	owed   map[calendar.Day]bool   // published nights that could not be corrected: the next firing tries again
}

// jobState is what /healthz tells of a job.
type jobState struct {
	Next  *time.Time    `json:"next"`
	What  string        `json:"last,omitempty"` // see package schedule
	AsOf  *calendar.Day `json:"as_of,omitempty"`
	Error string        `json:"error,omitempty"`
}

// jobs are the scheduled jobs of the configuration.
func (s *server) jobs() (out []*schedule.Job, err error) {
	zone, err := s.config.Zone()
	if err != nil {
		return nil, err
	}
	for _, c := range s.config.Jobs() {
		spec, err := c.Parsed(zone)
		if err != nil {
			return nil, fmt.Errorf("schedule: %s: %w", c.Name, err)
		}
		j := &schedule.Job{Name: c.Name, Spec: spec, CatchUp: *c.CatchUp, Late: func(err error) bool { return errors.Is(err, jobs.ErrLate) },
			Final:    func(err error) bool { return errors.Is(err, jobs.ErrGate) }, // a person decides
			Patience: schedule.Patience{Deadline: *c.Deadline, Retries: *c.Retries, First: *c.FirstPause, Longest: *c.LongestPause}}
		j.Observe = func(e schedule.Event) { s.observe(j, e) }
		switch c.Does {
		case config.TaskNight:
			j.Run = func(ctx context.Context, at schedule.Attempt) error { return s.night(ctx, j, at) }
			j.Done = s.done
		case config.TaskRestate:
			days := calendar.Day(*c.Days)
			j.Run = func(ctx context.Context, at schedule.Attempt) error { return s.restate(ctx, at.AsOf-days, at.AsOf) }
		case config.TaskCollect:
			j.Run = func(ctx context.Context, _ schedule.Attempt) error { return s.collect(ctx) }
		}
		s.note(j, jobState{})
		out = append(out, j)
	}
	return out, nil
}

// work runs f while no other job does.
func (s *server) work(ctx context.Context, f func() error) error {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
		return f()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// runner is a new one for each attempt: what a night keeps in memory goes with it, and inputs are listed anew.
func (s *server) runner() observed {
	r := s.site.runner
	return observed{&jobs.Runner{In: r.In, Out: r.Out, Settings: r.Settings, Now: r.Now, NewRunID: r.NewRunID, Version: r.Version, Host: r.Host, Log: r.Log, Spill: r.Spill,
		Lineage: r.Lineage, Tracer: r.Tracer}, s.metrics}
}

// night makes one night. While it can be waited for, lateness is found out without leaving a record of a failed run.
func (s *server) night(ctx context.Context, j *schedule.Job, at schedule.Attempt) error {
	return s.work(ctx, func() error {
		r := s.runner()
		r.OneNight = true
		if !at.Last {
			if err := r.Ready(ctx, at.AsOf); errors.Is(err, jobs.ErrLate) {
				return err
			}
		}
		o, err := r.night(ctx, at.AsOf)
		if err == nil {
			s.owe(at.AsOf, false)
			s.tell(o)
			s.herald.tell(ctx, o, nil)
			s.correctLater(ctx, j, r, at)
		}
		s.keep(j, o)
		return err
	})
}

// keep notes the last attempt of a job.
func (s *server) keep(j *schedule.Job, o jobs.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[j.Name] = o
}

// owe notes that a published night is to be tried again, or that it no longer is.
func (s *server) owe(day calendar.Day, owed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(s.owed, day); owed {
		s.owed[day] = true
	}
}

func (s *server) tell(o jobs.Outcome) {
	s.log.Info("night", "as_of", o.AsOf.String(), "run", o.Run, "status", o.Status, "commit", o.Sequence, "seconds", o.Seconds, "reduced", o.Reduced, "warnings", len(o.Warnings))
	for _, w := range o.Warnings {
		s.log.Warn("note", "as_of", o.AsOf.String(), "run", o.Run, "note", w)
	}
}

// published are the nights that are.
func (s *server) published(ctx context.Context) ([]calendar.Day, error) {
	return jobs.Archive{Out: s.site.runner.Out, Job: s.config.Job}.Dates(ctx)
}

// done are the nights that are published, but for those that could not be corrected.
func (s *server) done(ctx context.Context) ([]calendar.Day, error) {
	days, err := s.published(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(days, func(d calendar.Day) bool { return s.owed[d] }), err
}

// correctLater makes the nights after one that came late again: they were made without it. That it fails is no failure of
// the one that came late, which is published: it is told of the night that could not be corrected, and that one is due again
// at the next firing.
func (s *server) correctLater(ctx context.Context, j *schedule.Job, r observed, at schedule.Attempt) {
	days, err := s.published(ctx)
	if err != nil && ctx.Err() == nil {
		s.owe(at.AsOf, true) // found done then, and these are looked for again
		s.log.Warn("later nights not looked for", "as_of", at.AsOf.String(), "error", err)
	}
	for _, day := range days {
		if day <= at.AsOf {
			continue
		}
		if o, err := s.correctPatiently(ctx, j, r, day); err != nil {
			if ctx.Err() == nil {
				s.owe(day, true)
				s.keep(j, o)
				s.observe(j, schedule.Event{Job: j.Name, What: schedule.GivenUp, AsOf: day, Due: at.Due, Err: err})
			}
			return // those after it rest on it
		}
	}
}

// correctPatiently is correct, tried again at once as often as the job tries again after failures: one that passes is not to cost a day.
func (s *server) correctPatiently(ctx context.Context, j *schedule.Job, r observed, day calendar.Day) (o jobs.Outcome, err error) {
	for failures := 0; ; failures++ {
		if o, err = s.correct(ctx, r, day); err == nil || ctx.Err() != nil || failures >= j.Patience.Retries || errors.Is(err, jobs.ErrLate) || j.Final != nil && j.Final(err) {
			return o, err
		}
		s.log.Warn("correction tried again", "as_of", day.String(), "run", o.Run, "error", err)
	}
}

// correct makes a night again if it is stale.
func (s *server) correct(ctx context.Context, r observed, day calendar.Day) (jobs.Outcome, error) {
	status, err := r.Status(ctx, day)
	if err != nil || status != jobs.Stale {
		return jobs.Outcome{AsOf: day}, err
	}
	o, err := r.night(ctx, day)
	if err == nil {
		s.tell(o)
	}
	return o, err
}

// restate makes the stale nights of a range again.
func (s *server) restate(ctx context.Context, first, last calendar.Day) error {
	return s.work(ctx, func() error {
		return s.runner().Backfill(ctx, first, last, []string{jobs.Stale}, func(o jobs.Outcome) error {
			s.tell(o)
			return nil
		})
	})
}

// collect removes what the retention does not keep.
func (s *server) collect(ctx context.Context) error {
	return s.work(ctx, func() error {
		found, err := collect(ctx, s.site.runner.Out, s.config.Retention, s.app.clock.Now, true)
		if err == nil {
			s.log.Info("collected", "objects", found.Objects, "bytes", found.Bytes, "staging_files", found.Staging)
		}
		return err
	})
}

// observe logs what happened to a job, once.
func (s *server) observe(j *schedule.Job, e schedule.Event) {
	state := jobState{What: e.What, AsOf: &e.AsOf}
	args := []any{"job", e.Job, "what", e.What, "as_of", e.AsOf.String(), "due", e.Due}
	s.mu.Lock()
	if o := s.last[e.Job]; o.AsOf == e.AsOf && o.Run != "" {
		args = append(args, "run", o.Run)
	}
	s.mu.Unlock()
	if e.Err != nil {
		state.Error = e.Err.Error()
		args = append(args, "error", state.Error, "cause", jobs.CauseOf(e.Err))
	}
	if !e.Again.IsZero() {
		args = append(args, "again", e.Again)
	}
	level := slog.LevelWarn
	switch e.What {
	case schedule.Done, schedule.Stopped:
		level = slog.LevelInfo
	case schedule.GivenUp:
		level = slog.LevelError
		args = append(args, "next", jobs.Advice(jobs.CauseOf(e.Err), e.AsOf))
	}
	s.log.Log(context.Background(), level, "schedule", args...)
	s.note(j, state)
	if e.What == schedule.GivenUp && j.Done != nil { // a night: tries that are still to come are not told
		s.mu.Lock()
		o := s.last[e.Job]
		s.mu.Unlock()
		if o.AsOf != e.AsOf {
			o = jobs.Outcome{AsOf: e.AsOf}
		}
		s.herald.tell(context.Background(), o, e.Err)
	}
}

// note keeps the state of a job, and when it fires next.
func (s *server) note(j *schedule.Job, state jobState) {
	if f, ok := j.Spec.Next(s.app.clock.Now()); ok {
		state.Next = &f.At
		s.metrics.Next(j.Name, f.At)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states[j.Name] = state
}
