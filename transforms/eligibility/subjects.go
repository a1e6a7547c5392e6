package eligibility

import (
	"fmt"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// Measure tells a figure of a subject; NaN: not known tonight. It is made of what others hold when it is asked for, by any
// number of goroutines.
type Measure func(subject int) float64

// Subjects are all subjects of one role. A subject is its position: 0 … N-1, by published id ascending, so that the
// smaller position wins ties. Every column has length N unless it says that it may be nil.
type Subjects struct {
	N        int
	Shop     []int32            // products: position of the shop among merchants, UnknownShop, or a number below that; nil for other roles
	Category *column.Ints       // dense number of the level-1 category, -1: none
	Measures map[string]Measure // those of rules.Measures that are no scores; none: not known tonight
	Lower    Measure            // conservative score of the role's own score, NaN: none
	GMVNet15 *column.Ints       // fen, 30 days
	Orders   *column.Ints       // valid orders, 30 days
	Info     Measure            // 信息质量分, order of the cold start; NaN last; nil: by position
	// ShopScores are the scores of the shops as History has them, by position of the shop: products share those of their
	// Shop. nil: History has them by subject.
	ShopScores [][]int16
	// ColdStart marks subjects that have no score for want of orders; nil: none.
	ColdStart []bool
	// Grades are those of tonight's own score, positions in Rules.Grades, -1: no score. Behind the quality gate they are worse than the
	// score, and levels read off tonight's own score are no better. nil: grades are what scores say.
	Grades []int8
	// Workers judge subjects side by side; what they decide does not depend on how many there are. 0: one.
	Workers int
}

// UnknownShop stands where nobody knows whose a product is: nothing is known of its shop's score and tickets. Numbers below it are of shops that are none of
// the merchants, each its own: no snapshot lists them and they sold nothing lately, so they have no score.
const UnknownShop int32 = -1

// each has work done for all subjects, by several workers. A panic of one is that of the caller.
func (s *Subjects) each(work func(subject int)) {
	must(column.Ranges(s.N, s.Workers, func(from, to int) {
		for subject := from; subject < to; subject++ {
			work(subject)
		}
	}))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// History holds the scores of rules.ScoreMeasures over the runs: History[measure][run][subject] in hundredths, 0: no
// score on that run. Run 0 is tonight, then the runs before it, newest first; a date without a run does not appear. It may
// be as short as it is; no run at all, or no measure, means that nobody has that score tonight.
type History map[string][][]int16

// Before is what the list of the run before said of each subject of tonight; zero values where a subject is new. Its
// slices are those of that night's Decision, of the same names, brought into tonight's order.
type Before struct {
	Member, Standing       []bool
	PassStreak, FailStreak []int16
	Since                  []calendar.Day
	Rank                   []int32
	Level                  []int8
	Multiplier             []float64
	Gates                  GateSpans // of nobody: nothing is known
	Entitled               []bool    // see Outcome; causes and kept lists look at it, nil: nobody
	ColdStart              []bool    // members on places kept for subjects without a score; nil: nobody
	// Moved are members that were in another category then, in any order: on a kept list their places are others.
	Moved []int32
	// Gone are members of that list that are no subjects tonight. They have left.
	Gone []GoneMember
}

// Action is what a person decided about a subject.
type Action uint8

const (
	// Allow makes a member whatever the gates say.
	Allow Action = iota + 1
	// Deny keeps out whatever the gates say.
	Deny
	// OptOut keeps out because the subject asked for it.
	OptOut
	// Appeal marks a subject whose decision is disputed. It changes nothing.
	Appeal
)

var actionNames = [...]string{Allow: "allow", Deny: "deny", OptOut: "opt_out", Appeal: "appeal"}

// String is the name of the action as inputs have it.
func (a Action) String() string { return actionNames[a] }

// ParseAction reads what String writes; false for anything else.
func ParseAction(s string) (Action, bool) {
	for a := Allow; a <= Appeal; a++ {
		if actionNames[a] == s {
			return a, true
		}
	}
	return 0, false
}

// Override is a person's decision about one subject and list.
type Override struct {
	Action         Action
	Reason, Author string
	// From and To are the first and the last day on which it is valid; a zero To has no end.
	From, To calendar.Day
}

// validOn tells whether the override holds on a day.
func (o Override) validOn(day calendar.Day) bool {
	return o.From <= day && (o.To == 0 || day <= o.To)
}

// check panics on slices of wrong length.
func (s *Subjects) check() {
	mustHave(s.N, "category", s.Category.Len())
	mustHave(s.N, "gmv", s.GMVNet15.Len())
	mustHave(s.N, "orders", s.Orders.Len())
	if s.Shop != nil || s.ShopScores != nil { // their history is by shop
		mustHave(s.N, "shop", len(s.Shop))
	}
	if s.ColdStart != nil {
		mustHave(s.N, "cold start", len(s.ColdStart))
	}
	if s.Grades != nil {
		mustHave(s.N, "grades", len(s.Grades))
	}
}

// check panics on slices of wrong length. A nil Before is the first run.
func (b *Before) check(n int) {
	if b == nil {
		return
	}
	mustHave(n, "member before", len(b.Member))
	mustHave(n, "standing before", len(b.Standing))
	mustHave(n, "pass streak before", len(b.PassStreak))
	mustHave(n, "fail streak before", len(b.FailStreak))
	mustHave(n, "since before", len(b.Since))
	mustHave(n, "rank before", len(b.Rank))
	mustHave(n, "level before", len(b.Level))
	mustHave(n, "multiplier before", len(b.Multiplier))
	if b.Entitled != nil {
		mustHave(n, "entitled before", len(b.Entitled))
	}
	if b.ColdStart != nil {
		mustHave(n, "cold start before", len(b.ColdStart))
	}
	if b.Gates.Of != nil {
		mustHave(n, "gates before", len(b.Gates.Of))
	}
}

func mustHave(n int, what string, got int) {
	if got != n {
		panic(fmt.Sprintf("eligibility: %s has %d values for %d subjects", what, got, n))
	}
}
