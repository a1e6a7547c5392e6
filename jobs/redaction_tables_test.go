package jobs_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

// rekeyedWithout makes the nights of the last two days under the new key, after the dumps of the tables up to a day were put away.
func (d *deployment) rekeyedWithout(gone calendar.Day, away string, tables ...string) jobs.Outcome {
	d.t.Helper()
	for day := lastDay - 20; day <= gone; day++ {
		for _, table := range tables {
			if err := os.Rename(d.dump(table, day), filepath.Join(away, table+day.String())); err != nil && !os.IsNotExist(err) {
				d.t.Fatal(err)
			}
		}
	}
	d.settings.BuyerKey, d.settings.ReplacedKey = newKey, keyID(oldKey)
	d.night(lastDay - 1)
	return d.night(lastDay)
}

// back takes dumps back that were put away.
func (d *deployment) back(away string) {
	d.t.Helper()
	entries, err := os.ReadDir(away)
	if err != nil || len(entries) == 0 {
		d.t.Fatalf("nothing was put away: %v", err)
	}
	for _, e := range entries {
		at := strings.Index(e.Name(), "20")
		if err := os.Rename(filepath.Join(away, e.Name()), filepath.Join(d.in, "dumps", e.Name()[:at], "dt="+e.Name()[at:])); err != nil {
			d.t.Fatal(err)
		}
	}
}

// knownSince are the tables that a night says have buyers from a day on.
func knownSince(o jobs.Outcome, day calendar.Day) (tables []string) {
	for _, w := range o.Warnings {
		if table, _, found := strings.Cut(w, ": buyers are known from "+day.String()+" on"); found {
			tables = append(tables, table)
		}
	}
	return tables
}

// monthRow is a row of monthly_buyers.
type monthRow struct {
	Role     string `parquet:"role"`
	Subject  string `parquet:"subject_id"`
	Present  int64  `parquet:"days_present"`
	Buyers   int64  `parquet:"buyers"`
	R2Buyers *int64 `parquet:"r2_buyers"`
	Retained *int64 `parquet:"retained_buyers"`
}

// Dumps of refunds may be gone that those of orders are there of. Who bought is known then, not whose purchases were undone: what full
// refunds are taken out of is of the days from then on, as where the dumps of orders are gone, too, and all else is as it was.
func TestAKeyIsReplacedAfterDumpsOfRefundsWereDropped(t *testing.T) {
	gone := lastDay - 4
	kept, away := keyed(t, oldKey), t.TempDir()
	complete := firstDay - 800
	kept.settings.HistoryCompleteFrom = &complete
	kept.night(lastDay - 2)
	rotated, both := kept.forked(t), kept.forked(t)
	kept.night(lastDay - 1)
	whole := kept.night(lastDay)
	got := rotated.rekeyedWithout(gone, away, "refunds")
	if since := knownSince(got, gone+1); !slices.Equal(since, []string{"refunds"}) {
		t.Errorf("buyers are known since then in %q: %q", since, got.Warnings)
	}
	for _, table := range []string{"gmv", "gmv_split", "trust", "excluded", "late_data"} {
		if sums(got)[table] != sums(whole)[table] {
			t.Errorf("%s moved", table)
		}
	}
	months := published[monthRow](t, rotated, got, "monthly_buyers")
	for i, w := range published[monthRow](t, kept, whole, "monthly_buyers") {
		if w.R2Buyers == nil {
			t.Errorf("monthly_buyers with the old key: %+v", w)
		}
		w.R2Buyers, w.Retained = nil, nil
		if diff := gocmp.Diff(w, months[i]); diff != "" {
			t.Errorf("monthly_buyers: %s", diff)
		}
	}
	verified(t, rotated, lastDay)
	fewer := both.rekeyedWithout(gone, away, "orders")
	if since := knownSince(fewer, gone+1); !slices.Equal(since, []string{"orders", "refunds"}) {
		t.Errorf("buyers are known since then in %q: %q", since, fewer.Warnings)
	}
	for _, table := range []string{"repeat_purchase", "cohorts"} {
		if sums(got)[table] != sums(fewer)[table] || sums(got)[table] == sums(whole)[table] {
			t.Errorf("%s goes by purchases whose refunds have lost their buyers", table)
		}
	}
	rotated.back(away)
	if diff := gocmp.Diff(figures(whole), figures(rotated.night(lastDay))); diff != "" {
		t.Errorf("dumps are back: %s", diff)
	}
}

// Dumps of 川流 may be gone that those of orders and refunds are there of: then lift begins later, and nothing else.
func TestAKeyIsReplacedAfterDumpsOfChuanliuWereDropped(t *testing.T) {
	t.Parallel()
	gone := lastDay - 4
	kept, away := newMarket(t, func(o *market.Options) { o.Days = 8 }), t.TempDir()
	kept.settings.RestateDays, kept.settings.BuyerKey = 3, oldKey
	kept.night(lastDay - 2)
	rotated := kept.forked(t)
	kept.night(lastDay - 1)
	whole := kept.night(lastDay)
	got := rotated.rekeyedWithout(gone, away, "chuanliu_eligibility", "chuanliu_exposures")
	if since := knownSince(got, gone+1); !slices.Equal(since, []string{"chuanliu_eligibility", "chuanliu_exposures"}) {
		t.Errorf("buyers are known since then in %q: %q", since, got.Warnings)
	}
	if !slices.ContainsFunc(got.Warnings, func(w string) bool { return strings.HasPrefix(w, "lift begins on ") }) {
		t.Errorf("lift does not begin later: %q", got.Warnings)
	}
	for _, table := range []string{"gmv", "gmv_split", "trust", "overview", "repeat_purchase", "monthly_buyers", "cohorts", "fives", "product_test", "product_score", "shop_score", "talent_score"} {
		if sums(whole)[table] == "" || sums(got)[table] != sums(whole)[table] {
			t.Errorf("%s moved", table)
		}
	}
}
