package market_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/windvane/windvane/internal/market"
)

// planted reads columns of a truth table.
func planted(t *testing.T, k *keeper, table string, columns ...string) [][]float64 {
	t.Helper()
	out := make([][]float64, len(columns))
	for _, r := range k.under(t, market.TruthKey(table)) {
		for i, c := range columns {
			out[i] = append(out[i], r.cells[c].(float64))
		}
	}
	return out
}

func TestTraitsOfOneSubjectCorrelate(t *testing.T) {
	o := small()
	o.Days, o.LinesPerDay, o.Merchants, o.Products, o.Talents = 1, 10, 5_000, 10_000, 7_500
	k, _ := generate(t, o)
	for _, c := range []struct {
		table   string
		columns []string
		care    float64 // correlation with care, a loading of the one factor
	}{
		{"merchants", []string{"late_pickup_ratio", "speed_ratio", "slow_reply_ratio", "bad_chat_ratio", "handling_hours", "dispute_ratio"}, -0.5},
		{"talents", []string{"report_ratio", "bad_rating_ratio"}, -0.5},
	} {
		v := planted(t, k, c.table, append(c.columns, "care")...)
		// Rates are lognormal: their logarithms are the copula's normals. The few at a cap weaken it a little. Of 5,000
		// the deviation of a correlation is 0.014.
		for i := range v[:len(c.columns)] {
			for j := range v[i] {
				v[i][j] = math.Log(v[i][j])
			}
		}
		care := v[len(c.columns)]
		for i := range c.columns {
			if got := stat.Correlation(v[i], care, nil); math.Abs(got-c.care) > 0.05 {
				t.Errorf("%s: care and %s correlate by %.3f, want %.2f", c.table, c.columns[i], got, c.care)
			}
			for j := range i {
				if got := stat.Correlation(v[i], v[j], nil); math.Abs(got-0.25) > 0.06 {
					t.Errorf("%s: %s and %s correlate by %.3f, want 0.25", c.table, c.columns[j], c.columns[i], got)
				}
			}
		}
	}
}

// TestEventsAreAsManyAsInTheWorkedExample counts what goes with 1,000 orders: definitions.md, section 6, has 300 chats in
// service hours, 200 rated ones, 80 refunds that ended, 12 of them for quality, and 10 that the shop did not complete.
func TestEventsAreAsManyAsInTheWorkedExample(t *testing.T) {
	o := small()
	o.Days, o.LinesPerDay = 60, 3_000
	k, _ := generate(t, o)
	early := func(r row) bool { return !r.null("paid_at") && r.day("paid_at") <= o.AsOf-30 }
	orders := map[int64]bool{}
	for _, r := range k.rows(t, "orders") {
		if r.valid() && early(r) {
			orders[r.int("order_id")] = true
		}
	}
	ended, quality, notSelf := map[int64]bool{}, map[int64]bool{}, map[int64]bool{}
	for _, r := range newest(k.rows(t, "refunds"), "refund_id") {
		order := r.int("order_id")
		if !orders[order] || r.null("closed_at") {
			continue
		}
		ended[order] = true
		if r.text("reason") == "quality" {
			quality[order] = true
		}
		if !r.is("self_completed") {
			notSelf[order] = true
		}
	}
	inHours, rated := 0, 0
	for _, r := range k.rows(t, "chats") {
		if r.dt > o.AsOf-30 {
			continue
		}
		if r.is("in_service_hours") {
			inHours++
		}
		if !r.null("rating") {
			rated++
		}
	}
	for _, c := range []struct {
		what   string
		n      int
		lo, hi float64 // of 1,000 orders
	}{
		{"chats in service hours", inHours, 250, 400}, {"rated chats", rated, 160, 280}, {"refunds", len(ended), 60, 110},
		{"refunds for quality", len(quality), 7, 20}, {"refunds not completed by the shop", len(notSelf), 6, 18},
	} {
		if got := 1_000 * float64(c.n) / float64(len(orders)); got < c.lo || got > c.hi {
			t.Errorf("%s: %.1f of 1,000 orders, want %.0f to %.0f", c.what, got, c.lo, c.hi)
		} else {
			t.Logf("%s: %.1f of 1,000 orders", c.what, got)
		}
	}
}
