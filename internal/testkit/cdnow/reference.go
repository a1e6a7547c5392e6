package cdnow

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/windvane/windvane/internal/testkit/recount"
)

// Reference holds the figures of reference.json that windvane publishes too.
type Reference struct {
	Revenue      recount.Money               `json:"revenue"`
	Customers    int64                       `json:"customers"`
	Transactions int64                       `json:"transactions"`
	CDs          int64                       `json:"cds"`
	ByMonth      map[string]month            `json:"by_month"`
	CustomerDays int64                       `json:"distinct_customer_days"`
	Within30     share                       `json:"second_purchase_day_within_30d"`
	Within90     share                       `json:"second_purchase_day_within_90d"`
	Calibration  calibration                 `json:"calibration_39w_to_1997-09-30"`
	Cohorts      map[string]map[string]int64 `json:"cohort_active_customers_by_month_offset"`
}

type month struct {
	Revenue      recount.Money
	Transactions int64
	CDs          int64
	Buyers       int64
}

type share struct{ Customers int64 }

type calibration struct {
	Customers int64
	Repeat    int64 `json:"customers_with_repeat_day"`
	Gaps      int64 `json:"repeat_days"`
}

// LoadReference reads reference.json from the data set's folder.
func LoadReference(dir string) (*Reference, error) {
	path, r := filepath.Join(dir, "reference.json"), &Reference{}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read reference: %w", err)
	}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("read reference %s: %w", path, err)
	}
	return r, nil
}

// CompareMonths compares revenue, lines and units by month.
func (r *Reference) CompareMonths(got recount.Tally) []string {
	type figures struct{ Cents, Lines, Units int64 }
	want, have := map[string]figures{}, map[string]figures{}
	for name, m := range r.ByMonth {
		want[name] = figures{int64(m.Revenue), m.Transactions, m.CDs}
	}
	for name, d := range got.Months() {
		have[name] = figures{d.Paid.Fen, d.Paid.Lines, d.Quantity}
	}
	return recount.Diff("month", want, have)
}

// CompareBuyers compares MAB: rows of closed months, gathered from the nights that publish them.
func (r *Reference) CompareBuyers(got map[string]int64) []string {
	want := map[string]int64{}
	for name, m := range r.ByMonth {
		want[name] = m.Buyers
	}
	return recount.Diff("MAB", want, got)
}

// CompareDailyBuyers compares the sum of the daily buyers.
func (r *Reference) CompareDailyBuyers(sum int64) []string {
	if sum != r.CustomerDays {
		return []string{fmt.Sprintf("daily buyers: got %d in all, want %d", sum, r.CustomerDays)}
	}
	return nil
}

// CompareCalibration compares R1 of 365 days at the end of the calibration period.
func (r *Reference) CompareCalibration(night recount.Night) []string {
	row := night.Repeat[recount.Key{Role: "platform", Window: 365}]
	if got := (calibration{row.Buyers, row.RepeatBuyers, row.DayGaps}); got != r.Calibration {
		return []string{fmt.Sprintf("R1(365) as of %s: got %+v, want %+v", night.AsOf, got, r.Calibration)}
	}
	return nil
}

// CompareCohorts compares active buyers by cohort and month offset, and second purchase days within 30 and 90
// days over all cohorts, at the last night.
func (r *Reference) CompareCohorts(night recount.Night) []string {
	type cell struct {
		Month  string
		Offset int64
	}
	want, have := map[cell]int64{}, map[cell]int64{}
	for name, active := range r.Cohorts {
		for offset, buyers := range active {
			n, err := strconv.ParseInt(offset, 10, 64)
			if err != nil {
				return []string{fmt.Sprintf("reference: cohort %s has offset %q", name, offset)}
			}
			want[cell{name, n}] = buyers
		}
	}
	var buyers, within30, within90 int64
	for key, row := range night.Cohorts {
		if key.Role != "platform" {
			continue
		}
		if row.Active > 0 {
			have[cell{key.Month, key.Offset}] = row.Active
		}
		if key.Offset == 0 {
			buyers, within30, within90 = buyers+row.Buyers, within30+row.Within30, within90+row.Within90
		}
	}
	lines := recount.Diff("cohort", want, have)
	if buyers != r.Customers || within30 != r.Within30.Customers || within90 != r.Within90.Customers {
		lines = append(lines, fmt.Sprintf("cohorts: got %d buyers, %d within 30 days, %d within 90, want %d, %d, %d",
			buyers, within30, within90, r.Customers, r.Within30.Customers, r.Within90.Customers))
	}
	return lines
}
