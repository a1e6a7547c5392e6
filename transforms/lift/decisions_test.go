package lift_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// These are the decisions of ADR 18 about what is paid, shown and doubted.

// Where the split of all merchants together is broken no panel takes the place of what is not shown.
func TestABrokenSplitTogetherHasNoPanels(t *testing.T) {
	s := streets{participants: 18, others: 40, holdout: 8, start: asOf - 25, lift: 0.25}
	f, o := s.draw(1)
	panels := func() (n int) {
		e := estimate(t, f, o)
		for i := range e.Rows {
			if e.Rows[i].Grade == contract.GradePanel {
				n++
			}
		}
		return n
	}
	if panels() < 5 {
		t.Fatal("there is no panel to take back")
	}
	o.Share = func(int64) float64 { return 0.315 } // 0.3: too near for a merchant of 100 pairs, most of 6,000 would show it
	if n := panels(); n != 0 {
		t.Errorf("%d panels", n)
	}
}

// A panel that nothing calibrates is shown and ranked, but no money goes by it: its lift is of paid GMV and of all
// self-broadcast, the money is net and of eligible pairs.
func TestMoneyGoesByCalibratedPanelsAlone(t *testing.T) {
	s := streets{participants: 18, others: 40, holdout: 8, start: asOf - 25, lift: 0.25}
	f, o := s.draw(1)
	for _, c := range []struct {
		merchants int // that calibration asks for
		want      int
	}{{5, contract.LiftOwn}, {100, contract.LiftCategory}} {
		o.Rules.Panel.CalibrationMerchants = c.merchants
		e := estimate(t, f, o)
		lifts, panels := e.Lifts(o), 0
		for i := range e.Rows {
			r := &e.Rows[i]
			if r.Grade != contract.GradePanel {
				continue
			}
			panels++
			if g := lifts.Of(r.Merchant); g.Of != c.want || c.want == contract.LiftOwn != (g.Grade == contract.GradePanel) {
				t.Errorf("%d asked for: merchant %d is paid by %s, grade %d", c.merchants, r.Merchant, contract.LiftSources[g.Of], g.Grade)
			}
			if !slices.Contains(r.Warnings(), lift.WarnPaid) {
				t.Errorf("merchant %d does not say that refunds are not taken out: %v", r.Merchant, r.Warnings())
			}
		}
		if panels < 5 {
			t.Errorf("%d panels", panels)
		}
	}
}

// A pool is not paid by noise: without a lift that is likely above zero all of it is left, and talents are told why.
func TestNoPoolIsPaidByALiftThatMayBeNone(t *testing.T) {
	for _, c := range []struct {
		lift float64
		paid bool
	}{{0.5, true}, {0, false}} {
		one := (shop{rand.New(rand.NewPCG(2, 23)), c.lift, 0.3, 0.4}).pairs(4000)
		m := merchantOf(1, one)
		won(&m, one, 3, 4)
		f, o := figuresOf(m), options(0.3)
		e := estimate(t, f, o)
		rewards, left := lift.Rewards(f, e, o, good)
		p := e.Lifts(o).Positive()
		if c.paid != (left == 0) || c.paid != (p >= 0.9) || left+sumOf(rewards) != 1000 {
			t.Errorf("lift %v: above zero with %.3f, %d of 1,000 left", c.lift, p, left)
		}
		for _, r := range rewards {
			if !c.paid && !slices.Contains(r.Failed, "lift_above_zero") {
				t.Errorf("talent %d is not told why: %v", r.Code, r.Failed)
			}
		}
		s := scope(e, contract.LiftOfPlatform, column.Null, 0)
		if want := 1 - s.Lift.P/2; s.Lift.Value > 0 && math.Abs(p-want) > 0.02 {
			t.Errorf("probability %v, one-sided by the test %v", p, want)
		}
	}
}

// The programme over users is less sure than the sum of merchants; the less sure one decides.
func TestTheProgrammeDecidesOnThePool(t *testing.T) {
	m := merchantOf(1, (shop{rand.New(rand.NewPCG(2, 23)), 0.5, 0.3, 0.4}).pairs(4000))
	f, o := figuresOf(m), options(0.3)
	alone := estimate(t, f, o).Lifts(o).Positive()
	var c lift.ProgrammeCell
	for i, arm := range []int{0, 1} { // few users with much each
		for u := range int64(300) {
			v := stats.Values{stats.Outcome: (u % 20) * int64(11-i) * 1000, stats.Denominator: 5}
			c.Arms[arm].Add(&v)
			c.Orders[arm] += 5
		}
	}
	f.Programmes = []lift.Programme{{Code: column.Null, Cells: []lift.ProgrammeCell{c, c, c}}}
	alpha := o.Rules.SRMAlpha
	o.Rules.SRMAlpha = 1e-30 // the users here are not those of the pairs
	if p := estimate(t, f, o).Lifts(o).Positive(); !(p < alone) || p < 0.5 {
		t.Errorf("with a programme %v, without %v", p, alone)
	}
	healthy := c // of another programme, with fewer pairs
	f.Programmes = append(f.Programmes, lift.Programme{Code: 1, Cells: []lift.ProgrammeCell{healthy, healthy, healthy}})
	for p := range f.Programmes[0].Cells {
		for range 100 {
			f.Programmes[0].Cells[p].Arms[0].Add(&stats.Values{stats.Denominator: 5})
		}
	}
	o.Share = func(programme int64) float64 { // 300 of 700 users, where 30 % were to be held out; of the smaller one half, as is the case
		if programme == 1 {
			return 0.5
		}
		return 0.3
	}
	o.Rules.SRMAlpha = alpha
	e := estimate(t, f, o)
	if a, b := scope(e, contract.LiftOfProgramme, column.Null, 2), scope(e, contract.LiftOfProgramme, 1, 2); a.Status != contract.LiftSRM || b.Status != contract.LiftEstimated {
		t.Fatalf("the larger programme %s, the smaller %s", contract.LiftStatuses[a.Status], contract.LiftStatuses[b.Status])
	}
	if p := e.Lifts(o).Positive(); p != 0 {
		t.Errorf("the largest programme has no lift, the pool is paid with %v", p)
	}
}

// A holdout that bought next to nothing says nothing: 30 buyers of 10,000 users are all treated once in 24 times without any effect.
func TestAHoldoutWithoutOrdersIsTooSmall(t *testing.T) {
	var c lift.ProgrammeCell
	for i := range 10_000 {
		arm, v := lift.Treatment, stats.Values{stats.Denominator: 1}
		if i%10 == 0 {
			arm = lift.Holdout
		} else if i%300 == 1 {
			v[stats.Outcome] = 100_00
			c.Orders[arm]++
		}
		c.Arms[arm].Add(&v)
	}
	f := &lift.Figures{Periods: periods(), Programmes: []lift.Programme{{Code: column.Null, Cells: []lift.ProgrammeCell{c, c, c}}}}
	s := scope(estimate(t, f, options(0.1)), contract.LiftOfProgramme, column.Null, 2)
	if s.Status != contract.LiftInsufficient || !math.IsNaN(s.Effect.Value) || !math.IsNaN(s.E) {
		t.Errorf("%s, effect %v, e-value %v", contract.LiftStatuses[s.Status], s.Effect, s.E)
	}
}

// Caps of a month whose last night was not run are those of the newest month that has some, never tonight's own.
func TestCapsOfAMissedMonthAreOlderOnes(t *testing.T) {
	month := func(m time.Month) int64 { return int64(calendar.Of(2026, m, 1)) }
	table := column.NewFrame(3)
	for name, values := range map[string][]int64{"month": {month(1), month(2), month(4)}, "size_class": {0, 0, 0}, "least_pairs": {0, 0, 0}, "most_pairs": {2999, 2999, 2999},
		"outcome_days": {14, 14, 14}, "pairs": {5, 6, 7}, "cap_fen": {100, 200, 400}} {
		table.Set(name, values)
	}
	for m, want := range map[time.Month]int64{1: 100, 2: 200, 3: 200, 4: 400, 6: 400} {
		caps := lift.ReadCaps(table, calendar.Of(2026, m, 1))
		if len(caps) != 1 || caps[0].Fen != want {
			t.Errorf("month %d: %v, want a cap of %d", m, caps, want)
		}
	}
	if caps := lift.ReadCaps(table, calendar.Of(2025, 12, 1)); caps != nil {
		t.Errorf("before all: %v", caps)
	}
}

// A cap is of the merchants between the bounds of its class, and of outcomes of so many days, whatever number the class has now.
func TestCapsOfOtherRulesDoNotHold(t *testing.T) {
	f := brands(rand.New(rand.NewPCG(2, 30)), 6, 1200, planted)
	f.Merchants = append(f.Merchants, merchantOf(7, shop{rand.New(rand.NewPCG(3, 30)), 0.2, 0.3, 0.4}.pairs(3100)))
	caps := lift.Caps(f, options(0.3))
	if len(caps) != 2 || caps[0].Least != 0 || caps[0].Most != 2999 || caps[1].Least != 3000 || caps[1].Most != 9999 || caps[1].OutcomeDays != 14 {
		t.Fatalf("%+v", caps)
	}
	for name, c := range map[string]struct {
		change func(r *rules.Lift)
		hold   bool
	}{
		"the same rules":            {func(*rules.Lift) {}, true},
		"another quantile":          {func(r *rules.Lift) { r.WinsorQuantile = 0.99 }, true},
		"a class beyond those here": {func(r *rules.Lift) { r.Shrinkage.SizeClasses = []int64{3000, 10000, 50000} }, true},
		"another bound":             {func(r *rules.Lift) { r.Shrinkage.SizeClasses = []int64{3000, 9000} }, false},
		"one more bound below":      {func(r *rules.Lift) { r.Shrinkage.SizeClasses = []int64{1000, 3000, 10000} }, false},
		"fewer bounds":              {func(r *rules.Lift) { r.Shrinkage.SizeClasses = []int64{3000} }, false},
		"no bounds":                 {func(r *rules.Lift) { r.Shrinkage.SizeClasses = nil }, false},
		"other outcomes":            {func(r *rules.Lift) { r.OutcomeDays = 7 }, false},
	} {
		o := options(0.3)
		if c.change(o.Rules); lift.CapsHold(caps, o.Rules) != c.hold {
			t.Errorf("%s: hold %t, want %t", name, !c.hold, c.hold)
		}
	}
	old := slices.Clone(caps) // of a table that did not tell
	old[0].Most, old[0].OutcomeDays = column.Null, column.Null
	if lift.CapsHold(old, options(0.3).Rules) || !lift.CapsHold(nil, options(0.3).Rules) {
		t.Error("caps of bounds that nobody knows hold, or none do not")
	}
}

// Few large purchases: programmes, categories and the platform doubt the normal approximation as merchants do.
func TestSumsAndProgrammesDoubtTheNormalApproximation(t *testing.T) {
	for _, c := range []struct {
		large int64
		doubt bool
	}{{100_00, false}, {100_000_00, true}} {
		var pairs []pair
		var users lift.ProgrammeCell
		for i := range 8000 {
			fen := int64(100_00 + i%7*3000)
			if i%500 == 0 || i%500 == 1 {
				fen = c.large
			}
			p := bought(i%2, fen, 0)
			pairs = append(pairs, p)
			u := p.values
			u[stats.Denominator] = 1
			users.Arms[p.arm].Add(&u)
			users.Orders[p.arm]++
		}
		f := figuresOf(merchantOf(1, pairs))
		f.Programmes = []lift.Programme{{Code: column.Null, Cells: []lift.ProgrammeCell{users, users, users}}}
		e := estimate(t, f, options(0.5))
		if len(e.Scopes) != 9 {
			t.Fatalf("%d rows of scopes", len(e.Scopes))
		}
		for _, s := range e.Scopes {
			if got := slices.Contains(s.Warnings, stats.WarnSkew); got != c.doubt || s.Status != contract.LiftEstimated {
				t.Errorf("purchases of %d fen: %s of period %d: %s, doubts %t", c.large, contract.LiftScopes[s.Of], s.Period, contract.LiftStatuses[s.Status], got)
			}
		}
	}
}

// The programme that is not named has the merchants all of whose pairs are of none, their increments and their doubts, also where another one is named.
func TestTheProgrammeWithoutANameHasItsMerchants(t *testing.T) {
	pairs := func(large int64) (all []pair, users lift.ProgrammeCell) {
		for i := range 8000 {
			fen := int64(100_00 + i%7*3000 + 100*(1-i%2))
			if i%500 < 2 {
				fen = large
			}
			p := bought(i%2, fen, 0)
			all = append(all, p)
			u := p.values
			u[stats.Denominator] = 1
			users.Arms[p.arm].Add(&u)
			users.Orders[p.arm]++
		}
		return all, users
	}
	large, one := pairs(100_000_00)
	level, other := pairs(100_00)
	f := figuresOf(merchantOf(1, large), merchantOf(2, level), merchantOf(3, large))
	for p := range f.Periods {
		f.Merchants[1].Cells[p].Programmes = []lift.Split{{Code: 1, Pairs: [lift.Arms]int64{4000, 4000}}}
		f.Merchants[2].Cells[p].Programmes = []lift.Split{{Code: 1, Pairs: [lift.Arms]int64{2000, 2000}}, {Code: column.Null, Pairs: [lift.Arms]int64{2000, 2000}}}
	}
	three := slices.Repeat([]lift.ProgrammeCell{one}, 3)
	f.Programmes = []lift.Programme{{Code: 1, Cells: slices.Repeat([]lift.ProgrammeCell{other}, 3)}, {Code: column.Null, Cells: three}}
	e := estimate(t, f, options(0.5))
	s := scope(e, contract.LiftOfProgramme, column.Null, 2)
	if inc := row(e, 1, 2).Inc.Value + row(e, 3, 2).Inc.Value; s.Merchants != 2 || s.Estimated != 2 || s.MerchantsInc != inc || !slices.Contains(s.Warnings, stats.WarnSkew) {
		t.Errorf("%d merchants, %d estimated, inc %v, want %v, warnings %q", s.Merchants, s.Estimated, s.MerchantsInc, inc, s.Warnings)
	}
	f.Merchants = f.Merchants[:2]
	e = estimate(t, f, options(0.5))
	for code, doubt := range map[int64]bool{1: false, column.Null: true} {
		if s := scope(e, contract.LiftOfProgramme, code, 2); s.Merchants != 1 || s.Estimated != 1 || slices.Contains(s.Warnings, stats.WarnSkew) != doubt {
			t.Errorf("programme %d: %d merchants, %d estimated, warnings %q", code, s.Merchants, s.Estimated, s.Warnings)
		}
	}
}

// Merchants whose pairs are of the same users err together: shrunken intervals are wider for it.
func TestSharedUsersWidenShrunkenIntervals(t *testing.T) {
	const merchants, users = 6, 3000
	rng := rand.New(rand.NewPCG(5, 24))
	all := make([][]pair, merchants)
	var cell lift.ProgrammeCell
	for range users {
		arm := 0
		if rng.Float64() < 0.3 {
			arm = 1
		}
		taste := math.Exp(rng.NormFloat64())
		var u stats.Values
		for m := range all {
			p := bought(arm, int64(5000*taste*math.Exp(0.5*rng.NormFloat64())), 0)
			all[m] = append(all[m], p)
			u[stats.Outcome], u[stats.Denominator] = u[stats.Outcome]+p.values[stats.Outcome], u[stats.Denominator]+1
		}
		cell.Arms[arm].Add(&u)
	}
	f := figuresOf()
	for m, pairs := range all {
		f.Merchants, f.Pairs = append(f.Merchants, merchantOf(int64(m+1), pairs)), f.Pairs+users
	}
	widths := func() (sum float64) {
		e := estimate(t, f, options(0.3))
		for m := range merchants {
			i := row(e, int64(m+1), 2).Shrunk.Interval
			sum += i.Hi - i.Lo
		}
		return sum
	}
	apart := widths()
	f.Programmes = []lift.Programme{{Code: column.Null, Cells: []lift.ProgrammeCell{cell, cell, cell}}}
	if together := widths(); !(together > 1.3*apart) {
		t.Errorf("as users of several merchants %.4f wide, as users of one each %.4f", together/merchants, apart/merchants)
	}
}

// A weighted comparison that nothing calibrates has wider intervals by the rules' factor and says so.
func TestUncalibratedWeightsAreWider(t *testing.T) {
	f, o, _, _ := avenues{merchants: 400, lift: 0.2, choice: 0.5, share: 0.3}.draw(1)
	width := func(factor float64) float64 {
		o.Rules.Weighting.UncalibratedWidening = factor
		r := weighted(estimate(t, f, o))[0]
		if !slices.Contains(r.Warnings(), lift.WarnUncalibrated) || !slices.Contains(r.Warnings(), lift.WarnPaid) {
			t.Errorf("warnings %v", r.Warnings())
		}
		return math.Log1p(r.Lift.Interval.Hi) - math.Log1p(r.Lift.Interval.Lo)
	}
	if a, b := width(1), width(2); math.Abs(b-2*a) > 1e-9 {
		t.Errorf("twice %v is not %v", a, b)
	}
}

// Categories that have both are what weights are calibrated by: holdouts that say less bring them down.
func TestHoldoutsCalibrateWeights(t *testing.T) {
	f, o, _, _ := avenues{merchants: 1600, lift: 0.25, choice: 0.3, share: 0.3}.draw(2)
	o.Category = func(m int64) int64 { return 1 + m%4 }
	o.Rules.Weighting.CalibrationCategories = 2
	rng, seen := rand.New(rand.NewPCG(4, 25)), map[int64]bool{}
	before := weighted(estimate(t, f, o))
	for i := range f.Merchants { // one merchant of each category has a holdout, and by it nothing
		m := &f.Merchants[i]
		if c := o.Category(m.Code); !seen[c] {
			seen[c] = true
			days := m.Days
			*m = merchantOf(m.Code, shop{rng, 0, 0.3, 0.5}.pairs(20_000))
			m.Days, f.Pairs = days, f.Pairs+20_000
		}
	}
	after := weighted(estimate(t, f, o))
	if len(before) < 100 || len(after) < 100 {
		t.Fatalf("%d and %d rows of grade C", len(before), len(after))
	}
	var high, low float64
	for _, r := range before {
		high += r.Lift.Value / float64(len(before))
	}
	for _, r := range after {
		low += r.Lift.Value / float64(len(after))
		if slices.Contains(r.Warnings(), lift.WarnUncalibrated) {
			t.Fatalf("merchant %d is not calibrated", r.Merchant)
		}
	}
	if math.Abs(high-0.25) > 0.06 || math.Abs(low) > 0.06 {
		t.Errorf("weights alone say %.3f, by holdouts of 0 they say %.3f", high, low)
	}
}
