package market

import (
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// dictionaries are the texts that all batches of a table share, so that a snapshot writes only indices.
func (p *population) dictionaries() map[string]arrow.Array {
	titles := make([]string, categories1*titlesPerCategory)
	for i := range titles {
		titles[i] = title(i/titlesPerCategory, i%titlesPerCategory)
	}
	shops := make([]string, len(p.merchants))
	for i := range shops {
		shops[i] = shopName(i)
	}
	accounts := make([]string, len(p.talents))
	for i := range accounts {
		accounts[i] = accountName(i, i < p.ownTalents)
	}
	risks := stringArray(riskReasons)
	return map[string]arrow.Array{
		"products.name": stringArray(titles), "merchants.name": stringArray(shops), "talents.name": stringArray(accounts),
		"orders.risk_reason": risks, "refunds.risk_reason": risks, "shipments.risk_reason": risks, "reviews.risk_reason": risks,
		"chuanliu_eligibility.programme": stringArray([]string{Programme}),
	}
}

// writeProducts writes all products listed by the end of d.
func (f *figures) writeProducts(t *table, d calendar.Day) {
	c := t.col
	id, merchant, name, brand := c("product_id"), c("merchant_id"), c("name"), c("brand_id")
	levels := [3]*column{c("category1_id"), c("category2_id"), c("category3_id")}
	style, units, info, listed := c("style_id"), c("units_per_item"), c("info_score"), c("listed_at")
	forSale, live, cart := c("purchasable_hours"), c("live_only"), c("in_cart")
	virtual, flag := c("is_virtual"), c("brand_flag")
	carted := f.carted(d)
	for k := range f.products {
		q := &f.products[k]
		if q.listed > d {
			continue
		}
		i, m := t.row(), &f.merchants[q.merchant]
		id.set(i, q.id)
		merchant.set(i, m.id)
		name.index(i, int(q.title))
		brandID, branded := m.brand()
		brand.setOr(i, brandID, branded)
		for level, col := range levels {
			col.setOr(i, int64(q.category[level]), q.category[level] != 0)
		}
		style.setOr(i, 70_000_000+int64(q.style), q.style != none)
		units.set(i, int64(q.units))
		if q.info < 0 {
			info.null(i)
		} else {
			info.real(i, float64(q.info))
		}
		listed.set(i, startOf(q.listed)+10*hour)
		forSale.real(i, f.purchasable(k, d))
		live.flag(i, q.liveOnly)
		cart.flag(i, carted[k>>6]>>(k&63)&1 == 1)
		virtual.flag(i, q.isVirtual)
		flag.flag(i, branded)
	}
}

// purchasable is for how many hours of d a product could be bought; now and then it sells out.
func (f *figures) purchasable(product int, d calendar.Day) float64 {
	s := open(f.seed, forSnapshot, uint64(product), uint64(d))
	h := float64(f.products[product].hours)
	if s.chance(0.02) {
		h = float64(int(h * s.unit()))
	}
	return h
}

// carted tells by bit which products are in a cart on d: those sold in a live or video, and a third of the
// others, changing by week.
func (f *figures) carted(d calendar.Day) []uint64 {
	carted := make([]uint64, (len(f.products)+63)/64)
	put := func(k int) { carted[k>>6] |= 1 << (k & 63) }
	for k := range f.products {
		s := open(f.seed, forSnapshot, uint64(k)|1<<40, uint64(d/7))
		cells := f.traffic.byProduct[k*8:][:2]
		if cells[0] > 0 || cells[1] > 0 || s.chance(0.33) {
			put(k)
		}
	}
	for i, partner := range f.partnerships {
		first := int(f.merchants[partner.merchant].product0)
		for j := range shown {
			cells := f.traffic.byPartner[(i*shown+j)*4:][:2]
			if cells[0] > 0 || cells[1] > 0 {
				put(first + j)
			}
		}
	}
	return carted
}

// writeMerchants writes the shops, few of which change.
func (f *figures) writeMerchants(t *table, _ calendar.Day) {
	c := t.col
	id, name, kind, category, joined := c("merchant_id"), c("name"), c("kind"), c("category1_id"), c("joined_on")
	for k := range f.merchants {
		i, m := t.row(), &f.merchants[k]
		id.set(i, m.id)
		name.index(i, k)
		kind.code(i, m.kind)
		category.set(i, category1ID(int(m.category1)))
		joined.date(i, m.joined)
	}
}

// writeTalents writes the accounts; their followers grow.
func (f *figures) writeTalents(t *table, d calendar.Day) {
	c := t.col
	id, name, owner := c("talent_id"), c("name"), c("owner_merchant_id")
	category, followers, joined := c("category1_id"), c("followers"), c("joined_on")
	for k := range f.talents {
		i, a := t.row(), &f.talents[k]
		id.set(i, a.id)
		name.index(i, k)
		if a.owner == none {
			owner.null(i)
		} else {
			owner.set(i, f.merchants[a.owner].id)
		}
		category.set(i, category1ID(int(a.category1)))
		followers.set(i, a.followers+int64(float64(a.followers)*a.growth*float64(d-f.first)))
		joined.date(i, a.joined)
	}
}

// writeCategories writes the whole tree.
func (f *figures) writeCategories(t *table, _ calendar.Day) {
	id, level, parent, name := t.col("category_id"), t.col("level"), t.col("parent_id"), t.col("name")
	add := func(self, above int64, at int64, label string) {
		i := t.row()
		id.set(i, self)
		level.set(i, at)
		parent.setOr(i, above, above != 0)
		name.text(i, label)
	}
	for c1, label := range categoryNames {
		add(category1ID(c1), 0, 1, label)
		for c2 := range categories2 {
			label := label + strconv.Itoa(c2+1)
			add(category2ID(c1, c2), category1ID(c1), 2, label)
			for c3 := range categories3 {
				add(category3ID(c1, c2, c3), category2ID(c1, c2), 3, label+"-"+strconv.Itoa(c3+1))
			}
		}
	}
}

// writeOverrides writes the manual decisions valid on d: one of each action for a subject of each role.
func (f *figures) writeOverrides(t *table, d calendar.Day) {
	c := t.col
	role, subject, resource, action := c("subject_role"), c("subject_id"), c("resource"), c("action")
	reason, author, from, to := c("reason"), c("author"), c("valid_from"), c("valid_to")
	reasons := []string{"pilot of a new programme", "open investigation", "asked by the shop", "appeal under review"}
	for k := range 8 {
		s := open(f.seed, forOverride, uint64(k), 0)
		begin := f.first + calendar.Day(s.below(f.opts.Days))
		end := begin + calendar.Day(6+s.below(24))
		at := k % 3
		ids := [...]int64{
			f.merchants[s.below(len(f.merchants))].id, f.talents[s.below(len(f.talents))].id, f.products[s.below(len(f.products))].id,
		}
		which := s.below(len(contract.Resources))
		if d < begin || d > end {
			continue
		}
		i := t.row()
		role.code(i, uint8(at))
		subject.text(i, strconv.FormatInt(ids[at], 10))
		resource.code(i, uint8(which))
		action.code(i, uint8(k%len(contract.Actions)))
		reason.text(i, reasons[k%len(reasons)])
		author.text(i, "ops-"+strconv.Itoa(1+k%3))
		from.date(i, begin)
		to.date(i, end)
	}
}

// writeCalendar writes the promotions of the market's days.
func (g *generator) writeCalendar(t *table) {
	day, name, level := t.col("date"), t.col("promotion"), t.col("level")
	for _, p := range g.promos {
		i := t.row()
		day.date(i, p.day)
		name.text(i, p.name)
		level.set(i, p.level)
	}
}
