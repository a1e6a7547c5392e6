package twin_test

import (
	"path/filepath"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/transforms/contract"
	"pgregory.net/rapid"
)

func TestIdentitiesHoldInRandomMarkets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := twin.Markets(twin.MarketOptions{Doubled: true}).Draw(t, "market")
		tables := twin.Compute(m.Partitions, m.Options)
		checkGMV(t, tables.GMV)
		checkSplit(t, tables)
		for _, r := range tables.Repeat {
			if r.RepeatBuyers > r.Buyers || r.Buyers < 1 {
				t.Fatalf("repeat buyers out of range: %+v", r)
			}
		}
		for _, r := range tables.MonthlyBuyers {
			if r.R2Buyers > r.Buyers || (r.RetainedBuyers != nil && *r.RetainedBuyers > r.R2Buyers) {
				t.Fatalf("monthly buyers out of range: %+v", r)
			}
		}
	})
}

func checkGMV(t *rapid.T, rows []twin.GMVRow) {
	for _, r := range rows {
		if r.GMVPaidFen > r.GMVPaidRawFen {
			t.Fatalf("gmv_paid above gmv_paid_raw: %+v", r)
		}
		if n := r.GMVNetFen; n != nil && (*n < 0 || *n > r.GMVPaidFen) {
			t.Fatalf("gmv_net %d outside 0 to gmv_paid: %+v", *n, r)
		}
		if n := r.GMVNet15Fen; n != nil && (*n < 0 || *n > r.GMVPaidLag15Fen) {
			t.Fatalf("gmv_net15 %d outside 0 to its base: %+v", *n, r)
		}
		if n := r.GMVNet30Fen; n != nil && (*n < 0 || *n > r.GMVPaidLag30Fen) {
			t.Fatalf("gmv_net30 %d outside 0 to its base: %+v", *n, r)
		}
	}
}

// checkSplit tests that the cells of gmv_split add up to gmv.
func checkSplit(t *rapid.T, tables twin.Tables) {
	type key struct {
		role, subject string
		days          int64
	}
	type sums struct{ order, raw, paid, lag15, lag30, lines, quantity int64 }
	add := func(s sums, f twin.GMVForms) sums {
		return sums{
			s.order + f.GMVOrderFen, s.raw + f.GMVPaidRawFen, s.paid + f.GMVPaidFen,
			s.lag15 + f.GMVPaidLag15Fen, s.lag30 + f.GMVPaidLag30Fen, s.lines + f.Lines, s.quantity + f.Quantity,
		}
	}
	split := map[key]sums{}
	for _, r := range tables.GMVSplit {
		k := key{r.Role, r.SubjectID, r.WindowDays}
		split[k] = add(split[k], r.GMVForms)
	}
	for _, r := range tables.GMV {
		if got, want := split[key{r.Role, r.SubjectID, r.WindowDays}], add(sums{}, r.GMVForms); got != want {
			t.Fatalf("cells of %+v add up to %+v, want %+v", r.Subject, got, want)
		}
	}
}

// TestMarketsReachTheEdges counts what random markets hold: a generator that never draws an edge tests nothing.
func TestMarketsReachTheEdges(t *testing.T) {
	reached := map[string]int{}
	for seed := range 60 {
		m := twin.Markets(twin.MarketOptions{}).Example(seed)
		for edge, there := range edges(m, twin.Compute(m.Partitions, m.Options)) {
			if there {
				reached[edge]++
			} else {
				reached[edge] += 0
			}
		}
	}
	t.Logf("edges in 60 markets: %v", reached)
	for edge, markets := range reached {
		if markets == 0 {
			t.Errorf("no market has %s", edge)
		}
	}
}

func edges(m twin.Market, tables twin.Tables) map[string]bool {
	e := map[string]bool{
		"no refunds table": m.Partitions.Refunds == nil, "no products table": m.Partitions.Products == nil,
		"no talents table": m.Partitions.Talents == nil,
		"excluded rows":    false, "new buyers known": false, "returning buyers": false, "repeat buyers": false,
		"a net below paid": false, "net30 below its base": false, "full refunds that take a buyer out": false,
		"retained buyers": false, "a second cohort month": false, "converted buyers": false, "full sets": false,
		"followers": false, "growth on the year": false, "growth on the month": false, "carted products": false,
		"categories known late": false, "self": false, "distribution": false, "none": false, "unknown": false, "refunds without a sale in reach": false,
	}
	for _, r := range tables.GMV {
		e["new buyers known"] = e["new buyers known"] || r.NewBuyers != nil && *r.NewBuyers > 0
		e["returning buyers"] = e["returning buyers"] || r.ReturningBuyers != nil && *r.ReturningBuyers > 0
		e["a net below paid"] = e["a net below paid"] || r.GMVNetFen != nil && *r.GMVNetFen < r.GMVPaidFen
		e["net30 below its base"] = e["net30 below its base"] || r.GMVNet30Fen != nil && *r.GMVNet30Fen < r.GMVPaidLag30Fen
		e["refunds without a sale in reach"] = e["refunds without a sale in reach"] ||
			r.RefundAmtFen != nil && *r.RefundAmtFen > 0 && r.GMVPaidFen == 0
	}
	most := map[int64]int64{} // days present of windows
	for _, r := range tables.GMV {
		most[r.WindowDays] = max(most[r.WindowDays], r.DaysPresent)
	}
	for _, r := range tables.GMV {
		e["categories known late"] = e["categories known late"] || r.DaysPresent < most[r.WindowDays]
	}
	for _, r := range tables.GMVSplit {
		e[r.Channel] = e[r.Channel] || r.GMVPaidFen > 0
	}
	e["excluded rows"] = len(tables.Excluded) > 0
	for _, r := range tables.Repeat {
		e["repeat buyers"] = e["repeat buyers"] || r.RepeatBuyers > 0
	}
	for _, r := range tables.MonthlyBuyers {
		e["full refunds that take a buyer out"] = e["full refunds that take a buyer out"] || r.R2Buyers < r.Buyers
		e["retained buyers"] = e["retained buyers"] || r.RetainedBuyers != nil && *r.RetainedBuyers > 0
	}
	for _, r := range tables.Cohorts {
		e["a second cohort month"] = e["a second cohort month"] || r.MonthOffset > 0
	}
	for _, r := range tables.Trust {
		e["converted buyers"] = e["converted buyers"] || r.ConvertedBuyers != nil && *r.ConvertedBuyers > 0
		e["full sets"] = e["full sets"] || r.FullSetOrders != nil && *r.FullSetOrders > 0
		e["followers"] = e["followers"] || r.Followers != nil
	}
	for _, r := range tables.Overview {
		e["growth on the year"] = e["growth on the year"] || r.GMVPaidYoyRatio != nil
		e["growth on the month"] = e["growth on the month"] || r.GMVPaidMomRatio != nil
		e["carted products"] = e["carted products"] || r.CartedProducts != nil && *r.CartedProducts > 0
	}
	return e
}

func TestDumpsHaveTheContractsColumns(t *testing.T) {
	for _, o := range []twin.DumpOptions{
		{}, {IntIDs: true, Files: 3, RowsPerGroup: 2, ShuffleSeed: 7, Success: true},
	} {
		dir := t.TempDir()
		p := smallMarket()
		if err := twin.WriteDumps(dir, p, o); err != nil {
			t.Fatal(err)
		}
		for _, table := range []*contract.Table{contract.Orders, contract.Refunds, contract.Products, contract.Talents} {
			rows := readDumps(t, dir, table)
			if len(rows) == 0 {
				t.Fatalf("no rows of %s", table.Name)
			}
			for _, c := range table.Columns {
				if v, ok := rows[0][c.Name]; !ok {
					t.Errorf("%s has no column %s", table.Name, c.Name)
				} else if v == nil && !c.Null && !c.Copied {
					t.Errorf("%s.%s is null", table.Name, c.Name)
				}
			}
			if len(rows[0]) != len(table.Columns) {
				t.Errorf("%s has %d columns, the contract %d", table.Name, len(rows[0]), len(table.Columns))
			}
		}
	}
}

// readDumps reads all dumps of a table; their files have the form of published ones.
func readDumps(t *testing.T, dir string, table *contract.Table) []twin.Row {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, table.Name, "dt=*", "*.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []twin.Row
	for _, f := range files {
		name := filepath.Base(f)
		got, err := twin.ReadPublished(filepath.Dir(f), name[:len(name)-len(".parquet")])
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, got...)
	}
	return rows
}

func TestIDsThatAreNoNumbersAreRefused(t *testing.T) {
	p := smallMarket()
	p.Orders[day(1)][0].BuyerID = "alice"
	if err := twin.WriteDumps(t.TempDir(), p, twin.DumpOptions{IntIDs: true}); err == nil {
		t.Fatal("wrote buyer alice as INT64")
	}
}

// TestPublishedTablesCompare writes the twin's own rows and finds them equal, then finds what was changed.
func TestPublishedTablesCompare(t *testing.T) {
	dir := t.TempDir()
	want := twin.Compute(smallMarket(), options()).ByTable()
	type published struct {
		AsOfDate   int32  `parquet:"as_of_date,date"`
		Role       string `parquet:"role,dict"`
		SubjectID  string `parquet:"subject_id"`
		WindowDays int64  `parquet:"window_days"`
		Reason     string `parquet:"reason"`
		Lines      int64  `parquet:"lines"`
		GMVFen     *int64 `parquet:"gmv_fen,optional"`
	}
	row := func(role, subject string, days, fen int64) published {
		return published{int32(options().AsOf), role, subject, days, "risk:bot", 1, &fen}
	}
	var rows []published
	for _, days := range []int64{1, 7, 30, 60, 90, 365} {
		rows = append(rows, row("platform", "", days, 500), row("merchant", "11", days, 500))
	}
	write := func(rows []published) {
		if err := parquet.WriteFile(filepath.Join(dir, "excluded.parquet"), rows); err != nil {
			t.Fatal(err)
		}
	}
	excluded := map[string][]twin.Row{"excluded": want["excluded"]}
	write(rows)
	if diff, err := twin.DiffPublished(dir, excluded); err != nil || len(diff) > 0 {
		t.Fatalf("equal tables differ: %v\n%s", err, twin.Report(diff, 20))
	}
	rows[0].GMVFen = nil
	rows[1].SubjectID = "12"
	write(rows)
	diff, err := twin.DiffPublished(dir, excluded)
	if err != nil || len(diff) != 3 {
		t.Fatalf("want 3 mismatches, got %v\n%s", err, twin.Report(diff, 20))
	}
	t.Log(twin.Report(diff, 20))
}

// TestRowsFollowTheContract holds the row structs to the contract's columns.
func TestRowsFollowTheContract(t *testing.T) {
	m := smallMarket()
	tables := twin.Compute(m, options()).ByTable()
	tables[contract.LateData.Name] = twin.Rows(twin.LateData(twin.Night{Partitions: m, Options: options()}))
	compared := 0
	for _, table := range contract.Publications() {
		rows, ok := tables[table.Name]
		if !ok {
			continue // tables about the run; scores and lists, whose twins stand elsewhere
		}
		if compared++; len(rows) == 0 {
			t.Fatalf("no rows of %s", table.Name)
		}
		if len(rows[0]) != len(table.Columns) {
			t.Errorf("%s has %d columns, the contract %d", table.Name, len(rows[0]), len(table.Columns))
		}
		for _, r := range rows {
			for _, c := range table.Columns {
				if msg := wrong(c, r); msg != "" {
					t.Errorf("%s.%s %s", table.Name, c.Name, msg)
				}
			}
		}
	}
	if compared != len(tables) {
		t.Errorf("%d of the twin's %d tables are published", compared, len(tables))
	}
}

func wrong(c contract.Column, r twin.Row) string {
	v, ok := r[c.Name]
	if !ok {
		return "is missing"
	}
	if v == nil {
		if c.Null {
			return ""
		}
		return "is null"
	}
	var fits bool
	switch c.Kind {
	case contract.Date:
		_, fits = v.(twin.Day)
	case contract.Fen, contract.Count:
		n, isInt := v.(int64)
		fits = isInt && (n >= 0 || c.Signed)
	case contract.Real:
		_, fits = v.(float64)
	case contract.Bool:
		_, fits = v.(bool)
	case contract.Text:
		_, fits = v.(string)
	case contract.Enum:
		s, isText := v.(string)
		fits = isText && c.Code(s) >= 0
	}
	if !fits {
		return "has a value of the wrong kind or range"
	}
	return ""
}
