package lift

import (
	"fmt"

	"github.com/windvane/windvane/transforms/calendar"
)

// Plan fixes what is observed of a pair.
type Plan struct {
	OutcomeDays int           // from the day e of first eligibility on: [e, e+OutcomeDays-1]; at most MaxOutcomeDays
	PreDays     int           // before it: [e-PreDays, e-1]
	Since       *calendar.Day // first day of eligibility that counts; nil: the first quarter that the history kept covers
}

// DefaultPlan is an outcome of two weeks and a covariate of four (definitions, section 9).
func DefaultPlan() Plan { return Plan{OutcomeDays: 14, PreDays: 28} }

// MaxOutcomeDays bounds the outcome window.
const MaxOutcomeDays = 255

// familyDays is how many days of the single-day family are kept.
const familyDays = 90

// Validate refuses windows that cannot be stored.
func (p Plan) Validate() error {
	if p.OutcomeDays < 1 || p.OutcomeDays > MaxOutcomeDays || p.PreDays < 0 {
		return fmt.Errorf("an outcome of %d days after %d days before: 1 to %d days, 0 or more before", p.OutcomeDays, p.PreDays, MaxOutcomeDays)
	}
	return nil
}

// Start is the first day of eligibility that counts, given the first day of the history kept. It must not depend on
// which nights were run: where Since says nothing, or more than the history covers, it is the first day of a quarter, the
// first one all of whose pairs have their days before eligibility in the history. It moves once a quarter, not every night.
func (p Plan) Start(first calendar.Day) calendar.Day {
	earliest := first + calendar.Day(p.PreDays)
	if p.Since != nil && *p.Since >= earliest {
		return *p.Since
	}
	start := earliest.Quarter()
	if start < earliest {
		start = start.AddMonths(3)
	}
	return start
}

// Seen is the first day of eligibility that is looked at, given Start and the first day of the history kept. Who was eligible from then on, but
// before Start, had been treated before anything is observed of it, and is left out. It is the first day of a quarter where Since leaves
// that much of the history before it, and covers the days before eligibility of all that count; like Start it moves once a quarter at most.
func (p Plan) Seen(start, first calendar.Day) calendar.Day {
	seen := start - calendar.Day(p.PreDays)
	if p.Since == nil || start != *p.Since {
		return seen
	}
	quarter := first.Quarter()
	if quarter < first {
		quarter = quarter.AddMonths(3)
	}
	return min(seen, quarter)
}

// outcome and before are the first and last day of the windows of a pair that entered on e.
func (p *Plan) outcome(e calendar.Day) (from, to calendar.Day) {
	return e, e + calendar.Day(p.OutcomeDays) - 1
}

func (p *Plan) before(e calendar.Day) (from, to calendar.Day) {
	return e - calendar.Day(p.PreDays), e - 1
}

// lengths of the periods in days of entry; 0: since the start.
var lengths = [...]calendar.Day{30, 90, 0}

const periods = len(lengths)

var periodNames = [periods]string{"30d", "90d", "all"}

// periodsOf are the periods of a night.
func (p *Plan) periodsOf(start, asOf calendar.Day) []Period {
	out := make([]Period, periods)
	to := asOf - calendar.Day(p.OutcomeDays) + 1
	for i, days := range lengths {
		out[i] = Period{Name: periodNames[i], From: to - days + 1, To: to}
		if days == 0 {
			out[i].From = start
		}
	}
	return out
}
