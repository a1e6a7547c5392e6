package lift_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/stats"
)

// A loss of held-out pairs that every merchant is too small to show is seen in all of them together. Then no sum stands, and
// nothing of any merchant: the loss is in each. That its own split looks clean is told by srm_p, why nothing is shown by the warning.
func TestASplitThatIsBrokenTogetherShowsNothing(t *testing.T) {
	f := brands(rand.New(rand.NewPCG(8, 8)), 40, 800, func(int) float64 { return 0.2 }) // holdouts of 240: large enough
	o := options(0.33)                                                                  // it is 0.3
	o.Caps = []int64{2000}
	e := estimate(t, f, o)
	clean := 0
	for i := range e.Rows {
		r := &e.Rows[i]
		if r.SRMP >= o.Rules.SRMAlpha {
			clean++
			if !slices.Equal(r.Warnings(), []stats.Warning{lift.WarnSplitTogether}) {
				t.Errorf("merchant %d: warnings %v", r.Merchant, r.Warnings())
			}
		}
		if r.Cap != 0 || r.Capped != [lift.Arms]int64{} {
			t.Errorf("merchant %d: a cap of %d fen with %v pairs above it", r.Merchant, r.Cap, r.Capped)
		}
		if r.Status != contract.LiftSRM || r.Grade != contract.GradeAttribution || !math.IsNaN(r.Lift.Value) || !math.IsNaN(r.Shrunk.Lift) || r.Family != 0 || r.Best.Of != 0 {
			t.Errorf("merchant %d: %s, lift %v, shrunken %v", r.Merchant, contract.LiftStatuses[r.Status], r.Lift.Value, r.Shrunk.Lift)
		}
	}
	if clean < 2*len(e.Rows)/3 {
		t.Fatalf("%d of %d merchants are clean by themselves", clean, len(e.Rows))
	}
	for _, s := range e.Scopes {
		if s.Status != contract.LiftSRM || !math.IsNaN(s.Lift.Value) || !math.IsNaN(s.Inc.Value) || !math.IsNaN(s.MerchantsInc) {
			t.Errorf("%s of period %d: %s, lift %v, inc %v", contract.LiftScopes[s.Of], s.Period, contract.LiftStatuses[s.Status], s.Lift.Value, s.Inc.Value)
		}
	}
	if g := e.Lifts(o).Of(1); !math.IsNaN(g.Lift) || !math.IsNaN(g.PerDay) {
		t.Errorf("money goes by %+v", g)
	}
	if s := scope(estimate(t, f, options(0.3)), contract.LiftOfPlatform, column.Null, 2); s.Status != contract.LiftEstimated {
		t.Errorf("a clean split: %s", contract.LiftStatuses[s.Status])
	}
}

// Where users are assigned their pairs fall together, and a split that would be broken for pairs by themselves is not.
func TestASplitOfUsersVariesMoreThanOneOfPairs(t *testing.T) {
	const pairs = 9 // of each user, one at each merchant
	var merchants []lift.Merchant
	var users lift.ProgrammeCell
	held := 0
	for user := range 3000 {
		u := stats.Values{stats.Denominator: pairs}
		arm := lift.Treatment
		if user%10 < 3 && user%100 != 0 { // 29 %
			arm, held = lift.Holdout, held+1
		}
		users.Arms[arm].Add(&u)
	}
	for m := range pairs {
		var all []pair
		for user := range 3000 {
			arm := lift.Treatment
			if user < held {
				arm = lift.Holdout
			}
			all = append(all, bought(arm, int64(900+user%7*50), 0))
		}
		merchants = append(merchants, merchantOf(int64(m+1), all))
	}
	f := figuresOf(merchants...)
	f.Programmes = []lift.Programme{{Code: column.Null, Cells: []lift.ProgrammeCell{users, users, users}}}
	o := options(0.3)
	if s := scope(estimate(t, f, o), contract.LiftOfPlatform, column.Null, 2); s.Status != contract.LiftEstimated {
		t.Errorf("870 of 3,000 users of 30 %%: %s", contract.LiftStatuses[s.Status])
	}
	f.Programmes = []lift.Programme{{Code: column.Null, Cells: slices.Repeat([]lift.ProgrammeCell{withOneInBothArms(t, held)}, 3)}}
	e := estimate(t, f, o)
	for _, of := range []int{contract.LiftOfPlatform, contract.LiftOfProgramme} {
		if s := scope(e, of, column.Null, 2); s.Status == contract.LiftSRM || s.SRMP < 0.1 {
			t.Errorf("one user's arm has changed: %s, %s, p %v", contract.LiftScopes[of], contract.LiftStatuses[s.Status], s.SRMP)
		}
	}
	f.Programmes = nil // as if each pair had been assigned
	if s := scope(estimate(t, f, o), contract.LiftOfPlatform, column.Null, 2); s.Status != contract.LiftSRM {
		t.Errorf("7,830 of 27,000 pairs of 30 %%: %s", contract.LiftStatuses[s.Status])
	}
}

// Few held out, fewer than expected by chance, also vary less than pairs would; that makes no sound split a broken one.
func TestAFewHeldOutAreNoBrokenSplit(t *testing.T) {
	var c lift.ProgrammeCell
	var merchants []lift.Merchant
	two, one := stats.Values{stats.Denominator: 2}, stats.Values{stats.Denominator: 1}
	for range 134 {
		c.Arms[lift.Treatment].Add(&two)
	}
	for range 16 {
		c.Arms[lift.Treatment].Add(&one)
		c.Arms[lift.Holdout].Add(&one)
		c.Both++
		c.Cross.Add(&one, &one)
	}
	for m := range 2 {
		var pairs []pair
		for i := range 150 {
			arm := lift.Treatment
			if i < 8 {
				arm = lift.Holdout
			}
			pairs = append(pairs, bought(arm, int64(900+i), 0))
		}
		merchants = append(merchants, merchantOf(int64(m+1), pairs))
	}
	f := figuresOf(merchants...)
	f.Programmes = []lift.Programme{{Code: column.Null, Cells: []lift.ProgrammeCell{c, c, c}}}
	e := estimate(t, f, options(0.1))
	for _, of := range []int{contract.LiftOfPlatform, contract.LiftOfProgramme} {
		if s := scope(e, of, column.Null, 2); s.Status == contract.LiftSRM {
			t.Errorf("16 of 300 pairs of 10 %%: %s, %s", contract.LiftScopes[of], contract.LiftStatuses[s.Status])
		}
	}
}

// withOneInBothArms are 3,000 users with 9 pairs each, of whom so many are held out; one more has a single pair in the holdout.
func withOneInBothArms(t *testing.T, held int) (c lift.ProgrammeCell) {
	t.Helper()
	u := stats.Values{stats.Denominator: 9}
	for user := range 2999 {
		arm := lift.Treatment
		if user < held {
			arm = lift.Holdout
		}
		c.Arms[arm].Add(&u)
	}
	most, one := stats.Values{stats.Denominator: 8}, stats.Values{stats.Denominator: 1}
	c.Arms[lift.Treatment].Add(&most)
	c.Arms[lift.Holdout].Add(&one)
	c.Both = 1
	c.Cross.Add(&most, &one)
	return c
}

// Small merchants that hold out other shares weigh differently in both arms of their stratum; whoever reads the sum is told.
func TestSumsSayThatSharesDiffer(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	var merchants []lift.Merchant
	for i := range 20 {
		share := 0.2 + 0.2*float64(i%2)
		m := merchantOf(int64(2*i+2), shop{rng, 0.2, share, 0.4}.pairs(400))
		for p := range m.Cells {
			m.Cells[p].Programmes = []lift.Split{{Code: int64(i % 2), Pairs: [2]int64{m.Cells[p].Arms[0].N, m.Cells[p].Arms[1].N}}}
		}
		merchants = append(merchants, m)
	}
	o := options(0)
	o.Share = func(programme int64) float64 { return 0.2 + 0.2*float64(programme) }
	o.Rules.MinControlPairs = 300
	e := estimate(t, figuresOf(merchants...), o)
	for _, of := range []int{contract.LiftOfCategory, contract.LiftOfPlatform} {
		code := int64(2)
		if of == contract.LiftOfPlatform {
			code = column.Null
		}
		s, told := scope(e, of, code, 2), false
		for _, w := range s.Warnings {
			told = told || w == lift.WarnMixedShares
		}
		if s.Status != contract.LiftEstimated || !told {
			t.Errorf("%s: %s, warnings %v", contract.LiftScopes[of], contract.LiftStatuses[s.Status], s.Warnings)
		}
	}
}

// A programme of five days brings in a day what it brought in five days, over five, not over the thirty of the period.
func TestAYoungProgrammeIsCountedByItsDays(t *testing.T) {
	f := brands(rand.New(rand.NewPCG(11, 11)), 3, 2000, func(int) float64 { return 0.5 })
	o := options(0.3)
	old := estimate(t, f, o).Lifts(o).Of(1)
	f.Periods[2].From = f.Periods[2].To - 4
	young := estimate(t, f, o).Lifts(o).Of(1)
	if !(old.PerDay > 0) {
		t.Fatalf("it brings %v a day", old.PerDay)
	}
	near(t, "a day", young.PerDay, 6*old.PerDay)
}

// A lift is inc/base or nothing. Where inc is all that was observed, or more, there is no base.
func TestNoBaseNoLift(t *testing.T) {
	var pairs []pair
	for i := range 40 { // what was bought before foretells what is bought after; the treated pairs had bought much less before
		x, noise := int64(20*(i%5)), int64(i/5%2)
		pairs = append(pairs, bought(lift.Treatment, 100+x+noise, x), bought(lift.Holdout, 500+x+noise, 960+x))
	}
	r := row(estimate(t, figuresOf(merchantOf(1, pairs)), tiny(options(0.5))), 1, 2)
	if base := float64(r.Observed) - r.Inc.Value; base > 0 {
		t.Fatalf("the base is %v", base)
	}
	if r.Status != contract.LiftControlNearZero || !math.IsNaN(r.Lift.Value) || !math.IsNaN(r.Shrunk.Lift) {
		t.Errorf("%s, lift %v", contract.LiftStatuses[r.Status], r.Lift.Value)
	}
}
