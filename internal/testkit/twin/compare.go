package twin

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
	"github.com/windvane/windvane/transforms/contract"
)

// Row is one row of a published table by column name. Values are Day (dates), int64, float64, bool,
// string, or nil for a null.
type Row map[string]any

// Rows turns row structs of this package into Rows.
func Rows[R any](structs []R) []Row {
	rows := make([]Row, len(structs))
	for i := range structs {
		rows[i] = Row{}
		fill(rows[i], reflect.ValueOf(structs[i]))
	}
	return rows
}

func fill(row Row, v reflect.Value) {
	for i := range v.NumField() {
		f, field := v.Field(i), v.Type().Field(i)
		switch {
		case field.Anonymous:
			fill(row, f)
		case f.Kind() != reflect.Pointer:
			row[field.Tag.Get("column")] = f.Interface()
		case f.IsNil():
			row[field.Tag.Get("column")] = nil
		default:
			row[field.Tag.Get("column")] = f.Elem().Interface()
		}
	}
}

// ByTable are the rows of t under the names of their published tables.
func (t Tables) ByTable() map[string][]Row {
	return map[string][]Row{
		contract.Overview.Name:      Rows(t.Overview),
		contract.GMV.Name:           Rows(t.GMV),
		contract.GMVSplit.Name:      Rows(t.GMVSplit),
		contract.Excluded.Name:      Rows(t.Excluded),
		contract.Repeat.Name:        Rows(t.Repeat),
		contract.MonthlyBuyers.Name: Rows(t.MonthlyBuyers),
		contract.Cohorts.Name:       Rows(t.Cohorts),
		contract.Trust.Name:         Rows(t.Trust),
	}
}

// PublishedDir finds, below the output of a run, the folder with the tables of one as-of date.
//
// It fails unless there is exactly one: a test that publishes a date twice must name the run itself.
func PublishedDir(output string, asOf Day) (string, error) {
	var found []string
	err := filepath.WalkDir(output, func(path string, e fs.DirEntry, err error) error {
		dated := strings.Contains(filepath.ToSlash(path), "/dt="+asOf.String()+"/")
		if err == nil && dated && e.Name() == contract.GMV.Name+".parquet" {
			found = append(found, filepath.Dir(path))
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("find the tables of %s: %w", asOf, err)
	}
	if len(found) != 1 {
		return "", fmt.Errorf("find the tables of %s: %d runs published them under %s: %q", asOf, len(found), output, found)
	}
	return found[0], nil
}

// ReadPublished reads prefix/<table>.parquet.
//
// It fails if the file is missing or broken, or has a nested column or a physical type that no published
// table uses.
func ReadPublished(prefix, table string) ([]Row, error) {
	name := filepath.Join(prefix, table+".parquet")
	rows, err := readFile(name)
	if err != nil {
		return nil, fmt.Errorf("read published %s: %w", name, err)
	}
	return rows, nil
}

func readFile(name string) ([]Row, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	p, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		return nil, err
	}
	var rows []Row
	for _, g := range p.RowGroups() {
		if rows, err = readGroup(rows, g); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func readGroup(rows []Row, g parquet.RowGroup) ([]Row, error) {
	fields := g.Schema().Fields()
	reader := g.Rows()
	defer reader.Close()
	buffer := make([]parquet.Row, 64)
	for {
		n, err := reader.ReadRows(buffer)
		for _, values := range buffer[:n] {
			row, bad := decode(fields, values)
			if bad != nil {
				return nil, bad
			}
			rows = append(rows, row)
		}
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func decode(fields []parquet.Field, values parquet.Row) (Row, error) {
	if len(values) != len(fields) {
		return nil, fmt.Errorf("row of %d values for %d columns: a column is nested", len(values), len(fields))
	}
	row := Row{}
	for i, v := range values {
		decoded, err := decodeValue(fields[i], v)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", fields[i].Name(), err)
		}
		row[fields[i].Name()] = decoded
	}
	return row, nil
}

func decodeValue(f parquet.Field, v parquet.Value) (any, error) {
	if v.IsNull() {
		return nil, nil
	}
	switch v.Kind() {
	case parquet.Boolean:
		return v.Boolean(), nil
	case parquet.Int32:
		if isDate(f) {
			return Day(v.Int32()), nil
		}
		return int64(v.Int32()), nil
	case parquet.Int64:
		return v.Int64(), nil
	case parquet.Double:
		return v.Double(), nil
	case parquet.ByteArray:
		return string(v.ByteArray()), nil
	}
	return nil, fmt.Errorf("physical type %s", v.Kind())
}

func isDate(f parquet.Field) bool {
	logical := f.Type().LogicalType()
	if logical == nil {
		return false
	}
	_, date := logical.Value.(*format.DateType)
	return date
}

// Mismatch is one difference. Column is empty if a whole row is missing, unexpected or doubled.
type Mismatch struct {
	Table, Key, Column string
	Want, Got          string
}

// String is one line: table [key] column: want …, got ….
func (m Mismatch) String() string {
	where := m.Table + " [" + m.Key + "]"
	if m.Column != "" {
		where += " " + m.Column
	}
	return where + ": want " + m.Want + ", got " + m.Got
}

// Diff compares published rows with the twin's by the table's key, column by column. Ratios may differ by
// 1e-9 of their size, everything else must be equal. Columns that the contract does not declare are ignored.
func Diff(table *contract.Table, want, got []Row) []Mismatch {
	wanted, diff := index(table, want, "the twin")
	found, doubled := index(table, got, "the output")
	diff = append(diff, doubled...)
	for key, w := range wanted {
		if g, ok := found[key]; ok {
			diff = append(diff, diffRow(table, key, w, g)...)
		} else {
			diff = append(diff, Mismatch{Table: table.Name, Key: key, Want: "a row " + show(table, w), Got: "none"})
		}
	}
	for key, g := range found {
		if _, ok := wanted[key]; !ok {
			diff = append(diff, Mismatch{Table: table.Name, Key: key, Want: "no row", Got: show(table, g)})
		}
	}
	slices.SortFunc(diff, func(a, b Mismatch) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Column, b.Column)) })
	return diff
}

// index finds rows by key, and the keys that stand twice.
func index(table *contract.Table, rows []Row, whose string) (map[string]Row, []Mismatch) {
	byKey := map[string]Row{}
	var doubled []Mismatch
	for _, r := range rows {
		key := keyOf(table, r)
		if _, ok := byKey[key]; ok {
			doubled = append(doubled, Mismatch{Table: table.Name, Key: key, Want: "one row", Got: "two in " + whose})
		}
		byKey[key] = r
	}
	return byKey, doubled
}

func keyOf(table *contract.Table, r Row) string {
	parts := make([]string, len(table.Key))
	for i, column := range table.Key {
		parts[i] = fmt.Sprintf("%s=%v", column, r[column])
	}
	return strings.Join(parts, " ")
}

func diffRow(table *contract.Table, key string, want, got Row) []Mismatch {
	var diff []Mismatch
	for _, c := range table.Columns {
		g, ok := got[c.Name]
		switch {
		case !ok:
			diff = append(diff, Mismatch{table.Name, key, c.Name, showValue(want[c.Name]), "no such column"})
		case !equal(want[c.Name], g):
			diff = append(diff, Mismatch{table.Name, key, c.Name, showValue(want[c.Name]), showValue(g)})
		}
	}
	return diff
}

// ratioTolerance is how far two ways to divide the same integers may drift apart, relative to the result.
const ratioTolerance = 1e-9

func equal(want, got any) bool {
	w, isReal := want.(float64)
	g, alsoReal := got.(float64)
	if isReal && alsoReal {
		return math.Abs(w-g) <= ratioTolerance*max(1, math.Abs(w))
	}
	return want == got
}

func show(table *contract.Table, r Row) string {
	var parts []string
	for _, c := range table.Columns {
		if !slices.Contains(table.Key, c.Name) && r[c.Name] != nil {
			parts = append(parts, c.Name+"="+showValue(r[c.Name]))
		}
	}
	return "{" + strings.Join(parts, " ") + "}"
}

// showValue prints a value so that types that differ look different.
func showValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%q", v)
	case float64:
		return fmt.Sprintf("%v(real)", v)
	}
	return fmt.Sprint(v)
}

// DiffPublished compares every table of want with prefix/<table>.parquet.
func DiffPublished(prefix string, want map[string][]Row) ([]Mismatch, error) {
	var diff []Mismatch
	for _, table := range contract.Publications() {
		rows, ok := want[table.Name]
		if !ok {
			continue
		}
		got, err := ReadPublished(prefix, table.Name)
		if err != nil {
			return nil, err
		}
		diff = append(diff, Diff(table, rows, got)...)
	}
	return diff, nil
}

// Report prints the first limit mismatches and how many there are; empty if there are none.
func Report(diff []Mismatch, limit int) string {
	if len(diff) == 0 {
		return ""
	}
	var b strings.Builder
	for _, m := range diff[:min(limit, len(diff))] {
		fmt.Fprintln(&b, m)
	}
	fmt.Fprintf(&b, "%d mismatches, %d shown\n", len(diff), min(limit, len(diff)))
	return b.String()
}
