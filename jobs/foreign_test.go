package jobs_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/mapping"
)

// otherwise is how another writer has a column.
type otherwise struct {
	node  parquet.Node
	value func(parquet.Value) parquet.Value // of one that is not null
}

// rewrite has the files of a partition written as another writer would: as says how it has a column, nil of one that stays.
func (d *deployment) rewrite(table string, day calendar.Day, as func(name string) *otherwise) {
	d.t.Helper()
	files, err := filepath.Glob(filepath.Join(d.dump(table, day), "*.parquet"))
	if err != nil || len(files) == 0 {
		d.t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(path, rewritten(d.t, data, as), 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
}

func rewritten(t *testing.T, data []byte, as func(name string) *otherwise) []byte {
	t.Helper()
	from, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	group := parquet.Group{}
	for _, f := range from.Schema().Fields() {
		group[f.Name()] = f
		if other := as(f.Name()); other != nil {
			group[f.Name()] = other.node
		}
	}
	to := parquet.NewSchema("rewritten", group)
	var out bytes.Buffer
	w := parquet.NewWriter(&out, to)
	r := parquet.NewReader(from)
	for buf := make([]parquet.Row, 1); ; {
		n, err := r.ReadRows(buf)
		if n == 0 {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
		row := make(parquet.Row, len(group))
		for x, path := range from.Schema().Columns() {
			leaf, _ := to.Lookup(path...)
			v, level := buf[0][x], 0
			if other := as(path[0]); other != nil && !v.IsNull() {
				v = other.value(v)
			}
			if leaf.Node.Optional() && !v.IsNull() {
				level = 1
			}
			row[leaf.ColumnIndex] = v.Level(0, level, leaf.ColumnIndex)
		}
		if _, err := w.WriteRows([]parquet.Row{row}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unknownType is what pyarrow writes of a column in which pandas has None alone: a physical type, and that all is null.
type unknownType struct{ parquet.Type }

// LogicalType is that of columns without values.
func (unknownType) LogicalType() *format.LogicalType {
	return &format.LogicalType{Value: &format.NullType{}}
}

// null is a column of None of one of the types that writers choose for it.
func null(physical parquet.Type) *otherwise {
	return &otherwise{parquet.Optional(parquet.Leaf(unknownType{physical})), func(parquet.Value) parquet.Value { return parquet.NullValue() }}
}

// A column without a value has no type that could be a wrong one.
func TestColumnsOfNoneAreNull(t *testing.T) {
	typed, untyped := newDeployment(t), newDeployment(t)
	for day := firstDay; day <= lastDay; day++ {
		for d, as := range map[*deployment]map[string]*otherwise{
			typed: {
				"intervened_at": {parquet.Optional(parquet.Timestamp(parquet.Microsecond)), null(nil).value}, "liable_at": {parquet.Optional(parquet.Timestamp(parquet.Microsecond)), null(nil).value},
				"liable": {parquet.Optional(parquet.String()), null(nil).value}, "author_id": {parquet.Optional(parquet.Int(64)), null(nil).value}, "self_completed": {parquet.Optional(parquet.Leaf(parquet.BooleanType)), null(nil).value},
			},
			untyped: {
				"intervened_at": null(parquet.Int32Type), "liable_at": null(parquet.BooleanType),
				"liable": null(parquet.Int32Type), "author_id": null(parquet.BooleanType), "self_completed": null(parquet.Int32Type),
			},
		} {
			d.rewrite("refunds", day, func(name string) *otherwise { return as[name] })
		}
	}
	if diff := gocmp.Diff(sums(typed.night(lastDay)), sums(untyped.night(lastDay))); diff != "" {
		t.Error(diff)
	}
}

// A day without rows, as pandas writes a frame without any, is one whatever its columns are.
func TestAnEmptyDayOfPandasIsEmpty(t *testing.T) {
	typed, untyped := newDeployment(t), newDeployment(t)
	for _, d := range []*deployment{typed, untyped} {
		d.settings.Tables = map[string]mapping.Table{"refunds": {AllowEmpty: true}, "orders": {AllowEmpty: true}}
		d.deliver(twin.Partitions{Refunds: map[twin.Day][]twin.Refund{twin.Day(lastDay): {}}, Orders: map[twin.Day][]twin.Order{twin.Day(lastDay - 1): {}}})
	}
	untyped.rewrite("refunds", lastDay, func(string) *otherwise { return null(parquet.Int32Type) })
	untyped.rewrite("orders", lastDay-1, func(string) *otherwise { return null(parquet.Int32Type) })
	if diff := gocmp.Diff(sums(typed.night(lastDay)), sums(untyped.night(lastDay))); diff != "" {
		t.Error(diff)
	}
}

// int96 is a time as Spark writes it by default, moved by some hours.
func int96(optional bool, hours int64) *otherwise {
	node := parquet.Leaf(parquet.Int96Type)
	if optional {
		node = parquet.Optional(node)
	}
	return &otherwise{node, func(v parquet.Value) parquet.Value {
		const perDay = 86_400_000_000
		us := v.Int64() + hours*3_600_000_000
		nanos := uint64(us%perDay) * 1000
		return parquet.Int96Value(deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(us/perDay + 2_440_588)})
	}}
}

// INT96 says not what it is. Spark and Hive write moments, Impala wall clocks: the mapping of its column names their zone.
// Refunds that were taken for wall clocks of Shanghai were booked on the day before, and nothing said so.
func TestTimesOfINT96(t *testing.T) {
	early := func(t *testing.T) *deployment { // lines are paid at three in the morning
		d := newDeployment(t)
		p := twin.Partitions{Orders: map[twin.Day][]twin.Order{}, Refunds: map[twin.Day][]twin.Refund{}}
		for day := twin.Day(firstDay); day <= twin.Day(lastDay); day++ {
			lines, back := orders(day), refunds(day)
			for i := range lines {
				paid := lines[i].PaidAt.Add(-9 * time.Hour)
				lines[i].CreatedAt, lines[i].PaidAt = paid, &paid
			}
			back[0].PaidAt = back[0].PaidAt.Add(-9 * time.Hour)
			p.Orders[day], p.Refunds[day] = lines, back
		}
		d.deliver(p)
		return d
	}
	want := sums(early(t).night(lastDay))
	for _, c := range []struct {
		name, zone string
		hours      int64
	}{{"Spark", "", 0}, {"UTC said", "UTC", 0}, {"Impala", "Asia/Shanghai", 8}} {
		t.Run(c.name, func(t *testing.T) {
			d := early(t)
			d.settings.Tables = map[string]mapping.Table{}
			for table, optional := range map[string]map[string]bool{
				"orders":  {"created_at": false, "paid_at": true},
				"refunds": {"paid_at": false, "applied_at": false, "succeeded_at": true},
			} {
				columns := map[string]mapping.Column{}
				for name := range optional {
					columns[name] = mapping.Column{Zone: c.zone}
				}
				d.settings.Tables[table] = mapping.Table{Columns: columns}
				for day := firstDay; day <= lastDay; day++ {
					d.rewrite(table, day, func(name string) *otherwise {
						if null, ok := optional[name]; ok {
							return int96(null, c.hours)
						}
						return nil
					})
				}
			}
			if diff := gocmp.Diff(want, sums(d.night(lastDay))); diff != "" {
				t.Error(diff)
			}
		})
	}
	d := early(t)
	for day := firstDay; day <= lastDay; day++ {
		d.rewrite("refunds", day, func(name string) *otherwise {
			if name == "paid_at" {
				return int96(false, 0)
			}
			return nil
		})
	}
	if diff := gocmp.Diff(want, sums(d.night(lastDay))); diff != "" {
		t.Errorf("paid_at of refunds alone, which no day rule looks at: %s", diff)
	}
}

// wideDecimal is what ClickHouse's Decimal256 and BIGNUMERIC become.
func wideDecimal() *otherwise {
	const width = 32
	return &otherwise{parquet.Decimal(2, 76, parquet.FixedLenByteArrayType(width)), func(v parquet.Value) parquet.Value {
		return parquet.FixedLenByteArrayValue(binary.BigEndian.AppendUint64(make([]byte, width-8), uint64(v.Int64())))
	}}
}

// A column that no reader of ours takes is refused by name, also where only the types of ids are looked for.
func TestColumnsThatCannotBeReadAreNamed(t *testing.T) {
	for _, column := range []string{"buyer_paid_fen", "merchant_id"} {
		d := newDeployment(t)
		d.rewrite("orders", lastDay, func(name string) *otherwise {
			if name == column {
				return wideDecimal()
			}
			return nil
		})
		want := "part-00000.parquet: column " + column + ": found FIXED_LEN_BYTE_ARRAY(32) DECIMAL(76,2)"
		if _, err := d.try(lastDay); !errors.Is(err, jobs.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("the night: %v", err)
		}
		if found := strings.Join(d.problems(), "\n"); !strings.Contains(found, want) {
			t.Errorf("validate: %s", found)
		}
	}
}
