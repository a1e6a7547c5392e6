package eligibility

import (
	"math"

	"github.com/windvane/windvane/transforms/rules"
)

// outcome of all gates of a subject on one run.
type outcome uint8

const (
	passing outcome = iota // every gate passes
	between                // every gate that does not pass is in the band
	failing
)

// night is what the gates say of one subject tonight.
type night struct {
	outcome outcome
	failed  uint32 // bit g: gate g does not pass
	reasons Reasons
	atOnce  bool // a gate that waits for no streak failed
}

// judgeAll puts the gates of a subject together.
func (d *Decision) judgeAll(subject int) night {
	var n night
	for i := range d.gates {
		g := &d.gates[i]
		res := g.judge(subject)
		if res.State.Passes() {
			continue
		}
		n.failed |= 1 << i
		n.reasons.add(d.reason(g, res.State, subject))
		if res.Band {
			n.outcome = max(n.outcome, between)
			continue
		}
		n.outcome = failing
		n.atOnce = n.atOnce || g.atOnce && res.State == Failed
	}
	return n
}

// reason why a gate did not pass.
func (d *Decision) reason(g *gate, s State, subject int) Reason {
	switch {
	case s == HistoryShort:
		return ShortHistory
	case s == NotKnown && g.scored && !d.lacksQuality(g, subject) && !g.runs.unknown(subject):
		return NoScore
	case s == NotKnown:
		return Unknown
	}
	return GateFailed
}

// lacksQuality tells whether a gate asks for the quality dimension of a subject that has a score without it: its data are missing, not orders.
func (d *Decision) lacksQuality(g *gate, subject int) bool {
	return g.lever == quality && g.runs.newest(subject) == 0 && d.own.newest(subject) != 0
}

// streaks counts runs: passing ones in a row, failing ones in a row. Between the lines both are 0.
type streaks struct{ pass, fail int16 }

func (s streaks) after(o outcome) streaks {
	switch o {
	case passing:
		return streaks{pass: oneMore(s.pass)}
	case failing:
		return streaks{fail: oneMore(s.fail)}
	}
	return streaks{}
}

// oneMore stays at the largest streak that can be stored; no rule asks for so many.
func oneMore(n int16) int16 { return min(n, math.MaxInt16-1) + 1 }

// stands decides from the standing of the run before, tonight's gates and the streaks with tonight. On the first run
// nobody can have a streak: who passes stands at once, so that a new list is not empty.
func stands(st rules.Stability, stood, first bool, n night, s streaks) (bool, Reasons) {
	reasons := n.reasons
	now := stood
	switch n.outcome {
	case passing:
		now = stood || first || int(s.pass) >= st.EnterAfter
		if !now {
			reasons.add(WaitingToEnter)
		}
		if first {
			reasons.add(FirstRun)
		}
	case between:
		if stood {
			reasons.add(HeldInBand)
		}
	case failing:
		now = stood && !n.atOnce && int(s.fail) < st.LeaveAfter
		if now {
			reasons.add(LeavingSlowly)
		}
		if stood && n.atOnce {
			reasons.add(AtOnce)
		}
	}
	return now, reasons
}
