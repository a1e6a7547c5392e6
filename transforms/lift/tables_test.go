package lift_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
)

// cellText is a value of a record as text, empty for null.
func cellText(a arrow.Array, i int) string {
	if a.IsNull(i) {
		return ""
	}
	if d, ok := a.(*array.Dictionary); ok {
		return d.Dictionary().(*array.String).Value(d.GetValueIndex(i))
	}
	return a.ValueStr(i)
}

// rowsOf are the rows of a table as text, by column.
func rowsOf(t *testing.T, table *contract.Table, records lift.Records) (rows []map[string]string) {
	t.Helper()
	for rec, err := range records {
		if err != nil {
			t.Fatal(err)
		}
		for i := range int(rec.NumRows()) {
			r := map[string]string{}
			for j, c := range table.Columns {
				r[c.Name] = cellText(rec.Column(j), i)
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// keysAscend fails unless each key is above the one before, as its texts and numbers order.
func keysAscend(t *testing.T, table *contract.Table, rows []map[string]string) {
	t.Helper()
	keyOf := func(r map[string]string) string {
		var parts []string
		for _, k := range table.Key {
			v := r[k]
			if kind := table.Column(k).Kind; kind == contract.ID || kind == contract.Count {
				v = strings.Repeat("0", max(0, 12-len(v))) + v
			}
			parts = append(parts, v)
		}
		return strings.Join(parts, "\x00")
	}
	for i := 1; i < len(rows); i++ {
		if a, b := keyOf(rows[i-1]), keyOf(rows[i]); a >= b {
			t.Errorf("%s: %q does not come before %q", table.Name, a, b)
		}
	}
}

// tablesOf are all tables of figures.
func tablesOf(t *testing.T, f *lift.Figures, o *lift.Options) map[string][]map[string]string {
	t.Helper()
	e := estimate(t, f, o)
	rewards, left := lift.Rewards(f, e, o, good)
	out := map[string][]map[string]string{}
	for _, x := range []struct {
		table   *contract.Table
		records lift.Records
	}{
		{contract.ChuanliuLift, e.LiftTable(o, "v1")}, {contract.ChuanliuProgramme, e.ScopeTable(o, "v1")}, {contract.TalentRewards, lift.RewardTable(rewards, left, o, "v1")},
		{contract.ChuanliuCaps, lift.CapTable([]calendar.Day{calendar.Of(2026, 5, 1), calendar.Of(2026, 6, 1)}, [][]lift.Cap{lift.Caps(f, o), lift.Caps(f, o)}, o)},
	} {
		rows := rowsOf(t, x.table, x.records)
		keysAscend(t, x.table, rows)
		if again := rowsOf(t, x.table, x.records); !cmp.Equal(rows, again) {
			t.Errorf("%s changes when it is walked again", x.table.Name)
		}
		out[x.table.Name] = rows
	}
	return out
}

func TestTablesOfAMarket(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 41))
	f := brands(rng, 12, 1200, planted)
	broken := merchantOf(13, shop{rng, 0.2, 0.9, 0.4}.pairs(900))
	small := merchantOf(14, shop{rng, 0.2, 0.3, 0.4}.pairs(40))
	quiet := merchantOf(15, shop{rng, 0, 0.3, 0}.pairs(800)) // nobody buys
	f.Merchants = append(f.Merchants, broken, small, quiet, lift.Merchant{Code: 16, Cells: make([]lift.MerchantCell, 3)})
	f.Programmes = []lift.Programme{{Code: column.Null, Cells: make([]lift.ProgrammeCell, 3)}}
	o := options(0.3)
	tables := tablesOf(t, f, o)
	if n := len(tables["chuanliu_lift"]); n != 15*3 {
		t.Errorf("%d rows, want 45: a merchant without pairs has none", n)
	}
	statuses := map[string]string{}
	for _, r := range tables["chuanliu_lift"] {
		if r["period"] != "all" {
			if r["e_value"] != "" || r["always_lo_ratio"] != "" || r["ebh_q"] != "" || r["discovered"] != "" {
				t.Errorf("merchant %s, %s: what holds on any night is of all days alone", r["merchant_id"], r["period"])
			}
			continue
		}
		statuses[r["merchant_id"]] = r["status"] + " " + r["evidence_grade"] + " " + r["estimator"]
		if shown := r["lift_ratio"] != ""; shown != (r["status"] == "estimated") || shown != (r["mde_ratio"] != "") || shown && (r["lift_lo_ratio"] == "" || r["srm_p"] == "") {
			t.Errorf("merchant %s: status %s, lift %q in %q, mde %q", r["merchant_id"], r["status"], r["lift_ratio"], r["lift_lo_ratio"], r["mde_ratio"])
		}
		if r["attributed_fen"] != "" || r["treatment_served"] != "" {
			t.Errorf("merchant %s was shown something by no exposures table", r["merchant_id"])
		}
	}
	for merchant, want := range map[string]string{"1": "estimated A log_ratio_cuped", "13": "sample_ratio_mismatch D attribution", "14": "insufficient D attribution", "15": "insufficient D attribution"} {
		if statuses[merchant] != want {
			t.Errorf("merchant %s: %s, want %s", merchant, statuses[merchant], want)
		}
	}
	var scopes []string
	for _, r := range tables["chuanliu_programme"] {
		if r["period"] == "all" {
			scopes = append(scopes, r["scope"]+" "+r["subject_id"]+" "+r["status"])
		}
	}
	if want := []string{"category 1 estimated", "category 2 estimated", "platform  estimated", "programme (none) insufficient"}; !slices.Equal(scopes, want) {
		t.Errorf("scopes %q", scopes)
	}
}

func TestTablesOfNothing(t *testing.T) {
	tables := tablesOf(t, &lift.Figures{}, options(0.1))
	if len(tables["chuanliu_lift"])+len(tables["chuanliu_programme"])+len(tables["chuanliu_caps"]) > 0 {
		t.Errorf("rows of nothing: %v", tables)
	}
	if r := tables["talent_rewards"]; len(r) != 1 || r[0]["kind"] != "unallocated" || r[0]["reward_impressions"] != "1000" {
		t.Errorf("rewards of nothing: %v", r)
	}
}

// Merchants, categories and talents of another code, such as those of another order of reading, give the same rows.
func TestCodesOfTextsChangeNothing(t *testing.T) {
	names := []string{"b", "a", "d", "c", "e"}
	market := func(first string) []map[string]string {
		ids := column.NewIDs(contract.IDTypes{contract.Category: true})
		code := func(name string) int64 {
			code, err := ids.Parse(contract.Category, name)
			if err != nil {
				t.Fatal(err)
			}
			return code
		}
		code(first) // the first to come has the least code
		o := options(0.3)
		o.IDs = ids
		o.Category = func(m int64) int64 { return code(names[m%5]) }
		return tablesOf(t, brands(rand.New(rand.NewPCG(42, 42)), 10, 900, planted), o)["chuanliu_programme"]
	}
	if diff := cmp.Diff(market("a"), market("e")); diff != "" {
		t.Error(diff)
	}
}
