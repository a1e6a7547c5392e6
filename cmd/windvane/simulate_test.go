package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/config"
	public "github.com/windvane/windvane/internal/testkit/published"
	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/jobs"
)

// The market of these tests has seventeen days, so that gmv_net_15 has some; the last six are published.
var simulatedDays = []recount.Date{"2026-01-29", "2026-01-30", "2026-01-31"}

const firstPublished = "2026-01-26"

// edits replace texts of the built-in rules; each must stand there.
type edits map[string]string

// shortHistory are thresholds that matter in a small market with a short history.
func shortHistory() edits {
	return edits{
		"    minimum_orders: 30\n": "    minimum_orders: 5\n",
		"    lag_days: 15\n":       "    lag_days: 2\n",
		"full_orders: 30 ":         "full_orders: 5 ",
		"days: 20, of_days: 30":    "days: 2, of_days: 3",
		"at_least: 100}":           "at_least: 5}",
		"mean_runs: 7 ":            "mean_runs: 3 ",
		"mean_needs: 4 ":           "mean_needs: 2 ",
		"enter_after: 3 ":          "enter_after: 2 ",
		"leave_after: 3 ":          "leave_after: 2 ",
		"max_churn: 0.3 ":          "max_churn: 1 ",
	}
}

// ruleText is the built-in rules after some edits, one after another.
func ruleText(t rapid.TB, all ...edits) string {
	t.Helper()
	text := string(config.CommentedRules)
	for _, e := range all {
		for _, from := range slices.Sorted(maps.Keys(e)) {
			if !strings.Contains(text, from) {
				t.Fatalf("the rules have no %q", from)
			}
			text = strings.ReplaceAll(text, from, e[from])
		}
	}
	return text
}

// ruledStand is a stand with a rules file.
func ruledStand(t *testing.T, input, rules string) *stand {
	t.Helper()
	s := newStand(t, input, "rules: {file: rules.yaml}\n")
	writeText(t, filepath.Join(filepath.Dir(s.config), "rules.yaml"), rules)
	return s
}

func writeText(t rapid.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// simulatedMarket writes the dumps.
func simulatedMarket(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	code, stdout, stderr := (&stand{t: t}).try("demo", "--to", dir, "--as-of", "2026-01-31", "--days", "17", "--lines-per-day", "1000",
		"--merchants", "40", "--talents", "40", "--products", "150", "--buyers", "1200")
	if code != 0 {
		t.Fatalf("demo: exit %d\n%s%s", code, stdout, stderr)
	}
	return dir
}

// must runs a command that must succeed.
func (s *stand) must(t rapid.TB, args ...string) (stdout, stderr string) {
	t.Helper()
	code, stdout, stderr := s.try(append(args, "--input", s.input, "--output", s.output)...)
	if code != 0 {
		t.Fatalf("windvane %s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout, stderr
}

// copied is a stand with a copy of what another one has below some folders of its output.
func (s *stand) copied(t *testing.T, rules string, folders ...string) *stand {
	t.Helper()
	c := ruledStand(t, s.input, rules)
	c.copyOutput(t, s, folders...)
	return c
}

// copyOutput links the files: a store replaces files and never writes into one.
func (s *stand) copyOutput(t rapid.TB, from *stand, folders ...string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(filepath.Join(from.output, folder), func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			to := filepath.Join(s.output, strings.TrimPrefix(path, from.output))
			if e.IsDir() {
				return os.MkdirAll(to, 0o755)
			}
			return os.Link(path, to)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestSimulate holds simulations against real nights of one small market.
func TestSimulate(t *testing.T) {
	t.Parallel()
	own := ruleText(t, shortHistory(), singleGates(gateLines[:5]))
	s := ruledStand(t, simulatedMarket(t), own)
	s.must(t, "backfill", "--from", firstPublished, "--to", "2026-01-31")
	was := files(t, s.output)
	for _, c := range []struct {
		name string
		test func(t *testing.T, s *stand, own string)
	}{
		{"a simulation is a real rerun", aSimulationIsARealRerun},
		{"the same rules move nothing", theSameRulesMoveNothing},
		{"a list under another name moves nothing", aRenamedListMovesNothing},
		{"a stricter gate lets nobody in", aStricterGateLetsNobodyIn},
		{"without state nothing is written either", withoutStateNothingIsWrittenEither},
		{"unpublished nights are simulated under the own rules", unpublishedNightsAreSimulated},
		{"lists that would be held are told", listsThatWouldBeHeldAreTold},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.test(t, s, own)
			unchanged(t, s.output, was)
		})
	}
}

// simulate tries rules, keeping the tables in folder unless it is empty.
func (s *stand) simulate(t rapid.TB, rules, folder string, more ...string) jobs.Simulation {
	t.Helper()
	file := filepath.Join(filepath.Dir(s.config), "tried.yaml")
	writeText(t, file, rules)
	args := []string{"simulate", "--json", "--rules", file, "--from", string(simulatedDays[0]), "--to", string(simulatedDays[2])}
	if folder != "" {
		args = append(args, "--to-folder", folder)
	}
	stdout, _ := s.must(t, append(args, more...)...)
	var told jobs.Simulation
	if err := json.Unmarshal([]byte(stdout), &told); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	return told
}

// files are the size and the time of every file and folder below one: whatever is written changes them.
func files(t rapid.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil {
			all[path] = fmt.Sprint(info.Size(), info.ModTime())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// unchanged fails the test if a folder is not as it was.
func unchanged(t rapid.TB, dir string, before map[string]string) {
	t.Helper()
	if diff := cmp.Diff(before, files(t, dir)); diff != "" {
		t.Errorf("the output was written to (-before +after):\n%s", diff)
	}
}

// ruledTables are the tables that rest on rules.
var ruledTables = []string{"price_power", "product_score", "shop_score", "talent_score", "score_indicators", "score_norms",
	"product_score_history", "shop_score_history", "talent_score_history",
	"eligibility_traffic", "eligibility_subsidy", "eligibility_benefit", "eligibility_campaign", "eligibility_gates",
	"chuanliu_lift", "chuanliu_programme", "chuanliu_caps", "talent_rewards", "traffic_quota"}

// ruledBytes are the tables of a night that rest on rules.
func ruledBytes(t rapid.TB, output, job string, asOf recount.Date) map[string][]byte {
	t.Helper()
	prefix, err := public.Open(output, job).Prefix(asOf)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, name := range ruledTables {
		if out[name], err = os.ReadFile(filepath.Join(prefix, name+".parquet")); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// drawRules draws changes of gates, scores, levels, stability and the lists themselves.
func drawRules(t *rapid.T) string {
	line := rapid.SampledFrom([]string{"4.20", "4.40", "4.60", "4.75"})
	all := []edits{shortHistory(), singleGates(gateLines[1:4]), {`version: "2026-11"`: `version: "tried"`, "effective_from: 1970-01-01": "effective_from: 2027-01-01"}}
	for i, gate := range []string{"measure: product_score, over: today, ", "measure: shop_score, over: mean, ", "measure: talent_score, over: mean, "} {
		for _, from := range []string{"at_least: 4.00", "at_least: 4.40"} {
			if text := gate + from; rapid.Bool().Draw(t, fmt.Sprint("another line ", i)) && strings.Contains(string(config.CommentedRules), text) {
				all = append(all, edits{text: gate + "at_least: " + line.Draw(t, "line")})
			}
		}
	}
	for _, change := range []edits{
		{"    minimum_orders: 5\n": "    minimum_orders: 12\n"},
		{"    lag_days: 2\n": "    lag_days: 5\n"},
		{"points: [5.0, 4.7, 4.3, 3.0]": "points: [5.0, 4.6, 4.1, 3.0]"},
		{"multiplier: 1.30}": "multiplier: 1.45}"},
		{"enter_after: 2 ": "enter_after: 1 ", "leave_after: 2 ": "leave_after: 1 "},
		{"cold_start: 0.10": "cold_start: 0.30"},
		{"cap_per_shop: {share: 0.1, least: 1, most: 20}": "cap_per_shop: {share: 0.3, least: 3, most: 20}"},
		{"id: benefit_shop": "id: benefit_merchant"}, // a list goes and another comes
		{"minimum_shops: 3 ": "minimum_shops: 1 ", "      minimum_orders: 30 ": "      minimum_orders: 2 "},
	} {
		if rapid.Bool().Draw(t, strings.Join(slices.Sorted(maps.Values(change)), ", ")) {
			all = append(all, change)
		}
	}
	return ruleText(t, all...)
}

// The promise of simulate: a change of rules in it equals a real rerun with it. That the rerun takes its rules from the
// configuration and not from a date is the only difference.
func aSimulationIsARealRerun(t *testing.T, s *stand, _ string) {
	was := files(t, s.output)
	checkTwin(t, func(rt *rapid.T) {
		rules := drawRules(rt)
		folder := filepath.Join(t.TempDir(), "kept")
		told := s.simulate(rt, rules, folder)
		unchanged(rt, s.output, was)

		rerun := ruledStand(t, s.input, strings.Replace(rules, "effective_from: 2027-01-01", "effective_from: 1970-01-01", 1))
		rerun.copyOutput(rt, s, "published", "state")
		rerun.must(rt, "backfill", "--from", string(simulatedDays[0]), "--to", string(simulatedDays[2]))
		for i, day := range simulatedDays {
			want, got := ruledBytes(rt, rerun.output, "nightly", day), ruledBytes(rt, folder, jobs.TriedJob, day)
			for _, name := range ruledTables {
				if !bytes.Equal(want[name], got[name]) {
					rt.Errorf("%s of %s is not that of a real rerun", name, day)
				}
			}
			agreeOnLists(rt, told.Nights[len(simulatedDays)-1-i], recountLists(rt, s.output, rerun.output, day))
		}
		addsUp(rt, told)
	})
}

// listRow is a row of a list as another reader sees it.
type listRow struct {
	List       string   `parquet:"list"`
	Role       string   `parquet:"role"`
	Subject    string   `parquet:"subject_id"`
	Merchant   *string  `parquet:"merchant_id,optional"`
	Category   *string  `parquet:"category1_id,optional"`
	Eligible   bool     `parquet:"eligible"`
	Level      *string  `parquet:"level,optional"`
	Multiplier *float64 `parquet:"multiplier,optional"`
	Orders     int64    `parquet:"orders"`
	Net15      *int64   `parquet:"gmv_net15_fen,optional"`
}

// readLists reads all lists of a night, by list and subject.
func readLists(t rapid.TB, output string, day recount.Date) map[string]map[string]listRow {
	t.Helper()
	prefix, err := public.Open(output, "nightly").Prefix(day)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]listRow{}
	for _, resource := range []string{"traffic", "subsidy", "benefit", "campaign"} {
		rows, err := parquet.ReadFile[listRow](filepath.Join(prefix, "eligibility_"+resource+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if out[r.List] == nil {
				out[r.List] = map[string]listRow{}
			}
			out[r.List][r.Subject] = r
		}
	}
	return out
}

// recounted is one list, counted again row by row.
type recounted struct {
	Before, After, Entered, Left, Stayed int64
	EnteredFen, LeftFen, ConsideredFen   int64
	SmallBefore, SmallAfter              int64
	WeightBefore, WeightAfter            float64
	Raised, Lowered, LevelMoved          int64
	EnteringIDs, LeavingIDs              []string
	BeforeByCategory, LeftByCategory     map[string]int64
}

// smallSubjects tells who is small: at or below the median of those with orders; shops are those of the lists of shops.
func smallSubjects(lists map[string]map[string]listRow) func(listRow) bool {
	orders := map[string]map[string]int64{"merchant": {}, "talent": {}}
	for _, list := range lists {
		for id, r := range list {
			if orders[r.Role] != nil {
				orders[r.Role][id] = r.Orders
			}
		}
	}
	median := map[string]int64{}
	for role, of := range orders {
		var some []int64
		for _, n := range of {
			if n > 0 {
				some = append(some, n)
			}
		}
		slices.Sort(some)
		median[role] = some[(len(some)-1)/2]
	}
	return func(r listRow) bool {
		if r.Role == "product" {
			return r.Merchant != nil && orders["merchant"][*r.Merchant] <= median["merchant"]
		}
		return orders[r.Role][r.Subject] <= median[r.Role]
	}
}

// recountLists compares two real nights of a date.
func recountLists(t rapid.TB, outputBefore, outputAfter string, day recount.Date) map[string]*recounted {
	t.Helper()
	before, after := readLists(t, outputBefore, day), readLists(t, outputAfter, day)
	small := smallSubjects(after)
	out := map[string]*recounted{}
	for _, list := range slices.Compact(slices.Sorted(concatKeys(before, after))) {
		c := &recounted{BeforeByCategory: map[string]int64{}, LeftByCategory: map[string]int64{}}
		out[list] = c
		for _, id := range slices.Compact(slices.Sorted(concatKeys(before[list], after[list]))) {
			c.count(id, before[list][id], after[list][id], small)
		}
	}
	return out
}

func concatKeys[V any](a, b map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range a {
			if !yield(k) {
				return
			}
		}
		for k := range b {
			if !yield(k) {
				return
			}
		}
	}
}

func (c *recounted) count(id string, b, a listRow, small func(listRow) bool) {
	some := a
	if a.List == "" {
		some = b
	}
	category := ""
	if some.Category != nil {
		category = *some.Category
	}
	c.ConsideredFen += *some.Net15
	if b.Eligible {
		c.Before++
		c.BeforeByCategory[category]++
		c.WeightBefore += *b.Multiplier
		if small(some) {
			c.SmallBefore++
		}
	}
	if a.Eligible {
		c.After++
		c.WeightAfter += *a.Multiplier
		if small(some) {
			c.SmallAfter++
		}
	}
	switch {
	case b.Eligible && a.Eligible:
		c.Stayed++
		c.moved(b, a)
	case a.Eligible:
		c.Entered++
		c.EnteredFen += *some.Net15
		c.EnteringIDs = append(c.EnteringIDs, id)
	case b.Eligible:
		c.Left++
		c.LeftByCategory[category]++
		c.LeftFen += *some.Net15
		c.LeavingIDs = append(c.LeavingIDs, id)
	}
}

func (c *recounted) moved(b, a listRow) {
	if *a.Multiplier > *b.Multiplier {
		c.Raised++
	}
	if *a.Multiplier < *b.Multiplier {
		c.Lowered++
	}
	if deref(a.Level) != deref(b.Level) {
		c.LevelMoved++
	}
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// agreeOnLists holds what was told against the recount.
func agreeOnLists(t rapid.TB, told jobs.SimulatedNight, want map[string]*recounted) {
	t.Helper()
	if !told.Before.Published || told.Cold || len(aboutTheSimulation(told.Notes)) > 0 || len(told.Lists) != len(want) {
		t.Errorf("%s: %+v, cold %v, notes %q, %d lists of %d", told.AsOf, told.Before, told.Cold, told.Notes, len(told.Lists), len(want))
	}
	for i := range told.Lists {
		l := &told.Lists[i]
		got := &recounted{Before: l.Before, After: l.After, Entered: l.Entered, Left: l.Left, Stayed: l.Stayed,
			EnteredFen: *l.EnteredFen, LeftFen: *l.LeftFen, ConsideredFen: *l.ConsideredFen, SmallBefore: l.SmallBefore, SmallAfter: l.SmallAfter,
			Raised: l.Raised, Lowered: l.Lowered, LevelMoved: l.LevelMoved, BeforeByCategory: map[string]int64{}, LeftByCategory: map[string]int64{}}
		for _, m := range l.Entering {
			got.EnteringIDs = append(got.EnteringIDs, m.Subject)
		}
		for _, m := range l.Leaving {
			got.LeavingIDs = append(got.LeavingIDs, m.Subject)
		}
		slices.Sort(got.EnteringIDs)
		slices.Sort(got.LeavingIDs)
		for _, c := range l.Categories {
			if c.Before > 0 {
				got.BeforeByCategory[c.Category] = c.Before
			}
			if c.Left > 0 {
				got.LeftByCategory[c.Category] = c.Left
			}
		}
		w := *want[l.List]
		if near(l.WeightBefore, w.WeightBefore) && near(l.WeightAfter, w.WeightAfter) {
			got.WeightBefore, got.WeightAfter = w.WeightBefore, w.WeightAfter
		} else {
			got.WeightBefore, got.WeightAfter = l.WeightBefore, l.WeightAfter
		}
		if diff := cmp.Diff(&w, got); diff != "" {
			t.Errorf("%s of %s (-recounted +told):\n%s", l.List, told.AsOf, diff)
		}
	}
}

// near: multipliers have six decimals.
func near(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 }

// addsUp holds totals against the nights, and lists against their categories.
func addsUp(t rapid.TB, told jobs.Simulation) {
	t.Helper()
	for i := range told.Totals {
		total := &told.Totals[i]
		var before, entered int64
		for j := range told.Nights {
			for k := range told.Nights[j].Lists {
				l := &told.Nights[j].Lists[k]
				if l.List != total.List {
					continue
				}
				before, entered = before+l.Before, entered+l.Entered
				var inCategories int64
				for _, c := range l.Categories {
					inCategories += c.After
				}
				if inCategories != l.After {
					t.Errorf("%s: %d members in categories of %d", l.List, inCategories, l.After)
				}
			}
		}
		if total.Before != before || total.Entered != entered || total.Nights != len(simulatedDays) {
			t.Errorf("total of %s: %+v", total.List, total)
		}
	}
}

func theSameRulesMoveNothing(t *testing.T, s *stand, own string) {
	told := s.simulate(t, own, "")
	members := int64(0)
	for i := range told.Totals {
		l := &told.Totals[i]
		members += l.Before
		if l.Entered+l.Left+l.Raised+l.Lowered+l.LevelMoved != 0 || l.Before != l.After || l.WeightBefore != l.WeightAfter || l.SmallBefore != l.SmallAfter {
			t.Errorf("%s moves: %+v", l.List, l.Turnover)
		}
	}
	if members == 0 {
		t.Error("nobody is on any list")
	}
}

// A list that the rules tried have renamed is told of once, as the one that it goes on from.
func aRenamedListMovesNothing(t *testing.T, s *stand, own string) {
	const line = "      - id: benefit_shop\n"
	if !strings.Contains(own, line) {
		t.Fatal("there is no list benefit_shop")
	}
	told := s.simulate(t, strings.Replace(own, line, "      - id: benefit_merchant\n        formerly: benefit_shop\n", 1), "")
	for n := range told.Nights {
		members := map[string]int64{}
		for i := range told.Nights[n].Lists {
			l := &told.Nights[n].Lists[i]
			if members[l.List] = l.Before; l.New || l.Dropped || l.Entered+l.Left+l.Raised+l.Lowered+l.LevelMoved != 0 {
				t.Errorf("%s moves on %s: new %v, dropped %v, %+v", l.List, told.Nights[n].AsOf, l.New, l.Dropped, l.Turnover)
			}
		}
		if _, there := members["benefit_shop"]; there || members["benefit_merchant"] == 0 {
			t.Errorf("members on %s: %v", told.Nights[n].AsOf, members)
		}
	}
}

// What is kept of earlier nights is a cache: without it a simulation says the same, and makes it elsewhere.
func withoutStateNothingIsWrittenEither(t *testing.T, s *stand, own string) {
	tried := ruleText(t, shortHistory(), edits{"at_least: 4.40}": "at_least: 4.70}"})
	bare := s.copied(t, own, "published")
	was := files(t, bare.output)
	if diff := cmp.Diff(s.simulate(t, tried, ""), bare.simulate(t, tried, ""), cmp.AllowUnexported(jobs.Turnover{})); diff != "" {
		t.Error(diff)
	}
	unchanged(t, bare.output, was)
}

// Where nothing is published, the own rules are simulated too: that is what a real backfill publishes.
func unpublishedNightsAreSimulated(t *testing.T, s *stand, own string) {
	tried := ruleText(t, shortHistory(), edits{"at_least: 4.40}": "at_least: 4.70}"})
	for _, c := range []struct {
		name string
		last recount.Date // published, from firstPublished on; empty: nothing is
	}{{"nothing is published", ""}, {"the first night is", "2026-01-29"}} {
		t.Run(c.name, func(t *testing.T) {
			real, sim := s.copied(t, own, "state"), s.copied(t, own)
			if c.last != "" {
				real.must(t, "backfill", "--from", firstPublished, "--to", string(c.last))
				sim.copyOutput(t, real, "published", "state")
			}
			was, folder := files(t, sim.output), filepath.Join(t.TempDir(), "kept")
			told := sim.simulate(t, tried, folder)
			unchanged(t, sim.output, was)
			first, cold := told.Nights[len(told.Nights)-1], c.last == ""
			if first.Cold != cold || (len(aboutTheSimulation(first.Notes)) > 0) != cold || told.Nights[0].Before.Published || first.Before.Published != (c.last == simulatedDays[0]) {
				t.Errorf("cold start: %v, notes %q, %+v", first.Cold, first.Notes, told.Nights[0].Before)
			}
			real.must(t, "backfill", "--from", string(simulatedDays[0]), "--to", string(simulatedDays[2]))
			sameTables(t, ruledBytes(t, real.output, "nightly", simulatedDays[2]), ruledBytes(t, folder, jobs.OwnJob, simulatedDays[2]))
		})
	}
}

// A list that a real run would hold is told, and not held: the simulation shows what the rules want.
func listsThatWouldBeHeldAreTold(t *testing.T, s *stand, own string) {
	s = s.copied(t, own, "published", "state")
	tight := ruleText(t, shortHistory(), edits{"max_churn: 1 ": "max_churn: 0.1 ", "churn_from: 50 ": "churn_from: 2 ",
		"measure: product_score, over: mean, at_least: 4.40": "measure: product_score, over: mean, at_least: 4.90", "leave_after: 2 ": "leave_after: 1 "})
	told := s.simulate(t, tight, "", "--list", "campaign_item_a,traffic_live")
	first := told.Nights[len(told.Nights)-1]
	var held []string
	for i := range first.Lists {
		if l := &first.Lists[i]; l.Held != "" {
			held = append(held, l.List)
			if l.Left == 0 || *l.TurnedOver <= 0.1 || !strings.Contains(l.Held, "turns over, more than 10.0 %") {
				t.Errorf("%s: %q, %+v", l.List, l.Held, l.Turnover)
			}
		}
	}
	rerun := ruledStand(t, s.input, tight)
	rerun.output = s.output
	_, stderr := rerun.must(t, "run", "--date", string(simulatedDays[0]))
	if !strings.Contains(stderr, "list campaign_item_a: ") || strings.Contains(stderr, "list traffic_live: ") || !slices.Equal(held, []string{"campaign_item_a"}) {
		t.Errorf("told that %v would be held; the real run says: %s", held, stderr)
	}
	again := s.simulate(t, tight, "", "--list", "campaign_item_a")
	if notes := strings.Join(again.Nights[2].Notes, "\n"); !strings.Contains(notes, "the published list campaign_item_a is that of the run before") {
		t.Errorf("notes %q", notes)
	}
}

// Of a list with one gate and no cap, a stricter gate never lets anybody in, and a laxer one never puts anybody out.
func aStricterGateLetsNobodyIn(t *testing.T, s *stand, _ string) {
	lines := gateLines
	for _, c := range []struct {
		name  string
		lines []string
		moved func(l *jobs.ListTotal) (never, some int64)
	}{
		{"stricter", lines[1:], func(l *jobs.ListTotal) (int64, int64) { return l.Entered, l.Left }},
		{"laxer", append([]string{"4.00"}, lines[:4]...), func(l *jobs.ListTotal) (int64, int64) { return l.Left, l.Entered }},
	} {
		told := s.simulate(t, ruleText(t, shortHistory(), singleGates(c.lines)), "")
		var all int64
		for i := range told.Totals {
			l := &told.Totals[i]
			if !strings.HasPrefix(l.List, "single_") {
				continue
			}
			never, some := c.moved(l)
			if all += some; never != 0 {
				t.Errorf("%s gate: %s: %+v", c.name, l.List, l.Turnover)
			}
		}
		if all == 0 {
			t.Errorf("%s gates move nobody", c.name)
		}
	}
}

// gateLines are lines of single gates, ascending; the own rules have all but the last.
var gateLines = []string{"4.20", "4.40", "4.50", "4.60", "4.70", "4.80"}

// singleGates adds lists with one gate each and no cap, by number, over today and over a mean.
func singleGates(lines []string) edits {
	var b strings.Builder
	for i, line := range lines {
		for _, over := range []string{"today", "mean"} {
			for _, role := range []string{"product", "talent"} {
				fmt.Fprintf(&b, `      - id: single_%s_%s_%d
        name: single
        resource: campaign
        role: %s
        gates: [{id: own, measure: %s_score, over: %s, at_least: %s}]
        levels: [{measure: %s_score, over: today, steps: [{level: in, at_least: 3.00, multiplier: 1.00}], no_score: 1.00}]
        cold_start: 0
`, role, over, i, role, role, over, line, role)
			}
		}
	}
	return edits{"    lists:\n": "    lists:\n" + b.String()}
}

// aboutTheSimulation leaves out what every night of this market notes: a manual decision about a shop's own account,
// which is no talent.
func aboutTheSimulation(notes []string) []string {
	return slices.DeleteFunc(slices.Clone(notes), func(n string) bool { return strings.Contains(n, "overrides: ") })
}
