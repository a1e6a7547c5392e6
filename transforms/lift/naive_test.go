package lift_test

import (
	"cmp"
	"maps"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/stats"
)

// naivePair is a pair as the log of eligibility tells it.
type naivePair struct {
	key
	first             calendar.Day
	arm               int64
	source, programme int64
	other             calendar.Day // first day in the other arm; 0: none
}

// naive counts everything from the rows of all days.
func (m *market) naive(asOf calendar.Day) *lift.Figures {
	now := m.cut(asOf)
	n := &naive{market: now, asOf: asOf, mature: asOf - calendar.Day(m.plan.OutcomeDays) + 1, byDay: map[calendar.Day][]returned{}}
	n.findPairs()
	for _, r := range m.refunds {
		n.byDay[r.paid] = append(n.byDay[r.paid], r)
	}
	f := &lift.Figures{Pairs: int64(len(n.pairs)), Starts: map[int64]calendar.Day{}}
	for _, p := range []lift.Period{{Name: "30d", From: n.mature - 29}, {Name: "90d", From: n.mature - 89}, {Name: "all", From: m.start}} {
		p.To = n.mature
		p.Gross = !m.hasRefunds || max(p.From, m.start)-calendar.Day(m.plan.PreDays) < m.refundsFrom
		p.Unseen = max(p.From, m.start) < m.seenFrom
		p.Shown = max(p.From, m.start) >= m.shownFrom
		f.Periods = append(f.Periods, p)
	}
	for _, p := range n.pairs {
		if p.other != 0 {
			f.Mixed++
		}
	}
	for d := asOf; d >= m.seen; d-- {
		for _, r := range now.eligible[d] {
			f.Starts[r.merchant] = d
		}
	}
	for _, code := range n.distinct(func(p *naivePair) int64 { return p.merchant }, contract.Merchant) {
		merchant := lift.Merchant{Code: code, Days: n.days(code)}
		counted := len(merchant.Days) > 0
		for _, period := range f.Periods {
			cell := n.cell(code, period)
			counted = counted || cell.Arms[0].N+cell.Arms[1].N > 0
			merchant.Cells = append(merchant.Cells, cell)
		}
		if counted {
			f.Merchants = append(f.Merchants, merchant)
		}
	}
	for _, code := range n.distinct(func(p *naivePair) int64 { return p.programme }, "") {
		programme, counted := lift.Programme{Code: code}, false
		for _, period := range f.Periods {
			cell := n.programmeCell(code, period)
			counted = counted || cell.Arms[0].N+cell.Arms[1].N > 0
			programme.Cells = append(programme.Cells, cell)
		}
		if counted {
			f.Programmes = append(f.Programmes, programme)
		}
	}
	return f
}

type naive struct {
	*market
	asOf, mature calendar.Day
	pairs, known map[key]*naivePair // those that count, and all
	byDay        map[calendar.Day][]returned
}

func (n *naive) findPairs() {
	n.pairs = map[key]*naivePair{}
	for d := n.seen; d <= n.asOf; d++ {
		rows := slices.Clone(n.eligible[d])
		slices.SortFunc(rows, func(a, b eligible) int { return cmp.Compare(a.arm, b.arm) })
		for _, r := range rows {
			p := n.pairs[r.key]
			switch {
			case p == nil:
				n.pairs[r.key] = &naivePair{r.key, d, r.arm, r.source, r.programme, 0}
			case p.arm != r.arm && p.other == 0:
				p.other = d
			}
		}
	}
	n.known = maps.Clone(n.pairs)
	maps.DeleteFunc(n.pairs, func(_ key, p *naivePair) bool { return p.first < n.start })
}

// compare orders identifiers: by text where they have one, by number; null is last.
func (n *naive) compare(domain contract.Domain) func(a, b int64) int {
	kind := contract.Column{Kind: contract.ID, Domain: domain}
	if domain == "" {
		kind = contract.Column{Kind: contract.Text}
	}
	dict := n.ids.Dict(kind)
	return func(a, b int64) int {
		switch {
		case a == column.Null || b == column.Null:
			return cmp.Compare(b, a)
		case dict != nil:
			return cmp.Compare(dict.Value(a), dict.Value(b))
		}
		return cmp.Compare(a, b)
	}
}

func (n *naive) distinct(of func(*naivePair) int64, domain contract.Domain) (codes []int64) {
	for _, p := range n.pairs {
		codes = append(codes, of(p))
	}
	slices.SortFunc(codes, n.compare(domain))
	return slices.Compact(codes)
}

// sum adds up what a day of a pair says over a window.
func (n *naive) sum(from, days calendar.Day, of func(d calendar.Day) int64) (sum int64) {
	for d := from; d < from+days; d++ {
		if d <= n.asOf {
			sum += of(d)
		}
	}
	return sum
}

func (n *naive) returned(d calendar.Day, of func(r returned) bool) (fen int64) {
	if !n.hasRefunds {
		return 0
	}
	for _, r := range n.byDay[d] {
		if of(r) {
			fen += r.fen
		}
	}
	return fen
}

// values are the totals of a pair.
func (n *naive) values(p *naivePair) stats.Values {
	live := func(d calendar.Day) int64 {
		return n.sales[d][p.key].fen - n.returned(d, func(r returned) bool {
			return r.key == p.key && contract.Channels[r.channel] == "self" && contract.Scenes[r.scene] == "live"
		})
	}
	orders := func(d calendar.Day) int64 { return n.sales[d][p.key].orders }
	all := func(d calendar.Day) int64 {
		return n.sales[d][p.key].paid - n.returned(d, func(r returned) bool { return r.key == p.key })
	}
	outcome, before := calendar.Day(n.plan.OutcomeDays), calendar.Day(n.plan.PreDays)
	return stats.Values{stats.Outcome: n.sum(p.first, outcome, live), stats.Denominator: n.sum(p.first, outcome, orders),
		stats.PreOutcome: n.sum(p.first-before, before, live), stats.PreDenominator: n.sum(p.first-before, before, orders),
		stats.WideOutcome: n.sum(p.first, outcome, all)}
}

// counted are the pairs that count in a period, in no order.
func (n *naive) counted(period lift.Period, of func(p *naivePair) bool) (out []*naivePair) {
	for _, p := range n.pairs {
		if p.other == 0 && p.first >= period.From && p.first <= period.To && of(p) {
			out = append(out, p)
		}
	}
	return out
}

func (n *naive) cell(merchant int64, period lift.Period) (out lift.MerchantCell) {
	sources, programmes := map[int64]*lift.Source{}, map[int64]*lift.Split{}
	for _, p := range n.counted(period, func(p *naivePair) bool { return p.merchant == merchant }) {
		c, v := &out.Arms[p.arm], n.values(p)
		c.Add(&v)
		c.Histogram.Add(&v)
		for d := p.first; d < p.first+calendar.Day(n.plan.OutcomeDays); d++ {
			if n.shown[d][p.key] {
				c.Served++
				break
			}
		}
		c.Known += one(v[stats.PreDenominator] > 0)
		c.Buyers += one(v[stats.Denominator] > 0)
		c.Attributed += n.sum(p.first, calendar.Day(n.plan.OutcomeDays), func(d calendar.Day) int64 {
			if n.shown[d][p.key] || n.shown[d-1][p.key] {
				return n.sales[d][p.key].fen
			}
			return 0
		})
		if sources[p.source] == nil {
			sources[p.source] = &lift.Source{Talent: p.source}
		}
		s := sources[p.source]
		s.Pairs[p.arm]++
		s.Outcome[p.arm] = s.Outcome[p.arm].Add(stats.Int128Of(v[stats.Outcome]))
		if programmes[p.programme] == nil {
			programmes[p.programme] = &lift.Split{Code: p.programme}
		}
		programmes[p.programme].Pairs[p.arm]++
	}
	for _, s := range sources {
		out.Sources = append(out.Sources, *s)
	}
	slices.SortFunc(out.Sources, func(a, b lift.Source) int { return n.compare(contract.Talent)(a.Talent, b.Talent) })
	for _, s := range programmes {
		out.Programmes = append(out.Programmes, *s)
	}
	slices.SortFunc(out.Programmes, func(a, b lift.Split) int { return n.compare("")(a.Code, b.Code) })
	if len(out.Programmes) == 1 && out.Programmes[0].Code == column.Null {
		out.Programmes = nil
	}
	return out
}

func one(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// days are the pairs in their outcome window on each of the last 90 days.
func (n *naive) days(merchant int64) (out []lift.Day) {
	for d := n.asOf - 89; d <= n.asOf; d++ {
		day := lift.Day{Day: d}
		for _, p := range n.pairs {
			if p.merchant == merchant && d >= p.first && d < p.first+calendar.Day(n.plan.OutcomeDays) && (p.other == 0 || p.other > d) {
				s := n.sales[d][p.key]
				day.Arms[p.arm].Add(&stats.Values{stats.Outcome: s.fen, stats.Denominator: s.orders})
			}
		}
		if day.Arms[0].N+day.Arms[1].N > 0 {
			out = append(out, day)
		}
	}
	return out
}

// addFirstDay counts a buyer by the pairs of its first day, if all of them are of the programme, the period and one arm.
func (n *naive) addFirstDay(out *lift.ProgrammeCell, programme, buyer int64, period lift.Period) {
	var pairs []*naivePair
	for _, p := range n.known {
		if p.buyer == buyer && (len(pairs) == 0 || p.first <= pairs[0].first) {
			if len(pairs) > 0 && p.first < pairs[0].first {
				pairs = nil
			}
			pairs = append(pairs, p)
		}
	}
	var v stats.Values
	for _, p := range pairs {
		if p.other != 0 || p.arm != pairs[0].arm || p.programme != programme || p.first < max(n.start, period.From) || p.first > n.mature {
			return
		}
		of := n.values(p)
		v[stats.Outcome] += of[stats.Outcome]
		v[stats.Denominator]++
		v[stats.PreOutcome] += of[stats.PreOutcome]
		v[stats.PreDenominator] += of[stats.PreDenominator]
	}
	v[stats.WideOutcome] = n.sum(pairs[0].first, calendar.Day(n.plan.OutcomeDays), func(d calendar.Day) int64 {
		return users(n.sales[d])[buyer] - n.returned(d, func(r returned) bool { return r.buyer == buyer })
	})
	out.FirstDay[pairs[0].arm].Add(&v)
}

// programmeCell counts users: the totals of a user are sums over pairs.
func (n *naive) programmeCell(programme int64, period lift.Period) (out lift.ProgrammeCell) {
	byUser := map[int64][]*naivePair{}
	for _, p := range n.counted(period, func(p *naivePair) bool { return p.programme == programme }) {
		byUser[p.buyer] = append(byUser[p.buyer], p)
	}
	for buyer, pairs := range byUser {
		var arms [2]stats.Values
		first := pairs[0].first
		for _, p := range pairs {
			v := n.values(p)
			first = min(first, p.first)
			arms[p.arm][stats.Outcome] += v[stats.Outcome]
			arms[p.arm][stats.Denominator]++
			arms[p.arm][stats.PreOutcome] += v[stats.PreOutcome]
			arms[p.arm][stats.PreDenominator] += v[stats.PreDenominator]
			out.Orders[p.arm] += v[stats.Denominator]
		}
		wide := n.sum(first, calendar.Day(n.plan.OutcomeDays), func(d calendar.Day) int64 {
			return users(n.sales[d])[buyer] - n.returned(d, func(r returned) bool { return r.buyer == buyer })
		})
		for arm := range arms {
			if arms[arm][stats.Denominator] > 0 {
				arms[arm][stats.WideOutcome] = wide
				out.Arms[arm].Add(&arms[arm])
			}
		}
		n.addFirstDay(&out, programme, buyer, period)
		a, b := arms[lift.Treatment], arms[lift.Holdout]
		if a[stats.Denominator] > 0 && b[stats.Denominator] > 0 {
			out.Both++
			c := &out.Cross
			c.OO = c.OO.Add(stats.Product(a[stats.Outcome], b[stats.Outcome]))
			c.OD = c.OD.Add(stats.Product(a[stats.Outcome], b[stats.Denominator]))
			c.DO = c.DO.Add(stats.Product(a[stats.Denominator], b[stats.Outcome]))
			c.DD = c.DD.Add(stats.Product(a[stats.Denominator], b[stats.Denominator]))
			c.OP = c.OP.Add(stats.Product(a[stats.Outcome], b[stats.PreOutcome]))
			c.PO = c.PO.Add(stats.Product(a[stats.PreOutcome], b[stats.Outcome]))
			c.PP = c.PP.Add(stats.Product(a[stats.PreOutcome], b[stats.PreOutcome]))
			c.PD = c.PD.Add(stats.Product(a[stats.PreOutcome], b[stats.Denominator]))
			c.DP = c.DP.Add(stats.Product(a[stats.Denominator], b[stats.PreOutcome]))
		}
	}
	return out
}
