package jobs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/rules"
)

// causeRow is a subject of a list with why it moved.
type causeRow struct {
	List      string  `parquet:"list"`
	Role      string  `parquet:"role"`
	Subject   string  `parquet:"subject_id"`
	Merchant  *string `parquet:"merchant_id"`
	Eligible  bool    `parquet:"eligible"`
	ColdStart bool    `parquet:"cold_start"`
	Standing  bool    `parquet:"standing"`
	Reasons   string  `parquet:"reasons"`
	Movement  string  `parquet:"movement"`
	Data      *int64  `parquet:"cause_data"`
	Others    *int64  `parquet:"cause_others"`
	Late      *int64  `parquet:"cause_late_data"`
	Rules     *int64  `parquet:"cause_rules"`
}

func listRows(t *testing.T, d *deployment, o jobs.Outcome) map[string]causeRow {
	t.Helper()
	all := map[string]causeRow{}
	for _, table := range []string{"eligibility_traffic", "eligibility_subsidy", "eligibility_benefit", "eligibility_campaign"} {
		for _, r := range published[causeRow](t, d, o, table) {
			all[r.List+" "+r.Role+" "+r.Subject] = r
		}
	}
	return all
}

// copied is a deployment of its own that goes on from where another one is.
func (d *deployment) copied() *deployment {
	d.t.Helper()
	other := *d
	other.in, other.out = d.t.TempDir(), d.t.TempDir()
	for to, from := range map[string]string{other.in: d.in, other.out: d.out} {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			d.t.Fatal(err)
		}
	}
	return &other
}

type ticketRow struct {
	Ticket   int64     `parquet:"ticket_id"`
	Role     string    `parquet:"subject_role"`
	Subject  string    `parquet:"subject_id"`
	Severity string    `parquet:"severity"`
	Points   int64     `parquet:"points"`
	Decided  time.Time `parquet:"decided_at,timestamp(microsecond)"`
}

// condemn delivers a day's tickets again: severe ones for some shops.
func (d *deployment) condemn(day calendar.Day, shops []string) {
	d.t.Helper()
	var rows []ticketRow
	for i, shop := range shops {
		rows = append(rows, ticketRow{int64(i + 1), "merchant", shop, "severe", 12, time.Unix(int64(day)*86_400, 0).UTC()})
	}
	d.drop("violations", day)
	if err := os.MkdirAll(d.dump("violations", day), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := parquet.WriteFile(filepath.Join(d.dump("violations", day), "part-0.parquet"), rows); err != nil {
		d.t.Fatal(err)
	}
}

// restless are rules under which whoever passes or fails moves at once, and another version from a day on that asks for more
// of shops.
func restless(from calendar.Day) rules.Set {
	old := config.DefaultRules()[0]
	old.Stability.EnterAfter, old.Stability.LeaveAfter, old.Stability.MaxChurn, old.Stability.MeanNeeds, old.Stability.MeanRuns = 1, 1, 1, 1, 1
	changed := old
	changed.Version, changed.EffectiveFrom = old.Version+"-stricter", from
	changed.Lists = slices.Clone(old.Lists)
	for i := range changed.Lists {
		l := &changed.Lists[i]
		l.Gates = slices.Clone(l.Gates)
		for g := range l.Gates {
			if gate := &l.Gates[g]; gate.Measure == "shop_score" && gate.AtLeast != nil && *gate.AtLeast > 4.2 {
				stricter := *gate.AtLeast + 0.15
				gate.AtLeast = &stricter
			}
		}
		l.ColdStart = min(0.5, 2*l.ColdStart)
	}
	return rules.Set{old, changed}
}

func signOf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Each cause is what it is said to be, told by deployments in which the causes beside it are left out: one that had the
// corrections before the run before, and one whose rules never changed. The causes add up to the movement.
func TestCausesOfChanges(t *testing.T) {
	t.Parallel()
	d1, d2, d3 := lastDay-2, lastDay-1, lastDay
	now := newMarket(t, func(o *market.Options) { o.Days, o.Merchants, o.Products, o.LinesPerDay, o.Seed = 6, 12, 150, 600, 4 })
	set := restless(d3)
	now.settings.Rules = set
	now.night(d1)
	informed := now.copied() // its run before knew the corrections
	before := listRows(t, now, now.night(d2))
	unruly := now.copied() // its rules never changed
	unruly.settings.Rules = set[:1]

	var shops []string
	for _, r := range before {
		if r.Eligible && r.Merchant != nil && !slices.Contains(shops, *r.Merchant) {
			shops = append(shops, *r.Merchant)
		}
	}
	slices.Sort(shops)
	shops = shops[:len(shops)/3]
	for _, d := range []*deployment{now, informed, unruly} {
		d.condemn(d1, shops)
	}
	corrected, data := listRows(t, informed, informed.night(d2)), listRows(t, unruly, unruly.night(d3))
	outcome := now.night(d3)

	entitled := func(r causeRow) bool {
		if r.Eligible {
			return !r.ColdStart
		}
		codes := splitCodes(r.Reasons)
		return r.Standing && slices.Contains(codes, "shop_cap") && !slices.Contains(codes, "zero_weight")
	}
	seen := map[string]int64{}
	for key, r := range listRows(t, now, outcome) {
		moved := r.Movement == "entered" || r.Movement == "left"
		if told := r.Data != nil && r.Others != nil && r.Late != nil && r.Rules != nil; told != moved {
			t.Fatalf("%s %s: causes %+v", key, r.Movement, r)
		}
		if !moved {
			continue
		}
		was, s1, s2 := before[key], corrected[key], data[key]
		want := map[string]int64{
			"late": signOf(s1.Eligible) - signOf(was.Eligible), "data": signOf(entitled(s2)) - signOf(entitled(s1)), "rules": signOf(r.Eligible) - signOf(s2.Eligible),
			"others": signOf(s2.Eligible) - signOf(s1.Eligible) - (signOf(entitled(s2)) - signOf(entitled(s1)))}
		got := map[string]int64{"late": *r.Late, "data": *r.Data, "rules": *r.Rules, "others": *r.Others}
		if fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("%s %s: causes %v, want %v", key, r.Movement, got, want)
		}
		sum := int64(0)
		for cause, n := range got {
			sum += n
			seen[cause] += max(n, -n)
		}
		if sum != signOf(r.Eligible)-signOf(was.Eligible) {
			t.Errorf("%s %s: causes %v add up to %d", key, r.Movement, got, sum)
		}
	}
	for _, cause := range []string{"late", "data", "rules", "others"} {
		if seen[cause] == 0 {
			t.Errorf("nobody moved for %s: the test has lost its object; %v", cause, seen)
		}
	}
	again := now.copied()
	again.settings.LateCauses = false // corrections then count with data
	for key, r := range listRows(t, again, again.night(d3)) {
		if r.Data != nil && (r.Late != nil || *r.Data+*r.Others+*r.Rules != signOf(r.Eligible)-signOf(before[key].Eligible)) {
			t.Fatalf("%s %s: causes %+v", key, r.Movement, r)
		}
	}
}

func splitCodes(codes string) (all []string) {
	for from, i := 0, 0; i <= len(codes); i++ {
		if i == len(codes) || codes[i] == ',' {
			all, from = append(all, codes[from:i]), i+1
		}
	}
	return all
}
