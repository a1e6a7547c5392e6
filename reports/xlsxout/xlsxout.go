// Package xlsxout writes lists of who is eligible as workbooks for operations staff.
//
// A workbook has a sheet 说明 that says what it is, and for each list two more: who is on it, and who is not and
// why. Sheets have two rows of headers, Chinese names and the stable ids of the columns, which stay in sight. Ids are
// text, so that spreadsheets keep all their digits; money is in yuan, exact; days are days. Text is text: what looks
// like a formula is none.
//
// Sheets are written into the workbook row by row as they come, so memory does not grow with their rows. What frames
// them, styles, the list of sheets and 说明, is made by excelize at the end: its own stream writer would hold the whole
// workbook in memory once, and order its parts by chance. The same rows give the same bytes.
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
	"github.com/klauspost/compress/flate"
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

// Writer writes the workbook of one table of lists. Call Finish at the end.
type Writer struct {
	file    *excelize.File // everything but the rows
	parts   *zip.Writer
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

// New begins a workbook for one of the tables eligibility_*. What it writes is none before Finish.
func New(to io.Writer, t *contract.Table, o Options) (*Writer, error) {
	if t.Index("list") < 0 || t.Index("eligible") < 0 {
		return nil, fmt.Errorf("table %s has no lists: workbooks are for the tables of eligibility", t.Name)
	}
	if o.SheetRows == 0 {
		o.SheetRows = SheetRows
	}
	w := &Writer{file: excelize.NewFile(), parts: zip.NewWriter(to), table: t, options: o, names: map[string]bool{aboutSheet: true}}
	w.parts.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.DefaultCompression) })
	return w, errors.Join(w.file.SetSheetName("Sheet1", aboutSheet), w.makeStyles())
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
	number := 1
	if s != nil && s.list == list && s.member == member {
		number = s.number + 1
	}
	if err := w.endSheet(); err != nil {
		return err
	}
	return w.beginSheet(list, r.text("role"), member, number)
}

// Finish completes the workbook. Nothing may be written afterwards.
func (w *Writer) Finish() error {
	if err := errors.Join(w.endSheet(), w.writeAbout(), w.setProperties()); err != nil {
		return err
	}
	var frame bytes.Buffer
	if err := errors.Join(w.file.Write(&frame), w.file.Close()); err != nil {
		return fmt.Errorf("frame of the workbook: %w", err)
	}
	return w.addFrame(frame.Bytes())
}

// setProperties fixes what would else tell when the workbook was made.
func (w *Writer) setProperties() error {
	moment := w.options.AsOf + "T00:00:00Z"
	return w.file.SetDocProps(&excelize.DocProperties{Creator: "windvane", LastModifiedBy: "windvane", Title: w.table.Name, Created: moment, Modified: moment})
}

// addFrame adds all parts but the sheets that are there already, in the order of their names.
func (w *Writer) addFrame(frame []byte) error {
	parts, err := zip.NewReader(bytes.NewReader(frame), int64(len(frame)))
	if err != nil {
		return fmt.Errorf("frame of the workbook: %w", err)
	}
	written := map[string]bool{}
	for _, s := range w.sheets {
		written[s.part] = true
	}
	slices.SortFunc(parts.File, func(a, b *zip.File) int { return cmp.Compare(a.Name, b.Name) })
	for _, p := range parts.File {
		if written[p.Name] {
			continue
		}
		if err := w.parts.Copy(p); err != nil {
			return fmt.Errorf("frame of the workbook: %w", err)
		}
	}
	return w.parts.Close()
}
