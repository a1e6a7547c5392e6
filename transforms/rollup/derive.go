package rollup

import (
	"cmp"
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Attributes looks up one attribute row per subject: the snapshot of one day.
type Attributes = column.Lookup

// Dimensions gives the snapshots that classify rows.
type Dimensions interface {
	// Products is the product_days snapshot of the day or the nearest one before it, nil if there is
	// none. Values: category1_id, brand_id, units_per_item.
	Products(day calendar.Day) *Attributes
	// Categories is Products without brand_id and units_per_item, of the products asked for and perhaps others: refunds ask
	// for many days, and for few products of each.
	Categories(day calendar.Day, asked []int64) *Attributes
	// Accounts is the account_days snapshot, likewise. Values: owner_merchant_id, followers.
	Accounts(day calendar.Day) *Attributes
}

// Positions of the values of Products.
const (
	productCategory = iota
	productBrand
	productUnits
)

// Env is what reducing a day needs beyond its rows.
type Env struct {
	Day             calendar.Day
	Zone            *calendar.Zone
	IDs             *column.IDs
	Dimensions      Dimensions
	MaxUnitsPerLine int64 // lines with more units are abnormal; 0: no limit
	ScoreMinFen     int64 // score_valid lines have more than this
	Memory          column.Memory
	Workers         int
	ExpectedRows    int64
}

// sameDimensions gives the derivations of one batch the same tables for the same day, so that a row found by one is
// the row of another.
type sameDimensions struct {
	of                 Dimensions
	products, accounts dayTable
}

// dayTable remembers the table of the day asked for last: rows of one day mostly come together.
type dayTable struct {
	known bool
	day   calendar.Day
	table *Attributes
}

func (t *dayTable) on(day calendar.Day, find func(calendar.Day) *Attributes) *Attributes {
	if !t.known || t.day != day {
		*t = dayTable{true, day, find(day)}
	}
	return t.table
}

func (d *sameDimensions) Products(day calendar.Day) *Attributes {
	return d.products.on(day, d.of.Products)
}

func (d *sameDimensions) Categories(day calendar.Day, asked []int64) *Attributes {
	return d.of.Categories(day, asked)
}

func (d *sameDimensions) Accounts(day calendar.Day) *Attributes {
	return d.accounts.on(day, d.of.Accounts)
}

// derivation is a column computed from others of the same row.
type derivation struct {
	column contract.Column
	needs  []string                                     // source or earlier derived columns
	fill   func(out []int64, f *column.Frame, env *Env) // out is as long as the frame and holds anything
}

func derivations(source *contract.Table) []derivation {
	switch source {
	case contract.Orders:
		return orderDerivations()
	case contract.Refunds:
		return append(refundDerivations(), refundEvents()...)
	case contract.Shipments:
		return shipmentEvents()
	case contract.Reviews:
		return reviewEvents()
	case contract.Complaints:
		return complaintEvents()
	case contract.Chats:
		return chatEvents()
	case contract.Contents:
		return contentFacts()
	case contract.Products:
		return shelfFacts()
	case contract.ProductTraffic:
		return trafficChannels()
	}
	return nil
}

// ClassifiesLines tells whether rollups of a table depend on what makes a line abnormal or score_valid: Env.MaxUnitsPerLine and Env.ScoreMinFen.
func ClassifiesLines(source *contract.Table) bool {
	return slices.ContainsFunc(derivations(source), func(d derivation) bool { return d.column.Name == classColumn.Name })
}

// lateDerivations are computed of the finished rows of a rollup that takes them with Only, from its other columns, a record
// of them (recordRows) at a time: what looks at the snapshots of many days then looks at each once a record, however many
// batches of dumps the rows came in, and for no row that is left out.
func lateDerivations(source *contract.Table) []derivation {
	if source == contract.Refunds {
		return []derivation{{categoryColumn, []string{"product_id", "paid_day"}, refundCategories}}
	}
	return nil
}

func flagColumn(name, doc string) contract.Column {
	return contract.Column{Name: name, Kind: contract.Bool, Doc: doc}
}

func orderDerivations() []derivation {
	return []derivation{
		{fenColumn("amount_fen", "buyer_paid + platform_subsidy"), []string{"buyer_paid_fen", "platform_subsidy_fen"}, amounts},
		{classColumn, []string{"paid_at", "order_kind", "risk_reason", "quantity", "amount_fen"}, classes},
		{flagColumn("is_placed", "created today, not test"), []string{"created_at", "order_kind"}, placed},
		{flagColumn("is_raw", "paid, not test"), []string{"class"}, classIn(contract.ClassScoreValid, contract.ClassGMVValid, contract.ClassAbnormal)},
		{flagColumn("is_gmv", "gmv_valid"), []string{"class"}, classIn(contract.ClassScoreValid, contract.ClassGMVValid)},
		{flagColumn("is_score", "score_valid"), []string{"class"}, classIn(contract.ClassScoreValid)},
		{flagColumn("is_excluded", "paid, not gmv_valid"), []string{"class"}, classIn(contract.ClassAbnormal, contract.ClassTest)},
		{contract.Column{Name: "excluded_reason", Kind: contract.Text, Doc: "why GMV leaves the line out"}, []string{"class", "risk_reason"}, excludedReasons},
		{flagColumn("has_promoter", "a talent is credited"), []string{"promoter_id"}, present("promoter_id")},
		{flagColumn("is_gmv_has_promoter", "gmv_valid and a talent is credited"), []string{"is_gmv", "has_promoter"}, both("is_gmv", "has_promoter")},
		flagAnd("is_score_has_promoter", "score_valid and a talent is credited", "is_score", "has_promoter"),
		{channelColumn, []string{"merchant_id", "promoter_id", "author_id"}, orderChannels},
		{flagColumn("is_distribution", "channel is distribution"), []string{"channel"}, isDistribution},
		flagAnd("is_gmv_distribution", "gmv_valid and channel is distribution", "is_gmv", "is_distribution"),
		{flagColumn("is_self_live", "self-broadcast: channel self and scene live"), []string{"channel", "scene"}, isSelfLive},
		{productRowColumn, []string{"product_id"}, productRows},
		{categoryColumn, []string{"product_row"}, ofProductRow(productCategory)},
		{contract.Column{Name: "brand_id", Kind: contract.ID, Domain: contract.Brand, Null: true, Doc: "brand of the product"}, []string{"product_row"}, ofProductRow(productBrand)},
		flagWhen("is_priced", "score_valid, and a snapshot tells how many units an item has", []string{"is_score", "product_row"}, priced),
		{fenColumn("unit_price_fen", "what a unit costs the buyer, freight included, rounded down"), []string{"amount_fen", "freight_fen", "quantity", "product_row"}, unitPrices},
	}
}

func refundDerivations() []derivation {
	return []derivation{
		{contract.Column{Name: "paid_day", Kind: contract.Date, Doc: "pay day of the line"}, []string{"paid_at"}, days("paid_at")},
		{fenColumn("line_fen", "amount of the line"), []string{"buyer_paid_fen", "platform_subsidy_fen"}, amounts},
		{classColumn, []string{"paid_at", "order_kind", "risk_reason", "quantity", "line_fen"}, refundClasses},
		{flagColumn("is_refund", "succeeded on the day, of a gmv_valid line"), []string{"succeeded_at", "class"}, succeededToday},
		{fenColumn("refund_fen", "amount returned; the whole line if full"), []string{"amount_fen", "line_fen", "is_full"}, refundAmounts},
		{channelColumn, []string{"merchant_id", "promoter_id", "author_id", "paid_day"}, refundChannels},
	}
}

var (
	classColumn   = contract.Column{Name: "class", Kind: contract.Enum, Values: contract.Classes, Doc: "what may count the line"}
	channelColumn = contract.Column{Name: "channel", Kind: contract.Enum, Values: contract.Channels, Doc: "who sold"}
	// productRowColumn is where a product stands in the snapshot of the day, -1 nowhere. It is looked up once for all
	// attributes and never leaves the reduction.
	productRowColumn = contract.Column{Name: "product_row", Kind: contract.Count, Signed: true, Doc: "row of the product in its snapshot"}
	categoryColumn   = contract.Column{Name: "category1_id", Kind: contract.ID, Domain: contract.Category, Null: true, Doc: "category of the product, level 1; null: none"}
)

func fenColumn(name, doc string) contract.Column {
	return contract.Column{Name: name, Kind: contract.Fen, Doc: doc}
}

// each computes a column value by value.
func each(out []int64, value func(i int) int64) {
	for i := range out {
		out[i] = value(i)
	}
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func amounts(out []int64, f *column.Frame, _ *Env) {
	subsidy := f.Column("platform_subsidy_fen")
	for i, paid := range f.Column("buyer_paid_fen") {
		out[i] = paid + subsidy[i]
	}
}

func classes(out []int64, f *column.Frame, env *Env)       { classify(out, f, env, "amount_fen") }
func refundClasses(out []int64, f *column.Frame, env *Env) { classify(out, f, env, "line_fen") }

// classify is the order of precedence of definitions.md sections 1 and 1a.
func classify(out []int64, f *column.Frame, env *Env, amount string) {
	paidAt, kind, risk, quantity, fen := f.Column("paid_at"), f.Column("order_kind"), f.Column("risk_reason"), f.Column("quantity"), f.Column(amount)
	maxUnits := env.MaxUnitsPerLine
	if maxUnits <= 0 {
		maxUnits = math.MaxInt64
	}
	for i := range out {
		switch k := kind[i]; {
		case paidAt[i] == column.Null:
			out[i] = contract.ClassUnpaid
		case k == contract.OrderTest:
			out[i] = contract.ClassTest
		case risk[i] != column.Null, quantity[i] > maxUnits:
			out[i] = contract.ClassAbnormal
		case k == contract.OrderGift, k == contract.OrderLuckyBag, k == contract.OrderSample, fen[i] <= env.ScoreMinFen:
			out[i] = contract.ClassGMVValid
		default:
			out[i] = contract.ClassScoreValid
		}
	}
}

func classIn(codes ...int64) func(out []int64, f *column.Frame, env *Env) {
	return func(out []int64, f *column.Frame, _ *Env) {
		var member [8]int64 // of each class
		for _, c := range codes {
			member[c] = 1
		}
		for i, c := range f.Column("class") {
			out[i] = member[c&7]
		}
	}
}

func placed(out []int64, f *column.Frame, env *Env) {
	created, kind := f.Column("created_at"), f.Column("order_kind")
	each(out, func(i int) int64 {
		return truth(kind[i] != contract.OrderTest && env.Zone.Day(created[i]) == env.Day)
	})
}

func excludedReasons(out []int64, f *column.Frame, env *Env) {
	class, risk := f.Column("class"), f.Column("risk_reason")
	dict := env.IDs.TextDict()
	test, units := dict.Code("test"), dict.Code("max_units_per_line")
	reasons := map[int64]int64{}
	each(out, func(i int) int64 {
		switch {
		case class[i] == contract.ClassTest:
			return test
		case class[i] != contract.ClassAbnormal:
			return test // not used: such rows are filtered
		case risk[i] == column.Null:
			return units
		}
		code, ok := reasons[risk[i]]
		if !ok {
			code = dict.Code("risk:" + dict.Value(risk[i]))
			reasons[risk[i]] = code
		}
		return code
	})
}

func present(name string) func(out []int64, f *column.Frame, env *Env) {
	return func(out []int64, f *column.Frame, _ *Env) {
		for i, v := range f.Column(name) {
			is := int64(1)
			if v == column.Null {
				is = 0
			}
			out[i] = is
		}
	}
}

func both(a, b string) func(out []int64, f *column.Frame, env *Env) {
	return func(out []int64, f *column.Frame, _ *Env) {
		y := f.Column(b)
		for i, x := range f.Column(a) {
			out[i] = x & y[i]
		}
	}
}

func isDistribution(out []int64, f *column.Frame, _ *Env) {
	channel := f.Column("channel")
	each(out, func(i int) int64 { return truth(channel[i] == contract.ChannelDistribution) })
}

func isSelfLive(out []int64, f *column.Frame, _ *Env) {
	channel, scene := f.Column("channel"), f.Column("scene")
	each(out, func(i int) int64 { return truth(channel[i] == contract.ChannelSelf && scene[i] == contract.SceneLive) })
}

// byPaidDay calls visit for every pay day that occurs, with its rows: each looks at the snapshot of its own day.
func byPaidDay(f *column.Frame, visit func(day calendar.Day, rows []int)) {
	paid, rows := f.Column("paid_day"), make([]int, f.N)
	for i := range rows {
		rows[i] = i
	}
	slices.SortFunc(rows, func(a, b int) int { return cmp.Or(cmp.Compare(paid[a], paid[b]), cmp.Compare(a, b)) })
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && paid[rows[to]] == paid[rows[from]] {
			to++
		}
		visit(calendar.Day(paid[rows[from]]), rows[from:to])
		from = to
	}
}

// refundCategories are the categories of the products on the days on which they were paid.
func refundCategories(out []int64, f *column.Frame, env *Env) {
	product, asked := f.Column("product_id"), make([]int64, 0, f.N)
	byPaidDay(f, func(day calendar.Day, rows []int) {
		asked = asked[:0]
		for _, i := range rows {
			asked = append(asked, product[i])
		}
		products := env.Dimensions.Categories(day, asked)
		for _, i := range rows {
			out[i] = column.Null
			if products == nil {
				continue
			}
			if at := products.Row(product[i]); at >= 0 {
				out[i] = products.Values(0)[at]
			}
		}
	})
}

// refundChannels are the channels by the accounts of the days on which they were paid.
func refundChannels(out []int64, f *column.Frame, env *Env) {
	merchant, promoter, author := f.Column("merchant_id"), f.Column("promoter_id"), f.Column("author_id")
	byPaidDay(f, func(day calendar.Day, rows []int) {
		accounts := env.Dimensions.Accounts(day)
		for _, i := range rows {
			row := int64(-1)
			if account := accountOf(author[i], promoter[i]); accounts != nil && account != column.Null {
				row = int64(accounts.Row(account))
			}
			out[i] = channel(accounts, row, merchant[i], promoter[i], author[i])
		}
	})
}

// accountOf is the account that a sale ran on: the author, else the promoter.
func accountOf(author, promoter int64) int64 {
	if author == column.Null {
		return promoter
	}
	return author
}

// channel: self if the account belongs to this merchant; else distribution if a promoter is credited; else none.
// Unknown where an account is named and nothing tells whose. row is the account's in the snapshot, -1 nowhere.
func channel(accounts *Attributes, row, merchant, promoter, author int64) int64 {
	switch {
	case accountOf(author, promoter) == column.Null:
		return contract.ChannelNone
	case accounts == nil:
		return contract.ChannelUnknown
	case row >= 0 && accounts.Values(0)[row] == merchant:
		return contract.ChannelSelf
	case promoter != column.Null:
		return contract.ChannelDistribution
	}
	return contract.ChannelNone
}

// productRows looks all products up in the snapshot of the day.
func productRows(out []int64, f *column.Frame, env *Env) {
	snapshotRows(out, env.Dimensions.Products(env.Day), f.Column("product_id"))
}

// snapshotRows puts where the keys stand into rows, -1 for nowhere.
func snapshotRows(rows []int64, snapshot *Attributes, keys []int64) {
	if snapshot == nil {
		each(rows, func(int) int64 { return -1 })
		return
	}
	snapshot.Rows(keys, rows)
}

// ofProductRow reads an attribute of the products found, Null where none was.
func ofProductRow(which int) func(out []int64, f *column.Frame, env *Env) {
	return func(out []int64, f *column.Frame, env *Env) {
		products := env.Dimensions.Products(env.Day)
		for i, row := range f.Column("product_row") {
			if row < 0 {
				out[i] = column.Null
			} else {
				out[i] = products.Values(which)[row]
			}
		}
	}
}

// orderChannels are the channels by the accounts of the day, all looked up at once.
func orderChannels(out []int64, f *column.Frame, env *Env) {
	merchant, promoter, author := f.Column("merchant_id"), f.Column("promoter_id"), f.Column("author_id")
	accounts := env.Dimensions.Accounts(env.Day)
	named := make([]int64, f.N)
	for i := range named {
		named[i] = accountOf(author[i], promoter[i])
	}
	snapshotRows(out, accounts, named)
	for i, row := range out {
		out[i] = channel(accounts, row, merchant[i], promoter[i], author[i])
	}
}

func days(name string) func(out []int64, f *column.Frame, env *Env) {
	return func(out []int64, f *column.Frame, env *Env) {
		at := f.Column(name)
		each(out, func(i int) int64 { return int64(env.Zone.Day(at[i])) })
	}
}

func succeededToday(out []int64, f *column.Frame, env *Env) {
	at, class := f.Column("succeeded_at"), f.Column("class")
	each(out, func(i int) int64 {
		valid := class[i] == contract.ClassScoreValid || class[i] == contract.ClassGMVValid
		return truth(valid && at[i] != column.Null && env.Zone.Day(at[i]) == env.Day)
	})
}

func refundAmounts(out []int64, f *column.Frame, _ *Env) {
	amount, line, full := f.Column("amount_fen"), f.Column("line_fen"), f.Column("is_full")
	each(out, func(i int) int64 {
		if full[i] == 1 {
			return line[i]
		}
		return min(amount[i], line[i])
	})
}
