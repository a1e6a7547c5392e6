package jobs_test

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/transforms/rules"
)

// On a list that is held a product that moved to another category stands there behind those who were there: a place is one product's.
func TestAHeldListHasOneProductInAPlace(t *testing.T) {
	d := newDeployment(t)
	held := config.DefaultRules()[0]
	held.Stability.MaxChurn, held.Stability.ChurnFrom = 0.01, 1
	d.settings.Rules = rules.Set{held}
	of := func(id, category string) twin.Product {
		return twin.Product{ProductID: id, MerchantID: "1" + id, Category1ID: &category, UnitsPerItem: 1}
	}
	d.deliver(twin.Partitions{Products: map[twin.Day][]twin.Product{
		twin.Day(lastDay - 1): {of("3", "72"), of("31", "71"), of("32", "71"), of("33", "71"), of("99", "71")},
		twin.Day(lastDay):     {of("3", "72"), of("31", "72"), of("32", "71"), of("33", "71")}, // 99 is gone, which is more than may turn over
	}})
	type place struct {
		List     string  `parquet:"list"`
		Subject  string  `parquet:"subject_id"`
		Category *string `parquet:"category1_id"`
		Rank     *int64  `parquet:"rank"`
		Reasons  string  `parquet:"reasons"`
	}
	places := func(rows []place) map[string][]string {
		rows = slices.DeleteFunc(rows, func(p place) bool { return p.List != "traffic_item" || p.Rank == nil })
		slices.SortFunc(rows, func(a, b place) int { return int(*a.Rank - *b.Rank) })
		out := map[string][]string{}
		for _, p := range rows {
			out[*p.Category] = append(out[*p.Category], text(int(*p.Rank))+": "+p.Subject+" "+p.Reasons)
		}
		return out
	}
	before := places(published[place](t, d, d.night(lastDay-1), "eligibility_traffic"))
	if diff := gocmp.Diff(map[string][]string{"71": {"1: 31 first_run", "2: 32 first_run", "3: 33 first_run", "4: 99 first_run"}, "72": {"1: 3 first_run"}}, before); diff != "" {
		t.Fatal(diff)
	}
	now := places(published[place](t, d, d.night(lastDay), "eligibility_traffic"))
	if diff := gocmp.Diff(map[string][]string{"71": {"2: 32 churn_held", "3: 33 churn_held"}, "72": {"1: 3 churn_held", "2: 31 churn_held"}}, now); diff != "" {
		t.Error(diff)
	}
}
