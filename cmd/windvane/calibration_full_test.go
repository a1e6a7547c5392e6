//go:build acceptance

package main

import (
	"testing"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/transforms/calendar"
)

// calibrationLast is the day after a month's end: norms of the month before are in force.
const calibrationLast recount.Date = "2026-02-01"

// fallbackShares are those of the first month, against the anchors of the rules. These describe how rates lie, and the
// market's medians and spread are theirs; but rates are pulled to their mean before they are held against them, so fewer
// shops lie as far out as the anchors do. Anchors that were measured are of pulled rates, and do not have this.
func fallbackShares() map[string][2]float64 {
	return map[string][2]float64{"A+": {0.05, 0.15}, "A": {0.35, 0.50}, "B": {0.35, 0.50}, "C": {0.03, 0.12}, "D": {0, 0.03}}
}

// bands are numbers of orders that a shop has at least and at most.
var bands = [][2]int64{{30, 59}, {60, 149}, {150, enoughOrders - 1}, {enoughOrders, 999_999}, {30, 999_999}}

// What shares may lie outside of those simulated. Of all shops: rates that few events tell pull shops to the middle.
// Of those with many orders also chance, two deviations of a fifth of 800.
const (
	allMargin  = 0.02
	manyMargin = 0.03
)

// TestGradesOfTwentyThousandShops runs the nights around a month's end, so that shops are held against the anchors of the
// rules on the first and against those measured on the second. The market is one of shops that have a score: sizes fall
// more slowly than in a whole marketplace, whose long tail has none (of Olist's sellers 8 % have 30 orders in 90 days).
func TestGradesOfTwentyThousandShops(t *testing.T) {
	input := demo(t, "--preset", "scores", "--as-of", string(calibrationLast))
	s := newStand(t, input, "")
	s.night(calibrationLast.Add(-1))
	s.night(calibrationLast)
	for _, role := range []string{"merchant", "product", "talent"} {
		s.gradeTable(calibrationLast.Add(-1), role, bands[4], "anchors of the rules")
		for _, band := range bands {
			s.gradeTable(calibrationLast, role, band, "measured anchors")
		}
	}
	want := designedShares(config.DefaultRules().On(calendar.Of(2026, 2, 1)))
	wantShares(t, "first month", s.grades(calibrationLast.Add(-1), "merchant", bands[4]), fallbackShares(), 0)
	wantShares(t, "all shops", s.grades(calibrationLast, "merchant", bands[4]), want, allMargin)
	wantShares(t, "shops of 500 orders and more", s.grades(calibrationLast, "merchant", bands[3]), want, manyMargin)
	scored := total(s.grades(calibrationLast, "merchant", bands[4]))
	t.Logf("%d of 20,000 shops have a score", scored)
	if scored < 18_000 {
		t.Error("the market is not one of shops that have a score")
	}
}

// grades counts a role's scored subjects of so many orders by grade.
func (s *stand) grades(asOf recount.Date, role string, band [2]int64) map[string]int {
	s.t.Helper()
	r, by := s.read(asOf, scoreTables[role][0], "grade", "orders"), map[string]int{}
	for i := range r.N {
		if grade := r.Text(i, "grade"); grade != "" && r.Int(i, "orders") >= band[0] && r.Int(i, "orders") <= band[1] {
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
func (s *stand) gradeTable(asOf recount.Date, role string, band [2]int64, anchors string) {
	s.t.Helper()
	by := s.grades(asOf, role, band)
	n, shares := float64(total(by)), map[string]float64{}
	for grade, count := range by {
		shares[grade] = float64(count) / n
	}
	s.t.Logf("%s, %s, %d to %d orders: %.0f scored; %s", role, anchors, band[0], band[1], n, percents(shares))
	for grade, count := range by {
		if float64(count) >= 0.9*n {
			s.t.Errorf("%s: %d of %.0f have grade %s", role, count, n, grade)
		}
	}
}

func wantShares(t *testing.T, what string, by map[string]int, want map[string][2]float64, margin float64) {
	t.Helper()
	for grade, bounds := range want {
		if got := float64(by[grade]) / float64(total(by)); got < bounds[0]-margin || got > bounds[1]+margin {
			t.Errorf("%s: %.3f have grade %s, want %.2f to %.2f", what, got, grade, bounds[0], bounds[1])
		}
	}
}
