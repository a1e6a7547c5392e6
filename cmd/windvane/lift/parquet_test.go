package lift

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// writeParquet writes rows in JSON as Arrow's own writer does.
func writeParquet(t *testing.T, schema *arrow.Schema, rows string, groupRows int64, dictionary bool) string {
	t.Helper()
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(rows))
	if err != nil {
		t.Fatal(err)
	}
	defer rec.Release()
	file := filepath.Join(t.TempDir(), "data.parquet")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	table := array.NewTableFromRecords(schema, []arrow.Record{rec})
	defer table.Release()
	if err := pqarrow.WriteTable(table, out, groupRows, parquet.NewWriterProperties(parquet.WithDictionaryDefault(dictionary)), pqarrow.DefaultWriterProps()); err != nil {
		t.Fatal(err)
	}
	return file
}

// The same four units in every type that a warehouse keeps an arm and an outcome in.
func TestLiftReadsParquetTypes(t *testing.T) {
	const rows = `[{"arm": "0", "y": "1", "z": "a"}, {"arm": "0", "y": "2", "z": "a"}, {"arm": "1", "y": "3", "z": "a"}, {"arm": "1", "y": "5", "z": "b"}]`
	bare := strings.NewReplacer(`"arm": "0"`, `"arm": 0`, `"arm": "1"`, `"arm": 1`, `"y": "`, `"y": `, `", "z"`, `, "z"`)
	for name, c := range map[string]struct {
		arm, y arrow.DataType
		rows   string
	}{
		"text":         {arrow.BinaryTypes.String, arrow.BinaryTypes.String, rows},
		"whole":        {arrow.PrimitiveTypes.Int64, arrow.PrimitiveTypes.Int64, bare.Replace(rows)},
		"small":        {arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Uint64, bare.Replace(rows)},
		"floats":       {arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Float64, bare.Replace(rows)},
		"short floats": {arrow.PrimitiveTypes.Int32, arrow.PrimitiveTypes.Float32, bare.Replace(rows)},
		"decimals":     {arrow.BinaryTypes.String, &arrow.Decimal128Type{Precision: 20, Scale: 2}, rows},
		"booleans":     {arrow.FixedWidthTypes.Boolean, arrow.PrimitiveTypes.Int64, strings.NewReplacer(`"arm": 0`, `"arm": false`, `"arm": 1`, `"arm": true`).Replace(bare.Replace(rows))},
	} {
		for _, dictionary := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				data := c.rows
				if c.arm == arrow.BinaryTypes.String && c.y != arrow.BinaryTypes.String {
					data = rows
				}
				schema := arrow.NewSchema([]arrow.Field{{Name: "arm", Type: c.arm, Nullable: true}, {Name: "y", Type: c.y, Nullable: true}, {Name: "z", Type: arrow.BinaryTypes.String}}, nil)
				file := writeParquet(t, schema, data, 3, dictionary) // two row groups
				a := answerOf(t, "--method", "diff", "--file", file, "--arm", "arm", "--y", "y")
				a.printed(t, "difference", "2.5")
			})
		}
	}
}

// A panel by days, as dates and as moments.
func TestLiftReadsParquetDates(t *testing.T) {
	for name, day := range map[string]arrow.DataType{"dates": arrow.FixedWidthTypes.Date32, "moments": arrow.FixedWidthTypes.Timestamp_us} {
		t.Run(name, func(t *testing.T) {
			schema := arrow.NewSchema([]arrow.Field{{Name: "u", Type: arrow.PrimitiveTypes.Int64}, {Name: "day", Type: day}, {Name: "y", Type: arrow.PrimitiveTypes.Float64},
				{Name: "d", Type: arrow.FixedWidthTypes.Boolean}}, nil)
			var rows []string
			for u, y := range [][3]string{{"1", "2", "3"}, {"2", "2", "4"}, {"1", "2", "8"}, {"2", "3", "9"}} {
				for i, v := range y {
					treated := map[bool]string{true: "true", false: "false"}[u >= 2 && i == 2]
					rows = append(rows, `{"u": `+string(rune('1'+u))+`, "day": "2026-01-0`+string(rune('1'+i))+`", "y": `+v+`, "d": `+treated+`}`)
				}
			}
			file := writeParquet(t, schema, "["+strings.Join(rows, ",")+"]", 5, true)
			a := answerOf(t, "--method", "did", "--panel", file, "--unit", "u", "--time", "day", "--outcome", "y", "--treated", "d")
			a.printed(t, "effect", "4.75") // (6.5 + 6.5)/2 less (1.5 + 2)/2
			if start := a.Facts["start"].(string); !strings.HasPrefix(start, "2026-01-03") {
				t.Errorf("start is %s", start)
			}
		})
	}
}

func TestLiftRefusesParquet(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "arm", Type: arrow.BinaryTypes.String, Nullable: true}, {Name: "y", Type: arrow.PrimitiveTypes.Float64, Nullable: true},
		{Name: "day", Type: arrow.FixedWidthTypes.Date32, Nullable: true}, {Name: "list", Type: arrow.ListOf(arrow.PrimitiveTypes.Int64), Nullable: true},
	}, nil)
	const good = `{"arm": "0", "y": 1, "day": "2026-01-01"}, {"arm": "0", "y": 2}, {"arm": "1", "y": 3}, `
	for name, c := range map[string]struct {
		rows, y string
		code    int
		says    string
	}{
		"null":           {good + `{"arm": "1"}`, "y", 1, "data.parquet: row 4, column y: \"null\" is no value; fill it in"},
		"a null arm":     {good + `{"y": 1}`, "y", 1, "row 4, column arm: \"null\" is no value"},
		"a date":         {good + `{"arm": "1", "y": 5}`, "day", 1, "row 1, column day: a date32 is not a number"},
		"a list":         {good + `{"arm": "1", "y": 5}`, "list.list.element", 1, "column list.list.element: "},
		"no such column": {good + `{"arm": "1", "y": 5}`, "gmv", 2, "has no column gmv; it has arm, y, day, list"},
		"text":           {good + `{"arm": "1", "y": 5}`, "arm", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			file := writeParquet(t, schema, "["+c.rows+"]", 3, true)
			code, _, errs := run(t, "--method", "diff", "--file", file, "--arm", "arm", "--y", c.y)
			if code != c.code || !strings.Contains(errs, c.says) {
				t.Errorf("exit code %d, want %d: %s", code, c.code, errs)
			}
		})
	}
	nulls := arrow.NewSchema([]arrow.Field{
		{Name: "y", Type: arrow.PrimitiveTypes.Float64}, {Name: "d", Type: arrow.PrimitiveTypes.Int64}, {Name: "x", Type: arrow.PrimitiveTypes.Float64},
		{Name: "region", Type: arrow.Null, Nullable: true},
	}, nil)
	const treated = `[{"y": 1, "d": 0, "x": 0.1}, {"y": 2, "d": 0, "x": 0.2}, {"y": 2, "d": 0, "x": 0.4}, {"y": 4, "d": 1, "x": 0.2}, {"y": 5, "d": 1, "x": 0.3}, {"y": 7, "d": 1, "x": 0.1}]`
	for name, args := range map[string]string{
		"cluster": "--method aipw --y y --treated d --covariates x --cluster region", "id": "--method bh --p x --id region",
		"number": "--method diff --arm d --y region", "arm": "--method diff --arm region --y y",
	} {
		args := append(strings.Fields(args), "--file", writeParquet(t, nulls, treated, 3, true))
		if code, _, errs := run(t, args...); code != 1 || !strings.Contains(errs, `data.parquet: row 1, column region: "null" is no value; fill it in`) {
			t.Errorf("nothing but nulls for %s: exit code %d: %s", name, code, errs)
		}
		if code, _, errs := run(t, append(args, "--missing", "drop")...); code != 1 || !strings.Contains(errs, "all 6 rows lack a value and were left out") {
			t.Errorf("nothing but nulls dropped for %s: exit code %d: %s", name, code, errs)
		}
	}
	empty := writeParquet(t, schema, "[]", 3, true)
	if code, _, errs := run(t, "--method", "diff", "--file", empty, "--arm", "arm", "--y", "y"); code != 1 || !strings.Contains(errs, "there is a header and no row") {
		t.Errorf("no rows: exit code %d: %s", code, errs)
	}
	whole, err := os.ReadFile(writeParquet(t, schema, "["+strings.TrimSuffix(good, ", ")+"]", 3, true))
	if err != nil {
		t.Fatal(err)
	}
	for cut := 4; cut < len(whole); cut += 7 { // wherever it ends, it is an error
		file := textFile(t, t.TempDir(), "cut.parquet", string(whole[:cut]))
		if code, _, errs := run(t, "--method", "diff", "--file", file, "--arm", "arm", "--y", "y"); code != 1 || !strings.Contains(errs, "cut.parquet") {
			t.Errorf("the first %d bytes: exit code %d: %s", cut, code, errs)
		}
	}
}
