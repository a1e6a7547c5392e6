package jobs

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/transforms/calendar"
)

func TestStandingAfterARun(t *testing.T) {
	day := func(d int) *calendar.Day { v := calendar.Of(2026, 1, d); return &v }
	fresh := func(d, sequence int) Standing {
		return Standing{AsOf: *day(d), State: StandingFresh, Newest: day(d), Sequence: sequence}
	}
	late := fmt.Errorf("night: %w", ErrLate)
	waiting := Standing{AsOf: *day(11), State: StandingStale, Late: true, Reason: late.Error(), Newest: day(10), Sequence: 1}
	with := func(s Standing, change func(*Standing)) Standing { change(&s); return s }
	for _, c := range []struct {
		name   string
		before Standing
		run    Outcome
		cause  error
		want   Standing
	}{
		{"the next night is published", fresh(10, 3), Outcome{AsOf: *day(11), Sequence: 1}, nil, fresh(11, 1)},
		{"the same night is corrected", fresh(10, 1), Outcome{AsOf: *day(10), Sequence: 2}, nil, fresh(10, 2)},
		{"the next night is late", fresh(10, 1), Outcome{AsOf: *day(11)}, late, waiting},
		{"the next night fails", fresh(10, 1), Outcome{AsOf: *day(11)}, errors.New("broken"),
			Standing{AsOf: *day(11), State: StandingStale, Reason: "broken", Newest: day(10), Sequence: 1}},
		{"it comes at last", waiting, Outcome{AsOf: *day(11), Sequence: 1}, nil, fresh(11, 1)},
		{"an older night is corrected meanwhile", waiting, Outcome{AsOf: *day(9), Sequence: 2}, nil, waiting},
		{"the newest is corrected meanwhile", waiting, Outcome{AsOf: *day(10), Sequence: 2}, nil, with(waiting, func(s *Standing) { s.Sequence = 2 })},
		{"a correction of the newest fails", fresh(10, 1), Outcome{AsOf: *day(10)}, errors.New("broken"),
			with(fresh(10, 1), func(s *Standing) { s.Reason = "broken" })},
		{"a correction of the newest waits for a dump", fresh(10, 1), Outcome{AsOf: *day(10)}, late,
			with(fresh(10, 1), func(s *Standing) { s.Late, s.Reason = true, late.Error() })},
		{"then it comes", with(fresh(10, 1), func(s *Standing) { s.Reason = "broken" }), Outcome{AsOf: *day(10), Sequence: 2}, nil, fresh(10, 2)},
		{"an older night fails", fresh(10, 1), Outcome{AsOf: *day(9)}, late, fresh(10, 1)},
		{"an older night is the first of all", Standing{AsOf: *day(11), State: StandingStale, Reason: "x"}, Outcome{AsOf: *day(9), Sequence: 1}, nil,
			Standing{AsOf: *day(11), State: StandingStale, Reason: "x", Newest: day(9), Sequence: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.before.after(c.run, c.cause)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
