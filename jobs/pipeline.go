// Package jobs runs a night: one as-of date, from the dumps to the published tables.
//
// A night is a pure function of the input objects as listed at the start, the newest commit of the
// nearest earlier date, the as-of date and the rules. It reads as the list of steps below; the run loop, plan and the
// lineage in the manifest all come from that list. Nothing a reader can see changes before the last
// step's one conditional write.
package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/windvane/windvane/transforms/column"
)

// Step is one stage of a night. Tables that it makes are written beside the steps that follow.
type Step struct {
	Name string
	In   []string // what it reads: dumps, rollups or tables of earlier steps
	Out  []string // what it makes
	Run  func(n *night, ctx context.Context) error
}

// Steps are the night, in order.
func Steps() []Step {
	return []Step{
		{"snapshot", []string{"dumps", "the commit of the nearest earlier date"}, []string{"partitions"}, (*night).takeSnapshot},
		{"reduce", []string{"dumps"}, []string{"rollups"}, (*night).reduceChanged},
		{"refunds", []string{"refund_lines"}, []string{"settled refunds"}, (*night).settleRefunds},
		{"buyers", []string{"<role>_buyers", "settled refunds"}, []string{"repeat_purchase", "monthly_buyers", "cohorts", "trust"}, (*night).countBuyers},
		{"gmv", []string{"<role>_sales", "excluded_lines", "settled refunds", "buyers"}, []string{"gmv", "gmv_split", "excluded"}, (*night).sumGMV},
		{"prices", []string{"unit_prices", "product_facts"}, []string{"price_power"}, (*night).comparePrices},
		{"scores", []string{"<role>_score_orders, _refund_events, _shipment_events, _reviews, _complaints", "sales", "chats, contents, traffic, violations", "buyers", "price_power", "scores of the run before"},
			[]string{"product_score", "shop_score", "talent_score", "score_indicators", "score_norms", "<role>_score_history"}, (*night).computeScores},
		{"fives", []string{"shop_score", "price_power", "gmv", "buyers", "merchant_contents, merchant_promoters, shelf_minutes", "talent_score"}, []string{"fives"}, (*night).compareFives},
		{"product_test", []string{"product_score", "gmv_split", "buyers", "product_impressions"}, []string{"product_test"}, (*night).testProducts},
		{"lift", []string{"chuanliu_pairs, chuanliu_shown", "merchant_buyers, buyers", "settled refunds", "pairs of the run before", "scores", "merchant_sales", "caps of the run before"},
			[]string{"chuanliu_lift", "chuanliu_programme", "chuanliu_caps", "talent_rewards"}, (*night).estimateLift},
		{"lists", []string{"scores", "gmv", "merchant_distribution_orders, merchant_contents", "overrides", "lists of the run before"}, []string{"eligibility_<resource>", "eligibility_gates"}, (*night).decideLists},
		{"quota", []string{"eligibility_traffic", "lift", "chuanliu_shown"}, []string{"traffic_quota"}, (*night).sharePool},
		{"overview", []string{"platform_sales", "merchant_sales", "talent_sales", "carted_products"}, []string{"overview", "late_data"}, (*night).summarise},
		{"quality", []string{"partitions"}, []string{"data_quality", "rejects"}, (*night).reportQuality},
		{"gates", []string{"partitions", "platform_sales", "scores"}, []string{"gates"}, (*night).checkGates},
		{"publish", []string{"all tables", "gates"}, []string{"manifest", "commit"}, (*night).publish},
	}
}

// StepRecord is what the manifest says of a step.
type StepRecord struct {
	Name    string   `json:"name"`
	In      []string `json:"in"`
	Out     []string `json:"out"`
	Seconds float64  `json:"seconds"`
}

// run goes through the steps. A bug in a step fails the night, with a stack, and nothing else.
func (n *night) run(ctx context.Context) error {
	n.writing = n.startWriting(ctx)
	defer n.writing.stop()
	for i, s := range n.runner.simulation.steps() {
		if err := n.writing.failure(); err != nil {
			n.at = "publish"
			return fmt.Errorf("publish: %w", err)
		}
		started := n.runner.Now()
		n.at = s.Name
		n.runner.progress(Progress{AsOf: n.asOf, Step: s.Name})
		n.spans = append(n.spans, stepSpan{name: s.Name, began: started})
		had := len(n.tables)
		if err := n.runStep(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		ended := n.runner.Now()
		took := ended.Sub(started)
		n.spans[i].end = ended
		n.spans[i].tables = n.tables[had:]
		if i == 0 { // the snapshot: what is read is known
			n.startLineage(ctx)
		}
		n.steps = append(n.steps, StepRecord{s.Name, s.In, s.Out, took.Round(time.Millisecond).Seconds()})
		n.runner.Log.Info("step", "as_of", n.asOf.String(), "run", n.id, "step", s.Name, "seconds", took.Seconds())
		if n.done {
			return nil
		}
	}
	return nil
}

// keptBlocks is how many bytes of row blocks are kept from one step to the next.
const keptBlocks = 64 << 20

func (n *night) runStep(ctx context.Context, s Step) (err error) {
	ctx, end := n.runner.span(ctx, s.Name, asOfAttribute(n.asOf), runAttribute(n.id))
	defer func() { end(err) }()
	defer n.runner.memory.Budget.Trim(keptBlocks)
	defer column.Recover(&err) // before the span ends
	return s.Run(n, ctx)
}
