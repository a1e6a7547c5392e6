package xlsxout

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// textLength is how many UTF-16 units a cell may hold.
const textLength = 32_767

// rowWriter writes one sheet in SpreadsheetML (ECMA-376, part 1, section 18.3), every text inline.
type rowWriter struct {
	out     *bufio.Writer // keeps the first error for end
	columns []string      // letters
	at      int
	cells   []any // of one row, used again by its owner
	number  []byte
}

// newRowWriter begins a sheet whose header rows stay in sight.
func newRowWriter(to io.Writer, widths []float64) *rowWriter {
	w := &rowWriter{out: bufio.NewWriterSize(to, 1<<16)}
	w.out.WriteString(xml.Header + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">`)
	fmt.Fprintf(w.out, `<sheetViews><sheetView workbookViewId="0"><pane ySplit="%d" topLeftCell="A%d" activePane="bottomLeft" state="frozen"/>`, headerRows, headerRows+1)
	w.out.WriteString(`<selection pane="bottomLeft"/></sheetView></sheetViews><sheetFormatPr defaultRowHeight="15"/><cols>`)
	for i, width := range widths {
		letters, err := excelize.ColumnNumberToName(i + 1)
		if err != nil {
			panic(fmt.Sprintf("xlsxout: column %d: %v", i+1, err)) // no table has so many
		}
		w.columns = append(w.columns, letters)
		fmt.Fprintf(w.out, `<col min="%d" max="%d" width="%g" customWidth="1"/>`, i+1, i+1, width)
	}
	w.out.WriteString(`</cols><sheetData>`)
	return w
}

// row writes a row: nil leaves a cell out; string, int64, float64 and time.Time, a day, are what cells hold.
func (w *rowWriter) row(cells []any, style func(i int) int) error {
	w.at++
	w.out.WriteString(`<row r="`)
	w.whole(int64(w.at))
	w.out.WriteString(`">`)
	for i, v := range cells {
		if v == nil {
			continue
		}
		w.out.WriteString(`<c r="`)
		w.out.WriteString(w.columns[i])
		w.whole(int64(w.at))
		w.out.WriteString(`" s="`)
		w.whole(int64(style(i)))
		if err := w.value(v); err != nil {
			return fmt.Errorf("column %s: %w", w.columns[i], err)
		}
		w.out.WriteString(`</c>`)
	}
	_, err := w.out.WriteString(`</row>`)
	return err
}

func (w *rowWriter) value(v any) error {
	switch v := v.(type) {
	case string:
		w.out.WriteString(`" t="inlineStr"><is><t xml:space="preserve">`)
		w.text(v)
		w.out.WriteString(`</t></is>`)
		return nil
	case int64:
		w.out.WriteString(`"><v>`)
		w.whole(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%v is no number", v)
		}
		w.out.WriteString(`"><v>`)
		form := byte('f')
		if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e15) {
			form = 'e'
		}
		w.number = strconv.AppendFloat(w.number[:0], v, form, -1, 64)
		w.out.Write(w.number)
	case time.Time:
		w.out.WriteString(`"><v>`)
		w.whole(v.Unix()/86_400 + daysTo1970)
	default:
		return fmt.Errorf("type %T is not one that cells hold", v)
	}
	w.out.WriteString(`</v>`)
	return nil
}

// daysTo1970 is the number that spreadsheets give 1970-01-01.
const daysTo1970 = 25_569

func (w *rowWriter) whole(v int64) {
	w.number = strconv.AppendInt(w.number[:0], v, 10)
	w.out.Write(w.number)
}

// escape marks underscores that readers would take for the begin of an escaped character, _x000D_ (ECMA-376, part 1,
// section 22.9.2.19).
func escape(s string) string {
	var out strings.Builder
	for i := range len(s) {
		if s[i] == '_' && len(s) >= i+7 && s[i+1] == 'x' && s[i+6] == '_' && isHex(s[i+2:i+6]) {
			out.WriteString("_x005F")
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

func isHex(s string) bool { return strings.Trim(s, "0123456789abcdefABCDEF") == "" }

// text writes text as XML; what XML cannot hold becomes U+FFFD, what a cell cannot is cut off.
func (w *rowWriter) text(s string) {
	if len(s) > textLength { // of bytes: no fewer than UTF-16 units
		s = clip(s, textLength)
	}
	if strings.Contains(s, "_x") {
		s = escape(s)
	}
	if isPlain(s) {
		w.out.WriteString(s)
		return
	}
	_ = xml.EscapeText(w.out, []byte(s)) // its errors are those of out, which keeps them
}

// isPlain tells whether text is ASCII that XML takes as it is.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '<' || c == '>' || c == '&' || c == '"' || c == '\'' {
			return false
		}
	}
	return true
}

// end closes the sheet, with arrows for filtering on a range.
func (w *rowWriter) end(filter string) error {
	w.out.WriteString(`</sheetData><autoFilter ref="` + filter + `"/></worksheet>`)
	return w.out.Flush()
}
