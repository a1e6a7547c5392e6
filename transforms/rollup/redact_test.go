package rollup_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// redacted is a stored rollup after a Redaction that reads it a few rows at a time.
func redacted(ru *rollup.Rollup, rows [][]int64, batch int, forgotten func(int64) bool) (out [][]int64, left int64) {
	t := ru.Table()
	frameOf := func(some [][]int64) *column.Frame {
		f := column.NewFrame(len(some))
		for j, c := range t.Columns {
			values := make([]int64, len(some))
			for i := range some {
				values[i] = some[i][j]
			}
			f.Set(c.Name, values)
		}
		return f
	}
	x := rollup.NewRedaction(ru, forgotten)
	for some := range slices.Chunk(rows, batch) {
		x.Look(frameOf(some))
	}
	left = x.Left()
	for some := range slices.Chunk(rows, batch) {
		f := x.Rewrite(frameOf(some))
		for i := range f.N {
			line := make([]int64, len(t.Columns))
			for j, c := range t.Columns {
				line[j] = f.Column(c.Name)[i]
			}
			out = append(out, line)
		}
	}
	return out, left
}

// Whether buyers are forgotten before rows are reduced or in what is stored comes to the same rows in the same order, and
// rollups without buyers do not change at all.
func TestForgottenBeforeOrAfterReduction(t *testing.T) {
	for _, source := range []*contract.Table{contract.Orders, contract.Refunds, contract.ChuanliuEligibility, contract.ChuanliuExposures} {
		t.Run(source.Name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				d := fromRapid(t)
				w := d.world()
				rows := d.rows(source, w, d("rows", 40))
				if source == contract.Orders {
					for _, r := range rows {
						r["buyer_id"] = r.get(t, "order_id") % 5 // an order has one buyer
					}
				}
				var list []int64
				for b := range int64(7) {
					if d("forgotten", 3) == 0 {
						list = append(list, b)
					}
				}
				forgotten := func(b int64) bool { return slices.Contains(list, b) }
				h := how{workers: 1, expected: 100, batch: 7, memory: column.Memory{Budget: column.NewBudget(0)}}
				whole := run(t, source, rows, w, h)
				first := run(t, source, forgetRows(source, rows, list), w, h)
				for _, ru := range rollup.From(source.Name) {
					want, got := first[ru.Name], whole[ru.Name]
					if ru.HoldsBuyers() {
						var left int64
						if got, left = redacted(ru, got, 1+d("batch", 5), forgotten); left != int64(len(got)) {
							t.Fatalf("%s: %d rows were to be left, %d are", ru.Name, left, len(got))
						}
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("%s: %s", ru.Name, diff)
					}
					if ru.HoldsBuyers() {
						checkNoHash(t, ru, got, forgotten)
					}
				}
			})
		})
	}
}

// forgetRows is Forget of rows, all in one frame.
func forgetRows(source *contract.Table, rows []row, list []int64) (out []row) {
	if len(rows) == 0 {
		return nil
	}
	var names []string
	for name := range rows[0] {
		names = append(names, name)
	}
	f := rollup.Forget(source, frame(rows, names), list)
	for i := range f.N {
		r := row{}
		for _, name := range names {
			r[name] = f.Column(name)[i]
		}
		out = append(out, r)
	}
	return out
}

func checkNoHash(t testingT, ru *rollup.Rollup, rows [][]int64, forgotten func(int64) bool) {
	t.Helper()
	at := ru.Table().Index("buyer_id")
	for _, line := range rows {
		if forgotten(line[at]) {
			t.Fatal(ru.Name, "still holds a forgotten buyer", line)
		}
	}
}

// A day whose buyers are all gone keeps one row a subject with all of its money, and can lose them only once.
func TestADayWithoutBuyersKeepsItsSums(t *testing.T) {
	ru := rollup.BuyersOf(contract.Scopes()[contract.RoleMerchant])
	d := fromSeed(1)
	w := d.world()
	h := how{workers: 1, expected: 100, batch: 50, memory: column.Memory{Budget: column.NewBudget(0)}}
	rows := run(t, contract.Orders, d.rows(contract.Orders, w, 500), w, h)[ru.Name]
	everyone := func(int64) bool { return true }
	got, _ := redacted(ru, rows, 9, everyone)
	want := map[int64][]int64{}
	for _, line := range rows {
		if want[line[0]] == nil {
			want[line[0]] = append([]int64{line[0], contract.Nobody}, make([]int64, len(line)-2)...)
		}
		for j, v := range line[2:] {
			want[line[0]][2+j] += v
		}
	}
	if len(rows) <= len(want) || len(got) != len(want) {
		t.Fatalf("%d rows of %d subjects became %d", len(rows), len(want), len(got))
	}
	for _, line := range got {
		if diff := cmp.Diff(want[line[0]], line); diff != "" {
			t.Error(diff)
		}
	}
	if again, _ := redacted(ru, got, 4, everyone); !cmp.Equal(got, again) {
		t.Error("once more changes something")
	}
}

func TestWhichTablesHoldBuyers(t *testing.T) {
	var names []string
	for _, source := range rollup.Sources() {
		if rollup.BuyersIn(source.Name) {
			names = append(names, source.Name)
		}
	}
	if want := []string{"orders", "refunds", "chuanliu_eligibility", "chuanliu_exposures"}; !slices.Equal(want, names) {
		t.Errorf("%v, want %v", names, want)
	}
	for _, ru := range rollup.All() { // no buyer hides under another name
		for _, c := range ru.Table().Columns {
			if c.Kind == contract.Buyer && c.Name != "buyer_id" {
				t.Errorf("%s: column %s holds buyers and is not redacted", ru.Name, c.Name)
			}
		}
	}
}
