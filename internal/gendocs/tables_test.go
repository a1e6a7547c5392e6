package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// Money is in fen whatever its type; a yes or no has no unit, though it may be about hours.
func TestUnitsAreThoseOfTheFigures(t *testing.T) {
	tables := slices.Concat(contract.Inputs(), contract.Publications())
	for _, r := range rollup.All() {
		tables = append(tables, r.Table())
	}
	fen := 0
	for _, table := range tables {
		for _, c := range table.Columns {
			money, got := strings.HasSuffix(c.Name, "_fen"), unit(c)
			if money {
				fen++
			}
			if money != (got == "fen") {
				t.Errorf("%s.%s has unit %q", table.Name, c.Name, got)
			}
			if got != "" && slices.Contains([]contract.Kind{contract.Bool, contract.Text, contract.Enum, contract.Instant}, c.Kind) {
				t.Errorf("%s.%s is no figure, but has unit %q", table.Name, c.Name, got)
			}
		}
	}
	if fen < 50 {
		t.Errorf("%d columns of money: the test says little", fen)
	}
}
