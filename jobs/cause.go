package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// Causes of failed attempts.
const (
	CauseLate    = "late"    // inputs have not come
	CauseInput   = "input"   // a dump is broken
	CauseGate    = "gate"    // the night looks unlike the days before
	CauseDamage  = "damage"  // something published is not what its manifest says
	CauseStopped = "stopped" // the process was told to end
	CauseBug     = "bug"     // a broken invariant of ours
	CauseOther   = "other"   // storage, disk, another run

	CauseUnfinished = "unfinished" // of a night without a published run: its last attempt left tables and no outcome
)

// CauseOf says what kind of failure an error is.
func CauseOf(err error) string {
	switch {
	case errors.Is(err, ErrLate):
		return CauseLate
	case errors.Is(err, context.Canceled):
		return CauseStopped
	case errors.Is(err, ErrInput):
		return CauseInput
	case errors.Is(err, ErrGate):
		return CauseGate
	case errors.Is(err, ErrDamaged):
		return CauseDamage
	case errors.Is(err, column.ErrInternal):
		return CauseBug
	}
	return CauseOther
}

// Advice is what to type next, by the cause of a failure; docs/runbook.md says more.
func Advice(cause string, asOf calendar.Day) string {
	switch cause {
	case CauseLate:
		return fmt.Sprintf("windvane plan --date %s   # says what is missing; run it when the dump is there", asOf)
	case CauseInput:
		return fmt.Sprintf("windvane validate --date %s   # reads the dumps as the night does", asOf)
	case CauseGate:
		return fmt.Sprintf("windvane run --date %s --accept-gates REASON   # if the dumps are right", asOf)
	case CauseDamage:
		return "windvane verify   # names the damaged file"
	case CauseBug:
		return fmt.Sprintf("windvane version && windvane run --date %s --verbose   # report both with the stack", asOf)
	}
	return fmt.Sprintf("windvane run --date %s   # running again is safe", asOf)
}
