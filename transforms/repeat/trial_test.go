package repeat_test

import (
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/repeat"
)

// shopOf is the shop of a product of these tests: products 1 and 2 are of shop 1, 3 and 4 of shop 2, the rest of none.
func shopOf(product int64) int64 {
	if product > 4 {
		return column.Null
	}
	return (product + 1) / 2
}

// trials computes the trials of products: the pass over shops, then the one over products.
func trials(t testingT, buys []buy, undos []undone, workers int) map[int64]repeat.Trial {
	t.Helper()
	in := inputOf(scopeOf(contract.RoleProduct), buys, undos)
	in.Won, in.Workers = wonBy(t, buys), workers
	return trialsOf(compute(t, in))
}

func trialsOf(f *repeat.Figures) map[int64]repeat.Trial {
	out := map[int64]repeat.Trial{}
	f.EachTrial(func(product int64, trial *repeat.Trial) { out[product] = *trial })
	return out
}

// wonBy are the buyers won of the pass over shops.
func wonBy(t testingT, buys []buy) *repeat.Won {
	t.Helper()
	shops := map[buy]buy{} // by shop, buyer and day
	for _, b := range buys {
		key := buy{subject: shopOf(b.subject), buyer: b.buyer, day: b.day}
		if key.subject == column.Null {
			key.subject = 99 // a shop that no snapshot names
		}
		sum, ok := shops[key]
		if !ok {
			sum = key
		}
		sum.orders, sum.lines, sum.distribution, sum.selfLive = sum.orders+b.orders, sum.lines+b.lines, sum.distribution+b.distribution, sum.selfLive+b.selfLive
		shops[key] = sum
	}
	merchants := compute(t, inputOf(scopeOf(contract.RoleMerchant), slices.Collect(maps.Values(shops)), nil))
	return merchants.Won(shopOf)
}

// trials is what the definitions say, asked anew of each pair of product and buyer.
func (w twin) trials() map[int64]repeat.Trial {
	out := map[int64]repeat.Trial{}
	for _, p := range w.pairs() {
		trial := out[p[0]]
		kept := w.kept(p, asOf-89, asOf)
		for _, c := range []struct {
			into *repeat.LiveBuyers
			is   func(b buy) bool
		}{
			{&trial.Distribution, func(b buy) bool { return b.distribution > 0 }}, {&trial.Live, func(b buy) bool { return b.selfLive > 0 }},
		} {
			through := w.days(p, asOf-89, asOf, func(b buy) bool { return c.is(b) && slices.Contains(kept, b.day) })
			c.into.Buyers += int64(one(len(through) > 0))
			c.into.Repeat += int64(one(len(through) > 0 && len(kept) > 1))
		}
		through := w.days(p, asOf-59, asOf-30, func(b buy) bool { return b.distribution > 0 })
		trial.Won += int64(one(len(through) > 0))
		trial.WonLive += int64(one(slices.ContainsFunc(through, func(d calendar.Day) bool { return w.inShopLive(p, d+1, d+30) })))
		if trial != (repeat.Trial{}) {
			out[p[0]] = trial
		}
	}
	return out
}

// inShopLive tells whether the buyer of a pair bought anything in the own live of the product's shop.
func (w twin) inShopLive(pair [2]int64, first, last calendar.Day) bool {
	shop := shopOf(pair[0])
	return shop != column.Null && slices.ContainsFunc(w.buys, func(b buy) bool {
		return shopOf(b.subject) == shop && b.buyer == pair[1] && b.day >= first && b.day <= last && b.selfLive > 0
	})
}

func TestTrialsAgreeWithTheirTwin(t *testing.T) {
	won := 0
	rapid.Check(t, func(t *rapid.T) {
		var w twin
		some := func(name string, n int64) int64 { return rapid.Int64Range(0, n).Draw(t, name) }
		for range some("purchases", 25) {
			b := buy{subject: 1 + some("product", 4), buyer: 1 + some("buyer", 2), day: asOf - calendar.Day(some("days ago", 100)), orders: 1,
				lines: 1 + some("lines", 1), distribution: some("distribution", 1), selfLive: some("live", 1)}
			if w.has(b) {
				continue // the rollup has one row of a pair and day
			}
			w.buys = append(w.buys, b)
			if some("refunded", 3) == 0 {
				w.undone = append(w.undone, undone{b.subject, b.buyer, b.day, 1 + some("undone", b.lines-1)})
			}
		}
		want := w.trials()
		for _, trial := range want {
			won += int(trial.WonLive)
		}
		if diff := gocmp.Diff(want, trials(t, w.buys, w.undone, rapid.IntRange(1, 3).Draw(t, "workers"))); diff != "" {
			t.Fatal(diff)
		}
	})
	if won == 0 {
		t.Error("no market had a buyer whom distribution won: the test has lost its object")
	}
}

func TestWhomDistributionWins(t *testing.T) {
	through := func(product, buyer int64, ago calendar.Day) buy {
		return buy{subject: product, buyer: buyer, day: asOf - ago, orders: 1, lines: 1, distribution: 1}
	}
	inLive := func(product, buyer int64, ago calendar.Day) buy {
		return buy{subject: product, buyer: buyer, day: asOf - ago, orders: 1, lines: 1, selfLive: 1}
	}
	for _, c := range []struct {
		name         string
		buys         []buy
		won, wonLive int64
	}{
		{"later in the live, another product of the shop", []buy{through(1, 7, 40), inLive(2, 7, 20)}, 1, 1},
		{"later in the live of another shop", []buy{through(1, 7, 40), inLive(3, 7, 20)}, 1, 0},
		{"thirty days later", []buy{through(1, 7, 59), inLive(1, 7, 29)}, 1, 1},
		{"thirty-one days later", []buy{through(1, 7, 59), inLive(1, 7, 28)}, 1, 0},
		{"on the same day", []buy{through(1, 7, 40), inLive(2, 7, 40)}, 1, 0},
		{"before", []buy{through(1, 7, 40), inLive(1, 7, 41)}, 1, 0},
		{"too near for thirty days to have passed", []buy{through(1, 7, 29), inLive(1, 7, 20)}, 0, 0},
		{"before the window", []buy{through(1, 7, 60), inLive(1, 7, 40)}, 0, 0},
		{"another buyer", []buy{through(1, 7, 40), inLive(1, 8, 20)}, 1, 0},
		{"converted by the older purchase alone", []buy{through(1, 7, 58), through(1, 7, 32), inLive(1, 7, 50)}, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := trials(t, c.buys, nil, 1)[1]; got.Won != c.won || got.WonLive != c.wonLive {
				t.Errorf("won %d, in the live %d; want %d and %d", got.Won, got.WonLive, c.won, c.wonLive)
			}
		})
	}
}
