package lift

import (
	"cmp"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// merge counts what another tally counted.
func (t *tally) merge(o *tally) {
	t.pairs, t.mixed = t.pairs+o.pairs, t.mixed+o.mixed
	for i, k := range o.participants.keys {
		t.takesPart(k[0], o.starts[i])
	}
	for i, k := range o.merchants.keys {
		t.mergeMerchant(k[0], &o.counts[i], o.cells[i])
	}
	for i, k := range o.sources.keys {
		at, added := t.sources.of(k[0], k[1])
		if added {
			t.sourceCounts, t.sourceOutcomes = append(t.sourceCounts, sourceCounts{}), append(t.sourceOutcomes, nil)
		}
		t.sourceCounts[at].add(&o.sourceCounts[i])
		if from := o.sourceOutcomes[i]; from != nil {
			if t.sourceOutcomes[at] == nil {
				t.sourceOutcomes[at] = &sourceOutcomes{}
			}
			for s := range periods {
				for arm := range Arms {
					t.sourceOutcomes[at][s][arm] = t.sourceOutcomes[at][s][arm].Add(from[s][arm])
				}
			}
		}
	}
	for i, k := range o.splits.keys {
		t.addSplit(k[0], k[1], &o.splitCounts[i])
	}
	for i, k := range o.programmes.keys {
		c := place(t.programmes, &t.programmeCells, k[0], 0)
		for s := range periods {
			c.spans[s].merge(&o.programmeCells[i].spans[s])
			c.periods[s].merge(&o.programmeCells[i].periods[s])
		}
	}
}

func (t *tally) mergeMerchant(merchant int64, counts *merchantCounts, cells *merchantCells) {
	at, added := t.merchants.of(merchant, 0)
	if added {
		t.counts, t.cells = append(t.counts, merchantCounts{programme: counts.programme}), append(t.cells, nil)
	}
	c := &t.counts[at]
	c.idle.add(&counts.idle)
	c.served.add(&counts.served)
	t.addSplit(merchant, counts.programme, &counts.first)
	switch {
	case cells == nil:
	case t.cells[at] == nil:
		t.cells[at] = cells
	default:
		for s := range periods {
			for arm := range Arms {
				t.cells[at][s][arm].merge(&cells[s][arm])
			}
		}
	}
}

// addSplit adds pairs of a merchant's programme, where they are kept.
func (t *tally) addSplit(merchant, programme int64, pairs *byArm) {
	if at, _ := t.merchants.of(merchant, 0); t.counts[at].programme == programme {
		t.counts[at].first.add(pairs)
		return
	}
	place(t.splits, &t.splitCounts, merchant, programme).add(pairs)
}

func (b *byArm) add(o *byArm) {
	for s := range periods {
		for arm := range Arms {
			b[s][arm] += o[s][arm]
		}
	}
}

func (c *Cell) merge(o *Cell) {
	c.Merge(&o.Sums)
	c.Histogram.Merge(&o.Histogram)
	c.Served, c.Known, c.Buyers, c.Attributed = c.Served+o.Served, c.Known+o.Known, c.Buyers+o.Buyers, c.Attributed+o.Attributed
}

func (s *Source) merge(o *Source) {
	for arm := range Arms {
		s.Pairs[arm] += o.Pairs[arm]
		s.Outcome[arm] = s.Outcome[arm].Add(o.Outcome[arm])
	}
}

func (s *Split) merge(o *Split) {
	for arm := range Arms {
		s.Pairs[arm] += o.Pairs[arm]
	}
}

func (c *ProgrammeCell) merge(o *ProgrammeCell) {
	for arm := range Arms {
		c.Arms[arm].Merge(&o.Arms[arm])
		c.FirstDay[arm].Merge(&o.FirstDay[arm])
		c.Orders[arm] += o.Orders[arm]
	}
	c.Both += o.Both
	c.Cross.add(&o.Cross)
}

// orders are the orders of identifiers that figures are sorted by; Null is last.
type orders struct{ merchants, talents, texts func(a, b int64) int }

// periods are those of the night, and whether what their pairs bought is net, and all that they bought, and who was shown boosts known.
func (in *Input) periods() []Period {
	out := in.Plan.periodsOf(in.Start, in.AsOf)
	for i := range out {
		first, _ := in.Plan.before(max(in.Start, out[i].From))
		out[i].Gross = !in.RefundsKnown(first, in.AsOf)
		out[i].Unseen = !in.ChannelsKnown(max(in.Start, out[i].From), in.AsOf)
		out[i].Shown = in.ShownKnown(max(in.Start, out[i].From), in.AsOf)
	}
	return out
}

// figures are the sums by period. days is the single-day family.
func (t *tally) figures(in *Input, days *column.Frame) *Figures {
	f := &Figures{Periods: in.periods(), Pairs: t.pairs, Mixed: t.mixed, Starts: make(map[int64]calendar.Day, len(t.starts))}
	for i, k := range t.participants.keys {
		f.Starts[k[0]] = t.starts[i]
	}
	at := map[int64]int{}
	merchant := func(code int64) *Merchant {
		i, ok := at[code]
		if !ok {
			i = len(f.Merchants)
			at[code] = i
			f.Merchants = append(f.Merchants, Merchant{Code: code, Cells: make([]MerchantCell, periods)})
		}
		return &f.Merchants[i]
	}
	for i, k := range t.merchants.keys {
		m := merchant(k[0])
		for p := range periods {
			for arm := range Arms {
				t.sumCell(&m.Cells[p].Arms[arm], i, arm, p)
			}
		}
	}
	t.addSources(merchant, in.orders())
	t.addSplits(merchant, in.orders())
	if days != nil {
		daysOf(days, func(code int64, days []Day) { merchant(code).Days = days })
	}
	slices.SortFunc(f.Merchants, func(a, b Merchant) int { return in.orders().merchants(a.Code, b.Code) })
	t.addProgrammes(f, in.orders())
	return f
}

// sumCell adds up the spans of a merchant's arm up to the last one.
func (t *tally) sumCell(c *Cell, merchant, arm, last int) {
	for s := range last + 1 {
		if t.cells[merchant] != nil {
			c.merge(&t.cells[merchant][s][arm])
		}
		c.N += t.counts[merchant].idle[s][arm]
		c.Histogram.AddIdle(t.counts[merchant].idle[s][arm])
		c.Served += t.counts[merchant].served[s][arm]
	}
}

func (t *tally) addSources(merchant func(code int64) *Merchant, o orders) {
	for i, k := range t.sources.keys {
		m := merchant(k[0])
		sum := Source{Talent: k[1]}
		for p := range periods {
			span := Source{Pairs: t.sourceCounts[i][p]}
			if t.sourceOutcomes[i] != nil {
				span.Outcome = t.sourceOutcomes[i][p]
			}
			sum.merge(&span)
			if sum.Pairs != [Arms]int64{} {
				m.Cells[p].Sources = append(m.Cells[p].Sources, sum)
			}
		}
	}
	for _, k := range t.merchants.keys {
		for _, c := range merchant(k[0]).Cells {
			slices.SortFunc(c.Sources, func(a, b Source) int { return o.talents(a.Talent, b.Talent) })
		}
	}
}

func (t *tally) addSplits(merchant func(code int64) *Merchant, o orders) {
	add := func(m *Merchant, programme int64, pairs *byArm) {
		sum := Split{Code: programme}
		for p := range periods {
			sum.merge(&Split{Pairs: pairs[p]})
			if sum.Pairs != [Arms]int64{} {
				m.Cells[p].Programmes = append(m.Cells[p].Programmes, sum)
			}
		}
	}
	for i, k := range t.merchants.keys {
		add(merchant(k[0]), t.counts[i].programme, &t.counts[i].first)
	}
	for i, k := range t.splits.keys {
		add(merchant(k[0]), k[1], &t.splitCounts[i])
	}
	for _, k := range t.merchants.keys {
		cells := merchant(k[0]).Cells
		for p := range cells {
			c := &cells[p]
			slices.SortFunc(c.Programmes, func(a, b Split) int { return o.texts(a.Code, b.Code) })
			if len(c.Programmes) == 1 && c.Programmes[0].Code == column.Null {
				c.Programmes = nil
			}
		}
	}
}

func (t *tally) addProgrammes(f *Figures, o orders) {
	for i, k := range t.programmes.keys {
		c := &t.programmeCells[i]
		p := Programme{Code: k[0], Cells: make([]ProgrammeCell, periods)}
		for at := range p.Cells {
			p.Cells[at].merge(&c.periods[at])
			for s := range at + 1 {
				p.Cells[at].merge(&c.spans[s])
			}
		}
		f.Programmes = append(f.Programmes, p)
	}
	slices.SortFunc(f.Programmes, func(a, b Programme) int { return o.texts(a.Code, b.Code) })
}

// nullLast orders codes by compare, Null behind all others.
func nullLast(compare func(a, b int64) int) func(a, b int64) int {
	return func(a, b int64) int {
		switch {
		case a == b:
			return 0
		case a == column.Null:
			return 1
		case b == column.Null:
			return -1
		}
		return compare(a, b)
	}
}

// orderOf is the order of a dictionary's texts, of numbers where there is none.
func orderOf(d *column.Dict) func(a, b int64) int {
	if d == nil {
		return nullLast(cmp.Compare[int64])
	}
	return nullLast(func(a, b int64) int { return cmp.Compare(d.Value(a), d.Value(b)) })
}
