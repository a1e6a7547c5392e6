package repeat_test

import (
	"context"
	"fmt"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/repeat"
)

// forgotten are the purchases with some buyers as Nobody, one row a subject and day.
func (m market) forgotten(who map[int64]bool) market {
	out := market{scope: m.scope, ids: m.ids}
	type at struct {
		subject int64
		day     calendar.Day
	}
	pooled := map[at]int{}
	for _, b := range m.buys {
		if !who[b.buyer] {
			out.buys = append(out.buys, b)
			continue
		}
		k := at{b.subject, b.day}
		i, ok := pooled[k]
		if !ok {
			b.buyer = contract.Nobody
			pooled[k] = len(out.buys)
			out.buys = append(out.buys, b)
			continue
		}
		o := &out.buys[i]
		o.orders, o.lines, o.paid, o.sets, o.setsFen = o.orders+b.orders, o.lines+b.lines, o.paid+b.paid, o.sets+b.sets, o.setsFen+b.setsFen
		o.distribution, o.selfLive = o.distribution+b.distribution, o.selfLive+b.selfLive
	}
	for _, u := range m.undos {
		if who[u.buyer] {
			u.buyer = contract.Nobody
		}
		out.undos = append(out.undos, u)
	}
	return out
}

// without are the purchases that some buyers never made.
func (m market) without(who map[int64]bool) market {
	out := market{scope: m.scope, ids: m.ids}
	for _, b := range m.buys {
		if !who[b.buyer] {
			out.buys = append(out.buys, b)
		}
	}
	for _, u := range m.undos {
		if !who[u.buyer] {
			out.undos = append(out.undos, u)
		}
	}
	return out
}

// money are the columns of trust that forgetting leaves alone.
var money = []string{"orders", "gmv_paid_fen", "full_set_orders", "full_set_gmv_fen", "full_set_aov_fen"}

// ofTrust are columns of trust by role, subject and window; lines in which all of them are 0 or null are left out.
func ofTrust(lines []line, columns ...string) map[string]string {
	out := map[string]string{}
	for _, l := range lines {
		var values []any
		empty := true
		for _, c := range columns {
			values = append(values, l[c])
			empty = empty && (l[c] == nil || l[c] == 0)
		}
		if !empty {
			out[fmt.Sprint(l["role"], l["subject_id"], l["window_days"])] = fmt.Sprint(values...)
		}
	}
	return out
}

// What Nobody bought is money and nothing else: money is that of all purchases, buyers are those of a market in which the
// forgotten never bought.
func TestNobodyHasMoneyAndIsNoBuyer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := marketsOf(t)
		who := map[int64]bool{}
		for _, b := range []int64{-1 << 63, 1<<63 - 1, 0, -7, 5, 77} {
			who[b] = rapid.Bool().Draw(t, "forgotten")
		}
		tables := func(m market) [][]line { return m.published(t, m.input(runsOf(m.scope, m.order(), m.buys)), 3) }
		whole, never, nobody := tables(m), tables(m.without(who)), tables(m.forgotten(who))
		for i, name := range map[int]string{0: "repeat_purchase", 2: "monthly_buyers", 3: "cohorts"} {
			if diff := gocmp.Diff(never[i], nobody[i]); diff != "" {
				t.Fatalf("%s: %s", name, diff)
			}
		}
		if diff := gocmp.Diff(ofTrust(whole[1], money...), ofTrust(nobody[1], money...)); diff != "" {
			t.Fatalf("trust, money: %s", diff)
		}
		persons := []string{"buyers", "new_buyer_orders", "returning_gmv_fen", "distribution_buyers", "converted_buyers", "full_set_buyers"}
		if diff := gocmp.Diff(ofTrust(never[1], persons...), ofTrust(nobody[1], persons...)); diff != "" {
			t.Fatalf("trust, buyers: %s", diff)
		}
		if never[4][0]["ranges"] != nobody[4][0]["ranges"] {
			t.Fatalf("buyers of the ranges: %v, want %v", nobody[4][0]["ranges"], never[4][0]["ranges"])
		}
	})
}

// Where days have lost their buyers, windows that reach back to them have none.
func TestWindowsThatReachBackToDaysWithoutBuyers(t *testing.T) {
	scope := scopeOf(contract.RoleMerchant)
	f, err := repeat.Compute(context.Background(), inputOf(scope, []buy{bought(7, 3), bought(contract.Nobody, 10)}, nil))
	if err != nil {
		t.Fatal(err)
	}
	c := everything()
	c.BuyersKnown = func(first calendar.Day) bool { return first > asOf-10 }
	for _, l := range read(t, repeat.TrustTable(c, []*repeat.Figures{f})) {
		known := l["window_days"].(int) <= 10
		if paid := l["gmv_paid_fen"]; known != (l["buyers"] != nil) || known != (l["gmv_per_buyer_fen"] != nil) || paid != 1 && known || paid != 2 && !known {
			t.Errorf("%v", l)
		}
	}
}
