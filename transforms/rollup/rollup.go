// Package rollup declares the daily rollups and reduces one day's rows to them.
//
// A rollup is a value: a source table, a filter, keys and measures, all exact integers. The native
// engine here executes it; another engine may render it as SQL; plan prints it and docs/tables.md lists
// it. Windows, lags and recency are applied when days are merged, never here.
//
// The way of a day's rows:
//
//  1. Derive adds what the declarations use beyond the source columns (class, channel, category …).
//  2. Each row is scattered once per partitioning (by buyer; by merchant and product), carrying only
//     the columns the rollups of that partitioning need, flags and enumerations packed into shared words.
//  3. Every partition fits the cache and is grouped on its own, column by column: rows get the number of their
//     group, then each measure is one loop over one column. Groups that span partitions are completed
//     afterwards: many of them by a second partitioning of the rows (SumBy), few by adding up.
//  4. The result is sorted by key, gets what is derived late, and is handed out as Arrow records of the rollup's contract table.
package rollup

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/windvane/windvane/transforms/contract"
)

// Op is what a measure does with the rows of a group.
type Op uint8

const (
	// Count counts rows.
	Count Op = iota + 1
	// Sum adds a column.
	Sum
	// Distinct counts distinct orders. The rollup must be partitioned so that the lines of an order meet: an order
	// has one buyer, so orders may be counted by buyer. One that names several counts once for each.
	Distinct
	// Sets counts the orders with at least MinSet rows of one brand.
	Sets
	// SetSum adds a column over the rows of such orders and brands.
	SetSum
	// Only takes the value of the group's single row: for rollups whose key is unique in the source.
	Only
)

// MinSet is the number of lines of one brand that make an order a "full set" (definitions, section 13).
const MinSet = 3

// Measure is one figure of a group.
type Measure struct {
	Name string
	Op   Op
	Of   string // column; empty for Count
	If   string // a 0/1 column: rows where it is 0 do not contribute; empty: all rows do
	Doc  string
}

// Rollup declares one daily reduction.
type Rollup struct {
	Name        string
	Doc         string
	Source      *contract.Table
	Where       string   // a 0/1 column: only rows where it is 1; empty: all rows
	By          []string // key columns of the source or derived, in sort order
	Totals      int      // > 0: besides each group also the group with the last Totals keys null (a grouping set)
	PartitionBy []string // columns whose equal values must meet; a subset of By makes groups complete
	SumBy       []string // where that is another place than PartitionBy: columns whose equal values meet afterwards
	Measures    []Measure
}

// Table is the contract of the stored rollup.
func (r *Rollup) Table() *contract.Table {
	t := &contract.Table{Name: r.Name, Class: contract.Rollup, Doc: r.Doc, Key: r.By}
	for i, name := range r.By {
		c := declared(r.Source, name)
		c.Null = c.Null || i >= len(r.By)-r.Totals
		t.Columns = append(t.Columns, c)
	}
	for _, m := range r.Measures {
		t.Columns = append(t.Columns, m.column(r.Source))
	}
	return t
}

func (m Measure) column(source *contract.Table) contract.Column {
	c := contract.Column{Kind: contract.Count, Signed: true}
	if m.Op == Only || m.Op == Sum || m.Op == SetSum {
		c = declared(source, m.Of)
	}
	c.Name, c.Doc = m.Name, m.Doc
	return c
}

// declared is the declaration of a source or derived column.
func declared(source *contract.Table, name string) contract.Column {
	if i := source.Index(name); i >= 0 {
		return source.Columns[i]
	}
	if c, ok := derivedColumns()[source.Name][name]; ok {
		return c
	}
	panic(fmt.Sprintf("rollup: %s has no column %s", source.Name, name))
}

// derivedColumns are the declarations of derived columns by source, made once: they are asked for with every file.
var derivedColumns = sync.OnceValue(func() map[string]map[string]contract.Column {
	all := map[string]map[string]contract.Column{}
	for _, t := range Sources() {
		all[t.Name] = map[string]contract.Column{}
		for _, d := range slices.Concat(derivations(t), lateDerivations(t)) {
			all[t.Name][d.column.Name] = d.column
		}
	}
	return all
})

// String prints the declaration as one line of SQL-like text, for plan and docs.
func (r *Rollup) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: select %s", r.Name, strings.Join(r.By, ", "))
	for _, m := range r.Measures {
		fmt.Fprintf(&b, ", %s", m)
	}
	fmt.Fprintf(&b, " from %s", r.Source.Name)
	if r.Where != "" {
		fmt.Fprintf(&b, " where %s", r.Where)
	}
	fmt.Fprintf(&b, " group by %s", strings.Join(r.By, ", "))
	if r.Totals > 0 {
		fmt.Fprintf(&b, " and by (%s)", strings.Join(r.By[:len(r.By)-r.Totals], ", "))
	}
	return b.String()
}

func (m Measure) String() string {
	var s string
	switch m.Op {
	case Count:
		s = "count(*)"
	case Sum:
		s = "sum(" + m.Of + ")"
	case Distinct:
		s = "count(distinct " + m.Of + ")"
	case Sets:
		s = fmt.Sprintf("count(orders with %d+ lines of one brand)", MinSet)
	case SetSum:
		s = fmt.Sprintf("sum(%s in orders with %d+ lines of one brand)", m.Of, MinSet)
	case Only:
		s = m.Of
	}
	if m.If != "" {
		s += " if " + m.If
	}
	return s + " as " + m.Name
}
