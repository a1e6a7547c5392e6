package jobs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/mapping"
)

// Refunds that lack a column of their order line that may be null are not taken for refunds of lines in which it is null, as soon as
// orders have a value there: the refund of a brushed line would be taken from what honest ones sold.
func TestRefundsWithoutAColumnThatOrdersHave(t *testing.T) {
	day, risk := twin.Day(lastDay-1), "brushing"
	brushed := orders(day)[0]
	brushed.OrderLineID, brushed.OrderID, brushed.RiskReason, brushed.BuyerPaidFen = "900001", "900002", &risk, 9_000_000
	back := twin.Refund{RefundID: "900003", OrderLineID: brushed.OrderLineID, OrderID: brushed.OrderID, BuyerID: brushed.BuyerID, MerchantID: brushed.MerchantID,
		ProductID: brushed.ProductID, PromoterID: brushed.PromoterID, AuthorID: brushed.AuthorID, PaidAt: *brushed.PaidAt, AppliedAt: *brushed.PaidAt, SucceededAt: brushed.PaidAt,
		AmountFen: 9_000_000, IsFull: true, Kind: "refund_only", Reason: "other", Scene: brushed.Scene, OrderKind: brushed.OrderKind, RiskReason: &risk,
		Quantity: brushed.Quantity, BuyerPaidFen: brushed.BuyerPaidFen}
	d := newDeployment(t)
	d.deliver(twin.Partitions{Orders: map[twin.Day][]twin.Order{day: append(orders(day), brushed)}, Refunds: map[twin.Day][]twin.Refund{day: append(refunds(day), back)}})
	night := func(t *testing.T, refunds, orders mapping.Table) (jobs.Outcome, netRow) {
		t.Helper()
		c := *d
		c.t, c.out = t, t.TempDir()
		c.settings.Tables = map[string]mapping.Table{"refunds": refunds, "orders": orders}
		o := c.night(lastDay)
		for _, r := range published[netRow](t, &c, o, "gmv") {
			if r.Role == "platform" && r.Window == 7 {
				return o, r
			}
		}
		t.Fatal("no row of the platform")
		return o, netRow{}
	}
	lacks := func(column string) mapping.Table {
		return mapping.Table{Columns: map[string]mapping.Column{column: {Column: "nowhere"}}}
	}
	all, full := night(t, mapping.Table{}, mapping.Table{})
	if full.Net == nil || *full.Net < 0 || *full.Net == full.Paid || len(all.Warnings) == 0 {
		t.Fatalf("%+v", full)
	}
	for _, column := range []string{"risk_reason", "author_id", "promoter_id"} {
		o, got := night(t, lacks(column), mapping.Table{})
		if got.Net != nil || got.Paid != full.Paid {
			t.Errorf("without %s: %+v", column, got)
		}
		said := slices.ContainsFunc(o.Warnings, func(w string) bool {
			return strings.HasPrefix(w, "refunds are not computable: refunds of ") && strings.HasSuffix(w, " has no column "+column+", and orders have it")
		})
		if !said {
			t.Errorf("without %s: %q", column, o.Warnings)
		}
	}
	if _, got := night(t, lacks("content_id"), mapping.Table{}); got.Net == nil || *got.Net != *full.Net {
		t.Errorf("without a column that nobody needs: %+v", got)
	}
	null := mapping.Table{Columns: map[string]mapping.Column{"risk_reason": {Null: true}}}
	for name, c := range map[string][2]mapping.Table{
		"both lack it":        {lacks("risk_reason"), lacks("risk_reason")},
		"orders have null":    {lacks("risk_reason"), null},
		"refunds say null":    {null, {}},
		"both say it is null": {null, null},
	} {
		if _, got := night(t, c[0], c[1]); got.Net == nil {
			t.Errorf("%s: nothing is net", name)
		}
	}
}

// A column that both tables no longer have is lacked as long as rows may copy it from an order line that had it.
func TestAColumnThatOrdersNoLongerHaveIsNotLackedForEver(t *testing.T) {
	orders := []jobs.Partition{{Day: lastDay - 200, Carries: []string{"risk_reason"}}, {Day: lastDay - 50}, {Day: lastDay}}
	for _, c := range []struct {
		day  calendar.Day
		want []string
	}{{lastDay - 201, nil}, {lastDay - 200, []string{"risk_reason"}}, {lastDay - 200 + jobs.JoinDays - 1, []string{"risk_reason"}}, {lastDay - 200 + jobs.JoinDays, nil}} {
		if got := jobs.LackedBy(orders, jobs.Partition{Day: c.day, Lacks: []string{"risk_reason"}}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.day, got, c.want)
		}
	}
}
