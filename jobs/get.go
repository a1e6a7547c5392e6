package jobs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/reports/csvout"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// Formats of files that Get writes.
const (
	FormatParquet = "parquet"
	FormatCSV     = "csv"
)

// GetOptions say what Get brings and in which form.
type GetOptions struct {
	Tables []string // none: all
	Format string   // FormatParquet or FormatCSV
	CSV    csvout.Options
}

// Validate refuses unknown tables and formats.
func (o GetOptions) Validate() error {
	err := CheckTables(o.Tables, contract.Publications())
	if o.Format != FormatParquet && o.Format != FormatCSV {
		err = errors.Join(err, fmt.Errorf("--format: %q is none of %s, %s", o.Format, FormatParquet, FormatCSV))
	}
	if o.CSV.BOM && o.Format != FormatCSV {
		err = errors.Join(err, errors.New("--bom: only CSV has a byte order mark; give --format csv"))
	}
	return err
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
	Files    []Fetched    `json:"files"`
}

// Get writes the tables of a date's newest commit into a folder, <table>.parquet or <table>.csv. Every file is
// there whole and checked against its sha256, or not at all; it fails with ErrDamaged if the check fails.
func (a Archive) Get(ctx context.Context, day calendar.Day, to *os.Root, o GetOptions) (Got, error) {
	c, err := a.night(ctx, day)
	if err != nil {
		return Got{}, err
	}
	outputs, err := c.chosen(o.Tables)
	if err != nil {
		return Got{}, err
	}
	got := Got{AsOf: day, Sequence: c.record.Sequence, Run: c.record.Run}
	for _, out := range outputs {
		t, ok := contract.Lookup(out.Table, contract.Publications())
		if !ok {
			return got, fmt.Errorf("this version knows no table %s: use windvane %s", out.Table, c.manifest.Version)
		}
		f := Fetched{Table: t.Name, File: t.Name + "." + o.Format, Rows: out.Rows}
		f.Bytes, err = writeWhole(to, f.File, func(w io.Writer) error {
			if o.Format == FormatParquet {
				_, err := a.copyOutput(ctx, out, w)
				return err
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

// renderCSV reads the object twice: once to check its bytes, once for its rows. The second reading is of the same
// version as the first, or fails.
func (a Archive) renderCSV(ctx context.Context, out Output, t *contract.Table, w io.Writer, o csvout.Options) error {
	obj, err := a.copyOutput(ctx, out, io.Discard)
	if err != nil {
		return err
	}
	file, err := a.open(ctx, obj)
	if err != nil {
		return err
	}
	defer file.Close()
	rows, err := csvout.NewWriter(w, t, o)
	if err != nil {
		return err
	}
	if err := eachRecord(ctx, file, t, rows); err != nil {
		return err
	}
	return rows.Flush()
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
