package lift

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/stats"
)

// tally forms the sums of one goroutine. A pair counts in one of three spans of days of entry: the last 30 days, those
// before them up to 90, and what is older; periods are sums of spans.
type tally struct {
	plan           *Plan
	start          calendar.Day // pairs that entered before it are left out
	mature         calendar.Day // last day of entry that counts
	pairs, mixed   int64
	merchants      *places // by merchant
	counts         []merchantCounts
	cells          []*merchantCells // of the same places; nil: no pair of the merchant bought anything
	sources        *places          // by merchant, talent
	sourceCounts   []sourceCounts
	sourceOutcomes []*sourceOutcomes // of the same places; nil: nothing
	splits         *places           // by merchant, programme; the first of each merchant is in its counts
	splitCounts    []byArm
	programmes     *places // by programme
	programmeCells []programmeCells
	units          []unit  // of the user in hand
	participants   *places // by merchant: all that took part
	starts         []calendar.Day
}

// What most pairs touch is kept apart from what few do: there are many more pairs than fit a cache.
type (
	byArm          [periods][Arms]int64 // by span
	merchantCounts struct {
		idle      byArm // pairs that bought nothing; the cells have the others
		served    byArm
		programme int64 // the first one
		first     byArm // pairs of it
	}
	merchantCells  [periods][Arms]Cell
	sourceCounts   = byArm
	sourceOutcomes [periods][Arms]stats.Int128
	// programmeCells are users all of whose pairs lie in one span, by it, and users who have to be counted for each
	// period anew.
	programmeCells struct{ spans, periods [periods]ProgrammeCell }
)

func newTally(plan *Plan, start, asOf calendar.Day) *tally {
	return &tally{plan: plan, start: start, mature: asOf - calendar.Day(plan.OutcomeDays) + 1,
		merchants: newPlaces(), sources: newPlaces(), splits: newPlaces(), programmes: newPlaces(), participants: newPlaces()}
}

// unit is one mature pair, net.
type unit struct {
	merchant, source, programme int64
	arm, span                   int
	entered                     calendar.Day
	values                      stats.Values
	user                        int64 // fen at all merchants over its outcome window, net
	attributed                  int64
	shown                       bool
}

// span is which span a day of entry lies in.
func (t *tally) span(e calendar.Day) int {
	switch age := t.mature - e; {
	case age < lengths[0]:
		return 0
	case age < lengths[1]:
		return 1
	}
	return 2
}

// add counts the pairs of a range of buyers. refunds are those of the range.
func (t *tally) add(p *Pairs, refunds []refund) {
	buyers := p[atBuyer]
	for i := 0; i < len(buyers); {
		j := i + 1
		for j < len(buyers) && buyers[j] == buyers[i] {
			j++
		}
		for len(refunds) > 0 && refunds[0].buyer < buyers[i] {
			refunds = refunds[1:]
		}
		n := 0
		for n < len(refunds) && refunds[n].buyer == buyers[i] {
			n++
		}
		t.user(p, i, j, refunds[:n])
		i, refunds = j, refunds[n:]
	}
}

// user counts the pairs of one buyer, from i to j.
func (t *tally) user(p *Pairs, i, j int, refunds []refund) {
	t.units = t.units[:0]
	first := entered(p[atFacts][i])
	for k := i; k < j; k++ {
		first = min(first, entered(p[atFacts][k]))
	}
	together := 0 // pairs of the first day
	for ; i < j; i++ {
		facts := p[atFacts][i]
		e := entered(facts)
		together += int(truth(e == first))
		t.takesPart(p[atMerchant][i], e)
		if e < t.start {
			continue
		}
		t.pairs++
		if mixedOn(facts) != 0 {
			t.mixed++
			continue
		}
		if e > t.mature {
			continue
		}
		t.units = append(t.units, unit{
			merchant: p[atMerchant][i], source: p[atSource][i], programme: p[atProgramme][i], arm: armOf(facts), span: t.span(e), entered: e,
			values: stats.Values{stats.Outcome: p[atOutcome][i], stats.Denominator: p[atOrders][i], stats.PreOutcome: p[atBefore][i],
				stats.PreDenominator: p[atBeforeOrders][i], stats.WideOutcome: p[atAll][i]},
			user: p[atUser][i], attributed: p[atAttributed][i], shown: shownDays(facts) > 0,
		})
		u := &t.units[len(t.units)-1]
		t.net(u, refunds)
		t.count(u)
	}
	if len(t.units) > 0 {
		t.countFirstDay(t.units, first, together)
		t.countUser(t.units)
	}
}

// takesPart notes that a pair of a merchant entered on a day.
func (t *tally) takesPart(merchant int64, day calendar.Day) {
	at, added := t.participants.of(merchant, 0)
	if added {
		t.starts = append(t.starts, day)
	}
	t.starts[at] = min(t.starts[at], day)
}

// countFirstDay counts a user by its pairs of its first day, of which there are so many, where all of them count, in one arm of one
// programme.
func (t *tally) countFirstDay(units []unit, first calendar.Day, together int) {
	var v stats.Values
	at := -1
	for i := range units {
		u := &units[i]
		if u.entered != first {
			continue
		}
		if at >= 0 && (u.arm != units[at].arm || u.programme != units[at].programme) {
			return
		}
		at, together = i, together-1
		v[stats.Outcome] += u.values[stats.Outcome]
		v[stats.Denominator]++
		v[stats.PreOutcome] += u.values[stats.PreOutcome]
		v[stats.PreDenominator] += u.values[stats.PreDenominator]
	}
	if at < 0 || together != 0 {
		return
	}
	u := &units[at]
	v[stats.WideOutcome] = u.user
	place(t.programmes, &t.programmeCells, u.programme, 0).spans[u.span].FirstDay[u.arm].Add(&v)
}

// net takes refunds of lines that were paid in the windows of a pair out of its totals.
func (t *tally) net(u *unit, refunds []refund) {
	if len(refunds) == 0 {
		return
	}
	from, to := t.plan.outcome(u.entered)
	first, last := t.plan.before(u.entered)
	for i := range refunds {
		r := &refunds[i]
		d, fen := r.day(), r.fen()
		own := r.merchant == u.merchant
		switch {
		case d >= from && d <= to:
			u.user -= fen
			if own {
				u.values[stats.WideOutcome] -= fen
			}
			if own && r.selfLive() {
				u.values[stats.Outcome] -= fen
			}
		case d >= first && d <= last && own && r.selfLive():
			u.values[stats.PreOutcome] -= fen
		}
	}
}

// count counts a pair for its merchant.
func (t *tally) count(u *unit) {
	at, added := t.merchants.of(u.merchant, 0)
	if added {
		t.counts = append(t.counts, merchantCounts{programme: u.programme})
		t.cells = append(t.cells, nil)
	}
	c := &t.counts[at]
	c.served[u.span][u.arm] += truth(u.shown)
	if c.programme == u.programme {
		c.first[u.span][u.arm]++
	} else {
		place(t.splits, &t.splitCounts, u.merchant, u.programme)[u.span][u.arm]++
	}
	source, added := t.sources.of(u.merchant, u.source)
	if added {
		t.sourceCounts, t.sourceOutcomes = append(t.sourceCounts, sourceCounts{}), append(t.sourceOutcomes, nil)
	}
	t.sourceCounts[source][u.span][u.arm]++
	if u.values == (stats.Values{}) && u.attributed == 0 {
		c.idle[u.span][u.arm]++
		return
	}
	t.countSales(u, at, source)
}

// countSales counts a pair that bought something.
func (t *tally) countSales(u *unit, merchant, source int) {
	if t.cells[merchant] == nil {
		t.cells[merchant] = &merchantCells{}
	}
	c := &t.cells[merchant][u.span][u.arm]
	c.Add(&u.values)
	c.Histogram.Add(&u.values)
	c.Known += truth(u.values[stats.PreDenominator] > 0)
	c.Buyers += truth(u.values[stats.Denominator] > 0)
	c.Attributed += u.attributed
	if y := u.values[stats.Outcome]; y != 0 {
		if t.sourceOutcomes[source] == nil {
			t.sourceOutcomes[source] = &sourceOutcomes{}
		}
		sum := &t.sourceOutcomes[source][u.span][u.arm]
		*sum = sum.Add(stats.Int128Of(y))
	}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// countUser counts a user for the programmes of its pairs.
func (t *tally) countUser(units []unit) {
	for len(units) > 0 {
		programme := units[0].programme
		same := 1
		for i := 1; i < len(units); i++ { // those of one programme to the front
			if units[i].programme == programme {
				units[same], units[i] = units[i], units[same]
				same++
			}
		}
		place(t.programmes, &t.programmeCells, programme, 0).count(units[:same])
		units = units[same:]
	}
}

// count counts a user with these pairs.
func (c *programmeCells) count(units []unit) {
	if u := &units[0]; len(units) == 1 { // most users
		v := u.values
		v[stats.Denominator], v[stats.WideOutcome] = 1, u.user
		cell := &c.spans[u.span]
		cell.Arms[u.arm].Add(&v)
		cell.Orders[u.arm] += u.values[stats.Denominator]
		return
	}
	least, most := units[0].span, units[0].span
	for i := range units {
		least, most = min(least, units[i].span), max(most, units[i].span)
	}
	if least == most {
		c.spans[least].count(units, periods)
		return
	}
	for p := least; p < periods; p++ {
		c.periods[p].count(units, p)
	}
}

// count counts a user with those of its pairs that lie in a span up to the last one.
func (c *ProgrammeCell) count(units []unit, last int) {
	var arms [Arms]stats.Values
	first := -1 // the pair that entered first: its window is that of the user's purchases at all merchants
	for i := range units {
		u := &units[i]
		if u.span > last {
			continue
		}
		c.Orders[u.arm] += u.values[stats.Denominator]
		v := &arms[u.arm]
		v[stats.Outcome] += u.values[stats.Outcome]
		v[stats.Denominator]++
		v[stats.PreOutcome] += u.values[stats.PreOutcome]
		v[stats.PreDenominator] += u.values[stats.PreDenominator]
		if first < 0 || u.entered < units[first].entered {
			first = i
		}
	}
	for arm := range arms {
		if v := &arms[arm]; v[stats.Denominator] > 0 {
			v[stats.WideOutcome] = units[first].user
			c.Arms[arm].Add(v)
		}
	}
	if a, b := &arms[Treatment], &arms[Holdout]; a[stats.Denominator] > 0 && b[stats.Denominator] > 0 {
		c.Both++
		c.Cross.Add(a, b)
	}
}
