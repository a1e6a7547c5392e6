package lake

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"sync"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/klauspost/compress/zstd"
)

// Level is how hard pages are compressed.
type Level uint8

// Levels from fast to small.
const (
	Fastest Level = iota
	Default
	Better
	// Uncompressed is for files that are read far more often than they take up room, of values that hardly shrink.
	Uncompressed
)

// WriteOptions tune WriteParquet. The zero value means the defaults.
type WriteOptions struct {
	RowGroupRows int      // rows of a row group; default 131,072
	PageRows     int      // rows of a page; default 16,384
	Sorted       []string // columns by which the rows are sorted, ascending, nulls last; noted in the file, not checked
	Level        Level
}

const (
	defaultRowGroupRows = 1 << 17
	defaultPageRows     = 1 << 14
)

// createdBy has the form that parquet-java parses: of writers that it cannot name it refuses DELTA_BYTE_ARRAY (PARQUET-246). It
// tells no release, so that an upgrade alone changes no bytes. Files written until 2026-11-28 have the other name.
const (
	createdBy       = "windvane version 1 (build n/a)"
	createdByBefore = "windvane"
)

func (o WriteOptions) withDefaults() WriteOptions {
	if o.RowGroupRows == 0 {
		o.RowGroupRows = defaultRowGroupRows
	}
	if o.PageRows == 0 {
		o.PageRows = defaultPageRows
	}
	return o
}

// Validate refuses sizes below one row and unknown levels.
func (o WriteOptions) Validate() error {
	if o.RowGroupRows < 0 || o.PageRows < 0 || o.Level > Uncompressed {
		return fmt.Errorf("write options: row group of %d rows, page of %d rows, level %d", o.RowGroupRows, o.PageRows, o.Level)
	}
	return nil
}

// Written says what WriteParquet stored.
type Written struct {
	Rows   int64
	Bytes  int64
	SHA256 string // hexadecimal
}

// WriteParquet stores the batches as one Parquet file, or stores nothing.
//
// Types: Int64, Int32, Float64, Boolean, Date32, Timestamp, String, Dictionary<Uint32, String>. A null in a field
// that is not nullable, a NaN or an infinity is an error. Encodings are PLAIN, RLE_DICTIONARY, DELTA_BINARY_PACKED and
// DELTA_BYTE_ARRAY, by the values of each row group. The bytes depend on the schema, the options and the rows
// only, not on how rows are cut into batches, dictionaries are ordered, or when and where it runs. Batches are
// borrowed. An error that the sequence yields ends the file and is returned.
func (l *Lake) WriteParquet(ctx context.Context, key string, schema *arrow.Schema, opts WriteOptions, batches iter.Seq2[arrow.Record, error]) (Written, error) {
	if err := opts.Validate(); err != nil {
		return Written{}, err
	}
	var written Written
	err := l.Put(ctx, key, func(w io.Writer) (err error) {
		written, err = writeParquet(ctx, w, schema, opts.withDefaults(), batches)
		return err
	})
	if err != nil {
		return Written{}, err
	}
	return written, nil
}

func writeParquet(ctx context.Context, w io.Writer, schema *arrow.Schema, opts WriteOptions, batches iter.Seq2[arrow.Record, error]) (Written, error) {
	out := newOutput(w)
	defer out.release()
	f, err := newFileWriter(out, schema, opts)
	if err != nil {
		return Written{}, err
	}
	defer encoders[opts.Level].Put(f.zstd)
	for rec, err := range batches {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = f.append(rec)
		}
		if err != nil {
			return Written{}, err
		}
	}
	if err := f.finish(); err != nil {
		return Written{}, err
	}
	return Written{Rows: f.rows, Bytes: out.offset, SHA256: hex.EncodeToString(out.hash.Sum(nil))}, nil
}

// output counts and hashes what goes to the store.
type output struct {
	buf    *bufio.Writer
	hash   hash.Hash
	offset int64
}

// A night writes hundreds of files, most of them small: to make the buffer and the encoder anew for each would take longer
// than to write them. Neither keeps anything of the file before.
var (
	outputBuffers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, 1<<20) }}
	encoders      [Uncompressed + 1]sync.Pool // of *zstd.Encoder, by level
)

func newOutput(w io.Writer) *output {
	h, buf := sha256.New(), outputBuffers.Get().(*bufio.Writer)
	buf.Reset(io.MultiWriter(w, h))
	return &output{buf: buf, hash: h}
}

// release gives the buffer back; what was not flushed is lost.
func (o *output) release() {
	o.buf.Reset(nil) // so that the pool holds no file
	outputBuffers.Put(o.buf)
	o.buf = nil
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.buf.Write(p)
	o.offset += int64(n)
	return n, err
}

// encoder is one of the pool, or a new one.
func encoder(level Level) (*zstd.Encoder, error) {
	if e, ok := encoders[level].Get().(*zstd.Encoder); ok {
		return e, nil
	}
	levels := [...]zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedFastest} // the last one is not used
	e, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(levels[level]),
		zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), // pages have their own
		zstd.WithZeroFrames(true),
	)
	if err != nil {
		return nil, fmt.Errorf("zstd encoder: %w", err)
	}
	return e, nil
}

// append takes the rows of one batch over, and writes row groups as they become full.
func (f *fileWriter) append(rec arrow.Record) error {
	if int(rec.NumCols()) != len(f.columns) {
		return fmt.Errorf("a batch has %d columns, the schema %d", rec.NumCols(), len(f.columns))
	}
	for from := int64(0); from < rec.NumRows(); {
		to := min(rec.NumRows(), from+int64(f.opts.RowGroupRows-f.pending))
		for i, c := range f.columns {
			if err := c.append(rec.Column(i), int(from), int(to)); err != nil {
				return fmt.Errorf("column %s: %w", c.field.Name, err)
			}
		}
		f.pending += int(to - from)
		from = to
		if f.pending == f.opts.RowGroupRows {
			if err := f.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

var errNull = errors.New("a null in a field that is not nullable")
