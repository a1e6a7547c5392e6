package market

import (
	"context"
	"errors"
	"math"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// figures makes the tables of a day that do not follow from single lines: daily figures, snapshots,
// violations and Chuanliu's logs, each one part file. It may run while the next day is made.
type figures struct {
	*generator
	traffic *traffic        // of the day
	parts   *errgroup.Group // the day's event files being closed
}

// make writes the tables and, once all files of the day are there, its _SUCCESS markers.
func (f *figures) make(ctx context.Context, d calendar.Day) error {
	work, working := errgroup.WithContext(ctx)
	work.SetLimit(f.opts.Workers)
	for _, each := range []struct {
		decl  *contract.Table
		write func(*table, calendar.Day)
	}{
		{contract.Products, f.writeProducts},
		{contract.ProductTraffic, f.writeProductTraffic},
		{contract.ChuanliuExposures, f.writeExposures},
		{contract.ChuanliuEligibility, f.writeEligibility},
		{contract.Contents, f.writeContents},
		{contract.Talents, f.writeTalents},
		{contract.Merchants, f.writeMerchants},
		{contract.Violations, f.writeViolations},
		{contract.Categories, f.writeCategories},
		{contract.Overrides, f.writeOverrides},
	} {
		work.Go(func() error {
			if err := working.Err(); err != nil {
				return err
			}
			t := f.writer.openPart(each.decl, d, 0)
			each.write(t, d)
			return f.finish(t)
		})
	}
	if err := errors.Join(work.Wait(), f.parts.Wait()); err != nil {
		return err
	}
	return f.markComplete(ctx, d)
}

// markComplete writes the markers; each waits for the disk, so they go together.
func (f *figures) markComplete(ctx context.Context, d calendar.Day) error {
	work, working := errgroup.WithContext(ctx)
	for _, decl := range contract.Inputs() {
		if decl.Class != contract.Static {
			work.Go(func() error { return f.writer.file(working, SuccessKey(decl, d)) })
		}
	}
	return work.Wait()
}

// writeContents writes the live sessions of d and the videos shown on it.
func (f *figures) writeContents(t *table, d calendar.Day) {
	r := newContentRows(t)
	for k := range f.talents {
		lines := f.traffic.byAuthor[k*2:][:2]
		account := int32(k)
		if f.streams(account, d) {
			from, to := f.session(account, d)
			r.add(f.population, account, liveID(account, d), from, to, lines[0], d)
		}
		s := open(f.seed, forContent, uint64(k), uint64(videoDay(account, d)))
		if lines[1] > 0 || s.chance(0.5) {
			r.add(f.population, account, videoID(account, d), startOf(videoDay(account, d))+18*hour, 0, lines[1], d)
		}
	}
}

// contentRows writes contents.
type contentRows struct {
	*table
	id, author, owner, kind, started, ended, viewers, views, watch, likes, comments *column
	shares, followers, clicks, cart, reports, good, bad                             *column
}

func newContentRows(t *table) contentRows {
	c := t.col
	return contentRows{
		t, c("content_id"), c("author_id"), c("owner_merchant_id"), c("kind"), c("started_at"), c("ended_at"),
		c("viewers"), c("views"), c("watch_seconds"), c("likes"), c("comments"), c("shares"), c("new_followers"),
		c("product_clicks"), c("cart_products"), c("upheld_reports"), c("good_ratings"), c("bad_ratings"),
	}
}

// add writes one content; an end of 0 makes it a video. Viewers follow from the lines sold and the followers.
func (r *contentRows) add(p *population, account int32, id int64, from, to moment, lines uint32, d calendar.Day) {
	i, a := r.row(), &p.talents[account]
	s := open(p.seed, forContent, uint64(id), uint64(d))
	r.id.set(i, id)
	r.author.set(i, a.id)
	if a.owner == none {
		r.owner.null(i)
	} else {
		r.owner.set(i, p.merchants[a.owner].id)
	}
	r.kind.code(i, 0)
	if to == 0 {
		r.kind.code(i, 1)
	}
	r.started.set(i, from)
	r.ended.setOr(i, to, to != 0)

	clicks := float64(lines)*s.between(8, 16) + 10*s.unit()
	viewers := math.Floor(clicks*s.between(2, 5) + float64(a.followers)*0.0005*s.unit() + 5)
	ratings := viewers * 0.02
	r.clicks.set(i, int64(clicks))
	r.viewers.set(i, int64(viewers))
	r.views.set(i, int64(viewers*s.between(1.1, 1.8)))
	r.watch.set(i, int64(viewers*a.contentBonus*s.between(40, 120)))
	r.likes.set(i, s.about(viewers*s.between(0.05, 0.3)))
	r.comments.set(i, s.about(viewers*s.between(0.01, 0.08)))
	r.shares.set(i, s.about(viewers*s.between(0.002, 0.02)))
	r.followers.set(i, s.about(viewers*s.between(0.002, 0.02)))
	r.cart.set(i, int64(5+s.below(60)))
	r.reports.set(i, s.about(viewers*a.reported))
	r.bad.set(i, s.about(ratings*a.badRatings))
	r.good.set(i, s.about(ratings*(1-a.badRatings)))
}

// trafficRows writes product_traffic.
type trafficRows struct {
	*table
	product, promoter, scene, merchant, impressions, clicks *column
}

// writeProductTraffic writes each product, promoter and scene that sold today and some that did not.
func (f *figures) writeProductTraffic(t *table, d calendar.Day) {
	c := t.col
	r := trafficRows{
		t, c("product_id"), c("promoter_id"), c("scene"), c("merchant_id"), c("impressions"), c("clicks"),
	}
	for k := range f.products {
		q := &f.products[k]
		for scene := range contract.Scenes {
			promoter := int32(none)
			if scene <= contract.SceneShortVideo {
				promoter = f.merchants[q.merchant].account
			}
			idle := scene == contract.SceneMall && q.listed <= d
			r.add(f.population, k, promoter, uint8(scene), f.traffic.byProduct[k*8+scene], idle, d)
		}
	}
	for i, partner := range f.partnerships {
		m := &f.merchants[partner.merchant]
		for j := range min(shown, int(m.products)) {
			for at, scene := range partnerScenes {
				lines := f.traffic.byPartner[(i*shown+j)*4+at]
				r.add(f.population, int(m.product0)+j, partner.talent, scene, lines, false, d)
			}
		}
	}
}

// idleTraffic is the share of unsold products that were still looked at.
const idleTraffic = 0.2

func (r *trafficRows) add(p *population, k int, promoter int32, scene uint8, lines uint32, idle bool, d calendar.Day) {
	if lines == 0 && !idle {
		return
	}
	s := open(p.seed, forTraffic, uint64(k)<<32|uint64(uint32(promoter)), uint64(d)<<8|uint64(scene))
	if lines == 0 && !s.chance(idleTraffic) {
		return
	}
	i, q := r.row(), &p.products[k]
	r.product.set(i, q.id)
	if promoter == none {
		r.promoter.null(i)
	} else {
		r.promoter.set(i, p.talents[promoter].id)
	}
	r.scene.code(i, scene)
	r.merchant.set(i, p.merchants[q.merchant].id)
	clicks := float64(lines)*s.between(6, 20) + 4*s.unit()
	r.clicks.set(i, int64(clicks))
	r.impressions.set(i, int64(clicks*s.between(8, 25))+int64(s.below(20)))
}

// writeViolations draws the tickets decided on d.
func (f *figures) writeViolations(t *table, d calendar.Day) {
	r := violationRows{
		t, t.col("ticket_id"), t.col("subject_role"), t.col("subject_id"), t.col("severity"), t.col("points"), t.col("decided_at"),
	}
	for k := range f.merchants {
		m := &f.merchants[k]
		r.draw(f.seed, 0, k, m.id, 0.0004+0.08*m.brushing, d)
	}
	for k := range f.talents {
		a := &f.talents[k]
		r.draw(f.seed, 1, k, a.id, a.violations+0.02*a.misleading, d)
	}
}

type violationRows struct {
	*table
	ticket, role, subject, severity, points, decided *column
}

func (r *violationRows) draw(seed uint64, role uint8, k int, id int64, rate float64, d calendar.Day) {
	number := uint64(role)<<20 | uint64(k)
	s := open(seed, forViolation, number, uint64(d))
	if !s.chance(rate) {
		return
	}
	i := r.row()
	r.ticket.set(i, int64(d)<<21|int64(number))
	r.role.code(i, role)
	r.subject.text(i, strconv.FormatInt(id, 10))
	if s.chance(0.06) {
		r.severity.code(i, 0)
		r.points.set(i, 12)
	} else {
		r.severity.code(i, 1)
		r.points.set(i, int64(1+s.below(4)))
	}
	r.decided.set(i, startOf(d)+9*hour+moment(s.below(9*3600))*second)
}

// writeEligibility logs the pairs whose boost fires on d, both arms, in the first half hour of the day.
func (f *figures) writeEligibility(t *table, d calendar.Day) {
	c := t.col
	merchant, buyer, arm := c("merchant_id"), c("buyer_id"), c("arm")
	at, source, programme := c("eligible_at"), c("source_promoter_id"), c("programme")
	for _, e := range f.eligible.on(d) {
		i := t.row()
		held := f.held(e.buyer)
		merchant.set(i, f.merchants[e.merchant].id)
		buyer.set(i, f.buyerID(e.buyer))
		arm.code(i, 0)
		if held {
			arm.code(i, 1)
		}
		at.set(i, startOf(d)+moment(mix(uint64(e.buyer)^f.seed)%1800)*second)
		source.set(i, f.talents[e.source].id)
		programme.index(i, 0)
		f.countEligible(e.merchant, held)
	}
}

// writeExposures draws which boosted pairs of the last 14 days were shown the shop on d; fewer with age.
func (f *figures) writeExposures(t *table, d calendar.Day) {
	merchant, buyer := t.col("merchant_id"), t.col("buyer_id")
	impressions, first := t.col("impressions"), t.col("first_shown_at")
	for age := range calendar.Day(LiftDays) {
		rate := 0.35*math.Pow(0.6, float64(age)) + 0.01
		if d-age < f.first {
			break
		}
		for _, e := range f.eligible.on(d - age) {
			s := open(f.seed, forExposure, pairKey(e.merchant, e.buyer), uint64(d))
			if !s.chance(rate) || f.held(e.buyer) {
				continue
			}
			i := t.row()
			merchant.set(i, f.merchants[e.merchant].id)
			buyer.set(i, f.buyerID(e.buyer))
			impressions.set(i, int64(1+s.below(4)))
			first.set(i, startOf(d)+moment(1800+s.below(84_000))*second)
		}
	}
}
