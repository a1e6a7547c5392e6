package jobs_test

import (
	"testing"
	"time"

	"github.com/windvane/windvane/transforms/calendar"
)

// Rows of the dumps that lift looks at, as another reader gives them.
type (
	orderRow struct {
		Line     int64   `parquet:"order_line_id"`
		Order    int64   `parquet:"order_id"`
		Buyer    int64   `parquet:"buyer_id"`
		Merchant int64   `parquet:"merchant_id"`
		Promoter *int64  `parquet:"promoter_id,optional"`
		Author   *int64  `parquet:"author_id,optional"`
		Scene    string  `parquet:"scene"`
		PaidAt   *int64  `parquet:"paid_at,optional"`
		Quantity int64   `parquet:"quantity"`
		Paid     int64   `parquet:"buyer_paid_fen"`
		Subsidy  int64   `parquet:"platform_subsidy_fen"`
		Kind     string  `parquet:"order_kind"`
		Risk     *string `parquet:"risk_reason,optional"`
	}
	refundRow struct {
		Line      int64  `parquet:"order_line_id"`
		Amount    int64  `parquet:"amount_fen"`
		Full      bool   `parquet:"is_full"`
		Succeeded *int64 `parquet:"succeeded_at,optional"`
	}
	talentRow struct {
		Talent int64  `parquet:"talent_id"`
		Owner  *int64 `parquet:"owner_merchant_id,optional"`
	}
	eligibleRow struct {
		Merchant int64  `parquet:"merchant_id"`
		Buyer    int64  `parquet:"buyer_id"`
		Arm      string `parquet:"arm"`
	}
	shownRow struct {
		Merchant int64 `parquet:"merchant_id"`
		Buyer    int64 `parquet:"buyer_id"`
	}
)

// pairKey is a merchant and a buyer.
type pairKey struct{ merchant, buyer int64 }

// paidLine is a gmv_valid line.
type paidLine struct {
	orderRow
	day      calendar.Day
	selfLive bool
	refunded int64
}

func (l *paidLine) gross() int64 { return l.Paid + l.Subsidy }

// liftDumps are all dumps of a deployment up to a day.
type liftDumps struct {
	lines map[int64][]*paidLine // by buyer
	first map[pairKey]calendar.Day
	arms  map[pairKey]map[string]bool
	shown map[pairKey]map[calendar.Day]bool
}

func dayOf(micros int64) calendar.Day {
	y, m, d := time.UnixMicro(micros).In(time.FixedZone("CST", 8*3600)).Date()
	return calendar.Of(y, m, d)
}

// readLiftDumps reads what lift is made of as the definitions have it (sections 1, 2 and 9), row by row.
func readLiftDumps(t *testing.T, d *deployment, from, asOf calendar.Day) *liftDumps {
	out := &liftDumps{map[int64][]*paidLine{}, map[pairKey]calendar.Day{}, map[pairKey]map[string]bool{}, map[pairKey]map[calendar.Day]bool{}}
	byLine := map[int64]*paidLine{}
	for day := from; day <= asOf; day++ {
		owner := map[int64]int64{}
		for _, r := range rowsIn[talentRow](t, d.dump("talents", day), "*.parquet") {
			if r.Owner != nil {
				owner[r.Talent] = *r.Owner
			}
		}
		for _, r := range rowsIn[orderRow](t, d.dump("orders", day), "*.parquet") {
			if r.PaidAt == nil || r.Kind == "test" || r.Risk != nil || r.Quantity > 20 {
				continue
			}
			account := r.Author
			if account == nil {
				account = r.Promoter
			}
			l := &paidLine{orderRow: r, day: dayOf(*r.PaidAt)}
			if account != nil {
				at, own := owner[*account]
				l.selfLive = own && at == r.Merchant && r.Scene == "live"
			}
			out.lines[r.Buyer] = append(out.lines[r.Buyer], l)
			byLine[r.Line] = l
		}
		for _, r := range rowsIn[eligibleRow](t, d.dump("chuanliu_eligibility", day), "*.parquet") {
			k := pairKey{r.Merchant, r.Buyer}
			if out.arms[k] == nil {
				out.first[k], out.arms[k] = day, map[string]bool{}
			}
			out.arms[k][r.Arm] = true
		}
		for _, r := range rowsIn[shownRow](t, d.dump("chuanliu_exposures", day), "*.parquet") {
			k := pairKey{r.Merchant, r.Buyer}
			if out.shown[k] == nil {
				out.shown[k] = map[calendar.Day]bool{}
			}
			out.shown[k][day] = true
		}
	}
	for day := from; day <= asOf; day++ {
		for _, r := range rowsIn[refundRow](t, d.dump("refunds", day), "*.parquet") {
			if l := byLine[r.Line]; l != nil && r.Succeeded != nil && dayOf(*r.Succeeded) == day {
				if r.Full {
					r.Amount = l.gross()
				}
				l.refunded = min(l.gross(), l.refunded+r.Amount)
			}
		}
	}
	return out
}

// starts are the first days of eligibility by merchant.
func (d *liftDumps) starts() map[int64]calendar.Day {
	out := map[int64]calendar.Day{}
	for k, e := range d.first {
		if start, known := out[k.merchant]; !known || e < start {
			out[k.merchant] = e
		}
	}
	return out
}

// liftCount is what one arm of a merchant must come to.
type liftCount struct {
	Pairs, Outcome, Orders, Before, BeforeOrders, Wide, Squares, Products int64
	Served, Known, Buyers, Attributed                                     int64
}

// userCount is what one arm of a programme must come to.
type userCount struct{ Users, Outcome, Pairs, Wide, Squares int64 }

// count counts all pairs whose outcome window has closed.
func (d *liftDumps) count(asOf calendar.Day) (merchants map[int64]map[string]*liftCount, programme map[string]*userCount) {
	merchants, programme = map[int64]map[string]*liftCount{}, map[string]*userCount{"treatment": {}, "holdout": {}}
	type user struct {
		first          calendar.Day
		outcome, pairs map[string]int64
	}
	users := map[int64]*user{}
	for k, e := range d.first {
		if len(d.arms[k]) > 1 || e+13 > asOf {
			continue
		}
		arm := "holdout"
		if d.arms[k]["treatment"] {
			arm = "treatment"
		}
		if merchants[k.merchant] == nil {
			merchants[k.merchant] = map[string]*liftCount{"treatment": {}, "holdout": {}}
		}
		c := merchants[k.merchant][arm]
		y, orders, x, before := d.pair(k, e, c)
		c.Pairs++
		c.Outcome += y
		c.Orders += orders
		c.Before += x
		c.BeforeOrders += before
		c.Squares += y * y
		c.Products += x * y
		c.Known += min(1, before)
		c.Buyers += min(1, orders)
		for day := e; day <= e+13; day++ {
			if d.shown[k][day] {
				c.Served++
				break
			}
		}
		u := users[k.buyer]
		if u == nil {
			u = &user{e, map[string]int64{}, map[string]int64{}}
			users[k.buyer] = u
		}
		u.first = min(u.first, e)
		u.outcome[arm] += y
		u.pairs[arm]++
	}
	for buyer, u := range users {
		var wide int64
		for _, l := range d.lines[buyer] {
			if l.day >= u.first && l.day <= u.first+13 {
				wide += l.gross() - l.refunded
			}
		}
		for arm, n := range u.pairs {
			c := programme[arm]
			c.Users++
			c.Outcome += u.outcome[arm]
			c.Pairs += n
			c.Wide += wide
			c.Squares += u.outcome[arm] * u.outcome[arm]
		}
	}
	return merchants, programme
}

// pair counts the lines of one pair; what is summed over channels and exposures it adds to c.
func (d *liftDumps) pair(k pairKey, e calendar.Day, c *liftCount) (y, orders, x, before int64) {
	during, earlier := map[[2]int64]bool{}, map[[2]int64]bool{}
	for _, l := range d.lines[k.buyer] {
		inside := l.day >= e && l.day <= e+13
		if l.Merchant != k.merchant {
			continue
		}
		if inside {
			c.Wide += l.gross() - l.refunded
		}
		if !l.selfLive {
			continue
		}
		switch {
		case inside:
			y += l.gross() - l.refunded
			during[[2]int64{int64(l.day), l.Order}] = true
			if d.shown[k][l.day] || d.shown[k][l.day-1] {
				c.Attributed += l.gross()
			}
		case l.day >= e-28 && l.day < e:
			x += l.gross() - l.refunded
			earlier[[2]int64{int64(l.day), l.Order}] = true
		}
	}
	return y, int64(len(during)), x, int64(len(earlier))
}
