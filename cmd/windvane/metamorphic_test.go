package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/testkit/recount"
)

// The market of these tests: long enough for events of the lagged window, over a month's end so that norms can be frozen.
const (
	changedNorms recount.Date = "2026-01-31"
	changedLast  recount.Date = "2026-02-01"
)

// TestChangedMarkets makes the nights of a market, and of what it would be if some things were otherwise.
func TestChangedMarkets(t *testing.T) {
	t.Parallel()
	a := newStand(t, changedMarket(t), "")
	a.night(changedNorms)
	a.night(changedLast)
	t.Run("other ids in the same order", func(t *testing.T) { relabel(t, a) })
	t.Run("twice the volume", func(t *testing.T) { double(t, a) })
	t.Run("a newcomer", func(t *testing.T) { addNewcomer(t, a) })
}

func changedMarket(t *testing.T) string {
	return demo(t, "--as-of", string(changedLast), "--days", "28", "--lines-per-day", "1500", "--merchants", "60", "--talents", "80", "--products", "300",
		"--buyers", "3000", "--seed", "5")
}

// dumpRows are the rows of one partition, which a test changes.
type dumpRows struct {
	table, day string
	schema     *parquet.Schema
	rows       []parquet.Row
}

// at is the position of a column, -1 if there is none.
func (d *dumpRows) at(column string) int {
	leaf, ok := d.schema.Lookup(column)
	if !ok {
		return -1
	}
	return leaf.ColumnIndex
}

// set puts a value where another stood.
func set(row parquet.Row, at int, v parquet.Value) {
	row[at] = v.Level(row[at].RepetitionLevel(), row[at].DefinitionLevel(), at)
}

// addTo adds to whole numbers, or numbers written as text, in some columns; null stays null.
func (d *dumpRows) addTo(row parquet.Row, n int64, columns ...string) {
	for _, c := range columns {
		switch at := d.at(c); {
		case at < 0 || row[at].IsNull():
		case row[at].Kind() == parquet.Int64:
			set(row, at, parquet.Int64Value(row[at].Int64()+n))
		default:
			id, err := strconv.ParseInt(string(row[at].ByteArray()), 10, 64)
			if err != nil {
				panic(fmt.Sprintf("%s of %s is no number", c, d.table)) // the demo writes decimal ids
			}
			set(row, at, parquet.ByteArrayValue([]byte(strconv.FormatInt(id+n, 10))))
		}
	}
}

// changed are the dumps of a market after change, which returns the rows that a partition then has.
func changed(t *testing.T, input string, change func(d *dumpRows) []parquet.Row) string {
	t.Helper()
	to := t.TempDir()
	files, err := filepath.Glob(filepath.Join(input, "dumps", "*", "dt=*", "*.parquet"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no dumps in %s: %v", input, err)
	}
	partitions := map[string][]string{}
	for _, f := range files {
		partitions[filepath.Dir(f)] = append(partitions[filepath.Dir(f)], f)
	}
	for dir, files := range partitions {
		d := &dumpRows{table: filepath.Base(filepath.Dir(dir)), day: strings.TrimPrefix(filepath.Base(dir), "dt=")}
		d.schema, d.rows = readRows(t, files)
		partition := filepath.Join(to, "dumps", d.table, "dt="+d.day)
		writeRows(t, filepath.Join(partition, "part-00000.parquet"), d.schema, change(d))
		if err := os.WriteFile(filepath.Join(partition, "_SUCCESS"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// ids are all columns with an identifier of anything but a category, a brand or a style.
var ids = []string{"order_line_id", "order_id", "buyer_id", "merchant_id", "product_id", "sku_id", "promoter_id", "author_id", "content_id", "refund_id", "review_id",
	"complaint_id", "chat_id", "ticket_id", "talent_id", "owner_merchant_id", "source_promoter_id", "subject_id"}

// relabelled is what every identifier grows by. It keeps their order, also as texts: all of a kind have as many digits.
const relabelled = 1_000_000_000

// relabel gives everything another id, in the same order: nothing but the ids may change.
func relabel(t *testing.T, a *stand) {
	other := changed(t, a.input, func(d *dumpRows) []parquet.Row {
		for _, row := range d.rows {
			d.addTo(row, relabelled, ids...)
		}
		return d.rows
	})
	b := newStand(t, other, "")
	b.night(changedNorms)
	b.night(changedLast)
	for table, columns := range map[string]string{
		"product_score":        "status score grade tier lower_score orders window_days coverage_ratio quality_score price_score service_score popularity_score",
		"shop_score":           "status score grade lower_score goods_score orders window_days coverage_ratio violation_points",
		"talent_score":         "status score grade lower_score orders window_days coverage_ratio violation_points",
		"price_power":          "unit_price_fen orders benchmark_shops benchmark_fen stars status",
		"score_indicators":     "role indicator state numerator denominator value points contribution",
		"eligibility_traffic":  "list eligible rank level multiplier movement orders failed_gates needs change_of change_to",
		"eligibility_subsidy":  "list eligible rank level multiplier movement orders failed_gates needs change_of change_to",
		"eligibility_benefit":  "list eligible rank level multiplier movement orders failed_gates needs change_of change_to",
		"eligibility_campaign": "list eligible rank level multiplier movement orders failed_gates needs change_of change_to",
	} {
		t.Run(table, func(t *testing.T) {
			want, got := a.read(changedLast, table, strings.Fields(columns)...), b.read(changedLast, table, strings.Fields(columns)...)
			if want.N == 0 || want.N != got.N {
				t.Fatalf("%d rows, want %d", got.N, want.N)
			}
			var diff []string
			for i := range want.N {
				if w, g := want.Line(i), got.Line(i); w != g {
					diff = append(diff, fmt.Sprintf("row %d: %s, want %s", i, g, w))
				}
			}
			agree(t, diff)
		})
	}
}

// double makes every order and all that follows from it happen twice: rates stay.
func double(t *testing.T, a *stand) {
	twice := changed(t, a.input, func(d *dumpRows) []parquet.Row {
		if d.at("order_id") < 0 && d.at("complaint_id") < 0 && d.at("chat_id") < 0 {
			return d.rows
		}
		rows := slices.Clone(d.rows)
		for _, row := range d.rows {
			row = row.Clone()
			d.addTo(row, 1<<58, "order_line_id", "order_id", "refund_id", "review_id", "complaint_id", "chat_id")
			rows = append(rows, row)
		}
		return rows
	})
	b := newStand(t, twice, "")
	b.night(changedLast)
	for role, table := range scoreTables {
		t.Run(role, func(t *testing.T) {
			once, windows := a.windows(table[0], table[1]), b.windows(table[0], table[1])
			want, got, compared := a.steps(changedLast, role), b.steps(changedLast, role), 0
			var diff []string
			for subject, steps := range want {
				if once[subject] != windows[subject] {
					continue // twice the orders are enough for a shorter window
				}
				for indicator, w := range steps {
					if strings.HasPrefix(indicator, "price_") {
						continue // twice the orders are enough for more benchmarks
					}
					if g := got[subject][indicator]; !sameRate(w, g) {
						diff = append(diff, fmt.Sprintf("%d %s: %v of %v, once it was %v of %v", subject, indicator, g.x, g.n, w.x, w.n))
					}
					compared++
				}
			}
			agree(t, diff)
			t.Logf("%d figures of %d subjects", compared, len(want))
			if compared < 400 {
				t.Errorf("only %d figures were compared", compared)
			}
		})
	}
}

// windows are the lengths of the subjects' windows.
func (s *stand) windows(table, id string) map[int64]int64 {
	s.t.Helper()
	r, out := s.read(changedLast, table, id, "window_days"), map[int64]int64{}
	for i := range r.N {
		out[r.Int(i, id)] = r.Int(i, "window_days")
	}
	return out
}

// sameRate: nothing of both, or the same x/n. Figures of traffic and GMV stand for themselves (n is 1) and may double.
func sameRate(a, b step) bool {
	if a.n <= 0 || b.n <= 0 || a.n == 1 && b.n == 1 {
		return a.n == b.n
	}
	return sameFigure(a.x/a.n, b.x/b.n)
}

// newcomer is an id that nobody has.
const newcomer = 777_777_777

// addNewcomer lets a shop with some hundred orders arrive on the day after norms were frozen: nobody else's score moves.
func addNewcomer(t *testing.T, a *stand) {
	with := changed(t, a.input, func(d *dumpRows) []parquet.Row {
		rows := d.rows
		if d.day != string(changedLast) {
			return rows
		}
		switch d.table {
		case "orders", "products", "merchants":
			for _, row := range rows[:min(len(rows), 300)] {
				if d.table != "orders" {
					row = rows[0]
				}
				rows = append(rows, d.newcomers(row.Clone()))
				if d.table != "orders" {
					break
				}
			}
		}
		return rows
	})
	b := newStand(t, with, "")
	b.night(changedNorms)
	b.night(changedLast)
	for _, role := range []string{"merchant", "talent"} {
		t.Run(role, func(t *testing.T) { sameScores(t, a, b, role, role == "merchant") })
	}
	t.Run("product", func(t *testing.T) { sameNormedSteps(t, a, b) })
}

// newcomers are the rows of the new shop: its one product has no style and no category, and nobody promotes it.
func (d *dumpRows) newcomers(row parquet.Row) parquet.Row {
	d.addTo(row, 1<<58, "order_line_id", "order_id", "buyer_id")
	for _, c := range []string{"merchant_id", "product_id"} {
		if at := d.at(c); at >= 0 {
			set(row, at, parquet.Int64Value(newcomer))
		}
	}
	for _, c := range []string{"promoter_id", "author_id", "content_id", "style_id", "category1_id", "category2_id", "category3_id"} {
		if at := d.at(c); at >= 0 && d.table != "merchants" {
			row[at] = parquet.NullValue().Level(0, 0, at)
		}
	}
	return row
}

func sameScores(t *testing.T, a, b *stand, role string, came bool) {
	columns := []string{scoreTables[role][1], "status", "score", "grade", "lower_score", "orders", "window_days", "coverage_ratio"}
	lines := func(s *stand) map[int64]string {
		r, out := s.read(changedLast, scoreTables[role][0], columns...), map[int64]string{}
		for i := range r.N {
			out[r.Int(i, columns[0])] = r.Line(i)
		}
		return out
	}
	want, got := lines(a), lines(b)
	if _, there := got[newcomer]; there != came {
		t.Errorf("the newcomer has a row: %v", there)
	}
	var diff []string
	for id, line := range want {
		if got[id] != line {
			diff = append(diff, fmt.Sprintf("%d: %s, without the newcomer %s", id, got[id], line))
		}
	}
	agree(t, diff)
}

// sameNormedSteps compares the indicators that are held against norms; those that are ranked among today's products may
// move when one more is ranked.
func sameNormedSteps(t *testing.T, a, b *stand) {
	want, got := a.steps(changedLast, "product"), b.steps(changedLast, "product")
	if len(got[newcomer]) == 0 {
		t.Error("the newcomer's product has no indicators")
	}
	var diff []string
	for product, steps := range want {
		for indicator, w := range steps {
			if g := got[product][indicator]; g != w && indicator != "gmv_per_mille" && indicator != "effective_gmv" {
				diff = append(diff, fmt.Sprintf("%d %s: %+v, without the newcomer %+v", product, indicator, g, w))
			}
		}
	}
	agree(t, diff)
}
