package jobs

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// compareNights holds the lists of a night simulated under the rules tried against those of another night of the same date. Lists are
// those that both rules name, own perhaps being nil; with only, some of them.
func compareNights(ctx context.Context, before, after *madeNight, only []string, tried, own *rules.Rules) (SimulatedNight, error) {
	c := &comparison{after: after, tallies: map[listKey]*tally{}, only: only}
	for _, l := range listsOf(tried, own) {
		if c.wanted(l.ID) {
			c.add(SimulatedList{List: l.ID, Name: l.Name, Resource: l.Resource, Role: l.Role})
		}
	}
	for _, r := range resources {
		c.resource = r.name
		if err := c.run(ctx, r.table, before.commit, after.commit, tried); err != nil {
			return SimulatedNight{}, err
		}
	}
	n := SimulatedNight{AsOf: after.asOf, Before: before.baseline, Cold: after.cold, Notes: append(slices.Clone(after.notes), before.notes...), Lists: []SimulatedList{}}
	for _, t := range c.order {
		n.Lists = append(n.Lists, t.result(after.held[t.list.List]))
	}
	if n.Notes == nil {
		n.Notes = []string{}
	}
	return n, nil
}

// listKey names a list: one that moves to another resource is another list.
type listKey struct{ id, resource string }

// comparison adds up what moves, list by list.
type comparison struct {
	after    *madeNight
	only     []string
	resource string // of the tables at hand
	tallies  map[listKey]*tally
	order    []*tally
	last     *tally // of the row before: rows come list by list
	goesOn   *tally // that all rows at hand are of, whatever their ids: a list that was renamed; nil: each is of its own
}

func (c *comparison) wanted(list string) bool {
	return len(c.only) == 0 || slices.Contains(c.only, list)
}

func (c *comparison) add(l SimulatedList) *tally {
	t := &tally{list: l, categories: map[string]*Turnover{}, levels: map[string]*LevelMembers{}}
	c.tallies[listKey{l.List, l.Resource}] = t
	c.order = append(c.order, t)
	return t
}

// of is the tally of a list; one that no rules at hand name any more is found in the tables alone.
func (c *comparison) of(list, role string) *tally {
	if c.last != nil && c.last.list.List == list && c.last.list.Resource == c.resource {
		return c.last
	}
	if c.last = c.tallies[listKey{list, c.resource}]; c.last == nil {
		c.last = c.add(SimulatedList{List: list, Name: list, Resource: c.resource, Role: role})
	}
	return c.last
}

// run compares one table of both nights: each list that was renamed by itself, all others side by side.
func (c *comparison) run(ctx context.Context, t *contract.Table, before, after *committed, tried *rules.Rules) error {
	renamed, err := renamedLists(ctx, t, before, c.resource, tried)
	if err != nil {
		return err
	}
	for i := range renamed {
		l := &renamed[i]
		if !c.wanted(l.ID) {
			continue
		}
		c.goesOn = c.tallies[listKey{l.ID, l.Resource}]
		c.goesOn.list.Formerly = l.Formerly
		err := c.walk(ctx, t, t.Key[1:], before, after, func(list, role string) bool { return list == l.Formerly && role == l.Role }, func(list, _ string) bool { return list == l.ID })
		if err != nil {
			return err
		}
	}
	c.goesOn = nil
	return c.walk(ctx, t, t.Key, before, after,
		func(list, role string) bool {
			return !slices.ContainsFunc(renamed, func(l rules.List) bool { return l.Formerly == list && l.Role == role })
		},
		func(list, _ string) bool {
			return !slices.ContainsFunc(renamed, func(l rules.List) bool { return l.ID == list })
		})
}

// renamedLists are the lists of a resource that go on from one of another id: the table before has them under their former ids and not
// under their own. It is what a night finds, see eligibility.BeforeReader.
func renamedLists(ctx context.Context, t *contract.Table, before *committed, resource string, tried *rules.Rules) (renamed []rules.List, err error) {
	for _, l := range tried.Lists {
		if l.Resource == resource && l.Formerly != "" {
			renamed = append(renamed, l)
		}
	}
	if len(renamed) == 0 {
		return nil, nil
	}
	f, err := openOf(ctx, t, before)
	if f == nil || err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	c, list, role := newCursor(f, t, "list", "role"), t.Index("list"), t.Index("role")
	defer c.close()
	ids, ofRoles := map[string]bool{}, map[[2]string]bool{}
	for more, err := c.next(ctx); more || err != nil; more, err = c.next(ctx) {
		if err != nil {
			return nil, err
		}
		id := c.cell(list).text
		ids[id], ofRoles[[2]string{id, c.cell(role).text}] = true, true
	}
	return slices.DeleteFunc(renamed, func(l rules.List) bool { return ids[l.ID] || !ofRoles[[2]string{l.Formerly, l.Role}] }), nil
}

// walk walks one table of both nights side by side by some columns of its key: the rows of each that are of the lists and roles asked for.
func (c *comparison) walk(ctx context.Context, t *contract.Table, by []string, before, after *committed, ofBefore, ofAfter func(list, role string) bool) (err error) {
	left, err := openList(ctx, t, before, ofBefore)
	if err != nil {
		return err
	}
	defer left.closeFile(&err)
	right, err := openList(ctx, t, after, ofAfter)
	if err != nil {
		return err
	}
	defer right.closeFile(&err)
	key := positions(t, by)
	for {
		if err := errors.Join(left.step(ctx, key), right.step(ctx, key)); err != nil {
			return err
		}
		if left.done && right.done {
			return nil
		}
		switch order := compareSides(t, key, left, right); {
		case order < 0:
			c.row(left, nil)
			right.stay = true
		case order > 0:
			c.row(nil, right)
			left.stay = true
		case left.text(left.at.role) != right.text(right.at.role): // subjects of two kinds that happen to share an id
			c.row(left, nil)
			c.row(nil, right)
		default:
			c.row(left, right)
		}
	}
}

// compareSides orders the rows that two tables stand on; one that has come to its end is behind all.
func compareSides(t *contract.Table, key []int, left, right *listWalk) int {
	switch {
	case left.done:
		return 1
	case right.done:
		return -1
	}
	return compareKeys(t, key, left.key, right.key)
}

// row counts one subject of one list. Before or after is nil if the list does not consider it.
func (c *comparison) row(before, after *listWalk) {
	some := after
	if after == nil {
		some = before
	}
	if c.goesOn != nil {
		c.goesOn.row(c.after, some, before, after)
		return
	}
	list := some.text(some.at.list)
	if !c.wanted(list) {
		return
	}
	c.of(list, some.text(some.at.role)).row(c.after, some, before, after)
}

// tally is one list while it is added up.
type tally struct {
	list          SimulatedList
	before, after int64 // rows
	categories    map[string]*Turnover
	levels        map[string]*LevelMembers
}

func (t *tally) row(night *madeNight, some, before, after *listWalk) {
	if before != nil {
		t.before++
	}
	if after != nil {
		t.after++
	}
	was, is := before.eligible(), after.eligible()
	category := some.text(some.at.category)
	merchant, subject := some.text(some.at.merchant), some.text(some.at.subject)
	one := Turnover{Considered: 1, ConsideredFen: some.known(some.at.net15)}
	small := (was || is) && night.small(t.list.Role, subject, merchant)
	if was {
		t.member(&one.Before, &one.SmallBefore, &one.weightBefore, before, small)
		t.level(before).Before++
	}
	if is {
		t.member(&one.After, &one.SmallAfter, &one.weightAfter, after, small)
		t.level(after).After++
	}
	switch {
	case was && is:
		one.Stayed = 1
		one.Raised, one.Lowered = flagged(one.weightAfter > one.weightBefore), flagged(one.weightAfter < one.weightBefore)
		one.LevelMoved = flagged(before.text(before.at.level) != after.text(after.at.level))
	case is:
		one.Entered, one.EnteredFen = 1, one.ConsideredFen
		t.list.Entering = append(t.list.Entering, mover(some, before, after, small, before))
	case was:
		one.Left, one.LeftFen = 1, one.ConsideredFen
		t.list.Leaving = append(t.list.Leaving, mover(some, before, after, small, after))
	}
	if one.ConsideredFen != nil { // where refunds are computable, nobody is none of the GMV and not an unknown part
		var none int64
		one.EnteredFen, one.LeftFen = addKnown(&none, one.EnteredFen), addKnown(&none, one.LeftFen)
	}
	t.list.add(&one)
	if t.categories[category] == nil {
		t.categories[category] = &Turnover{}
	}
	t.categories[category].add(&one)
}

func (t *tally) member(members, small, weight *int64, row *listWalk, isSmall bool) {
	*members, *small = 1, flagged(isSmall)
	*weight = millionths(row.cell(row.at.multiplier).real())
}

func (t *tally) level(row *listWalk) *LevelMembers {
	name := row.text(row.at.level)
	l := t.levels[name]
	if l == nil {
		l = &LevelMembers{Level: name}
		t.levels[name] = l
	}
	return l
}

func flagged(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// mover is a subject that enters or leaves; off is its row where it is no member, nil if it is not considered there.
func mover(some, before, after *listWalk, small bool, off *listWalk) ListMover {
	m := ListMover{Subject: some.text(some.at.subject), Name: some.text(some.at.name), Merchant: some.text(some.at.merchant), Category: some.text(some.at.category),
		Small: small, Orders: some.cell(some.at.orders).bits, Net15: some.known(some.at.net15), Before: before.place(), After: after.place(), Decides: "not considered"}
	if off != nil {
		if m.Decides = off.text(off.at.failed); m.Decides == "" {
			m.Decides = off.text(off.at.reasons)
		}
	}
	return m
}

// result finishes the list; held says why the churn gate would keep that of the run before.
func (t *tally) result(held string) SimulatedList {
	l := t.list
	l.New, l.Dropped = t.before == 0 && t.after > 0, t.before > 0 && t.after == 0
	if !l.Dropped {
		l.Held = held
	}
	for _, movers := range [][]ListMover{l.Entering, l.Leaving} {
		for i := range movers {
			switch {
			case l.New:
				movers[i].Decides = "new list"
			case l.Dropped:
				movers[i].Decides = "list dropped"
			}
		}
		sortMovers(movers)
	}
	l.finish()
	l.Levels, l.Categories = []LevelMembers{}, []CategoryTurnover{}
	for _, name := range slices.Sorted(maps.Keys(t.levels)) {
		l.Levels = append(l.Levels, *t.levels[name])
	}
	for _, id := range slices.Sorted(maps.Keys(t.categories)) {
		c := t.categories[id]
		c.finish()
		l.Categories = append(l.Categories, CategoryTurnover{id, *c})
	}
	if l.Entering == nil {
		l.Entering = []ListMover{} // never null in JSON
	}
	if l.Leaving == nil {
		l.Leaving = []ListMover{}
	}
	return l
}

// listWalk walks a table of lists.
type listWalk struct {
	*cursor
	at   listColumns
	key  []cell
	of   func(list, role string) bool // that are walked
	stay bool                         // the current row has not been counted yet
	done bool
}

// listColumns are the positions of the columns that are looked at.
type listColumns struct {
	list, role, subject, name, merchant, category, eligible, rank, level, multiplier, orders, net15, failed, reasons int
}

// openList opens a table of a night for the rows of some lists and roles. One that the night does not have has no rows.
func openList(ctx context.Context, t *contract.Table, c *committed, of func(list, role string) bool) (*listWalk, error) {
	f, err := openOf(ctx, t, c)
	if f == nil || err != nil {
		return &listWalk{done: true}, err
	}
	return newListWalk(f, t, of), nil
}

// openOf opens a table of a night, nil if the night does not have it.
func openOf(ctx context.Context, t *contract.Table, c *committed) (*lake.File, error) {
	at := slices.IndexFunc(c.manifest.Outputs, func(o Output) bool { return o.Table == t.Name })
	if at < 0 {
		return nil, nil
	}
	return Archive{Out: c.lake, Job: c.record.Job}.openOutput(ctx, t, c.manifest.Outputs[at])
}

func newListWalk(f *lake.File, t *contract.Table, of func(list, role string) bool) *listWalk {
	r := &listWalk{of: of}
	var names []string
	for _, c := range []struct {
		name string
		at   *int
	}{{"list", &r.at.list}, {"role", &r.at.role}, {"subject_id", &r.at.subject}, {"subject_name", &r.at.name}, {"merchant_id", &r.at.merchant},
		{"category1_id", &r.at.category}, {"eligible", &r.at.eligible}, {"rank", &r.at.rank}, {"level", &r.at.level}, {"multiplier", &r.at.multiplier},
		{"orders", &r.at.orders}, {"gmv_net15_fen", &r.at.net15}, {"failed_gates", &r.at.failed}, {"reasons", &r.at.reasons}} {
		names = append(names, c.name)
		*c.at = t.Index(c.name)
	}
	r.cursor = newCursor(f, t, names...)
	return r
}

func (r *listWalk) closeFile(err *error) {
	if r.cursor == nil {
		return
	}
	r.cursor.close()
	*err = errors.Join(*err, r.file.Close())
}

// step goes to the next row, unless the current one has not been counted.
func (r *listWalk) step(ctx context.Context, key []int) error {
	if r.stay || r.done {
		r.stay = false
		return nil
	}
	for {
		more, err := r.next(ctx)
		if r.done = !more; !more || err != nil {
			return err
		}
		if r.of(r.text(r.at.list), r.text(r.at.role)) {
			r.key = r.cursor.key(key)
			return nil
		}
	}
}

// text is a cell's text, empty for null.
func (r *listWalk) text(column int) string { return r.cell(column).text }

// known is a figure, nil for null.
func (r *listWalk) known(column int) *int64 {
	c := r.cell(column)
	if c.null {
		return nil
	}
	return &c.bits
}

func (r *listWalk) eligible() bool { return r != nil && r.cell(r.at.eligible).bits == 1 }

func (r *listWalk) place() *Place {
	if r == nil {
		return nil
	}
	return &Place{Eligible: r.eligible(), Rank: r.cell(r.at.rank).bits, Level: r.text(r.at.level), Multiplier: r.cell(r.at.multiplier).real(),
		FailedGates: r.text(r.at.failed), Reasons: r.text(r.at.reasons)}
}
