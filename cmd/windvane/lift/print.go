package lift

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/transforms/stats"
)

// print prints a result for people.
func (r *result) print(to io.Writer, top int) error {
	fmt.Fprintf(to, "%s: %s\n", r.Method, r.Does)
	if r.File != "" {
		fmt.Fprintf(to, "%s, %s\n", r.File, cli.Plural(int64(r.Rows), "row"))
	}
	if r.Dropped > 0 {
		fmt.Fprintf(to, "%s without a value left out\n", cli.Plural(int64(r.Dropped), "row"))
	}
	if len(r.Estimates) > 0 {
		fmt.Fprintln(to)
		var rows [][]string
		for _, e := range r.Estimates {
			rows = append(rows, []string{e.Name, digits(e.Value), digits(e.SE), intervalText(e.Estimate), digits(e.P)})
		}
		if err := cli.Table(to, []string{"", "value", "SE", fmt.Sprintf("%v %% interval", percentOf(r.Confidence)), "p"}, rows, "value", "SE", "p"); err != nil {
			return err
		}
	}
	if len(r.Facts) > 0 {
		fmt.Fprintln(to)
		var rows [][]string
		for _, f := range r.Facts {
			rows = append(rows, []string{f.Name, cellText(f.Value)})
		}
		if err := cli.Table(to, []string{"beside it", "figure"}, rows, "figure"); err != nil {
			return err
		}
	}
	for i := range r.Tables {
		if err := r.Tables[i].print(to, top); err != nil {
			return err
		}
	}
	fmt.Fprintln(to)
	for _, w := range r.warnings() {
		fmt.Fprintf(to, "warning: %s\n", warningText(w))
	}
	for _, n := range r.Notes {
		fmt.Fprintf(to, "note: %s\n", n)
	}
	fmt.Fprintln(to, r.Meaning)
	return nil
}

func (t *longTable) print(to io.Writer, top int) error {
	if t.hidden || len(t.Rows) == 0 {
		return nil
	}
	rows := t.Rows
	if top > 0 && len(rows) > top {
		rows = rows[:top]
	}
	fmt.Fprintf(to, "\n%s\n", t.Name)
	var cells [][]string
	var numbers []string
	for i, c := range t.Columns {
		if _, text := rows[0][i].(string); !text {
			numbers = append(numbers, c)
		}
	}
	for _, row := range rows {
		var line []string
		for _, v := range row {
			line = append(line, cellText(v))
		}
		cells = append(cells, line)
	}
	if err := cli.Table(to, t.Columns, cells, numbers...); err != nil {
		return err
	}
	if more := len(t.Rows) - len(rows); more > 0 {
		fmt.Fprintf(to, "… %s more (--top 0: all)\n", cli.Grouped(int64(more)))
	}
	return nil
}

// digits writes a number for people: six digits of it, – for none. JSON has all digits.
func digits(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "-∞"
	case v == 0:
		return "0"
	case math.Abs(v) >= 1e6 && math.Abs(v) < 1e15:
		return cli.Grouped(int64(math.Round(v)))
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

func intervalText(e stats.Estimate) string {
	if math.IsNaN(e.Interval.Lo) || math.IsNaN(e.Interval.Hi) {
		return "–"
	}
	return digits(e.Interval.Lo) + " to " + digits(e.Interval.Hi)
}

func cellText(v any) string {
	switch v := v.(type) {
	case float64:
		return digits(v)
	case int:
		return cli.Grouped(int64(v))
	case int64:
		return cli.Grouped(v)
	case bool:
		if v {
			return "yes"
		}
		return "no"
	}
	return fmt.Sprint(v)
}

// percentOf writes a share in percent, without digits that say nothing.
func percentOf(share float64) string {
	if math.IsNaN(share) {
		return "–"
	}
	return strconv.FormatFloat(100*share, 'g', 4, 64)
}
