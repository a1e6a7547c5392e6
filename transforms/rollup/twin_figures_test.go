package rollup_test

import (
	"fmt"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// figures are the groups of one rollup that the twin counts, by their keys.
type figures map[string]*figure

// figure is one group. It knows its figures by name alone, not how they are declared.
type figure struct {
	key    []int64
	sums   map[string]int64
	orders map[string]map[int64]bool // distinct orders
}

// of finds or makes a group. A group that exists is a row of the rollup, whatever it counts.
func (f figures) of(key ...int64) *figure {
	name := fmt.Sprint(key)
	if f[name] == nil {
		f[name] = &figure{key: key, sums: map[string]int64{}, orders: map[string]map[int64]bool{}}
	}
	return f[name]
}

func (g *figure) add(name string, v int64) { g.sums[name] += v }

func (g *figure) order(name string, id int64) {
	if g.orders[name] == nil {
		g.orders[name] = map[int64]bool{}
	}
	g.orders[name][id] = true
}

// rows are the groups as the rollup's table has them. A figure that the table does not have fails.
func (f figures) rows(t testingT, ru *rollup.Rollup) (out [][]int64) {
	t.Helper()
	columns := map[string]bool{}
	for _, m := range ru.Measures {
		columns[m.Name] = true
	}
	for _, g := range f {
		for name := range g.sums {
			if !columns[name] {
				t.Fatal(ru.Name, "has no", name)
			}
		}
		for name, ids := range g.orders {
			if !columns[name] {
				t.Fatal(ru.Name, "has no", name)
			}
			g.sums[name] = int64(len(ids))
		}
		line := g.key
		for _, m := range ru.Measures {
			line = append(line, g.sums[m.Name])
		}
		out = append(out, line)
	}
	return out
}

// tally adds one row of a source to the figures of a rollup.
type tally func(w world, f figures, r row)

// tallies say what the figures of the rollups that scores are made of mean (definitions, sections 1 and 5 to 8), by
// the rollup's name.
func tallies() map[string]tally {
	all := map[string]tally{
		"talent_products": tallyTalentProduct, "merchant_promoters": tallyMerchantPromoter, "merchant_distribution_orders": tallyDistributionOrder, "shelf_minutes": tallyShelf, "unit_prices": tallyUnitPrice, "merchant_chats": tallyChat,
		"talent_contents": tallyContent("author_id"), "merchant_contents": tallyContent("owner_merchant_id"),
		"product_impressions": tallyProductTraffic, "talent_impressions": tallyTalentTraffic,
		"violation_points": tallyViolation,
		"product_facts": tallyFacts([]string{"product_id"}, "merchant_id", "name", "category1_id", "category2_id", "category3_id", "style_id", "info_score",
			"is_virtual", "live_only", "brand_flag"),
		"merchant_facts": tallyFacts([]string{"merchant_id"}, "name", "kind", "category1_id", "joined_on"),
		"account_facts":  tallyFacts([]string{"talent_id"}, "name", "owner_merchant_id", "category1_id", "followers", "joined_on"),
		"chuanliu_pairs": tallyFacts([]string{"merchant_id", "buyer_id", "arm"}, "source_promoter_id", "programme"),
		"chuanliu_shown": tallyFacts([]string{"merchant_id", "buyer_id"}, "impressions"),
		"overrides":      tallyFacts([]string{"subject_role", "subject_id", "resource", "valid_from"}, "action", "reason", "author", "valid_to"),
	}
	for role, subject := range map[string]string{"merchant": "merchant_id", "talent": "promoter_id", "product": "product_id"} {
		all[role+"_score_orders"] = ofSubject(subject, tallyScoreOrder)
		all[role+"_refund_events"] = ofSubject(subject, tallyRefund)
		all[role+"_shipment_events"] = ofSubject(subject, tallyShipment)
		all[role+"_reviews"] = ofSubject(subject, tallyReview)
		all[role+"_complaints"] = ofSubject(subject, tallyComplaint)
	}
	return all
}

// ofSubject tallies for the subject that a row names, if it names one.
func ofSubject(column string, add func(w world, f figures, subject int64, r row)) tally {
	return func(w world, f figures, r row) {
		if r[column] != null {
			add(w, f, r[column], r)
		}
	}
}

// isScoreValid says whether scores count the line of a row.
func (w world) isScoreValid(r row) bool {
	return w.class(r, r["buyer_paid_fen"]+r["platform_subsidy_fen"]) == contract.ClassScoreValid
}

// isToday says whether a moment of the row fell on the day that is reduced.
func isToday(r row, moment string) bool {
	return r[moment] != column.Null && zone().Day(r[moment]) == today
}

// seconds is the whole seconds from one moment to another.
func seconds(from, to int64) int64 { return (to - from) / 1_000_000 }
