package rollup_test

import (
	"testing"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Rows that do not fit lie anywhere in a batch, not only among those that are packed first.
func TestRowsThatDoNotFitLieAnywhereInABatch(t *testing.T) {
	d := fromSeed(7)
	w := d.world()
	for len(w.products) == 0 || len(w.accounts) == 0 {
		w = d.world()
	}
	rows := d.rows(contract.Orders, w, 5000)
	for i := 3700; i < len(rows); i += 97 {
		rows[i]["buyer_paid_fen"] = int64(1)<<45 + int64(i)
	}
	for _, h := range []how{{workers: 1, expected: 1, batch: 2500}, {workers: 1, expected: 300_000, batch: 2500}} {
		h.memory = column.Memory{Budget: column.NewBudget(0)}
		agree(t, contract.Orders, rows, w, run(t, contract.Orders, rows, w, h))
	}
}
