package lift

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/windvane/windvane/cmd/windvane/cli"
)

// mostRecordBytes is how long one record may be: a quote left open makes the rest of the file one record.
const mostRecordBytes = 16 << 20

var errLongRecord = errors.New("a record of more than 16 MiB; is a quote left open, or is it not CSV?")

// readCSV reads the wanted columns of a CSV file, compressed with gzip or not.
func readCSV(file, delimiter, missing string, wants []want) (*frame, error) {
	in, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	plain := bufio.NewReaderSize(in, 1<<16)
	if start, _ := plain.Peek(2); bytes.Equal(start, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(plain)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		plain = bufio.NewReaderSize(z, 1<<16)
	}
	comma, err := checkStart(file, plain, delimiter)
	if err != nil {
		return nil, err
	}
	guarded := &recordGuard{in: plain, left: mostRecordBytes}
	var from io.Reader = guarded
	if comma == ' ' {
		from = &blankReader{in: bufio.NewReader(guarded), start: true}
	}
	r := csv.NewReader(from)
	r.Comma, r.ReuseRecord = comma, true
	f := newFrame(file, "line", missing, wants)
	if err := f.readRecords(r, guarded); err != nil {
		return nil, err
	}
	return f, f.check()
}

// checkStart looks at the beginning: what is no CSV is said before it is parsed. It takes a byte order mark away.
func checkStart(file string, in *bufio.Reader, delimiter string) (rune, error) {
	head, err := in.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	switch {
	case len(head) == 0:
		return 0, fmt.Errorf("%s: the file is empty; it needs a line of column names and rows below it", file)
	case bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff}):
		return 0, fmt.Errorf("%s: the text is UTF-16; save it as CSV UTF-8", file)
	case bytes.IndexByte(head, 0) >= 0:
		return 0, fmt.Errorf("%s: this is neither CSV nor Parquet: it has zero bytes", file)
	}
	if bytes.HasPrefix(head, []byte("\ufeff")) {
		_, _ = in.Discard(3)
		head = head[3:]
	}
	header, _, _ := bytes.Cut(head, []byte("\n"))
	if cut := len(header) == len(head); !utf8.Valid(header) && !cut {
		return 0, fmt.Errorf("%s: the column names are not UTF-8 (GBK?); save the file as CSV UTF-8", file)
	}
	return delimiterOf(delimiter, string(header))
}

// delimiterOf is what separates the cells of the header, unless it was said.
func delimiterOf(name, header string) (rune, error) {
	switch name {
	case "auto":
		for _, r := range ",\t;" {
			if strings.ContainsRune(header, r) {
				return r, nil
			}
		}
		return ',', nil
	case "comma":
		return ',', nil
	case "tab", `\t`:
		return '\t', nil
	case "semicolon":
		return ';', nil
	case "space":
		return ' ', nil
	}
	if r, n := utf8.DecodeRuneInString(name); n == len(name) && n > 0 && r != '"' && r != '\n' && r != '\r' && r != utf8.RuneError {
		return r, nil
	}
	return 0, cli.Usagef("--delimiter: %q is none of auto, comma, tab, semicolon, space, or a single character", name)
}

func (f *frame) readRecords(r *csv.Reader, guarded *recordGuard) error {
	header, err := r.Read()
	if err != nil {
		return f.csvError(err, 0)
	}
	names := make([]string, len(header))
	for i, h := range header {
		names[i] = strings.Clone(strings.TrimSpace(h))
	}
	at, err := f.find(names)
	if err != nil {
		return err
	}
	for {
		guarded.left = mostRecordBytes
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return f.csvError(err, len(record))
		}
		line, _ := r.FieldPos(0)
		if err := f.take(record, at, int64(line)); err != nil {
			return err
		}
	}
}

// take makes a row of a record, or counts that it lacks a value.
func (f *frame) take(record []string, at []int, line int64) error {
	for k, i := range at {
		if ok, err := f.set(k, line, record[i]); err != nil || !ok {
			return err
		}
	}
	f.keep(line)
	return nil
}

// csvError says what is wrong with a record, and where.
func (f *frame) csvError(err error, fields int) error {
	var at *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%s: the file is empty; it needs a line of column names and rows below it", f.file)
	case errors.Is(err, errLongRecord), !errors.As(err, &at):
		return fmt.Errorf("%s: %w", f.file, err)
	case errors.Is(err, csv.ErrFieldCount):
		return fmt.Errorf("%s: line %d has %s, the header another number; put cells that hold the delimiter into quotes, or name it with --delimiter",
			f.file, at.StartLine, cli.Plural(int64(fields), "cell"))
	}
	return fmt.Errorf("%s: line %d: %w; put quotes around the whole cell and double those inside", f.file, at.Line, at.Err)
}

// recordGuard ends with an error when a single record takes too much.
type recordGuard struct {
	in   io.Reader
	left int
}

func (g *recordGuard) Read(p []byte) (int, error) {
	if g.left <= 0 {
		return 0, errLongRecord
	}
	n, err := g.in.Read(p[:min(len(p), 4096)])
	g.left -= n
	return n, err
}

// blankReader makes one blank of several outside of quotes and drops those at the ends of lines, for files in columns.
type blankReader struct {
	in     *bufio.Reader
	start  bool // nothing of the line has been given out
	blank  bool // one is due before the next character
	quoted bool
	err    error
}

func (b *blankReader) Read(p []byte) (n int, err error) {
	for n+2 <= len(p) && b.err == nil {
		c, err := b.in.ReadByte()
		if err != nil {
			b.err = err
			break
		}
		switch {
		case !b.quoted && (c == ' ' || c == '\t'):
			b.blank = !b.start
			continue
		case c == '"':
			b.quoted = !b.quoted
		}
		newline := c == '\n' && !b.quoted
		if b.blank && !newline && c != '\r' {
			p[n] = ' '
			n++
		}
		p[n] = c
		n++
		b.blank, b.start = false, newline
	}
	if n > 0 {
		return n, nil
	}
	return 0, b.err
}
