package jobs

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// Codes of contract.Statuses.
const (
	statusOK = iota
	statusWarning
	statusNotComputable
	statusFailed
)

// fresh are the records of the partitions that the commit before did not rest on: tonight's and the
// corrected ones. It depends on that commit only, not on what happens to be cached.
func (n *night) fresh(ctx context.Context) ([]*Reduced, error) {
	var out []*Reduced
	for _, t := range rollup.Sources() {
		for _, p := range n.partitions[t.Name] {
			if p.Day < n.first || n.inPrevious(t.Name, p) {
				continue
			}
			if t.Class == contract.Snapshot && p.Day != n.asOf {
				continue // read only where rows need them
			}
			rec, err := n.ensure(ctx, t.Name, p, 1)
			if err != nil {
				return nil, err
			}
			out = append(out, rec)
		}
	}
	return out, nil
}

func (n *night) inPrevious(table string, p Partition) bool {
	return n.previous != nil && slices.ContainsFunc(n.previous.manifest.Partitions[table], func(q Partition) bool {
		return q.Day == p.Day && q.Digest == p.Digest
	})
}

// check is one row of data_quality.
type check struct {
	table  string
	day    calendar.Day
	name   string
	status int
	value  int64
	detail string
}

// reportQuality says what was found in the partitions that are new tonight.
func (n *night) reportQuality(ctx context.Context) error {
	records, err := n.fresh(ctx)
	if err != nil {
		return err
	}
	var checks []check
	for _, r := range records {
		checks = append(checks, checksOf(r)...)
		if lacked := n.lackedBy(r.Partition); len(lacked) > 0 {
			checks = append(checks, check{r.Table, r.Partition.Day, "uncopied_columns", statusNotComputable, int64(len(lacked)), strings.Join(lacked, ", ")})
		}
		n.newPartitions++
		n.inputRows += r.InputRows
		for _, rows := range r.Rejected {
			n.rejected += rows
		}
	}
	for _, t := range contract.Inputs() {
		if n.runner.Inputs.on(t.Name, n.asOf) == nil && t.Class != contract.Static {
			checks = append(checks, check{t.Name, n.asOf, "presence", statusNotComputable, 0, "no partition of this day; a snapshot of an earlier day stands in where there is one, what else needs it is not computable"})
		}
	}
	if begin, before := n.refundsLate(); before > 0 {
		checks = append(checks, check{contract.Refunds.Name, begin, "begins_later", statusNotComputable, before, "so many days with orders lie before the first partition: what is net of refunds is not computable of windows with any of them"})
	}
	begin, before, err := n.channelsLate(ctx)
	if err != nil {
		return err
	}
	if before > 0 {
		checks = append(checks, check{contract.Talents.Name, begin, "begins_later", statusNotComputable, before, "so many days with orders lie before it, and the channels of their sales are not known: distribution and self-broadcast are not computable of windows with any of them"})
	}
	checks = append(checks, n.quarantineChecks()...)
	slices.SortFunc(checks, func(a, b check) int {
		return cmp.Or(strings.Compare(a.table, b.table), cmp.Compare(a.day, b.day), strings.Compare(a.name, b.name))
	})
	b := column.NewBuilder(contract.DataQuality, n.runner.ids)
	for _, c := range checks {
		b.Column("as_of_date").Int(int64(n.asOf))
		b.Column("table_name").Text(c.table)
		b.Column("dt").Int(int64(c.day))
		b.Column("check_name").Text(c.name)
		b.Column("status").Int(int64(c.status))
		b.Column("value").Int(c.value)
		b.Column("detail").Text(c.detail)
	}
	n.publishTable(contract.DataQuality, b.Record(memory.DefaultAllocator))
	n.publishRejects(records)
	return nil
}

func checksOf(r *Reduced) []check {
	add := func(name string, bad int, value int64, detail string) check {
		status := statusOK
		if value > 0 {
			status = bad
		}
		return check{r.Table, r.Partition.Day, name, status, value, detail}
	}
	var rejected int64
	var reasons []string
	for _, name := range contract.RejectReasons {
		if k := r.Rejected[name]; k > 0 {
			rejected += k
			reasons = append(reasons, name)
		}
	}
	out := []check{
		{r.Table, r.Partition.Day, "rows", statusOK, r.InputRows, ""},
		add("rejects", statusWarning, rejected, strings.Join(reasons, ", ")),
		add("duplicates", statusWarning, r.Duplicates, ""),
		add("extra_columns", statusOK, int64(len(r.Extra)), strings.Join(r.Extra, ", ")),
		add("absent_columns", statusWarning, int64(len(r.Absent)), strings.Join(r.Absent, ", ")),
	}
	for name, why := range r.Missing {
		out = append(out, check{r.Table, r.Partition.Day, "rollup " + name, statusNotComputable, 0, why})
	}
	return out
}

func (n *night) publishRejects(records []*Reduced) {
	type row struct {
		table string
		day   calendar.Day
		RejectedRow
	}
	var rows []row
	for _, r := range records {
		for _, x := range r.Rejects {
			rows = append(rows, row{r.Table, r.Partition.Day, x})
		}
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(strings.Compare(a.table, b.table), cmp.Compare(a.day, b.day), compareRejects(a.RejectedRow, b.RejectedRow))
	})
	b := column.NewBuilder(contract.Rejects, n.runner.ids)
	for _, r := range rows {
		b.Column("as_of_date").Int(int64(n.asOf))
		b.Column("table_name").Text(r.table)
		b.Column("dt").Int(int64(r.day))
		b.Column("file").Text(r.File)
		b.Column("row_number").Int(r.Row)
		b.Column("reason").Int(int64(r.Reason))
		b.Column("column_name").Text(r.Column)
		b.Column("value").Text(r.Value)
	}
	n.publishTable(contract.Rejects, b.Record(memory.DefaultAllocator))
}
