package eligibility_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	testlines "github.com/windvane/windvane/internal/testkit/lines"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
)

// crowdCodes are the ids of a crowd: numbers of two lengths, so that the order of their texts is not theirs.
func crowdCodes(n int) []int64 {
	codes := make([]int64, n)
	for i := range codes {
		codes[i] = 1000*1000 - int64(n)/2 + int64(i)
	}
	return codes
}

// crowdPage is a list of a crowd that a list before has been decided of, with people's decisions, and members that are gone.
func crowdPage(ids *column.IDs, l *rules.List, s *considered, h eligibility.History, b *eligibility.Before) *eligibility.Page {
	n, codes := s.N, crowdCodes(s.N)
	for _, gone := range []string{"0", "1000100", "1000100a", strconv.FormatInt(codes[0], 10) + "0", "999_999"} { // first, between, last
		b.Gone = append(b.Gone, eligibility.GoneMember{Subject: ids.TextDict().Code(gone), Rank: int32(len(b.Gone))})
	}
	b.Rank = make([]int32, n)
	p := &eligibility.Page{List: l, Role: contract.ScoreProduct, Domain: contract.Product, Codes: codes, NetKnown: true}
	var names, merchants, categories []int64
	for i := range n {
		p.Texts = append(p.Texts, int32(i))
		names = append(names, column.Null)
		if i%3 > 0 {
			names[i] = ids.TextDict().Code(fmt.Sprintf("商品 %d", i%70))
		}
		merchants, categories = append(merchants, 5000+int64(s.Shop[i])), append(categories, int64(s.Category[i]))
		if i%50 == 7 {
			merchants[i], categories[i] = column.Null, column.Null
		}
		if b.Member[i] {
			b.Rank[i] = int32(i%9 + 1)
		}
	}
	p.Names, p.Merchant, p.Category, p.RankBefore = column.NewInts(names), column.NewInts(merchants), column.NewInts(categories), column.NewInts(b.Rank)
	slices.SortFunc(p.Texts, func(i, j int32) int {
		return cmp.Compare(strconv.FormatInt(codes[i], 10), strconv.FormatInt(codes[j], 10))
	})
	p.Product, p.Shop = h["product_score"][0], h["shop_score"][0]
	p.Decision = decided(theRules(), l, asOf, s, h, b, map[int]eligibility.Override{
		3: {Action: eligibility.Allow, Reason: "appeal won", Author: "lin", To: asOf + 9}, 1100: {Action: eligibility.Deny, Reason: "fraud", Author: "wu"}}, false)
	p.GoneCauses = &eligibility.Split{Was: outcomesUntil(5, 5), Corrected: outcomesUntil(3, 5), Data: outcomesUntil(1, 5), Now: outcomesUntil(0, 5), LateKnown: true}
	p.Smallest = func(subject int, need eligibility.Need) (eligibility.Move, bool) {
		return eligibility.Move{Of: "sign_rate", From: 0.5, To: float64(need.Own) / 100, Events: math.NaN(), Volume: float64(subject)}, subject%2 == 0
	}
	return p
}

// outcomesUntil are of n subjects of whom the first are entitled members.
func outcomesUntil(members, n int) eligibility.Outcome {
	is := make([]bool, n)
	for i := range members {
		is[i] = true
	}
	return eligibility.Outcome{Member: is, Entitled: is}
}

// TestListsAndGatesSayWhatWasDecided writes two lists of more subjects than a block has, row by row from their decisions.
func TestListsAndGatesSayWhatWasDecided(t *testing.T) {
	ids := column.NewIDs(nil)
	l, s, h, b := crowd(1300)
	second := traffic()
	pages := []*eligibility.Page{crowdPage(ids, l, s, h, b), crowdPage(ids, second, s, h, emptyBefore(s.N))}
	tables := &eligibility.Tables{IDs: ids, Rules: &rules.Rules{Version: "v7"}, Pages: []*eligibility.Page{pages[1], pages[0]}} // by name, subsidy_product is first
	var rows, gates []testlines.Line
	for _, p := range pages {
		rows, gates = append(rows, listLines(ids, s, p)...), append(gates, gateLines(p)...)
	}
	for _, packed := range []bool{false, true} { // they are the same
		if diff := gocmp.Diff(rows, testlines.Of(t, tables.List(contract.EligibilitySubsidy, ""))); diff != "" {
			t.Errorf("packed %v: list: %s", packed, diff)
		}
		if diff := gocmp.Diff(gates, testlines.Of(t, tables.Gates())); diff != "" {
			t.Errorf("packed %v: gates: %s", packed, diff)
		}
		for _, p := range pages {
			p.Decision.Pack()
		}
	}
}

// listLines are the rows of a list, members that are gone among them, in the order of their texts.
func listLines(ids *column.IDs, s *considered, p *eligibility.Page) (rows []testlines.Line) {
	for i := range p.Codes {
		rows = append(rows, listLine(ids, s, p, i))
	}
	for rank, gone := range []string{"0", "1000100", "1000100a", strconv.FormatInt(p.Codes[0], 10) + "0", "999_999"} {
		row := testlines.Line{}
		for _, c := range contract.EligibilitySubsidy.Columns {
			row[c.Name] = nil
		}
		for name, v := range (testlines.Line{"as_of_date": asOf.String(), "list": p.List.ID, "role": "product", "subject_id": gone, "eligible": false,
			"rank_before": orNil(int64(rank), rank > 0), "movement": "left",
			"cause_data": []int{0, -1, -1, 0, 0}[rank], "cause_others": 0, "cause_late_data": []int{0, 0, 0, -1, -1}[rank], "cause_rules": []int{-1, 0, 0, 0, 0}[rank], "since": asOf.String(), "orders": 0, "failed_gates": "", "reasons": "gone",
			"standing": false, "pass_streak": 0, "fail_streak": 0, "gates_since": "", "cold_start": false, "stale": false,
			"valid_from": (asOf + 1).String(), "valid_to": (asOf + 1).String(), "rules_version": "v7"}) {
			row[name] = v
		}
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b testlines.Line) int { return cmp.Compare(a["subject_id"].(string), b["subject_id"].(string)) })
	return rows
}

func orNil(v int64, known bool) any {
	if !known {
		return nil
	}
	return int(v)
}

func realOrNil(v float64, known bool) any {
	if !known || math.IsNaN(v) {
		return nil
	}
	return v
}

func textOrNil(ids *column.IDs, code int64) any {
	if code == column.Null {
		return nil
	}
	return ids.TextDict().Value(code)
}

func listLine(ids *column.IDs, s *considered, p *eligibility.Page, i int) testlines.Line {
	d, need := p.Decision, p.Decision.Needs(i)
	row := testlines.Line{"as_of_date": asOf.String(), "list": p.List.ID, "role": "product", "subject_id": strconv.FormatInt(p.Codes[i], 10),
		"subject_name": textOrNil(ids, p.Names.At(i)), "merchant_id": nil, "category1_id": nil, "eligible": d.Member[i],
		"rank": orNil(int64(d.Rank[i]), d.Rank[i] > 0), "rank_before": orNil(p.RankBefore.At(i), p.RankBefore.At(i) > 0), "level": nil,
		"multiplier": realOrNil(d.Multiplier[i], d.Member[i]), "movement": d.Movement[i].String(), "since": d.Since[i].String(),
		"cause_data": nil, "cause_others": nil, "cause_late_data": nil, "cause_rules": nil,
		"product_score": realOrNil(float64(p.Product[i])/100, p.Product[i] > 0), "shop_score": realOrNil(float64(p.Shop[i])/100, p.Shop[i] > 0), "talent_score": nil}
	if p.Merchant.At(i) != column.Null {
		row["merchant_id"], row["category1_id"] = strconv.FormatInt(p.Merchant.At(i), 10), strconv.FormatInt(p.Category.At(i), 10)
	}
	if d.Member[i] && d.Level[i] != eligibility.NoLevel {
		row["level"] = p.List.Levels[0].Steps[d.Level[i]].Level
	}
	var failed, since []string
	for g, res := range d.Gates(i, nil) {
		word := "passes"
		if !res.State.Passes() {
			word, failed = "fails", append(failed, p.List.Gates[g].ID)
		}
		since = append(since, fmt.Sprintf("%s:%s:%s", p.List.Gates[g].ID, word, d.GateSince(i, g)))
	}
	row["failed_gates"], row["gates_since"], row["reasons"] = strings.Join(failed, ","), strings.Join(since, ","), d.Reasons[i].String()
	row["standing"], row["cold_start"], row["stale"] = d.Standing[i], d.Reasons[i].Has(eligibility.ColdStart), false
	row["pass_streak"], row["fail_streak"] = int(d.PassStreak[i]), int(d.FailStreak[i])
	row["lower_score"], row["orders"], row["gmv_net15_fen"] = realOrNil(s.Lower[i], true), int(s.Orders[i]), int(s.GMVNet15[i])
	row["valid_from"], row["valid_to"], row["rules_version"] = d.ValidFrom.String(), d.ValidTo.String(), "v7"
	addChange(row, p, i, need)
	row["override"] = nil
	switch i {
	case 3:
		row["override"] = "allow: appeal won (lin, until " + (asOf + 9).String() + ")"
	case 1100:
		row["override"] = "deny: fraud (wu)"
	}
	return row
}

// addChange writes the smallest change: of the score by Smallest, of a gate by its margin.
func addChange(row testlines.Line, p *eligibility.Page, i int, need eligibility.Need) {
	row["needs"] = need.Verdict.String()
	for _, name := range []string{"change_of", "change_from", "change_to", "change_events", "change_volume"} {
		row[name] = nil
	}
	switch {
	case need.Verdict == eligibility.NeedsScore && i%2 == 0:
		row["change_of"], row["change_from"], row["change_to"], row["change_volume"] = "sign_rate", 0.5, float64(need.Own)/100, float64(i)
	case need.Verdict == eligibility.NeedsGate:
		g := p.Decision.Gates(i, nil)[need.Gate]
		row["change_of"], row["change_from"], row["change_to"] = p.List.Gates[need.Gate].ID, realOrNil(g.Value, true), realOrNil(g.Threshold, !math.IsNaN(g.Value))
	}
}

// gateLines are the rows of a list's gates, by name within a subject.
func gateLines(p *eligibility.Page) (rows []testlines.Line) {
	for _, i := range p.Texts {
		results := p.Decision.Gates(int(i), nil)
		slices.SortFunc(results, func(a, b eligibility.GateResult) int {
			return cmp.Compare(p.List.Gates[a.Gate].ID, p.List.Gates[b.Gate].ID)
		})
		for _, r := range results {
			rows = append(rows, testlines.Line{"as_of_date": asOf.String(), "list": p.List.ID, "subject_id": strconv.FormatInt(p.Codes[i], 10), "gate": p.List.Gates[r.Gate].ID,
				"value": realOrNil(r.Value, true), "threshold": r.Threshold, "margin": realOrNil(r.Margin, true), "state": r.State.String(), "in_band": r.Band,
				"since": p.Decision.GateSince(int(i), r.Gate).String()})
		}
	}
	return rows
}
