package rollup

import (
	"math"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// lineClass are the columns that tell what may count a line, as refunds, shipments and reviews copy them.
var lineClass = []derivation{
	{fenColumn("line_fen", "amount of the line"), []string{"buyer_paid_fen", "platform_subsidy_fen"}, amounts},
	{classColumn, []string{"paid_at", "order_kind", "risk_reason", "quantity", "line_fen"}, refundClasses},
	{flagColumn("is_score", "score_valid"), []string{"class"}, classIn(contract.ClassScoreValid)},
	{flagColumn("has_promoter", "a talent is credited"), []string{"promoter_id"}, present("promoter_id")},
}

// flagWhen is a flag that a test of the row decides. open gives the test, once a batch.
func flagWhen(name, doc string, needs []string, open func(f *column.Frame, env *Env) func(i int) bool) derivation {
	return derivation{flagColumn(name, doc), needs, func(out []int64, f *column.Frame, env *Env) {
		test := open(f, env)
		each(out, func(i int) int64 { return truth(test(i)) })
	}}
}

// today tests whether a moment lies on the day.
func today(f *column.Frame, env *Env, at string) func(i int) bool {
	moments := f.Column(at)
	return func(i int) bool { return moments[i] != column.Null && env.Zone.Day(moments[i]) == env.Day }
}

// flagToday is a flag of rows with another flag whose moment lies on the day.
func flagToday(name, doc, flag, at string) derivation {
	return flagWhen(name, doc, []string{flag, at}, func(f *column.Frame, env *Env) func(int) bool {
		is, on := f.Column(flag), today(f, env, at)
		return func(i int) bool { return is[i] == 1 && on(i) }
	})
}

// flagValue is a flag of rows with another flag and one of some values in a column.
func flagValue(name, doc, flag, of string, values ...int64) derivation {
	return flagWhen(name, doc, []string{flag, of}, func(f *column.Frame, _ *Env) func(int) bool {
		is, v := f.Column(flag), f.Column(of)
		return func(i int) bool {
			for _, value := range values {
				if is[i] == 1 && v[i] == value {
					return true
				}
			}
			return false
		}
	})
}

// flagAnd and flagAny are flags of rows with all, with any of other flags.
func flagAnd(name, doc string, flags ...string) derivation {
	return combine(name, doc, flags, func(a, b int64) int64 { return a & b })
}

func flagAny(name, doc string, flags ...string) derivation {
	return combine(name, doc, flags, func(a, b int64) int64 { return a | b })
}

func combine(name, doc string, flags []string, op func(a, b int64) int64) derivation {
	return derivation{flagColumn(name, doc), flags, func(out []int64, f *column.Frame, _ *Env) {
		copy(out, f.Column(flags[0]))
		for _, name := range flags[1:] {
			for i, v := range f.Column(name) {
				out[i] = op(out[i], v)
			}
		}
	}}
}

func countColumn(name, doc string) contract.Column {
	return contract.Column{Name: name, Kind: contract.Count, Doc: doc}
}

// microseconds of a second: the unit of moments.
const microseconds = 1_000_000

// maxHandling bounds the time that one refund counts with: 168 hours.
const maxHandling = 168 * 3600

// refundEvents tell what happened to a refund on the day.
func refundEvents() []derivation {
	return append(lineClass[2:4:4],
		flagToday("is_applied", "of a score_valid line, applied for on the day", "is_score", "applied_at"),
		flagAnd("is_applied_first", "the first refund of its order", "is_applied", "is_first"),
		flagValue("is_quality", "for reason quality", "is_applied_first", "reason", contract.ReasonQuality),
		flagToday("is_intervened", "the platform was called in on the day", "is_score", "intervened_at"),
		flagToday("is_liable", "liability was decided on the day", "is_score", "liable_at"),
		flagWhen("is_decided", "and it is known for whom", []string{"is_liable", "liable"}, notNull("is_liable", "liable")),
		flagValue("is_promoter_liable", "the promoter is liable", "is_decided", "liable", contract.LiablePromoter),
		flagToday("is_ended", "closed on the day", "is_score", "closed_at"),
		flagWhen("is_closed", "and it is known who completed it", []string{"is_ended", "self_completed"}, notNull("is_ended", "self_completed")),
		flagValue("is_not_self", "not completed by the merchant", "is_closed", "self_completed", 0),
		flagValue("is_self", "completed by the merchant", "is_closed", "self_completed", 1),
		flagValue("is_self_refund_only", "without return", "is_self", "kind", contract.RefundOnly),
		flagValue("is_self_return", "with return", "is_self", "kind", contract.RefundReturn),
		derivation{countColumn("handling_seconds", "application to closing, at most 168 hours"), []string{"applied_at", "closed_at"}, handling},
		flagAny("is_score_event", "anything that scores count", "is_quality", "is_intervened", "is_decided", "is_closed"),
		flagAnd("is_score_event_has_promoter", "and a talent is credited", "is_score_event", "has_promoter"),
	)
}

func notNull(flag, of string) func(*column.Frame, *Env) func(int) bool {
	return func(f *column.Frame, _ *Env) func(int) bool {
		is, v := f.Column(flag), f.Column(of)
		return func(i int) bool { return is[i] == 1 && v[i] != column.Null }
	}
}

func handling(out []int64, f *column.Frame, _ *Env) {
	applied, closed := f.Column("applied_at"), f.Column("closed_at")
	each(out, func(i int) int64 {
		if closed[i] == column.Null {
			return 0
		}
		return min(maxHandling, max(0, (closed[i]-applied[i])/microseconds))
	})
}

// shipmentEvents tell what happened to a shipment on the day.
func shipmentEvents() []derivation {
	return append(lineClass[:4:4],
		flagValue("is_presale", "sold before it can be shipped", "is_score", "order_kind", contract.OrderPresale),
		flagWhen("is_shipped", "of a score_valid line that is shipped, no pre-sale", []string{"is_score", "is_presale", "no_shipping"}, shipped),
		flagToday("is_due", "the pick-up was due on the day", "is_shipped", "pickup_due_at"),
		flagWhen("is_missed", "and did not happen in time", []string{"is_due", "pickup_due_at", "picked_up_at"}, missed),
		flagToday("is_signed", "signed for on the day", "is_score", "signed_at"),
		flagWhen("is_transit", "with a pick-up and the median of its route", []string{"is_signed", "is_shipped", "picked_up_at", "route_median_hours"}, inTransit),
		derivation{countColumn("transit_seconds", "pick-up to signature"), []string{"picked_up_at", "signed_at"}, transit},
		derivation{countColumn("median_seconds", "median of the route"), []string{"route_median_hours"}, medians},
		flagAny("is_score_event", "anything that scores count", "is_due", "is_signed"),
		flagAnd("is_score_event_has_promoter", "and a talent is credited", "is_score_event", "has_promoter"),
	)
}

func shipped(f *column.Frame, _ *Env) func(int) bool {
	is, presale, none := f.Column("is_score"), f.Column("is_presale"), f.Column("no_shipping")
	return func(i int) bool { return is[i] == 1 && presale[i] == 0 && none[i] == 0 }
}

func missed(f *column.Frame, _ *Env) func(int) bool {
	is, due, done := f.Column("is_due"), f.Column("pickup_due_at"), f.Column("picked_up_at")
	return func(i int) bool { return is[i] == 1 && (done[i] == column.Null || done[i] > due[i]) }
}

func inTransit(f *column.Frame, _ *Env) func(int) bool {
	signed, is, picked, median := f.Column("is_signed"), f.Column("is_shipped"), f.Column("picked_up_at"), f.Column("route_median_hours")
	return func(i int) bool {
		return signed[i] == 1 && is[i] == 1 && picked[i] != column.Null && median[i] != column.Null
	}
}

func transit(out []int64, f *column.Frame, _ *Env) {
	picked, signed := f.Column("picked_up_at"), f.Column("signed_at")
	each(out, func(i int) int64 {
		if picked[i] == column.Null || signed[i] == column.Null {
			return 0
		}
		return max(0, (signed[i]-picked[i])/microseconds)
	})
}

func medians(out []int64, f *column.Frame, _ *Env) {
	hours := f.Column("route_median_hours")
	each(out, func(i int) int64 {
		if hours[i] == column.Null {
			return 0
		}
		return int64(math.Round(math.Float64frombits(uint64(hours[i])) * 3600))
	})
}

// reviewEvents tell what a review says.
func reviewEvents() []derivation {
	return append(lineClass[:4:4],
		flagAnd("is_score_first", "first review of a score_valid order", "is_score", "is_first"),
		flagAnd("is_score_first_has_promoter", "and a talent is credited", "is_score_first", "has_promoter"),
		flagValue("is_bad", "1 or 2 stars", "is_first", "rating", 1, 2),
		flagWhen("is_quality_bad", "and not known to name something else than quality", []string{"is_bad", "is_quality_issue"},
			func(f *column.Frame, _ *Env) func(int) bool {
				bad, issue := f.Column("is_bad"), f.Column("is_quality_issue")
				return func(i int) bool { return bad[i] == 1 && issue[i] != 0 }
			}),
	)
}

// complaintEvents tell what a complaint is about.
func complaintEvents() []derivation {
	return []derivation{
		flagAnd("is_upheld_merchant", "decided for the buyer", "upheld"),
		{flagColumn("has_promoter", "a talent is credited"), []string{"promoter_id"}, present("promoter_id")},
		{flagColumn("has_product", "a product is named"), []string{"product_id"}, present("product_id")},
		flagAnd("is_upheld_talent", "decided for the buyer, a talent is credited", "upheld", "has_promoter"),
		flagAnd("is_upheld_product", "decided for the buyer, a product is named", "upheld", "has_product"),
		flagValue("is_mismatch", "not as described, or counterfeit", "upheld", "kind", contract.ComplaintNotAsDescribed, contract.ComplaintCounterfeit),
		flagValue("is_logistics", "logistics", "upheld", "kind", contract.ComplaintLogistics),
		flagValue("is_misleading", "false advertising, or not as described", "upheld", "kind", contract.ComplaintFalseAdvertising, contract.ComplaintNotAsDescribed),
	}
}

// slowReply is when a reply in service hours comes too late, in seconds.
const slowReply = 180

// chatEvents tell how a chat went.
func chatEvents() []derivation {
	return []derivation{
		{flagColumn("is_rated", "rated"), []string{"rating"}, present("rating")},
		flagValue("is_unhappy", "rated 1 or 2", "is_rated", "rating", 1, 2),
		flagAnd("is_in_service", "begun in service hours", "in_service_hours"),
		flagWhen("is_slow", "without a person's reply within 180 seconds", []string{"is_in_service", "first_human_reply_seconds"},
			func(f *column.Frame, _ *Env) func(int) bool {
				in, reply := f.Column("is_in_service"), f.Column("first_human_reply_seconds")
				return func(i int) bool { return in[i] == 1 && (reply[i] == column.Null || reply[i] > slowReply) }
			}),
	}
}

// contentFacts add what contents are summed by.
func contentFacts() []derivation {
	return []derivation{
		flagWhen("is_live", "a live session", []string{"kind"}, func(f *column.Frame, _ *Env) func(int) bool {
			kind := f.Column("kind")
			return func(i int) bool { return kind[i] == contract.ContentLive }
		}),
		{flagColumn("is_owned", "of an account that belongs to a shop"), []string{"owner_merchant_id"}, present("owner_merchant_id")},
		{countColumn("interactions", "likes, comments and shares"), []string{"likes", "comments", "shares"}, func(out []int64, f *column.Frame, _ *Env) {
			comments, shares := f.Column("comments"), f.Column("shares")
			for i, likes := range f.Column("likes") {
				out[i] = likes + comments[i] + shares[i]
			}
		}},
	}
}

// shelfFacts tell how long a product could be bought without a live.
func shelfFacts() []derivation {
	return []derivation{
		{countColumn("purchasable_minutes", "minutes of the day it could be bought"), []string{"purchasable_hours"}, func(out []int64, f *column.Frame, _ *Env) {
			hours := f.Column("purchasable_hours")
			each(out, func(i int) int64 { return int64(math.Round(math.Float64frombits(uint64(hours[i])) * 60)) })
		}},
		flagWhen("is_on_shelf", "it could be bought, and not in live sessions only", []string{"purchasable_minutes", "live_only"},
			func(f *column.Frame, _ *Env) func(int) bool {
				minutes, live := f.Column("purchasable_minutes"), f.Column("live_only")
				return func(i int) bool { return minutes[i] > 0 && live[i] == 0 }
			}),
	}
}

// trafficChannels tell whose account showed a product: the promoter's, as of sales that name no author.
func trafficChannels() []derivation {
	return append(lineClass[3:4:4],
		derivation{channelColumn, []string{"merchant_id", "promoter_id"}, func(out []int64, f *column.Frame, env *Env) {
			merchant, promoter := f.Column("merchant_id"), f.Column("promoter_id")
			accounts := env.Dimensions.Accounts(env.Day)
			snapshotRows(out, accounts, promoter)
			for i, row := range out {
				out[i] = channel(accounts, row, merchant[i], promoter[i], column.Null)
			}
		}},
		derivation{flagColumn("is_distribution", "channel is distribution"), []string{"channel"}, isDistribution},
		derivation{flagColumn("is_self_live", "self-broadcast: channel self and scene live"), []string{"channel", "scene"}, isSelfLive},
	)
}

// priced: what an item costs is no price of a unit where nobody knows how many it has.
func priced(f *column.Frame, _ *Env) func(int) bool {
	is, product := f.Column("is_score"), f.Column("product_row")
	return func(i int) bool { return is[i] == 1 && product[i] >= 0 }
}

// unitPrices are what a buyer pays for a unit, freight included, rounded down. They mean nothing of lines that are not priced.
func unitPrices(out []int64, f *column.Frame, env *Env) {
	amount, freight, quantity := f.Column("amount_fen"), f.Column("freight_fen"), f.Column("quantity")
	ofProductRow(productUnits)(out, f, env)
	for i, units := range out {
		out[i] = (amount[i] + freight[i]) / (max(1, quantity[i]) * max(1, units))
	}
}
