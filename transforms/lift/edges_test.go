package lift_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/stats"
)

const (
	entry    = firstDay + 40
	merchant = 10
	talent   = 77
)

// onePair is a market with one pair, eligible on entry in the treatment.
func onePair() *market {
	m := newMarket(lift.DefaultPlan(), firstDay, column.NewIDs(nil))
	m.eligible[entry] = []eligible{{key{1, merchant}, lift.Treatment, talent, column.Null}}
	return m
}

// sell adds a self-broadcast order of 100 yuan of a pair.
func (m *market) sell(k key, d calendar.Day) {
	if m.sales[d] == nil {
		m.sales[d] = map[key]sale{}
	}
	m.sales[d][k] = sale{paid: 100_00, fen: 100_00, orders: 1}
}

// night is what one night says, made from nothing.
func (m *market) night(t *testing.T, asOf calendar.Day) *lift.Figures {
	t.Helper()
	_, f := m.advance(t, nil, asOf, plainly)
	return f
}

// all is the treatment of the only merchant since the start.
func all(t *testing.T, f *lift.Figures) *lift.Cell {
	t.Helper()
	if len(f.Merchants) != 1 {
		t.Fatalf("%d merchants", len(f.Merchants))
	}
	return &f.Merchants[0].Cells[2].Arms[lift.Treatment]
}

func TestAPurchaseCountsInTheWindowItFallsInto(t *testing.T) {
	for _, c := range []struct {
		name            string
		day             calendar.Day
		outcome, before int64 // orders
	}{
		{"29 days before: too early", entry - 29, 0, 0},
		{"28 days before: the first day of the covariate", entry - 28, 0, 1},
		{"the day before: the last one", entry - 1, 0, 1},
		{"the day of entry: the first day of the outcome", entry, 1, 0},
		{"13 days after: the last one", entry + 13, 1, 0},
		{"14 days after: too late", entry + 14, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := onePair()
			m.sell(key{1, merchant}, c.day)
			cell := all(t, m.night(t, entry+20))
			want := stats.Values{stats.Outcome: c.outcome * 100_00, stats.Denominator: c.outcome, stats.PreOutcome: c.before * 100_00,
				stats.PreDenominator: c.before, stats.WideOutcome: c.outcome * 100_00}
			for v := range stats.Variable(stats.Variables) {
				if got := cell.Sum(v); got != stats.Int128Of(want[v]) {
					t.Errorf("variable %d: %s, want %d", v, got, want[v])
				}
			}
			if cell.N != 1 || cell.Buyers != c.outcome || cell.Known != c.before {
				t.Errorf("%d pairs, %d buyers, %d known", cell.N, cell.Buyers, cell.Known)
			}
		})
	}
}

func TestAPairCountsWhenItsWindowHasClosed(t *testing.T) {
	m := onePair()
	m.sell(key{1, merchant}, entry)
	if f := m.night(t, entry+12); f.Pairs != 1 || all(t, f).N != 0 {
		t.Errorf("12 days after: %d pairs, %d mature", f.Pairs, all(t, f).N)
	}
	if f := m.night(t, entry+13); all(t, f).N != 1 {
		t.Error("13 days after: not mature")
	}
}

func TestPeriodsAreDaysOfEntry(t *testing.T) {
	for _, c := range []struct {
		age    calendar.Day // of the day of entry, when the newest mature pair is of age 0
		counts [3]int64
	}{{0, [3]int64{1, 1, 1}}, {29, [3]int64{1, 1, 1}}, {30, [3]int64{0, 1, 1}}, {89, [3]int64{0, 1, 1}}, {90, [3]int64{0, 0, 1}}} {
		m := onePair()
		f := m.night(t, entry+13+c.age)
		for p, want := range c.counts {
			if got := f.Merchants[0].Cells[p].Arms[lift.Treatment].N; got != want {
				t.Errorf("age %d, %s: %d pairs, want %d", c.age, f.Periods[p].Name, got, want)
			}
			inside := entry >= f.Periods[p].From && entry <= f.Periods[p].To
			if inside != (want == 1) {
				t.Errorf("age %d: %s is from %s to %s", c.age, f.Periods[p].Name, f.Periods[p].From, f.Periods[p].To)
			}
		}
	}
}

func TestARefundLongAfterMaturityIsTakenOut(t *testing.T) {
	m := onePair()
	m.sell(key{1, merchant}, entry+2)
	m.sell(key{1, merchant}, entry-3)
	before, first := m.advance(t, nil, entry+40, plainly)
	m.refunds = []returned{
		{key{1, merchant}, entry + 2, 30_00, contract.ChannelSelf, contract.SceneLive},
		{key{1, merchant}, entry - 3, 10_00, contract.ChannelSelf, contract.SceneLive},
		{key{1, merchant}, entry + 2, 5_00, contract.ChannelDistribution, contract.SceneLive}, // not of self-broadcast
		{key{1, merchant + 1}, entry + 2, 1_00, contract.ChannelSelf, contract.SceneLive},     // at another merchant
	}
	_, second := m.advance(t, before, entry+41, plainly)
	for _, c := range []struct {
		f                     *lift.Figures
		outcome, before, wide int64
		user                  int64
	}{{first, 100_00, 100_00, 100_00, 100_00}, {second, 70_00, 90_00, 65_00, 64_00}} {
		cell := all(t, c.f)
		got := [3]stats.Int128{cell.Sum(stats.Outcome), cell.Sum(stats.PreOutcome), cell.Sum(stats.WideOutcome)}
		if want := [3]stats.Int128{stats.Int128Of(c.outcome), stats.Int128Of(c.before), stats.Int128Of(c.wide)}; got != want {
			t.Errorf("%v, want %v", got, want)
		}
		if user := c.f.Programmes[0].Cells[2].Arms[lift.Treatment].Sum(stats.WideOutcome); user != stats.Int128Of(c.user) {
			t.Errorf("user: %s, want %d", user, c.user)
		}
	}
	m.refunds = nil // withdrawn: what was taken out comes back
	if _, third := m.advance(t, before, entry+41, plainly); all(t, third).Sum(stats.Outcome) != stats.Int128Of(100_00) {
		t.Error("a withdrawn refund is still taken out")
	}
}

func TestAPairSeenInBothArmsIsDroppedAndCounted(t *testing.T) {
	m := onePair()
	m.eligible[entry+1] = []eligible{{key{2, merchant}, lift.Holdout, talent, column.Null}}
	m.eligible[entry+5] = []eligible{{key{1, merchant}, lift.Holdout, talent, column.Null}}
	m.sell(key{1, merchant}, entry+2)
	m.sell(key{1, merchant}, entry+7)
	f := m.night(t, entry+30)
	if f.Mixed != 1 || f.Pairs != 2 || all(t, f).N != 0 || f.Merchants[0].Cells[2].Arms[lift.Holdout].N != 1 {
		t.Errorf("%d mixed of %d pairs, %d in treatment", f.Mixed, f.Pairs, all(t, f).N)
	}
	// To the single-day family it belongs until it was seen in the other arm.
	for _, d := range f.Merchants[0].Days {
		arm := &d.Arms[lift.Treatment]
		if d.Day < entry+5 && arm.N != 1 || d.Day >= entry+5 && arm.N != 0 {
			t.Errorf("%s: %d pairs in treatment", d.Day, arm.N)
		}
		if fen := arm.Sum(stats.Outcome); d.Day == entry+2 != (fen == stats.Int128Of(100_00)) {
			t.Errorf("%s: %s fen", d.Day, fen)
		}
	}
}

func TestSalesAreAttributedForTheDayOfExposureAndTheNext(t *testing.T) {
	for _, c := range []struct {
		shown, sold calendar.Day
		fen, served int64
	}{{entry, entry, 100_00, 1}, {entry, entry + 1, 100_00, 1}, {entry, entry + 2, 0, 1}, {entry + 1, entry, 0, 1}, {entry + 14, entry + 13, 0, 0}} {
		m := onePair()
		m.shown[c.shown] = map[key]bool{{1, merchant}: true}
		m.sell(key{1, merchant}, c.sold)
		if cell := all(t, m.night(t, entry+20)); cell.Attributed != c.fen || cell.Served != c.served {
			t.Errorf("shown on %s, sold on %s: %d fen, %d served", c.shown, c.sold, cell.Attributed, cell.Served)
		}
	}
}

// What is not known of a period is told by all its rows, since it may be why there is no lift: by insufficient merchants, near zero, with a broken split.
func TestAllRowsSayWhatIsNotKnownOfTheirPeriod(t *testing.T) {
	rng := rand.New(rand.NewPCG(43, 43))
	zero := shop{rng, 0, 0.3, 0.2}.pairs(900)
	for i := range zero { // of what was bought all is returned, but for the treatment
		if zero[i].arm == lift.Holdout {
			zero[i].values[stats.Outcome] = 0
		}
	}
	f := brands(rng, 40, 800, planted)
	f.Merchants = append(f.Merchants, merchantOf(41, zero), merchantOf(42, shop{rng, 0, 0.3, 0.4}.pairs(40)), merchantOf(43, shop{rng, 0.2, 0.9, 0.4}.pairs(900)))
	f.Programmes = []lift.Programme{{Code: column.Null, Cells: make([]lift.ProgrammeCell, 3)}}
	f.Periods[1].Gross, f.Periods[2].Gross, f.Periods[2].Unseen = true, true, true
	for name, o := range map[string]*lift.Options{"clean": options(0.3), "broken together": options(0.33)} {
		e := estimate(t, f, o)
		check := func(of string, period, status int, told []stats.Warning) {
			t.Helper()
			gross, unseen := slices.Contains(told, lift.WarnGross), slices.Contains(told, lift.WarnUnseen)
			if gross != (period > 0) || unseen != (period == 2) {
				t.Errorf("%s: %s, period %d, %s: warnings %q", name, of, period, contract.LiftStatuses[status], told)
			}
		}
		statuses := map[int]bool{}
		for i := range e.Rows {
			r := &e.Rows[i]
			statuses[r.Status] = true
			check(fmt.Sprint("merchant ", r.Merchant), r.Period, r.Status, r.Warnings())
		}
		for _, s := range e.Scopes {
			check(contract.LiftScopes[s.Of], s.Period, s.Status, s.Warnings)
		}
		if name == "clean" && len(statuses) != 4 || name != "clean" && len(statuses) != 1 || !statuses[contract.LiftSRM] {
			t.Errorf("%s: statuses %v", name, statuses)
		}
	}
}

func TestTheStartDependsOnNoNight(t *testing.T) {
	day := func(y, m, d int) calendar.Day { return calendar.Of(y, 1, 1).AddMonths(m-1).Month() + calendar.Day(d-1) }
	since := day(2026, 2, 10)
	for _, c := range []struct {
		name        string
		plan        lift.Plan
		first, want calendar.Day
	}{
		{"a quarter begins when its first pairs have their days before", lift.DefaultPlan(), day(2025, 3, 4), day(2025, 4, 1)},
		{"a day later the next one", lift.DefaultPlan(), day(2025, 3, 5), day(2025, 7, 1)},
		{"a day that is said", lift.Plan{OutcomeDays: 14, PreDays: 28, Since: &since}, day(2025, 3, 4), since},
		{"unless the history does not reach it", lift.Plan{OutcomeDays: 14, PreDays: 28, Since: &since}, day(2026, 1, 20), day(2026, 4, 1)},
	} {
		if got := c.plan.Start(c.first); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// What only moved is told by the pairs of a user's first day: what it bought of them and at all merchants is of the same days. What
// later pairs brought is in neither, and who is on both sides, or was treated before, is left out.
func TestWhatMovedIsToldOverTheSameDays(t *testing.T) {
	first, second := int64(merchant), int64(merchant+1)
	at := func(shop int64, day calendar.Day, arm int64) (calendar.Day, eligible) {
		return day, eligible{key{1, shop}, arm, talent, column.Null}
	}
	type sold struct {
		shop int64
		day  calendar.Day
	}
	for _, c := range []struct {
		name     string
		eligible func(m *market)
		sold     []sold
		own      int64 // orders of 100 yuan of the treated user's first day; 0: the user is left out
	}{
		{"both pairs on one day", func(m *market) {
			m.enters(at(first, entry, lift.Treatment))
			m.enters(at(second, entry, lift.Treatment))
		}, []sold{{first, entry + 1}, {second, entry + 2}}, 2},
		{"one comes later", func(m *market) {
			m.enters(at(first, entry, lift.Treatment))
			m.enters(at(second, entry+20, lift.Treatment))
		}, []sold{{first, entry + 1}, {second, entry + 21}}, 1},
		{"one on each side", func(m *market) { m.enters(at(first, entry, lift.Treatment)); m.enters(at(second, entry, lift.Holdout)) }, []sold{{first, entry + 1}}, 0},
		{"one before the start", func(m *market) {
			m.enters(at(second, entry-35, lift.Treatment))
			m.enters(at(first, entry, lift.Treatment))
		}, []sold{{first, entry + 1}}, 0},
		{"one was seen on both sides", func(m *market) {
			m.enters(at(first, entry, lift.Treatment))
			m.enters(at(second, entry, lift.Treatment))
			m.enters(at(second, entry+3, lift.Holdout))
		}, []sold{{first, entry + 1}}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMarket(lift.DefaultPlan(), entry-30, column.NewIDs(nil))
			m.seen = entry - 40
			c.eligible(m)
			for _, s := range c.sold {
				m.sell(key{1, s.shop}, s.day)
			}
			cell := &m.night(t, entry+40).Programmes[0].Cells[2]
			of := &cell.FirstDay[lift.Treatment]
			if of.N != min(c.own, 1) || of.Sum(stats.Outcome) != stats.Int128Of(c.own*100_00) || of.Sum(stats.WideOutcome) != of.Sum(stats.Outcome) || cell.FirstDay[lift.Holdout].N != 0 {
				t.Errorf("%d users, %s of their pairs, %s at all merchants; %d held out", of.N, of.Sum(stats.Outcome), of.Sum(stats.WideOutcome), cell.FirstDay[lift.Holdout].N)
			}
		})
	}
}

// enters makes a pair eligible.
func (m *market) enters(day calendar.Day, e eligible) { m.eligible[day] = append(m.eligible[day], e) }

// Who was eligible before the start was treated before anything is observed, and is left out whenever it is eligible again.
func TestPairsEligibleBeforeTheStartAreLeftOut(t *testing.T) {
	m := newMarket(lift.DefaultPlan(), entry, column.NewIDs(nil))
	m.seen = entry - 28
	old, young := key{1, merchant}, key{2, merchant}
	m.eligible[entry-5] = []eligible{{old, lift.Treatment, talent, column.Null}}
	m.eligible[entry+2] = []eligible{{old, lift.Treatment, talent, column.Null}, {young, lift.Treatment, talent, column.Null}}
	for d := entry - 4; d < entry+10; d++ {
		m.sell(old, d)
	}
	f := m.night(t, entry+40)
	if f.Pairs != 1 || f.Programmes[0].Cells[2].Arms[lift.Treatment].N != 1 {
		t.Errorf("%d pairs, %d users", f.Pairs, f.Programmes[0].Cells[2].Arms[lift.Treatment].N)
	}
	if c := all(t, f); c.N != 1 || c.Buyers != 0 || c.Known != 0 {
		t.Errorf("%d pairs, %d of them bought, %d before", c.N, c.Buyers, c.Known)
	}
}

func TestEligibilityIsLookedAtFromBeforeTheStart(t *testing.T) {
	day := func(y int, m time.Month, d int) calendar.Day { return calendar.Of(y, m, d) }
	since := func(d calendar.Day) lift.Plan { p := lift.DefaultPlan(); p.Since = &d; return p }
	for _, c := range []struct {
		name        string
		plan        lift.Plan
		first, want calendar.Day // of the history kept; seen
	}{
		{"the days before of the first pairs", lift.DefaultPlan(), day(2025, 6, 3), day(2025, 7, 1) - 28},
		{"since: whole quarters of the history", since(day(2026, 1, 15)), day(2025, 6, 3), day(2025, 7, 1)},
		{"since, and the quarter begins too late", since(day(2026, 1, 15)), day(2025, 12, 3), day(2026, 1, 15) - 28},
		{"since lies before what the history covers", since(day(2025, 1, 15)), day(2025, 6, 3), day(2025, 7, 1) - 28},
	} {
		if got := c.plan.Seen(c.plan.Start(c.first), c.first); got != c.want || got < c.first {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
