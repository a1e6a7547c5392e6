package scoretwin

import "slices"

// Products counts for every product of the snapshot and every one sold in 90 days.
func (d *Dumps) Products(unit Unit) map[int64]*Subject {
	of := d.of(unit, false, func(_, product, _ int64) int64 { return product })
	prices, out := d.Prices(), map[int64]*Subject{}
	for id := range d.products {
		r := of(id)
		r.window = 30
		if r.validOrders(r.inWindow) < 30 {
			if r.window = 60; r.validOrders(r.inWindow) < 30 {
				r.window = 90
			}
		}
		out[id] = r.subject(func() map[string]Figure { return r.product(d.products[id], prices[id].Stars) })
	}
	return out
}

// subject is counted twice: with its weights, and without.
func (r *rows) subject(figures func() map[string]Figure) *Subject {
	out := &Subject{Window: r.window, Figures: figures(), Floor: map[string]float64{}}
	weighted := r.weighted
	r.weighted = false
	defer func() { r.weighted = weighted }()
	out.Orders = int64(r.validOrders(r.inWindow))
	for id, f := range figures() {
		out.Floor[id] = f.N
	}
	out.Floor["transit_ratio"] = 0
	for _, s := range r.shipments {
		if r.timed(s) {
			out.Floor["transit_ratio"]++
		}
	}
	return out
}

// starPoints are the points of 1 to 5 stars.
func starPoints() []float64 { return []float64{0, 4.40, 4.55, 4.70, 4.85, 5.00} }

func (r *rows) product(p productRow, stars int64) map[string]Figure {
	f := map[string]Figure{
		"quality_refund": r.qualityRefunds(), "bad_review": r.badReviews(func(*reviewRow) bool { return true }),
		"mismatch_complaint": r.upheld("not_as_described", "counterfeit"), "missed_pickup": r.missedPickups(), "transit_ratio": r.transit(),
		"dispute": r.disputes(), "refund_hours": r.refundHours(func(*refundRow) bool { return true }),
		"gmv_per_mille": {}, "effective_gmv": {}, "info_score": {}, "price_power": {},
	}
	paid, seen := r.paid(r.inWindow), r.paid(r.trafficked)
	var impressions float64
	for _, t := range r.traffic {
		if r.trafficked(t.day) {
			impressions += float64(t.impressions)
		}
	}
	if impressions > 0 {
		f["gmv_per_mille"] = Figure{1000 * seen / impressions, 1}
	}
	if paid > 0 {
		f["effective_gmv"] = Figure{paid / r.daysWithOrders(), 1}
	}
	if p.info != none {
		f["info_score"] = Figure{3 + 2*p.info/100, 1}
	}
	if stars > 0 {
		f["price_power"] = Figure{starPoints()[stars], 1}
	}
	return f
}

// daysWithOrders of the window: a day before the dumps began, or that never came, sold nothing that is known.
func (r *rows) daysWithOrders() (days float64) {
	for day := range r.days["orders"] {
		if r.inWindow(day) {
			days++
		}
	}
	return days
}

// Shops counts for every shop of the snapshot.
func (d *Dumps) Shops(unit Unit) map[int64]*Subject {
	of := d.of(unit, false, func(merchant, _, _ int64) int64 { return merchant })
	prices, out := d.Prices(), map[int64]*Subject{}
	for _, id := range d.shops {
		r := of(id)
		r.window = 30
		if r.signed(r.inWindow) < 500 || r.validOrders(r.inWindow) < 30 {
			if r.window = 60; r.validOrders(r.inWindow) < 30 {
				r.window = 90
			}
		}
		out[id] = r.subject(func() map[string]Figure { return r.shop(prices) })
	}
	return out
}

func (r *rows) shop(prices map[int64]Price) map[string]Figure {
	return map[string]Figure{
		"quality_bad_review": r.badReviews(func(v *reviewRow) bool { return !v.notGoods }), "quality_refund": r.qualityRefunds(),
		"missed_pickup": r.missedPickups(), "transit_ratio": r.transit(), "logistics_complaint": r.upheld("logistics"),
		"not_self_completed": r.notSelfCompleted(), "chat_unhappy": r.unhappyChats(), "slow_reply": r.slowReplies(),
		"refund_only_hours":   r.refundHours(func(f *refundRow) bool { return !f.withReturn }),
		"return_refund_hours": r.refundHours(func(f *refundRow) bool { return f.withReturn }),
		"not_repeat":          r.notRepeat(), "price_coverage": r.uncovered(prices),
	}
}

func (r *rows) notSelfCompleted() (f Figure) {
	for _, v := range r.refunds {
		if r.settledEvent(&v.line, v.closed) && v.ending {
			f.N++
			if !v.byMerchant {
				f.X++
			}
		}
	}
	return f
}

func (r *rows) unhappyChats() (f Figure) {
	for _, c := range r.chats {
		if r.inWindow(c.day) && c.rating != none {
			f.N++
			if c.rating <= 2 {
				f.X++
			}
		}
	}
	return f
}

func (r *rows) slowReplies() (f Figure) {
	for _, c := range r.chats {
		if r.inWindow(c.day) && c.inService {
			f.N++
			if c.reply == none || c.reply > 180 {
				f.X++
			}
		}
	}
	return f
}

// uncovered: n comparable items sold in the window, x = n less the share of their 支付 GMV at 3 stars or better.
func (r *rows) uncovered(prices map[int64]Price) Figure {
	items := map[int64]bool{}
	var all, covered float64
	for _, o := range r.orders {
		stars := prices[o.product].Stars
		if _, sold := prices[o.product]; !sold || stars == none || !o.valid() || !r.inWindow(o.paid) {
			continue
		}
		items[o.product] = true
		all += float64(o.fen)
		if stars >= 3 {
			covered += float64(o.fen)
		}
	}
	if all == 0 {
		return Figure{}
	}
	n := float64(len(items))
	return Figure{n * (1 - covered/all), n}
}

// Talents counts for every account of the snapshot that belongs to no shop.
func (d *Dumps) Talents(unit Unit, given Given) map[int64]*Subject {
	of := d.of(unit, true, func(_, _, promoter int64) int64 { return promoter })
	prices, out := d.Prices(), map[int64]*Subject{}
	for _, id := range slices.DeleteFunc(slices.Clone(d.talents), func(id int64) bool { return d.owned[id] }) {
		r := of(id)
		r.window = 90
		if len(given.Windows) > 0 {
			r.window = r.longEnough(given.Windows)
		}
		out[id] = r.subject(func() map[string]Figure { return r.talent(prices, given) })
	}
	return out
}

// longEnough is the first window with 30 valid orders, whatever they weigh, else the last.
func (r *rows) longEnough(windows []int64) int64 {
	plain := *r
	plain.weighted = false
	for _, plain.window = range windows {
		if plain.validOrders(plain.inWindow) >= 30 {
			break
		}
	}
	return plain.window
}

func (r *rows) talent(prices map[int64]Price, given Given) map[string]Figure {
	return map[string]Figure{
		"price_coverage": r.uncovered(prices), "conversion": r.conversion(), "not_repeat": r.notRepeat(),
		"quality_refund": r.qualityRefunds(), "bad_review": r.badReviews(func(*reviewRow) bool { return true }),
		"product_score":   r.meanScore(given.Product, func(o *orderRow) int64 { return o.product }),
		"shop_score":      r.meanScore(given.Shop, func(o *orderRow) int64 { return o.merchant }),
		"promoter_liable": r.promoterLiable(), "logistics_complaint": r.upheld("logistics"), "misleading": r.upheld("false_advertising", "not_as_described"),
		"content_reports":    r.contentSum(func(c *contentRow) (x, n int64) { return c.reports, c.viewers }),
		"content_bad_rating": r.contentSum(func(c *contentRow) (x, n int64) { return c.bad, c.good + c.bad }),
	}
}

func (r *rows) conversion() Figure {
	var clicks float64
	for _, t := range r.traffic {
		if r.trafficked(t.day) {
			clicks += r.weight(t.day) * float64(t.clicks)
		}
	}
	if clicks == 0 {
		return Figure{}
	}
	return Figure{r.validOrders(r.trafficked) / clicks, 1}
}

// trafficked: a day of the window of which both what was seen and what was sold is known.
func (r *rows) trafficked(day int64) bool {
	return r.inWindow(day) && r.days["product_traffic"][day] && r.days["orders"][day]
}

// promoterLiable: of the disputes of the lagged window that were decided in time.
func (r *rows) promoterLiable() (f Figure) {
	for _, v := range r.refunds {
		if r.settledEvent(&v.line, v.decided) && v.liable != "" {
			f.N += r.weight(v.paid)
			if v.liable == "promoter" {
				f.X += r.weight(v.paid)
			}
		}
	}
	return f
}

// meanScore weighs the scores of what was sold with 支付 GMV.
func (r *rows) meanScore(scores map[int64]float64, of func(*orderRow) int64) Figure {
	var fen, sum float64
	for _, o := range r.orders {
		if score, ok := scores[of(o)]; ok && o.valid() && r.inWindow(o.paid) {
			fen += float64(o.fen)
			sum += score * float64(o.fen)
		}
	}
	if fen == 0 {
		return Figure{}
	}
	return Figure{sum / fen, 1}
}

func (r *rows) contentSum(of func(*contentRow) (x, n int64)) (f Figure) {
	for _, c := range r.contents {
		if r.inWindow(c.day) {
			x, n := of(c)
			f.X += r.weight(c.day) * float64(x)
			f.N += r.weight(c.day) * float64(n)
		}
	}
	return f
}
