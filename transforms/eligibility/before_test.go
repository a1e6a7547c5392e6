package eligibility_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
)

// said is a row of a list's table of the run before.
type said struct {
	list, role, subject string
	category            string // empty: none
	rank                int64  // 0: no member
	standing, coldStart int64
	reasons             string
}

// parts cuts rows into frames of a size.
func parts(ids *column.IDs, rows []said, size int) (out []*column.Frame) {
	texts := ids.TextDict()
	for from := 0; from < len(rows); from += size {
		some := rows[from:min(len(rows), from+size)]
		f := column.NewFrame(len(some))
		set := func(name string, value func(r said) int64) {
			values := make([]int64, len(some))
			for i, r := range some {
				values[i] = value(r)
			}
			f.Set(name, values)
		}
		set("list", func(r said) int64 { return texts.Code(r.list) })
		set("role", func(r said) int64 {
			for code, name := range contract.ScoreRoles {
				if name == r.role {
					return int64(code)
				}
			}
			panic(r.role)
		})
		subjects := make([]string, len(some))
		for i, r := range some {
			subjects[i] = r.subject
		}
		f.SetTexts("subject_id", subjects)
		set("eligible", func(r said) int64 { return min(1, r.rank) })
		set("standing", func(r said) int64 { return max(r.standing, min(1, r.rank)-r.coldStart) })
		set("pass_streak", func(r said) int64 { return 2 * r.rank })
		set("fail_streak", func(r said) int64 { return 3 })
		set("since", func(said) int64 { return int64(asOf - 9) })
		set("category1_id", func(r said) int64 {
			if r.category == "" {
				return column.Null
			}
			return texts.Code(r.category)
		})
		set("rank", func(r said) int64 {
			if r.rank == 0 {
				return column.Null
			}
			return r.rank
		})
		set("level", func(said) int64 { return texts.Code("A") })
		set("multiplier", func(said) int64 { return int64(math.Float64bits(1.25)) })
		set("gates_since", func(r said) int64 { return texts.Code(fmt.Sprintf("product:passes:%s,shop:fails:%s", asOf-1, asOf-2)) })
		set("cold_start", func(r said) int64 { return r.coldStart })
		set("reasons", func(r said) int64 { return texts.Code(r.reasons) })
		out = append(out, f)
	}
	return out
}

func readBefore(t interface{ Fatal(...any) }, l *rules.List, ids *column.IDs, frames []*column.Frame) *eligibility.Before {
	r := eligibility.NewBeforeReader(ids, l, contract.Product, column.NewLookup([]int64{1, 2, 3}), nil, column.NewInts([]int64{10, 20, column.Null}))
	for _, f := range frames {
		if err := r.Read(f); err != nil {
			t.Fatal(err)
		}
	}
	return r.Before()
}

func TestWhatAListSaidOnTheRunBefore(t *testing.T) {
	ids, l := column.NewIDs(nil), traffic()
	rows := []said{
		{list: "another", role: "product", subject: "1", rank: 9},
		{list: l.ID, role: "merchant", subject: "1", rank: 8}, // a list of other subjects
		{list: l.ID, role: "product", subject: "1", rank: 2},
		{list: l.ID, role: "product", subject: "2", rank: 3, coldStart: 1, reasons: "no_score,cold_start"},
		{list: l.ID, role: "product", subject: "3", standing: 1, reasons: "gate_failed," + eligibility.ShopCap.String()},
		{list: l.ID, role: "product", subject: "7", rank: 4}, // gone, and was a member
		{list: l.ID, role: "product", subject: "8"},          // gone, and was none
		{list: l.ID, role: "product", subject: "9", rank: 5, coldStart: 1, reasons: "no_score,cold_start"},
	}
	b := readBefore(t, l, ids, parts(ids, rows, 2))
	got := []any{b.Member, b.Entitled, b.ColdStart, b.Rank, b.PassStreak, b.Level, b.Multiplier, b.Gates.Of, b.Gone}
	want := []any{[]bool{true, true, false}, []bool{true, false, true}, []bool{false, true, false}, []int32{2, 3, 0}, []int16{4, 6, 0}, []int8{1, 1, 1}, []float64{1.25, 1.25, 1.25}, []int32{0, 0, 0}, []eligibility.GoneMember{{Subject: ids.TextDict().Code("7"), Code: 7, Rank: 4, Entitled: true}, {Subject: ids.TextDict().Code("9"), Code: 9, Rank: 5}}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	members := map[string]int{}
	for _, f := range parts(ids, rows, 2) {
		eligibility.Dropped(members, f, ids, []*rules.List{l})
	}
	if diff := gocmp.Diff(map[string]int{"another": 1, l.ID: 1}, members); diff != "" { // of l, the member that is no product
		t.Error(diff)
	}
}

// Entitled is who would be a member if no place were counted.
func TestWhoWasEntitledOnTheRunBefore(t *testing.T) {
	for _, c := range []struct {
		name string
		row  said
		want bool
	}{
		{"a member", said{rank: 1, standing: 1}, true},
		{"a member by hand", said{rank: 1, reasons: "gate_failed,override_allow"}, true},
		{"a member by cold start", said{rank: 1, coldStart: 1, reasons: "no_score,cold_start"}, false},
		{"one that stands and whose shop has no place", said{standing: 1, reasons: "shop_cap"}, true},
		{"a newcomer whose shop has no place of the cold start", said{reasons: "no_score,shop_cap"}, false},
		{"a newcomer that still stands and weighs nothing", said{standing: 1, reasons: "no_score,leaving_slowly,zero_weight,shop_cap"}, false},
		{"one that stands on a held list, whose shop has no place, and that would weigh nothing", said{standing: 1, reasons: "zero_weight,shop_cap,churn_held"}, true},
		{"a member of a held list that would weigh nothing", said{rank: 1, standing: 1, reasons: "zero_weight,churn_held"}, true},
		{"one that is off a held list, and would weigh nothing", said{standing: 1, reasons: "zero_weight,churn_held"}, false},
		{"one that is denied", said{standing: 1, reasons: "override_deny"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			ids, l := column.NewIDs(nil), traffic()
			c.row.list, c.row.role, c.row.subject = l.ID, "product", "1"
			if got := readBefore(t, l, ids, parts(ids, []said{c.row}, 1)).Entitled[0]; got != c.want {
				t.Errorf("entitled %v, want %v", got, c.want)
			}
		})
	}
}

// Where products have texts for ids, their rows are found by these.
func TestTheRunBeforeOfSubjectsWithTextsForIDs(t *testing.T) {
	ids, l := column.NewIDs(contract.IDTypes{contract.Product: true}), traffic()
	dict := ids.Dict(contract.Column{Kind: contract.ID, Domain: contract.Product})
	rows := column.NewLookup([]int64{dict.Code("07"), dict.Code("p-1")})
	r := eligibility.NewBeforeReader(ids, l, contract.Product, rows, nil, column.Same(column.Null, 2))
	for _, f := range parts(ids, []said{{list: l.ID, role: "product", subject: "7", rank: 1}, {list: l.ID, role: "product", subject: "p-1", rank: 2}, {list: l.ID, role: "product", subject: "07", rank: 3}}, 2) {
		if err := r.Read(f); err != nil {
			t.Fatal(err)
		}
	}
	b := r.Before()
	if diff := gocmp.Diff([]int32{3, 2}, b.Rank); diff != "" {
		t.Error(diff)
	}
	if len(b.Gone) != 1 || ids.TextDict().Value(b.Gone[0].Subject) != "7" {
		t.Errorf("gone are %v", b.Gone)
	}
}

// Where they have numbers, a text that is none ends the night.
func TestATextAmongNumbersIsAnError(t *testing.T) {
	ids, l := column.NewIDs(nil), traffic()
	r := eligibility.NewBeforeReader(ids, l, contract.Product, column.NewLookup([]int64{7}), nil, column.Same(column.Null, 1))
	err := r.Read(parts(ids, []said{{list: l.ID, role: "product", subject: "07", rank: 1}}, 1)[0])
	if want := `list ` + l.ID + `: subject_id: "07" is no identifier of domain product`; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %v, want %q", err, want)
	}
}

// A list that was renamed is read under its former id, but not where the table has its own already.
func TestARenamedListIsReadUnderItsFormerID(t *testing.T) {
	l := traffic()
	l.Formerly = "zz_before"
	former := said{list: "zz_before", role: "product", subject: "2", rank: 5}
	own := said{list: l.ID, role: "product", subject: "1", rank: 2}
	for _, c := range []struct {
		name string
		rows []said
		want []int32
	}{
		{"the former id alone", []said{former}, []int32{0, 5, 0}},
		{"its own comes first", []said{own, former}, []int32{2, 0, 0}},
		{"its own comes last", []said{former, own}, []int32{2, 0, 0}},
		{"its own, of other subjects", []said{former, {list: l.ID, role: "talent", subject: "1", rank: 1}}, nil},
		{"neither", []said{{list: "another", role: "product", subject: "1", rank: 1}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			ids := column.NewIDs(nil)
			b := readBefore(t, l, ids, parts(ids, c.rows, 1))
			if b == nil && c.want == nil {
				return
			}
			if b == nil || c.want == nil {
				t.Fatalf("read %v, want ranks %v", b, c.want)
			}
			if diff := gocmp.Diff(c.want, b.Rank); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// In which parts the table comes changes nothing.
func TestTheRunBeforeIsTheSameInAnyParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := traffic()
		l.Formerly = "before"
		var rows []said
		for _, list := range []string{l.ID, "before", "other"} {
			for _, subject := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"1", "2", "3", "4", "5"}), rapid.ID[string]).Draw(t, list) {
				rows = append(rows, said{list: list, role: rapid.SampledFrom([]string{"product", "talent"}).Draw(t, "role"), subject: subject,
					rank: rapid.Int64Range(0, 9).Draw(t, "rank"), standing: rapid.Int64Range(0, 1).Draw(t, "standing"), coldStart: rapid.Int64Range(0, 1).Draw(t, "cold"), reasons: rapid.SampledFrom([]string{"", eligibility.ShopCap.String()}).Draw(t, "reasons")})
			}
		}
		ids := column.NewIDs(nil)
		whole := readBefore(t, l, ids, parts(ids, rows, max(1, len(rows))))
		if diff := gocmp.Diff(whole, readBefore(t, l, ids, parts(ids, rows, rapid.IntRange(1, 4).Draw(t, "size")))); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Members whose category is another one tonight are told, whatever the others were.
func TestMembersThatMovedToAnotherCategory(t *testing.T) {
	ids, l := column.NewIDs(nil), traffic()
	for _, c := range []struct {
		categories [3]string // of 1, 2 and 3, who are in 10, 20 and none tonight
		want       []int32
	}{{[3]string{"10", "20", ""}, nil}, {[3]string{"20", "20", ""}, []int32{0}}, {[3]string{"10", "", "20"}, []int32{1, 2}}} {
		rows := []said{{list: l.ID, role: "product", subject: "1", category: c.categories[0], rank: 1}, {list: l.ID, role: "product", subject: "2", category: c.categories[1], rank: 1},
			{list: l.ID, role: "product", subject: "3", category: c.categories[2], rank: 1}}
		if diff := gocmp.Diff(c.want, readBefore(t, l, ids, parts(ids, rows, 2)).Moved); diff != "" {
			t.Errorf("%q: %s", c.categories, diff)
		}
	}
	if b := readBefore(t, l, ids, parts(ids, []said{{list: l.ID, role: "product", subject: "1", category: "20"}}, 1)); b.Moved != nil {
		t.Errorf("one that was no member has moved: %v", b.Moved)
	}
}
