package eligibility

// Outcome is what a decision made of every subject.
type Outcome struct {
	Member   []bool
	Entitled []bool // would be a member if no place were counted: caps and cold start aside
}

// Outcome is that of the decision. A kept list has that of the run before.
func (d *Decision) Outcome() Outcome {
	o := Outcome{make([]bool, d.s.N), make([]bool, d.s.N)}
	for i := range d.s.N {
		v := d.verdict(i)
		o.Member[i], o.Entitled[i] = v.member, entitled(v.member, v.standing, v.reasons)
	}
	return o
}

// entitled tells whether a subject would be a member if no place were counted. A newcomer that the cap of its shop keeps out is not:
// there would be no cold start either. It weighs nothing; on a held list that is tonight's, and the cap keeps out only who was entitled.
func entitled(member, standing bool, reasons Reasons) bool {
	if member {
		return !reasons.Has(ColdStart)
	}
	return standing && reasons.Has(ShopCap) && (!reasons.Has(ZeroWeight) || reasons.Has(ChurnHeld))
}

// Causes split a change of membership, 1: entered, -1: left, into steps of one cause each; they add up to it.
type Causes struct {
	Late   int // days that the run before had seen and that are read otherwise now: corrections
	Data   int // the days since the run before, and what people decided: gates, streaks and overrides of the subject itself
	Others int // places: the cap of its shop and the places kept for cold start, which depend on who else is there
	Rules  int // another version of the rules
}

// Split are the lists between that of the run before and tonight's, each with one cause changed.
type Split struct {
	Was       Outcome // the list of the run before
	Corrected Outcome // what that run would have decided of its days as they are read tonight
	Data      Outcome // tonight by the rules of the run before
	Now       Outcome // tonight's list
	LateKnown bool    // else Corrected is Was, and corrections count with data
}

// Of attributes the change of one subject. Where two successive lists are equal the step between them is nothing.
//
//	late   = member(corrected) − member(was)
//	data   = entitled(data) − entitled(corrected)
//	others = member(data) − member(corrected) − data
//	rules  = member(now) − member(data)
//
// A step may undo another: rules that throw out whom its data would have let in count -1 and 1, and nobody moved. What
// others change in a subject's score (percentiles, benchmarks, norms) is in its gates, and therefore data.
//
// Source: definitions.md, section 15; the order of the causes is ours.
func (s *Split) Of(subject int) Causes {
	step := func(from, to []bool) int { return number(to[subject]) - number(from[subject]) }
	c := Causes{Late: step(s.Was.Member, s.Corrected.Member), Data: step(s.Corrected.Entitled, s.Data.Entitled), Rules: step(s.Data.Member, s.Now.Member)}
	c.Others = step(s.Corrected.Member, s.Data.Member) - c.Data
	return c
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// moved tells whether the subject entered or left.
func (d *Decision) moved(subject int) bool {
	movement := d.verdict(subject).movement
	return movement == Entered || movement == Left
}

// Moved tells whether anybody entered or left, be it as no subject any more.
func (d *Decision) Moved() bool {
	if len(d.gone) > 0 {
		return true
	}
	for i := range d.s.N {
		if d.moved(i) {
			return true
		}
	}
	return false
}
