package indicators_test

import (
	"strings"
	"testing"

	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/indicators"
	"github.com/windvane/windvane/transforms/rules"
)

// What is added up day by day, and nothing else, weighs by recency: rules.Known and the text of the numerator say so.
func TestEventsAreWhatDaysAddUpTo(t *testing.T) {
	numerator := contract.ScoreIndicators.Column("numerator").Doc
	for role, known := range [][]rules.Known{contract.ScoreProduct: rules.ProductIndicators, contract.ScoreMerchant: rules.ShopIndicators, contract.ScoreTalent: rules.TalentIndicators} {
		added := (&indicators.Sums{}).Figures(role)
		for _, k := range known {
			_, byDay := added[k.ID]
			if (k.Way == rules.Rate) != (k.Counts != 0) {
				t.Errorf("%s %s is a rate, and counts nothing that is known, or the reverse", contract.ScoreRoles[role], k.ID)
			}
			if k.Way == rules.Rate && byDay != (k.Counts == rules.Events) {
				t.Errorf("%s %s: added up by day: %t; counts events: %t", contract.ScoreRoles[role], k.ID, byDay, k.Counts == rules.Events)
			}
			// Orders by clicks and GMV by impressions are of weighted days as well; GMV by day is an amount.
			if weighs := byDay || k.Way == rules.Percentile && k.ID != "effective_gmv"; weighs == strings.Contains(numerator, k.ID) {
				t.Errorf("%s weighs by recency: %t; the numerator is: %s", k.ID, weighs, numerator)
			}
		}
	}
}
