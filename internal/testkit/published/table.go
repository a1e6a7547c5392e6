package published

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/testkit/recount"
)

// Rows are chosen rows and columns of one published table.
type Rows struct {
	N      int
	values map[string][]parquet.Value
}

// Where keeps the rows whose value in Column satisfies Is.
type Where struct {
	Column string
	Is     func(parquet.Value) bool
}

// Read reads the named columns of a Parquet file, of the rows that all conditions keep. It reads column by
// column, so that a few rows of a large table cost little.
func Read(path string, where []Where, columns ...string) (*Rows, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read published table: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read published table: %w", err)
	}
	table, err := parquet.OpenFile(file, info.Size())
	if err != nil {
		return nil, fmt.Errorf("read published table %s: %w", path, err)
	}
	rows, err := read(table, where, columns)
	if err != nil {
		return nil, fmt.Errorf("read published table %s: %w", path, err)
	}
	return rows, nil
}

func read(table *parquet.File, where []Where, columns []string) (*Rows, error) {
	keep := make([]bool, table.NumRows())
	for i := range keep {
		keep[i] = true
	}
	for _, w := range where {
		err := eachValue(table, w.Column, func(i int, v parquet.Value) { keep[i] = keep[i] && w.Is(v) })
		if err != nil {
			return nil, err
		}
	}
	rows := &Rows{values: map[string][]parquet.Value{}}
	for _, k := range keep {
		if k {
			rows.N++
		}
	}
	for _, name := range columns {
		kept := make([]parquet.Value, 0, rows.N)
		err := eachValue(table, name, func(i int, v parquet.Value) {
			if keep[i] {
				kept = append(kept, v.Clone())
			}
		})
		if err != nil {
			return nil, err
		}
		rows.values[name] = kept
	}
	return rows, nil
}

// eachValue calls each for every value of a column, with its row.
func eachValue(table *parquet.File, column string, each func(row int, v parquet.Value)) error {
	leaf, ok := table.Schema().Lookup(column)
	if !ok {
		return fmt.Errorf("no column %s", column)
	}
	row := 0
	for _, group := range table.RowGroups() {
		err := eachInChunk(group.ColumnChunks()[leaf.ColumnIndex], func(v parquet.Value) {
			each(row, v)
			row++
		})
		if err != nil {
			return fmt.Errorf("column %s: %w", column, err)
		}
	}
	return nil
}

func eachInChunk(chunk parquet.ColumnChunk, each func(parquet.Value)) error {
	pages := chunk.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = eachInPage(page, each)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
}

func eachInPage(page parquet.Page, each func(parquet.Value)) error {
	values, buffer := page.Values(), make([]parquet.Value, 256)
	for {
		n, err := values.ReadValues(buffer)
		for _, v := range buffer[:n] {
			each(v)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Int is a whole number, recount.Missing if it is null.
func (r *Rows) Int(i int, column string) int64 {
	v := r.values[column][i]
	if v.IsNull() {
		return recount.Missing
	}
	return v.Int64()
}

// Real is a number, recount.Missing if it is null.
func (r *Rows) Real(i int, column string) float64 {
	v := r.values[column][i]
	if v.IsNull() {
		return recount.Missing
	}
	return v.Double()
}

// Bool is a truth value; null is false.
func (r *Rows) Bool(i int, column string) bool {
	v := r.values[column][i]
	return !v.IsNull() && v.Boolean()
}

// Text is a text, empty if it is null.
func (r *Rows) Text(i int, column string) string {
	v := r.values[column][i]
	if v.IsNull() {
		return ""
	}
	return string(v.ByteArray())
}

// Date is a DATE.
func (r *Rows) Date(i int, column string) recount.Date {
	return recount.Date("1970-01-01").Add(int(r.values[column][i].Int32()))
}

// Null tells whether a value is null.
func (r *Rows) Null(i int, column string) bool { return r.values[column][i].IsNull() }

// Line is the whole row as text, columns in the order of their names: for rows that must be equal.
func (r *Rows) Line(i int) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.values)) {
		fmt.Fprintf(&b, "%s=%v ", name, r.values[name][i])
	}
	return b.String()
}
