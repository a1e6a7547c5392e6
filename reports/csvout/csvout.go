// Package csvout renders contract tables as CSV, one record after another.
//
// The form is RFC 4180: a header, commas, CRLF, quotes where a cell needs them. A null is an empty cell and
// an empty text is "". Numbers stay numbers; ratios are written with the fewest digits that read back as the
// same float64; booleans are true and false; days and moments (UTC) are ISO 8601.
//
// Spreadsheets run cells that look like formulas. Text that begins with = + - @, a tab, CR, LF or the
// full-width forms of those signs therefore gets a leading apostrophe, which says that text follows.
//
// With Options.BOM the file is made for Excel: it begins with a byte order mark, without which Excel takes
// UTF-8 for a local code page, and identifiers that Excel would change get the same apostrophe: those of 16
// digits and more, because it keeps 15 and turns the rest to zeros, and texts like 007 and 12e34.
//
// With Options.Headers the header is Chinese, or Chinese and the ids.
package csvout

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"

	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/contract"
)

// Options choose the flavour of the file.
type Options struct {
	BOM     bool   // for Excel: byte order mark, long identifiers as text
	Headers string // words.English (or empty): the ids of columns; words.Chinese, words.Both: for people
}

// Validate refuses unknown forms of headers.
func (o Options) Validate() error {
	switch o.Headers {
	case "", words.English, words.Chinese, words.Both:
		return nil
	}
	return fmt.Errorf("%q is none of %s, %s, %s", o.Headers, words.English, words.Chinese, words.Both)
}

// ForPeople tells whether people rather than programs read the file.
func (o Options) ForPeople() bool { return o.Headers == words.Chinese || o.Headers == words.Both }

// excelDigits is how many digits of a number Excel keeps.
const excelDigits = 15

// bom is the UTF-8 byte order mark.
const bom = "\ufeff"

// Writer writes the rows of one table. It buffers: call Flush at the end.
type Writer struct {
	out     *bufio.Writer
	table   *contract.Table
	options Options
	cell    []byte
}

// NewWriter writes the header, and in front of it the byte order mark if asked for.
func NewWriter(w io.Writer, t *contract.Table, o Options) (*Writer, error) {
	c := &Writer{out: bufio.NewWriterSize(w, 1<<16), table: t, options: o}
	if o.BOM {
		c.out.WriteString(bom)
	}
	for i, col := range t.Columns {
		c.separate(i)
		c.out.WriteString(words.HeaderIn(o.Headers, t.Name, col.Name)) // words and snake_case: never need quotes
	}
	_, err := c.out.WriteString("\r\n")
	return c, err
}

// separate puts a comma before every cell but the first.
func (c *Writer) separate(i int) {
	if i > 0 {
		c.out.WriteByte(',') // bufio keeps the first error for Flush
	}
}

// Write appends the rows of a record that has all columns of the table, in any order and in the types of the
// contract; text may be plain or dictionary-encoded. It borrows the record.
func (c *Writer) Write(rec arrow.Record) error {
	cells := make([]func(row int), len(c.table.Columns))
	nulls := make([]arrow.Array, len(c.table.Columns))
	for i := range c.table.Columns {
		col := &c.table.Columns[i]
		at := rec.Schema().FieldIndices(col.Name)
		if len(at) != 1 {
			return fmt.Errorf("table %s: the record has %d columns %s", c.table.Name, len(at), col.Name)
		}
		nulls[i] = rec.Column(at[0])
		write, err := c.column(col, nulls[i])
		if err != nil {
			return fmt.Errorf("table %s: column %s: %w", c.table.Name, col.Name, err)
		}
		cells[i] = write
	}
	for row := range int(rec.NumRows()) {
		for i, write := range cells {
			c.separate(i)
			if !nulls[i].IsNull(row) {
				write(row)
			}
		}
		if _, err := c.out.WriteString("\r\n"); err != nil {
			return err
		}
	}
	return nil
}

// Flush hands what is buffered to the writer below and gives the first error met.
func (c *Writer) Flush() error { return c.out.Flush() }

// column is the function that writes one cell of the column.
func (c *Writer) column(col *contract.Column, a arrow.Array) (func(row int), error) {
	switch a := a.(type) {
	case *array.Int64:
		return func(i int) { c.integer(col, a.Value(i)) }, nil
	case *array.Int32:
		return func(i int) { c.integer(col, int64(a.Value(i))) }, nil
	case *array.Float64:
		return func(i int) { c.real(a.Value(i)) }, nil
	case *array.Boolean:
		return func(i int) { c.write(strconv.AppendBool(c.cell[:0], a.Value(i))) }, nil
	case *array.Date32:
		return func(i int) { c.write(a.Value(i).ToTime().AppendFormat(c.cell[:0], time.DateOnly)) }, nil
	case *array.Timestamp:
		unit := a.DataType().(*arrow.TimestampType).Unit
		return func(i int) {
			c.write(a.Value(i).ToTime(unit).UTC().AppendFormat(c.cell[:0], "2006-01-02T15:04:05.000000Z"))
		}, nil
	case *array.String:
		return func(i int) { c.text(a.Value(i)) }, nil
	case *array.Dictionary:
		words, ok := a.Dictionary().(*array.String)
		if !ok {
			return nil, fmt.Errorf("dictionary of %s, want text", a.Dictionary().DataType())
		}
		return func(i int) { c.text(words.Value(a.GetValueIndex(i))) }, nil
	}
	return nil, fmt.Errorf("no CSV form of %s", a.DataType())
}

func (c *Writer) write(cell []byte) {
	c.cell = cell
	c.out.Write(cell)
}

// integer writes a number; an identifier that Excel would round is text.
func (c *Writer) integer(col *contract.Column, v int64) {
	cell := c.cell[:0]
	if c.options.BOM && isIdentifier(col.Kind) && (v >= 1e15 || v <= -1e15) {
		cell = append(cell, '\'')
	}
	c.write(strconv.AppendInt(cell, v, 10))
}

func isIdentifier(k contract.Kind) bool {
	return k == contract.ID || k == contract.Key || k == contract.Buyer
}

// real writes the shortest decimal that reads back as v; without an exponent unless it were long.
func (c *Writer) real(v float64) {
	form := byte('f')
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
		form = 'e'
	}
	c.write(strconv.AppendFloat(c.cell[:0], v, form, -1, 64))
}

// text writes a text cell that no spreadsheet runs.
func (c *Writer) text(s string) {
	if looksLikeFormula(s) || c.options.BOM && excelChanges(s) {
		s = "'" + s
	}
	if s != "" && !strings.ContainsAny(s, "\",\r\n") && s[0] != ' ' && s[len(s)-1] != ' ' {
		c.out.WriteString(s)
		return
	}
	cell := append(c.cell[:0], '"')
	for i := range len(s) {
		if s[i] == '"' {
			cell = append(cell, '"')
		}
		cell = append(cell, s[i])
	}
	c.write(append(cell, '"'))
}

// looksLikeFormula tells whether a spreadsheet may run the text.
func looksLikeFormula(s string) bool {
	if s == "" {
		return false
	}
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n':
		return true
	}
	for _, sign := range []string{"＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, sign) {
			return true
		}
	}
	return false
}

// excelChanges tells whether Excel would take the text for a number and show another: one of more digits than it
// keeps, one with leading zeros, or digits around an e, which it takes for an exponent.
func excelChanges(s string) bool {
	exponent := strings.IndexAny(s, "eE")
	if exponent > 0 && isDigits(s[:exponent]) && isDigits(s[exponent+1:]) {
		return true
	}
	return isDigits(s) && (len(s) > excelDigits || len(s) > 1 && s[0] == '0')
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
