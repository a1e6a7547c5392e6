package eligibility_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
)

// newcomers is the campaign list's night with nine shops that pass and some without a score.
func newcomers(without int) (*considered, eligibility.History) {
	s := subjects(9 + without)
	s.Measures["severe_violations_90d"] = make([]float64, s.N)
	s.ColdStart, s.Info = make([]bool, s.N), make([]float64, s.N)
	scores := make([]float64, s.N)
	for i := range scores {
		scores[i] = 4.50
		if i >= 9 {
			scores[i], s.ColdStart[i] = none, true
		}
	}
	return s, eligibility.History{"shop_score": steady(7, scores...)}
}

func TestColdStartKeepsATenthOfThePlacesForTheBestInformed(t *testing.T) {
	s, h := newcomers(3)
	s.Info[9], s.Info[10], s.Info[11] = none, 80, 80
	d := decided(theRules(), campaign(), asOf, s, h, nil, nil, false)
	if diff := cmp.Diff([]int32{1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 10, 0}, d.Rank); diff != "" {
		t.Error(diff)
	}
	if got := told(d, 10); got != "entered 0/1 no_score,cold_start" || d.Standing[10] {
		t.Errorf("got %q, standing %v", got, d.Standing[10])
	}
	if got := told(d, 11); got != "out 0/1 no_score" {
		t.Error(got)
	}
}

func TestColdStartIsForWantOfAScoreOnly(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*considered, eligibility.History, map[int]eligibility.Override)
		want   bool
	}{
		{"nothing else", func(*considered, eligibility.History, map[int]eligibility.Override) {}, true},
		{"a severe violation", func(s *considered, _ eligibility.History, _ map[int]eligibility.Override) {
			s.Measures["severe_violations_90d"][9] = 1
		}, false},
		{"violations not known", func(s *considered, _ eligibility.History, _ map[int]eligibility.Override) {
			s.Measures["severe_violations_90d"][9] = none
		}, false},
		{"no score for another cause", func(s *considered, _ eligibility.History, _ map[int]eligibility.Override) {
			s.ColdStart[9] = false
		}, false},
		{"denied", func(_ *considered, _ eligibility.History, o map[int]eligibility.Override) {
			o[9] = eligibility.Override{Action: eligibility.Deny}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, h := newcomers(1)
			o := map[int]eligibility.Override{}
			c.change(s, h, o)
			d := decided(theRules(), campaign(), asOf, s, h, nil, o, false)
			if d.Member[9] != c.want || d.Reasons[9].Has(eligibility.ColdStart) != c.want {
				t.Errorf("member %v because %s", d.Member[9], d.Reasons[9])
			}
		})
	}
}

func TestEightMembersKeepNoPlaceAndTwentySevenKeepThree(t *testing.T) {
	for members, want := range map[int]int{0: 0, 8: 0, 9: 1, 17: 1, 18: 2, 27: 3} {
		s := subjects(members + 10)
		s.Measures["severe_violations_90d"] = make([]float64, s.N)
		s.ColdStart = make([]bool, s.N)
		scores := make([]float64, s.N)
		for i := range scores {
			scores[i], s.ColdStart[i] = 4.50, i >= members
			if i >= members {
				scores[i] = none
			}
		}
		d := decided(theRules(), campaign(), asOf, s, eligibility.History{"shop_score": steady(7, scores...)}, nil, nil, false)
		got := 0
		for i, m := range d.Member {
			if m && i >= members {
				got++
			}
		}
		if got != want {
			t.Errorf("%d members keep %d places, want %d", members, got, want)
		}
	}
}

func TestAShareOfAllPlacesKeepsNone(t *testing.T) {
	s, h := newcomers(1)
	l := campaign()
	l.ColdStart = 1 // no number of places has this share beside members
	if d := decided(theRules(), l, asOf, s, h, nil, nil, false); d.Member[9] {
		t.Error("a place was kept")
	}
}

func TestOneShopDoesNotTakeTheWholeReserve(t *testing.T) {
	l := capped(rules.Cap{Share: 0.1, Least: 1, Most: 1})
	l.ColdStart = 0.5
	s := subjects(6)
	s.Shop = []int32{0, 1, 2, 2, 2, 0}
	s.ColdStart = []bool{false, false, true, true, true, true}
	h := eligibility.History{"product_score": {hundredths(4.5, 4.4, none, none, none, none)}}
	d := decided(theRules(), l, asOf, s, h, nil, nil, false)
	if diff := cmp.Diff([]int32{1, 2, 3, 0, 0, 0}, d.Rank); diff != "" {
		t.Error(diff)
	}
	if got := d.Reasons[3].String(); got != "no_score,shop_cap" {
		t.Error(got)
	}
	if diff := cmp.Diff([]bool{true, true, false, false, false, false}, d.Outcome().Entitled); diff != "" {
		t.Errorf("without counting places there is no cold start: %s", diff)
	}
}

func TestAProductByColdStartWeighsAsIfNothingHadAScore(t *testing.T) {
	l := traffic()
	l.ColdStart = 0.5
	l.Gates[0].Floor = false
	l.Levels[0].NoScore, l.Levels[1].NoScore = 0.9, 0.8
	s := subjects(2)
	s.Shop, s.ColdStart = []int32{0, 0}, []bool{false, true}
	h := eligibility.History{"product_score": {hundredths(4.5, none)}, "shop_score": {hundredths(4.9, 4.9)}}
	d := decided(theRules(), l, asOf, s, h, nil, nil, false)
	if !d.Member[1] || d.Level[1] != eligibility.NoLevel || d.Multiplier[1] != 0.72 {
		t.Errorf("member %v, level %d, multiplier %v", d.Member[1], d.Level[1], d.Multiplier[1])
	}
}

func TestColdStartGoesByInformationThenByPosition(t *testing.T) {
	s, h := newcomers(7)
	l := campaign()
	l.ColdStart = 0.4 // nine members of fifteen places leave six
	copy(s.Info[9:], []float64{none, -10, 0, 80, -5, 80, none})
	d := decided(theRules(), l, asOf, s, h, nil, nil, false)
	if diff := cmp.Diff([]int32{15, 14, 12, 10, 13, 11, 0}, d.Rank[9:]); diff != "" {
		t.Error(diff)
	}
}
