//go:build shareddata

package cdnow_test

import (
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/testkit/cdnow"
	"github.com/windvane/windvane/internal/testkit/dumps"
	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/internal/testkit/shareddata"
)

func load(t *testing.T) (*cdnow.Source, *cdnow.Reference) {
	t.Helper()
	dir := shareddata.Dir(t, "cdnow")
	source, err := cdnow.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := cdnow.LoadReference(dir)
	if err != nil {
		t.Fatal(err)
	}
	return source, reference
}

func none(t *testing.T, mismatches []string) {
	t.Helper()
	for _, m := range mismatches {
		t.Error(m)
	}
}

// The naive recount must agree with the independent reference before it may judge the product.
func TestRecountAgreesWithReference(t *testing.T) {
	source, reference := load(t)
	sales := source.Sales()
	none(t, reference.CompareMonths(recount.Count(sales)))
	last := recount.Describe(sales, cdnow.FirstDay, cdnow.LastDay, "platform")
	none(t, reference.CompareCohorts(last))
	atCalibration := recount.Describe(sales, cdnow.FirstDay, cdnow.Calibration, "platform")
	none(t, reference.CompareCalibration(atCalibration))
	none(t, reference.CompareBuyers(monthlyBuyers(atCalibration, last)))
	none(t, reference.CompareDailyBuyers(dailyBuyers(sales)))
}

// monthlyBuyers gathers MAB of the months that the nights between them publish.
func monthlyBuyers(nights ...recount.Night) map[string]int64 {
	mab := map[string]int64{}
	for _, night := range nights {
		for key, row := range night.Months {
			if key.Role == "platform" {
				mab[key.Month] = row.Buyers
			}
		}
	}
	return mab
}

func dailyBuyers(sales []recount.Sale) int64 {
	type purchaseDay struct {
		buyer string
		day   recount.Date
	}
	days := map[purchaseDay]bool{}
	for _, s := range sales {
		days[purchaseDay{s.Buyer, s.Day}] = true
	}
	return int64(len(days))
}

func TestDump(t *testing.T) {
	type row struct {
		Number  int64 `parquet:"purchase_no"`
		CDs     int64 `parquet:"cds"`
		Dollars int32 `parquet:"dollars,decimal(2:9)"`
		At      int64 `parquet:"bought_at_seconds"`
	}
	source, reference := load(t)
	dir := t.TempDir()
	if err := source.Dump(dir, cdnow.FirstDay, cdnow.LastDay); err != nil {
		t.Fatal(err)
	}
	numbers, cds, cents, most := map[int64]bool{}, int64(0), int64(0), int64(0)
	for _, day := range recount.Days(cdnow.FirstDay, cdnow.LastDay) {
		rows, err := parquet.ReadFile[row](filepath.Join(dumps.Partition(dir, cdnow.Purchases, day), "part-00000.zstd.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			numbers[r.Number] = true
			cds, cents, most = cds+r.CDs, cents+int64(r.Dollars), max(most, r.CDs)
			if r.At/86_400 != day.Midnight().Unix()/86_400 {
				t.Fatalf("%s: purchase on another day: %+v", day, r)
			}
		}
	}
	if int64(len(numbers)) != reference.Transactions || cds != reference.CDs || cents != int64(reference.Revenue) {
		t.Errorf("got %d purchases, %d CDs, %d cents, want %d, %d, %d", len(numbers), cds, cents, reference.Transactions, reference.CDs, reference.Revenue)
	}
	if most <= 20 {
		t.Errorf("the largest purchase has %d CDs; the data set is known for more than 20", most)
	}
}
