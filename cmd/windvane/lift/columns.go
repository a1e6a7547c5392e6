package lift

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/windvane/windvane/cmd/windvane/cli"
)

// want is a column that a flag names.
type want struct {
	flag, column string
	number       bool // finite numbers; otherwise names, kept as text
	optional     bool // a name may be empty
}

// column is one column as read: numbers, or names as indices.
type column struct {
	want    want
	numbers []float64
	index   []int    // of names, by row
	names   []string // in the order in which they first come
	at      map[string]int
}

// frame is what was read of a file. Rows are kept in the order of the file.
type frame struct {
	file    string
	place   string  // what the number of a row counts: "line", "row"
	lines   []int64 // by row
	columns []*column
	missing string // what to do with a row that lacks a value: "error", "drop"
	dropped int
	pending []float64 // of the row being read, by column
}

func newFrame(file, place, missing string, wants []want) *frame {
	f := &frame{file: file, place: place, missing: missing, pending: make([]float64, len(wants))}
	for _, w := range wants {
		f.columns = append(f.columns, &column{want: w, at: map[string]int{}})
	}
	return f
}

// rows is their number.
func (f *frame) rows() int { return len(f.lines) }

// column is the one that a flag named.
func (f *frame) column(flag string) *column {
	for _, c := range f.columns {
		if c.want.flag == flag {
			return c
		}
	}
	return nil
}

// numbers is the column of a flag, nil if it was not given.
func (f *frame) numbers(flag string) []float64 {
	if c := f.column(flag); c != nil {
		return c.numbers
	}
	return nil
}

// where says a row as people count it.
func (f *frame) where(row int) string { return fmt.Sprintf("%s %d", f.place, f.lines[row]) }

// errorf is an error about a column in a row.
func (f *frame) errorf(line int64, column, format string, args ...any) error {
	return fmt.Errorf("%s: %s %d, column %s: %s", f.file, f.place, line, column, fmt.Sprintf(format, args...))
}

// missingWords are texts that stand for no value.
var missingWords = []string{"", "na", "n/a", "nan", "null", "none", "nil", `\n`, "-nan", "#n/a"}

// numberOf is the number a cell says, 1 for true and 0 for false; missing if it says none.
func numberOf(text string) (v float64, missing bool, err error) {
	text = strings.TrimSpace(text)
	if slices.Contains(missingWords, strings.ToLower(text)) {
		return 0, true, nil
	}
	if text[0] == '-' || text[0] == '+' || text[0] == '.' || text[0] >= '0' && text[0] <= '9' {
		v, err = strconv.ParseFloat(text, 64)
		if err == nil && !strings.ContainsAny(text, "xXpP_nN") {
			return v, false, nil
		}
	}
	switch lower := strings.ToLower(text); {
	case lower == "true":
		return 1, false, nil
	case lower == "false":
		return 0, false, nil
	case math.IsInf(v, 0):
		return 0, false, fmt.Errorf("%q is infinite or too large; give a finite number or leave the row out", text)
	case strings.Contains(text, ","):
		return 0, false, fmt.Errorf("%q is not a number; write it without thousands separators and with a decimal point", text)
	case strings.HasSuffix(text, "%"):
		return 0, false, fmt.Errorf("%q is not a number; write a share as 0.12, without %%", text)
	}
	return 0, false, fmt.Errorf("%q is not a number; is it the column meant?", text)
}

// set takes the value of column k for the row being read. A missing one drops the row or is an error.
func (f *frame) set(k int, line int64, text string) (ok bool, err error) {
	c := f.columns[k]
	if c.want.number {
		v, missing, err := numberOf(text)
		if err != nil {
			return false, f.errorf(line, c.want.column, "%v", err)
		}
		if missing {
			return f.lacks(line, c, strings.TrimSpace(text))
		}
		return f.setNumber(k, line, v)
	}
	name := strings.TrimSpace(text)
	if name == "" && !c.want.optional {
		return f.lacks(line, c, name)
	}
	f.pending[k] = float64(c.indexOf(name))
	return true, nil
}

// setNumber is set for values that are numbers already.
func (f *frame) setNumber(k int, line int64, v float64) (ok bool, err error) {
	switch c := f.columns[k]; {
	case math.IsNaN(v):
		return f.lacks(line, c, "NaN")
	case math.Abs(v) > 1e100: // infinite too; squares must be finite
		return false, f.errorf(line, c.want.column, "%v is infinite or too large; give a finite number or leave the row out", v)
	}
	f.pending[k] = v
	return true, nil
}

func (f *frame) lacks(line int64, c *column, text string) (bool, error) {
	if f.missing == "drop" {
		f.dropped++
		return false, nil
	}
	what := "the cell is empty"
	if text != "" {
		what = fmt.Sprintf("%q is no value", text)
	}
	return false, f.errorf(line, c.want.column, "%s; fill it in (0 only if it is truly zero) or leave such rows out with --missing drop", what)
}

func (c *column) indexOf(name string) int {
	i, known := c.at[name]
	if !known {
		i = len(c.names)
		name = strings.Clone(name) // not a slice of the whole line
		c.at[name] = i
		c.names = append(c.names, name)
	}
	return i
}

// keep makes a row of the values set.
func (f *frame) keep(line int64) {
	f.lines = append(f.lines, line)
	for k, c := range f.columns {
		if c.want.number {
			c.numbers = append(c.numbers, f.pending[k])
		} else {
			c.index = append(c.index, int(f.pending[k]))
		}
	}
}

// find places the wanted columns among those of the file.
func (f *frame) find(there []string) ([]int, error) {
	at := make([]int, len(f.columns))
	for k, c := range f.columns {
		at[k] = slices.Index(there, c.want.column)
		if at[k] < 0 {
			return nil, cli.Usagef("--%s: %s has no column %s; it has %s", c.want.flag, f.file, c.want.column, listed(there))
		}
		if twin := slices.Index(there[at[k]+1:], c.want.column); twin >= 0 {
			return nil, fmt.Errorf("%s: column %s stands there twice, as number %d and %d; rename one", f.file, c.want.column, at[k]+1, at[k]+twin+2)
		}
	}
	return at, nil
}

// check refuses a file without rows.
func (f *frame) check() error {
	if f.rows() > 0 {
		return nil
	}
	if f.dropped > 0 {
		return fmt.Errorf("%s: all %d rows lack a value and were left out (--missing drop)", f.file, f.dropped)
	}
	return fmt.Errorf("%s: there is a header and no row below it", f.file)
}

// listed is a list for messages, its first forty.
func listed(words []string) string {
	quoted := make([]string, 0, len(words))
	for i, w := range words {
		if i == 40 {
			quoted = append(quoted, fmt.Sprintf("… %d more", len(words)-i))
			break
		}
		if w == "" || strings.ContainsAny(w, " ,") {
			w = strconv.Quote(w)
		}
		quoted = append(quoted, w)
	}
	return strings.Join(quoted, ", ")
}
