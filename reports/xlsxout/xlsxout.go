// Package xlsxout writes lists of who is eligible as workbooks for operations staff.
//
// A workbook has a sheet 说明 that says what it is, and for each list two more: who is on it, and who is not and
// why. Sheets have two rows of headers, Chinese names and the stable ids of the columns, which stay in sight. Ids are
// text, so that spreadsheets keep all their digits; money is in yuan, exact; days are days. Text is text: what looks
// like a formula is none.
//
// Rows go through excelize's stream writer, which keeps them in temporary files; the workbook's compressed bytes are
// held in memory once while it is put together. The same rows give the same bytes.
package xlsxout

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/xuri/excelize/v2"

	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/contract"
)

// SheetRows is how many rows a sheet takes before the next one begins.
const SheetRows = 1_000_000

// Options say what the workbook tells of itself and how it names things.
type Options struct {
	AsOf      string // day like 2026-01-31
	Sequence  int    // of the commit
	Book      words.Book
	SheetRows int // 0: SheetRows
}

// Writer writes the workbook of one table of lists. Call Finish at the end, and Close in any case.
type Writer struct {
	file    *excelize.File
	table   *contract.Table
	options Options
	styles  map[format]int
	names   map[string]bool // of sheets, in lower case
	sheet   *sheet          // being written; nil: none yet
	sheets  []*sheet
	about   facts
}

// facts are what the first row tells of all.
type facts struct{ rules, from, to string }

// New begins a workbook for one of the tables eligibility_*.
func New(t *contract.Table, o Options) (*Writer, error) {
	if t.Index("list") < 0 || t.Index("eligible") < 0 {
		return nil, fmt.Errorf("table %s has no lists: workbooks are for the tables of eligibility", t.Name)
	}
	if o.SheetRows == 0 {
		o.SheetRows = SheetRows
	}
	w := &Writer{file: excelize.NewFile(), table: t, options: o, names: map[string]bool{}}
	w.names[aboutSheet] = true
	err := errors.Join(w.file.SetSheetName("Sheet1", aboutSheet), w.makeStyles())
	return w, err
}

// Write appends the rows of a record that has all columns of the table in the types of the contract. Rows of a list
// come one after another, members first, each in the order in which they are to stand. It borrows the record.
func (w *Writer) Write(rec arrow.Record) error {
	r, err := newReader(w.table, rec)
	if err != nil {
		return fmt.Errorf("table %s: %w", w.table.Name, err)
	}
	for row := range int(rec.NumRows()) {
		r.row = row
		if err := w.turnTo(r); err != nil {
			return err
		}
		if err := w.sheet.write(r); err != nil {
			return fmt.Errorf("sheet %s: %w", w.sheet.name, err)
		}
	}
	return nil
}

// turnTo begins the sheet of the row if it is not the one being written.
func (w *Writer) turnTo(r *reader) error {
	list, member := r.text("list"), r.flag("eligible")
	s := w.sheet
	switch {
	case s == nil:
		w.about = facts{r.text("rules_version"), r.day("valid_from"), r.day("valid_to")}
	case s.list == list && s.member == member && s.rows < w.options.SheetRows:
		return nil
	}
	part := 1
	if s != nil && s.list == list && s.member == member {
		part = s.part + 1
	}
	if err := w.endSheet(); err != nil {
		return err
	}
	return w.beginSheet(list, r.text("role"), member, part)
}

func (w *Writer) endSheet() error {
	if w.sheet == nil {
		return nil
	}
	return w.sheet.end()
}

// Finish writes the workbook. Nothing may be written afterwards.
func (w *Writer) Finish(to io.Writer) error {
	if err := errors.Join(w.endSheet(), w.writeAbout(), w.setProperties()); err != nil {
		return err
	}
	var packed bytes.Buffer
	if err := w.file.Write(&packed); err != nil {
		return fmt.Errorf("pack workbook: %w", err)
	}
	return inOrder(to, packed.Bytes())
}

// setProperties fixes what excelize would else leave to chance.
func (w *Writer) setProperties() error {
	moment := w.options.AsOf + "T00:00:00Z"
	return w.file.SetDocProps(&excelize.DocProperties{Creator: "windvane", LastModifiedBy: "windvane", Title: w.table.Name, Created: moment, Modified: moment})
}

// Close removes the temporary files.
func (w *Writer) Close() error { return w.file.Close() }

// inOrder copies the parts of the workbook in the order of their names, as excelize does not: it walks a map.
func inOrder(to io.Writer, packed []byte) error {
	parts, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return fmt.Errorf("pack workbook: %w", err)
	}
	slices.SortFunc(parts.File, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	out := zip.NewWriter(to)
	for _, p := range parts.File {
		if err := out.Copy(p); err != nil {
			return fmt.Errorf("pack workbook: %w", err)
		}
	}
	return out.Close()
}
