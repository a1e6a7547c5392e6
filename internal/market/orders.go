package market

import (
	"math"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// line is an order line in 64 bytes: what the dumps say of it and what its fate depends on.
type line struct {
	id       int64 // order<<3 | number in the order, from 1
	created  moment
	paid     moment // 0: never
	buyer    int32
	product  int32
	promoter int32 // talent, or none
	author   int32 // talent, or none
	paidFen  int32 // by the buyer
	subsidy  int32 // fen
	freight  int32 // fen
	quantity uint16
	scene    uint8 // code of contract.Scenes
	kind     uint8 // code of contract.OrderKinds
	risk     uint8 // index of riskReasons plus one; 0: none
	marks    uint8
}

// Marks of a line.
const (
	countsOrder uint8 = 1 << iota // the first gmv_valid line of its order
	firstRefund                   // its first refund is the first of the order at that merchant
	firstReview                   // its review is the first of the order at that merchant
	boosted                       // would not have been without Chuanliu
	firstLine                     // of its order
)

// riskReasons are why a line is abnormal.
var riskReasons = []string{"brushing", "bot", "stolen_account", "hoarding", "affiliated_buyer", "coupon_resale"}

// maxUnits is the largest quantity of a line that counts in GMV (definitions, section 1a).
const maxUnits = 20

func (l *line) order() int64        { return l.id >> 3 }
func (l *line) goods() int64        { return int64(l.paidFen) + int64(l.subsidy) } // fen
func (l *line) has(mark uint8) bool { return l.marks&mark != 0 }
func (l *line) test() bool          { return l.kind == contract.OrderTest }
func (l *line) valid() bool         { return l.paid != 0 && !l.test() && l.risk == 0 && l.quantity <= maxUnits }

// How buyers behave.
const (
	// ReturnRate is the chance that a buyer who trusts somebody goes back there.
	ReturnRate = 0.42
	// unpaidRate and nextDayRate are the shares of ordinary orders never paid and paid on the next day.
	unpaidRate  = 0.12
	nextDayRate = 0.04
)

var (
	// newFinds: where a buyer who trusts nobody finds goods. Through a talent, a shop's account, the shelf.
	newFinds = cumulative(0.45, 0.28, 0.27)
	// orderLines: lines in an order, 1 to 5.
	orderLines = cumulative(0.76, 0.13, 0.06, 0.03, 0.02)
	// kinds in the order of contract.OrderKinds.
	kinds = cumulative(0.935, 0.03, 0.01, 0.014, 0.008, 0.003)
	// shelfScenes: recommend, mall, search, shop, other.
	shelfScenes = cumulative(0.28, 0.27, 0.22, 0.19, 0.04)
)

// order is what the lines of one order share while it is made.
type order struct {
	buyer    int32
	merchant int32
	partner  int32 // partnership it came through, or none
	promoter int32
	author   int32
	scene    uint8
	kind     uint8
	created  moment
	paid     moment
}

// orderMaker makes the lines created on one day, a block at a time.
type orderMaker struct {
	*population
	loyalty  *loyalty
	eligible *eligibility
	traffic  *traffic
	day      calendar.Day
	promo    *promotion
	fate     fate // scratch
}

// block appends exactly n lines to lines. Blocks are numbered so that each has its own random stream and
// its own identifiers.
func (m *orderMaker) block(number, n int, lines []line) []line {
	s := open(m.seed, forOrders, uint64(m.day), uint64(number))
	next := (int64(m.day)*1_000_000 + int64(number)) * 100_000
	end := len(lines) + n
	for len(lines) < end {
		o := m.draft(&s)
		next++
		lines = m.addOrder(&o, next, 0, end, lines, &s)
		if m.causesAnother(&o, &s) && len(lines) < end {
			o.created += 1 + moment(s.below(600))*second
			o.created = min(o.created, startOf(m.day+1)-second)
			if o.paid != 0 {
				o.paid = o.created + moment(5+s.below(200))*second
			}
			next++
			lines = m.addOrder(&o, next, boosted, end, lines, &s)
		}
	}
	return lines
}

// causesAnother tells whether Chuanliu adds an order to this one, and counts.
func (m *orderMaker) causesAnother(o *order, s *stream) bool {
	shop := &m.merchants[o.merchant]
	if !shop.participates || o.author != shop.account || o.scene != contract.SceneLive ||
		!m.eligible.boosted(o.merchant, o.buyer, m.day) || m.held(o.buyer) {
		return false
	}
	caused := s.chance(shop.liftOn(m.day))
	m.traffic.countLift(o.merchant, caused)
	return caused
}

// draft finds a buyer and a place to buy.
func (m *orderMaker) draft(s *stream) order {
	o := order{buyer: m.drawBuyer(s), partner: none, promoter: none, author: none}
	o.kind = uint8(s.pick(kinds))
	trust, known := m.loyalty.recall(o.buyer, s)
	switch {
	case known && s.chance(ReturnRate):
		m.goBack(&o, trust, s)
	default:
		m.find(&o, s)
	}
	m.setPayment(&o, s)
	return o
}

// buyerSpread is how much more often the most active buyer orders than the least active.
const (
	buyerSpread = 100
	logSpread   = 2 * math.Ln10
)

// drawBuyer takes buyer x of n with a density that falls like 1/(x + n/99), from 21.5 times the mean to 0.2
// times: the top hundredth places 15 % of the orders, the top tenth half, and nobody dominates an arm.
func (m *orderMaker) drawBuyer(s *stream) int32 {
	x := (math.Exp(s.unit()*logSpread) - 1) / (buyerSpread - 1)
	return min(int32(x*float64(m.buyers)), int32(m.buyers-1))
}

// goBack buys where the buyer was served well. Of a partnership either the talent or the shop is trusted.
func (m *orderMaker) goBack(o *order, trust int, s *stream) {
	if trust >= len(m.partnerships) {
		o.merchant = int32(trust - len(m.partnerships))
		m.visitShop(o, 0.75, s)
		return
	}
	if s.chance(0.55) {
		m.watchTalent(o, int32(trust), s)
		return
	}
	o.merchant = m.partnerships[trust].merchant
	m.visitShop(o, 0.75, s)
}

// find discovers a talent, a shop's account or goods on the shelf by popularity.
func (m *orderMaker) find(o *order, s *stream) {
	switch s.pick(newFinds) {
	case 0:
		t := &m.talents[m.byTalent.draw(s)]
		u := s.unit()
		m.watchTalent(o, t.partner0+int32(float64(t.partners)*u*u), s)
	case 1:
		o.merchant = int32(m.byMerchant.draw(s))
		m.visitShop(o, 1, s)
	default:
		o.merchant = int32(m.byMerchant.draw(s))
		m.visitShop(o, 0, s)
	}
}

// watchTalent buys a partner shop's goods in the talent's live, video or showcase.
func (m *orderMaker) watchTalent(o *order, partner int32, s *stream) {
	o.partner = partner
	o.merchant = m.partnerships[partner].merchant
	o.promoter = m.partnerships[partner].talent
	o.author = o.promoter
	switch u := s.unit(); {
	case u < 0.74 && m.streams(o.author, m.day):
		m.joinLive(o, s)
	case u < 0.92:
		o.scene = contract.SceneShortVideo
		o.created = m.anyTime(s)
	default: // the showcase: credited, but no live or video
		o.scene, o.author = contract.SceneShop, none
		o.created = m.anyTime(s)
	}
}

// visitShop buys from the shop itself: with the given chance on its own account, else from the shelf.
func (m *orderMaker) visitShop(o *order, onAccount float64, s *stream) {
	account := m.merchants[o.merchant].account
	if account < 0 || !s.chance(onAccount) {
		o.scene = uint8(contract.SceneRecommend + s.pick(shelfScenes))
		o.created = m.anyTime(s)
		return
	}
	o.author = account
	if s.chance(0.7) { // some shops credit their own account, some nobody
		o.promoter = account
	}
	if s.chance(0.85) && m.streams(account, m.day) {
		m.joinLive(o, s)
		return
	}
	o.scene = contract.SceneShortVideo
	o.created = m.anyTime(s)
}

// anyTime is a moment of the day by the busy hours.
func (m *orderMaker) anyTime(s *stream) moment {
	return startOf(m.day) + moment(s.pick(busyHours))*hour + moment(s.below(3600))*second
}

func (m *orderMaker) joinLive(o *order, s *stream) {
	from, to := m.session(o.author, m.day)
	o.scene = contract.SceneLive
	o.created = from + moment(s.below(int((to-from)/second)))*second
}

func (m *orderMaker) setPayment(o *order, s *stream) {
	prompt := o.created + moment(5+s.below(600))*second
	u := s.unit()
	switch {
	case o.kind != contract.OrderNormal && o.kind != contract.OrderPresale, u >= unpaidRate+nextDayRate:
		o.paid = prompt
	case u < nextDayRate:
		o.paid = startOf(m.day+1) + moment(s.below(86_400))*second
	}
}

// addOrder makes the lines of an order, at most up to end, and settles which of them come first.
func (m *orderMaker) addOrder(o *order, id int64, marks uint8, end int, lines []line, s *stream) []line {
	n := min(1+s.pick(orderLines), end-len(lines))
	if o.kind != contract.OrderNormal {
		n = 1
	}
	from := len(lines)
	for i := range n {
		lines = append(lines, m.newLine(o, id<<3|int64(i+1), marks, s))
		if i == 0 {
			lines[from].marks |= firstLine
		}
	}
	m.markFirsts(lines[from:])
	return lines
}

func (m *orderMaker) newLine(o *order, id int64, marks uint8, s *stream) line {
	shop := o.merchant
	if id&7 > 1 && o.author < 0 && o.promoter < 0 && s.chance(0.15) {
		shop = int32(m.byMerchant.draw(s)) // a cart from the shelf may hold goods of several shops
	}
	product := m.chooseProduct(shop, o, s)
	l := line{
		id: id, created: o.created, paid: o.paid, buyer: o.buyer, product: product,
		promoter: o.promoter, author: o.author, scene: o.scene, kind: o.kind,
		quantity: quantity(s), marks: marks,
	}
	m.setMoney(&l, s)
	if s.chance(m.merchants[shop].brushing) {
		l.risk = uint8(1 + s.below(len(riskReasons)))
	}
	m.traffic.countLine(&l)
	return l
}

// chooseProduct takes the first products of a shop most often; through a talent only those that are shown.
func (m *orderMaker) chooseProduct(shop int32, o *order, s *stream) int32 {
	at := &m.merchants[shop]
	n := at.products
	if o.partner >= 0 {
		n = min(n, shown)
	}
	u := s.unit()
	j := int32(float64(n) * u * u)
	if m.products[at.product0+j].listed > m.day {
		j = 0
	}
	if o.partner >= 0 {
		m.traffic.countPartner(o.partner, j, o.scene)
	} else {
		m.traffic.countProduct(at.product0+j, o.scene)
	}
	return at.product0 + j
}

// quantity is 1 for most, more than 20 for one line in 1,500.
func quantity(s *stream) uint16 {
	switch u := s.unit(); {
	case u < 0.86:
		return 1
	case u < 0.95:
		return 2
	case u < 0.992:
		return uint16(3 + s.below(4))
	case u < 0.9993:
		return uint16(7 + s.below(14))
	default:
		return uint16(21 + s.below(80))
	}
}

// setMoney splits the day's price of the goods between buyer and platform and adds freight.
func (m *orderMaker) setMoney(l *line, s *stream) {
	goods := float64(m.dayPrice(l.product, m.day)) * float64(l.quantity)
	switch l.kind {
	case contract.OrderGift, contract.OrderSample:
		goods = float64(s.below(1_000))
	case contract.OrderLuckyBag:
		goods = float64(1 + s.below(100))
	}
	discount, subsidised := 0.0, 0.18
	if s.chance(0.15) {
		discount = s.between(0.03, 0.12)
	}
	if m.promo != nil {
		discount += 0.05
		subsidised = 0.5
	}
	goods *= 1 - discount
	share := 0.0
	if s.chance(subsidised) {
		share = s.between(0.02, 0.12)
	}
	l.subsidy = int32(min(goods*share, 1<<30))
	l.paidFen = int32(min(goods, 1<<30)) - l.subsidy
	if s.chance(0.08) {
		l.freight = int32(500 + 100*s.below(12))
	}
}

// dayPrice is a product's price per item on a day in fen: it moves by up to 3 % from week to week.
func (p *population) dayPrice(product int32, d calendar.Day) int64 {
	s := open(p.seed, forPrice, uint64(product), uint64(d/7))
	return max(1, int64(float64(p.products[product].price)*s.between(0.97, 1.03)))
}

// markFirsts finds the order's first valid line and, per merchant, its first refund and first review.
func (m *orderMaker) markFirsts(lines []line) {
	for i := range lines {
		if lines[i].valid() {
			lines[i].marks |= countsOrder
			break
		}
	}
	if lines[0].paid == 0 {
		return
	}
	if len(lines) == 1 {
		lines[0].marks |= firstRefund | firstReview
		return
	}
	var refunded, reviewed [5]moment // 0: never
	for i := range lines {
		m.decide(&lines[i], &m.fate)
		refunded[i], reviewed[i] = m.fate.firstApplied(), m.fate.reviewed
	}
	for i := range lines {
		if m.isFirst(lines, refunded[:], i) {
			lines[i].marks |= firstRefund
		}
		if m.isFirst(lines, reviewed[:], i) {
			lines[i].marks |= firstReview
		}
	}
}

// isFirst tells whether line i has the earliest event among the lines of its merchant; ties go to the
// earlier line.
func (m *orderMaker) isFirst(lines []line, at []moment, i int) bool {
	if at[i] == 0 {
		return false
	}
	shop := m.products[lines[i].product].merchant
	for j := range lines {
		if j == i || at[j] == 0 || m.products[lines[j].product].merchant != shop {
			continue
		}
		if at[j] < at[i] || at[j] == at[i] && j < i {
			return false
		}
	}
	return true
}
