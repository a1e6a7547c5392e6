package rollup

import "github.com/windvane/windvane/transforms/contract"

// Version is part of every rollup's digest: raise it when a declaration, a derivation, or what is read of a dump changes its
// meaning, and stored rollups are made again.
const Version = 9

// All declares every rollup, in the order in which they are listed and stored.
func All() []*Rollup {
	all := []*Rollup{SalesCube()}
	for _, s := range contract.Scopes() {
		all = append(all, SalesOf(s), BuyersOf(s))
	}
	all = append(all, ExcludedLines(), RefundLines(), ProductDays(), CartedProducts(), AccountDays())
	return append(append(all, scoreRollups()...), liftRollups()...)
}

// From lists the rollups of one source table.
func From(source string) []*Rollup {
	var out []*Rollup
	for _, r := range All() {
		if r.Source.Name == source {
			out = append(out, r)
		}
	}
	return out
}

// Sources are the tables that have rollups.
func Sources() []*contract.Table {
	return []*contract.Table{contract.Products, contract.Merchants, contract.Talents, contract.Orders, contract.Refunds, contract.Shipments,
		contract.Reviews, contract.Complaints, contract.Chats, contract.Contents, contract.ProductTraffic, contract.Violations, contract.Overrides,
		contract.ChuanliuEligibility, contract.ChuanliuExposures}
}

var byBuyer = []string{"buyer_id"}

// SalesCube is the finest additive rollup of sales, for data teams: a night reads of it only whose the products are that neither the newest
// snapshot nor the run before knows, on the last day that each sold.
func SalesCube() *Rollup {
	return &Rollup{
		Name: "sales", Doc: "sales of the day at the finest grain; no orders: they do not add up over products",
		Source: contract.Orders, PartitionBy: []string{"merchant_id", "product_id"},
		By: []string{"merchant_id", "product_id", "promoter_id", "channel", "scene", "class"},
		Measures: []Measure{
			{Name: "lines", Op: Count, Doc: "order lines"},
			{Name: "quantity", Op: Sum, Of: "quantity", Doc: "units"},
			{Name: "buyer_paid_fen", Op: Sum, Of: "buyer_paid_fen", Doc: "paid by buyers for goods"},
			{Name: "platform_subsidy_fen", Op: Sum, Of: "platform_subsidy_fen", Doc: "paid by the platform for goods"},
			{Name: "freight_fen", Op: Sum, Of: "freight_fen", Doc: "freight"},
			{Name: "order_fen", Op: Sum, Of: "amount_fen", If: "is_placed", Doc: "下单 GMV of lines created today"},
		},
	}
}

// SalesOf are the sales of one scope by channel and scene, and over both.
func SalesOf(s contract.Scope) *Rollup {
	var sumBy []string
	if s.Role == contract.RoleMerchant || s.Role == contract.RoleTalent || s.Role == contract.RoleProduct {
		sumBy = []string{s.Subject} // almost every line is a group of its own among one partition's buyers
	}
	return &Rollup{
		Name: s.Name() + "_sales", Doc: "sales of the day per " + s.Name() + ", by channel and scene and (both null) over all",
		Source: contract.Orders, PartitionBy: byBuyer, SumBy: sumBy, Where: s.Where,
		By: s.Keys("channel", "scene"), Totals: 2,
		Measures: []Measure{
			{Name: "order_lines", Op: Count, If: "is_placed", Doc: "lines created today, paid or not, no test orders"},
			{Name: "order_fen", Op: Sum, Of: "amount_fen", If: "is_placed", Doc: "下单 GMV"},
			{Name: "raw_lines", Op: Count, If: "is_raw", Doc: "paid lines, abnormal ones included, no test orders"},
			{Name: "raw_fen", Op: Sum, Of: "amount_fen", If: "is_raw", Doc: "their amount"},
			{Name: "lines", Op: Count, If: "is_gmv", Doc: "gmv_valid lines"},
			{Name: "quantity", Op: Sum, Of: "quantity", If: "is_gmv", Doc: "their units"},
			{Name: "paid_fen", Op: Sum, Of: "amount_fen", If: "is_gmv", Doc: "支付 GMV"},
			{Name: "orders", Op: Distinct, Of: "order_id", If: "is_gmv", Doc: "distinct parent orders with a gmv_valid line"},
		},
	}
}

// BuyersOf are the purchases of each buyer in one scope.
func BuyersOf(s contract.Scope) *Rollup {
	where := "is_gmv"
	if s.Where != "" {
		where = "is_gmv_" + s.Where
	}
	r := &Rollup{
		Name: s.Name() + "_buyers", Doc: "gmv_valid purchases of the day per " + s.Name() + " and buyer",
		Source: contract.Orders, PartitionBy: byBuyer, Where: where,
		By: s.Keys("buyer_id"),
		Measures: []Measure{
			{Name: "orders", Op: Distinct, Of: "order_id", Doc: "distinct parent orders"},
			{Name: "lines", Op: Count, Doc: "lines"},
			{Name: "paid_fen", Op: Sum, Of: "amount_fen", Doc: "支付 GMV"},
			{Name: "distribution_lines", Op: Count, If: "is_distribution", Doc: "lines through distribution"},
			{Name: "self_live_lines", Op: Count, If: "is_self_live", Doc: "lines through self-broadcast"},
			{Name: "self_live_fen", Op: Sum, Of: "amount_fen", If: "is_self_live", Doc: "their amount"},
			{Name: "set_orders", Op: Sets, Doc: "full sets: orders with three or more lines of one brand"},
			{Name: "set_fen", Op: SetSum, Of: "amount_fen", Doc: "amount of those lines"},
		},
	}
	if s.Role == contract.RoleMerchant {
		r.Measures = append(r.Measures, distinctOrders("self_live_orders", "is_self_live", "distinct parent orders with a line through self-broadcast"))
	}
	return r
}

// ExcludedLines are the paid lines that GMV leaves out, by reason.
func ExcludedLines() *Rollup {
	return &Rollup{
		Name: "excluded_lines", Doc: "paid lines of the day that are not gmv_valid",
		Source: contract.Orders, PartitionBy: []string{"merchant_id"}, Where: "is_excluded",
		By: []string{"merchant_id", "excluded_reason"},
		Measures: []Measure{
			{Name: "lines", Op: Count, Doc: "lines"},
			{Name: "amount_fen", Op: Sum, Of: "amount_fen", Doc: "buyer_paid + platform_subsidy"},
		},
	}
}

// RefundLines are the refunds of gmv_valid lines that succeeded on the day, one row each: refunds of
// one line are capped together when days are merged, so they cannot be summed before.
func RefundLines() *Rollup {
	return &Rollup{
		Name: "refund_lines", Doc: "refunds of gmv_valid lines that succeeded on the day",
		Source: contract.Refunds, PartitionBy: []string{"order_line_id"}, Where: "is_refund",
		By: []string{"order_line_id", "succeeded_at", "refund_id"},
		Measures: []Measure{
			only("paid_day", "pay day of the line"),
			only("buyer_id", "who bought"),
			only("merchant_id", "the shop"),
			only("product_id", "the product"),
			only("promoter_id", "talent credited with the sale"),
			only("category1_id", "category of the product on the pay day"),
			only("channel", "channel, by the accounts of the pay day"),
			only("scene", "where the sale happened"),
			only("refund_fen", "amount; the whole line if the refund is full"),
			only("line_fen", "buyer_paid + platform_subsidy of the line"),
			only("is_full", "the whole line is refunded"),
		},
	}
}

// ProductDays are the attributes of products that other rollups and figures look up.
func ProductDays() *Rollup {
	return &Rollup{
		Name: "product_days", Doc: "attributes of all products at the end of the day",
		Source: contract.Products, PartitionBy: []string{"product_id"}, By: []string{"product_id"},
		Measures: []Measure{
			{Name: "category1_id", Op: Only, Of: "category1_id", Doc: "category, level 1"},
			{Name: "brand_id", Op: Only, Of: "brand_id", Doc: "brand"},
			{Name: "units_per_item", Op: Only, Of: "units_per_item", Doc: "units in one item"},
		},
	}
}

// CartedProducts are the products that were in any cart.
func CartedProducts() *Rollup {
	return &Rollup{
		Name: "carted_products", Doc: "products that were in any cart during the day",
		Source: contract.Products, PartitionBy: []string{"product_id"}, Where: "in_cart", By: []string{"product_id"},
	}
}

// AccountDays are the attributes of accounts that other rollups and figures look up.
func AccountDays() *Rollup {
	return &Rollup{
		Name: "account_days", Doc: "attributes of all accounts at the end of the day",
		Source: contract.Talents, PartitionBy: []string{"talent_id"}, By: []string{"talent_id"},
		Measures: []Measure{
			{Name: "owner_merchant_id", Op: Only, Of: "owner_merchant_id", Doc: "shop the account belongs to"},
			{Name: "followers", Op: Only, Of: "followers", Doc: "followers"},
		},
	}
}
