package lift_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/stats"
)

// won gives the pairs of a merchant to talents in turn.
func won(m *lift.Merchant, pairs []pair, talents ...int64) {
	for p := range m.Cells {
		sources := make([]lift.Source, len(talents))
		for i, t := range talents {
			sources[i].Talent = t
		}
		for i := range pairs {
			s := &sources[i%len(talents)]
			s.Pairs[pairs[i].arm]++
			s.Outcome[pairs[i].arm] = s.Outcome[pairs[i].arm].Add(stats.Int128Of(pairs[i].values[stats.Outcome]))
		}
		m.Cells[p].Sources = sources
	}
}

// market of talents: merchant 1 has enough, 2 has a holdout that is too small; 3 and 4 are its talents, null is nobody's.
func talentMarket(t interface{ Fatal(...any) }, seed uint64) (*lift.Figures, *lift.Estimates, *lift.Options) {
	rng := rand.New(rand.NewPCG(seed, 21))
	big, small := (shop{rng, 0.5, 0.3, 0.4}).pairs(4000), (shop{rng, 0.5, 0.3, 0.4}).pairs(90)
	one, two := merchantOf(1, big), merchantOf(2, small)
	won(&one, big, 3, 4, column.Null)
	won(&two, small, 4, 5)
	f, o := figuresOf(one, two), options(0.3)
	o.Category = func(int64) int64 { return 1 }
	return f, estimate(t, f, o), o
}

func good(int64) lift.Talent { return lift.Talent{Score: 4.5, Product: 4.6, Net15: 1, NetKnown: true} }

func TestRewardsFollowWhatTalentsBuyersBrought(t *testing.T) {
	f, e, o := talentMarket(t, 1)
	rewards, left := lift.Rewards(f, e, o, func(talent int64) lift.Talent {
		about := good(talent)
		if talent == 4 {
			about.Score = 4.7
		}
		return about
	})
	if len(rewards) != 3 || left != 0 {
		t.Fatalf("%d talents, %d left", len(rewards), left)
	}
	lifts := e.Lifts(o)
	var sum, weights float64
	var total int64
	for _, r := range rewards {
		weights += float64(r.Inc) * r.Multiplier
		total += r.Impressions
		sum += float64(r.Inc)
	}
	if total != 1000 {
		t.Errorf("rewards sum to %d", total)
	}
	for i, want := range []float64{1, 1.2, 1} {
		r := rewards[i]
		if r.Code != int64(i+3) || r.Multiplier != want || math.Abs(float64(r.Impressions)-1000*float64(r.Inc)*want/weights) > 1 {
			t.Errorf("%+v", r)
		}
	}
	// What talents of merchant 1 brought, nobody's pairs included, is its shrunken inc. Alone it is not shrunken.
	own := lifts.Of(1)
	cell := &f.Merchants[0].Cells[0]
	all := cell.Arms[lift.Treatment].Sum(stats.Outcome).Float64() * own.Lift / (1 + own.Lift)
	nobody := cell.Sources[2].Outcome[lift.Treatment].Float64() * own.Lift / (1 + own.Lift)
	second := lifts.Of(2)
	other := f.Merchants[1].Cells[0].Arms[lift.Treatment].Sum(stats.Outcome).Float64() * second.Lift / (1 + second.Lift)
	if math.Abs(sum-(all-nobody+other)) > 3 {
		t.Errorf("talents brought %v, merchants %v", sum, all-nobody+other)
	}
	if second.Of != contract.LiftPlatform || second.Grade != contract.GradeAttribution || own.Grade != contract.GradeHoldout {
		t.Errorf("a small merchant goes by %s of grade %s", contract.LiftSources[second.Of], contract.LiftGrades[second.Grade])
	}
}

func TestTalentsThatGetNothing(t *testing.T) {
	f, e, o := talentMarket(t, 2)
	for name, c := range map[string]struct {
		about lift.Talent
		want  string
	}{
		"a low score":       {lift.Talent{Score: 4.39, Product: 4.6, Net15: 1, NetKnown: true}, "talent_score"},
		"no score":          {lift.Talent{Score: math.NaN(), Product: 4.6, Net15: 1, NetKnown: true}, "talent_score"},
		"poor goods":        {lift.Talent{Score: 4.8, Product: 4.3, Net15: 1, NetKnown: true}, "product_score"},
		"nothing sold":      {lift.Talent{Score: 4.8, Product: 4.6, Net15: 0, NetKnown: true}, "gmv_net15"},
		"refunds not known": {lift.Talent{Score: 4.8, Product: 4.6, Net15: 1}, "gmv_net15"},
	} {
		rewards, left := lift.Rewards(f, e, o, func(int64) lift.Talent { return c.about })
		for _, r := range rewards {
			if r.FailedText() != c.want || r.Impressions != 0 || r.Multiplier != 0 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if left != 1000 {
			t.Errorf("%s: %d are left over", name, left)
		}
	}
	o.Share = func(int64) float64 { return 0.5 } // the split is broken
	if rewards, left := lift.Rewards(f, estimate(t, f, o), o, good); len(rewards) > 0 || left != 1000 {
		t.Errorf("a broken split pays %+v, %d left", rewards, left)
	}
}

func sumOf(rewards []lift.Reward) (n int64) {
	for _, r := range rewards {
		n += r.Impressions
	}
	return n
}

func TestRewardsSumToThePool(t *testing.T) {
	f, e, o := talentMarket(t, 3)
	rapid.Check(t, func(t *rapid.T) {
		o.Rules.Reward.Impressions = rapid.Int64Range(0, 1e12).Draw(t, "pool")
		o.Rules.Reward.Multiplier = rapid.SampledFrom([]float64{1, 1.2, 3.3333}).Draw(t, "multiplier")
		scores := map[int64]float64{}
		for talent := int64(3); talent < 6; talent++ {
			scores[talent] = rapid.SampledFrom([]float64{4, 4.5, 4.8}).Draw(t, "score")
		}
		rewards, left := lift.Rewards(f, e, o, func(talent int64) lift.Talent {
			about := good(talent)
			about.Score = scores[talent]
			return about
		})
		if got := left + sumOf(rewards); got != o.Rules.Reward.Impressions {
			t.Fatalf("%d of %d are given out", got, o.Rules.Reward.Impressions)
		}
	})
}

// The cap is a quantile of pairs that bought, both arms together: arms that change places leave it as it is.
func TestCapsAreBlind(t *testing.T) {
	pairs := (shop{rand.New(rand.NewPCG(31, 1)), 0.5, 0.3, 0.4}).pairs(5000)
	swapped := append([]pair{}, pairs...)
	for i := range swapped {
		swapped[i].arm = 1 - swapped[i].arm
	}
	o := options(0.3)
	o.Rules.WinsorQuantile = 0.99
	a, b := lift.Caps(figuresOf(merchantOf(1, pairs)), o), lift.Caps(figuresOf(merchantOf(1, swapped)), o)
	if diff := cmp.Diff(a, b); diff != "" || len(a) != 1 || a[0].Class != 1 {
		t.Fatalf("%v and %v: %s", a, b, diff)
	}
	above := 0
	for _, p := range pairs {
		if p.values[stats.Outcome] > a[0].Fen {
			above++
		}
	}
	if share := float64(above) / float64(a[0].Pairs); share > 0.01 || share < 0.003 {
		t.Errorf("%.4f of those that bought lie above the cap", share)
	}
	o.Caps = lift.ByClass(a)
	r := row(estimate(t, figuresOf(merchantOf(1, pairs)), o), 1, 2)
	if r.Cap != a[0].Fen || r.Capped[0]+r.Capped[1] != int64(above) || math.IsNaN(r.Winsor.Value) || r.Winsor.SE >= r.Lift.SE {
		t.Errorf("cap %d, capped %v, lift %v (%v), raw %v (%v)", r.Cap, r.Capped, r.Winsor.Value, r.Winsor.SE, r.Lift.Value, r.Lift.SE)
	}
}
