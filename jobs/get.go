package jobs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/reports/csvout"
	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/reports/xlsxout"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// Formats of files that Get writes.
const (
	FormatParquet = "parquet"
	FormatCSV     = "csv"
	FormatXLSX    = "xlsx" // lists only: the tables eligibility_*
)

func formats() string { return strings.Join([]string{FormatParquet, FormatCSV, FormatXLSX}, ", ") }

// GetOptions say what Get brings and in which form.
type GetOptions struct {
	Tables []string // none: all
	Format string   // FormatParquet, FormatCSV or FormatXLSX
	CSV    csvout.Options
	Rules  rules.Set // workbooks take names from them
}

// Validate refuses unknown tables and formats.
func (o GetOptions) Validate() error {
	err := CheckTables(o.Tables, contract.Publications())
	switch o.Format {
	case FormatParquet, FormatCSV:
	case FormatXLSX:
		for _, name := range o.Tables {
			if t, ok := contract.Lookup(name, contract.Publications()); ok && !isLists(t) {
				err = errors.Join(err, fmt.Errorf("--format xlsx: %s has no lists; workbooks are for %s", name, strings.Join(listTables(), ", ")))
			}
		}
	default:
		err = errors.Join(err, fmt.Errorf("--format: %q is none of %s", o.Format, formats()))
	}
	if err2 := o.CSV.Validate(); err2 != nil {
		err = errors.Join(err, fmt.Errorf("--headers: %w", err2))
	}
	if o.CSV.Headers != "" && o.CSV.Headers != words.English && o.Format != FormatCSV {
		err = errors.Join(err, errors.New("--headers: only CSV has a choice; xlsx has both, Parquet the ids"))
	}
	if o.CSV.BOM && o.Format != FormatCSV {
		err = errors.Join(err, errors.New("--bom: only CSV has a byte order mark; give --format csv"))
	}
	return err
}

// listTables are the tables that workbooks are made of.
func listTables() []string {
	names := make([]string, len(resources))
	for i, r := range resources {
		names[i] = r.table.Name
	}
	return names
}

func isLists(t *contract.Table) bool { return slices.Contains(listTables(), t.Name) }

// wanted are the tables that are brought: those named, or else all that the format is for.
func (o GetOptions) wanted() []string {
	if o.Format == FormatXLSX && len(o.Tables) == 0 {
		return listTables()
	}
	return o.Tables
}

// Fetched is one file that Get wrote.
type Fetched struct {
	Table string `json:"table"`
	File  string `json:"file"` // inside the folder
	Rows  int64  `json:"rows"`
	Bytes int64  `json:"bytes"`
}

// Got is what Get brought.
type Got struct {
	AsOf     calendar.Day `json:"as_of"`
	Sequence int          `json:"sequence"`
	Run      string       `json:"run"`
	Stale    string       `json:"stale,omitempty"` // see Archive.StaleNote
	Files    []Fetched    `json:"files"`
}

// Get writes the tables of a date's newest commit into a folder, each as <table>.parquet, .csv or .xlsx. Every file is
// there whole and checked against its sha256, or not at all; it fails with ErrDamaged if the check fails.
func (a Archive) Get(ctx context.Context, day calendar.Day, to *os.Root, o GetOptions) (Got, error) {
	c, err := a.night(ctx, day)
	if err != nil {
		return Got{}, err
	}
	outputs, err := c.chosen(o.wanted())
	if err != nil {
		return Got{}, err
	}
	got := Got{AsOf: day, Sequence: c.record.Sequence, Run: c.record.Run, Stale: a.StaleNote(ctx, day)}
	for _, out := range outputs {
		t, ok := contract.Lookup(out.Table, contract.Publications())
		if !ok {
			return got, fmt.Errorf("this version knows no table %s: use windvane %s", out.Table, c.manifest.Version)
		}
		f := Fetched{Table: t.Name, File: t.Name + "." + o.Format, Rows: out.Rows}
		f.Bytes, err = writeWhole(to, f.File, func(w io.Writer) error {
			switch o.Format {
			case FormatParquet:
				_, err := a.copyOutput(ctx, out, w)
				return err
			case FormatXLSX:
				return a.renderXLSX(ctx, out, t, w, xlsxout.Options{AsOf: day.String(), Sequence: c.record.Sequence, Book: bookOf(c, o.Rules, day)})
			}
			return a.renderCSV(ctx, out, t, w, o.CSV)
		})
		if err != nil {
			return got, fmt.Errorf("get %s of %s: %w", t.Name, day, err)
		}
		got.Files = append(got.Files, f)
	}
	return got, nil
}

// writeWhole writes a file beside its place and then moves it there, so that no reader sees a part of it.
func writeWhole(to *os.Root, name string, write func(io.Writer) error) (int64, error) {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	temp := "." + name + "." + hex.EncodeToString(b[:])
	f, err := to.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return 0, err
	}
	defer func() { _ = to.Remove(temp) }() // after the rename there is nothing left to remove
	err = write(f)
	info, statErr := f.Stat()
	if err := errors.Join(err, statErr, f.Sync(), f.Close()); err != nil {
		return 0, err
	}
	return info.Size(), to.Rename(temp, name)
}

// renderCSV writes a table as CSV. Where the headers are for people, so is the order of lists: members on top.
func (a Archive) renderCSV(ctx context.Context, out Output, t *contract.Table, w io.Writer, o csvout.Options) error {
	return a.checked(ctx, out, func(file *lake.File) error {
		rows, err := csvout.NewWriter(w, t, o)
		if err != nil {
			return err
		}
		if isLists(t) && o.ForPeople() {
			order, err := newListOrder(ctx, file, t)
			if err != nil {
				return err
			}
			return errors.Join(order.membersFirst(ctx, rows.Write), rows.Flush())
		}
		if err := eachRecord(ctx, file, t, rows); err != nil {
			return err
		}
		return rows.Flush()
	})
}

// renderXLSX writes a table of lists as a workbook.
func (a Archive) renderXLSX(ctx context.Context, out Output, t *contract.Table, w io.Writer, o xlsxout.Options) error {
	return a.checked(ctx, out, func(file *lake.File) error {
		book, err := xlsxout.New(w, t, o)
		if err != nil {
			return err
		}
		order, err := newListOrder(ctx, file, t)
		if err != nil {
			return err
		}
		if err := order.eachList(ctx, book.Write); err != nil {
			return err
		}
		return book.Finish()
	})
}

// checked reads the object twice: once to check its bytes, once for its rows. The second reading is of the same
// version as the first, or fails.
func (a Archive) checked(ctx context.Context, out Output, use func(*lake.File) error) error {
	obj, err := a.copyOutput(ctx, out, io.Discard)
	if err != nil {
		return err
	}
	file, err := a.open(ctx, obj)
	if err != nil {
		return err
	}
	defer file.Close()
	return use(file)
}

// eachRecord hands the row groups of a file to the renderer.
func eachRecord(ctx context.Context, file *lake.File, t *contract.Table, to *csvout.Writer) error {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	for g := range file.NumRowGroups() {
		rec, err := file.ReadRowGroup(ctx, memory.DefaultAllocator, g, names)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		err = to.Write(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}
