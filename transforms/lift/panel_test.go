package lift_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
)

// streets are merchants of one category: the first few take part from a day on and sell more by the lift, all follow
// one trend of their week and season.
type streets struct {
	participants, others int
	holdout              int // of the participants, so many have one that is large enough
	start                calendar.Day
	lift                 float64
	ahead                float64 // what participants sell more in the month before they start
}

func (s streets) draw(seed uint64) (*lift.Figures, *lift.Options) {
	rng, o := rand.New(rand.NewPCG(seed, 15)), options(0.3)
	o.Category = func(int64) int64 { return 7 }
	const days = 90
	market := &lift.Market{First: asOf - days + 1}
	f := figuresOf()
	for i := range s.participants + s.others {
		code := int64(i + 1)
		size := 1e6 * math.Exp(rng.NormFloat64())
		gmv := make([]float64, days)
		for d := range gmv {
			day := market.First + calendar.Day(d)
			gmv[d] = math.Round(size * (1 + 0.3*math.Sin(float64(d)/12) + 0.2*math.Sin(float64(d)*2*math.Pi/7)) * math.Exp(0.1*rng.NormFloat64()))
			switch {
			case i >= s.participants:
			case day >= s.start:
				gmv[d] *= 1 + s.lift
			case day >= s.start-30:
				gmv[d] *= 1 + s.ahead
			}
		}
		market.Merchants, market.GMV = append(market.Merchants, code), append(market.GMV, gmv)
		if i >= s.participants {
			continue
		}
		pairs := 100 // too few
		if i < s.holdout {
			pairs = 6000
		}
		m := merchantOf(code, shop{rng, s.lift, 0.3, 0.5}.pairs(pairs))
		f.Merchants, f.Starts[code] = append(f.Merchants, m), s.start
		f.Pairs += int64(pairs)
	}
	o.Market = func(func(int64) bool) (*lift.Market, error) { return market, nil }
	return f, o
}

// Merchants whose pairs came before the first day that counts took part: they are no donors, and their start is when they did.
func TestWhoTookPartBeforeTheStartIsNoDonor(t *testing.T) {
	s := streets{participants: 18, others: 24, holdout: 8, start: asOf - 25, lift: 0.25}
	f, o := s.draw(1)
	o.Rules.Panel.MaximumDonors = 30 // more than there are
	const small, other = 12, 30
	donors := func() int64 { return row(estimate(t, f, o), small, 2).Panel.Donors }
	want := donors()
	f.Starts[other] = asOf - 80
	if got := donors(); got != want-1 || want != 24 {
		t.Errorf("%d donors, without the one that took part before %d", want, got)
	}
	f.Starts[small] = asOf - 80
	if r := row(estimate(t, f, o), small, 2); r.Grade == contract.GradePanel || r.Panel.Donors != 0 {
		t.Errorf("started 80 days ago: grade %s, %d donors", contract.LiftGrades[r.Grade], r.Panel.Donors)
	}
}

// The start is a merchant's first day of eligibility, however long ago and whoever of its buyers comes new: a pair that is logged again every
// night adds no day, and weeks with boosts must not be compared with weeks with boosts.
func TestWhoTookPartForLongDoesNotStartAgain(t *testing.T) {
	for _, again := range []calendar.Day{asOf - 25, asOf - 8} {
		_, o := streets{participants: 1, others: 40, start: again, lift: 0.25}.draw(1)
		m := newMarket(lift.DefaultPlan(), asOf-200, column.NewIDs(nil))
		for b := range int64(100) {
			m.enters(asOf-180, eligible{key{b + 1, 1}, one(b%10 < 3), column.Null, column.Null})
		}
		m.enters(again, eligible{key{101, 1}, lift.Treatment, column.Null, column.Null})
		if r := row(estimate(t, m.night(t, asOf), o), 1, 2); r.Panel.Donors != 0 || r.Grade != contract.GradeAttribution {
			t.Errorf("started 180 days ago, a new buyer %d days ago: grade %s, %d donors", asOf-again, contract.LiftGrades[r.Grade], r.Panel.Donors)
		}
	}
}

func TestMerchantsWithoutAHoldoutAreComparedWithOthers(t *testing.T) {
	s := streets{participants: 18, others: 40, holdout: 8, start: asOf - 25, lift: 0.25}
	f, o := s.draw(1)
	e := estimate(t, f, o)
	covered, compared := 0, 0
	for i := s.holdout; i < s.participants; i++ {
		r := row(e, int64(i+1), 2)
		if r.Grade != contract.GradePanel {
			if r.Status != contract.LiftInsufficient {
				t.Errorf("merchant %d: grade %s, status %s", i+1, contract.LiftGrades[r.Grade], contract.LiftStatuses[r.Status])
			}
			continue
		}
		compared++
		if r.Lift.Interval.Contains(s.lift) {
			covered++
		}
		if r.Panel.Donors != 20 || r.Panel.PlaceboP > 0.1 || r.Estimator != contract.EstimatorSDID || r.Family != 0 {
			t.Errorf("merchant %d: %+v, family %d", i+1, r.Panel, r.Family)
		}
		if got := r.Inc.Value / (float64(r.Observed) - r.Inc.Value); math.Abs(got-r.Lift.Value) > 1e-6 {
			t.Errorf("merchant %d: inc/base is %v, lift %v", i+1, got, r.Lift.Value)
		}
		if math.IsNaN(r.Shrunk.Lift) {
			t.Errorf("merchant %d has nothing to rank by", i+1)
		}
		for _, w := range r.Warnings() {
			if w == lift.WarnUncalibrated {
				t.Errorf("merchant %d is not calibrated by %d holdouts", i+1, s.holdout)
			}
		}
	}
	if compared < 7 || covered < compared-1 {
		t.Errorf("%d of 10 are compared, %d intervals cover %v", compared, covered, s.lift)
	}
	for i := range s.holdout {
		if r := row(e, int64(i+1), 2); r.Grade != contract.GradeHoldout {
			t.Errorf("merchant %d has a holdout but grade %s", i+1, contract.LiftGrades[r.Grade])
		}
	}
}

func TestPanelsThatMustNotBeBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		s streets
		o func(*lift.Options)
	}{
		"too few others":       {streets{participants: 3, others: 19, start: asOf - 25, lift: 0.25}, nil},
		"started too early":    {streets{participants: 3, others: 40, start: asOf - 60, lift: 0.25}, nil},
		"already ahead before": {streets{participants: 3, others: 40, start: asOf - 25, lift: 0.25, ahead: 1.5}, nil},
		"another category": {streets{participants: 3, others: 40, start: asOf - 25, lift: 0.25}, func(o *lift.Options) {
			o.Category = func(m int64) int64 { return min(m, 4) }
		}},
	} {
		f, o := c.s.draw(2)
		if c.o != nil {
			c.o(o)
		}
		for _, r := range estimate(t, f, o).Rows {
			if r.Grade != contract.GradeAttribution || !math.IsNaN(r.Lift.Value) {
				t.Errorf("%s: merchant %d has grade %s and lift %v; %+v", name, r.Merchant, contract.LiftGrades[r.Grade], r.Lift.Value, r.Panel)
			}
		}
	}
}

// By as few donors as the rules allow most merchants fail that sold more before their start, and hardly one that did not; by fewer none can.
func TestTheFewestDonorsTellWhoWasAheadBefore(t *testing.T) {
	failed := func(others int, ahead float64) (n int) {
		for seed := range uint64(30) {
			f, o := streets{participants: 3, others: others, start: asOf - 25, ahead: ahead}.draw(seed)
			for _, r := range estimate(t, f, o).Rows {
				if r.Period == 2 && r.Panel.TrendP < o.Rules.Panel.PlaceboAlpha {
					n++
				}
				if r.Panel.Donors == 0 && r.Grade == contract.GradePanel {
					t.Errorf("%d donors, merchant %d: a lift of %v", others, r.Merchant, r.Lift.Value)
				}
			}
		}
		return n
	}
	if ahead, level, fewer := failed(20, 0.12), failed(20, 0), failed(19, 0.12); ahead < 70 || level > 9 || fewer != 0 {
		t.Errorf("of 90 merchants %d that were ahead, %d that were not, and %d by fewer donors fail", ahead, level, fewer)
	}
}

// A comparison that finds more than holdouts do is brought down by what it finds too much, and its interval is widened.
func TestHoldoutsCalibratePanels(t *testing.T) {
	s := streets{participants: 18, others: 40, holdout: 8, start: asOf - 25, lift: 0.25}
	f, o := s.draw(3)
	rng := rand.New(rand.NewPCG(9, 9))
	for i := range s.holdout { // by their holdouts they have 10 %
		f.Merchants[i] = merchantOf(int64(i+1), shop{rng, 0.10, 0.3, 0.5}.pairs(12000))
	}
	e := estimate(t, f, o)
	sum, n := 0.0, 0
	for i := s.holdout; i < s.participants; i++ {
		if r := row(e, int64(i+1), 2); r.Grade == contract.GradePanel {
			sum, n = sum+r.Lift.Value, n+1
		}
	}
	if mean := sum / float64(n); n < 5 || math.Abs(mean-0.10) > 0.06 {
		t.Errorf("%d panels say %.3f on average, holdouts 0.10", n, mean)
	}
}

func TestTheNumberOfWorkersChangesNothing(t *testing.T) {
	f, o := streets{participants: 12, others: 30, holdout: 6, start: asOf - 25, lift: 0.25}.draw(4)
	one := estimate(t, f, o)
	o.Workers = 5
	five := estimate(t, f, o)
	for i := range one.Rows {
		if diff := cmp.Diff(numbersOf(&one.Rows[i]), numbersOf(&five.Rows[i]), cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })); diff != "" {
			t.Error(diff)
		}
	}
}
