package rollup

import "github.com/windvane/windvane/transforms/contract"

// The rollups that lift is made of, beside merchant_buyers and buyers.

func liftRollups() []*Rollup { return []*Rollup{ChuanliuPairs(), ChuanliuShown()} }

// ChuanliuPairs are the pairs for whom a boost would have fired, once for each arm they were seen in: a pair that the
// log names in both arms has two rows.
func ChuanliuPairs() *Rollup {
	return &Rollup{
		Name: "chuanliu_pairs", Doc: "merchants and buyers eligible on the day, by arm",
		Source: contract.ChuanliuEligibility, PartitionBy: byBuyer, By: []string{"merchant_id", "buyer_id", "arm"},
		Measures: []Measure{only("source_promoter_id", "talent whose distribution made the buyer eligible"), only("programme", "programme; null: the only one")},
	}
}

// ChuanliuShown are the pairs that saw something.
func ChuanliuShown() *Rollup {
	return &Rollup{
		Name: "chuanliu_shown", Doc: "what was shown on the day per merchant and buyer",
		Source: contract.ChuanliuExposures, PartitionBy: byBuyer, By: []string{"merchant_id", "buyer_id"},
		Measures: []Measure{sum("impressions", "impressions", "", "times shown")},
	}
}
