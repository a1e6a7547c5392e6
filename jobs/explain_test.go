package jobs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
)

// openLake is an empty bucket.
func openLake(t *testing.T) *lake.Lake {
	t.Helper()
	l, err := lake.Open(context.Background(), t.TempDir(), lake.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// put writes rows of JSON as a table, two rows a row group, and gives the output as manifests name it.
func put(t *testing.T, l *lake.Lake, table *contract.Table, ids contract.IDTypes, rows ...string) Output {
	t.Helper()
	schema := table.Schema(ids)
	rec, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader("["+strings.Join(rows, ",")+"]"), array.WithUseNumber())
	if err != nil {
		t.Fatal(err)
	}
	batches := iter.Seq2[arrow.Record, error](func(yield func(arrow.Record, error) bool) { yield(rec, nil) })
	key := table.Name + ".parquet"
	w, err := l.WriteParquet(context.Background(), key, schema, lake.WriteOptions{RowGroupRows: 2, Sorted: table.SortKey()}, batches)
	if err != nil {
		t.Fatal(err)
	}
	return Output{Table: table.Name, Key: key, Rows: w.Rows, Bytes: w.Bytes, SHA256: w.SHA256}
}

// gateRow is a row of eligibility_gates.
func gateRow(list, subject, name string) string {
	return fmt.Sprintf(`{"as_of_date": "2026-03-01", "list": %q, "subject_id": %q, "gate": %q, "threshold": 4.4, "state": "failed", "in_band": false, "since": "2026-02-20"}`, list, subject, name)
}

// scoreRow is a row of product_score.
func scoreRow(id string) string {
	return fmt.Sprintf(`{"as_of_date": "2026-03-01", "product_id": %s, "merchant_id": 20, "status": "no_score", "orders": 1, "window_days": 90, "coverage_ratio": 0,
	  "violation_points": 0, "rules_version": "2026-11"}`, id)
}

func TestFindReadsTheRowsThatMatch(t *testing.T) {
	l := openLake(t)
	gates := put(t, l, contract.EligibilityGates, nil, gateRow("a", "7", "x"), gateRow("a", "7", "y"), gateRow("a", "8", "x"), gateRow("a", "8", "y"),
		gateRow("b", "007", "x"), gateRow("b", "7", "x"), gateRow("b", "8", "x"))
	numbers := put(t, l, contract.ProductScore, nil, scoreRow("7"), scoreRow("8"), scoreRow("1234567890123456788"), scoreRow("1234567890123456789"))
	f := finder{Archive{Out: l}, &committed{manifest: Manifest{Outputs: []Output{gates, numbers}}}}
	for _, c := range []struct {
		name  string
		table *contract.Table
		by    []match
		want  []string
	}{
		{"text in several lists", contract.EligibilityGates, []match{{"subject_id", "7"}}, []string{"a 7 x", "a 7 y", "b 7 x"}},
		{"two columns", contract.EligibilityGates, []match{{"list", "b"}, {"subject_id", "7"}}, []string{"b 7 x"}},
		{"leading zeros are another id", contract.EligibilityGates, []match{{"subject_id", "007"}}, []string{"b 007 x"}},
		{"text that is not there", contract.EligibilityGates, []match{{"subject_id", "75"}}, nil},
		{"a number", contract.ProductScore, []match{{"product_id", "8"}}, []string{"8"}},
		{"a number of 19 digits", contract.ProductScore, []match{{"product_id", "1234567890123456789"}}, []string{"1234567890123456789"}},
		{"a number with leading zeros is none", contract.ProductScore, []match{{"product_id", "007"}}, nil},
		{"a word is no number", contract.ProductScore, []match{{"product_id", "seven"}}, nil},
		{"a number that is too large", contract.ProductScore, []match{{"product_id", "99999999999999999999"}}, nil},
		{"a table that the night does not have", contract.GMV, []match{{"subject_id", "7"}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, err := f.find(context.Background(), c.table, c.by...)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range rows {
				if id, ok := r["product_id"]; ok {
					got = append(got, id.(string))
				} else {
					got = append(got, fmt.Sprint(r["list"], " ", r["subject_id"], " ", r["gate"]))
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFindWithIdsOfText(t *testing.T) {
	l := openLake(t)
	out := put(t, l, contract.ProductScore, contract.IDTypes{contract.Product: true}, scoreRow(`"007"`), scoreRow(`"7"`), scoreRow(`"商品"`))
	f := finder{Archive{Out: l}, &committed{manifest: Manifest{Outputs: []Output{out}}}}
	for _, id := range []string{"007", "7", "商品"} {
		rows, err := f.find(context.Background(), contract.ProductScore, match{"product_id", id})
		if err != nil || len(rows) != 1 || rows[0]["product_id"] != id || rows[0]["merchant_id"] != "20" || rows[0]["score"] != nil {
			t.Errorf("%s: %v, %v", id, rows, err)
		}
	}
}

func TestFindRefusesATableOfAnotherSize(t *testing.T) {
	l := openLake(t)
	out := put(t, l, contract.EligibilityGates, nil, gateRow("a", "7", "x"))
	out.Bytes++
	f := finder{Archive{Out: l}, &committed{manifest: Manifest{Outputs: []Output{out}}}}
	if _, err := f.find(context.Background(), contract.EligibilityGates, match{"subject_id", "7"}); !errors.Is(err, ErrDamaged) {
		t.Errorf("find = %v, want ErrDamaged", err)
	}
}

func TestTheRulesOfTheNightAreKnownByTheirDigest(t *testing.T) {
	set := rules.Set{{Version: "old", MinimumOrders: 30}, {Version: "old", MinimumOrders: 50, EffectiveFrom: 10}}
	c := &committed{manifest: Manifest{ScoreRules: RulesRef{Version: "old", Digest: set[0].Digest()}}}
	if b := bookOf(c, set, 20); !b.Exact || b.Rules != &set[0] {
		t.Errorf("got %+v, want the first", b)
	}
	c.manifest.ScoreRules.Digest = "of rules that are gone"
	if b := bookOf(c, set, 20); b.Exact || b.Rules != &set[1] {
		t.Errorf("got %+v, want those in force, not exact", b)
	}
	if b := bookOf(c, nil, 20); b.Exact || b.Rules != nil {
		t.Errorf("got %+v, want none", b)
	}
}

// listRow is a row of eligibility_traffic.
func listRow(list, subject string, category, rank string) string {
	return fmt.Sprintf(`{"as_of_date": "2026-03-01", "list": %q, "role": "product", "subject_id": %q, "category1_id": %s, "eligible": %v, "rank": %s, "movement": "out", "since": "2026-03-01",
	  "orders": 1, "failed_gates": "", "reasons": "", "needs": "nothing", "standing": false, "pass_streak": 0, "fail_streak": 0, "gates_since": "", "cold_start": false, "stale": false,
	  "valid_from": "2026-03-02", "valid_to": "2026-03-02", "rules_version": "1"}`, list, subject, category, rank != "null", rank)
}

func TestListsInTheOrderOfPeople(t *testing.T) {
	l := openLake(t)
	out := put(t, l, contract.EligibilityTraffic, nil,
		listRow("a", "1", `"12"`, "2"), listRow("a", "2", `"12"`, "null"), listRow("a", "3", `"11"`, "1"), listRow("a", "4", "null", "1"), listRow("a", "5", `"12"`, "1"),
		listRow("b", "1", `"12"`, "null"), listRow("b", "2", `"12"`, "null"), listRow("c", "1", `"12"`, "1"), listRow("c", "2", `"12"`, "null"))
	obj, err := l.Stat(context.Background(), out.Key)
	if err != nil {
		t.Fatal(err)
	}
	file, err := l.OpenParquet(context.Background(), obj)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, batch := range []int{1, 2, 3, 100} {
		o, err := newListOrder(context.Background(), file, contract.EligibilityTraffic)
		if err != nil {
			t.Fatal(err)
		}
		o.batch = batch
		var got []string
		collect := func(rec arrow.Record) error {
			list, _ := cellsOf(rec.Column(contract.EligibilityTraffic.Index("list")))
			id, _ := cellsOf(rec.Column(contract.EligibilityTraffic.Index("subject_id")))
			for i := range int(rec.NumRows()) {
				got = append(got, list(i).text+id(i).text)
			}
			return nil
		}
		if err := o.eachList(context.Background(), collect); err != nil {
			t.Fatal(err)
		}
		if want := []string{"a4", "a3", "a5", "a1", "a2", "b1", "b2", "c1", "c2"}; !slices.Equal(got, want) {
			t.Errorf("batches of %d, list by list: %v, want %v", batch, got, want)
		}
		got = nil
		if err := o.membersFirst(context.Background(), collect); err != nil {
			t.Fatal(err)
		}
		if want := []string{"a4", "a3", "a5", "a1", "c1", "a2", "b1", "b2", "c2"}; !slices.Equal(got, want) {
			t.Errorf("batches of %d, members first: %v, want %v", batch, got, want)
		}
	}
}

func TestTheErrorOfARendererEndsTheWalk(t *testing.T) {
	l := openLake(t)
	out := put(t, l, contract.EligibilityTraffic, nil, listRow("a", "1", `"12"`, "1"), listRow("a", "2", `"12"`, "null"))
	obj, _ := l.Stat(context.Background(), out.Key)
	file, err := l.OpenParquet(context.Background(), obj)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	o, err := newListOrder(context.Background(), file, contract.EligibilityTraffic)
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	if err := o.eachList(context.Background(), func(arrow.Record) error { return full }); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}
