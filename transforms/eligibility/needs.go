package eligibility

// Change is what a subject's own score and, for products, the quality dimension would be, in hundredths; 0: as they are.
type Change struct{ Own, Quality int16 }

// Qualifies tells whether all gates would pass if the changed scores stood on each run that a gate looks at; streaks,
// levels, caps and overrides are ignored. What is not changed is taken as it was on each run.
//
// Source: definitions.md, section 15.
func (d *Decision) Qualifies(subject int, c Change) bool {
	for i := range d.gates {
		g := &d.gates[i]
		if !d.passesWith(g, subject, c) {
			return false
		}
	}
	return true
}

// passesWith judges a gate as if the changed score of its measure stood on each run.
func (d *Decision) passesWith(g *gate, subject int, c Change) bool {
	v := c.of(g.lever)
	if v == 0 {
		return g.judge(subject).State.Passes()
	}
	return g.margin(int64(v), 1, g.line) >= 0 || g.excepted(subject)
}

// lever is what a subject can change to pass a gate.
type lever uint8

const (
	other lever = iota
	own
	quality
)

func (c Change) of(l lever) int16 {
	switch l {
	case own:
		return c.Own
	case quality:
		return c.Quality
	}
	return 0
}

func leverOf(role, measure string) lever {
	switch measure {
	case ownMeasure(role):
		return own
	case "product_quality":
		return quality
	}
	return other
}

// Verdict says what kind of change would make all gates of a subject pass.
type Verdict uint8

const (
	// NeedsNothing: all gates pass.
	NeedsNothing Verdict = iota
	// NeedsTime: only gates on the own score and its quality fail, or ones on another's score for want of runs, and would pass if
	// tonight's scores stood.
	NeedsTime
	// NeedsScore: only those fail, and the scores would have to rise to Need.Own and Need.Quality.
	NeedsScore
	// NeedsGate: only the gate Need.Gate on something else fails.
	NeedsGate
	// NeedsMore: no single change helps, or there are too few runs of another's score to tell.
	NeedsMore
)

var verdictNames = [...]string{
	NeedsNothing: "nothing", NeedsTime: "time", NeedsScore: "score", NeedsGate: "gate", NeedsMore: "more_than_one_change",
}

// String is the verdict as tables have it.
func (v Verdict) String() string { return verdictNames[v] }

// Need is the smallest single change that would make all gates of a subject pass.
type Need struct {
	Verdict Verdict
	// Own and Quality are what the own score and the quality dimension have to reach on each run for all gates on them
	// to pass, in hundredths; 0: no gate asks for it. Quality is a part of the own score, so one indicator may bring both.
	Own, Quality int16
	// Gate is the position of the only gate on something else that fails, -1: none or several.
	Gate int
	// By is what the gate's value has to change by, in its unit: positive to rise, negative to fall; NaN: not known tonight.
	By float64
}

// Needs tells what a subject would have to change for all gates to pass, as Qualifies means it. The scores of others,
// such as the shop's of a product, are nothing that the subject changes: they count as something else.
//
// Source: definitions.md, section 15.
func (d *Decision) Needs(subject int) Need {
	need := Need{Gate: -1}
	var scores, waiting, others int
	passes := d.passes(subject)
	for i := range d.gates {
		g, fails := &d.gates[i], passes>>i&1 == 0
		switch {
		case g.lever != other && !g.atMost && !d.lacksQuality(g, subject):
			if !g.excepted(subject) {
				need.raise(g)
			}
			if fails {
				scores++
			}
		case fails && g.waits(subject):
			waiting++
		case fails:
			others++
			need.Gate = i
		}
	}
	need.settle(scores, waiting, others)
	switch {
	case need.Verdict == NeedsScore && d.reached(subject, need):
		need.Verdict = NeedsTime
	case need.Verdict == NeedsScore && waiting > 0:
		need.Verdict = NeedsMore
	case need.Verdict == NeedsGate:
		need.move(&d.gates[need.Gate], subject)
	}
	return need
}

// waits tells whether a gate has too few runs to judge by, and tonight's score would pass if it stood.
func (g *gate) waits(subject int) bool {
	return g.scored && g.margin(int64(g.runs.newest(subject)), 1, g.line) >= 0 && g.judge(subject).State == HistoryShort
}

// move tells how far the only gate on something else is off. Few runs whose mean is good enough say nothing of it.
func (n *Need) move(g *gate, subject int) {
	res := g.judge(subject)
	if res.State == HistoryShort && res.Margin >= 0 {
		n.Verdict, n.Gate = NeedsMore, -1
		return
	}
	n.By = g.towards(res.Margin)
}

// raise asks for at least the gate's bound.
func (n *Need) raise(g *gate) {
	asks := int16((g.line + 99) / 100)
	if g.lever == own {
		n.Own = max(n.Own, asks)
	} else {
		n.Quality = max(n.Quality, asks)
	}
}

// towards is the change of the gate's value that takes the margin to 0.
func (g *gate) towards(margin float64) float64 {
	if g.atMost && g.days == 0 {
		return margin
	}
	return -margin
}

// settle finds the verdict from how many gates fail, and how many of others only wait.
func (n *Need) settle(scores, waiting, others int) {
	switch {
	case scores == 0 && waiting == 0 && others == 0:
		n.Verdict = NeedsNothing
	case scores == 0 && others == 0:
		n.Verdict = NeedsTime
	case others == 0:
		n.Verdict = NeedsScore
	case scores == 0 && waiting == 0 && others == 1:
		n.Verdict = NeedsGate
		return
	default:
		n.Verdict = NeedsMore
	}
	n.Gate = -1
}

// reached tells whether tonight's scores are what is needed.
func (d *Decision) reached(subject int, n Need) bool {
	return d.own.newest(subject) >= n.Own && d.quality.newest(subject) >= n.Quality
}
