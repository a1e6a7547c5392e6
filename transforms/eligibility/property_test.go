package eligibility_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/eligibility"
	"pgregory.net/rapid"
)

// line is everything a decision says of a subject, for comparison.
func line(d *eligibility.Decision, i int) string {
	codes := strings.Split(d.Reasons[i].String(), ",")
	slices.Sort(codes)
	return fmt.Sprintf("member %v stands %v rank %d level %d × %.6f streaks %d/%d since %d %s %v",
		d.Member[i], d.Standing[i], d.Rank[i], d.Level[i], d.Multiplier[i], d.PassStreak[i], d.FailStreak[i], d.Since[i], d.Movement[i], codes)
}

func (s *twinSubject) line() string {
	var codes []string
	for reason, holds := range s.reasons {
		if holds {
			codes = append(codes, reason)
		}
	}
	if codes == nil {
		codes = []string{""}
	}
	slices.Sort(codes)
	multiplier, _ := s.multiplier.Float64()
	return fmt.Sprintf("member %v stands %v rank %d level %d × %.6f streaks %d/%d since %d %s %v",
		s.member, s.stands, s.rank, s.level, multiplier, s.passed, s.failed, s.since, s.movement, codes)
}

// lines of all subjects.
func lines(d *eligibility.Decision) []string {
	all := make([]string, len(d.Member))
	for i := range all {
		all[i] = line(d, i)
	}
	return all
}

func TestDecideAgreesWithItsTwinOverSuccessiveNights(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t, false)
		all := make([]*twinSubject, m.s.N)
		for i := range all {
			all[i] = &twinSubject{multiplier: decimal(0)}
		}
		before := (*eligibility.Before)(nil)
		if rapid.Bool().Draw(t, "there was a list") {
			before = emptyBefore(m.s.N)
		}
		for night := range rapid.IntRange(1, 6).Draw(t, "nights") {
			m.nextNight(t)
			stale := rapid.IntRange(0, 6).Draw(t, "stale") == 0
			d := m.decide(night, before, stale)
			for i, s := range all {
				m.twin(i, s)
			}
			twinNight(m.r.Stability, m.l, asOf+calendar.Day(night), all, before == nil, stale)
			for i, s := range all {
				if got, want := line(d, i), s.line(); got != want {
					t.Fatalf("night %d, subject %d:\n got %s\nwant %s", night, i, got, want)
				}
			}
			before = carried(d)
		}
	})
}

// permuted is the market with subject to[i] where i was.
func (m *market) permuted(to []int) *market {
	p := &market{r: m.r, l: m.l, s: subjects(m.s.N), h: eligibility.History{}, o: map[int]eligibility.Override{}}
	p.s.Shop, p.s.Category, p.s.Lower = moved(m.s.Shop, to), moved(m.s.Category, to), moved(m.s.Lower, to)
	p.s.GMVNet15, p.s.Orders, p.s.Info, p.s.ColdStart = moved(m.s.GMVNet15, to), moved(m.s.Orders, to), moved(m.s.Info, to), moved(m.s.ColdStart, to)
	p.s.Grades = moved(m.s.Grades, to)
	for measure, v := range m.s.Measures {
		p.s.Measures[measure] = moved(v, to)
	}
	for measure, runs := range m.h {
		for _, run := range runs {
			p.h[measure] = append(p.h[measure], moved(run, to))
		}
	}
	for i, o := range m.o {
		p.o[to[i]] = o
	}
	return p
}

func moved[T any](v []T, to []int) []T {
	out := make([]T, len(v))
	for i, x := range v {
		out[to[i]] = x
	}
	return out
}

func permutation(t *rapid.T, n int) []int {
	to := make([]int, n)
	for i := range to {
		to[i] = i
	}
	return rapid.Permutation(to).Draw(t, "permutation")
}

func TestShufflingSubjectsShufflesTheDecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t, true)
		to := permutation(t, m.s.N)
		var before, shuffledBefore *eligibility.Before
		for night := range 3 {
			m.nextNight(t)
			d, p := m.decide(night, before, false), m.permuted(to).decide(night, shuffledBefore, false)
			if diff := cmp.Diff(moved(lines(d), to), lines(p)); diff != "" {
				t.Fatal(diff)
			}
			before, shuffledBefore = carried(d), carried(p)
		}
	})
}

func TestNewNumbersForShopsAndCategoriesChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t, false)
		m.nextNight(t)
		want := lines(m.decide(0, nil, false))
		shops, categories := permutation(t, 3), permutation(t, 2)
		for i := range m.s.N {
			if m.s.Shop[i] >= 0 {
				m.s.Shop[i] = int32(shops[m.s.Shop[i]]) * 1000
			}
			if m.s.Category[i] >= 0 {
				m.s.Category[i] = int32(categories[m.s.Category[i]]) * 70000
			}
		}
		if diff := cmp.Diff(want, lines(m.decide(0, nil, false))); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestAnIneligibleSubjectMoreChangesNoOther adds one that a person keeps out.
func TestAnIneligibleSubjectMoreChangesNoOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t, false)
		m.nextNight(t)
		want := lines(m.decide(0, nil, false))
		m.s.N++
		m.s.Shop, m.s.Category, m.s.ColdStart = append(m.s.Shop, 0), append(m.s.Category, 0), append(m.s.ColdStart, false)
		m.s.Grades = append(m.s.Grades, 0)
		m.s.Lower, m.s.Info = append(m.s.Lower, 5), append(m.s.Info, 99)
		m.s.GMVNet15, m.s.Orders = append(m.s.GMVNet15, 1e9), append(m.s.Orders, 1e9)
		for measure := range m.h {
			m.h[measure][0] = append(m.h[measure][0], 500)
		}
		for measure := range m.s.Measures {
			m.s.Measures[measure] = append(m.s.Measures[measure], 0)
		}
		m.o = maps.Clone(m.o)
		m.o[m.s.N-1] = eligibility.Override{Action: eligibility.Deny}
		if diff := cmp.Diff(want, lines(m.decide(0, nil, false))[:m.s.N-1]); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAListIsConsistent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t, false)
		m.nextNight(t)
		first := m.decide(0, nil, false)
		m.nextNight(t)
		d := m.decide(1, carried(first), false)
		ranks := map[int32]map[int32]bool{}
		for i, member := range d.Member {
			if member != (d.Rank[i] > 0) {
				t.Fatalf("subject %d: member %v, rank %d", i, member, d.Rank[i])
			}
			if c := m.s.Category[i]; member {
				if ranks[c] == nil {
					ranks[c] = map[int32]bool{}
				}
				ranks[c][d.Rank[i]] = true
			}
			if d.PassStreak[i] > 0 && d.FailStreak[i] > 0 {
				t.Fatalf("subject %d passes and fails", i)
			}
			if (d.Failed[i] == 0) != (d.PassStreak[i] > 0) {
				t.Fatalf("subject %d: failed gates %b, streak %d", i, d.Failed[i], d.PassStreak[i])
			}
		}
		for c, seen := range ranks {
			for r := range len(seen) {
				if !seen[int32(r+1)] {
					t.Fatalf("category %d has no rank %d of %d", c, r+1, len(seen))
				}
			}
		}
	})
}

// Products may have the scores of their shops by subject, or by shop: that is the same.
func TestShopScoresByShopAreThoseBySubject(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawMarket(t, false)
		for range rapid.IntRange(1, 4).Draw(t, "nights") {
			m.nextNight(t)
		}
		var byShop [][]int16
		for run := range m.h["shop_score"] {
			scores := []int16{scoresNear(t, "shop 0"), scoresNear(t, "shop 1"), scoresNear(t, "shop 2")}
			byShop = append(byShop, scores)
			for i, shop := range m.s.Shop {
				if m.h["shop_score"][run][i] = 0; shop >= 0 {
					m.h["shop_score"][run][i] = scores[shop]
				}
			}
		}
		want := m.decide(0, nil, false)
		m.s.ShopScores = byShop
		for i, shop := range m.s.Shop {
			if shop == eligibility.UnknownShop { // by subject there are shops without a score alone
				m.s.Shop[i] = eligibility.UnknownShop - 1 - int32(i)
			}
		}
		delete(m.h, "shop_score")
		got := m.decide(0, nil, false)
		if diff := cmp.Diff(lines(want), lines(got)); diff != "" {
			t.Fatal(diff)
		}
		for i := range m.s.N {
			if diff := cmp.Diff(want.Gates(i, nil), got.Gates(i, nil), cmpopts.EquateNaNs()); diff != "" {
				t.Fatalf("subject %d: %s", i, diff)
			}
		}
	})
}
