package market_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/windvane/windvane/internal/market"
)

// pair is a shop and a buyer.
type pair struct{ merchant, buyer int64 }

// arm is what the buyers of one arm bought in their shops' lives within 14 days from eligibility.
type arm struct {
	gmv, orders map[int64]float64 // by buyer, of all pairs whose 14 days are over; GMV in fen
	before      map[int64]float64 // self-broadcast orders of the 14 days before eligibility
}

// outcomes counts, from the rows alone, what eligible pairs bought.
func outcomes(t *testing.T, k *keeper, o market.Options) (treatment, holdout arm) {
	t.Helper()
	arms := map[string]arm{}
	for _, name := range []string{"treatment", "holdout"} {
		arms[name] = arm{map[int64]float64{}, map[int64]float64{}, map[int64]float64{}}
	}
	since := map[pair]row{}
	for _, r := range k.rows(t, "chuanliu_eligibility") {
		p := pair{r.int("merchant_id"), r.int("buyer_id")}
		if _, twice := since[p]; twice {
			t.Fatalf("pair %v is eligible twice", p)
		}
		if since[p] = r; r.dt+market.LiftDays-1 <= o.AsOf {
			of := arms[r.text("arm")]
			of.gmv[p.buyer] += 0
			of.orders[p.buyer] += 0
			of.before[p.buyer] += 0
		}
	}
	own := owners(t, k)
	seen := map[int64]bool{}
	for _, r := range k.rows(t, "orders") {
		e, ok := since[pair{r.int("merchant_id"), r.int("buyer_id")}]
		self := !r.null("author_id") && own[r.cells["author_id"].(int64)] == r.int("merchant_id") && r.text("scene") == "live"
		if !ok || !self || r.day("created_at") != r.dt || e.dt+market.LiftDays-1 > o.AsOf {
			continue
		}
		of, buyer, first := arms[e.text("arm")], r.int("buyer_id"), !seen[r.int("order_id")]
		seen[r.int("order_id")] = true
		switch age := r.day("created_at") - e.dt; {
		case age >= 0 && age < market.LiftDays:
			if r.valid() {
				of.gmv[buyer] += float64(r.goods())
			}
			if first {
				of.orders[buyer]++
			}
		case age < 0 && age >= -market.LiftDays && first:
			of.before[buyer]++
		}
	}
	return arms["treatment"], arms["holdout"]
}

// ratio is the lift of a mean by buyer, and the half width of its 95 % interval by the delta method.
func ratio(treatment, holdout map[int64]float64) (lift, half float64) {
	mean := func(of map[int64]float64) (m, relative float64) {
		values := make([]float64, 0, len(of))
		for _, v := range of {
			values = append(values, v)
		}
		m, variance := stat.MeanVariance(values, nil)
		return m, variance / float64(len(of)) / (m * m)
	}
	t, vt := mean(treatment)
	c, vc := mean(holdout)
	return t/c - 1, 1.96 * t / c * math.Sqrt(vt+vc)
}

// TestLiftShowsInTheRows makes a twentieth of the market of the preset: as many lines a buyer, fewer buyers.
func TestLiftShowsInTheRows(t *testing.T) {
	const part = 20
	o := market.LiftOptions()
	o.Buyers, o.LinesPerDay = o.Buyers/part, o.LinesPerDay/part
	k, s := generate(t, o)
	treatment, holdout := outcomes(t, k, o)

	lift, half := ratio(treatment.orders, holdout.orders)
	t.Logf("%d and %d buyers; orders: lift %.3f ± %.3f; as it happened %.3f", len(treatment.orders), len(holdout.orders), lift, half, s.Lift)
	if math.Abs(lift-s.Lift) > 1.5*half { // 2.9 deviations
		t.Errorf("lift of orders is %.3f ± %.3f, it happened to be %.3f", lift, half, s.Lift)
	}
	lift, half = ratio(treatment.gmv, holdout.gmv)
	t.Logf("GMV: lift %.3f ± %.3f; of the whole preset ± %.3f", lift, half, half/math.Sqrt(part))
	if math.Abs(lift-s.Lift) > 1.5*half {
		t.Errorf("lift of GMV is %.3f ± %.3f, it happened to be %.3f", lift, half, s.Lift)
	}
	if whole := half / math.Sqrt(part); whole > 0.06 {
		t.Errorf("the preset tells the programme's lift to ± %.3f, it promises about 0.05", whole)
	}
	if before, half := ratio(treatment.before, holdout.before); math.Abs(before) > 1.5*half {
		t.Errorf("before eligibility the arms differ by %.3f ± %.3f", before, half)
	}
	if s.Lift < 0.08 || s.Lift > 0.25 {
		t.Errorf("the programme's lift is %.3f, planted is about 0.15", s.Lift)
	}
}

// TestArmsAreLoggedAlike compares the log of eligibility of the two arms: by day, by shop and by the talent it came
// through. Only exposures may tell them apart: nobody of the holdout has any.
func TestArmsAreLoggedAlike(t *testing.T) {
	o := small()
	o.Days, o.LinesPerDay = 30, 6_000
	k, _ := generate(t, o)
	counts := map[string]map[int64][2]float64{"day": {}, "shop": {}, "talent": {}}
	held := map[pair]bool{}
	for _, r := range k.rows(t, "chuanliu_eligibility") {
		p := pair{r.int("merchant_id"), r.int("buyer_id")}
		held[p] = r.text("arm") == "holdout"
		for by, key := range map[string]int64{"day": int64(r.dt), "shop": p.merchant, "talent": r.int("source_promoter_id")} {
			n := counts[by][key]
			n[0]++
			if held[p] {
				n[1]++
			}
			counts[by][key] = n
		}
	}
	for by, cells := range counts {
		chi2, free := 0.0, 0.0
		for _, n := range cells {
			if want := n[0] * market.HoldoutRate; want >= 5 {
				chi2 += (n[1] - want) * (n[1] - want) / (want * (1 - market.HoldoutRate))
				free++
			}
		}
		// Pairs of one buyer share the arm, so the statistic spreads wider than χ²: six deviations instead of three.
		if math.Abs(chi2-free) > 6*math.Sqrt(2*free) || free < 5 {
			t.Errorf("by %s the share of the holdout strays: χ² is %.1f of %.0f cells", by, chi2, free)
		}
	}
	shown := 0
	for _, r := range k.rows(t, "chuanliu_exposures") {
		if h, eligible := held[pair{r.int("merchant_id"), r.int("buyer_id")}]; h || !eligible {
			t.Fatalf("a pair of the holdout, or one that is not eligible, was shown the shop: %v", r.cells)
		}
		shown++
	}
	if shown == 0 {
		t.Error("nobody was shown anything")
	}
}

func TestPlantedLiftsAreTheFamousOnes(t *testing.T) {
	k, _ := generate(t, small())
	var top, second, best int
	for _, r := range k.under(t, market.TruthKey("chuanliu")) {
		switch lift := r.cells["lift_ratio"].(float64); {
		case lift == market.TopBrandLift:
			top++
		case lift == market.SecondBrandLift:
			second++
		}
		if !r.null("best_day_lift_ratio") && r.cells["best_day_lift_ratio"].(float64) == market.BestDayLift && !r.null("best_day") {
			best++
		}
	}
	if top != 1 || second != 1 || best != 1 {
		t.Errorf("%d shops at 38 %%, %d at 32 %%, %d with a best day of 27 %%; want one each", top, second, best)
	}
}
