package schedule

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/windvane/windvane/transforms/calendar"
)

// Job is a function and when to call it.
type Job struct {
	Name string
	Spec *Spec
	// Run makes what is due for the as-of date. It returns when that is done, when it cannot be, or when ctx ends.
	Run func(ctx context.Context, a Attempt) error
	// Newest is the newest as-of date that is done, false if none is. Nights after it are caught up, in order. A job
	// without Newest remembers what it did itself and catches up nothing from before it started.
	Newest   func(ctx context.Context) (calendar.Day, bool, error)
	Late     func(error) bool // tells errors that waiting may mend; nil: none
	Final    func(error) bool // tells errors that trying again cannot mend; nil: none
	Patience Patience
	CatchUp  int         // nights that are made at one firing at most, the newest ones; below 1 means 1
	Observe  func(Event) // may be nil; called from the job's goroutine
}

// Attempt is one call of a job.
type Attempt struct {
	AsOf   calendar.Day
	Due    time.Time // the firing
	Number int       // of the attempts of this firing for this date, from 1
	Last   bool      // the deadline is here: inputs that are late now are given up
}

// Patience says how long a night is tried.
type Patience struct {
	Deadline time.Duration // from the firing on, late inputs are waited for
	Retries  int           // calls again after a failure that is not lateness
	First    time.Duration // pause after the first call; doubled after each; 0: a minute
	Longest  time.Duration // the longest pause; 0: ten minutes
}

// What happened to a night.
const (
	Done    = "done"
	Waiting = "waiting"  // an input is late; the night is tried again until the deadline
	Retried = "retried"  // failed; it is tried again
	GivenUp = "given_up" // failed for good: it is due again at the next firing
	Skipped = "skipped"  // missed too long ago to be caught up
	Stopped = "stopped"  // told to stop before it was done
	Blind   = "blind"    // what is done could not be found out
)

// Event is one of them.
type Event struct {
	Job   string
	What  string
	AsOf  calendar.Day
	Due   time.Time
	Err   error
	Again time.Time // of the next call, where there is one
}

// errClockWentBack ends the waiting for a night that lies in the future now.
var errClockWentBack = errors.New("the clock was set back before the firing")

func (j *Job) observe(e Event) {
	if j.Observe != nil {
		e.Job = j.Name
		j.Observe(e)
	}
}

// lookBack bounds how far missed firings are looked for.
const lookBack = 400 * 24 * time.Hour

// due are the firings that a job has to attend to at now: the last one of each as-of date after the newest that is done.
func (j *Job) due(now time.Time, newest calendar.Day, any bool) (nights []Firing, skipped []Firing) {
	last, ok := j.Spec.Last(now)
	if !ok || any && last.AsOf <= newest {
		return nil, nil
	}
	if !any {
		return []Firing{last}, nil
	}
	since := time.UnixMicro(j.Spec.business.Start(newest)).UTC()
	if earliest := now.Add(-lookBack); since.Before(earliest) {
		since = earliest
	}
	for _, f := range j.Spec.Between(since, now) {
		switch n := len(nights); {
		case f.AsOf <= newest:
		case n > 0 && nights[n-1].AsOf >= f.AsOf:
			nights[n-1].At = f.At
		default:
			nights = append(nights, f)
		}
	}
	cut := max(0, len(nights)-max(1, j.CatchUp))
	return nights[cut:], nights[:cut]
}

// attend makes the nights that are due, in order. The first that is given up ends it: later ones rest on it.
func (j *Job) attend(stop, work context.Context, c Clock, newest calendar.Day, any bool) (calendar.Day, bool) {
	nights, skipped := j.due(c.Now(), newest, any)
	for _, f := range skipped {
		j.observe(Event{What: Skipped, AsOf: f.AsOf, Due: f.At})
	}
	for _, f := range nights {
		err := j.night(stop, work, c, f)
		switch {
		case err == nil:
			newest, any = f.AsOf, true
			j.observe(Event{What: Done, AsOf: f.AsOf, Due: f.At})
			continue
		case stop.Err() != nil:
			j.observe(Event{What: Stopped, AsOf: f.AsOf, Due: f.At, Err: err})
		default:
			j.observe(Event{What: GivenUp, AsOf: f.AsOf, Due: f.At, Err: err})
		}
		break
	}
	return newest, any
}

// night calls the function until the night is done or given up. It sleeps until stop ends; a call lasts until work does.
func (j *Job) night(stop, work context.Context, c Clock, f Firing) error {
	deadline := f.At.Add(j.Patience.Deadline)
	pause, longest := orElse(j.Patience.First, time.Minute), orElse(j.Patience.Longest, 10*time.Minute)
	failures := 0
	for n := 1; ; n++ {
		if err := stop.Err(); err != nil {
			return err
		}
		now := c.Now()
		if now.Before(f.At) {
			return errClockWentBack
		}
		a := Attempt{AsOf: f.AsOf, Due: f.At, Number: n, Last: !now.Before(deadline)}
		err := j.call(work, a)
		if err == nil {
			return nil
		}
		wait, what := pause, Waiting
		switch {
		case j.Final != nil && j.Final(err):
			return err
		case j.Late == nil || !j.Late(err):
			if failures++; failures > j.Patience.Retries {
				return err
			}
			what = Retried
		case a.Last:
			return err
		default:
			wait = max(0, min(pause, deadline.Sub(c.Now())))
		}
		again := c.Now().Add(wait)
		j.observe(Event{What: what, AsOf: f.AsOf, Due: f.At, Err: err, Again: again})
		if err := c.sleepUntil(stop, again, f.At); err != nil {
			return err
		}
		pause = min(2*pause, longest)
	}
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// call calls the function; a panic is its failure and not the end of the process.
func (j *Job) call(ctx context.Context, a Attempt) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("internal error: %v\n%s", r, debug.Stack())
		}
	}()
	return j.Run(ctx, a)
}
