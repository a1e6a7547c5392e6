package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/xuri/excelize/v2"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/mapping"
)

// hostileNames are texts that spreadsheets run, that break lines, tags and encodings, or that do not end. Those that cannot
// be text are rejected with their row.
var hostileNames = []string{
	`=cmd|' /C calc'!A0`, "+1", "@SUM(1+1)", "-2+3", "=HYPERLINK(\"http://x.example\",\"win\")", "\t=1+1", "\r=1+1", "\n=1+1", "＝1+1", "＋1", "－1", "＠SUM(1)",
	`"; DROP TABLE shops; --`, `he said ""`, "a,b;c\td", "one\r\ntwo\nthree\rfour", "\ufeff=1+1", "\u202egnp.exe", "\u2066left\u2069", "</script><script>alert(1)</script>",
	"<b>&amp;\"'</b>", "]]>", "_x000D_=1", "_x0041_", "'=1", " =1", "0x10", "1e400", "007", "12345678901234567890", "TRUE", "#REF!", "NULL", "(none)", "川流 🦀 é e\u0301",
	strings.Repeat("长", 13_000), strings.Repeat("=", 40_000), "bell\a, escape\x1b[2J, \x01\x02\x1f", "\x7f", "\u2028\u2029", "nul\x00here",
	"\xff\xfe", "\xed\xa0\x80", "", "\ufffe\uffff", "half\xe4\xbd", strings.Repeat("x", mapping.MaxText+1),
}

// usable is the rule of the contract: valid UTF-8 without NUL, not longer than texts may be.
func usable(s string) bool {
	return utf8.ValidString(s) && !strings.Contains(s, "\x00") && len(s) <= mapping.MaxText
}

// inCSV is a name as a reader of RFC 4180 gets it: with the apostrophe that the escape is documented to put before what a
// spreadsheet would run. encoding/csv makes a line feed of a carriage return and a line feed.
func inCSV(name string) string {
	for _, sign := range []string{"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(name, sign) {
			name = "'" + name
			break
		}
	}
	return strings.ReplaceAll(name, "\r\n", "\n")
}

// inCell is a name as a workbook may hold it: 32,767 UTF-16 units of what XML has characters for.
func inCell(name string) string {
	var b strings.Builder
	units := 0
	for _, r := range name {
		if units += utf16.RuneLen(r); units > 32_767 {
			break
		}
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

// hostileNight publishes a night in which all products, shops and talents have hostile names, which it gives by role and id.
func hostileNight(t *testing.T) (s *stand, names map[string]string) {
	t.Helper()
	s = newStand(t, killMarket(t), anyRejects())
	names = map[string]string{}
	next := 0
	for _, of := range []struct{ table, id, role string }{{"products", "product_id", "product"}, {"merchants", "merchant_id", "merchant"}, {"talents", "talent_id", "talent"}} {
		var rows []string
		spoil(t, s.input, of.table, string(marketLast), func(f arrow.Field, row int) (any, bool) {
			if f.Name != "name" {
				return nil, false
			}
			rows = append(rows, hostileNames[next%len(hostileNames)])
			next++
			return rows[row], true
		})
		for row, id := range dumpColumn(t, s, of.table, of.id) {
			names[of.role+"/"+id] = rows[row]
		}
	}
	s.night(marketLast, "--accept-gates", "hostile on purpose", "--accept-churn", "hostile on purpose")
	return s, names
}

// dumpColumn are the values of a column of the night's dump.
func dumpColumn(t *testing.T, s *stand, table, name string) (values []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.input, "dumps", table, "dt="+string(marketLast), "*.parquet"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%s has %d files, %v", table, len(files), err)
	}
	l, err := lake.Open(t.Context(), filepath.Dir(files[0]), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rec, err := readWhole(t.Context(), l, filepath.Base(files[0]))
	if err != nil {
		t.Fatal(err)
	}
	a := rec.Column(rec.Schema().FieldIndices(name)[0])
	for row := range a.Len() {
		values = append(values, a.ValueStr(row))
	}
	return values
}

// TestHostileNamesStayText publishes a night of hostile names. Every list is read back as CSV, as CSV for Excel and as a
// workbook: the same text, with the documented apostrophe in CSV, cut to what a cell holds in a workbook, and never a formula.
// Names that are no text are counted as rejects and in no list.
func TestHostileNamesStayText(t *testing.T) {
	s, names := hostileNight(t)
	plain, excel, books := t.TempDir(), t.TempDir(), t.TempDir()
	lists := "eligibility_traffic,eligibility_subsidy,eligibility_benefit,eligibility_campaign"
	succeeds(t, "get", "-o", s.output, "-d", string(marketLast), "--format", "csv", "--to", plain)
	succeeds(t, "get", "-o", s.output, "-d", string(marketLast), "--format", "csv", "--bom", "--tables", lists, "--to", excel)
	succeeds(t, "get", "-o", s.output, "-d", string(marketLast), "--format", "xlsx", "--to", books)
	seen := map[string]bool{}
	for _, table := range strings.Split(lists, ",") {
		namesInCSV(t, filepath.Join(plain, table+".csv"), names, seen, inCSV)
		namesInCSV(t, filepath.Join(excel, table+".csv"), names, seen, func(name string) string {
			if slices.Contains([]string{"007", "12345678901234567890", "1e400"}, name) { // what Excel would change
				return "'" + name
			}
			return inCSV(name)
		})
	}
	for _, name := range hostileNames {
		if usable(name) && !seen[name] {
			t.Errorf("%.40q is on no list", name)
		}
	}
	var cells []bookCell
	for _, table := range strings.Split(lists, ",") {
		cells = append(cells, namesInBook(t, filepath.Join(books, table+".xlsx"), names)...)
	}
	if len(cells) < 50 {
		t.Errorf("%d names in workbooks: the test says little", len(cells))
	}
	otherReaderOfBooks(t, books, cells)
}

// Names and ids of the dumps go to the terminal of whoever looks at nights: each stays in its row, of a width that can be read.
func TestHostileNamesStayInTheirRows(t *testing.T) {
	var out bytes.Buffer
	a := &app{stdout: &out}
	var movers []jobs.ListMover
	d := jobs.TableDiff{Table: "gmv", MovedBy: "gmv_paid_fen"}
	for _, name := range hostileNames {
		movers = append(movers, jobs.ListMover{Subject: name, Name: name, Category: name, Decides: "valid_orders"})
		d.Movers = append(d.Movers, jobs.Mover{Name: "role=product, subject_id=" + name, Status: "changed"})
	}
	if err := errors.Join(a.printMovers("entering", movers, len(movers)), a.printTableDiff(d)); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if text := strings.TrimSuffix(line, "\n"); strings.IndexFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) >= 0 || utf8.RuneCountInString(text) > 250 {
			t.Errorf("%.300q", text)
		}
	}
	// a header each, and blank line and title of the second
	if got, want := strings.Count(out.String(), "\n"), 2*(len(hostileNames)+1)+2; got != want {
		t.Errorf("%d lines, want %d:\n%.4000s", got, want, out.String())
	}
}

// namesInCSV holds the names of a list as CSV against what was dumped.
func namesInCSV(t *testing.T, file string, names map[string]string, seen map[string]bool, form func(string) string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff")))).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	role, id, name := slices.Index(rows[0], "role"), slices.Index(rows[0], "subject_id"), slices.Index(rows[0], "subject_name")
	for _, row := range rows[1:] {
		was, known := names[row[role]+"/"+row[id]]
		want := ""
		if known && usable(was) {
			want, seen[was] = form(was), true
		}
		if row[name] != want {
			t.Errorf("%s: %s %s is named %.60q, dumped as %.60q", filepath.Base(file), row[role], row[id], row[name], was)
		}
	}
}

// bookCell is a cell of a workbook and the text that must be in it.
type bookCell struct {
	File  string `json:"file"`
	Sheet string `json:"sheet"`
	Cell  string `json:"cell"`
	Text  string `json:"text"`
}

// namesInBook holds the names in a workbook against what was dumped, and looks for formulas in all of it.
func namesInBook(t *testing.T, file string, names map[string]string) (cells []bookCell) {
	t.Helper()
	f, err := excelize.OpenFile(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range rows {
			for c := range row {
				at, _ := excelize.CoordinatesToCellName(c+1, r+1)
				if formula, err := f.GetCellFormula(sheet, at); formula != "" || err != nil {
					t.Errorf("%s, %s %s: formula %q, %v", filepath.Base(file), sheet, at, formula, err)
				}
			}
		}
		if len(rows) < 3 || slices.Index(rows[1], "subject_name") < 0 {
			continue
		}
		id, name := slices.Index(rows[1], "subject_id"), slices.Index(rows[1], "subject_name")
		for r, row := range rows[2:] {
			at, _ := excelize.CoordinatesToCellName(name+1, r+3)
			got, err := f.GetCellValue(sheet, at)
			if err != nil {
				t.Fatal(err)
			}
			var fits []string // ids of two roles may be the same number
			for _, role := range []string{"product", "merchant", "talent"} {
				if was, known := names[role+"/"+row[id]]; known && usable(was) {
					fits = append(fits, inCell(was))
				} else {
					fits = append(fits, "")
				}
			}
			if !slices.Contains(fits, got) {
				t.Errorf("%s, %s %s: %.60q, want one of %.100q", filepath.Base(file), sheet, at, got, fits)
			}
			if got != "" {
				cells = append(cells, bookCell{filepath.Base(file), sheet, at, got})
			}
		}
	}
	return cells
}
