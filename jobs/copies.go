package jobs

import (
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// Some columns that refunds, shipments and reviews copy from their order line may be null there too: who sold, and why a line is abnormal.
// A dump without such a column says "null in every row", and where orders say otherwise that is false: the refunds of abnormal
// lines would be taken from what the others sold. A partition says which it lacks, one of orders which some row has, and the night
// compares them. Who means null writes so (column: null), and then nothing is lacking.

// lacking are the columns of that kind that a dump with rows does not have.
func (t *intake) lacking() (names []string) {
	if t.rows == 0 {
		return nil // an empty file need not have columns
	}
	absent := t.absent()
	for _, c := range t.dump.table.Columns {
		if c.Copied && c.Null && absent[c.Name] {
			names = append(names, c.Name)
		}
	}
	return names
}

// carried are the columns that others copy of which some row of orders has a value.
type carried map[string]bool

// add looks at a record of orders; others have nothing that is copied.
func (c carried) add(t *contract.Table, rec arrow.Record) {
	if t != contract.Orders {
		return
	}
	for i, f := range rec.Schema().Fields() {
		if copied := contract.Refunds.Index(f.Name); copied >= 0 && contract.Refunds.Columns[copied].Copied && f.Nullable && rec.Column(i).NullN() < rec.Column(i).Len() {
			c[f.Name] = true
		}
	}
}

// uncopied says which column that a rollup needs a partition from first on lacks although orders have it; empty: none.
func (n *night) uncopied(r *rollup.Rollup, first calendar.Day) string {
	var needed []string
	for _, p := range n.partitions[r.Source.Name] {
		if p.Day < first || len(p.Lacks) == 0 {
			continue
		}
		if needed == nil {
			needed = rollup.New(r.Source, []*rollup.Rollup{r}, rollup.Env{IDs: n.runner.ids}).Columns()
		}
		for _, name := range n.lackedBy(p) {
			if slices.Contains(needed, name) {
				return fmt.Sprintf("%s of %s has no column %s, and orders have it", r.Source.Name, p.Day, name)
			}
		}
	}
	return ""
}

// lackedBy are the columns that a partition lacks although orders have them of whose lines its rows may be: those of JoinDays up to its day.
func (n *night) lackedBy(p Partition) []string {
	return slices.DeleteFunc(slices.Clone(p.Lacks), func(name string) bool {
		return !slices.ContainsFunc(n.partitions[contract.Orders.Name], func(o Partition) bool {
			return o.Day <= p.Day && o.Day > p.Day-JoinDays && slices.Contains(o.Carries, name)
		})
	})
}
