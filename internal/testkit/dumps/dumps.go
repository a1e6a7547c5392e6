// Package dumps writes daily Parquet dumps as another company's warehouse would, and makes the mistakes
// that warehouses make: it delivers a dump twice, or corrects it afterwards.
//
// A table's day is the folder <dir>/<table>/dt=2017-11-30 with one or more part files. The shape of the
// rows (column names, types, codecs, encodings) is given by the tags of the row struct.
package dumps

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/testkit/recount"
)

// Partition is the folder of one table's day.
func Partition(dir, table string, day recount.Date) string {
	return filepath.Join(dir, table, "dt="+string(day))
}

// Table writes the dumps of one table. One Parquet writer serves all files, so that a thousand small days
// take a second.
type Table[T any] struct {
	dir, name   string
	suffix      string // of part files: .snappy.parquet
	rowsPerPart int
	writer      *parquet.GenericWriter[T]
	buffer      *bufio.Writer
}

// NewTable prepares to write the table's dumps under dir, in part files of at most rowsPerPart rows whose
// names end in suffix.
func NewTable[T any](dir, name, suffix string, rowsPerPart int) *Table[T] {
	return &Table[T]{
		dir: dir, name: name, suffix: suffix, rowsPerPart: rowsPerPart,
		writer: parquet.NewGenericWriter[T](io.Discard), buffer: bufio.NewWriterSize(io.Discard, 1<<16),
	}
}

// Write delivers a day: what was there is replaced. A day without rows is one empty file with its schema.
func (t *Table[T]) Write(day recount.Date, rows []T) error {
	partition := Partition(t.dir, t.name, day)
	if err := errors.Join(os.RemoveAll(partition), os.MkdirAll(partition, 0o755)); err != nil {
		return fmt.Errorf("clear %s: %w", partition, err)
	}
	for part := 0; part == 0 || len(rows) > 0; part++ {
		n := min(len(rows), t.rowsPerPart)
		path := filepath.Join(partition, fmt.Sprintf("part-%05d%s", part, t.suffix))
		if err := t.writeFile(path, rows[:n]); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		rows = rows[n:]
	}
	return nil
}

func (t *Table[T]) writeFile(path string, rows []T) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	t.buffer.Reset(file)
	t.writer.Reset(t.buffer)
	if _, err := t.writer.Write(rows); err != nil {
		return err
	}
	if err := t.writer.Close(); err != nil {
		return err
	}
	return t.buffer.Flush()
}

// Snapshot delivers the same rows as the table's state at the end of every day: one file and a hard link to
// it a day.
func (t *Table[T]) Snapshot(days []recount.Date, rows []T) error {
	for i, day := range days {
		if i == 0 {
			if err := t.Write(day, rows); err != nil {
				return err
			}
			continue
		}
		if err := linkPartition(Partition(t.dir, t.name, days[0]), Partition(t.dir, t.name, day)); err != nil {
			return fmt.Errorf("repeat snapshot of %s on %s: %w", t.name, day, err)
		}
	}
	return nil
}

// linkPartition makes a new folder with a hard link to each file of another.
func linkPartition(from, to string) error {
	if err := errors.Join(os.RemoveAll(to), os.MkdirAll(to, 0o755)); err != nil {
		return err
	}
	files, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := os.Link(filepath.Join(from, f.Name()), filepath.Join(to, f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// DeliverTwice copies every file of one day under a second name, as a warehouse does that retries a delivery
// which had succeeded.
func DeliverTwice(dir, table string, day recount.Date) error {
	partition := Partition(dir, table, day)
	files, err := os.ReadDir(partition)
	if err != nil {
		return fmt.Errorf("deliver %s twice: %w", partition, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(partition, f.Name()))
		if err != nil {
			return fmt.Errorf("deliver %s twice: %w", partition, err)
		}
		again := strings.Replace(f.Name(), "part-", "retry-1-part-", 1)
		if err := os.WriteFile(filepath.Join(partition, again), data, 0o644); err != nil {
			return fmt.Errorf("deliver %s twice: %w", partition, err)
		}
	}
	return nil
}
