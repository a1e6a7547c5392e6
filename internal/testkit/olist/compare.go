package olist

import (
	"fmt"

	"github.com/windvane/windvane/internal/testkit/recount"
)

// CompareAllPaid compares a tally made with every status paid: GMV, lines and orders by day, by month, of the
// top 20 sellers and products and of all categories.
func (r *Reference) CompareAllPaid(got recount.Tally) []string {
	days := map[recount.Date]recount.Total{}
	for date, d := range r.Totals.DaysAll {
		days[recount.Date(date)] = d.total()
	}
	lines := recount.Diff("day", days, paid(got.Days))
	lines = append(lines, recount.Diff("month, all statuses", totalsOf(r.Totals.MonthsAll), paid(got.Months()))...)
	for role, top := range map[string][]subject{"merchant": r.Totals.TopSellers, "product": r.Totals.TopProducts, "category": r.Totals.Categories} {
		want := map[string]recount.Total{}
		for _, s := range top {
			want[s.Key] = s.total()
		}
		lines = append(lines, recount.Diff(role, want, recount.Of(got.Subjects[role], want))...)
	}
	return lines
}

// CompareByStatus compares a tally made with the mapping ByStatus: its months as CompareStatusMonths does, and by
// day the GMV of all statuses.
func (r *Reference) CompareByStatus(got recount.Tally) []string {
	return append(r.CompareStatusMonths(got.Months()), r.compareDays(got)...)
}

// CompareStatusMonths compares months made with the mapping ByStatus: GMV of all statuses as GMV by order, of all but
// canceled and unavailable ones as raw GMV, of delivered ones as GMV with lines and orders.
func (r *Reference) CompareStatusMonths(got map[string]recount.Day) []string {
	type forms struct {
		OrderFen, PaidRawFen int64
		Paid                 recount.Total
	}
	want, have := map[string]forms{}, map[string]forms{}
	for month, all := range r.Totals.MonthsAll {
		want[month] = forms{int64(all.GMV), int64(r.Totals.MonthsNotCanceled[month].GMV), r.Totals.MonthsDelivered[month].total()}
	}
	for month, d := range got {
		have[month] = forms{d.OrderFen, d.PaidRawFen, d.Paid}
	}
	return recount.Diff("month", want, have)
}

// compareDays compares GMV by order with the GMV of all statuses by day.
func (r *Reference) compareDays(got recount.Tally) []string {
	want, have := map[recount.Date]int64{}, map[recount.Date]int64{}
	for date, d := range r.Totals.DaysAll {
		want[recount.Date(date)] = int64(d.GMV)
	}
	for date, d := range got.Days {
		have[date] = d.OrderFen
	}
	return recount.Diff("day, GMV by order", want, have)
}

// CompareUnlessCanceled compares months made with the mapping PaidUnlessCanceled: GMV, lines and orders.
func (r *Reference) CompareUnlessCanceled(months map[string]recount.Day) []string {
	return recount.Diff("month, not canceled or unavailable", totalsOf(r.Totals.MonthsNotCanceled), paid(months))
}

// CompareWindows compares a night made with every status paid, at one of WindowDates: buyers, repeat buyers and
// GMV of the platform's windows of at most longest days, and of the sellers' 90 days.
func (r *Reference) CompareWindows(night recount.Night, longest int64) []string {
	at := string(night.AsOf)
	want := map[recount.Key]window{}
	for days, w := range r.Windows.Platform[night.AsOf] {
		if days <= longest {
			want[recount.Key{Role: "platform", Window: days}] = w
		}
	}
	sellers := r.Windows.Merchants[night.AsOf]
	for id, w := range sellers.Top50 {
		want[recount.Key{Role: "merchant", Subject: id, Window: 90}] = w
	}
	have := map[recount.Key]window{}
	sum := merchants{}
	for key, row := range night.Repeat {
		have[key] = window{row.Buyers, row.RepeatBuyers, night.GMV[key].PaidFen}
		if key.Role == "merchant" && key.Window == 90 {
			sum.Active, sum.SumBuyers, sum.SumRepeat = sum.Active+1, sum.SumBuyers+row.Buyers, sum.SumRepeat+row.RepeatBuyers
		}
	}
	lines := recount.Diff(at+" window", want, recount.Of(have, want))
	if sum.Active != sellers.Active || sum.SumBuyers != sellers.SumBuyers || sum.SumRepeat != sellers.SumRepeat {
		lines = append(lines, fmt.Sprintf("%s all sellers' 90 days: got %d active, %d buyers, %d repeat, want %d, %d, %d",
			at, sum.Active, sum.SumBuyers, sum.SumRepeat, sellers.Active, sellers.SumBuyers, sellers.SumRepeat))
	}
	return append(lines, compareBuyers(night, want)...)
}

// compareBuyers compares table gmv's own count of buyers.
func compareBuyers(night recount.Night, want map[recount.Key]window) []string {
	buyers, have := map[recount.Key]int64{}, map[recount.Key]int64{}
	for key, w := range want {
		buyers[key] = w.Buyers
		if row, ok := night.GMV[key]; ok {
			have[key] = row.Buyers
		}
	}
	return recount.Diff(string(night.AsOf)+" buyers in gmv", buyers, have)
}

// CompareMonth compares the platform's MAB of the month that a night closes, and R2 of the month before it,
// with every status paid.
func (r *Reference) CompareMonth(night recount.Night) []string {
	month := night.AsOf.Month()
	before := recount.Date(month + "-01").Add(-1).Month()
	want, have := map[string]retention{}, map[string]retention{}
	if mab, ok := r.Windows.MAB[month]; ok {
		want[month] = retention{Buyers: mab}
	}
	if r2, ok := r.Windows.R2[before]; ok {
		want[before] = r2
	}
	for key, row := range night.Months {
		if key.Role == "platform" && key.Month == month {
			have[month] = retention{Buyers: row.Buyers}
		}
		if _, ok := want[before]; ok && key.Role == "platform" && key.Month == before {
			have[before] = retention{row.R2Buyers, row.Retained}
		}
	}
	return recount.Diff(string(night.AsOf)+" month", want, have)
}

// CompareCohorts compares R3 summed over the platform's cohorts at LastDay, with every status paid.
func (r *Reference) CompareCohorts(night recount.Night) []string {
	type sums struct{ Buyers, R330, R360, R390 int64 }
	var got sums
	for key, row := range night.Cohorts {
		if key.Role == "platform" && key.Offset == 0 {
			got = sums{got.Buyers + row.Buyers, got.R330 + row.Within30, got.R360 + row.Within60, got.R390 + row.Within90}
		}
	}
	w := r.Windows
	if want := (sums{w.Buyers, w.R330, w.R360, w.R390}); got != want {
		return []string{fmt.Sprintf("%s cohorts: got %+v, want %+v", night.AsOf, got, want)}
	}
	return nil
}

func totalsOf(months map[string]sold) map[string]recount.Total {
	totals := map[string]recount.Total{}
	for month, s := range months {
		totals[month] = s.total()
	}
	return totals
}

// paid keeps the valid lines' totals; days and months without any are absent.
func paid[K comparable](days map[K]recount.Day) map[K]recount.Total {
	totals := map[K]recount.Total{}
	for key, d := range days {
		if d.Paid != (recount.Total{}) {
			totals[key] = d.Paid
		}
	}
	return totals
}
