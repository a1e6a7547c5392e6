package stats_test

import (
	"encoding/csv"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// table is a CSV file of numbers by the name of the column; what is no number is NaN.
type table map[string][]float64

func readTable(t *testing.T, name string) table {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return parseTable(t, f)
}

func parseTable(t *testing.T, r io.Reader) table {
	t.Helper()
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := table{}
	for i, name := range rows[0] {
		column := make([]float64, 0, len(rows)-1)
		for _, row := range rows[1:] {
			v, err := strconv.ParseFloat(row[i], 64)
			if err != nil {
				v = math.NaN()
			}
			column = append(column, v)
		}
		out[name] = column
	}
	return out
}

// where are the rows of which one column has that value.
func (c table) where(column string, value float64) table {
	out := table{}
	for i, v := range c[column] {
		if v == value {
			for name := range c {
				out[name] = append(out[name], c[name][i])
			}
		}
	}
	return out
}
