package eligibility

import (
	"math/bits"
	"strings"
)

// Reason is a code that explains a part of a decision. Codes are in the order in which they are shown.
type Reason uint8

const (
	// GateFailed: a gate is not reached; Decision.Failed says which.
	GateFailed Reason = iota
	// ShortHistory: a gate needs more scored runs.
	ShortHistory
	// NoScore: a gate asks for a score and there is none tonight.
	NoScore
	// Unknown: a gate asks for a measure other than a score that is not known tonight, for a dimension of a score that is there without it, or
	// for the score of a shop that nobody knows.
	Unknown
	// WaitingToEnter: all gates pass, not yet for enough runs.
	WaitingToEnter
	// HeldInBand: below a threshold by less than the band; who stood goes on standing.
	HeldInBand
	// LeavingSlowly: gates fail, not yet for enough runs.
	LeavingSlowly
	// AtOnce: stood before, and a gate that waits for no streak failed, such as one on severe violations.
	AtOnce
	// ZeroWeight: stands, but the level's multiplier is 0: tonight's, on a held list too, whose own multipliers are kept.
	ZeroWeight
	// ShopCap: stands, but its shop has all places of the category that it may have.
	ShopCap
	// ColdStart: a member on a place kept for subjects without a score.
	ColdStart
	// OverrideAllow: a person let it in; Decision.Overrides says who and why, as for the three that follow.
	OverrideAllow
	// OverrideDeny: a person keeps it out.
	OverrideDeny
	// OverrideOptOut: it asked to be out.
	OverrideOptOut
	// OverrideAppeal: disputed; the decision is that of the gates.
	OverrideAppeal
	// FirstRun: passes on the first run of the list and entered without a streak.
	FirstRun
	// Stale: an input is late; this is the decision of the run before.
	Stale
	// ChurnHeld: too much of the list would have turned over; this is the decision of the run before. Gates and ZeroWeight are tonight's.
	ChurnHeld
	// Gone: was a member, and is no subject any more: in no snapshot, and without sales. Only rows of such members have it.
	Gone
	// OwnAccount: the same of an account that a shop owns now, and whose score judges it.
	OwnAccount
)

var reasonNames = [...]string{
	GateFailed: "gate_failed", ShortHistory: "history_short", NoScore: "no_score", Unknown: "not_known",
	WaitingToEnter: "waiting_to_enter", HeldInBand: "held_in_band", LeavingSlowly: "leaving_slowly", AtOnce: "severe_at_once",
	ZeroWeight: "zero_weight", ShopCap: "shop_cap", ColdStart: "cold_start",
	OverrideAllow: "override_allow", OverrideDeny: "override_deny", OverrideOptOut: "override_opt_out", OverrideAppeal: "override_appeal",
	FirstRun: "first_run", Stale: "stale", ChurnHeld: "churn_held", Gone: "gone", OwnAccount: "own_account",
}

// String is the code as tables have it.
func (r Reason) String() string { return reasonNames[r] }

// Reasons is a set of reasons.
type Reasons uint32

// add puts a reason into the set.
func (s *Reasons) add(r Reason) { *s |= 1 << r }

// Has tells whether a reason is in the set.
func (s Reasons) Has(r Reason) bool { return s>>r&1 == 1 }

// Codes appends the reasons of the set to buf, in the order of their declaration.
func (s Reasons) Codes(buf []Reason) []Reason {
	for rest := uint32(s); rest != 0; rest &= rest - 1 {
		buf = append(buf, Reason(bits.TrailingZeros32(rest)))
	}
	return buf
}

// String lists the codes, separated by commas.
func (s Reasons) String() string {
	var names []string
	for _, r := range s.Codes(nil) {
		names = append(names, r.String())
	}
	return strings.Join(names, ",")
}

// Movement is what happened to a subject's membership since the run before.
type Movement uint8

const (
	// Out: no member, neither before nor now.
	Out Movement = iota
	// Entered: a member now, not before.
	Entered
	// Stayed: a member before and now.
	Stayed
	// Left: a member before, not now.
	Left
)

var movementNames = [...]string{Out: "out", Entered: "entered", Stayed: "stayed", Left: "left"}

// String is the movement as tables have it.
func (m Movement) String() string { return movementNames[m] }

// movement between two nights.
func movement(before, now bool) Movement {
	switch {
	case before && now:
		return Stayed
	case before:
		return Left
	case now:
		return Entered
	}
	return Out
}
