package schedule_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/jobs/schedule"
	"github.com/windvane/windvane/transforms/calendar"
)

func zone(t testing.TB, name string) *calendar.Zone {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return calendar.NewZone(loc)
}

func spec(t testing.TB, text, in string) *schedule.Spec {
	t.Helper()
	s, err := schedule.Parse(text, zone(t, in), zone(t, in), 1)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func moment(t testing.TB, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func TestFirings(t *testing.T) {
	for _, c := range []struct{ name, spec, zone, after, upTo, want string }{
		{"every night in the zone", "0 3 * * *", "Asia/Shanghai", "2026-01-30T00:00:00Z", "2026-02-01T00:00:00Z",
			"2026-01-30T19:00:00Z 2026-01-30, 2026-01-31T19:00:00Z 2026-01-31"},
		{"after is not itself, up to is", "0 3 * * *", "UTC", "2026-01-30T03:00:00Z", "2026-01-31T03:00:00Z", "2026-01-31T03:00:00Z 2026-01-30"},
		{"the leap day is a night like others", "0 3 * * *", "Asia/Shanghai", "2028-02-28T12:00:00Z", "2028-03-01T12:00:00Z",
			"2028-02-28T19:00:00Z 2028-02-28, 2028-02-29T19:00:00Z 2028-02-29"},
		{"on the leap day alone", "0 3 29 2 *", "UTC", "2026-01-01T00:00:00Z", "2033-01-01T00:00:00Z", "2028-02-29T03:00:00Z 2028-02-28, 2032-02-29T03:00:00Z 2032-02-28"},
		// the library, asked in New York, does not fire on 8 March and fires twice on 1 November
		{"the hour that clocks skip comes after the gap", "30 2 * * *", "America/New_York", "2026-03-07T12:00:00Z", "2026-03-09T12:00:00Z",
			"2026-03-08T07:30:00Z 2026-03-07, 2026-03-09T06:30:00Z 2026-03-08"},
		{"the hour that comes twice is taken once, first", "30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z",
			"2026-11-01T05:30:00Z 2026-10-31, 2026-11-02T06:30:00Z 2026-11-01"},
		{"a midnight that clocks skip belongs to its day", "0 0 * * *", "America/Sao_Paulo", "2018-11-03T12:00:00Z", "2018-11-05T12:00:00Z",
			"2018-11-04T03:00:00Z 2018-11-03, 2018-11-05T02:00:00Z 2018-11-04"},
		{"half hours", "0 2 * * *", "Australia/Lord_Howe", "2026-10-02T16:00:00Z", "2026-10-04T16:00:00Z",
			"2026-10-03T15:30:00Z 2026-10-03, 2026-10-04T15:00:00Z 2026-10-04"},
		// the 30th did not exist there: the firing of the 31st is the only one, for the day before
		{"a day that a zone left out is no moment twice", "0 3 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", "2011-12-31T20:00:00Z",
			"2011-12-29T13:00:00Z 2011-12-28, 2011-12-30T13:00:00Z 2011-12-30, 2011-12-31T13:00:00Z 2011-12-31"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, f := range spec(t, c.spec, c.zone).Between(moment(t, c.after), moment(t, c.upTo)) {
				got = append(got, f.At.Format(time.RFC3339)+" "+f.AsOf.String())
			}
			if s := strings.Join(got, ", "); s != c.want {
				t.Errorf("got  %s\nwant %s", s, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	utc := zone(t, "UTC")
	for _, c := range []struct{ spec, says string }{
		{"", "is not a cron spec"}, {"0 3 * *", "is not a cron spec"}, {"61 3 * * *", "is not a cron spec"}, {"TZ=Asia/Shanghai 0 3 * * *", "names a zone"},
		{"CRON_TZ=X", "names a zone"}, {"@every 1h", "counts from the start"}, {"0 3 30 2 *", "never comes"},
	} {
		if _, err := schedule.Parse(c.spec, utc, utc, 1); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want %q", c.spec, err, c.says)
		}
	}
	if _, err := schedule.Parse("@daily", utc, utc, -1); err == nil {
		t.Error("a negative lag is taken")
	}
}

// In a zone of its own the as-of date is still the business day before the moment.
func TestTheAsOfDateIsOfTheBusinessZone(t *testing.T) {
	s, err := schedule.Parse("30 19 * * *", zone(t, "UTC"), zone(t, "Asia/Shanghai"), 1)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := s.Next(moment(t, "2026-01-31T12:00:00Z"))
	if !ok || f.AsOf != calendar.Of(2026, 1, 31) || !f.At.Equal(moment(t, "2026-01-31T19:30:00Z")) {
		t.Errorf("got %v %v", f, ok)
	}
}

// clock is a time of day that passes when somebody sleeps.
type clock struct {
	now   time.Time
	slept func(c *clock, d time.Duration) // what happens during a sleep; nil: the time passes
}

func (c *clock) clock() schedule.Clock {
	return schedule.Clock{Now: func() time.Time { return c.now }, Sleep: func(ctx context.Context, d time.Duration) error {
		if d < 0 || d > time.Minute {
			return fmt.Errorf("a sleep of %s does not see that the clock is set", d)
		}
		if c.slept != nil {
			c.slept(c, d)
		} else {
			c.now = c.now.Add(d)
		}
		return ctx.Err()
	}}
}

// world is a bucket with nights, a clock, and a scheduler that lives until a given time.
type world struct {
	clock
	t      testing.TB
	job    *schedule.Job
	done   []calendar.Day // as published
	calls  []string
	events []string
	fail   func(a schedule.Attempt) error
}

var errLate = errors.New("late")

func newWorld(t testing.TB, text, in, start string) *world {
	w := &world{t: t}
	w.now = moment(t, start)
	w.job = &schedule.Job{Name: "nightly", Spec: spec(t, text, in), CatchUp: 5, Late: func(err error) bool { return errors.Is(err, errLate) }}
	w.job.Done = func(context.Context) ([]calendar.Day, error) { return slices.Sorted(slices.Values(w.done)), nil }
	w.job.Run = func(_ context.Context, a schedule.Attempt) error {
		w.calls = append(w.calls, fmt.Sprintf("%s at %s", a.AsOf, w.now.Format("01-02 15:04")))
		if w.fail != nil {
			if err := w.fail(a); err != nil {
				return err
			}
		}
		w.done = append(w.done, a.AsOf)
		return nil
	}
	w.job.Observe = func(e schedule.Event) { w.events = append(w.events, e.What+" "+e.AsOf.String()) }
	return w
}

// live runs the scheduler until the clock shows end.
func (w *world) live(end string) { w.liveUntil(moment(w.t, end)) }

func (w *world) liveUntil(end time.Time) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	c := w.clock.clock()
	sleep := c.Sleep
	c.Sleep = func(ctx context.Context, d time.Duration) error {
		err := sleep(ctx, d)
		if !w.now.Before(end) && w.now.Before(end.Add(24*time.Hour)) { // and not in a future that is none
			stop()
			return context.Canceled
		}
		return err
	}
	if err := schedule.Serve(ctx, c, 0, w.job); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) expect(what string, got []string, want ...string) {
	w.t.Helper()
	if d := gocmp.Diff(want, got); d != "" {
		w.t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func TestAFreshDeploymentMakesTheNightThatIsDueAndThenEveryOne(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "Asia/Shanghai", "2026-01-31T02:00:00Z")
	w.live("2026-02-01T20:00:00Z")
	w.expect("calls", w.calls, "2026-01-30 at 01-31 02:00", "2026-01-31 at 01-31 19:00", "2026-02-01 at 02-01 19:00")
}

func TestMissedNightsAreCaughtUpInOrder(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-05T12:00:00Z")
	w.done = []calendar.Day{calendar.Of(2026, 1, 1)}
	w.live("2026-01-05T13:00:00Z")
	w.expect("calls", w.calls, "2026-01-02 at 01-05 12:00", "2026-01-03 at 01-05 12:00", "2026-01-04 at 01-05 12:00")
}

func TestNightsMissedLongAgoAreTold(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-05T12:00:00Z")
	w.job.CatchUp = 2
	w.done = []calendar.Day{calendar.Of(2026, 1, 1)}
	w.live("2026-01-05T13:00:00Z")
	w.expect("events", w.events, "skipped 2026-01-02", "done 2026-01-03", "done 2026-01-04")
}

func TestALateNightIsTriedUntilItsDeadlineWithItsOwnDate(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-05T02:30:00Z")
	w.done = []calendar.Day{calendar.Of(2026, 1, 3)}
	w.job.Patience = schedule.Patience{Deadline: 40 * time.Minute, First: 10 * time.Minute, Longest: 15 * time.Minute}
	var last []bool
	w.fail = func(a schedule.Attempt) error { last = append(last, a.Last); return errLate }
	w.live("2026-01-06T02:30:00Z")
	w.expect("calls", w.calls, "2026-01-04 at 01-05 03:00", "2026-01-04 at 01-05 03:10", "2026-01-04 at 01-05 03:25", "2026-01-04 at 01-05 03:40")
	w.expect("events", w.events, "waiting 2026-01-04", "waiting 2026-01-04", "waiting 2026-01-04", "given_up 2026-01-04")
	if !slices.Equal(last, []bool{false, false, false, true}) {
		t.Errorf("last calls: %v", last)
	}
	// at the next firing it comes first, and once; its deadline has passed
	w.calls, w.fail = nil, nil
	w.live("2026-01-06T04:00:00Z")
	w.expect("calls", w.calls, "2026-01-04 at 01-06 02:30", "2026-01-05 at 01-06 03:00")
}

func TestANightThatComesAfterMidnightKeepsItsDate(t *testing.T) {
	w := newWorld(t, "30 23 * * *", "UTC", "2026-01-05T23:00:00Z")
	w.done = []calendar.Day{calendar.Of(2026, 1, 3)}
	w.job.Patience = schedule.Patience{Deadline: 3 * time.Hour, First: time.Hour}
	w.fail = func(schedule.Attempt) error {
		if w.now.Before(moment(t, "2026-01-06T00:20:00Z")) {
			return errLate
		}
		return nil
	}
	w.live("2026-01-06T12:00:00Z")
	w.expect("calls", w.calls, "2026-01-04 at 01-05 23:30", "2026-01-04 at 01-06 00:30")
}

// The night of the 3rd is given up, that of the 4th is made all the same; the 3rd comes first at each firing, until its
// dumps are there.
func TestLaterNightsDoNotWaitForOneThatIsGivenUp(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-05T12:00:00Z")
	w.done = []calendar.Day{calendar.Of(2026, 1, 2)}
	w.job.Patience = schedule.Patience{Deadline: time.Hour, Retries: 1, First: 5 * time.Minute}
	w.fail = func(a schedule.Attempt) error {
		switch {
		case a.AsOf != calendar.Of(2026, 1, 3) || w.now.After(moment(t, "2026-01-07T00:00:00Z")):
			return nil
		case w.now.After(moment(t, "2026-01-06T00:00:00Z")):
			return errLate
		}
		return errors.New("broken")
	}
	w.live("2026-01-08T04:00:00Z")
	w.expect("calls", w.calls, "2026-01-03 at 01-05 12:00", "2026-01-03 at 01-05 12:05", "2026-01-04 at 01-05 12:05",
		"2026-01-03 at 01-06 03:00", "2026-01-05 at 01-06 03:00", "2026-01-03 at 01-07 03:00", "2026-01-06 at 01-07 03:00", "2026-01-07 at 01-08 03:00")
	w.expect("events", w.events, "retried 2026-01-03", "given_up 2026-01-03", "done 2026-01-04", "given_up 2026-01-03", "done 2026-01-05",
		"done 2026-01-03", "done 2026-01-06", "done 2026-01-07")
}

// Two dumps are late beyond the first one's deadline and come while the second is waited for: the first is made first.
func TestWhatIsWaitedForDoesNotGoBeforeWhatWasGivenUp(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-05T02:00:00Z")
	w.done = []calendar.Day{calendar.Of(2026, 1, 3)}
	w.job.Patience = schedule.Patience{Deadline: 2 * time.Hour, First: time.Hour, Longest: time.Hour}
	w.fail = func(a schedule.Attempt) error {
		if w.now.Before(moment(t, "2026-01-06T04:30:00Z")) {
			return errLate
		}
		return nil
	}
	w.live("2026-01-06T06:00:00Z")
	w.expect("events", w.events, "waiting 2026-01-04", "waiting 2026-01-04", "given_up 2026-01-04",
		"given_up 2026-01-04", "waiting 2026-01-05", "waiting 2026-01-05", "done 2026-01-04", "done 2026-01-05")
}

// A hole is come back to as long as it is one of the last catch_up nights, and never from before the first night that is done.
func TestHolesAreNotLookedForForever(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-10T12:00:00Z")
	w.job.CatchUp = 3
	for _, d := range []int{1, 2, 4, 6, 8} {
		w.done = append(w.done, calendar.Of(2026, 1, d))
	}
	w.live("2026-01-10T13:00:00Z")
	w.expect("events", w.events, "done 2026-01-07", "done 2026-01-09")

	w = newWorld(t, "0 3 * * *", "UTC", "2026-01-10T12:00:00Z")
	w.done = []calendar.Day{calendar.Of(2026, 1, 8)}
	w.live("2026-01-10T13:00:00Z")
	w.expect("events", w.events, "done 2026-01-09")
}

func TestWhatCannotBeMendedIsNotTriedAgain(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-05T12:00:00Z")
	w.job.Patience.Retries = 3
	gate := errors.New("a gate")
	w.job.Final = func(err error) bool { return errors.Is(err, gate) }
	w.fail = func(schedule.Attempt) error { return gate }
	w.live("2026-01-05T14:00:00Z")
	w.expect("events", w.events, "given_up 2026-01-04")
}

func TestAPanicIsAFailure(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-05T12:00:00Z")
	w.job.Patience.Retries = 1
	w.fail = func(a schedule.Attempt) error {
		if a.Number == 1 {
			panic("bug")
		}
		return nil
	}
	w.live("2026-01-05T14:00:00Z")
	w.expect("events", w.events, "retried 2026-01-04", "done 2026-01-04")
}

func TestWithoutAMemoryNothingIsCaughtUp(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-05T12:00:00Z")
	w.job.Done = nil
	w.live("2026-01-07T04:00:00Z")
	w.expect("calls", w.calls, "2026-01-05 at 01-06 03:00", "2026-01-06 at 01-07 03:00")
}

// set lets the clock jump once, when it passes a moment.
func (w *world) set(at, to string) {
	from, target := moment(w.t, at), moment(w.t, to)
	before := w.slept
	set := false
	w.slept = func(c *clock, d time.Duration) {
		if before != nil {
			before(c, d)
		} else {
			c.now = c.now.Add(d)
		}
		if !set && !c.now.Before(from) {
			c.now, set = target, true
		}
	}
}

func TestTheClockIsSet(t *testing.T) {
	for _, c := range []struct {
		name, at, to, end string
		remembers         bool
		want              []string
	}{
		{"forward over a night", "2026-01-05T02:00:00Z", "2026-01-05T05:00:00Z", "2026-01-06T04:00:00Z", true,
			[]string{"2026-01-04 at 01-05 05:00", "2026-01-05 at 01-06 03:00"}},
		{"forward over three nights", "2026-01-05T02:00:00Z", "2026-01-07T05:00:00Z", "2026-01-08T04:00:00Z", true,
			[]string{"2026-01-04 at 01-07 05:00", "2026-01-05 at 01-07 05:00", "2026-01-06 at 01-07 05:00", "2026-01-07 at 01-08 03:00"}},
		{"back over a night that is done", "2026-01-05T03:30:00Z", "2026-01-05T02:30:00Z", "2026-01-06T04:00:00Z", true,
			[]string{"2026-01-04 at 01-05 03:00", "2026-01-05 at 01-06 03:00"}},
		{"back over it, and nobody remembers", "2026-01-05T03:30:00Z", "2026-01-05T02:30:00Z", "2026-01-06T04:00:00Z", false,
			[]string{"2026-01-04 at 01-05 03:00", "2026-01-05 at 01-06 03:00"}},
		{"back by days", "2026-01-05T03:30:00Z", "2026-01-01T02:30:00Z", "2026-01-06T04:00:00Z", true,
			[]string{"2026-01-04 at 01-05 03:00", "2026-01-05 at 01-06 03:00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, "0 3 * * *", "UTC", "2026-01-04T12:00:00Z")
			w.done = []calendar.Day{calendar.Of(2026, 1, 3)}
			if !c.remembers {
				w.job.Done = nil
			}
			w.set(c.at, c.to)
			w.live(c.end)
			w.expect("calls", w.calls, c.want...)
		})
	}
}

// A clock that was years ahead for an hour: what it asked for meanwhile is late, and the nights after are made.
func TestAClockThatWasWrongForAWhile(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-04T12:00:00Z")
	w.done = []calendar.Day{calendar.Of(2026, 1, 3)}
	w.job.Patience = schedule.Patience{Deadline: 6 * time.Hour, First: time.Minute, Longest: time.Minute}
	w.fail = func(a schedule.Attempt) error {
		if a.AsOf > calendar.Of(2026, 1, 31) {
			return errLate
		}
		return nil
	}
	w.set("2026-01-04T12:30:00Z", "2031-06-01T04:00:00Z")
	w.set("2031-06-01T05:00:00Z", "2026-01-04T13:30:00Z")
	w.live("2026-01-06T04:00:00Z")
	var nights []string
	for _, d := range w.done[1:] {
		nights = append(nights, d.String())
	}
	w.expect("nights", nights, "2026-01-04", "2026-01-05")
}

func TestStopDuringACall(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-05T12:00:00Z")
	looked, asked := make(chan struct{}), make(chan struct{})
	c := w.clock.clock()
	c.Sleep = func(ctx context.Context, d time.Duration) error { // the grace, over when the call has looked
		if d != 25*time.Second {
			t.Errorf("the grace is %s", d)
		}
		<-looked
		close(asked)
		return nil
	}
	w.job.Run = func(ctx context.Context, _ schedule.Attempt) error {
		stop()
		if ctx.Err() != nil {
			t.Error("the call ended with the scheduler, without grace")
		}
		close(looked)
		<-ctx.Done()
		return ctx.Err()
	}
	if err := schedule.Serve(ctx, c, 25*time.Second, w.job); err != nil {
		t.Fatal(err)
	}
	<-asked
	w.expect("events", w.events, "stopped 2026-01-04")
}

func TestACallThatEndsInTimeIsDone(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-05T12:00:00Z")
	c := w.clock.clock()
	c.Sleep = func(ctx context.Context, _ time.Duration) error { <-ctx.Done(); return ctx.Err() }
	w.fail = func(schedule.Attempt) error { stop(); return nil }
	if err := schedule.Serve(ctx, c, time.Hour, w.job); err != nil {
		t.Fatal(err)
	}
	w.expect("events", w.events, "done 2026-01-04")
}

func TestABucketThatCannotBeAskedIsAskedAgain(t *testing.T) {
	w := newWorld(t, "0 3 * * *", "UTC", "2026-01-05T12:00:00Z")
	done, n := w.job.Done, 0
	w.job.Done = func(ctx context.Context) ([]calendar.Day, error) {
		if n++; n <= 2 {
			return nil, errors.New("no bucket")
		}
		return done(ctx)
	}
	w.live("2026-01-05T13:00:00Z")
	w.expect("events", w.events, "blind 1970-01-01", "blind 1970-01-01", "done 2026-01-04")
	w.expect("calls", w.calls, "2026-01-04 at 01-05 12:02")
}

// Whatever the zone, the hour, the restarts, the failures and the clock: in the end every night is done, once.
func TestNoNightTwiceNoneSkipped(t *testing.T) {
	zones := []string{"Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Auckland", "UTC"}
	rapid.Check(t, func(r *rapid.T) {
		in := rapid.SampledFrom(zones).Draw(r, "zone")
		text := fmt.Sprintf("%d %d * * *", rapid.SampledFrom([]int{0, 15, 30, 59}).Draw(r, "minute"), rapid.IntRange(0, 23).Draw(r, "hour"))
		start := rapid.SampledFrom([]string{"2018-10-30", "2024-02-26", "2026-03-05", "2026-03-26", "2026-10-22", "2026-12-29"}).Draw(r, "start")
		w := newWorld(t, text, in, start+"T00:00:00Z")
		w.job.CatchUp = 30
		w.job.Patience = schedule.Patience{Deadline: 2 * time.Hour, Retries: 1, First: 20 * time.Minute}
		begin := w.now
		w.done = []calendar.Day{calendar.Of(begin.Add(-48 * time.Hour).Date())}
		// All is drawn here: the scheduler calls from goroutines of its own, where rapid may not draw.
		outcomes := rapid.SliceOfN(rapid.SampledFrom([]error{nil, nil, errLate, errors.New("broken")}), 40, 40).Draw(r, "outcomes")
		w.fail = func(schedule.Attempt) error { return outcomes[len(w.calls)%len(outcomes)] }
		sleeps, set := 0, rapid.MapOfN(rapid.IntRange(0, 20_000), rapid.IntRange(-90, 90), 0, 60).Draw(r, "minutes the clock is set by, after so many sleeps")
		w.slept = func(c *clock, d time.Duration) {
			c.now = c.now.Add(d + time.Duration(set[sleeps])*time.Minute)
			sleeps++
		}
		for range 4 { // lives, with time between them
			w.liveUntil(w.now.Add(time.Duration(rapid.IntRange(1, 60).Draw(r, "hours")) * time.Hour))
			w.now = w.now.Add(time.Duration(rapid.IntRange(0, 30).Draw(r, "down")) * time.Hour)
		}
		w.fail, w.slept = nil, nil
		w.liveUntil(w.now.Add(50 * time.Hour))
		last, _ := w.job.Spec.Last(w.now.Add(-time.Second)) // what is due at the very end has no time left
		if newest := slices.Max(w.done); newest != last.AsOf {
			r.Fatalf("the last night done is %s, due is %s", newest, last.AsOf)
		}
		slices.Sort(w.done) // one that was given up is made after later ones
		for i := 1; i < len(w.done); i++ {
			if w.done[i] != w.done[i-1]+1 {
				r.Fatalf("nights done: %v", w.done)
			}
		}
	})
}
