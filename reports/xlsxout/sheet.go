package xlsxout

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"github.com/windvane/windvane/reports/words"
	"github.com/windvane/windvane/transforms/contract"
)

// headerRows stay in sight.
const headerRows = 2

// nameLength is how many characters, in UTF-16, a sheet's name may have.
const nameLength = 31

// sheet is one sheet of a list.
type sheet struct {
	name, list string
	part       string // its file in the workbook
	member     bool
	number     int // 1, or that of a sheet that goes on where the one before is full
	rows       int // below the headers
	columns    []column
	styles     []int
	out        *rowWriter
}

// beginSheet adds a sheet with its headers.
func (w *Writer) beginSheet(list, role string, member bool, number int) error {
	s := &sheet{name: w.sheetName(list, member, number), list: list, member: member, number: number, columns: w.columnsOf(list, role, member)}
	index, err := w.file.NewSheet(s.name)
	if err != nil {
		return fmt.Errorf("sheet %s: %w", s.name, err)
	}
	s.part = "xl/worksheets/sheet" + strconv.Itoa(index+1) + ".xml" // excelize numbers new sheets one after another
	out, err := w.parts.Create(s.part)
	if err != nil {
		return fmt.Errorf("sheet %s: %w", s.name, err)
	}
	w.sheet, w.sheets = s, append(w.sheets, s)
	widths := make([]float64, len(s.columns))
	titles, ids := make([]any, len(s.columns)), make([]any, len(s.columns))
	for i, c := range s.columns {
		widths[i], titles[i], ids[i] = c.width(), c.title, idInSheet(c.id)
		s.styles = append(s.styles, w.styles[c.format])
	}
	s.out = newRowWriter(out, widths)
	if err := s.out.row(titles, func(int) int { return w.styles[header] }); err != nil {
		return err
	}
	return s.out.row(ids, func(int) int { return w.styles[subheader] })
}

// write adds a row.
func (s *sheet) write(r *reader) error {
	cells := s.out.cells[:0]
	for i := range s.columns {
		cells = append(cells, s.columns[i].value(r))
	}
	s.out.cells = cells
	s.rows++
	return s.out.row(cells, func(i int) int { return s.styles[i] })
}

// endSheet closes the sheet that is being written, if there is one, with arrows for filtering on the ids.
func (w *Writer) endSheet() error {
	s := w.sheet
	if s == nil {
		return nil
	}
	last, err := excelize.CoordinatesToCellName(len(s.columns), s.rows+headerRows)
	if err != nil {
		return err
	}
	filter := "A2:" + last
	// The frame's own sheet is thrown away; what stays of this is the name that Excel wants for a filter.
	if err := errors.Join(s.out.end(filter), w.file.AutoFilter(s.name, filter, nil)); err != nil {
		return fmt.Errorf("sheet %s: %w", s.name, err)
	}
	return nil
}

// sheetName is "<list> 入选" or "<list> 其他与原因", short and unlike all others.
func (w *Writer) sheetName(list string, member bool, number int) string {
	kind := " 其他与原因"
	if member {
		kind = " 入选"
	}
	if number > 1 {
		kind += "(" + strconv.Itoa(number) + ")"
	}
	base := clean(w.options.Book.List(list))
	name := clip(base, nameLength-len(utf16.Encode([]rune(kind)))) + kind
	for n := 2; w.names[strings.ToLower(name)]; n++ {
		other := "~" + strconv.Itoa(n) + kind
		name = clip(base, nameLength-len(utf16.Encode([]rune(other)))) + other
	}
	w.names[strings.ToLower(name)] = true
	return name
}

// clean replaces what sheets may not be called.
func clean(name string) string {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) || r < ' ' {
			return '_'
		}
		return r
	}, name)
	if name == "" {
		return "_"
	}
	return name
}

// clip cuts text to so many UTF-16 units, not inside a character.
func clip(s string, units int) string {
	for i, r := range s {
		if units -= utf16.RuneLen(r); units < 0 {
			return s[:i]
		}
	}
	return s
}

// column is one column of a sheet.
type column struct {
	id, title string
	format    format
	value     func(*reader) any
}

func (c column) width() float64 {
	switch {
	case c.id == "change":
		return 60
	case c.id == "reasons" || c.id == "failed_gates" || c.id == "override":
		return 36
	case c.id == "subject_name":
		return 24
	case c.format == asText || c.format == money || c.id == "gmv_net15_fen":
		return 16
	}
	return 11
}

// Columns of sheets by their ids, members and others. Those of scores are left out for roles that have none.
var (
	memberColumns = []string{"rank", "rank_before", "category1_id", "subject_id", "subject_name", "merchant_id", "level", "multiplier", "movement", "since",
		"product_score", "shop_score", "talent_score", "lower_score", "orders", "gmv_net15_fen", "reasons", "failed_gates", "pass_streak", "fail_streak", "cold_start",
		"stale", "override", "valid_from", "valid_to"}
	otherColumns = []string{"category1_id", "subject_id", "subject_name", "merchant_id", "reasons", "failed_gates", "needs", "change", "product_score", "shop_score",
		"talent_score", "lower_score", "orders", "gmv_net15_fen", "movement", "since", "rank_before", "standing", "pass_streak", "fail_streak", "stale",
		"override", "valid_from", "valid_to"}
	columnsOfRoles = map[string][]string{
		"merchant_id": {"product"}, "product_score": {"product"}, "shop_score": {"product", "merchant"}, "talent_score": {"talent"},
	}
)

func (w *Writer) columnsOf(list, role string, member bool) []column {
	ids := otherColumns
	if member {
		ids = memberColumns
	}
	var columns []column
	for _, id := range ids {
		if roles, ok := columnsOfRoles[id]; ok && !slices.Contains(roles, role) {
			continue
		}
		columns = append(columns, w.columnOf(list, role, id))
	}
	return columns
}

// changeID is the column of sentences: none of the table.
const changeID = "change"

func (w *Writer) columnOf(list, role, id string) column {
	b := w.options.Book
	c := column{id: id, title: words.Header(id), format: asText}
	switch id {
	case changeID:
		c.title = "最小改进"
		c.value = func(r *reader) any {
			return orNothing(words.Change{List: list, Role: role, Needs: r.text("needs"), Of: r.text("change_of"), From: r.real("change_from"), To: r.real("change_to"),
				Events: r.real("change_events"), Volume: r.real("change_volume"), Failed: r.text("failed_gates"), Reasons: r.text("reasons")}.Chinese(b))
		}
	case "reasons":
		c.value = said(id, words.Reasons)
	case "failed_gates":
		c.value = said(id, func(ids string) string { return b.Gates(list, ids) })
	case "needs":
		c.value = said(id, words.Needs)
	case "movement":
		c.value = said(id, words.Movement)
	default:
		c.format = formatOf(w.table.Column(id))
		c.value = plain(w.table.Column(id))
		if idInSheet(id) != id {
			c.title += "（元）"
		}
	}
	return c
}

// idInSheet is the id of a column with the unit that cells show: money is in yuan here, in fen in the table.
func idInSheet(id string) string {
	if amount, ok := strings.CutSuffix(id, "_fen"); ok {
		return amount + "_yuan"
	}
	return id
}

// said is a column of codes, in words; no code is an empty cell.
func said(id string, say func(string) string) func(*reader) any {
	return func(r *reader) any { return orNothing(say(r.text(id))) }
}

// orNothing leaves the cell of an empty text out.
func orNothing(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// plain is a column as spreadsheets take it.
func plain(col *contract.Column) func(*reader) any {
	return func(r *reader) any {
		switch v := r.value(col.Name).(type) {
		case int64:
			switch col.Kind {
			case contract.Fen:
				return float64(v) / 100 // the nearest double to yuan: 15 digits, which is all a spreadsheet keeps, are exact
			case contract.ID:
				return strconv.FormatInt(v, 10)
			}
			return v
		case bool:
			if v {
				return "是"
			}
			return "否"
		default:
			return v
		}
	}
}
