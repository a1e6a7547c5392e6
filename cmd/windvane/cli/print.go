package cli

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/windvane/windvane/reports/words"
)

// JSON prints a value for programs.
func JSON(to io.Writer, v any) error {
	e := json.NewEncoder(to)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Lines is Printable of text that may have several lines.
func Lines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = words.Printable(line)
	}
	return strings.Join(lines, "\n")
}

// Short is text of dumps that takes no more than so many columns of the terminal.
func Short(s string, columns int) string { return text.Snip(words.Printable(s), columns, "…") }

// Table prints rows under a header, each on one line. Columns named in numbers are aligned to the right.
func Table(to io.Writer, header []string, rows [][]string, numbers ...string) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Box.PaddingLeft, t.Style().Box.PaddingRight = "", "  "
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(tableRow(header))
	for _, r := range rows {
		t.AppendRow(tableRow(r))
	}
	var right []table.ColumnConfig
	for _, n := range numbers {
		right = append(right, table.ColumnConfig{Name: words.Printable(n), Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(right)
	for line := range strings.SplitSeq(t.Render(), "\n") {
		if _, err := to.Write([]byte(strings.TrimRight(line, " ") + "\n")); err != nil {
			return err
		}
	}
	return nil
}

func tableRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, c := range cells {
		row[i] = words.Printable(c)
	}
	return row
}

// Grouped writes a whole number with commas: 1234567 as 1,234,567.
func Grouped(v int64) string {
	s := strconv.FormatInt(v, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Signed is Grouped with a plus where it grew.
func Signed(v int64) string {
	if v > 0 {
		return "+" + Grouped(v)
	}
	return Grouped(v)
}

// Size writes bytes for people.
func Size(bytes int64) string {
	switch {
	case bytes >= 1<<30:
		return strconv.FormatFloat(float64(bytes)/(1<<30), 'f', 1, 64) + " GiB"
	case bytes >= 1<<20:
		return strconv.FormatFloat(float64(bytes)/(1<<20), 'f', 1, 64) + " MiB"
	case bytes >= 1<<10:
		return strconv.FormatFloat(float64(bytes)/(1<<10), 'f', 1, 64) + " KiB"
	}
	return strconv.FormatInt(bytes, 10) + " B"
}

// Plural writes "1 row", "2 rows".
func Plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return Grouped(n) + " " + one + "s"
}
