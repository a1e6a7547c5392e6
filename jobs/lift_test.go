package jobs_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/lift"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

const liftMarketDays = 32

var everything = gocmp.Exporter(func(reflect.Type) bool { return true })

// lift are the figures of a night in a process of its own.
func (d *deployment) lift(asOf calendar.Day) *lift.Figures {
	d.t.Helper()
	in, out := d.open(d.in), d.open(d.out)
	defer in.Close()
	defer out.Close()
	inputs, err := jobs.ListInputs(d.t.Context(), in, d.settings)
	if err != nil {
		d.t.Fatal(err)
	}
	r := &jobs.Runner{In: in, Out: out, Settings: d.settings, Inputs: inputs, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return time.Unix(0, 0) }, NewRunID: func() string { return "lift" }}
	f, err := jobs.LiftFigures(d.t.Context(), r, asOf)
	if err != nil {
		d.t.Fatal(err)
	}
	numberProgrammes(f)
	return f
}

// numberProgrammes replaces codes of names, which are another process's other ones, by the place of the name.
func numberProgrammes(f *lift.Figures) {
	place := map[int64]int64{}
	for i := range f.Programmes {
		place[f.Programmes[i].Code] = int64(i)
		f.Programmes[i].Code = int64(i)
	}
	for _, m := range f.Merchants {
		for _, c := range m.Cells {
			for i := range c.Programmes {
				c.Programmes[i].Code = place[c.Programmes[i].Code]
			}
		}
	}
}

func (d *deployment) open(dir string) *lake.Lake {
	d.t.Helper()
	l, err := lake.Open(d.t.Context(), dir, lake.Options{Rebuildable: []string{"state/"}})
	if err != nil {
		d.t.Fatal(err)
	}
	return l
}

func whole(v stats.Int128) int64 { return v.Big().Int64() }

// TestLiftOfADemoEqualsARecountOfItsDumps: from the rows that a company dumps to the sums of each arm.
func TestLiftOfADemoEqualsARecountOfItsDumps(t *testing.T) {
	t.Parallel()
	d := newDemo(t, liftMarketDays)
	f := d.lift(lastDay)
	dumps := readLiftDumps(t, d, lastDay-liftMarketDays+1, lastDay)
	wantMerchants, wantUsers := dumps.count(lastDay)
	arms := map[string]int{"treatment": lift.Treatment, "holdout": lift.Holdout}
	var pairs, bought int64
	got := map[int64]map[string]*liftCount{}
	for _, m := range f.Merchants {
		counts := map[string]*liftCount{}
		for name, arm := range arms {
			c := &m.Cells[2].Arms[arm]
			counts[name] = &liftCount{c.N, whole(c.Sum(stats.Outcome)), whole(c.Sum(stats.Denominator)), whole(c.Sum(stats.PreOutcome)), whole(c.Sum(stats.PreDenominator)),
				whole(c.Sum(stats.WideOutcome)), whole(c.SumOf(stats.Outcome, stats.Outcome)), whole(c.SumOf(stats.PreOutcome, stats.Outcome)),
				c.Served, c.Known, c.Buyers, c.Attributed}
			if n := c.Histogram.N(); n != c.N {
				t.Errorf("merchant %d, %s: a histogram of %d of %d pairs", m.Code, name, n, c.N)
			}
			pairs, bought = pairs+c.N, bought+c.Buyers
		}
		if counts["treatment"].Pairs+counts["holdout"].Pairs > 0 {
			got[m.Code] = counts
		}
	}
	if diff := gocmp.Diff(wantMerchants, got); diff != "" {
		t.Error("merchants:", diff)
	}
	if diff := gocmp.Diff(dumps.starts(), f.Starts); diff != "" {
		t.Error("starts:", diff)
	}
	if pairs < 100 || bought < 10 || len(f.Programmes) != 1 || f.Periods[0].Gross || !f.Periods[0].Shown {
		t.Fatalf("%d pairs, %d bought, %d programmes, gross %t, shown %t: this market tells little", pairs, bought, len(f.Programmes), f.Periods[0].Gross, f.Periods[0].Shown)
	}
	users := map[string]*userCount{}
	for name, arm := range arms {
		s := &f.Programmes[0].Cells[2].Arms[arm]
		users[name] = &userCount{s.N, whole(s.Sum(stats.Outcome)), whole(s.Sum(stats.Denominator)), whole(s.Sum(stats.WideOutcome)), whole(s.SumOf(stats.Outcome, stats.Outcome))}
	}
	if diff := gocmp.Diff(wantUsers, users); diff != "" {
		t.Error("users:", diff)
	}
}

// liftState are the files of the lift state of a day: key → bytes.
func (d *deployment) liftState(day calendar.Day) map[string][]byte {
	d.t.Helper()
	out := map[string][]byte{}
	root := filepath.Join(d.out, "state/lift/dt="+day.String())
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, root)] = data
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// remove deletes what a glob under the output finds.
func (d *deployment) remove(pattern string) {
	d.t.Helper()
	files, err := filepath.Glob(filepath.Join(d.out, pattern))
	if err != nil || len(files) == 0 {
		d.t.Fatalf("no files %s: %v", pattern, err)
	}
	for _, f := range files {
		if err := os.RemoveAll(f); err != nil {
			d.t.Fatal(err)
		}
	}
}

// flip damages what a glob under the output finds.
func (d *deployment) flip(pattern string) {
	d.t.Helper()
	files, err := filepath.Glob(filepath.Join(d.out, pattern))
	if err != nil || len(files) == 0 {
		d.t.Fatalf("no files %s: %v", pattern, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			d.t.Fatal(err)
		}
		data[len(data)/3] ^= 0x10
		if err := os.WriteFile(f, data, 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
}

// correctFrom delivers a partition of another market.
func (d *deployment) correctFrom(other *deployment, table string, day calendar.Day) {
	d.t.Helper()
	d.drop(table, day)
	if err := os.CopyFS(d.dump(table, day), os.DirFS(other.dump(table, day))); err != nil {
		d.t.Fatal(err)
	}
}

// otherDemo is a market of the same size by another seed.
func otherDemo(t *testing.T) *deployment {
	t.Helper()
	d := &deployment{t: t, in: t.TempDir()}
	l := d.open(d.in)
	defer l.Close()
	o := market.DefaultOptions()
	o.Seed, o.Days, o.Merchants, o.Talents, o.Products, o.Buyers, o.LinesPerDay, o.AsOf = 99, liftMarketDays, 20, 60, 200, 500, 150, lastDay
	if _, err := market.Generate(t.Context(), o, marketSink{l}, nil); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestLiftStateIsTheSameHoweverItCameAbout: a night moves the pairs of the night before, or makes them of older ones or of
// the dumps; its files are the same, and so are the figures.
func TestLiftStateIsTheSameHoweverItCameAbout(t *testing.T) {
	t.Parallel()
	d, other := newDemo(t, liftMarketDays), otherDemo(t)
	for day := lastDay - 2; day < lastDay; day++ {
		d.night(day)
	}
	yesterday := "state/lift/dt=" + (lastDay - 1).String()
	corrections := 0
	correct := func(table string, day calendar.Day) { d.correctFrom(other, table, day); corrections++ }
	type made struct {
		figures *lift.Figures
		state   map[string][]byte
	}
	fromNothing := map[int]made{} // by how many corrections were delivered: nothing else may change them
	for _, c := range []struct {
		name   string
		change func()
	}{
		{"nothing happened", func() {}},
		{"it runs again", func() { d.lift(lastDay) }},
		{"sales and exposures of old days were corrected", func() {
			correct("orders", lastDay-2)
			correct("orders", lastDay-20)
			correct("chuanliu_exposures", lastDay-3)
			correct("chuanliu_exposures", lastDay-4)
		}},
		{"and the rollup that was corrected is gone", func() { d.remove("state/rollups/merchant_buyers/dt=" + (lastDay - 2).String() + "/*.parquet") }},
		{"a rollup of today is damaged", func() { d.flip("state/rollups/chuanliu_pairs/dt=" + lastDay.String() + "/*.parquet") }},
		{"the pairs of yesterday are damaged", func() { d.flip(yesterday + "/*/pairs.parquet") }},
		{"the days of yesterday are damaged", func() { d.flip(yesterday + "/*/days.parquet") }},
		{"the state of yesterday is lost", func() { d.remove(yesterday) }},
		{"all states are lost, by one worker", func() { d.remove("state/lift"); d.settings.Workers = 1 }},
		{"an old day of eligibility was corrected, by four workers", func() { correct("chuanliu_eligibility", lastDay-2); d.settings.Workers = 4 }},
	} {
		kept, states := t.TempDir(), filepath.Join(d.out, "state/lift")
		if err := os.CopyFS(kept, os.DirFS(states)); err != nil {
			t.Fatal(err)
		}
		workers := d.settings.Workers
		c.change()
		figures, got := d.lift(lastDay), d.liftState(lastDay)
		d.settings.Workers = workers
		want, ok := fromNothing[corrections]
		if !ok {
			d.remove("state/lift")
			want = made{d.lift(lastDay), d.liftState(lastDay)}
			fromNothing[corrections] = want
		}
		if diff := gocmp.Diff(want.figures, figures, everything); diff != "" {
			t.Errorf("%s: figures: %s", c.name, diff)
		}
		if len(want.state) != 2 || !maps.EqualFunc(want.state, got, bytes.Equal) {
			t.Errorf("%s: the state is not the one that is made from nothing: %d and %d files", c.name, len(got), len(want.state))
		}
		d.remove("state/lift")
		if err := os.CopyFS(states, os.DirFS(kept)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWithoutEligibilityThereIsNoLift(t *testing.T) {
	d := newDeployment(t)
	d.night(lastDay)
	for _, dir := range []string{"state/lift", "state/rollups/chuanliu_pairs", "state/rollups/chuanliu_shown"} {
		if _, err := os.Stat(filepath.Join(d.out, dir)); !os.IsNotExist(err) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

// logged is a row of chuanliu_eligibility.
type logged struct {
	Merchant  int64   `parquet:"merchant_id"`
	Buyer     int64   `parquet:"buyer_id"`
	Arm       string  `parquet:"arm"`
	At        int64   `parquet:"eligible_at,timestamp(microsecond)"`
	Source    *int64  `parquet:"source_promoter_id,optional"`
	Programme *string `parquet:"programme,optional"`
}

// A programme that logs a pair each time it would boost logs pairs from before the start again. They are left out: what they bought before they
// come again was bought under treatment.
func TestPairsFirstEligibleBeforeTheStartAreLeftOut(t *testing.T) {
	t.Parallel()
	d := newDemo(t, liftMarketDays)
	since := lastDay - 20
	d.settings.Chuanliu.Since = &since
	want := d.forked(t).lift(lastDay)
	again := d.eligibility(lastDay - 30)
	before := 0
	for _, start := range want.Starts {
		if start < since {
			before++
		}
	}
	if len(again) == 0 || want.Pairs == 0 || before == 0 {
		t.Fatalf("%d pairs of 30 days ago, %d count, %d merchants took part before", len(again), want.Pairs, before)
	}
	for i := range again {
		again[i].At += 14 * (24 * time.Hour).Microseconds()
	}
	file := filepath.Join(d.dump("chuanliu_eligibility", lastDay-16), "part-again.parquet") // whose windows have closed
	if err := parquet.WriteFile(file, again); err != nil {
		t.Fatal(err)
	}
	if got := d.lift(lastDay); !reflect.DeepEqual(got, want) {
		t.Errorf("with %d pairs that come again: %d pairs, without %d", len(again), got.Pairs, want.Pairs)
	}
	d.night(lastDay - 2) // and where each night rests on the one before
	d.night(lastDay - 1)
	d.remove("state/lift/dt=" + lastDay.String())
	if got := d.lift(lastDay); !reflect.DeepEqual(got, want) {
		t.Errorf("night by night: %d pairs, want %d", got.Pairs, want.Pairs)
	}
}

type capRow struct {
	Month int64  `parquet:"month"`
	Class int64  `parquet:"size_class"`
	Least int64  `parquet:"least_pairs"`
	Most  *int64 `parquet:"most_pairs"`
	Fen   int64  `parquet:"cap_fen"`
}

// Caps are those of the month, until rules divide merchants into other classes: then they would be read under numbers that mean others.
func TestCapsOfOtherClassesAreNotTaken(t *testing.T) {
	t.Parallel()
	d := newDemo(t, liftMarketDays)
	r := config.DefaultRules()[0]
	caps := func(d *deployment, sizes ...int64) ([]capRow, bool) {
		r.Lift.Shrinkage.SizeClasses = sizes
		d.settings.Rules = rules.Set{r}
		o := d.night(lastDay)
		month := int64(lastDay.Month())
		return slices.DeleteFunc(published[capRow](t, d, o, "chuanliu_caps"), func(r capRow) bool { return r.Month != month }),
			slices.ContainsFunc(o.Warnings, func(w string) bool {
				return strings.HasPrefix(w, "lift: the caps in force were measured by other size_classes")
			})
	}
	cold, _ := caps(d.forked(t), 5)
	r.Lift.Shrinkage.SizeClasses = []int64{20}
	d.settings.Rules = rules.Set{r}
	before := published[capRow](t, d, d.night(lastDay-1), "chuanliu_caps")
	kept, noted := caps(d.forked(t), 20)
	if diff := gocmp.Diff(before, kept); diff != "" || noted || len(before) == 0 {
		t.Errorf("the same classes: noted %t, %s", noted, diff)
	}
	anew, noted := caps(d, 5)
	if diff := gocmp.Diff(cold, anew); diff != "" || !noted || gocmp.Equal(before, anew) {
		t.Errorf("other classes: noted %t, before %v, %s", noted, before, diff)
	}
}

type servedRow struct {
	Merchant   string `parquet:"merchant_id"`
	Period     string `parquet:"period"`
	Treatment  *int64 `parquet:"treatment_served"`
	Holdout    *int64 `parquet:"holdout_served"`
	Attributed *int64 `parquet:"attributed_fen"`
}

// A day without a dump of exposures is no day on which nobody was shown anything: periods that look at it say nothing of who was.
func TestExposuresThatBeginLate(t *testing.T) {
	t.Parallel()
	d := newDemo(t, 60)
	since := lastDay - 55
	d.settings.Chuanliu.Since = &since
	rows := func() map[servedRow]servedRow {
		out := map[servedRow]servedRow{}
		for _, r := range published[servedRow](t, d, d.night(lastDay), "chuanliu_lift") {
			out[servedRow{Merchant: r.Merchant, Period: r.Period}] = r
		}
		return out
	}
	whole := rows()
	begin := lastDay - 13 - 29 // of the last 30 days of entry whose outcome windows have closed
	check := func(name string, known func(period string) bool) {
		t.Helper()
		served := int64(0)
		for key, r := range rows() {
			want := servedRow{Merchant: r.Merchant, Period: r.Period}
			if known(r.Period) {
				want = whole[key]
				served += *want.Treatment
			}
			if diff := gocmp.Diff(want, r); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		if known("30d") != (served > 0) {
			t.Errorf("%s: %d pairs were served", name, served)
		}
	}
	check("from the first pair on", func(string) bool { return true })
	for day := since - 4; day < begin; day++ {
		d.neverHad("chuanliu_exposures", day)
	}
	check("from the first pair of 30 days on", func(period string) bool { return period == "30d" })
	d.neverHad("chuanliu_exposures", lastDay-5)
	d.settings.AbsentDays = map[string][]calendar.Day{"chuanliu_exposures": {lastDay - 5}}
	check("but one day", func(string) bool { return false })
}

// eligibility are the rows of a day's chuanliu_eligibility.
func (d *deployment) eligibility(day calendar.Day) (rows []logged) {
	d.t.Helper()
	files, err := filepath.Glob(d.dump("chuanliu_eligibility", day) + "/*.parquet")
	if err != nil {
		d.t.Fatal(err)
	}
	for _, file := range files {
		some, err := parquet.ReadFile[logged](file)
		if err != nil {
			d.t.Fatal(err)
		}
		rows = append(rows, some...)
	}
	return rows
}

// Every pair in both arms: no pair is left, no table of lift has a row, and the night says why.
func TestPairsInBothArmsAreTold(t *testing.T) {
	t.Parallel()
	d := newDemo(t, liftMarketDays)
	pairs := map[pairKey]bool{}
	for day := lastDay - liftMarketDays + 1; day <= lastDay; day++ {
		files, err := filepath.Glob(d.dump("chuanliu_eligibility", day) + "/*.parquet")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			rows, err := parquet.ReadFile[logged](file)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range slices.Clone(rows) {
				pairs[pairKey{r.Merchant, r.Buyer}] = true
				r.Arm = map[string]string{"treatment": "holdout", "holdout": "treatment"}[r.Arm]
				rows = append(rows, r)
			}
			if err := parquet.WriteFile(file, rows); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := fmt.Sprintf("lift: %d of %[1]d pairs stand in both arms", len(pairs))
	if o := d.night(lastDay); len(pairs) < 100 || !strings.Contains(strings.Join(o.Warnings, "\n"), want) {
		t.Errorf("want %q, warnings %q", want, o.Warnings)
	}
}
