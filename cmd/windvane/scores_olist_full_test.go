//go:build shareddata && acceptance

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/testkit/olist"
	"github.com/windvane/windvane/internal/testkit/recount"
)

// The night whose sellers' scores are looked at: the day after a month's end, so that norms of the month before are in
// force. The dumps reach back as far as scores do: 90 days and the lag.
const (
	scoredOlist      recount.Date = "2018-05-01"
	scoredOlistFirst recount.Date = "2018-01-16"

	// The first of May is a holiday in Brazil: an eighth of the usual shipments. The volume gate has to be told.
	olistHoliday = "calendar: [{name: Dia do Trabalho, from: 2018-05-01, to: 2018-05-01, min_volume: 0.05}]\n"

	// wantScoredSellers have 30 delivered orders in the 90 days, counted in the source.
	wantScoredSellers = 160
)

// olistSeller is a seller in the night and in the source.
type olistSeller struct {
	status          string
	score, coverage float64
	orders          int64
	reviews         float64 // mean stars of the reviews written in 90 days
	late            float64 // share of its lines signed in 90 days that came after the promised day
	handedLate      float64 // share of its lines due in 90 days that the carrier had not by the limit
}

// TestSellersOfOlistAreScored: everybody has a row, those with 30 orders a score, and the score agrees with what the
// data set says of them. Nobody is live, nobody chats, no style can be compared: coverage tells how much of the score is
// missing.
func TestSellersOfOlistAreScored(t *testing.T) {
	source, _ := loadOlist(t)
	input := dumpOlist(t, source, scoredOlistFirst, scoredOlist)
	s := newStand(t, input, olist.MapByStatus().Config+olistHoliday)
	s.night(scoredOlist)
	sellers := olistSellers(s)
	tellSellers(source, sellers)
	byStatus := map[string]int{}
	for id, v := range sellers {
		byStatus[v.status]++
		if scored := v.orders >= 30; scored != (v.status == "scored") {
			t.Errorf("seller %s with %d orders: %s", id, v.orders, v.status)
		}
		if v.coverage >= 1 {
			t.Errorf("seller %s: coverage %v", id, v.coverage)
		}
	}
	t.Logf("%s: %v", scoredOlist, byStatus)
	if len(sellers) != len(source.Sellers) || len(sellers) != 3095 || byStatus["scored"] != wantScoredSellers {
		t.Errorf("%d sellers, %v; the data set has %d, of whom %d have 30 delivered orders in 90 days", len(sellers), byStatus, len(source.Sellers), wantScoredSellers)
	}
	t.Run("indicators without a table", func(t *testing.T) { checkUncomputable(t, s) })
	// The anchors of the rules are those of Chinese platforms, where one review in eighty is bad. In Brazil it is one in
	// seven, so that nearly everybody is at the foot of the scale, and the score tells little more than delays.
	t.Run("against the anchors of the rules", func(t *testing.T) { agreeWithSellers(t, s, sellers, agreement{0.2, -0.2, -0.75}) })
	t.Run("against each other", func(t *testing.T) {
		own := newStand(t, input, olist.MapByStatus().Config+olistHoliday+"rules:\n  file: rules.yaml\n")
		// 160 sellers are fewer than the 200 that a comparison among themselves asks for.
		text := strings.Replace(string(config.CommentedRules), "minimum_entities: 200", "minimum_entities: 100", 1)
		if err := os.WriteFile(filepath.Join(filepath.Dir(own.config), "rules.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		own.night(scoredOlist.Add(-1))
		own.night(scoredOlist)
		compared := olistSellers(own)
		tellSellers(source, compared)
		agreeWithSellers(t, own, compared, agreement{0.65, -0.45, -0.6})
	})
}

// agreement is what the rank correlations of the score must be: with mean stars at least, with late deliveries and with lines
// handed over late at most.
type agreement struct{ reviews, late, handed float64 }

func olistSellers(s *stand) map[string]*olistSeller {
	r, out := s.read(scoredOlist, "shop_score", "merchant_id", "status", "score", "coverage_ratio", "orders"), map[string]*olistSeller{}
	for i := range r.N {
		out[r.Text(i, "merchant_id")] = &olistSeller{status: r.Text(i, "status"), score: r.Real(i, "score"), coverage: r.Real(i, "coverage_ratio"), orders: r.Int(i, "orders")}
	}
	return out
}

// share counts some of all.
type share struct{ some, all float64 }

func (s *share) add(yes bool) {
	s.all++
	if yes {
		s.some++
	}
}

func (s *share) of() float64 { return s.some / max(1, s.all) }

// tellSellers works out of the source, by lines and without any rule of scores, how sellers fared in the 90 days.
func tellSellers(source *olist.Source, sellers map[string]*olistSeller) {
	first := scoredOlist.Add(-89)
	in := func(d recount.Date) bool { return d >= first && d <= scoredOlist }
	stars, late, handed := map[string]*share{}, map[string]*share{}, map[string]*share{}
	for id := range sellers {
		stars[id], late[id], handed[id] = &share{}, &share{}, &share{}
	}
	sellerOf := map[string]string{} // order → its first line's seller
	for _, l := range source.Lines {
		if _, known := sellerOf[l.OrderID]; !known {
			sellerOf[l.OrderID] = l.SellerID
		}
		if !l.DeliveredAt.IsZero() && in(recount.At(l.DeliveredAt)) {
			late[l.SellerID].add(l.DeliveredAt.After(l.PromisedAt))
		}
		if in(recount.At(l.ShippingLimitAt)) && in(l.Day()) {
			handed[l.SellerID].add(l.CarrierAt.IsZero() || l.CarrierAt.After(l.ShippingLimitAt))
		}
	}
	for _, v := range source.Reviews {
		if seller := sellerOf[v.OrderID]; seller != "" && !v.CreatedAt.IsZero() && in(recount.At(v.CreatedAt)) {
			stars[seller].all++
			stars[seller].some += float64(v.Score)
		}
	}
	for id, v := range sellers {
		v.reviews, v.late, v.handedLate = stars[id].of(), late[id].of(), handed[id].of()
	}
}

func checkUncomputable(t *testing.T, s *stand) {
	want := map[string]string{"chat_unhappy": "not_computable", "slow_reply": "not_computable", "price_coverage": "not_applicable", "quality_refund": "not_computable",
		"refund_only_hours": "not_computable", "logistics_complaint": "not_computable", "not_self_completed": "not_computable", "missed_pickup": "used", "not_repeat": "used"}
	r, states := s.read(scoredOlist, "score_indicators", "role", "indicator", "state"), map[string]map[string]int{}
	for i := range r.N {
		if r.Text(i, "role") == "merchant" {
			in := r.Text(i, "indicator")
			if states[in] == nil {
				states[in] = map[string]int{}
			}
			states[in][r.Text(i, "state")]++
		}
	}
	t.Log(states)
	for indicator, state := range want {
		if states[indicator][state] == 0 || state != "used" && len(states[indicator]) != 1 {
			t.Errorf("%s: %v, want %s", indicator, states[indicator], state)
		}
	}
}

func agreeWithSellers(t *testing.T, s *stand, sellers map[string]*olistSeller, least agreement) {
	steps := s.textSteps(scoredOlist, "merchant")
	var score, reviews, late, handed, bad, missed []float64
	atFoot := 0
	for id, v := range sellers {
		if v.status != "scored" {
			continue
		}
		score, reviews, late, handed = append(score, v.score), append(reviews, v.reviews), append(late, v.late), append(handed, v.handedLate)
		bad, missed = append(bad, steps[id]["quality_bad_review"].value), append(missed, steps[id]["missed_pickup"].value)
		if steps[id]["quality_bad_review"].points == 3 {
			atFoot++
		}
	}
	r, l, h := spearman(score, reviews), spearman(score, late), spearman(score, handed)
	t.Logf("%d sellers: rank correlation of the score with mean stars %.3f, with late deliveries %.3f, with lines handed over late %.3f", len(score), r, l, h)
	rateOfBad, rateOfMissed := spearman(bad, reviews), spearman(missed, handed)
	t.Logf("of the rate of bad reviews with mean stars %.3f (%d sellers have the least points), of missed pick-ups with lines handed over late %.3f", rateOfBad, atFoot, rateOfMissed)
	if r < least.reviews || l > least.late || h > least.handed {
		t.Errorf("the score of sellers does not follow their reviews and delays")
	}
	if rateOfBad > -0.8 || rateOfMissed < 0.8 {
		t.Errorf("the indicators of sellers do not follow their reviews and delays")
	}
}
