package twin_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/transforms/contract"
	"pgregory.net/rapid"
)

// TestEveryTableComesBackFromParquet writes the twin's tables as they are published and compares them with themselves.
func TestEveryTableComesBackFromParquet(t *testing.T) {
	m := twin.Markets(twin.MarketOptions{}).Example(3)
	want := twin.Compute(m.Partitions, m.Options).ByTable()
	want[contract.LateData.Name] = twin.Rows(twin.LateData(m.Nights(3)...))
	output := t.TempDir()
	dir := filepath.Join(output, "published", "nightly", "dt="+m.Options.AsOf.String(), "run=1")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, rows := range want {
		table, _ := contract.Lookup(name, contract.Publications())
		publish(t, filepath.Join(dir, name+".parquet"), table, rows)
	}
	found, err := twin.PublishedDir(output, m.Options.AsOf)
	if err != nil {
		t.Fatal(err)
	}
	if diff, err := twin.DiffPublished(found, want); err != nil || len(diff) > 0 {
		t.Fatalf("tables differ from themselves: %v\n%s", err, twin.Report(diff, 20))
	}
	if _, err := twin.PublishedDir(output, m.Options.AsOf-1); err == nil {
		t.Fatal("found tables of a date that was not published")
	}
}

func publish(t *testing.T, name string, table *contract.Table, rows []twin.Row) {
	t.Helper()
	group := parquet.Group{}
	for _, c := range table.Columns {
		group[c.Name] = node(c)
	}
	schema := parquet.NewSchema(table.Name, group)
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := parquet.NewWriter(f, schema)
	for _, row := range rows {
		if _, err := w.WriteRows([]parquet.Row{values(schema, row)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func node(c contract.Column) parquet.Node {
	n := parquet.Int(64)
	switch c.Kind {
	case contract.Date:
		n = parquet.Date()
	case contract.Real:
		n = parquet.Leaf(parquet.DoubleType)
	case contract.Bool:
		n = parquet.Leaf(parquet.BooleanType)
	case contract.Text, contract.Enum, contract.ID:
		n = parquet.String()
	}
	if c.Null {
		return parquet.Optional(n)
	}
	return n
}

func values(schema *parquet.Schema, row twin.Row) parquet.Row {
	var out parquet.Row
	for i, f := range schema.Fields() {
		v := row[f.Name()]
		if d, ok := v.(twin.Day); ok {
			v = int32(d)
		}
		level := 0
		if f.Optional() && v != nil {
			level = 1
		}
		out = append(out, parquet.ValueOf(v).Level(0, level, i))
	}
	return out
}

func TestLateLinesMoveTheirDay(t *testing.T) {
	moved := 0
	rapid.Check(t, func(t *rapid.T) {
		m := twin.Markets(twin.MarketOptions{NoGaps: true, MaxDays: 6}).Draw(t, "market")
		for _, r := range twin.LateData(twin.LateNights(m, 3).Draw(t, "nights")...) {
			if r.GMVNetFen != nil && (*r.GMVNetFen < 0 || *r.GMVNetFen > r.GMVPaidFen) {
				t.Fatalf("gmv_net outside 0 to gmv_paid: %+v", r)
			}
			if r.GMVPaidMovedFen != nil && *r.GMVPaidMovedFen > 0 {
				moved++
			}
		}
	})
	if moved == 0 {
		t.Error("no late line ever moved a day")
	}
}
