package jobs_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	arrowmemory "github.com/apache/arrow/go/v17/arrow/memory"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

// twice delivers the orders of a day as two files with a text of the last change in every row, of the rows in turn.
func (d *deployment) twice(day calendar.Day, updated ...string) {
	d.t.Helper()
	l := d.open(d.dump("orders", day))
	defer l.Close()
	obj, err := l.Stat(d.t.Context(), "part-00000.parquet")
	if err != nil {
		d.t.Fatal(err)
	}
	f, err := l.OpenParquet(d.t.Context(), obj)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	var names []string
	for _, c := range contract.Orders.Columns {
		names = append(names, c.Name)
	}
	rec, err := f.ReadRowGroup(d.t.Context(), arrowmemory.DefaultAllocator, 0, names)
	if err != nil {
		d.t.Fatal(err)
	}
	b := array.NewStringBuilder(arrowmemory.DefaultAllocator)
	for i := range int(rec.NumRows()) {
		b.Append(updated[i%len(updated)])
	}
	schema := arrow.NewSchema(append(slices.Clone(rec.Schema().Fields()), arrow.Field{Name: "updated_at", Type: arrow.BinaryTypes.String}), nil)
	whole := array.NewRecord(schema, append(slices.Clone(rec.Columns()), b.NewArray()), rec.NumRows())
	for _, name := range []string{"part-00000.parquet", "part-00001.parquet"} {
		if _, err := l.WriteParquet(d.t.Context(), name, schema, lake.WriteOptions{}, func(yield func(arrow.Record, error) bool) { yield(whole, nil) }); err != nil {
			d.t.Fatal(err)
		}
	}
}

// A dump delivered twice whose times of the last change cannot be read counts no line twice: its rows are rejected, which ends the
// night with the column's name, as validate says; with the column left out of it the dump is what it is, delivered twice.
func TestADumpDeliveredTwiceWithoutReadableLastChange(t *testing.T) {
	want := figures(newDeployment(t).night(lastDay))
	d := newDeployment(t)
	d.twice(lastDay, "0000-00-00 00:00:00")
	_, err := d.try(lastDay)
	for _, part := range []string{"6 of 6 rows rejected (mostly unknown_value: ", `column updated_at, value "0000-00-00 00:00:00"`} {
		if !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not tell %q: %v", part, err)
		}
	}
	if r := d.validate(lastDay); r.Status != jobs.ReportFailed || r.Rejected["unknown_value"] != 6 || r.Duplicates != 0 {
		t.Errorf("validate: %+v", r)
	}
	d.settings.Tables = map[string]mapping.Table{"orders": {Columns: map[string]mapping.Column{"updated_at": {Null: true}}}}
	if diff := gocmp.Diff(want, figures(d.night(lastDay))); diff != "" {
		t.Errorf("figures: %s", diff)
	}
	d.counts(lastDay, 3, nil)
}

// Where few rows are so, they are rejected within the table's limits, in both files, and told.
func TestRowsWithoutReadableLastChangeAreRejected(t *testing.T) {
	d := newDeployment(t)
	d.twice(lastDay, "2026-01-31T13:00:00+0800", "2026-01-31 13:00:00", "2026-01-31 13:00:00")
	o := d.night(lastDay)
	d.counts(lastDay, 2, map[string]int64{"unknown_value": 2})
	for _, r := range published[buyerRow](t, d, o, "gmv") {
		if r.Role == "platform" && r.Window == 1 && (r.Paid != 2000+3000 || r.Lines != 2) {
			t.Errorf("%+v: the first line cannot be used, the others count once", r)
		}
	}
	if r := d.validate(lastDay); r.Status != jobs.ReportWarning || r.Rejected["unknown_value"] != 2 || r.Duplicates != 2 {
		t.Errorf("validate: %+v", r)
	}
}

// counts wants the record of a day's orders to tell so many duplicates and rejects.
func (d *deployment) counts(day calendar.Day, duplicates int64, rejected map[string]int64) {
	d.t.Helper()
	for _, r := range d.records() {
		if r.Table == "orders" && r.Partition.Day == day && (r.Duplicates != duplicates || !gocmp.Equal(r.Rejected, rejected) || slices.Contains(r.Absent, "updated_at")) {
			d.t.Errorf("%s: %d duplicates, rejected %v, absent %q; want %d, %v", filepath.Join(r.Table, day.String()), r.Duplicates, r.Rejected, r.Absent, duplicates, rejected)
		}
	}
}
