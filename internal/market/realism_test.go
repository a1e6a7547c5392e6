package market_test

import (
	"cmp"
	"slices"
	"testing"
)

// topShare is the share of the whole that the largest part of the subjects (0 to 1) holds.
func topShare(sums map[int64]int64, part float64) float64 {
	values := make([]int64, 0, len(sums))
	total := int64(0)
	for _, v := range sums {
		values = append(values, v)
		total += v
	}
	slices.SortFunc(values, func(a, b int64) int { return cmp.Compare(b, a) })
	top := int64(0)
	for _, v := range values[:max(1, int(part*float64(len(values))))] {
		top += v
	}
	return float64(top) / float64(total)
}

func TestFewSellMostAndBuyersReturn(t *testing.T) {
	o := small()
	k, _ := generate(t, o)
	merchants, talents, buyers := map[int64]int64{}, map[int64]int64{}, map[int64]int64{}
	pairDays := map[[2]int64]map[int64]bool{}
	for _, r := range k.rows(t, "orders") {
		if !r.valid() {
			continue
		}
		merchants[r.int("merchant_id")] += r.goods()
		buyers[r.int("buyer_id")]++
		if !r.null("promoter_id") {
			talents[r.int("promoter_id")]++
		}
		pair := [2]int64{r.int("merchant_id"), r.int("buyer_id")}
		if pairDays[pair] == nil {
			pairDays[pair] = map[int64]bool{}
		}
		pairDays[pair][int64(r.dt)] = true
	}
	for _, c := range []struct {
		name   string
		sums   map[int64]int64
		part   float64
		lo, hi float64
	}{
		{"a tenth of the shops sells most of the GMV", merchants, 0.10, 0.35, 0.95},
		{"a tenth of the accounts sells most of their lines", talents, 0.10, 0.30, 0.95},
		{"a hundredth of the buyers places many orders", buyers, 0.01, 0.08, 0.60},
	} {
		if got := topShare(c.sums, c.part); got < c.lo || got > c.hi {
			t.Errorf("%s: the share is %.2f, want %.2f to %.2f", c.name, got, c.lo, c.hi)
		}
	}
	again := 0
	for _, days := range pairDays {
		if len(days) >= 2 {
			again++
		}
	}
	if r1 := float64(again) / float64(len(pairDays)); r1 < 0.05 || r1 > 0.6 {
		t.Errorf("%.3f of the pairs of shop and buyer bought on two days or more", r1)
	}
}

func TestOrdersAreOfEveryKind(t *testing.T) {
	k, _ := generate(t, small())
	own := owners(t, k)
	scenes, kinds, channels := map[string]int{}, map[string]int{}, map[string]int{}
	lines := map[int64]int{}
	unpaid, nextDay, cheap, bulk, total := 0, 0, 0, 0, 0
	for _, r := range k.rows(t, "orders") {
		total++
		scenes[r.text("scene")]++
		kinds[r.text("order_kind")]++
		channels[channel(r, own)]++
		if r.day("created_at") == r.dt {
			lines[r.int("order_id")]++
		} else {
			nextDay++
		}
		if r.null("paid_at") {
			unpaid++
		}
		if r.goods() <= 200 {
			cheap++
		}
		if r.int("quantity") > 20 {
			bulk++
		}
	}
	for _, c := range []struct {
		name   string
		n      int
		lo, hi float64 // shares of all rows
	}{
		{"live", scenes["live"], 0.3, 0.8}, {"short_video", scenes["short_video"], 0.03, 0.4},
		{"search", scenes["search"], 0.02, 0.3}, {"shop", scenes["shop"], 0.02, 0.3}, {"other", scenes["other"], 0.001, 0.1},
		{"self", channels["self"], 0.1, 0.6}, {"distribution", channels["distribution"], 0.2, 0.7}, {"none", channels["none"], 0.1, 0.5},
		{"presale", kinds["presale"], 0.01, 0.1}, {"gift", kinds["gift"], 0.001, 0.05}, {"lucky_bag", kinds["lucky_bag"], 0.001, 0.05},
		{"sample", kinds["sample"], 0.001, 0.05}, {"test", kinds["test"], 0.0001, 0.02},
		{"unpaid", unpaid, 0.08, 0.25}, {"paid on the next day", nextDay, 0.01, 0.08},
		{"two yuan or less", cheap, 0.01, 0.15}, {"more than 20 units", bulk, 0.0001, 0.005},
	} {
		if share := float64(c.n) / float64(total); share < c.lo || share > c.hi {
			t.Errorf("%s: %.4f of the rows, want %.4f to %.4f", c.name, share, c.lo, c.hi)
		}
	}
	sizes := map[int]int{}
	for _, n := range lines {
		sizes[n]++
	}
	for n := 1; n <= 5; n++ {
		if sizes[n] == 0 {
			t.Errorf("no order of %d lines", n)
		}
	}
	if len(sizes) != 5 {
		t.Errorf("orders of %v lines", sizes)
	}
}

// channel is who sold, by definitions.md, section 2.
func channel(r row, own map[int64]int64) string {
	account := r.cells["author_id"]
	if account == nil {
		account = r.cells["promoter_id"]
	}
	switch {
	case account != nil && own[account.(int64)] == r.int("merchant_id"):
		return "self"
	case !r.null("promoter_id"):
		return "distribution"
	}
	return "none"
}

func TestLateEventsComeBackRowByRow(t *testing.T) {
	o := small()
	o.Days, o.LinesPerDay = 60, 2_000
	k, _ := generate(t, o)
	paid := map[int64]row{}
	for _, r := range k.rows(t, "orders") {
		if !r.null("paid_at") {
			paid[r.int("order_line_id")] = r
		}
	}
	var open, done, later, beyond15, beyond35, partial, second int
	states := map[int64]row{}
	perLine := map[int64]map[int64]bool{}
	for _, r := range k.rows(t, "refunds") {
		line, ok := paid[r.int("order_line_id")]
		if !ok {
			t.Fatalf("refund of line %d, which was never paid", r.int("order_line_id"))
		}
		for _, name := range []string{"author_id", "content_id", "scene", "order_kind", "risk_reason", "quantity", "buyer_paid_fen", "platform_subsidy_fen", "merchant_id", "product_id", "promoter_id", "order_id", "buyer_id", "paid_at"} {
			if r.cells[name] != line.cells[name] {
				t.Fatalf("refund of line %d: %s is %v, the line's is %v", r.int("order_line_id"), name, r.cells[name], line.cells[name])
			}
		}
		for _, name := range []string{"applied_at", "intervened_at", "liable_at", "succeeded_at", "closed_at"} {
			if r.day(name) > r.dt {
				t.Fatalf("dt=%s knows that %s is %s", r.dt, name, r.day(name))
			}
		}
		if before, ok := states[r.int("refund_id")]; ok {
			later++
			if before.int("applied_at") != r.int("applied_at") || !before.null("succeeded_at") && r.null("succeeded_at") {
				t.Fatalf("refund %d forgot: %v, then %v", r.int("refund_id"), before.cells, r.cells)
			}
		}
		states[r.int("refund_id")] = r
		if perLine[r.int("order_line_id")] == nil {
			perLine[r.int("order_line_id")] = map[int64]bool{}
		}
		perLine[r.int("order_line_id")][r.int("refund_id")] = true
	}
	firsts := map[[2]int64]int{}
	for _, r := range states {
		if r.is("is_first") {
			firsts[[2]int64{r.int("order_id"), r.int("merchant_id")}]++
		}
		if !r.is("is_full") {
			partial++
		}
		if r.null("succeeded_at") {
			open++
			continue
		}
		done++
		switch age := r.day("succeeded_at") - r.day("paid_at"); {
		case age > 35:
			beyond35++
		case age > 15:
			beyond15++
		}
	}
	for _, refunds := range perLine {
		if len(refunds) > 1 {
			second++
		}
	}
	for key, n := range firsts {
		if n > 1 {
			t.Errorf("order %d has %d first refunds at merchant %d", key[0], n, key[1])
		}
	}
	if open == 0 || later == 0 || beyond15 == 0 || beyond35 == 0 || partial == 0 || second == 0 || done < 10*(beyond15+beyond35)/2 {
		t.Errorf("done %d, open %d, dumped again %d, after 15 days %d, after 35 days %d, partial %d, lines with two %d",
			done, open, later, beyond15, beyond35, partial, second)
	}
}

func TestOrdersPointAtThingsThatExist(t *testing.T) {
	k, _ := generate(t, small())
	contents, products := map[[2]int64]row{}, map[[2]int64]row{}
	for _, r := range k.rows(t, "contents") {
		contents[[2]int64{int64(r.dt), r.int("content_id")}] = r
	}
	for _, r := range k.rows(t, "products") {
		products[[2]int64{int64(r.dt), r.int("product_id")}] = r
	}
	for _, r := range k.rows(t, "orders") {
		day := int64(r.day("created_at"))
		p, ok := products[[2]int64{day, r.int("product_id")}]
		if !ok || p.int("merchant_id") != r.int("merchant_id") {
			t.Fatalf("product of %v is not in the snapshot of its day: %v", r.cells, p.cells)
		}
		if r.null("content_id") {
			continue
		}
		c, ok := contents[[2]int64{day, r.int("content_id")}]
		if !ok || c.int("author_id") != r.int("author_id") || c.text("kind") != r.text("scene") {
			t.Fatalf("content of %v is not in the figures of its day: %v", r.cells, c.cells)
		}
		if r.text("scene") == "live" && c.int("started_at") > r.int("created_at") {
			t.Fatalf("bought before the live session began: %v, %v", r.cells, c.cells)
		}
	}
}
