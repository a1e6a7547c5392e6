package jobs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

type gateRow struct {
	List    string `parquet:"list"`
	Subject string `parquet:"subject_id"`
	Gate    string `parquet:"gate"`
	State   string `parquet:"state"`
	Since   int32  `parquet:"since"`
}

type memberRow struct {
	List       string `parquet:"list"`
	Subject    string `parquet:"subject_id"`
	Eligible   bool   `parquet:"eligible"`
	Movement   string `parquet:"movement"`
	Since      int32  `parquet:"since"`
	Rank       *int64 `parquet:"rank"`
	RankBefore *int64 `parquet:"rank_before"`
	PassStreak int64  `parquet:"pass_streak"`
	FailStreak int64  `parquet:"fail_streak"`
}

type historyRow struct {
	Day int32 `parquet:"dt"`
}

// memory recounts what lists remember from the nights themselves, in order; it knows of no date that has no night.
type memory struct {
	gates   map[gateRow]gateRow // by list, subject and gate
	members map[string]memberRow
	older   bool // something was remembered over more than one night
}

func (m *memory) check(t *testing.T, d *deployment, o jobs.Outcome) {
	t.Helper()
	today := int32(o.AsOf)
	for _, g := range published[gateRow](t, d, o, "eligibility_gates") {
		key := gateRow{List: g.List, Subject: g.Subject, Gate: g.Gate}
		was, seen := m.gates[key]
		passes := strings.HasPrefix(g.State, "passed")
		if !seen || passes != strings.HasPrefix(was.State, "passed") {
			was.Since = today
		}
		if g.Since != was.Since {
			t.Fatalf("%s: gate %s of %s on %s is %s since %s, want %s", o.AsOf, g.Gate, g.Subject, g.List, g.State, calendar.Day(g.Since), calendar.Day(was.Since))
		}
		m.older = m.older || g.Since < today-2
		m.gates[key] = g
	}
	first := len(m.members) == 0
	for _, table := range []string{"eligibility_traffic", "eligibility_subsidy", "eligibility_benefit", "eligibility_campaign"} {
		for _, r := range published[memberRow](t, d, o, table) {
			key := r.List + " " + r.Subject
			was, want := m.members[key], r
			want.Movement = map[[2]bool]string{{false, false}: "out", {false, true}: "entered", {true, true}: "stayed", {true, false}: "left"}[[2]bool{was.Eligible, r.Eligible}]
			if want.RankBefore = was.Rank; first || was.Eligible != r.Eligible || was.Since == 0 {
				want.Since = today
			} else {
				want.Since = was.Since
			}
			if want.PassStreak > 0 {
				want.PassStreak = was.PassStreak + 1
			}
			if want.FailStreak > 0 {
				want.FailStreak = was.FailStreak + 1
			}
			if diff := gocmp.Diff(want, r); diff != "" {
				t.Fatalf("%s: %s", o.AsOf, diff)
			}
			m.members[key] = r
		}
	}
}

// runsRemembered are the runs that score histories know, tonight's with them.
func runsRemembered(t *testing.T, d *deployment, o jobs.Outcome) map[calendar.Day]bool {
	t.Helper()
	runs := map[calendar.Day]bool{}
	for _, r := range published[historyRow](t, d, o, "shop_score_history") {
		runs[calendar.Day(r.Day)] = true
	}
	return runs
}

// restsOn is the date of the commit that a night's manifest names, empty: none.
func restsOn(t *testing.T, d *deployment, o jobs.Outcome) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(d.out, o.Prefix, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		Previous *struct {
			AsOf string `json:"as_of"`
		} `json:"previous"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	if m.Previous == nil {
		return ""
	}
	return m.Previous.AsOf
}

// remembering are the tables that look at the run before. All others are the same whatever was published before.
var remembering = []string{"late_data", "product_score", "shop_score", "talent_score", "product_score_history", "shop_score_history", "talent_score_history", "score_norms",
	"eligibility_traffic", "eligibility_subsidy", "eligibility_benefit", "eligibility_campaign", "eligibility_gates", "data_quality"}

func bytesOf(o jobs.Outcome, without ...string) map[string]string {
	out := map[string]string{}
	for _, t := range o.Tables {
		out[t.Table] = t.SHA256
	}
	for _, name := range without {
		delete(out, name)
	}
	return out
}

// Nights with a date left out: their memory is that of the runs there are, all else is as if the date had its night, and
// making up for it makes every later night the one that it would have been.
func TestADateWithoutACommitNeitherCountsNorBreaks(t *testing.T) {
	t.Parallel()
	whole, gap := newDemo(t, 8), newDemo(t, 8)
	days := []calendar.Day{lastDay - 3, lastDay - 2, lastDay - 1, lastDay}
	const left = 1
	want, m := map[calendar.Day]jobs.Outcome{}, memory{gates: map[gateRow]gateRow{}, members: map[string]memberRow{}}
	before := ""
	for i, day := range days {
		want[day] = whole.night(day)
		if i == left {
			continue
		}
		o := gap.night(day)
		if diff := gocmp.Diff(bytesOf(want[day], remembering...), bytesOf(o, remembering...)); diff != "" {
			t.Errorf("%s: tables without memory differ: %s", day, diff)
		}
		if got := restsOn(t, gap, o); got != before || o.Cold != (before == "") {
			t.Errorf("%s rests on %q, want %q; cold %v", day, got, before, o.Cold)
		}
		if told := fmt.Sprint(o.Warnings); (i == left+1) != strings.Contains(told, "go on from "+days[left-1].String()) {
			t.Errorf("%s: warnings %s", day, told)
		}
		m.check(t, gap, o)
		if runs := runsRemembered(t, gap, o); runs[days[left]] || len(runs) != i+1-min(1, i/left) {
			t.Errorf("%s remembers the runs %v", day, runs)
		}
		before = day.String()
	}
	if !m.older {
		t.Error("nothing was remembered for longer than a night: the test has lost its object")
	}
	for _, day := range days[left:] { // the date is made up for; the nights after it rest on another night now
		o := gap.night(day)
		if diff := gocmp.Diff(bytesOf(want[day]), bytesOf(o)); diff != "" || o.Status != jobs.Published {
			t.Errorf("%s made up for, %s: %s", day, o.Status, diff)
		}
	}
}

func TestALongerGapIsAColdStart(t *testing.T) {
	d := newDeployment(t)
	d.settings.CommitGapDays = 2
	d.night(lastDay - 3)
	if o := d.night(lastDay); !o.Cold || restsOn(t, d, o) != "" {
		t.Error("a night rests on a commit of three days ago, with commit_gap_days 2")
	}
	d.settings.CommitGapDays = 3
	if o := d.night(lastDay); o.Cold || restsOn(t, d, o) != (lastDay-3).String() || o.Status != jobs.Published {
		t.Errorf("with commit_gap_days 3 the night rests on %q, %s", restsOn(t, d, o), o.Status)
	}
}

type normRow struct {
	Month     int32   `parquet:"month"`
	Role      string  `parquet:"role"`
	Indicator string  `parquet:"indicator"`
	Level     int64   `parquet:"level"`
	Category  string  `parquet:"category_id"`
	Entities  int64   `parquet:"entities"`
	Mean      float64 `parquet:"mean"`
	Best      float64 `parquet:"anchor_best"`
}

// The last night of a month measures the norms of the next. Where it was left out, the first night after it does, and its
// norms are frozen as well.
func TestNormsAreMeasuredThoughTheLastNightOfTheMonthIsMissing(t *testing.T) {
	february := lastDay + 1
	d := newDemoUntil(t, 8, february+1)
	if rows := published[normRow](t, d, d.night(lastDay-1), "score_norms"); len(rows) != 0 {
		t.Fatalf("a cold night within a month has %d norms", len(rows))
	}
	first := published[normRow](t, d, d.night(february), "score_norms")
	if len(first) == 0 || calendar.Day(first[0].Month) != february {
		t.Fatalf("the first night of February has the norms %v", first)
	}
	if diff := gocmp.Diff(first, published[normRow](t, d, d.night(february+1), "score_norms")); diff != "" {
		t.Error("norms moved within the month:", diff)
	}
}
