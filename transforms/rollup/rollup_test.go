package rollup_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestDeclarationsAsText(t *testing.T) {
	var b strings.Builder
	for _, r := range rollup.All() {
		b.WriteString(r.String() + "\n")
	}
	golden := filepath.Join("testdata", "rollups.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("declarations changed (raise rollup.Version; rewrite with -update):\n%s", diff)
	}
}

func TestDeclarations(t *testing.T) {
	names := map[string]bool{}
	for _, r := range rollup.All() {
		t.Run(r.Name, func(t *testing.T) {
			if names[r.Name] {
				t.Error("another rollup has the name")
			}
			names[r.Name] = true
			table := r.Table()
			columns := map[string]bool{}
			for _, c := range table.Columns {
				if columns[c.Name] {
					t.Errorf("two columns are named %s", c.Name)
				}
				columns[c.Name] = true
				if c.Doc == "" {
					t.Errorf("column %s says nothing of itself", c.Name)
				}
			}
			if table.Class != contract.Rollup || !slices.Equal(table.Key, r.By) || len(table.Columns) != len(r.By)+len(r.Measures) {
				t.Errorf("the table does not hold keys and measures: %v", table)
			}
			for i, name := range r.By[len(r.By)-r.Totals:] {
				if !table.Column(name).Null {
					t.Errorf("key %d may not be null though there are totals over it", i)
				}
			}
			table.Schema(nil) // every kind is known
		})
	}
}

// An order's lines have one buyer, not one merchant: counting orders is exact only where buyers or orders are kept
// together.
func TestOrdersAreCountedWhereBuyersMeet(t *testing.T) {
	for _, r := range rollup.All() {
		for _, m := range r.Measures {
			if m.Op != rollup.Distinct && m.Op != rollup.Sets && m.Op != rollup.SetSum {
				continue
			}
			if m.Op == rollup.Distinct && m.Of != "order_id" {
				t.Errorf("%s: nothing says where equal %s meet", r.Name, m.Of)
			}
			if !slices.Equal(r.PartitionBy, []string{"buyer_id"}) && !slices.Equal(r.PartitionBy, []string{"order_id"}) {
				t.Errorf("%s.%s counts orders but is partitioned by %v", r.Name, m.Name, r.PartitionBy)
			}
		}
	}
}

// A group with an Only measure has one row, so its key must be unique in the source.
func TestOnlyIsAskedOfUniqueRows(t *testing.T) {
	for _, r := range rollup.All() {
		only := slices.ContainsFunc(r.Measures, func(m rollup.Measure) bool { return m.Op == rollup.Only })
		unique := !slices.ContainsFunc(r.Source.Key, func(k string) bool { return !slices.Contains(r.By, k) })
		if only && !unique {
			t.Errorf("%s: %v does not identify a row of %s", r.Name, r.By, r.Source.Name)
		}
	}
}

func TestEverySourceListsItsRollups(t *testing.T) {
	var n int
	for _, s := range rollup.Sources() {
		n += len(rollup.From(s.Name))
	}
	if n != len(rollup.All()) {
		t.Errorf("%d rollups of all sources, %d in all", n, len(rollup.All()))
	}
}

// oneOrder reduces a single order line and gives its row of a rollup by column name, nil if there is none.
func oneOrder(t *testing.T, w world, name string, rows ...row) row {
	t.Helper()
	return oneRow(t, contract.Orders, w, name, rows...)
}

func oneRow(t *testing.T, source *contract.Table, w world, name string, rows ...row) row {
	t.Helper()
	got := run(t, source, rows, w, how{workers: 1, batch: 10, memory: column.Memory{Budget: column.NewBudget(0)}})
	i := slices.IndexFunc(rollup.All(), func(r *rollup.Rollup) bool { return r.Name == name })
	if len(got[name]) == 0 {
		return nil
	}
	out := row{}
	for j, c := range rollup.All()[i].Table().Columns {
		out[c.Name] = got[name][0][j]
	}
	return out
}

// plain is an order line paid today: 10 yuan, nobody credited.
func plain(changes ...any) row {
	r := row{"order_line_id": 1, "order_id": 1, "buyer_id": 1, "merchant_id": 10, "product_id": 30, "promoter_id": column.Null, "author_id": column.Null,
		"scene": contract.SceneMall, "created_at": at(today, 0), "paid_at": at(today, 1), "quantity": 1, "buyer_paid_fen": 1000, "platform_subsidy_fen": 0,
		"freight_fen": 0, "order_kind": contract.OrderNormal, "risk_reason": column.Null}
	return r.with(changes...)
}

// with is the row with other values in some columns: names and values by turns.
func (r row) with(changes ...any) row {
	r = maps.Clone(r)
	for i := 0; i < len(changes); i += 2 {
		r[changes[i].(string)] = int64(changes[i+1].(int))
	}
	return r
}

// refunded is a part of a plain line of the day before yesterday, to be returned because of its quality: the first
// refund of its order. Nothing has happened to it today.
func refunded(changes ...any) row {
	r := plain("refund_id", 5, "amount_fen", 300, "is_full", 0, "paid_at", int(at(today-2, 0)), "applied_at", int(at(today-1, 0)), "intervened_at", null,
		"liable_at", null, "succeeded_at", null, "closed_at", null, "kind", contract.RefundOnly, "reason", contract.ReasonQuality, "is_first", 1,
		"self_completed", null, "liable", null)
	return r.with(changes...)
}

const null = column.Null

func TestWhatMayCountALine(t *testing.T) {
	w := world{ids: column.NewIDs(nil), maxUnits: 20}
	bot := int(w.ids.TextDict().Code("bot"))
	for _, c := range []struct {
		name   string
		line   row
		class  int64
		reason string // empty: not excluded
	}{
		{"an ordinary line", plain(), contract.ClassScoreValid, ""},
		{"a presale", plain("order_kind", contract.OrderPresale), contract.ClassScoreValid, ""},
		{"more than 2 yuan with the subsidy", plain("buyer_paid_fen", 200, "platform_subsidy_fen", 1), contract.ClassScoreValid, ""},
		{"2 yuan", plain("buyer_paid_fen", 199, "platform_subsidy_fen", 1), contract.ClassGMVValid, ""},
		{"a gift", plain("order_kind", contract.OrderGift), contract.ClassGMVValid, ""},
		{"a lucky bag", plain("order_kind", contract.OrderLuckyBag), contract.ClassGMVValid, ""},
		{"a sample", plain("order_kind", contract.OrderSample), contract.ClassGMVValid, ""},
		{"as many units as allowed", plain("quantity", 20), contract.ClassScoreValid, ""},
		{"one unit more", plain("quantity", 21), contract.ClassAbnormal, "max_units_per_line"},
		{"a risk", plain("risk_reason", bot), contract.ClassAbnormal, "risk:bot"},
		{"a risk goes before units", plain("risk_reason", bot, "quantity", 21), contract.ClassAbnormal, "risk:bot"},
		{"a risky gift", plain("risk_reason", bot, "order_kind", contract.OrderGift), contract.ClassAbnormal, "risk:bot"},
		{"a test order goes before its risk", plain("order_kind", contract.OrderTest, "risk_reason", bot, "quantity", 21), contract.ClassTest, "test"},
		{"an unpaid line goes before all", plain("paid_at", null, "order_kind", contract.OrderTest, "risk_reason", bot), contract.ClassUnpaid, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := oneOrder(t, w, "sales", c.line); got["class"] != c.class {
				t.Errorf("class %s, want %s", contract.Classes[got["class"]], contract.Classes[c.class])
			}
			got := oneOrder(t, w, "excluded_lines", c.line)
			if (got != nil) != (c.reason != "") || got != nil && w.ids.TextDict().Value(got["excluded_reason"]) != c.reason {
				t.Errorf("excluded as %v, want %q", got, c.reason)
			}
		})
	}
	t.Run("no limit of units", func(t *testing.T) {
		if got := oneOrder(t, world{ids: w.ids}, "sales", plain("quantity", 1_000_000)); got["class"] != contract.ClassScoreValid {
			t.Errorf("class %d", got["class"])
		}
	})
}

func TestWhoSold(t *testing.T) {
	accounts := func(day calendar.Day) snapshots {
		return snapshots{day: {20: {10, 5}, 21: {11, 5}, 22: {null, 5}}}
	}
	known := world{ids: column.NewIDs(nil), accounts: accounts(today)}
	for _, c := range []struct {
		name    string
		world   world
		line    row
		channel int64
	}{
		{"no account", known, plain(), contract.ChannelNone},
		{"no account and no snapshot", world{ids: known.ids}, plain(), contract.ChannelNone},
		{"the shop's own author", known, plain("author_id", 20), contract.ChannelSelf},
		{"the shop's own promoter", known, plain("promoter_id", 20), contract.ChannelSelf},
		{"the author goes before the promoter", known, plain("author_id", 20, "promoter_id", 22), contract.ChannelSelf},
		{"the shop's promoter in another's live", known, plain("author_id", 22, "promoter_id", 20), contract.ChannelDistribution},
		{"another shop's account", known, plain("promoter_id", 21), contract.ChannelDistribution},
		{"a talent", known, plain("promoter_id", 22), contract.ChannelDistribution},
		{"a talent the snapshot does not know", known, plain("promoter_id", 99), contract.ChannelDistribution},
		{"an author who is credited with nothing", known, plain("author_id", 22), contract.ChannelNone},
		{"an account and no snapshot", world{ids: known.ids}, plain("author_id", 20), contract.ChannelUnknown},
		{"an older snapshot", world{ids: known.ids, accounts: accounts(today - 3)}, plain("author_id", 20), contract.ChannelSelf},
		{"a later snapshot", world{ids: known.ids, accounts: accounts(today + 1)}, plain("author_id", 20), contract.ChannelUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := oneOrder(t, c.world, "sales", c.line)["channel"]; got != c.channel {
				t.Errorf("channel %s, want %s", contract.Channels[got], contract.Channels[c.channel])
			}
		})
	}
}

func TestGMVOfTheDayAnOrderWasPlaced(t *testing.T) {
	w := world{ids: column.NewIDs(nil)}
	for _, c := range []struct {
		name string
		line row
		fen  int64
	}{
		{"created and paid today", plain(), 1000},
		{"created today, unpaid", plain("paid_at", null), 1000},
		{"created yesterday, paid today", plain("created_at", int(at(today-1, 86_399))), 0},
		{"a test order", plain("order_kind", contract.OrderTest), 0},
		{"abnormal lines are placed too", plain("quantity", 1000), 1000},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := oneOrder(t, w, "sales", c.line)["order_fen"]; got != c.fen {
				t.Errorf("%d fen, want %d", got, c.fen)
			}
		})
	}
}

func TestFullSets(t *testing.T) {
	w := world{ids: column.NewIDs(nil), products: snapshots{today: {30: {70, 60, 1}, 31: {70, 61, 1}, 32: {70, null, 1}, 33: {71, 60, 1}}}}
	lines := func(order int, products ...int) (rows []row) {
		for _, p := range products {
			rows = append(rows, plain("order_id", order, "product_id", p))
		}
		return rows
	}
	for _, c := range []struct {
		name   string
		rows   []row
		orders int64
		fen    int64
	}{
		{"three lines of a brand", lines(1, 30, 30, 33), 1, 3000},
		{"two lines are none", lines(1, 30, 30), 0, 0},
		{"four lines count whole", lines(1, 30, 31, 30, 33, 30), 1, 4000},
		{"an order with two full brands is one order", lines(1, 30, 31, 30, 31, 30, 31), 1, 6000},
		{"lines of two orders do not add up", append(lines(1, 30, 30), lines(2, 30)...), 0, 0},
		{"products without a brand make no set", lines(1, 32, 32, 32), 0, 0},
		{"unknown products make no set", lines(1, 99, 99, 99), 0, 0},
		{"two orders", append(lines(1, 30, 30, 30), lines(2, 31, 31, 31)...), 2, 6000},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := oneOrder(t, w, "merchant_buyers", c.rows...)
			if got["set_orders"] != c.orders || got["set_fen"] != c.fen {
				t.Errorf("%d full sets of %d fen, want %d of %d", got["set_orders"], got["set_fen"], c.orders, c.fen)
			}
		})
	}
}

func TestAnOrderThatTouchesTwoChannelsIsOneOrderInTheTotal(t *testing.T) {
	w := world{ids: column.NewIDs(nil)}
	rows := []row{plain("scene", contract.SceneMall), plain("scene", contract.SceneShop), plain("scene", contract.SceneShop), plain("order_id", 2)}
	got := run(t, contract.Orders, rows, w, how{workers: 1, batch: 10, memory: column.Memory{Budget: column.NewBudget(0)}})["platform_sales"]
	table := rollup.SalesOf(contract.Scopes()[contract.RolePlatform]).Table()
	orders := map[int64]int64{}
	for _, r := range got {
		orders[r[table.Index("scene")]] = r[table.Index("orders")]
	}
	want := map[int64]int64{contract.SceneMall: 2, contract.SceneShop: 1, null: 2}
	if diff := cmp.Diff(want, orders); diff != "" {
		t.Error(diff)
	}
}

func TestRefundsAreClassedByTheirPayDay(t *testing.T) {
	w := world{ids: column.NewIDs(nil), accounts: snapshots{today - 5: {20: {10, 0}}, today: {20: {11, 0}}}}
	refund := func(changes ...any) row {
		r := refunded("succeeded_at", int(at(today, 0)), "author_id", 20)
		return r.with(changes...)
	}
	for _, c := range []struct {
		name string
		row  row
		want row // nil: not counted
	}{
		{"a part of the line", refund(), row{"refund_fen": 300, "line_fen": 1000, "channel": contract.ChannelSelf, "paid_day": int64(today - 2)}},
		{"the accounts of the pay day decide", refund("paid_at", int(at(today, 0))), row{"channel": contract.ChannelNone, "paid_day": int64(today)}},
		{"more than the line is the line", refund("amount_fen", 5000), row{"refund_fen": 1000}},
		{"a full refund is the line", refund("amount_fen", 0, "is_full", 1), row{"refund_fen": 1000, "is_full": 1}},
		{"a refund that succeeded another day", refund("succeeded_at", int(at(today, -1))), nil},
		{"a refund under way", refund("succeeded_at", null), nil},
		{"of an abnormal line", refund("risk_reason", int(w.ids.TextDict().Code("bot"))), nil},
		{"of a test order", refund("order_kind", contract.OrderTest), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := oneRow(t, contract.Refunds, w, "refund_lines", c.row)
			if (got == nil) != (c.want == nil) {
				t.Fatalf("%v", got)
			}
			for name, v := range c.want {
				if got[name] != v {
					t.Errorf("%s is %d, want %d", name, got[name], v)
				}
			}
		})
	}
}

func TestRecordsAreReleasedByTheirReader(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	defer mem.AssertSize(t, 0)
	w := world{ids: column.NewIDs(nil)}
	red := rollup.New(contract.Orders, rollup.From("orders"), rollup.Env{Day: today, Zone: zone(), IDs: w.ids, Dimensions: w, Memory: column.Memory{Budget: column.NewBudget(0)}, Workers: 1})
	defer red.Close()
	worker := red.Worker()
	if err := worker.Add(frame([]row{plain()}, red.Columns())); err != nil {
		t.Fatal(err)
	}
	if err := worker.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := red.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, ru := range red.Rollups() {
		for rec, err := range red.Records(ru, mem) {
			if err != nil {
				t.Fatal(err)
			}
			rec.Release()
			break // a reader may stop
		}
	}
}
