//go:build acceptance

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/windvane/windvane/config"
	public "github.com/windvane/windvane/internal/testkit/published" // the command has a type of the name
	"github.com/windvane/windvane/internal/testkit/recount"
)

// TestLiftFindsWhatWasPlanted makes a market with a holdout and one night: the programme's intervals hold the lift as it
// happened, those of merchants the lifts that were planted, and what is given out sums to the pools.
func TestLiftFindsWhatWasPlanted(t *testing.T) {
	const asOf recount.Date = "2026-01-31"
	input := demo(t, "--as-of", string(asOf), "--days", "75", "--lines-per-day", "20000", "--merchants", "30", "--talents", "150", "--products", "600",
		"--buyers", "40000", "--seed", "5")
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(rules, bytes.Replace(config.CommentedRules, []byte("min_control_pairs: 1000 "), []byte("min_control_pairs: 200 "), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	settings := "chuanliu: {holdout_share: 0.1, since: 2025-12-15}\nrules: {file: " + rules + "}\n"
	s := newStand(t, input, settings)
	s.night(asOf, "--workers", "1")

	truth, err := public.Read(filepath.Join(input, "truth", "chuanliu.parquet"), nil, "merchant_id", "lift_ratio", "base_orders", "caused_orders")
	if err != nil {
		t.Fatal(err)
	}
	planted, base, caused := map[int64]float64{}, int64(0), int64(0)
	for i := range truth.N {
		planted[truth.Int(i, "merchant_id")] = truth.Real(i, "lift_ratio")
		base, caused = base+truth.Int(i, "base_orders"), caused+truth.Int(i, "caused_orders")
	}
	happened := float64(caused) / float64(base)

	programmes := s.read(asOf, "chuanliu_programme", "scope", "period", "status", "lift_ratio", "lift_lo_ratio", "lift_hi_ratio", "always_lo_ratio", "always_hi_ratio", "srm_p")
	found := 0
	for i := range programmes.N {
		if programmes.Text(i, "scope") != "programme" || programmes.Text(i, "period") != "all" {
			continue
		}
		found++
		if programmes.Text(i, "status") != "estimated" || programmes.Real(i, "srm_p") < 0.0005 {
			t.Fatalf("the programme: %s", programmes.Line(i))
		}
		t.Logf("planted 0.15, happened %.4f, found %s", happened, programmes.Line(i))
		for _, interval := range [][2]string{{"lift_lo_ratio", "lift_hi_ratio"}, {"always_lo_ratio", "always_hi_ratio"}} {
			if lo, hi := programmes.Real(i, interval[0]), programmes.Real(i, interval[1]); happened < lo || happened > hi {
				t.Errorf("%s %.4f to %.4f does not hold %.4f", interval[0], lo, hi, happened)
			}
		}
	}
	if found != 1 {
		t.Errorf("%d programmes", found)
	}

	rows := s.read(asOf, "chuanliu_lift", "merchant_id", "period", "status", "lift_lo_ratio", "lift_hi_ratio", "always_lo_ratio", "always_hi_ratio")
	estimated, missed := 0, 0
	for i := range rows.N {
		merchant := rows.Int(i, "merchant_id")
		if _, takesPart := planted[merchant]; !takesPart {
			t.Errorf("merchant %d takes no part", merchant)
		}
		if rows.Text(i, "period") != "all" || rows.Text(i, "status") != "estimated" {
			continue
		}
		estimated++
		if lo, hi := rows.Real(i, "always_lo_ratio"), rows.Real(i, "always_hi_ratio"); planted[merchant] < lo || planted[merchant] > hi {
			t.Errorf("merchant %d: %.3f to %.3f does not hold %.3f", merchant, lo, hi, planted[merchant])
		}
		if lo, hi := rows.Real(i, "lift_lo_ratio"), rows.Real(i, "lift_hi_ratio"); planted[merchant] < lo || planted[merchant] > hi {
			missed++
		}
	}
	t.Logf("%d merchants are estimated, %d fixed intervals miss what was planted", estimated, missed)
	if estimated < 3 || missed > 1+estimated/8 {
		t.Errorf("%d rows, %d estimated, %d missed", rows.N, estimated, missed)
	}
	for _, c := range []struct {
		table, column string
		pool          int64
	}{{"traffic_quota", "quota_impressions", 200_000_000}, {"talent_rewards", "reward_impressions", 20_000_000}} {
		r, sum := s.read(asOf, c.table, c.column), int64(0)
		for i := range r.N {
			sum += r.Int(i, c.column)
		}
		if sum != c.pool {
			t.Errorf("%s sums to %d of %d", c.table, sum, c.pool)
		}
	}

	again := newStand(t, input, settings)
	again.night(asOf, "--workers", "5")
	want, got := s.tables(asOf), again.tables(asOf)
	for _, name := range []string{"chuanliu_lift", "chuanliu_programme", "chuanliu_caps", "talent_rewards", "traffic_quota"} {
		if !bytes.Equal(want[name], got[name]) {
			t.Errorf("%s is not the same bytes with five workers", name)
		}
	}
}
