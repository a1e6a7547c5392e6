package jobs

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
)

// Simulation is what the lists of some nights would have been under other rules.
type Simulation struct {
	From   calendar.Day     `json:"from"`
	To     calendar.Day     `json:"to"`
	Rules  RulesRef         `json:"rules"`  // that were tried
	Small  string           `json:"small"`  // who counts as small
	Totals []ListTotal      `json:"totals"` // over all nights
	Nights []SimulatedNight `json:"nights"` // the last one first
}

// SimulatedNight is one night under other rules. Lists stand in the order of the rules tried; those they no longer
// have come last.
type SimulatedNight struct {
	AsOf   calendar.Day    `json:"as_of"`
	Before Baseline        `json:"before"`
	Cold   bool            `json:"cold_start"` // there was no night before to rest on
	Notes  []string        `json:"notes"`      // what to bear in mind when reading the figures
	Lists  []SimulatedList `json:"lists"`
	Quota  *SimulatedQuota `json:"traffic_quota"` // null: the list that shares the pool was not asked for
}

// Baseline is what a simulated night is held against.
type Baseline struct {
	Published bool     `json:"published"`            // false: nothing is published of the date; it was simulated as well
	Sequence  int      `json:"sequence,omitempty"`   // of the published commit
	Rules     RulesRef `json:"rules"`                // that it went by
	Cold      bool     `json:"cold_start,omitempty"` // simulated without a night before
}

// SimulatedList is one list of one night.
type SimulatedList struct {
	List     string `json:"list"`
	Name     string `json:"name"`
	Resource string `json:"resource"`
	Role     string `json:"role"`
	Formerly string `json:"formerly,omitempty"`      // the id that it has before; empty: the same
	New      bool   `json:"new,omitempty"`           // only the rules tried have it
	Dropped  bool   `json:"dropped,omitempty"`       // only the rules before have it
	Held     string `json:"would_be_held,omitempty"` // why the churn gate would keep the list of the run before; empty: it would not
	Turnover
	Levels     []LevelMembers     `json:"levels"`
	Categories []CategoryTurnover `json:"categories"` // of level 1, by id
	Entering   []ListMover        `json:"entering"`   // largest gmv_net_15 first
	Leaving    []ListMover        `json:"leaving"`
}

// ListTotal is one list over all nights: counts, money and weights are sums of nights.
type ListTotal struct {
	List     string `json:"list"`
	Name     string `json:"name"`
	Resource string `json:"resource"`
	Role     string `json:"role"`
	Nights   int    `json:"nights"`
	Held     int    `json:"nights_would_be_held"`
	Turnover
}

// CategoryTurnover is what moves in one category.
type CategoryTurnover struct {
	Category string `json:"category1_id"` // empty: none
	Turnover
}

// LevelMembers is how many members have a level.
type LevelMembers struct {
	Level  string `json:"level"` // empty: none, as on the cold start
	Before int64  `json:"before"`
	After  int64  `json:"after"`
}

// Turnover is what moves from the lists before to those under the rules tried. Shares are ratios; null where there is
// nothing to share.
type Turnover struct {
	Considered int64    `json:"considered"` // subjects
	Before     int64    `json:"members_before"`
	After      int64    `json:"members_after"`
	Entered    int64    `json:"entered"`
	Left       int64    `json:"left"`
	Stayed     int64    `json:"stayed"`
	TurnedOver *float64 `json:"turned_over_share"` // entered and left of all who are on either list

	ConsideredFen *int64   `json:"gmv_net15_considered_fen"` // gmv_net_15 of 30 days; null: refunds not known of the whole window
	EnteredFen    *int64   `json:"gmv_net15_entered_fen"`
	LeftFen       *int64   `json:"gmv_net15_left_fen"`
	EnteredShare  *float64 `json:"gmv_net15_entered_share"` // of all considered
	LeftShare     *float64 `json:"gmv_net15_left_share"`

	SmallBefore      int64    `json:"small_before"` // members of small merchants
	SmallAfter       int64    `json:"small_after"`
	SmallShareBefore *float64 `json:"small_before_share"` // of members
	SmallShareAfter  *float64 `json:"small_after_share"`

	WeightBefore float64 `json:"multipliers_before"` // their sum: the weight of the traffic
	WeightAfter  float64 `json:"multipliers_after"`
	Raised       int64   `json:"multiplier_raised"` // of those who stay
	Lowered      int64   `json:"multiplier_lowered"`
	LevelMoved   int64   `json:"level_moved"`

	weightBefore, weightAfter int64 // millionths: multipliers have six decimals
}

// ListMover is a subject that enters or leaves.
type ListMover struct {
	Subject  string `json:"subject_id"`
	Name     string `json:"subject_name,omitempty"`
	Merchant string `json:"merchant_id,omitempty"`
	Category string `json:"category1_id,omitempty"`
	Small    bool   `json:"small"`
	Orders   int64  `json:"orders"` // valid orders of 30 days
	Net15    *int64 `json:"gmv_net15_fen"`
	Decides  string `json:"decided_by"` // gates that fail where it is off the list, or else the reasons
	Before   *Place `json:"before"`     // null: not considered
	After    *Place `json:"after"`
}

// Place is what a list says of a subject.
type Place struct {
	Eligible    bool    `json:"eligible"`
	Rank        int64   `json:"rank,omitempty"`
	Level       string  `json:"level,omitempty"`
	Multiplier  float64 `json:"multiplier,omitempty"`
	FailedGates string  `json:"failed_gates"`
	Reasons     string  `json:"reasons"`
}

// add sums counts, money and weights; finish makes the shares.
func (t *Turnover) add(o *Turnover) {
	t.Considered += o.Considered
	t.Before += o.Before
	t.After += o.After
	t.Entered += o.Entered
	t.Left += o.Left
	t.Stayed += o.Stayed
	t.ConsideredFen = addKnown(t.ConsideredFen, o.ConsideredFen)
	t.EnteredFen, t.LeftFen = addKnown(t.EnteredFen, o.EnteredFen), addKnown(t.LeftFen, o.LeftFen)
	t.SmallBefore += o.SmallBefore
	t.SmallAfter += o.SmallAfter
	t.weightBefore += o.weightBefore
	t.weightAfter += o.weightAfter
	t.Raised += o.Raised
	t.Lowered += o.Lowered
	t.LevelMoved += o.LevelMoved
}

// addKnown adds figures of which some are not computable: those that are count.
func addKnown(a, b *int64) *int64 {
	switch {
	case b == nil:
		return a
	case a == nil:
		sum := *b
		return &sum
	}
	sum := *a + *b
	return &sum
}

// finish makes the shares.
func (t *Turnover) finish() {
	t.TurnedOver = shareOf(t.Entered+t.Left, t.Entered+t.Left+t.Stayed)
	t.EnteredShare, t.LeftShare = knownShare(t.EnteredFen, t.ConsideredFen), knownShare(t.LeftFen, t.ConsideredFen)
	t.SmallShareBefore, t.SmallShareAfter = shareOf(t.SmallBefore, t.Before), shareOf(t.SmallAfter, t.After)
	t.WeightBefore, t.WeightAfter = float64(t.weightBefore)/1e6, float64(t.weightAfter)/1e6
}

// shareOf is nil where there is nothing to share.
func shareOf(part, of int64) *float64 {
	if of == 0 {
		return nil
	}
	r := float64(part) / float64(of)
	return &r
}

func knownShare(part, of *int64) *float64 {
	if part == nil || of == nil {
		return nil
	}
	return shareOf(*part, *of)
}

// millionths of a multiplier, which has no more than six decimals.
func millionths(v float64) int64 { return int64(math.Round(v * 1e6)) }

// addUp makes the totals of the nights.
func (s *Simulation) addUp() {
	type key struct{ list, resource string }
	at := map[key]int{}
	s.Totals = []ListTotal{}
	for _, night := range s.Nights {
		for i := range night.Lists {
			l := &night.Lists[i]
			k := key{l.List, l.Resource}
			if _, ok := at[k]; !ok {
				at[k] = len(s.Totals)
				s.Totals = append(s.Totals, ListTotal{List: l.List, Name: l.Name, Resource: l.Resource, Role: l.Role})
			}
			total := &s.Totals[at[k]]
			total.Nights++
			if l.Held != "" {
				total.Held++
			}
			total.add(&l.Turnover)
		}
	}
	for i := range s.Totals {
		s.Totals[i].finish()
	}
}

// sortMovers puts the largest gmv_net_15 first, those without one last, ties by id.
func sortMovers(movers []ListMover) {
	size := func(m ListMover) int64 {
		if m.Net15 == nil {
			return math.MinInt64
		}
		return *m.Net15
	}
	slices.SortFunc(movers, func(a, b ListMover) int {
		return cmp.Or(cmp.Compare(size(b), size(a)), strings.Compare(a.Subject, b.Subject))
	})
}
