// Package console prints published tables for people at a terminal: money in yuan, ratios as percent, whole
// numbers with commas, – for what was not computed.
//
// A table has more columns than a line has room. Headlines says which of them are shown when nobody asks for
// others, and by which one the rows are ranked. Few rows of many columns are printed on their side, one line a
// column. Programs should read the Parquet files or the CSV instead: what is printed here is rounded.
package console

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/windvane/windvane/transforms/contract"
)

// Options say what is shown of a table.
type Options struct {
	Columns []string          // in this order; empty: the headlines
	Where   map[string]string // column → value as text; rows with other values are left out
	Top     int               // rows shown at most, the largest of the ranking column first; 0: all
}

// Printer takes the records of one table and prints those rows that Options ask for. It keeps no more than
// twice Top rows.
type Printer struct {
	table   *contract.Table
	columns []string
	rankBy  string // empty: the order of the table
	where   map[string]string
	top     int
	rows    []row
	matched int
}

// row is one row as it will be printed.
type row struct {
	rank  float64
	cells []string
}

// New makes a printer of a published table. It fails if a named column is not the table's.
func New(t *contract.Table, o Options) (*Printer, error) {
	h := headline(t)
	p := &Printer{table: t, columns: h.columns, rankBy: h.rankBy, where: o.Where, top: o.Top}
	if len(o.Columns) > 0 {
		p.columns = o.Columns
	}
	for _, name := range append(slices.Collect(maps.Keys(o.Where)), p.columns...) {
		if t.Index(name) < 0 {
			return nil, fmt.Errorf("table %s has no column %s; docs/tables.md names those it has", t.Name, name)
		}
	}
	return p, nil
}

// Reads lists the columns that the records given to Add must have.
func (p *Printer) Reads() []string {
	names := slices.Concat(p.columns, slices.Collect(maps.Keys(p.where)))
	if p.rankBy != "" {
		names = append(names, p.rankBy)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Add takes the rows of a record in the types of the contract. It borrows the record. It fails if a column is
// missing or has another type.
func (p *Printer) Add(rec arrow.Record) error {
	columns, err := p.open(rec)
	if err != nil {
		return err
	}
	for i := range int(rec.NumRows()) {
		if p.wanted(columns, i) {
			p.matched++
			p.rows = append(p.rows, p.format(columns, i))
			p.trim(2 * p.top)
		}
	}
	return nil
}

// open finds the cells of every column that is read.
func (p *Printer) open(rec arrow.Record) (map[string]cells, error) {
	columns := map[string]cells{}
	for _, name := range p.Reads() {
		at := rec.Schema().FieldIndices(name)
		if len(at) != 1 {
			return nil, fmt.Errorf("table %s: the record has %d columns %s", p.table.Name, len(at), name)
		}
		c, err := cellsOf(p.table.Column(name), rec.Column(at[0]))
		if err != nil {
			return nil, fmt.Errorf("table %s: column %s: %w", p.table.Name, name, err)
		}
		columns[name] = c
	}
	return columns, nil
}

func (p *Printer) wanted(columns map[string]cells, i int) bool {
	for name, value := range p.where {
		if columns[name].plain(i) != value {
			return false
		}
	}
	return true
}

func (p *Printer) format(columns map[string]cells, i int) row {
	r := row{cells: make([]string, len(p.columns))}
	for c, name := range p.columns {
		r.cells[c] = columns[name].text(i)
	}
	if p.rankBy != "" {
		r.rank = columns[p.rankBy].rank(i)
	}
	return r
}

// trim keeps the top rows once there are more than limit.
func (p *Printer) trim(limit int) {
	if p.top > 0 && len(p.rows) > limit {
		p.sort()
		p.rows = p.rows[:min(p.top, len(p.rows))]
	}
}

// sort puts the largest first; equal ranks stay in the order of the table.
func (p *Printer) sort() {
	if p.rankBy != "" {
		slices.SortStableFunc(p.rows, func(a, b row) int { return cmp.Compare(b.rank, a.rank) })
	}
}

// More columns than this, and no more rows than that: printed on their side.
const (
	sidewaysColumns = 12
	sidewaysRows    = 6
)

// Print writes the rows, and below them how many more there are.
func (p *Printer) Print(w io.Writer) error {
	p.sort()
	p.trim(p.top)
	if len(p.rows) == 0 {
		_, err := fmt.Fprintln(w, "no rows")
		return err
	}
	var lines []string
	if len(p.columns) > sidewaysColumns && len(p.rows) <= sidewaysRows {
		lines = p.onItsSide()
	} else {
		lines = p.upright()
	}
	if more := p.matched - len(p.rows); more > 0 {
		lines = append(lines, fmt.Sprintf("… %s more rows", grouped(int64(more))))
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

func (p *Printer) upright() []string {
	t := newWriter()
	header := make(table.Row, len(p.columns))
	for i, name := range p.columns {
		header[i] = label(p.table.Column(name))
	}
	t.AppendHeader(header)
	for _, r := range p.rows {
		t.AppendRow(tableRow(r.cells))
	}
	var configs []table.ColumnConfig
	for i, name := range p.columns {
		if isNumber(p.table.Column(name)) {
			configs = append(configs, table.ColumnConfig{Number: i + 1, Align: text.AlignRight, AlignHeader: text.AlignRight})
		}
	}
	t.SetColumnConfigs(configs)
	return trimmed(t)
}

// onItsSide prints one line a column and one column a row; the first line names the rows.
func (p *Printer) onItsSide() []string {
	t := newWriter()
	for c, name := range p.columns {
		line := []string{label(p.table.Column(name))}
		for _, r := range p.rows {
			line = append(line, r.cells[c])
		}
		if c == 0 {
			t.AppendHeader(tableRow(line))
		} else {
			t.AppendRow(tableRow(line))
		}
	}
	var configs []table.ColumnConfig
	for i := range p.rows {
		configs = append(configs, table.ColumnConfig{Number: i + 2, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(configs)
	return trimmed(t)
}

func newWriter() table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Options.SeparateHeader = true
	t.Style().Box.PaddingLeft, t.Style().Box.PaddingRight = "", "  "
	t.Style().Format.Header = text.FormatDefault
	return t
}

func tableRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = c
	}
	return row
}

// trimmed are the lines of a table without blanks at their ends.
func trimmed(t table.Writer) []string {
	lines := strings.Split(t.Render(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}
