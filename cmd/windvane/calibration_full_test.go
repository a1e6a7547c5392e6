//go:build acceptance

package main

import (
	"testing"

	"github.com/windvane/windvane/internal/testkit/recount"
)

// calibrationLast is the day after a month's end: norms of the month before are in force.
const calibrationLast recount.Date = "2026-02-01"

// shares are the least and the most that a grade may have of all scored shops.
type shares map[string][2]float64

// designedShares are the ranges that the anchors and points were designed for, by a simulation (definitions.md, section 4).
func designedShares() shares {
	return shares{"A+": {0.05, 0.19}, "A": {0.20, 0.23}, "B": {0.30, 0.46}, "C": {0.20, 0.25}, "D": {0.03, 0.10}}
}

// allShares are what a market of many small shops gives. Half of them have 30 to 60 orders: their rates are pulled to
// the mean, and they have chats and refunds of a handful, so more of them are B and fewer stand out.
func allShares() shares {
	return shares{"A+": {0.01, 0.10}, "A": {0.18, 0.30}, "B": {0.45, 0.62}, "C": {0.10, 0.22}, "D": {0.01, 0.06}}
}

// fallbackShares are those of the first month, against the anchors of the rules: the demo's shops are better than those.
func fallbackShares() shares {
	return shares{"A+": {0.05, 0.30}, "A": {0.40, 0.70}, "B": {0.15, 0.40}, "C": {0, 0.05}, "D": {0, 0.02}}
}

// sampleMargin is what the shares of some hundred shops may stray by: two standard errors of a fifth of 800.
const sampleMargin = 0.03

// TestGradesOfTwentyThousandShops runs the nights around a month's end, so that shops are held against the anchors of the
// rules on the first and against those measured on the second.
func TestGradesOfTwentyThousandShops(t *testing.T) {
	input := demo(t, "--as-of", string(calibrationLast), "--days", "106", "--lines-per-day", "90000", "--merchants", "20000", "--talents", "20000",
		"--products", "40000", "--buyers", "300000")
	s := newStand(t, input, "")
	s.night(calibrationLast.Add(-1))
	s.night(calibrationLast)
	for _, role := range []string{"merchant", "product", "talent"} {
		s.gradeTable(calibrationLast.Add(-1), role, 30, "anchors of the rules")
		s.gradeTable(calibrationLast, role, 30, "measured anchors")
		s.gradeTable(calibrationLast, role, enoughOrders, "measured anchors")
	}
	wantShares(t, "first month", s.grades(calibrationLast.Add(-1), "merchant", 30), fallbackShares(), 0)
	wantShares(t, "all shops", s.grades(calibrationLast, "merchant", 30), allShares(), 0)
	wantShares(t, "shops of 500 orders and more", s.grades(calibrationLast, "merchant", enoughOrders), designedShares(), sampleMargin)
	if scored := total(s.grades(calibrationLast, "merchant", 30)); scored < 10_000 {
		t.Errorf("%d of 20,000 shops have a score: the market is too small to tell", scored)
	}
}

// grades counts a role's scored subjects of so many orders and more by grade.
func (s *stand) grades(asOf recount.Date, role string, least int64) map[string]int {
	s.t.Helper()
	r, by := s.read(asOf, scoreTables[role][0], "grade", "orders"), map[string]int{}
	for i := range r.N {
		if grade := r.Text(i, "grade"); grade != "" && r.Int(i, "orders") >= least {
			by[grade]++
		}
	}
	return by
}

func total(by map[string]int) (n int) {
	for _, count := range by {
		n += count
	}
	return n
}

// gradeTable prints the shares, and fails the test if nearly everybody has one grade.
func (s *stand) gradeTable(asOf recount.Date, role string, least int64, anchors string) {
	s.t.Helper()
	by := s.grades(asOf, role, least)
	n := float64(total(by))
	percent := func(grade string) float64 { return 100 * float64(by[grade]) / n }
	s.t.Logf("%s, %s, %d orders and more: %.0f scored; A+ %.1f, A %.1f, B %.1f, C %.1f, D %.1f %%", role, anchors, least, n,
		percent("A+"), percent("A"), percent("B"), percent("C"), percent("D"))
	for grade, count := range by {
		if float64(count) >= 0.9*n {
			s.t.Errorf("%s: %d of %.0f have grade %s", role, count, n, grade)
		}
	}
}

func wantShares(t *testing.T, what string, by map[string]int, want shares, margin float64) {
	t.Helper()
	for grade, bounds := range want {
		if got := float64(by[grade]) / float64(total(by)); got < bounds[0]-margin || got > bounds[1]+margin {
			t.Errorf("%s: %.3f have grade %s, want %.2f to %.2f", what, got, grade, bounds[0], bounds[1])
		}
	}
}
