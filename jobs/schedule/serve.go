package schedule

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/calendar"
)

// Clock is the time of day and how to let it pass; tests have their own.
type Clock struct {
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error // returns early, with its error, when ctx ends
}

// Sleep lets real time pass.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// look is how often the clock is looked at while waiting: a timer does not see that a clock was set or a machine slept.
const look = time.Minute

// sleepUntil sleeps until a moment, and no longer when the clock goes back before the start.
func (c Clock) sleepUntil(ctx context.Context, at, start time.Time) error {
	for {
		now := c.Now()
		if !now.Before(at) || now.Before(start) {
			return ctx.Err()
		}
		if err := c.Sleep(ctx, min(look, at.Sub(now))); err != nil {
			return err
		}
	}
}

// Serve runs the jobs until ctx ends, and returns nil then. A call that is under way has grace to finish; after that its
// context ends. Each job runs in a goroutine of its own, so none runs twice at a time: what fires meanwhile is caught up
// afterwards.
func Serve(ctx context.Context, c Clock, grace time.Duration, jobs ...*Job) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		if grace > 0 {
			_ = c.Sleep(work, grace) // ends early when all is finished
		}
		cancel()
	})()
	var g errgroup.Group
	for _, j := range jobs {
		g.Go(func() error {
			j.serve(ctx, work, c)
			return nil
		})
	}
	return g.Wait()
}

// memory is what a job knows of its own past.
type memory struct {
	attended time.Time      // the firing it looked at last
	done     []calendar.Day // ascending; of a job that remembers by itself the newest alone
}

func (j *Job) serve(stop, work context.Context, c Clock) {
	var m memory
	if last, ok := j.Spec.Last(c.Now()); ok && j.Done == nil { // nothing from before it started
		m = memory{last.At, []calendar.Day{last.AsOf}}
	}
	for stop.Err() == nil {
		now := c.Now()
		last, fired := j.Spec.Last(now)
		if now.Before(m.attended) {
			m.rewind(now, last, j.Done != nil)
		}
		wake := now.Add(look)
		if fired && last.At.After(m.attended) {
			if j.remember(stop, c, &m) {
				if newest, any := j.attend(stop, work, c, m.done); any && j.Done == nil {
					m.done = []calendar.Day{newest}
				}
				m.attended = last.At
				continue // it may have taken hours
			}
		} else if next, ok := j.Spec.Next(now); ok {
			wake = next.At
		}
		if c.sleepUntil(stop, wake, now) != nil {
			return
		}
	}
}

// rewind forgets what was attended to in a future that the clock has left. A job that asks what is done may attend
// again; one that does not keeps what it did, unless the clock was wrong by days.
func (m *memory) rewind(now time.Time, last Firing, asks bool) {
	switch {
	case asks:
		m.attended = time.Time{}
		return
	case now.Before(m.attended.Add(-slack)):
		m.done = []calendar.Day{last.AsOf}
	}
	m.attended = last.At
}

// remember asks what is done. False if nobody knows: it is asked again in a minute.
func (j *Job) remember(ctx context.Context, c Clock, m *memory) bool {
	if j.Done == nil {
		return true
	}
	done, err := j.Done(ctx)
	if err != nil {
		j.observe(Event{What: Blind, Err: err, Again: c.Now().Add(look)})
		return false
	}
	m.done = done
	return true
}
