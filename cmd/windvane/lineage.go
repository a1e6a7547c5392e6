package main

import (
	"context"
	"fmt"
	"os"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/jobs/lineage"
)

// watch lets a runner tell the configured catalogue of lineage and the collector of traces of its nights. Neither stops a
// night; only a setting that cannot work is the caller's to mend. Call what it returns at the end.
func (a *app) watch(ctx context.Context, c config.Config, r *jobs.Runner) (stop func(), err error) {
	tracer, flush, err := a.tracer(ctx, r.Log, c.Job)
	if err != nil {
		return nil, err
	}
	r.Tracer = tracer
	sender, closeLineage, err := a.lineage(ctx, c, r)
	if err != nil {
		flush()
		return nil, err
	}
	r.Lineage = sender
	return func() { flush(); closeLineage() }, nil
}

func (a *app) lineage(ctx context.Context, c config.Config, r *jobs.Runner) (s *lineage.Sender, stop func(), err error) {
	if c.Lineage.To == "" {
		return nil, func() {}, nil
	}
	s = &lineage.Sender{Namespace: c.Lineage.Namespace, Sleep: a.clock.Sleep}
	if s.In, err = lineage.PlaceOf(c.Input.URL); err != nil {
		return nil, nil, err
	}
	if s.Out, err = lineage.PlaceOf(c.Output.URL); err != nil {
		return nil, nil, err
	}
	if c.Lineage.APIKey.Given() {
		if s.APIKey, err = c.Lineage.APIKey.Read(a.lookupEnv, os.ReadFile); err != nil {
			return nil, nil, cli.Usagef("config: lineage.api_key: %w", err)
		}
	}
	if c.Lineage.HTTP() {
		s.Endpoint = c.Lineage.To
		return s, func() {}, nil
	}
	files, err := lake.Open(ctx, c.Lineage.To, lake.Options{Create: true})
	if err != nil { // the night matters more
		r.Log.Warn("lineage not told", "error", fmt.Errorf("open lineage.to: %w", err))
		return nil, func() {}, nil
	}
	s.Put = files.PutBytes
	return s, func() { files.Close() }, nil
}
