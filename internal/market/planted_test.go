package market_test

import (
	"math"
	"testing"

	"github.com/windvane/windvane/internal/market"
)

// trials compares what was planted with what happened, trial by trial with the trial's own chance.
type trials struct {
	n, happened        int
	expected, variance float64
}

func (b *trials) add(p float64, happened bool) {
	b.n++
	b.expected += p
	b.variance += p * (1 - p)
	if happened {
		b.happened++
	}
}

// check wants the count within four standard deviations of what was planted.
func (b *trials) check(t *testing.T, what string) {
	t.Helper()
	if b.n < 500 || b.expected < 5 {
		t.Errorf("%s: only %d trials with %.1f expected", what, b.n, b.expected)
	}
	if dev := float64(b.happened) - b.expected; math.Abs(dev) > 4*math.Sqrt(b.variance) {
		t.Errorf("%s: %d of %d, planted were %.1f ± %.1f", what, b.happened, b.n, b.expected, math.Sqrt(b.variance))
	}
}

// character reads one planted rate by the subject's id.
func character(t *testing.T, k *keeper, table, id, rate string) map[int64]float64 {
	t.Helper()
	out := map[int64]float64{}
	for _, r := range k.under(t, market.TruthKey(table)) {
		out[r.int(id)] = r.cells[rate].(float64)
	}
	return out
}

func TestPlantedRatesComeBack(t *testing.T) {
	o := small()
	o.Days, o.LinesPerDay = 40, 2_500
	k, _ := generate(t, o)

	t.Run("late pick-up of lines that were due long enough ago", func(t *testing.T) {
		late := character(t, k, "merchants", "merchant_id", "late_pickup_ratio")
		var b trials
		for _, r := range newest(k.rows(t, "shipments"), "order_line_id") {
			if r.null("pickup_due_at") || r.day("pickup_due_at") > o.AsOf-3 {
				continue
			}
			b.add(late[r.int("merchant_id")], r.null("picked_up_at") || r.int("picked_up_at") > r.int("pickup_due_at"))
		}
		b.check(t, "late pick-ups")
	})
	t.Run("quality refunds of lines paid long enough ago", func(t *testing.T) {
		defect := character(t, k, "products", "product_id", "quality_refund_ratio")
		quality := map[int64]bool{}
		for _, r := range k.rows(t, "refunds") {
			if r.text("reason") == "quality" && r.int("applied_at")-r.int("paid_at") < 14*86_400_000_000 {
				quality[r.int("order_line_id")] = true
			}
		}
		var b trials
		for _, r := range k.rows(t, "orders") {
			if !r.null("paid_at") && r.text("order_kind") != "presale" && r.dt <= o.AsOf-14 {
				// 3 in 100 refunds are asked for more than 14 days after the payment
				b.add(defect[r.int("product_id")]*0.97, quality[r.int("order_line_id")])
			}
		}
		b.check(t, "quality refunds")
	})
	t.Run("abnormal lines", func(t *testing.T) {
		abnormal := character(t, k, "merchants", "merchant_id", "abnormal_ratio")
		var b trials
		for _, r := range k.rows(t, "orders") {
			if r.day("created_at") == r.dt {
				b.add(abnormal[r.int("merchant_id")], !r.null("risk_reason"))
			}
		}
		b.check(t, "abnormal lines")
		if share := float64(b.happened) / float64(b.n); share < 0.001 || share > 0.015 {
			t.Errorf("%.2f %% of the lines are abnormal, want about 0.5 %%", 100*share)
		}
	})
	t.Run("slow replies and bad ratings of chats", func(t *testing.T) {
		slow := character(t, k, "merchants", "merchant_id", "slow_reply_ratio")
		bad := character(t, k, "merchants", "merchant_id", "bad_chat_ratio")
		var replies, ratings trials
		for _, r := range k.rows(t, "chats") {
			m := r.int("merchant_id")
			if r.is("in_service_hours") {
				replies.add(slow[m], r.null("first_human_reply_seconds") || r.int("first_human_reply_seconds") > 180)
			}
			if !r.null("rating") {
				ratings.add(bad[m], r.int("rating") <= 2)
			}
		}
		replies.check(t, "slow replies")
		ratings.check(t, "bad chat ratings")
	})
	t.Run("refunds that the shop did not complete", func(t *testing.T) {
		notSelf := character(t, k, "merchants", "merchant_id", "not_self_completed_ratio")
		var b trials
		for _, r := range newest(k.rows(t, "refunds"), "refund_id") {
			if !r.null("closed_at") && r.text("reason") != "changed_mind" && r.dt <= o.AsOf-10 {
				b.add(notSelf[r.int("merchant_id")], !r.is("self_completed"))
			}
		}
		b.check(t, "refunds not completed by the shop")
	})
	t.Run("the holdout", func(t *testing.T) {
		arms := map[int64]bool{}
		for _, r := range k.rows(t, "chuanliu_eligibility") {
			held := r.text("arm") == "holdout"
			if before, known := arms[r.int("buyer_id")]; known && before != held {
				t.Fatalf("buyer %d is in both arms", r.int("buyer_id"))
			}
			arms[r.int("buyer_id")] = held
		}
		var b trials
		for _, held := range arms {
			b.add(market.HoldoutRate, held)
		}
		b.check(t, "buyers held out")
	})
}

// owners are the shops that own an account.
func owners(t *testing.T, k *keeper) map[int64]int64 {
	t.Helper()
	out := map[int64]int64{}
	for _, r := range k.rows(t, "talents") {
		if !r.null("owner_merchant_id") {
			out[r.int("talent_id")] = r.int("owner_merchant_id")
		}
	}
	return out
}
