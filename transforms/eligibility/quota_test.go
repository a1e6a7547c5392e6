package eligibility_test

import (
	"math"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
)

// quotaRow is a row of traffic_quota.
type quotaRow struct {
	Kind, Merchant       string
	Base, Response       float64
	Quota                int64
	Expected, Last       float64
	Source, Grade, Level string
}

// quotaRows shares a pool among merchants 9, 10 and 11 of the list, and 12 of its cold start; as texts 10 comes first.
func quotaRows(t *testing.T, pool rules.Pool, claims []eligibility.Claim) (rows []quotaRow) {
	t.Helper()
	list := &rules.List{ID: "traffic_chuanliu", Role: "merchant", Levels: []rules.Scale{{Steps: []rules.Step{{Level: "A"}, {Level: "B"}}}}}
	reasons := make([]eligibility.Reasons, 5)
	reasons[3] = 1 << eligibility.ColdStart
	ids := column.NewIDs(nil)
	page := &eligibility.Page{List: list, Role: contract.ScoreMerchant, Domain: contract.Merchant, Codes: []int64{9, 10, 11, 12, 13}, Texts: []int32{1, 2, 3, 4, 0},
		Names: column.Same(column.Null, 5), Category: column.NewInts([]int64{7, 7, column.Null, 7, 7}),
		Decision: &eligibility.Decision{AsOf: 20_000, ValidFrom: 20_001, ValidTo: 20_001, Member: []bool{true, true, true, true, false}, Level: []int8{0, 1, 1, eligibility.NoLevel, 0},
			Multiplier: []float64{1.2, 1, 1, 1, 1}, Reasons: reasons,
			Standing: make([]bool, 5), Movement: make([]eligibility.Movement, 5), PassStreak: make([]int16, 5), FailStreak: make([]int16, 5), Since: make([]calendar.Day, 5), Failed: make([]uint32, 5)}}
	tables := &eligibility.Tables{IDs: ids, Rules: &rules.Rules{Version: "v"}, Pages: []*eligibility.Page{page}}
	for rec, err := range tables.Quota(tables.PageOf("traffic_chuanliu"), pool, claims) {
		if err != nil {
			t.Fatal(err)
		}
		text := func(name string, i int) string {
			c := rec.Column(contract.TrafficQuota.Index(name)).(*array.Dictionary)
			if c.IsNull(i) {
				return ""
			}
			return c.Dictionary().(*array.String).Value(c.GetValueIndex(i))
		}
		real := func(name string, i int) float64 {
			c := rec.Column(contract.TrafficQuota.Index(name)).(*array.Float64)
			if c.IsNull(i) {
				return math.NaN()
			}
			return c.Value(i)
		}
		for i := range int(rec.NumRows()) {
			rows = append(rows, quotaRow{text("kind", i), text("merchant_id", i), real("base_impressions", i), real("response_fen", i),
				rec.Column(contract.TrafficQuota.Index("quota_impressions")).(*array.Int64).Value(i), real("expected_fen", i), real("last_thousand_fen", i),
				text("lift_of", i), text("evidence_grade", i), text("level", i)})
		}
	}
	return rows
}

func TestTheQuotaSharesThePool(t *testing.T) {
	nan := math.NaN()
	claims := []eligibility.Claim{
		{Base: 2000, PerDay: 10_000 * math.Ln2, Lift: 0.2, Of: contract.LiftOwn, Grade: contract.GradeHoldout},
		{Base: 0, PerDay: 4000 * math.Ln2, Lift: 0.1, Of: contract.LiftCategory, Grade: contract.GradeAttribution},
		{Base: 500, PerDay: nan, Lift: nan, Grade: -1},
		{}, {Base: 9999, PerDay: 1e9, Lift: 1},
	}
	got := quotaRows(t, rules.Pool{Impressions: 20_100, Reserve: 0.1, LeastImpressions: 1000}, claims)
	// 18,090 to share: a = 12,000 and 4,000, b = 2,000 and 1,000; x + b = a/λ, so 21,090 in parts of 3 : 1.
	x, y := 15_817.0, 5_273.0 // of two equal remainders the first rises
	want := []quotaRow{
		{"cold_start", "12", nan, nan, 2010, nan, nan, "", "", ""},
		{"merchant", "10", 1000, 4000, 4273, 4000 * math.Log(y/1000), 4000 * math.Log(y/(y-1000)), "category", "D", "B"},
		{"merchant", "11", 1000, 0, 0, 0, 0, "", "", "B"},
		{"merchant", "9", 2000, 12_000, 13_817, 12_000 * math.Log(x/2000), 12_000 * math.Log(x/(x-1000)), "own", "A", "A"},
		{"unallocated", "", nan, nan, 0, nan, nan, "", "", ""},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-12, 1e-9)); diff != "" {
		t.Error(diff)
	}
}

func TestNobodyBringsAnything(t *testing.T) {
	got := quotaRows(t, rules.Pool{Impressions: 1000, Reserve: 0.1, LeastImpressions: 10, CapShare: 0.1}, make([]eligibility.Claim, 5))
	var sum int64
	for _, r := range got {
		sum += r.Quota
	}
	if last := got[len(got)-1]; sum != 1000 || last.Kind != "unallocated" || last.Quota != 900 {
		t.Errorf("%+v", got)
	}
}

// A list that is held has the cold start of the run before, and the reserve goes to it.
func TestAHeldListSharesTheReserveOverItsColdStart(t *testing.T) {
	ids, l := column.NewIDs(nil), campaign()
	l.ID = "traffic_chuanliu"
	reader := eligibility.NewBeforeReader(ids, l, contract.Merchant, column.NewLookup([]int64{1, 2}), nil, column.Same(column.Null, 2))
	rows := []said{{list: l.ID, role: "merchant", subject: "1", rank: 1}, {list: l.ID, role: "merchant", subject: "2", rank: 2, coldStart: 1, reasons: "no_score,cold_start"}}
	for _, f := range parts(ids, rows, 2) {
		if err := reader.Read(f); err != nil {
			t.Fatal(err)
		}
	}
	d := held(theRules(), l, asOf, subjects(2), nil, reader.Before(), nil)
	page := &eligibility.Page{List: l, Role: contract.ScoreMerchant, Domain: contract.Merchant, Codes: []int64{1, 2}, Names: column.Same(column.Null, 2),
		Category: column.Same(column.Null, 2), Decision: d}
	tables := &eligibility.Tables{IDs: ids, Rules: &rules.Rules{Version: "v"}, Pages: []*eligibility.Page{page}}
	unknown := eligibility.Claim{Base: math.NaN(), PerDay: math.NaN(), Lift: math.NaN(), Grade: -1}
	got := map[string]int64{}
	for rec, err := range tables.Quota(page, rules.Pool{Impressions: 1000, Reserve: 0.1}, []eligibility.Claim{unknown, unknown}) {
		if err != nil {
			t.Fatal(err)
		}
		kinds := rec.Column(contract.TrafficQuota.Index("kind")).(*array.Dictionary)
		for i := range int(rec.NumRows()) {
			got[kinds.Dictionary().(*array.String).Value(kinds.GetValueIndex(i))] += rec.Column(contract.TrafficQuota.Index("quota_impressions")).(*array.Int64).Value(i)
		}
	}
	if diff := cmp.Diff(map[string]int64{"merchant": 0, "cold_start": 100, "unallocated": 900}, got); diff != "" {
		t.Error(diff)
	}
	if o := d.Outcome(); o.Entitled[1] || !o.Member[1] {
		t.Errorf("who has a place of the cold start is entitled to one: %+v", o)
	}
}
