package jobs

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// onList is a row of a list; level, multiplier and net15 may be null.
func onList(list, role, subject, merchant string, eligible bool, level, multiplier, net15, failed, reasons string) string {
	return fmt.Sprintf(`{"as_of_date": "2026-03-01", "list": %q, "role": %q, "subject_id": %q, "merchant_id": %s, "category1_id": "71", "eligible": %v, "level": %s, "multiplier": %s,
	  "movement": "out", "since": "2026-03-01", "orders": 3, "gmv_net15_fen": %s, "failed_gates": %q, "reasons": %q, "needs": "nothing", "standing": false,
	  "pass_streak": 0, "fail_streak": 0, "gates_since": "", "cold_start": false, "stale": false, "valid_from": "2026-03-02", "valid_to": "2026-03-02", "rules_version": "x"}`,
		list, role, subject, merchant, eligible, level, multiplier, net15, failed, reasons)
}

// nightOf is a night with one table of lists, none without rows.
func nightOf(t *testing.T, rows ...string) *madeNight {
	t.Helper()
	l := openLake(t)
	c := &committed{lake: l}
	if len(rows) > 0 {
		c.manifest.Outputs = []Output{put(t, l, contract.EligibilityTraffic, nil, rows...)}
	}
	return &madeNight{commit: c, large: map[string]map[string]bool{"merchant": {"11": true}, "talent": {"4": true}}}
}

// compared holds two nights against each other.
func compared(t *testing.T, before, after *madeNight, lists ...rules.List) map[string]SimulatedList {
	t.Helper()
	n, err := compareNights(context.Background(), before, after, nil, &rules.Rules{Lists: lists}, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]SimulatedList{}
	for _, l := range n.Lists {
		out[l.List] = l
	}
	return out
}

func TestListsAreCompared(t *testing.T) {
	before := nightOf(t,
		onList("items", "product", "1", `"11"`, true, `"G2"`, "1.1", "100", "", ""),
		onList("items", "product", "2", `"12"`, true, `"G2"`, "1.0", "200", "", ""),
		onList("items", "product", "3", `"12"`, false, "null", "null", "300", "score,shop", "gate_failed"),
		onList("items", "product", "9", "null", true, `"G2"`, "1.0", "400", "", ""),
		onList("other", "talent", "5", "null", true, `"A"`, "1.2", "7", "", ""))
	after := nightOf(t,
		onList("items", "product", "1", `"11"`, true, `"G3"`, "1.25", "100", "", ""),
		onList("items", "product", "2", `"12"`, false, "null", "null", "200", "", "shop_cap"),
		onList("items", "product", "3", `"12"`, true, "null", "1.0", "300", "score", "cold_start"),
		onList("other", "merchant", "5", "null", true, `"A"`, "1.0", "7", "", ""))
	after.held = map[string]string{"items": "too much"}
	got := compared(t, before, after, rules.List{ID: "items", Name: "商品", Resource: "traffic", Role: "product"}, rules.List{ID: "empty", Resource: "traffic", Role: "product"})

	items := got["items"]
	want := Turnover{Considered: 4, Before: 3, After: 2, Entered: 1, Left: 2, Stayed: 1, TurnedOver: real(0.75),
		ConsideredFen: fen(1000), EnteredFen: fen(300), LeftFen: fen(600), EnteredShare: real(0.3), LeftShare: real(0.6),
		SmallBefore: 1, SmallAfter: 1, SmallShareBefore: real(1.0 / 3), SmallShareAfter: real(0.5), // shop 12; that of 9 is not known
		WeightBefore: 3.1, WeightAfter: 2.25, Raised: 1, LevelMoved: 1, weightBefore: 3_100_000, weightAfter: 2_250_000}
	if diff := cmp.Diff(want, items.Turnover, cmp.AllowUnexported(Turnover{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]CategoryTurnover{{"71", want}}, items.Categories, cmp.AllowUnexported(Turnover{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]LevelMembers{{"", 0, 1}, {"G2", 3, 0}, {"G3", 0, 1}}, items.Levels); diff != "" {
		t.Error(diff)
	}
	if d := deciders(items.Entering) + "; " + deciders(items.Leaving); d != "3 score,shop; 9 not considered, 2 shop_cap" || items.Held != "too much" {
		t.Errorf("decided by %q; held %q", d, items.Held)
	}
	if o := got["other"]; o.Entered != 1 || o.Left != 1 || o.Stayed != 0 || o.Considered != 2 {
		t.Errorf("a talent and a shop of one id: %+v", o.Turnover)
	}
	if e := got["empty"]; e.New || e.Dropped || e.TurnedOver != nil || e.EnteredShare != nil {
		t.Errorf("a list of nobody: %+v", e)
	}
}

func TestNewAndDroppedListsAreTold(t *testing.T) {
	none, some := nightOf(t), nightOf(t, onList("items", "product", "1", "null", true, `"G2"`, "1.0", "null", "", ""))
	some.held, none.held = map[string]string{"items": "too much"}, map[string]string{"items": "too much"}
	if l := compared(t, none, some)["items"]; !l.New || l.Dropped || deciders(l.Entering) != "1 new list" || l.ConsideredFen != nil || l.EnteredShare != nil {
		t.Errorf("%+v", l)
	}
	if l := compared(t, some, none)["items"]; l.New || !l.Dropped || deciders(l.Leaving) != "1 list dropped" || l.Held != "" {
		t.Errorf("%+v", l)
	}
}

// A list that was renamed is one list, its rows before those of its former id: unless it had its own then, or they are of subjects of
// another kind.
func TestRenamedListsGoOn(t *testing.T) {
	renamed := rules.List{ID: "zoo", Name: "商品", Formerly: "items", Resource: "traffic", Role: "product"}
	row := func(list, role, subject string, eligible bool) string {
		return onList(list, role, subject, "null", eligible, `"G2"`, "1.0", "100", "score", "gate_failed")
	}
	after := nightOf(t, row("middle", "product", "2", true), row("zoo", "product", "1", true), row("zoo", "product", "3", true), row("zoo", "product", "4", false))
	for _, c := range []struct {
		name   string
		before []string
		want   string
	}{
		{"under the former id", []string{row("items", "product", "1", true), row("items", "product", "2", true), row("items", "product", "4", false), row("middle", "product", "2", true)},
			"zoo, formerly items: 4 considered, 1 stayed, 3 entered by not considered, 2 left by not considered; middle: 1 considered, 1 stayed"},
		{"under both ids", []string{row("items", "product", "1", true), row("zoo", "product", "3", true)},
			"zoo: 3 considered, 1 stayed, 1 entered by not considered; middle: 1 considered, 2 entered by new list; items: 1 considered, 1 left by list dropped"},
		{"of talents", []string{row("items", "talent", "1", true)},
			"zoo: 3 considered, 1 entered by new list, 3 entered by new list; middle: 1 considered, 2 entered by new list; items: 1 considered, 1 left by list dropped"},
		{"nothing", nil,
			"zoo: 3 considered, 1 entered by new list, 3 entered by new list; middle: 1 considered, 2 entered by new list"},
	} {
		n, err := compareNights(t.Context(), nightOf(t, c.before...), after, nil, &rules.Rules{Lists: []rules.List{renamed, {ID: "middle", Resource: "traffic", Role: "product"}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for i := range n.Lists {
			told = append(told, summary(&n.Lists[i]))
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

// summary tells who moves on a list.
func summary(l *SimulatedList) string {
	text := l.List
	if l.Formerly != "" {
		text += ", formerly " + l.Formerly
	}
	text += fmt.Sprintf(": %d considered", l.Considered)
	if l.Stayed > 0 {
		text += fmt.Sprintf(", %d stayed", l.Stayed)
	}
	for _, m := range l.Entering {
		text += fmt.Sprintf(", %s entered by %s", m.Subject, m.Decides)
	}
	for _, m := range l.Leaving {
		text += fmt.Sprintf(", %s left by %s", m.Subject, m.Decides)
	}
	return text
}

// Of the own rules' lists those that go on under another id are not told of beside it.
func TestListsOfBothRules(t *testing.T) {
	list := func(id, formerly string) rules.List {
		return rules.List{ID: id, Formerly: formerly, Resource: "traffic", Role: "product"}
	}
	for _, c := range []struct {
		tried, own []rules.List
		want       string
	}{
		{[]rules.List{list("zoo", "items")}, []rules.List{list("items", ""), list("other", "")}, "zoo other"},
		{[]rules.List{list("zoo", "items")}, []rules.List{list("items", ""), list("zoo", "")}, "zoo items"},
		{[]rules.List{list("items", "")}, []rules.List{list("zoo", "items")}, "items zoo"},
		{[]rules.List{list("zoo", "items")}, []rules.List{{ID: "items", Resource: "traffic", Role: "talent"}}, "zoo items"},
	} {
		var ids []string
		for _, l := range listsOf(&rules.Rules{Lists: c.tried}, &rules.Rules{Lists: c.own}) {
			ids = append(ids, l.ID)
		}
		if got := strings.Join(ids, " "); got != c.want {
			t.Errorf("%v tried, %v own: %s, want %s", c.tried, c.own, got, c.want)
		}
	}
	if got := withRenamed([]string{"items"}, &rules.Rules{Lists: []rules.List{list("zoo", "items"), list("other", "")}}); !slices.Equal(got, []string{"items", "zoo"}) {
		t.Errorf("asked for by its former id: %v", got)
	}
}

// Rules that no night can be made with are refused as they are in a deployment.
func TestRulesThatNoNightCanBeMadeWithAreNotSimulated(t *testing.T) {
	for want, change := range map[string]func(r *rules.Rules){
		"": func(*rules.Rules) {},
		"shop_score.windows and lag_days look 135 days back, but only 120 are kept": func(r *rules.Rules) { r.Shop.Windows = []int{30, 60, 120} },
		"shop_score: dimension weather is none of ": func(r *rules.Rules) {
			r.Shop.Dimensions = slices.Clone(r.Shop.Dimensions)
			r.Shop.Dimensions[0].ID = "weather"
		},
	} {
		s := Default(utc())
		s.Rules = config.DefaultRules()
		tried := s.Rules[0]
		change(&tried)
		deployed := s
		deployed.Rules = rules.Set{tried}
		for _, err := range []error{SimulateOptions{Rules: tried}.Validate(s.Rules), deployed.Validate()} {
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%v, want %q", err, want)
			}
		}
	}
}

// deciders are the ids of movers with what decides.
func deciders(movers []ListMover) string {
	var out []string
	for _, m := range movers {
		out = append(out, m.Subject+" "+m.Decides)
	}
	return strings.Join(out, ", ")
}

func real(v float64) *float64 { return &v }
func fen(v int64) *int64      { return &v }

func TestTotalsAreSumsOfNights(t *testing.T) {
	night := func(entered, stayed, considered int64, held string) SimulatedNight {
		l := SimulatedList{List: "items", Resource: "traffic", Held: held}
		l.Turnover = Turnover{Entered: entered, Stayed: stayed, Before: stayed, After: stayed + entered, ConsideredFen: fen(considered), EnteredFen: fen(considered / 4), LeftFen: fen(0)}
		return SimulatedNight{Lists: []SimulatedList{l}}
	}
	s := &Simulation{Nights: []SimulatedNight{night(1, 2, 400, ""), night(3, 4, 800, "held"), {Lists: []SimulatedList{{List: "items", Resource: "subsidy"}}}}}
	s.addUp()
	if len(s.Totals) != 2 {
		t.Fatalf("%d totals: a list of another resource is another list", len(s.Totals))
	}
	got := s.Totals[0]
	if got.Nights != 2 || got.Held != 1 || got.Entered != 4 || *got.ConsideredFen != 1200 || *got.EnteredShare != 0.25 || math.Abs(*got.TurnedOver-0.4) > 1e-12 {
		t.Errorf("%+v", got)
	}
	if *s.Nights[0].Lists[0].ConsideredFen != 400 {
		t.Error("adding up changed a night")
	}
}

// The gate's words are written by night.holdOrAccept.
func TestHeldListsAreReadOffTheGates(t *testing.T) {
	detail := "list items: 3 enter and 4 leave of 10, 53.8 % of it turns over, more than 30.0 %"
	for _, c := range []struct {
		gate Gate
		id   string
		ok   bool
	}{
		{Gate{"churn", true, detail + "; accepted: on purpose"}, "items", true},
		{Gate{"churn", false, detail + "; the list of the run before was kept"}, "items", true},
		{Gate{"presence", true, "31 days of orders"}, "", false},
	} {
		id, why, ok := heldList(c.gate)
		if ok != c.ok || ok && (id != c.id || why != "3 enter and 4 leave of 10, 53.8 % of it turns over, more than 30.0 %") {
			t.Errorf("%+v: %q %q %v", c.gate, id, why, ok)
		}
	}
}
