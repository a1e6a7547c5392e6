// Package published reads what a run of windvane published, as a reader from outside would: it follows the
// newest commit record to the run's tables and reads their Parquet files into the types of package recount.
package published

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/testkit/recount"
)

// Archive is the output folder of one job.
type Archive struct {
	root string // output folder
	job  string
}

// Open names the output folder and the job.
func Open(root, job string) Archive { return Archive{root, job} }

// Prefix is the folder of the tables that the newest commit of an as-of date publishes.
func (a Archive) Prefix(asOf recount.Date) (string, error) {
	commits, err := filepath.Glob(filepath.Join(a.root, "published", a.job, "dt="+string(asOf), "commits", "*.json"))
	if err != nil || len(commits) == 0 {
		return "", errors.Join(fmt.Errorf("nothing is committed for %s", asOf), err)
	}
	data, err := os.ReadFile(slices.Max(commits))
	if err != nil {
		return "", fmt.Errorf("read commit of %s: %w", asOf, err)
	}
	var record struct {
		Prefix string `json:"prefix"`
	}
	if err := json.Unmarshal(data, &record); err != nil {
		return "", fmt.Errorf("read commit of %s: %w", asOf, err)
	}
	return filepath.Join(a.root, filepath.FromSlash(record.Prefix)), nil
}

// table reads rows of one table of the newest commit.
func (a Archive) table(asOf recount.Date, name string, where []Where, columns ...string) (*Rows, error) {
	prefix, err := a.Prefix(asOf)
	if err != nil {
		return nil, err
	}
	rows, err := Read(filepath.Join(prefix, name+".parquet"), where, columns...)
	if err != nil {
		return nil, fmt.Errorf("as of %s: %w", asOf, err)
	}
	return rows, nil
}

// roleIn keeps the rows of the given roles.
func roleIn(roles []string) Where {
	return Where{"role", func(v parquet.Value) bool { return slices.Contains(roles, string(v.ByteArray())) }}
}

// Tally adds up the windows of one day of the nights first … last, every one of which must be committed.
func (a Archive) Tally(first, last recount.Date) (recount.Tally, error) {
	tally := recount.NewTally()
	for _, asOf := range recount.Days(first, last) {
		if err := a.addNight(tally, asOf); err != nil {
			return tally, err
		}
	}
	return tally, nil
}

// addNight adds the day's rows of one night's gmv. A day without any sale has no row.
func (a Archive) addNight(tally recount.Tally, asOf recount.Date) error {
	oneDay := Where{"window_days", func(v parquet.Value) bool { return v.Int64() == 1 }}
	r, err := a.table(asOf, "gmv", []Where{oneDay},
		"role", "subject_id", "gmv_order_fen", "gmv_paid_raw_fen", "gmv_paid_fen", "lines", "quantity", "orders")
	if err != nil {
		return err
	}
	for i := range r.N {
		total := recount.Total{Fen: r.Int(i, "gmv_paid_fen"), Lines: r.Int(i, "lines"), Orders: r.Int(i, "orders")}
		if role := r.Text(i, "role"); role != "platform" {
			tally.AddSubject(role, r.Text(i, "subject_id"), total)
			continue
		}
		tally.AddSubject("platform", "", total)
		day := recount.Day{OrderFen: r.Int(i, "gmv_order_fen"), PaidRawFen: r.Int(i, "gmv_paid_raw_fen"), Paid: total, Quantity: r.Int(i, "quantity")}
		if day != (recount.Day{}) { // a row may be there for its lagged figures only
			tally.Days[asOf] = day
		}
	}
	return nil
}

// MonthToDate is the month's row of a night's overview.
func (a Archive) MonthToDate(asOf recount.Date) (recount.Day, error) {
	month := Where{"period", func(v parquet.Value) bool { return string(v.ByteArray()) == "month" }}
	r, err := a.table(asOf, "overview", []Where{month}, "gmv_order_fen", "gmv_paid_raw_fen", "gmv_paid_fen", "lines", "quantity", "orders")
	if err != nil {
		return recount.Day{}, err
	}
	if r.N != 1 {
		return recount.Day{}, fmt.Errorf("as of %s: overview has %d rows of the month, want 1", asOf, r.N)
	}
	return recount.Day{
		OrderFen: r.Int(0, "gmv_order_fen"), PaidRawFen: r.Int(0, "gmv_paid_raw_fen"), Quantity: r.Int(0, "quantity"),
		Paid: recount.Total{Fen: r.Int(0, "gmv_paid_fen"), Lines: r.Int(0, "lines"), Orders: r.Int(0, "orders")},
	}, nil
}

// Buyers is the number of the platform's buyers on the as-of date itself; 0 if nothing was sold.
func (a Archive) Buyers(asOf recount.Date) (int64, error) {
	night, err := a.Night(asOf, "platform")
	return night.GMV[recount.Key{Role: "platform", Window: 1}].Buyers, err
}

// Night reads what one night published about the given roles.
func (a Archive) Night(asOf recount.Date, roles ...string) (recount.Night, error) {
	night := recount.Night{AsOf: asOf}
	where := []Where{roleIn(roles)}
	var problems [4]error
	night.GMV, problems[0] = a.gmv(asOf, where)
	night.Repeat, problems[1] = a.repeat(asOf, where)
	night.Months, problems[2] = a.months(asOf, where)
	night.Cohorts, problems[3] = a.cohorts(asOf, where)
	return night, errors.Join(problems[:]...)
}

func (a Archive) gmv(asOf recount.Date, where []Where) (map[recount.Key]recount.GMV, error) {
	r, err := a.table(asOf, "gmv", where, "role", "subject_id", "window_days", "days_present",
		"gmv_order_fen", "gmv_paid_raw_fen", "gmv_paid_fen", "gmv_paid_lag15_fen", "gmv_paid_lag30_fen",
		"gmv_net_fen", "gmv_net15_fen", "gmv_net30_fen", "refund_amt_fen", "lines", "quantity", "orders",
		"buyers", "new_buyers", "returning_buyers", "atv_buyer_fen", "atv_order_fen")
	if err != nil {
		return nil, err
	}
	rows := map[recount.Key]recount.GMV{}
	for i := range r.N {
		rows[r.key(i)] = recount.GMV{
			DaysPresent: r.Int(i, "days_present"),
			OrderFen:    r.Int(i, "gmv_order_fen"), PaidRawFen: r.Int(i, "gmv_paid_raw_fen"), PaidFen: r.Int(i, "gmv_paid_fen"),
			PaidLag15Fen: r.Int(i, "gmv_paid_lag15_fen"), PaidLag30Fen: r.Int(i, "gmv_paid_lag30_fen"),
			NetFen: r.Int(i, "gmv_net_fen"), Net15Fen: r.Int(i, "gmv_net15_fen"), Net30Fen: r.Int(i, "gmv_net30_fen"),
			RefundFen: r.Int(i, "refund_amt_fen"), Lines: r.Int(i, "lines"), Quantity: r.Int(i, "quantity"), Orders: r.Int(i, "orders"),
			Buyers: r.Int(i, "buyers"), NewBuyers: r.Int(i, "new_buyers"), ReturningBuyers: r.Int(i, "returning_buyers"),
			PerBuyerFen: r.Int(i, "atv_buyer_fen"), PerOrderFen: r.Int(i, "atv_order_fen"),
		}
	}
	return rows, nil
}

func (r *Rows) key(i int) recount.Key {
	return recount.Key{Role: r.Text(i, "role"), Subject: r.Text(i, "subject_id"), Window: r.Int(i, "window_days")}
}

func (a Archive) repeat(asOf recount.Date, where []Where) (map[recount.Key]recount.Repeat, error) {
	r, err := a.table(asOf, "repeat_purchase", where, "role", "subject_id", "window_days", "days_present",
		"buyers", "repeat_buyers", "r1_ratio", "day_gaps", "mean_gap_days", "refunds_applied")
	if err != nil {
		return nil, err
	}
	rows := map[recount.Key]recount.Repeat{}
	for i := range r.N {
		rows[r.key(i)] = recount.Repeat{
			DaysPresent: r.Int(i, "days_present"), Buyers: r.Int(i, "buyers"), RepeatBuyers: r.Int(i, "repeat_buyers"),
			R1: r.Real(i, "r1_ratio"), DayGaps: r.Int(i, "day_gaps"), MeanGapDays: r.Real(i, "mean_gap_days"),
			RefundsApplied: r.Bool(i, "refunds_applied"),
		}
	}
	return rows, nil
}

func (a Archive) months(asOf recount.Date, where []Where) (map[recount.MonthKey]recount.MonthlyBuyers, error) {
	r, err := a.table(asOf, "monthly_buyers", where, "role", "subject_id", "month", "closed", "buyers", "r2_buyers", "retained_buyers", "r2_ratio")
	if err != nil {
		return nil, err
	}
	rows := map[recount.MonthKey]recount.MonthlyBuyers{}
	for i := range r.N {
		key := recount.MonthKey{Role: r.Text(i, "role"), Subject: r.Text(i, "subject_id"), Month: r.Date(i, "month").Month()}
		rows[key] = recount.MonthlyBuyers{
			Closed: r.Bool(i, "closed"), Buyers: r.Int(i, "buyers"), R2Buyers: r.Int(i, "r2_buyers"),
			Retained: r.Int(i, "retained_buyers"), R2: r.Real(i, "r2_ratio"),
		}
	}
	return rows, nil
}

func (a Archive) cohorts(asOf recount.Date, where []Where) (map[recount.CohortKey]recount.Cohort, error) {
	r, err := a.table(asOf, "cohorts", where, "role", "subject_id", "cohort_month", "month_offset", "buyers", "active_buyers",
		"r3_30_buyers", "r3_60_buyers", "r3_90_buyers", "history_complete")
	if err != nil {
		return nil, err
	}
	rows := map[recount.CohortKey]recount.Cohort{}
	for i := range r.N {
		key := recount.CohortKey{
			Role: r.Text(i, "role"), Subject: r.Text(i, "subject_id"), Month: r.Date(i, "cohort_month").Month(), Offset: r.Int(i, "month_offset"),
		}
		rows[key] = recount.Cohort{
			Buyers: r.Int(i, "buyers"), Active: r.Int(i, "active_buyers"), Within30: r.Int(i, "r3_30_buyers"),
			Within60: r.Int(i, "r3_60_buyers"), Within90: r.Int(i, "r3_90_buyers"), HistoryComplete: r.Bool(i, "history_complete"),
		}
	}
	return rows, nil
}
