package market

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// blockLines is how many lines one random stream makes: a unit of work.
const blockLines = 8_192

// unit is a piece of a day's work: a block of new lines, or runs of lines that wait for today.
type unit struct {
	block int // number of the block of new lines; none: pending
	lines int
	runs  [][]line
}

// planDay cuts the day's lines into units and the units into shards of about partRows lines. Each shard
// makes one part file of each event table. Nothing here depends on the number of workers.
func planDay(runs [][]line, lines, partRows int) [][]unit {
	var units []unit
	for _, run := range runs {
		last := len(units) - 1
		if last < 0 || units[last].lines >= blockLines {
			units = append(units, unit{block: none})
			last++
		}
		units[last].runs = append(units[last].runs, run)
		units[last].lines += len(run)
	}
	for block := 0; lines > 0; block++ {
		n := min(lines, blockLines)
		units = append(units, unit{block: block, lines: n})
		lines -= n
	}
	var shards [][]unit
	room := 0
	for _, u := range units {
		if room <= 0 {
			shards = append(shards, nil)
			room = partRows
		}
		shards[len(shards)-1] = append(shards[len(shards)-1], u)
		room -= u.lines
	}
	return shards
}

// left is what a shard leaves to the days after it.
type left struct {
	waiting  []waiting
	outcomes []outcome
	eligible []eligible
	totals   DayTotals
}

// makeDay makes the event rows of one day and carries the market over to the next. The last batches of the
// day's files, its figures and its markers are still being written when it returns; the end of the next day
// waits for them, so that no worker idles while the disk syncs.
func (g *generator) makeDay(ctx context.Context, d calendar.Day, lines int) error {
	shards := planDay(g.pending.take(d), lines, g.opts.PartRows)
	lefts := make([]left, len(shards))
	g.parts = new(errgroup.Group)
	work, working := errgroup.WithContext(ctx)
	work.SetLimit(g.opts.Workers)
	for i, units := range shards {
		work.Go(func() error {
			s := g.newShard(d, i)
			if err := s.run(working, units); err != nil {
				return err
			}
			lefts[i] = s.left
			g.report(d, s.totals.LinesCreated)
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	if err := g.awaitFigures(d - 1); err != nil {
		return err
	}
	g.carryOver(d, lefts)
	g.startFigures(ctx, d)
	return nil
}

// startFigures lets the day's figures be made beside the next day, which counts in the spare traffic.
func (g *generator) startFigures(ctx context.Context, d calendar.Day) {
	f := figures{generator: g, traffic: g.traffic, parts: g.parts}
	g.figures = new(errgroup.Group)
	g.figures.Go(func() error { return f.make(ctx, d) })
	g.traffic, g.spare = g.spare, g.traffic
	g.traffic.nextDay()
}

// awaitFigures waits for the figures of day d.
func (g *generator) awaitFigures(d calendar.Day) error {
	if err := g.figures.Wait(); err != nil {
		return fmt.Errorf("make the figures of %s: %w", d, err)
	}
	return nil
}

// carryOver moves the market to the next day.
func (g *generator) carryOver(d calendar.Day, lefts []left) {
	total := DayTotals{Day: d, Buyers: g.traffic.distinctBuyers()}
	g.eligible.forget(d + 1)
	for i := range lefts {
		l := &lefts[i]
		g.pending.put(l.waiting)
		g.loyalty.learn(l.outcomes)
		g.eligible.enter(l.eligible, d+1)
		total.add(&l.totals)
	}
	g.days = append(g.days, total)
}

// shard makes the event rows of some units of a day.
type shard struct {
	orderMaker
	left
	gen       *generator
	last      bool // nothing comes after today
	sorter    sorter
	lines     []line
	orders    orderRows
	refunds   refundRows
	shipments shipmentRows
	reviews   reviewRows
	complaint complaintRows
	chats     chatRows
	tables    []*table
}

func (g *generator) newShard(d calendar.Day, part int) *shard {
	s := &shard{gen: g, last: d == g.opts.AsOf}
	s.orderMaker = orderMaker{
		population: g.population, loyalty: g.loyalty, eligible: g.eligible, traffic: g.traffic,
		day: d, promo: promotionOf(d, g.promos),
	}
	open := func(decl *contract.Table) *table {
		t := g.writer.openPart(decl, d, part)
		s.tables = append(s.tables, t)
		return t
	}
	s.orders = newOrderRows(open(contract.Orders))
	s.refunds = newRefundRows(open(contract.Refunds))
	s.shipments = newShipmentRows(open(contract.Shipments))
	s.reviews = newReviewRows(open(contract.Reviews))
	s.complaint = newComplaintRows(open(contract.Complaints))
	s.chats = newChatRows(open(contract.Chats))
	return s
}

// run makes all units and leaves the part files to be closed.
func (s *shard) run(ctx context.Context, units []unit) error {
	if err := s.units(ctx, units); err != nil {
		for _, t := range s.tables {
			err = t.abandon(err)
		}
		return err
	}
	for _, t := range s.tables {
		s.gen.parts.Go(func() error { return s.gen.finish(t) })
	}
	return nil
}

func (s *shard) units(ctx context.Context, units []unit) error {
	for i := range units {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.unit(&units[i])
		units[i].runs = nil // the memory is no longer needed
		s.waiting = append(s.waiting, s.sorter.drain(s.day)...)
		for _, t := range s.tables {
			if t.err != nil {
				return t.err
			}
		}
	}
	return nil
}

func (s *shard) unit(u *unit) {
	if u.block != none {
		s.lines = s.block(u.block, u.lines, s.lines[:0])
		for i := range s.lines {
			s.create(&s.lines[i])
		}
		return
	}
	for _, run := range u.runs {
		for i := range run {
			s.resume(&run[i])
		}
	}
}

// create writes a line created today.
func (s *shard) create(l *line) {
	s.orders.add(s.population, l, s.day)
	s.chats.add(s.population, l, s.day)
	s.totals.create(l)
	switch {
	case l.paid == 0:
	case on(l.paid, s.day):
		s.settle(l)
	case !s.last:
		s.sorter.add(l, int(dayOf(l.paid)-s.day))
	}
}

// resume goes on with a line whose next event is today.
func (s *shard) resume(l *line) {
	if on(l.paid, s.day) {
		s.orders.add(s.population, l, s.day)
		s.settle(l)
		return
	}
	s.decide(l, &s.fate)
	s.follow(l)
}

// settle takes a line that is paid today into the totals and lets buyers and Chuanliu learn from it.
func (s *shard) settle(l *line) {
	s.decide(l, &s.fate)
	s.totals.pay(l, s.fate.refundedBy(s.gen.opts.AsOf, l.goods()))
	if l.valid() {
		s.traffic.countBuyer(l.buyer)
		if !s.last {
			s.learn(l)
		}
	}
	s.follow(l)
}

// learn notes what the buyer remembers and whether the pair becomes eligible.
func (s *shard) learn(l *line) {
	shop := s.products[l.product].merchant
	distributed := l.promoter >= 0 && s.talents[l.promoter].owner < 0
	if distributed && s.merchants[shop].participates {
		s.eligibleNow(shop, l)
	}
	if !l.has(firstLine) || l.has(boosted) {
		return
	}
	trust := len(s.partnerships) + int(shop)
	if distributed {
		trust = s.partnershipOf(l.promoter, shop)
	}
	s.outcomes = append(s.outcomes, outcome{l.buyer, uint32(trust) + 1, !s.fate.satisfied()})
}

func (s *shard) eligibleNow(shop int32, l *line) {
	s.left.eligible = append(s.left.eligible, eligible{shop, l.buyer, l.promoter})
}

// partnershipOf finds the partnership of a talent and a shop.
func (p *population) partnershipOf(account, shop int32) int {
	t := &p.talents[account]
	for i := t.partner0; i < t.partner0+t.partners; i++ {
		if p.partnerships[i].merchant == shop {
			return int(i)
		}
	}
	return len(p.partnerships) + int(shop)
}

// follow writes today's events of a paid line and queues it for its next one.
func (s *shard) follow(l *line) {
	s.shipments.add(s.population, l, &s.fate, s.day)
	s.refunds.add(s.population, l, &s.fate, s.day)
	s.reviews.add(s.population, l, &s.fate, s.day)
	s.complaint.add(s.population, l, &s.fate, s.day)
	if s.last {
		return
	}
	if next := s.fate.nextEvent(s.day); next != none && next <= s.gen.opts.AsOf {
		s.sorter.add(l, int(next-s.day))
	}
}
