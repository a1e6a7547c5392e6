package eligibility

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rules"
)

// Decision is one list of one night. Slices have a value for every subject considered, member or not, until Pack.
type Decision struct {
	AsOf               calendar.Day
	ValidFrom, ValidTo calendar.Day // first and last day on which the list is meant to be used
	FirstRun, Stale    bool         // no list before; a list kept because an input is late
	Kept               bool         // the list of the run before, for whatever reason

	Member     []bool
	Standing   []bool         // stands by gates and streaks alone: caps, overrides and cold start aside
	Rank       []int32        // 1-based inside the level-1 category; 0: no member
	Level      []int8         // position in the steps of the first scale, or NoLevel
	Multiplier []float64      // product over the scales, 6 decimals; of no member: what it would be
	PassStreak []int16        // runs in a row, tonight the last, on which all gates passed
	FailStreak []int16        // the same for runs that failed beyond the band
	Since      []calendar.Day // as-of date of the first run in this membership or absence
	Movement   []Movement
	Reasons    []Reasons
	Failed     []uint32 // bit g: gate g of the list does not pass; 0 on stale nights

	// GateSpans say since when each gate stands as it stands.
	GateSpans GateSpans

	// Overrides are those that were valid, by subject.
	Overrides map[int]Override

	list         *rules.List
	s            *Subjects
	gates        []gate
	scales       []scale
	own, quality runs    // tonight's own score and product_quality, if there are any
	packed       *packed // of a packed decision
	under        []bool  // the level is the last step's though the score does not reach it
	gone         []GoneMember
}

// Decide decides one list for one night.
//
// Subjects are of the list's role. Before is nil on the first run of the list ever. Overrides are by subject; those
// valid on the day after asOf, when the list comes into use, win. With stale the list of the run before is kept as it
// is, but for those who were denied or opted out; who is not on it is let in by nobody. Stale on a first run gives a list of nobody,
// which is not to be published.
//
// The decision refers to its arguments; they must not change while it is used.
//
// Source: definitions.md, section 10; what it leaves open: package comment.
func Decide(r *rules.Rules, l *rules.List, asOf calendar.Day, s *Subjects, h History, b *Before, o map[int]Override, stale bool) *Decision {
	s.check()
	b.check(s.N)
	d := newDecision(r, l, asOf, s, h)
	d.FirstRun, d.Stale, d.Kept = b == nil, stale, stale
	if b == nil {
		b = nobody(s.N)
	}
	d.gone = b.Gone
	if stale {
		d.keep(b)
		d.overrideKept(o)
	} else {
		d.applyGates(r.Stability, b)
		d.applyOverrides(o)
		d.coldStart(d.place())
		d.dropLevels()
	}
	d.move(b)
	d.ageGates(b, stale)
	return d
}

// Hold keeps the list of the run before because tonight's would turn over too much of it: Decide with stale, for
// another reason. Tonight's columns are complete, so the gates that do not pass are told, and why, and whose level would weigh nothing;
// levels and multipliers stay those of the list.
func Hold(r *rules.Rules, l *rules.List, asOf calendar.Day, s *Subjects, h History, b *Before, o map[int]Override) *Decision {
	d := Decide(r, l, asOf, s, h, b, o, true)
	d.Stale = false
	d.s.each(func(i int) {
		n := d.judgeAll(i)
		d.Failed[i] = n.failed
		d.Reasons[i] = d.Reasons[i]&^(1<<Stale) | n.reasons
		d.Reasons[i].add(ChurnHeld)
		if n.atOnce {
			d.removeAtOnce(i)
		}
		if d.byGates(i) {
			_, multiplier, _ := weight(d.scales, i)
			d.weighs(i, multiplier)
		}
	})
	d.move(b)
	return d
}

// removeAtOnce takes from a held list whom a gate that waits for nothing throws out: a hold protects nobody from a
// severe violation, only people who allowed a member do. Its streaks are judged too: those of the run before would say that it passes.
func (d *Decision) removeAtOnce(i int) {
	allowed := d.Reasons[i].Has(OverrideAllow)
	if d.Standing[i] || d.Member[i] && !allowed {
		d.Reasons[i].add(AtOnce)
	}
	s := streaks{d.PassStreak[i], d.FailStreak[i]}.after(failing)
	d.PassStreak[i], d.FailStreak[i], d.Standing[i] = s.pass, s.fail, false
	if !allowed {
		d.unseat(i)
	}
}

// TooMuch tells whether a list turns over more than the rules let pass unasked. A first run turns over nothing.
func (d *Decision) TooMuch(st rules.Stability) bool {
	_, _, before, share := d.Churn()
	return !d.FirstRun && !d.Stale && before >= st.ChurnFrom && share > st.MaxChurn
}

func newDecision(r *rules.Rules, l *rules.List, asOf calendar.Day, s *Subjects, h History) *Decision {
	n := s.N
	return &Decision{
		AsOf: asOf, ValidFrom: asOf + 1, ValidTo: asOf + calendar.Day(max(1, r.Stability.ValidDays)),
		Member: make([]bool, n), Standing: make([]bool, n),
		Rank: make([]int32, n), Level: make([]int8, n), Multiplier: make([]float64, n),
		PassStreak: make([]int16, n), FailStreak: make([]int16, n),
		Since: make([]calendar.Day, n), Movement: make([]Movement, n),
		Reasons: make([]Reasons, n), Failed: make([]uint32, n), under: make([]bool, n),
		Overrides: map[int]Override{},
		list:      l, s: s,
		gates:  bindGates(r.Stability, l, s, h),
		scales: bindScales(r, l, s, h),
		own:    s.last(h, ownMeasure(l.Role), 1), quality: s.last(h, "product_quality", 1),
	}
}

// nobody is a list before that had nobody on it.
func nobody(n int) *Before {
	return &Before{
		Member: make([]bool, n), Standing: make([]bool, n), PassStreak: make([]int16, n), FailStreak: make([]int16, n),
		Since: make([]calendar.Day, n), Rank: make([]int32, n), Level: make([]int8, n), Multiplier: make([]float64, n),
	}
}

// ownMeasure is the score of a role's own.
func ownMeasure(role string) string {
	switch role {
	case "product":
		return "product_score"
	case "merchant":
		return "shop_score"
	case "talent":
		return "talent_score"
	}
	panic(fmt.Sprintf("eligibility: role %q has no score", role))
}

// keep repeats the list of the run before, and what its places rest on: the pool and causes ask who has one of the cold start,
// and who would have one but for the cap of its shop.
func (d *Decision) keep(b *Before) {
	copy(d.Member, b.Member)
	copy(d.Standing, b.Standing)
	copy(d.Rank, b.Rank)
	copy(d.Level, b.Level)
	copy(d.Multiplier, b.Multiplier)
	copy(d.PassStreak, b.PassStreak)
	copy(d.FailStreak, b.FailStreak)
	d.reseat(b.Moved)
	for i := range d.Reasons {
		d.Reasons[i].add(Stale)
		switch {
		case b.ColdStart != nil && b.ColdStart[i]:
			d.Reasons[i].add(ColdStart)
		case b.Entitled != nil && b.Entitled[i] && !b.Member[i]:
			d.Reasons[i].add(ShopCap)
		}
	}
}

// reseat places members of a kept list that are in another category than on the run before behind those who are there already, in the
// order of the places they had: two would share one else.
func (d *Decision) reseat(moved []int32) {
	if len(moved) == 0 {
		return
	}
	moving, last := map[int32]bool{}, map[int64]int32{} // last: rank given, by category
	for _, i := range moved {
		moving[i] = true
	}
	for i, rank := range d.Rank {
		if category := d.s.Category.At(i); !moving[int32(i)] {
			last[category] = max(last[category], rank)
		}
	}
	moved = slices.Clone(moved)
	slices.SortFunc(moved, func(a, b int32) int { return cmp.Or(cmp.Compare(d.Rank[a], d.Rank[b]), cmp.Compare(a, b)) })
	for _, i := range moved {
		category := d.s.Category.At(int(i))
		last[category]++
		d.Rank[i] = last[category]
	}
}

// overrideKept lets people's decisions win on a kept list: who was denied or opted out leaves at once, and who is allowed stays,
// whatever a gate says. Nobody enters: who is allowed and not on it waits.
func (d *Decision) overrideKept(o map[int]Override) {
	for subject, override := range o {
		if !override.validOn(d.ValidFrom) || override.Action == Allow && !d.Member[subject] {
			continue
		}
		d.Overrides[subject] = override
		d.Reasons[subject].add(override.Action.reason())
		if override.Action == Deny || override.Action == OptOut {
			d.unseat(subject)
		}
	}
}

// unseat takes its place from a subject of a kept list, and the reasons that spoke of places. Ranks keep their gaps.
func (d *Decision) unseat(subject int) {
	d.Member[subject], d.Rank[subject] = false, 0
	d.Reasons[subject] &^= 1<<ColdStart | 1<<ShopCap
}

// applyGates judges gates, counts streaks and weighs, subject by subject.
func (d *Decision) applyGates(st rules.Stability, b *Before) {
	d.s.each(func(i int) {
		n := d.judgeAll(i)
		s := streaks{b.PassStreak[i], b.FailStreak[i]}.after(n.outcome)
		d.Standing[i], d.Reasons[i] = stands(st, b.Standing[i], d.FirstRun, n, s)
		d.PassStreak[i], d.FailStreak[i], d.Failed[i] = s.pass, s.fail, n.failed
		d.Level[i], d.Multiplier[i], d.under[i] = weight(d.scales, i)
	})
}

// applyOverrides marks the subjects people decided about.
func (d *Decision) applyOverrides(o map[int]Override) {
	for subject, override := range o {
		if !override.validOn(d.ValidFrom) {
			continue
		}
		d.Overrides[subject] = override
		d.Reasons[subject].add(override.Action.reason())
	}
}

func (a Action) reason() Reason { return OverrideAllow + Reason(a-Allow) }

// dropLevels takes the level from who is no member and under the last step: it was kept for members only.
func (d *Decision) dropLevels() {
	for i, member := range d.Member {
		if !member && d.under[i] {
			d.Level[i] = NoLevel
		}
	}
}

// move compares with the run before.
func (d *Decision) move(b *Before) {
	for i, member := range d.Member {
		d.Movement[i] = movement(b.Member[i], member)
		d.Since[i] = d.AsOf
		if b.Member[i] == member && b.Since[i] != 0 {
			d.Since[i] = b.Since[i]
		}
	}
}

// Gates appends the result of every gate of the list for one subject to buf. On stale nights it tells what tonight's
// incomplete columns say, which is not what the list rests on.
func (d *Decision) Gates(subject int, buf []GateResult) []GateResult {
	for i := range d.gates {
		buf = append(buf, d.gates[i].judge(subject))
	}
	return buf
}

// Churn compares the list with that of the run before: how many entered and left, how many there were, and entered +
// left over all who are on either list (0 where there is none). On a first run the share is 1: before is 0 then.
func (d *Decision) Churn() (entered, left, before int, share float64) {
	stayed := 0
	for i := range d.s.N {
		switch d.verdict(i).movement {
		case Entered:
			entered++
		case Left:
			left++
		case Stayed:
			stayed++
		}
	}
	left += len(d.gone)
	before = stayed + left
	if all := before + entered; all > 0 {
		share = float64(entered+left) / float64(all)
	}
	return entered, left, before, share
}
