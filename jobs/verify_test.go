package jobs

import (
	"math"
	"testing"

	"github.com/windvane/windvane/transforms/contract"
)

func whole(v int64) cell   { return cell{bits: v} }
func ratio(v float64) cell { return cell{bits: int64(math.Float64bits(v))} }

func TestWrongCells(t *testing.T) {
	low, high := 1.0, 5.0
	for _, c := range []struct {
		name   string
		column contract.Column
		value  cell
		wrong  bool
	}{
		{"a null where none may be", contract.Column{Kind: contract.Fen}, cell{null: true}, true},
		{"a null where one may be", contract.Column{Kind: contract.Fen, Null: true}, cell{null: true}, false},
		{"negative money", contract.Column{Kind: contract.Fen}, whole(-1), true},
		{"negative money where the sign counts", contract.Column{Kind: contract.Fen, Signed: true}, whole(-1), false},
		{"no number", contract.Column{Kind: contract.Real}, ratio(math.NaN()), true},
		{"infinity", contract.Column{Kind: contract.Real}, ratio(math.Inf(-1)), true},
		{"a negative ratio, as growth may be", contract.Column{Kind: contract.Real}, ratio(-0.5), false},
		{"a count out of range", contract.Column{Kind: contract.Count, Min: &low, Max: &high}, whole(6), true},
		{"a count in range", contract.Column{Kind: contract.Count, Min: &low, Max: &high}, whole(5), false},
		{"a word that is none of the values", contract.Column{Kind: contract.Enum, Values: contract.Scenes}, cell{text: "dungeon"}, true},
		{"a word that is one", contract.Column{Kind: contract.Enum, Values: contract.Scenes}, cell{text: "live"}, false},
		{"any text", contract.Column{Kind: contract.Text}, cell{}, false},
	} {
		if got := wrongCell(&c.column, c.value); (got != "") != c.wrong {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestRowRules(t *testing.T) {
	null := cell{null: true}
	for _, c := range []struct {
		name  string
		rule  rowRule
		cells []cell
		holds bool
	}{
		{"equal is at most", atMost("a", "b"), []cell{whole(2), whole(2)}, true},
		{"more is not at most", atMost("a", "b"), []cell{whole(3), whole(2)}, false},
		{"null is not computed", atMost("a", "b"), []cell{null, whole(2)}, true},
		{"a share of one", share("a"), []cell{ratio(1)}, true},
		{"more than all", share("a"), []cell{ratio(1.0001)}, false},
		{"less than nothing", share("a"), []cell{ratio(-0.0001)}, false},
		{"a quotient", quotient("r", "n", "d"), []cell{ratio(1.0 / 3), whole(1), whole(3)}, true},
		{"another quotient", quotient("r", "n", "d"), []cell{ratio(0.333), whole(1), whole(3)}, false},
		{"a quotient by zero is null", quotient("r", "n", "d"), []cell{ratio(0), whole(0), whole(0)}, false},
		{"half goes up", halfUp("q", "n", "d"), []cell{whole(3), whole(5), whole(2)}, true},
		{"half does not go down", halfUp("q", "n", "d"), []cell{whole(2), whole(5), whole(2)}, false},
		{"a sum", sum("t", "a", "b"), []cell{whole(3), whole(1), whole(2)}, true},
		{"no sum", sum("t", "a", "b"), []cell{whole(4), whole(1), whole(2)}, false},
		{"shares of a whole", shares("s_", []string{"x", "y"}), []cell{ratio(0.25), ratio(0.75)}, true},
		{"shares that leave a rest", shares("s_", []string{"x", "y"}), []cell{ratio(0.25), ratio(0.25)}, false},
		{"one share is negative", shares("s_", []string{"x", "y"}), []cell{ratio(-0.25), ratio(1.25)}, false},
		{"shares of nothing", shares("s_", []string{"x", "y"}), []cell{null, null}, true},
	} {
		if got := c.rule.holds(c.cells); got != c.holds {
			t.Errorf("%s (%s): %t, want %t", c.name, c.rule.says, got, c.holds)
		}
	}
}

// A rule that no table has the columns of would check nothing.
func TestEveryRowRuleAppliesSomewhere(t *testing.T) {
	for _, rule := range rowRules() {
		applies := false
		for _, table := range contract.Publications() {
			all := true
			for _, name := range rule.columns {
				all = all && table.Index(name) >= 0
			}
			applies = applies || all
		}
		if !applies {
			t.Errorf("no table has the columns of %s", rule.says)
		}
	}
}

func TestFindingsOfOneKindAreCounted(t *testing.T) {
	v := &Verified{}
	for i := range 3 * shownFindings {
		v.add("a.parquet", "values", "row %d", i)
	}
	v.add("b.parquet", "values", "row 0")
	if len(v.Findings) != shownFindings+1 || v.Findings[shownFindings-1].More != 2*shownFindings {
		t.Errorf("findings: %+v", v.Findings)
	}
}
