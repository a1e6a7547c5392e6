//go:build acceptance || teststats

package main

import (
	"path/filepath"
	"testing"

	public "github.com/windvane/windvane/internal/testkit/published" // the command has a type of the name
	"github.com/windvane/windvane/internal/testkit/recount"
)

// TestThePresetOfLiftShowsWhatWasPlanted makes the market of 13 million lines: a programme of 15 %, a brand of 38 %, one of 32 %,
// a best day of 27 %. The intervals hold them, and what is to be quoted promises no more than that.
func TestThePresetOfLiftShowsWhatWasPlanted(t *testing.T) {
	const asOf recount.Date = "2026-01-31"
	s := newStand(t, demo(t, "--preset", "lift", "--as-of", string(asOf)), "chuanliu: {holdout_share: 0.1, since: 2025-12-31}\n")
	s.night(asOf)
	planted := s.planted()
	programmes := s.read(asOf, "chuanliu_programme", "scope", "period", "lift_lo_ratio", "lift_hi_ratio")
	found := 0
	for i := range programmes.N {
		if programmes.Text(i, "scope") != "programme" || programmes.Text(i, "period") != "all" {
			continue
		}
		found++
		if lo, hi := programmes.Real(i, "lift_lo_ratio"), programmes.Real(i, "lift_hi_ratio"); lo > 0.15 || hi < 0.15 || lo < 0 || hi-lo > 0.25 {
			t.Errorf("the programme: %.3f to %.3f, planted 0.15", lo, hi)
		}
	}
	if found != 1 {
		t.Errorf("%d programmes", found)
	}
	rows := s.read(asOf, "chuanliu_lift", "merchant_id", "period", "status", "lift_lo_ratio", "lift_hi_ratio")
	famous, estimated, missed := 0, 0, 0
	for i := range rows.N {
		if rows.Text(i, "period") != "all" || rows.Text(i, "status") != "estimated" {
			continue
		}
		truth := planted[rows.Int(i, "merchant_id")].lift
		lo, hi := rows.Real(i, "lift_lo_ratio"), rows.Real(i, "lift_hi_ratio")
		held := lo <= truth && truth <= hi
		if estimated++; !held {
			missed++
		}
		if truth == 0.38 || truth == 0.32 {
			if famous++; !held || lo < 0 {
				t.Errorf("the brand of %.2f: %.3f to %.3f", truth, lo, hi)
			}
		}
	}
	if famous != 2 || estimated < 8 || missed > 1+estimated/8 {
		t.Errorf("%d of the two brands, %d merchants, %d intervals miss what was planted", famous, estimated, missed)
	}
	if s.checkBestDays(asOf) < 8 {
		t.Error("too few merchants have a best day")
	}
}

// plantedLift is what the market plants for a merchant.
type plantedLift struct {
	lift, bestLift float64
	best           int64 // day; 0: none
}

func (s *stand) planted() map[int64]plantedLift {
	s.t.Helper()
	truth, err := public.Read(filepath.Join(s.input, "truth", "chuanliu.parquet"), nil, "merchant_id", "lift_ratio", "best_day", "best_day_lift_ratio")
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[int64]plantedLift{}
	for i := range truth.N {
		p := plantedLift{lift: truth.Real(i, "lift_ratio")}
		if !truth.Null(i, "best_day") {
			p.best, p.bestLift = truth.Int(i, "best_day"), truth.Real(i, "best_day_lift_ratio")
		}
		out[truth.Int(i, "merchant_id")] = p
	}
	return out
}

// checkBestDays holds the best day of each merchant against what was planted on that day: by both intervals, and by what the
// shrunken ones promise on average, within half of their mean width. It returns how many there are.
func (s *stand) checkBestDays(asOf recount.Date) int {
	s.t.Helper()
	planted := s.planted()
	r := s.read(asOf, "chuanliu_lift", "merchant_id", "period", "best_day", "best_day_lo_ratio", "best_day_hi_ratio",
		"best_day_shrunk_ratio", "best_day_shrunk_lo_ratio", "best_day_shrunk_hi_ratio")
	days, missed, shrunkMissed, chosen := 0, 0, 0, 0
	var over, half float64
	for i := range r.N {
		if r.Text(i, "period") != "all" || r.Null(i, "best_day") {
			continue
		}
		p := planted[r.Int(i, "merchant_id")]
		truth := p.lift
		if p.best > 0 && p.best == r.Int(i, "best_day") {
			truth = p.bestLift
			chosen++
		}
		days++
		if r.Real(i, "best_day_lo_ratio") > truth || !r.Null(i, "best_day_hi_ratio") && r.Real(i, "best_day_hi_ratio") < truth {
			missed++
		}
		lo, hi := r.Real(i, "best_day_shrunk_lo_ratio"), r.Real(i, "best_day_shrunk_hi_ratio")
		if truth < lo || truth > hi {
			shrunkMissed++
		}
		over, half = over+r.Real(i, "best_day_shrunk_ratio")-truth, half+(hi-lo)/2
	}
	s.t.Logf("%d best days, %d of them the planted one: %d intervals miss what was planted, %d of the shrunken; these are over by %.3f on average, half of their width is %.3f",
		days, chosen, missed, shrunkMissed, over/float64(days), half/float64(days))
	if missed > 1 || shrunkMissed > 1+days/8 || over > half {
		s.t.Errorf("%d best days: %d and %d intervals miss, over by %.3f of %.3f", days, missed, shrunkMissed, over/float64(days), half/float64(days))
	}
	return days
}
