package jobs_test

import (
	"slices"
	"testing"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/transforms/rules"
)

type recentOrdersRow struct {
	List    string `parquet:"list"`
	Subject string `parquet:"subject_id"`
	Orders  int64  `parquet:"orders"`
}

// Orders of 30 days, which lists and their gates look at, are those of 30 days where scores look at fewer.
func TestOrdersOfThirtyDaysUnderShortWindows(t *testing.T) {
	d := newDeployment(t)
	short := config.DefaultRules()[0]
	short.LagDays = 1
	for _, s := range []*rules.Score{&short.Product, &short.Shop, &short.Talent} {
		s.Windows = []int{2}
	}
	d.settings.Rules = rules.Set{short}
	o := d.night(lastDay)
	var rows []recentOrdersRow
	for _, table := range []string{"eligibility_traffic", "eligibility_benefit"} {
		rows = append(rows, published[recentOrdersRow](t, d, o, table)...)
	}
	for _, want := range []recentOrdersRow{{"traffic_item", "31", marketDays}, {"benefit_shop", "11", 3 * marketDays}, {"traffic_live", "21", marketDays}} {
		if !slices.Contains(rows, want) {
			t.Errorf("no %+v in %+v", want, rows)
		}
	}
}
