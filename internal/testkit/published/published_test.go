package published_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/testkit/published"
	"github.com/windvane/windvane/internal/testkit/recount"
)

const asOf recount.Date = "2017-11-30"

type subject struct {
	AsOf    int32  `parquet:"as_of_date,date"`
	Role    string `parquet:"role,dict,zstd"`
	Subject string `parquet:"subject_id,zstd"`
}

type gmvRow struct {
	subject
	Window      int64  `parquet:"window_days"`
	DaysPresent int64  `parquet:"days_present"`
	Order       int64  `parquet:"gmv_order_fen"`
	Raw         int64  `parquet:"gmv_paid_raw_fen"`
	Paid        int64  `parquet:"gmv_paid_fen"`
	Lag15       int64  `parquet:"gmv_paid_lag15_fen"`
	Lag30       int64  `parquet:"gmv_paid_lag30_fen"`
	Net         *int64 `parquet:"gmv_net_fen,optional"`
	Net15       *int64 `parquet:"gmv_net15_fen,optional"`
	Net30       *int64 `parquet:"gmv_net30_fen,optional"`
	Refund      *int64 `parquet:"refund_amt_fen,optional"`
	Lines       int64  `parquet:"lines"`
	Quantity    int64  `parquet:"quantity"`
	Orders      int64  `parquet:"orders"`
	Buyers      int64  `parquet:"buyers"`
	New         *int64 `parquet:"new_buyers,optional"`
	Returning   *int64 `parquet:"returning_buyers,optional"`
	PerBuyer    *int64 `parquet:"atv_buyer_fen,optional"`
	PerOrder    *int64 `parquet:"atv_order_fen,optional"`
}

type repeatRow struct {
	subject
	Window      int64    `parquet:"window_days"`
	DaysPresent int64    `parquet:"days_present"`
	Buyers      int64    `parquet:"buyers"`
	Repeat      int64    `parquet:"repeat_buyers"`
	R1          *float64 `parquet:"r1_ratio,optional"`
	Gaps        int64    `parquet:"day_gaps"`
	Mean        *float64 `parquet:"mean_gap_days,optional"`
	Refunds     bool     `parquet:"refunds_applied"`
}

type monthRow struct {
	subject
	Month    int32    `parquet:"month,date"`
	Closed   bool     `parquet:"closed"`
	Buyers   int64    `parquet:"buyers"`
	R2Buyers int64    `parquet:"r2_buyers"`
	Retained *int64   `parquet:"retained_buyers,optional"`
	R2       *float64 `parquet:"r2_ratio,optional"`
}

type cohortRow struct {
	subject
	Month    int32  `parquet:"cohort_month,date"`
	Offset   int64  `parquet:"month_offset"`
	Buyers   int64  `parquet:"buyers"`
	Active   int64  `parquet:"active_buyers"`
	R330     *int64 `parquet:"r3_30_buyers,optional"`
	R360     *int64 `parquet:"r3_60_buyers,optional"`
	R390     *int64 `parquet:"r3_90_buyers,optional"`
	Complete bool   `parquet:"history_complete"`
}

// sales are few, but have every kind of row.
var sales = []recount.Sale{
	{Day: "2017-09-01", Order: "1", Buyer: "a", Merchant: "m", Product: "p", Category: "c", Fen: 100, Units: 1, State: recount.Valid},
	{Day: "2017-09-20", Order: "2", Buyer: "a", Merchant: "m", Product: "q", Fen: 250, Units: 2, State: recount.Valid},
	{Day: "2017-11-30", Order: "3", Buyer: "b", Merchant: "n", Product: "p", Category: "c", Fen: 7, Units: 1, State: recount.Valid},
	{Day: "2017-11-30", Order: "4", Buyer: "a", Merchant: "n", Product: "p", Category: "c", Fen: 9, Units: 1, State: recount.Abnormal},
	{Day: "2017-11-29", Order: "5", Buyer: "a", Merchant: "m", Product: "p", Category: "c", Fen: 11, Units: 1, State: recount.Unpaid},
}

// publish writes what the recount says as a run would publish it, under the given commit.
func publish(t *testing.T, root string, sequence int, night recount.Night) {
	t.Helper()
	prefix := fmt.Sprintf("published/nightly/dt=%s/run=r%d", night.AsOf, sequence)
	dir := filepath.Join(root, prefix)
	commits := filepath.Join(root, "published/nightly/dt="+string(night.AsOf), "commits")
	for _, d := range []string{dir, commits} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(dir, "gmv.parquet"), gmvRows(night))
	write(t, filepath.Join(dir, "repeat_purchase.parquet"), repeatRows(night))
	write(t, filepath.Join(dir, "monthly_buyers.parquet"), monthRows(night))
	write(t, filepath.Join(dir, "cohorts.parquet"), cohortRows(night))
	record := fmt.Sprintf(`{"format": 1, "sequence": %d, "prefix": %q}`, sequence, prefix)
	if err := os.WriteFile(filepath.Join(commits, fmt.Sprintf("%04d.json", sequence)), []byte(record), 0o644); err != nil {
		t.Fatal(err)
	}
}

func write[T any](t *testing.T, path string, rows []T) {
	t.Helper()
	if err := parquet.WriteFile(path, rows, parquet.MaxRowsPerRowGroup(3)); err != nil {
		t.Fatal(err)
	}
}

func of(role, id string) subject { return subject{days(asOf), role, id} }

func days(d recount.Date) int32 { return int32(d.Midnight().Unix() / 86_400) }

// null is nil for a missing figure.
func null[N int64 | float64](n N) *N {
	if n == recount.Missing {
		return nil
	}
	return &n
}

func gmvRows(night recount.Night) (rows []gmvRow) {
	for k, v := range night.GMV {
		rows = append(rows, gmvRow{of(k.Role, k.Subject), k.Window, v.DaysPresent, v.OrderFen, v.PaidRawFen, v.PaidFen, v.PaidLag15Fen, v.PaidLag30Fen,
			null(v.NetFen), null(v.Net15Fen), null(v.Net30Fen), null(v.RefundFen), v.Lines, v.Quantity, v.Orders,
			v.Buyers, null(v.NewBuyers), null(v.ReturningBuyers), null(v.PerBuyerFen), null(v.PerOrderFen)})
	}
	return rows
}

func repeatRows(night recount.Night) (rows []repeatRow) {
	for k, v := range night.Repeat {
		rows = append(rows, repeatRow{of(k.Role, k.Subject), k.Window, v.DaysPresent, v.Buyers, v.RepeatBuyers, null(v.R1), v.DayGaps, null(v.MeanGapDays), v.RefundsApplied})
	}
	return rows
}

func monthRows(night recount.Night) (rows []monthRow) {
	for k, v := range night.Months {
		rows = append(rows, monthRow{of(k.Role, k.Subject), days(recount.Date(k.Month + "-01")), v.Closed, v.Buyers, v.R2Buyers, null(v.Retained), null(v.R2)})
	}
	return rows
}

func cohortRows(night recount.Night) (rows []cohortRow) {
	for k, v := range night.Cohorts {
		rows = append(rows, cohortRow{of(k.Role, k.Subject), days(recount.Date(k.Month + "-01")), k.Offset, v.Buyers, v.Active, null(v.Within30), null(v.Within60), null(v.Within90), v.HistoryComplete})
	}
	return rows
}

func TestNightIsReadAsPublished(t *testing.T) {
	roles := []string{"platform", "merchant", "product", "category"}
	want, root := recount.Describe(sales, "2017-09-01", asOf, roles...), t.TempDir()
	publish(t, root, 1, recount.Describe(sales[1:], "2017-09-01", asOf, roles...))
	publish(t, root, 2, want)
	archive := published.Open(root, "nightly")
	got, err := archive.Night(asOf, roles...)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range recount.DiffNights(want, got) {
		t.Error(m)
	}
	if len(got.GMV) == 0 || len(got.Repeat) == 0 || len(got.Months) == 0 || len(got.Cohorts) == 0 {
		t.Errorf("a table was read as empty: %+v", got)
	}
	tally, err := archive.Tally(asOf, asOf)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range recount.DiffTallies(recount.Count(sales[2:4]), tally) {
		t.Error(m)
	}
	if len(recount.DiffNights(recount.Describe(sales[1:], "2017-09-01", asOf, roles...), got)) == 0 {
		t.Error("a missing sale went unnoticed")
	}
}

func TestUncommittedNightIsAnError(t *testing.T) {
	if _, err := published.Open(t.TempDir(), "nightly").Night(asOf, "platform"); err == nil {
		t.Error("got no error for a night that nobody committed")
	}
}
