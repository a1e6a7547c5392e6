package schedule

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/windvane/windvane/transforms/calendar"
)

// Job is a function and when to call it.
type Job struct {
	Name string
	Spec *Spec
	// Run makes what is due for the as-of date. It returns when that is done, when it cannot be, or when ctx ends.
	Run func(ctx context.Context, a Attempt) error
	// Done are the as-of dates that are done, ascending. What is missing since the first of them is made, in order. A job
	// without Done remembers what it did itself and catches up nothing from before it started.
	Done     func(ctx context.Context) ([]calendar.Day, error)
	Late     func(error) bool // tells errors that waiting may mend; nil: none
	Final    func(error) bool // tells errors that trying again cannot mend; nil: none
	Patience Patience
	CatchUp  int         // the last so many nights are looked at, at each firing; below 1 means 1
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
	GivenUp = "given_up" // failed for good: the next one is made; this one is due again at the next firing
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

// due are the firings that a job has to attend to at now, in order of as-of dates, the last one of each: of the last CatchUp
// nights since the first that is done, those that are not. Older ones after the newest that is done are skipped; holes that
// are older still are nobody's business any more.
func (j *Job) due(now time.Time, done []calendar.Day) (nights []Firing, skipped []Firing) {
	last, ok := j.Spec.Last(now)
	if !ok {
		return nil, nil
	}
	if len(done) == 0 {
		return []Firing{last}, nil
	}
	first, newest := done[0], done[len(done)-1]
	since := time.UnixMicro(j.Spec.business.Start(first)).UTC()
	if earliest := now.Add(-lookBack); since.Before(earliest) {
		since = earliest
	}
	var all []Firing
	for _, f := range j.Spec.Between(since, now) {
		switch n := len(all); {
		case f.AsOf <= first:
		case n > 0 && all[n-1].AsOf >= f.AsOf:
			all[n-1].At = f.At
		default:
			all = append(all, f)
		}
	}
	cut := len(all) - max(1, j.CatchUp)
	for i, f := range all {
		switch _, is := slices.BinarySearch(done, f.AsOf); {
		case is:
		case i >= cut:
			nights = append(nights, f)
		case f.AsOf > newest:
			skipped = append(skipped, f)
		}
	}
	return nights, skipped
}

// attend makes the nights that are due, in order, and gives the newest of those that it did. One that is given up does
// not hold up the others: they rest on what there is. It comes first again at the next firing, and if it was late also
// while a later one waits: its dumps may come first.
func (j *Job) attend(stop, work context.Context, c Clock, done []calendar.Day) (newest calendar.Day, any bool) {
	nights, skipped := j.due(c.Now(), done)
	for _, f := range skipped {
		j.observe(Event{What: Skipped, AsOf: f.AsOf, Due: f.At})
	}
	var late []Firing // given up, and looked for again while later ones wait
	for _, f := range nights {
		err := j.night(stop, work, c, f, func() { late = j.comeBack(work, late) })
		switch {
		case err == nil:
			newest, any = f.AsOf, true
			j.observe(Event{What: Done, AsOf: f.AsOf, Due: f.At})
		case stop.Err() != nil:
			j.observe(Event{What: Stopped, AsOf: f.AsOf, Due: f.At, Err: err})
			return newest, any
		default:
			j.observe(Event{What: GivenUp, AsOf: f.AsOf, Due: f.At, Err: err})
			if errors.Is(err, errClockWentBack) { // as are those after it
				return newest, any
			}
			if j.Late != nil && j.Late(err) {
				late = append(late, f)
			}
		}
	}
	return newest, any
}

// comeBack calls the function once for nights that were given up as late, and gives those that are late still.
func (j *Job) comeBack(work context.Context, late []Firing) (still []Firing) {
	for _, f := range late {
		switch err := j.call(work, Attempt{AsOf: f.AsOf, Due: f.At, Number: 1}); {
		case err == nil:
			j.observe(Event{What: Done, AsOf: f.AsOf, Due: f.At})
		case j.Late(err):
			still = append(still, f)
		default:
			j.observe(Event{What: GivenUp, AsOf: f.AsOf, Due: f.At, Err: err})
		}
	}
	return still
}

// night calls the function until the night is done or given up, and before each further time, after a pause, first. It
// sleeps until stop ends; a call lasts until work does.
func (j *Job) night(stop, work context.Context, c Clock, f Firing, first func()) error {
	deadline := f.At.Add(j.Patience.Deadline)
	pause, longest := orElse(j.Patience.First, time.Minute), orElse(j.Patience.Longest, 10*time.Minute)
	failures := 0
	for n := 1; ; n++ {
		if err := stop.Err(); err != nil {
			return err
		}
		if n > 1 {
			first()
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
