package xlsxout

import (
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
	member     bool
	part       int // 1, or that of a sheet that goes on where the one before is full
	rows       int // below the headers
	columns    []column
	stream     *excelize.StreamWriter
	file       *excelize.File
	cells      []excelize.Cell // of one row, used again
	row        []any
}

// beginSheet adds a sheet with its headers.
func (w *Writer) beginSheet(list, role string, member bool, part int) error {
	s := &sheet{name: w.sheetName(list, member, part), list: list, member: member, part: part, columns: w.columnsOf(list, role, member), file: w.file}
	if _, err := w.file.NewSheet(s.name); err != nil {
		return fmt.Errorf("sheet %s: %w", s.name, err)
	}
	var err error
	if s.stream, err = w.file.NewStreamWriter(s.name); err != nil {
		return fmt.Errorf("sheet %s: %w", s.name, err)
	}
	w.sheet, w.sheets = s, append(w.sheets, s)
	s.cells, s.row = make([]excelize.Cell, len(s.columns)), make([]any, len(s.columns))
	return s.begin(w.styles)
}

// begin sets what has to stand before the first row, and writes the headers.
func (s *sheet) begin(styles map[format]int) error {
	for i, c := range s.columns {
		if err := s.stream.SetColWidth(i+1, i+1, c.width()); err != nil {
			return err
		}
		s.cells[i].StyleID = styles[c.format]
	}
	if err := s.stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: headerRows, TopLeftCell: "A3", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	titles, ids := make([]any, len(s.columns)), make([]any, len(s.columns))
	for i, c := range s.columns {
		titles[i] = excelize.Cell{StyleID: styles[header], Value: c.title}
		ids[i] = excelize.Cell{StyleID: styles[subheader], Value: c.id}
	}
	if err := s.stream.SetRow("A1", titles); err != nil {
		return err
	}
	return s.stream.SetRow("A2", ids)
}

// write adds a row.
func (s *sheet) write(r *reader) error {
	for i := range s.columns {
		v := s.columns[i].value(r)
		if v == nil {
			s.row[i] = nil
			continue
		}
		s.cells[i].Value = v
		s.row[i] = &s.cells[i]
	}
	s.rows++
	return s.stream.SetRow("A"+strconv.Itoa(s.rows+headerRows), s.row)
}

// end puts arrows for filtering on the ids, and closes the sheet.
func (s *sheet) end() error {
	last, err := excelize.CoordinatesToCellName(len(s.columns), s.rows+headerRows)
	if err != nil {
		return err
	}
	if err := s.file.AutoFilter(s.name, "A2:"+last, nil); err != nil {
		return fmt.Errorf("sheet %s: %w", s.name, err)
	}
	return s.stream.Flush()
}

// sheetName is "<list> 入选" or "<list> 其他与原因", short and unlike all others.
func (w *Writer) sheetName(list string, member bool, part int) string {
	kind := " 其他与原因"
	if member {
		kind = " 入选"
	}
	if part > 1 {
		kind += "(" + strconv.Itoa(part) + ")"
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
		"product_score", "shop_score", "talent_score", "lower_score", "orders", "gmv_net15_fen", "reasons", "pass_streak", "fail_streak", "cold_start",
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
			return words.Change{List: list, Role: role, Needs: r.text("needs"), Of: r.text("change_of"), From: r.real("change_from"), To: r.real("change_to"),
				Events: r.real("change_events"), Volume: r.real("change_volume"), Failed: r.text("failed_gates"), Reasons: r.text("reasons")}.Chinese(b)
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
		if id == "gmv_net15_fen" {
			c.title += "（元）"
		}
	}
	return c
}

// said is a column of codes, in words; no code is an empty cell.
func said(id string, say func(string) string) func(*reader) any {
	return func(r *reader) any {
		if s := say(r.text(id)); s != "" {
			return s
		}
		return nil
	}
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
