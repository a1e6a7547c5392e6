package jobs

import (
	"slices"
	"strings"
	"testing"

	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
	"github.com/windvane/windvane/transforms/rules"
)

// What validate says is lost without a table: something of every table that a night reads, nothing of the others, and every
// indicator of its tables.
func TestEveryTableThatIsReadIsNeeded(t *testing.T) {
	for _, table := range contract.Inputs() {
		if read, needs := slices.Contains(rollup.Sources(), table), consequence(table); read != (len(needs) > 0) {
			t.Errorf("%s is read: %t; not computable without it: %q", table.Name, read, needs)
		}
	}
	for _, k := range slices.Concat(rules.ProductIndicators, rules.ShopIndicators, rules.TalentIndicators) {
		at := slices.IndexFunc(contract.Inputs(), func(t *contract.Table) bool { return t.Name == k.Table })
		if k.Table == "" {
			continue
		}
		if at < 0 || !strings.Contains(strings.Join(consequence(contract.Inputs()[at]), " "), k.ID) {
			t.Errorf("%s is not said to need %s", k.ID, k.Table)
		}
	}
	if needs := strings.Join(consequence(contract.Shipments), " "); !strings.Contains(needs, "bad_review") {
		t.Errorf("bad reviews are of signed orders: %s", needs)
	}
}
