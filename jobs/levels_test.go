package jobs_test

import (
	"testing"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/transforms/rules"
)

// The level of a product for traffic is the tier that its score is published with, also behind the quality gate.
func TestALevelForTrafficIsThePublishedTier(t *testing.T) {
	type scoreRow struct {
		Product string   `parquet:"product_id"`
		Score   *float64 `parquet:"score"`
		Quality *float64 `parquet:"quality_score"`
		Tier    *string  `parquet:"tier"`
	}
	type levelRow struct {
		List    string  `parquet:"list"`
		Subject string  `parquet:"subject_id"`
		Level   *string `parquet:"level"`
	}
	d := newMarket(t, func(o *market.Options) { o.Days, o.Merchants, o.Products, o.LinesPerDay, o.Seed = 6, 12, 150, 3000, 4 })
	strict := config.DefaultRules()[0]
	strict.QualityGate.AtLeast = 4.70 // six days of events put nobody below 4.40
	d.settings.Rules = rules.Set{strict}
	o := d.night(lastDay)
	scored := map[string]scoreRow{}
	for _, r := range published[scoreRow](t, d, o, "product_score") {
		scored[r.Product] = r
	}
	gated := 0
	for _, r := range published[levelRow](t, d, o, "eligibility_traffic") {
		if r.List != "traffic_item" || r.Level == nil {
			continue
		}
		s := scored[r.Subject]
		if s.Tier == nil || *s.Tier != *r.Level {
			t.Errorf("product %s has level %s, and tier %v", r.Subject, *r.Level, s.Tier)
		}
		if s.Quality != nil && *s.Quality < 4.70 && *s.Score >= 4.40 {
			gated++
		}
	}
	if gated == 0 {
		t.Error("the quality gate bites nobody on the list: the test has lost its object")
	}
}
