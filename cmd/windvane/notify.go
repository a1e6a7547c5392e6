package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/metrics"
	"github.com/windvane/windvane/jobs/notify"
)

// herald tells webhooks what became of nights, and keeps a record of it in the output, if that could be opened.
type herald struct {
	sender  *notify.Sender
	archive jobs.Archive
	metrics *metrics.Metrics
	log     *slog.Logger
}

// newHerald reads the addresses and secrets of the webhooks. One that is not set is the caller's to mend.
func (a *app) newHerald(c config.Config, r *jobs.Runner, m *metrics.Metrics) (*herald, error) {
	s := &notify.Sender{Now: a.clock.Now, Sleep: a.clock.Sleep}
	for i, w := range c.Notify {
		h := notify.Hook{Kind: string(w.Kind), On: w.On}
		address, err := w.URL.Read(a.lookupEnv, os.ReadFile)
		if err != nil {
			return nil, cli.Usagef("config: notify[%d].url: %w", i, err)
		}
		h.URL = notify.Secret(address)
		if w.Secret.Given() {
			secret, err := w.Secret.Read(a.lookupEnv, os.ReadFile)
			if err != nil {
				return nil, cli.Usagef("config: notify[%d].secret: %w", i, err)
			}
			h.Secret = notify.Secret(secret)
		}
		if err := h.Validate(); err != nil {
			return nil, cli.Usagef("config: notify[%d]: %w", i, err)
		}
		s.Hooks = append(s.Hooks, h)
	}
	return &herald{s, jobs.Archive{Out: r.Out, Job: r.Settings.Job}, m, r.Log}, nil
}

// tell sends one message about a run, unless the last one about the date said the same: cron may find a night late every
// half hour. Then only webhooks that could not be told are tried again. Trouble is logged and recorded; the night is
// published, or not, all the same.
func (h *herald) tell(ctx context.Context, o jobs.Outcome, cause error) {
	m := jobs.NoticeOf(h.archive.Job, o, cause)
	done := cause == nil && o.Status == jobs.AlreadyDone
	if len(h.sender.Hooks) == 0 || m.Outcome == "" && !done {
		return
	}
	ctx = context.WithoutCancel(ctx) // the sender has its own limits
	last := h.last(ctx, m)
	if done || last != nil && m.Outcome != notify.Published && last.Message.Outcome == m.Outcome && last.Message.Cause == m.Cause {
		if last != nil && (!done || last.Message.Outcome == notify.Published) {
			h.again(ctx, *last)
		}
		return
	}
	m.At = h.sender.Now().UTC()
	if m.Outcome != notify.Published {
		m.Facts = append(m.Facts, h.newest(ctx)...)
	}
	n := jobs.Notice{Message: m, Deliveries: h.sender.Send(ctx, m)}
	h.record(ctx, n, n.Deliveries)
}

// last is the newest message about the date of m; nil: there is none, or nowhere to look.
func (h *herald) last(ctx context.Context, m notify.Message) *jobs.Notice {
	if h.archive.Out == nil {
		return nil
	}
	last, err := h.archive.LastNotice(ctx, m.AsOf)
	if err != nil {
		h.log.Warn("last message not read", "as_of", m.AsOf.String(), "run", m.Run, "error", err)
	}
	return last
}

// newest is the newest published night, if that is known. A hint will do.
func (h *herald) newest(ctx context.Context) []notify.Fact {
	if h.archive.Out == nil {
		return nil
	}
	s, _ := h.archive.Standing(ctx)
	if s == nil || s.Newest == nil {
		return nil
	}
	return []notify.Fact{{Name: "最新一晚", Value: fmt.Sprintf("%s（提交 %d）", s.Newest, s.Sequence)}}
}

// again sends what was told before to the webhooks that did not take it. The record of that run is brought up to date.
func (h *herald) again(ctx context.Context, n jobs.Notice) {
	if tried := h.sender.SendAgain(ctx, n.Message, n.Deliveries); len(tried) > 0 {
		h.record(ctx, n, tried)
	}
}

// record keeps a message beside the commits of its date. tried are the deliveries that were made now.
func (h *herald) record(ctx context.Context, n jobs.Notice, tried []notify.Delivery) {
	m := n.Message
	for _, d := range tried {
		h.metrics.Message(d.Kind, d.Delivered)
		if !d.Delivered {
			h.log.Warn("webhook not told", "as_of", m.AsOf.String(), "run", m.Run, "kind", d.Kind, "host", d.Host, "attempts", d.Attempts, "error", d.Error)
		}
	}
	if h.archive.Out == nil {
		return
	}
	if err := h.archive.RecordNotice(ctx, n); err != nil {
		h.log.Warn("message not recorded", "as_of", m.AsOf.String(), "run", m.Run, "error", err)
	}
}
