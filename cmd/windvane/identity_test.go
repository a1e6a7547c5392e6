package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	public "github.com/windvane/windvane/internal/testkit/published" // the command has a type of the name
	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// stand is one output of one folder of dumps.
type stand struct {
	t                     *testing.T
	input, output, config string
}

// newStand begins with an empty output. The configuration may be empty.
func newStand(t *testing.T, input, config string) *stand {
	t.Helper()
	s := &stand{t: t, input: input, output: t.TempDir()}
	if config != "" {
		s.config = filepath.Join(t.TempDir(), "windvane.yaml")
		if err := os.WriteFile(s.config, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// try runs a command on the stand; an empty flag value is left out.
func (s *stand) try(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	if s.config != "" {
		args = append(args, "--config", s.config)
	}
	code = run(context.Background(), args, func(string) string { return "" }, &out, &errs)
	return code, out.String(), errs.String()
}

// night makes one night and gives its outcome.
func (s *stand) night(asOf recount.Date, more ...string) jobs.Outcome {
	s.t.Helper()
	code, stdout, stderr := s.try(append([]string{"run", "--json", "--input", s.input, "--output", s.output, "--date", string(asOf)}, more...)...)
	if code != 0 {
		s.t.Fatalf("night of %s: exit %d\n%s%s", asOf, code, stdout, stderr)
	}
	var o jobs.Outcome
	if err := json.Unmarshal([]byte(stdout), &o); err != nil {
		s.t.Fatalf("%v in %s", err, stdout)
	}
	return o
}

// tables are the bytes of a night's published tables.
func (s *stand) tables(asOf recount.Date) map[string][]byte {
	s.t.Helper()
	prefix, err := public.Open(s.output, "nightly").Prefix(asOf)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, t := range contract.Publications() {
		if out[t.Name], err = os.ReadFile(filepath.Join(prefix, t.Name+".parquet")); err != nil {
			s.t.Fatal(err)
		}
	}
	return out
}

// sameTables fails the test for every table whose bytes differ.
func sameTables(t *testing.T, want, got map[string][]byte) {
	t.Helper()
	for name := range want {
		if !bytes.Equal(want[name], got[name]) {
			t.Errorf("%s is not the same bytes", name)
		}
	}
}

// The market of these tests: eight days up to a Saturday.
const (
	marketFirst recount.Date = "2026-01-24"
	marketLast  recount.Date = "2026-01-31"
)

// newMarket writes the demo market's dumps.
func newMarket(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s := &stand{t: t}
	code, stdout, stderr := s.try("demo", "--to", dir, "--as-of", string(marketLast), "--days", "8", "--lines-per-day", "2000",
		"--merchants", "60", "--talents", "80", "--products", "400", "--buyers", "3000")
	if code != 0 {
		t.Fatalf("demo: exit %d\n%s%s", code, stdout, stderr)
	}
	return dir
}

func TestANightIsTheSameBytesHoweverItIsMade(t *testing.T) {
	input := newMarket(t)
	first := newStand(t, input, "")
	if o := first.night(marketLast, "--workers", "1"); o.Spilled != 0 {
		t.Errorf("%d bytes were spilled where all fits", o.Spilled)
	}
	want := first.tables(marketLast)

	t.Run("by four workers", func(t *testing.T) {
		s := newStand(t, input, "")
		s.night(marketLast, "--workers", "4")
		sameTables(t, want, s.tables(marketLast))
	})
	t.Run("spilling", func(t *testing.T) {
		s, spills := newStand(t, input, ""), t.TempDir()
		if o := s.tightNight(marketLast, spills); o.Spilled == 0 {
			t.Error("nothing was spilled: the test proves nothing")
		}
		sameTables(t, want, s.tables(marketLast))
		if left, _ := os.ReadDir(spills); len(left) != 0 {
			t.Errorf("%d spill files are left", len(left))
		}
	})
	t.Run("a second time", func(t *testing.T) {
		s := newStand(t, input, "")
		s.night(marketLast)
		sameTables(t, want, s.tables(marketLast))
		if o := s.night(marketLast); o.Status != jobs.AlreadyDone || o.Reduced != 0 {
			t.Errorf("the same night again: %s, %d days reduced", o.Status, o.Reduced)
		}
	})
	t.Run("from shuffled files with other row groups", func(t *testing.T) {
		s := newStand(t, rewritten(t, input), "")
		s.night(marketLast)
		sameTables(t, want, s.tables(marketLast))
	})
}

// tightNight makes a night with room for next to no rows: the configuration does not go so low.
func (s *stand) tightNight(asOf recount.Date, spills string) jobs.Outcome {
	s.t.Helper()
	o, err := s.tryTight(asOf, spills)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (s *stand) tryTight(asOf recount.Date, spills string) (jobs.Outcome, error) {
	s.t.Helper()
	a := newApp(func(string) string { return "" }, io.Discard, io.Discard)
	a.input, a.output = s.input, s.output
	site, err := a.open(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	defer site.close()
	site.runner.Settings.MemoryLimit, site.runner.Spill = 1, spillDir(spills)
	day, err := calendar.Parse(string(asOf))
	if err != nil {
		s.t.Fatal(err)
	}
	return site.runner.Run(context.Background(), day)
}

// rewritten are the same rows in another order, in three files a day, in row groups of 500 rows, with the columns in another order and encoding.
func rewritten(t *testing.T, input string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "dumps"), os.DirFS(filepath.Join(input, "dumps"))); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"orders", "refunds", "products", "talents"} {
		if err := os.RemoveAll(filepath.Join(dir, "dumps", table)); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(input, "dumps", table, "dt=*", "*.parquet"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no dumps of %s: %v", table, err)
		}
		byDay := map[string][]string{}
		for _, f := range files {
			byDay[filepath.Base(filepath.Dir(f))] = append(byDay[filepath.Base(filepath.Dir(f))], f)
		}
		for day, files := range byDay {
			schema, rows := readRows(t, files)
			rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			for part := range 3 {
				name := filepath.Join(dir, "dumps", table, day, fmt.Sprintf("again-%d.parquet", 9-part))
				writeRows(t, name, schema, rows[len(rows)*part/3:len(rows)*(part+1)/3])
			}
		}
	}
	return dir
}

func readRows(t *testing.T, files []string) (schema *parquet.Schema, rows []parquet.Row) {
	t.Helper()
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		schema = file.Schema()
		for _, group := range file.RowGroups() {
			rows = append(rows, rowsOf(t, group)...)
		}
	}
	return schema, rows
}

func rowsOf(t *testing.T, group parquet.RowGroup) (rows []parquet.Row) {
	t.Helper()
	reader := group.Rows()
	defer reader.Close()
	buffer := make([]parquet.Row, 256)
	for {
		n, err := reader.ReadRows(buffer)
		for _, r := range buffer[:n] {
			rows = append(rows, r.Clone())
		}
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func writeRows(t *testing.T, name string, schema *parquet.Schema, rows []parquet.Row) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, moved := plainSchema(schema)
	w := parquet.NewWriter(file, plain, parquet.MaxRowsPerRowGroup(500), parquet.Compression(&parquet.Snappy))
	if _, err := w.WriteRows(inColumns(rows, moved)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// plainSchema has the same columns, in the order of their names and in plain encoding. moved tells where each went.
func plainSchema(s *parquet.Schema) (plain *parquet.Schema, moved []int) {
	group := parquet.Group{}
	for _, f := range s.Fields() {
		group[f.Name()] = parquet.Leaf(f.Type())
		if f.Optional() {
			group[f.Name()] = parquet.Optional(group[f.Name()])
		}
	}
	plain = parquet.NewSchema("rewritten", group)
	for _, f := range s.Fields() {
		moved = append(moved, slices.IndexFunc(plain.Fields(), func(p parquet.Field) bool { return p.Name() == f.Name() }))
	}
	return plain, moved
}

// inColumns puts the values of rows where the columns went.
func inColumns(rows []parquet.Row, moved []int) []parquet.Row {
	out := make([]parquet.Row, len(rows))
	for i, r := range rows {
		out[i] = make(parquet.Row, len(r))
		for _, v := range r {
			at := moved[v.Column()]
			out[i][at] = v.Level(v.RepetitionLevel(), v.DefinitionLevel(), at)
		}
	}
	return out
}

// truthDay is a day as the market counted it while it was made.
type truthDay struct{ order, raw, paid, orders, buyers int64 }

func TestTheMarketsTruthIsPublished(t *testing.T) {
	t.Parallel()
	input := newMarket(t)
	truth, err := public.Read(filepath.Join(input, "truth", "days.parquet"), nil, "dt", "gmv_order_fen", "gmv_paid_raw_fen", "gmv_paid_fen", "gmv_net_fen", "orders", "buyers")
	if err != nil {
		t.Fatal(err)
	}
	days := recount.Days(marketFirst, marketLast)
	if truth.N != len(days) {
		t.Fatalf("%d days of truth, want %d", truth.N, len(days))
	}
	s := newStand(t, input, "")
	net := map[recount.Date]int64{}
	for i, day := range days {
		if got := truth.Date(i, "dt"); got != day {
			t.Fatalf("row %d is %s", i, got)
		}
		net[day] = truth.Int(i, "gmv_net_fen")
		s.night(day)
		want := truthDay{truth.Int(i, "gmv_order_fen"), truth.Int(i, "gmv_paid_raw_fen"), truth.Int(i, "gmv_paid_fen"), truth.Int(i, "orders"), truth.Int(i, "buyers")}
		r := s.platform(day, 1)
		if got := (truthDay{r.Int(0, "gmv_order_fen"), r.Int(0, "gmv_paid_raw_fen"), r.Int(0, "gmv_paid_fen"), r.Int(0, "orders"), r.Int(0, "buyers")}); got != want {
			t.Errorf("%s: published %+v, planted %+v", day, got, want)
		}
	}
	s.compareNets(net)
}

// platform is the platform's row of a night's gmv.
func (s *stand) platform(asOf recount.Date, window int64) *public.Rows {
	s.t.Helper()
	prefix, err := public.Open(s.output, "nightly").Prefix(asOf)
	if err != nil {
		s.t.Fatal(err)
	}
	where := []public.Where{
		{Column: "role", Is: func(v parquet.Value) bool { return v.String() == "platform" }},
		{Column: "window_days", Is: func(v parquet.Value) bool { return v.Int64() == window }},
	}
	r, err := public.Read(filepath.Join(prefix, "gmv.parquet"), where, "gmv_order_fen", "gmv_paid_raw_fen", "gmv_paid_fen", "gmv_net_fen", "orders", "buyers")
	if err != nil || r.N != 1 {
		s.t.Fatalf("%d rows of the platform on %s, error %v", r.N, asOf, err)
	}
	return r
}

// compareNets holds the last night's windows and its late data to the net GMV of the days, as of the last day.
func (s *stand) compareNets(net map[recount.Date]int64) {
	s.t.Helper()
	days := recount.Days(marketFirst, marketLast)
	for window, n := range map[int64]int{1: 1, 7: 7, 30: 8, 365: 8} {
		var want int64
		for _, d := range days[len(days)-n:] {
			want += net[d]
		}
		if got := s.platform(marketLast, window).Int(0, "gmv_net_fen"); got != want {
			s.t.Errorf("net GMV of %d days is %d, planted %d", window, got, want)
		}
	}
	prefix, err := public.Open(s.output, "nightly").Prefix(marketLast)
	if err != nil {
		s.t.Fatal(err)
	}
	late, err := public.Read(filepath.Join(prefix, "late_data.parquet"), nil, "dt", "age_days", "gmv_net_fen")
	if err != nil {
		s.t.Fatal(err)
	}
	var compared []string
	for i := range late.N {
		dt := late.Date(i, "dt")
		if dt.Add(int(late.Int(i, "age_days"))) != marketLast {
			continue // known on an earlier night
		}
		compared = append(compared, string(dt))
		if got := late.Int(i, "gmv_net_fen"); got != net[dt] {
			s.t.Errorf("net GMV of %s is %d, planted %d", dt, got, net[dt])
		}
	}
	if want := []string{"2026-01-24", "2026-01-28", "2026-01-30", "2026-01-31"}; !slices.Equal(compared, want) {
		s.t.Errorf("late data of %s, want %s", strings.Join(compared, ", "), strings.Join(want, ", "))
	}
}
