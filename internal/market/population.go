package market

import (
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// none stands for "no account", "no partnership", "no style".
const none = -1

// shown is how many products of a partner shop a talent shows at most.
const shown = 8

// merchant is a shop, in order of size. Rates are planted: the chance that one case goes wrong.
type merchant struct {
	id         int64
	kind       uint8 // code of contract.MerchantKinds
	category1  int32
	joined     calendar.Day
	account    int32 // its own account, or none
	product0   int32 // its products are [product0, product0+products)
	products   int32
	priceLevel float64 // against the style price

	care         float64 // standard normal, common to all of its rates: careful shops are good at most things
	sourcing     float64 // standard normal: how bad its goods are as a whole
	lateness     float64 // pick-up after the promised hour
	speed        float64 // pick-up to signature against the route's median
	promiseHours float64 // payment to promised pick-up
	slowReply    float64 // no reply by a person within 3 minutes in service hours
	badService   float64 // a rated chat gets 1 or 2
	handling     float64 // hours a refund without return takes, on average
	dispute      float64 // the platform is called into a refund
	unattended   float64 // a refund without dispute runs out its time and is completed by the platform
	brushing     float64 // a line is abnormal

	participates bool // in Chuanliu
	lift         float64
	bestDay      calendar.Day
	bestDayLift  float64 // 0: no best day planted
}

// talent is an account: independent, or a shop's own.
type talent struct {
	id           int64
	owner        int32 // merchant, or none
	category1    int32
	joined       calendar.Day
	followers    int64
	growth       float64 // followers' growth a day
	streaming    float64 // chance to be live on a day
	partner0     int32   // its partnerships are [partner0, partner0+partners)
	partners     int32
	care         float64 // standard normal, as a merchant's
	misleading   float64 // a distributed line does not match the talent's words
	reported     float64 // upheld reports per viewer
	badRatings   float64 // bad ratings per content rating
	violations   float64 // chance of a ticket a day
	contentBonus float64 // watch seconds per viewer against the ordinary
}

// partnership is a talent who shows a shop's goods.
type partnership struct{ talent, merchant int32 }

// product is an item of a shop.
type product struct {
	id        int64
	merchant  int32
	price     int32   // fen per item, before daily moves
	defect    float32 // planted: a line of it is defective
	listed    calendar.Day
	title     int32 // index of the title
	style     int32 // or none
	category  [3]int32
	units     int16
	info      float32 // 0 to 100, negative: null
	hours     uint8   // purchasable hours on an ordinary day
	liveOnly  bool
	isVirtual bool
}

// population is everybody and everything in a market.
type population struct {
	seed         uint64
	merchants    []merchant
	talents      []talent
	products     []product
	partnerships []partnership
	buyers       int

	merchantIDs, talentIDs, productIDs, buyerIDs permutation

	byMerchant alias // popularity among those who look for a shop
	byTalent   alias // popularity among those who watch
	ownTalents int   // talents[:ownTalents] belong to merchants[:ownTalents]
}

// newPopulation makes the population of a market whose first day is first.
func newPopulation(o Options, first calendar.Day) *population {
	p := &population{
		seed: o.Seed, buyers: o.Buyers,
		merchantIDs: newPermutation(o.Merchants), talentIDs: newPermutation(o.Talents),
		productIDs: newPermutation(o.Products), buyerIDs: newPermutation(o.Buyers),
	}
	s := open(o.Seed, forMerchants, 0, 0)
	weights := zipfWeights(o.Merchants, o.Skew, &s)
	p.byMerchant = newAlias(weights)
	p.ownTalents = min(o.Merchants*6/10, o.Talents/3)
	p.addMerchants(weights, first)
	p.addTalents(o, first)
	p.addPartnerships()
	p.addProducts(o, weights, first)
	p.plantLift(weights, o.Participation, first, o.AsOf)
	return p
}

func (p *population) addMerchants(weights []float64, first calendar.Day) {
	p.merchants = make([]merchant, len(weights))
	kinds := cumulative(0.15, 0.10, 0.12, 0.63)
	for i := range p.merchants {
		s := open(p.seed, forMerchants, 1, uint64(i))
		m, care := &p.merchants[i], s.normal()
		*m = merchant{
			id:           200_001 + p.merchantIDs.of(i),
			kind:         uint8(s.pick(kinds)),
			category1:    int32(s.below(categories1)),
			joined:       first - 1 - calendar.Day(s.below(1200)),
			account:      none,
			priceLevel:   s.lognormal(1, 0.08),
			care:         care,
			sourcing:     s.trait(care),
			lateness:     s.planted(typicalLateness, care),
			speed:        s.planted(typicalSpeed, care),
			promiseHours: 24,
			slowReply:    s.planted(typicalSlowReply, care),
			badService:   s.planted(typicalBadService, care),
			handling:     s.planted(typicalHandling, care),
			dispute:      s.planted(typicalDispute, care),
			unattended:   s.planted(typicalUnattended, care),
			brushing:     min(0.2, s.lognormal(0.0025, 1)),
		}
		if s.chance(0.15) {
			m.promiseHours = 48
		}
		if s.chance(0.02) { // a few shops brush for their ranking
			m.brushing = s.between(0.03, 0.15)
		}
		if i < p.ownTalents {
			m.account = int32(i)
		}
	}
}

func (p *population) addTalents(o Options, first calendar.Day) {
	p.talents = make([]talent, o.Talents)
	independent := o.Talents - p.ownTalents
	s := open(p.seed, forTalents, 0, 0)
	weights := make([]float64, o.Talents)
	copy(weights[p.ownTalents:], zipfWeights(independent, o.Skew, &s))
	p.byTalent = newAlias(weights)
	for i := range p.talents {
		p.talents[i] = p.newTalent(i, o, first)
	}
}

func (p *population) newTalent(i int, o Options, first calendar.Day) talent {
	s := open(p.seed, forTalents, 1, uint64(i))
	own := i < p.ownTalents
	rank := i
	if !own {
		rank = i - p.ownTalents
	}
	care := s.normal()
	t := talent{
		id:           5_000_001 + p.talentIDs.of(i),
		owner:        none,
		category1:    int32(s.below(categories1)),
		joined:       first - 1 - calendar.Day(s.below(1500)),
		followers:    int64(4e6 * math.Pow(float64(rank+2), -0.85) * s.lognormal(1, 0.4)),
		growth:       s.between(0, 0.002),
		streaming:    s.between(0.3, 0.98),
		care:         care,
		misleading:   s.planted(typicalMisleading, care),
		reported:     s.planted(typicalReports, care),
		badRatings:   s.planted(typicalBadRatings, care),
		violations:   min(0.2, s.lognormal(0.0008, 1)),
		contentBonus: s.lognormal(1, 0.3),
	}
	if s.chance(abusiveTalents) {
		t.misleading = s.between(abusiveFrom, abusiveTo)
	}
	if own {
		t.owner = int32(i)
		t.category1 = p.merchants[i].category1
		t.misleading = 0
	}
	return t
}

// addPartnerships gives each independent talent 2 to 20 partner shops, mostly of the own category; the
// first ones sell most.
func (p *population) addPartnerships() {
	for i := p.ownTalents; i < len(p.talents); i++ {
		s := open(p.seed, forPartners, 0, uint64(i))
		t := &p.talents[i]
		rank := float64(i-p.ownTalents) / float64(len(p.talents)-p.ownTalents)
		t.partner0 = int32(len(p.partnerships))
		for range 2 + s.below(3) + int(15*(1-rank)*s.unit()) {
			next := partnership{int32(i), p.drawPartner(t.category1, &s)}
			if !slices.Contains(p.partnerships[t.partner0:], next) {
				p.partnerships = append(p.partnerships, next)
			}
		}
		t.partners = int32(len(p.partnerships)) - t.partner0
	}
}

func (p *population) drawPartner(category1 int32, s *stream) int32 {
	m := p.byMerchant.draw(s)
	for range 4 {
		if p.merchants[m].category1 == category1 {
			break
		}
		m = p.byMerchant.draw(s)
	}
	return int32(m)
}

// addProducts shares the products among the shops by the square root of their size, at least one each.
func (p *population) addProducts(o Options, weights []float64, first calendar.Day) {
	root := 0.0
	for _, w := range weights {
		root += math.Sqrt(w)
	}
	p.products = make([]product, 0, o.Products)
	spare := o.Products - len(weights)
	styles := max(1, o.Products/3)
	due := 0.0
	given := 0
	for i := range p.merchants {
		due += math.Sqrt(weights[i]) / root * float64(spare)
		n := 1 + int(due+1e-6) - given
		given += n - 1
		if i == len(p.merchants)-1 {
			n = o.Products - len(p.products)
		}
		p.merchants[i].product0, p.merchants[i].products = int32(len(p.products)), int32(n)
		for j := range n {
			p.products = append(p.products, p.newProduct(i, j, o, styles, first))
		}
	}
}

func (p *population) newProduct(shop, j int, o Options, styles int, first calendar.Day) product {
	k := len(p.products)
	s := open(p.seed, forProducts, 0, uint64(k))
	m := &p.merchants[shop]
	c1, c2, c3 := int(m.category1), s.below(categories2), s.below(categories3)
	if s.chance(0.1) {
		c1 = s.below(categories1)
	}
	// A style lies in one level-1 category: its number modulo categories1.
	style := s.below(max(1, styles/categories1))*categories1 + c1
	units := [...]int16{1, 1, 1, 1, 1, 1, 2, 3, 5, 10}[s.below(10)]
	unitPrice := p.stylePrice(style) * m.priceLevel * s.lognormal(1, 0.05)
	q := product{
		id:        30_000_001 + p.productIDs.of(k),
		merchant:  int32(shop),
		price:     int32(max(1, unitPrice*float64(units))),
		defect:    float32(typicalDefect.at(m.sourcing*math.Sqrt(sharedSourcing) + s.normal()*math.Sqrt(1-sharedSourcing))),
		listed:    first - 1 - calendar.Day(s.below(700)),
		title:     int32(c1*titlesPerCategory + s.below(titlesPerCategory)),
		style:     int32(style),
		category:  [3]int32{int32(category1ID(c1)), int32(category2ID(c1, c2)), int32(category3ID(c1, c2, c3))},
		units:     units,
		info:      float32(int(s.between(35, 100)*10)) / 10,
		hours:     24,
		isVirtual: s.chance(0.02),
	}
	p.exceptions(&q, j, o.Days, first, &s)
	return q
}

// exceptions are the products that are not like most: no style, no category, sold live only or for hours.
func (p *population) exceptions(q *product, j, days int, first calendar.Day, s *stream) {
	if s.chance(0.30) {
		q.style = none
	}
	if s.chance(0.05) {
		q.category[2] = 0
	}
	if s.chance(0.005) {
		q.category = [3]int32{}
	}
	if s.chance(0.03) {
		q.info = -1
	}
	switch u := s.unit(); {
	case u < 0.12:
		q.liveOnly, q.hours = true, uint8(2+s.below(6))
	case u < 0.30:
		q.hours = uint8(8 + s.below(15))
	}
	if j > 0 && s.chance(0.04) { // a shop's first product is there from the beginning
		q.listed = first + calendar.Day(s.below(days))
	}
}

// stylePrice is the price of one unit of a style in fen: lognormal around 39 yuan; one in 25 costs at most 2.
func (p *population) stylePrice(style int) float64 {
	s := open(p.seed, forStyles, 0, uint64(style))
	if s.chance(0.04) {
		return s.between(50, 200)
	}
	return s.lognormal(3_900, 0.9)
}

// brand is the brand of a shop's goods: brands and fast brands sell their own.
func (m *merchant) brand() (id int64, ok bool) {
	return 9_000_000 + m.id, m.isBrand()
}

func (m *merchant) isBrand() bool {
	kind := contract.MerchantKinds[m.kind]
	return kind == "brand" || kind == "fast_brand"
}

func (p *population) buyerID(buyer int32) int64 { return 1_000_000_001 + p.buyerIDs.of(int(buyer)) }
