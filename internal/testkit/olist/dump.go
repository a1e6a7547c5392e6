package olist

import (
	"errors"
	"time"

	"github.com/windvane/windvane/internal/testkit/dumps"
	"github.com/windvane/windvane/internal/testkit/recount"
)

// The days of the data set: the first order, the last one, and the last day that is dumped. Nothing is
// bought after LastPurchase; the days until LastDay let cohorts mature.
const (
	FirstDay     recount.Date = "2016-09-04"
	LastPurchase recount.Date = "2018-10-17"
	LastDay      recount.Date = "2018-12-31"
)

// The tables as their folders are named.
const (
	OrderItems     = "order_items"
	OrderReviews   = "order_reviews"
	ShippingEvents = "shipping_events"
	ProductsTable  = "products"
	SellersTable   = "sellers"
)

// orderItem is a line of order_items: an item joined with its order, on the day of the purchase. Price is
// DECIMAL in INT64, freight DECIMAL in a fixed-length byte array, as different writers do it.
type orderItem struct {
	OrderLineID string  `parquet:"order_line_id,snappy"`
	OrderID     string  `parquet:"order_id,snappy,dict"`
	BuyerID     string  `parquet:"customer_unique_id,optional,snappy,dict"`
	SellerID    string  `parquet:"seller_id,optional,snappy,dict"`
	ProductID   string  `parquet:"product_id,optional,snappy,dict"`
	Status      string  `parquet:"order_status,optional,snappy,dict"`
	PurchasedAt int64   `parquet:"order_purchase_timestamp,snappy,timestamp(microsecond:local)"`
	Price       int64   `parquet:"price,snappy,decimal(2:10)"`
	Freight     [5]byte `parquet:"freight_value,snappy,decimal(2:10)"`
	ETLSource   string  `parquet:"etl_source,optional,snappy,dict"` // a column nobody asked for
}

// orderReview is a line of order_reviews: a review and one line of the order it is about, on the day it was written.
type orderReview struct {
	ReviewLineID string `parquet:"review_line_id,gzip"`
	OrderLineID  string `parquet:"order_line_id,gzip"`
	OrderID      string `parquet:"order_id,gzip,dict"`
	SellerID     string `parquet:"seller_id,gzip,dict"`
	ProductID    string `parquet:"product_id,gzip,dict"`
	Score        int32  `parquet:"review_score,gzip"`
	IsFirst      bool   `parquet:"is_first_of_order,gzip"`
	PurchasedAt  int64  `parquet:"order_purchase_timestamp,gzip,timestamp(millisecond:local)"`
	CreatedAt    int64  `parquet:"review_creation_date,gzip,timestamp(millisecond:local)"`
	Price        int64  `parquet:"price,gzip,decimal(2:10)"`
}

// shippingEvent is a line of shipping_events: an order line on each day on which its pick-up was due, it was
// picked up or delivered, as known at the end of that day: what happened later is null.
type shippingEvent struct {
	OrderLineID string `parquet:"order_line_id,snappy"`
	OrderID     string `parquet:"order_id,snappy,dict"`
	SellerID    string `parquet:"seller_id,snappy,dict"`
	ProductID   string `parquet:"product_id,snappy,dict"`
	PurchasedAt int64  `parquet:"order_purchase_timestamp,snappy,timestamp(microsecond:local)"`
	LimitAt     int64  `parquet:"shipping_limit_date,snappy,timestamp(microsecond:local)"`
	CarrierAt   *int64 `parquet:"delivered_carrier_date,optional,snappy,timestamp(microsecond:local)"`
	DeliveredAt *int64 `parquet:"delivered_customer_date,optional,snappy,timestamp(microsecond:local)"`
	PromisedAt  int64  `parquet:"estimated_delivery_date,snappy,timestamp(microsecond:local)"`
	Price       int64  `parquet:"price,snappy,decimal(2:10)"`
}

// product is a line of products. The data set does not say who sells a product; the dump names the seller of
// its first line.
type product struct {
	ID           string  `parquet:"product_id,snappy"`
	SellerID     string  `parquet:"main_seller_id,snappy,dict"`
	Category     *string `parquet:"product_category_name,optional,snappy,dict"`
	Title        string  `parquet:"title,snappy,dict"`
	RegisteredAt int64   `parquet:"registered_at,snappy,timestamp(microsecond:local)"`
}

// seller is a line of sellers.
type seller struct {
	ID       string `parquet:"seller_id,snappy"`
	Name     string `parquet:"display_name,snappy,dict"`
	State    string `parquet:"seller_state,snappy,dict"`
	JoinedOn int32  `parquet:"onboarded_on,snappy,date"`
}

// rowsPerPart makes busy days arrive in several files.
const rowsPerPart = 500

// opened is when the snapshots say that every product was listed and every seller joined; the data set does not tell.
var opened = recount.Date("2016-09-01").Midnight()

// Dump writes the dumps of the days first … last of all tables under dir.
func (s *Source) Dump(dir string, first, last recount.Date) error {
	days := recount.Days(first, last)
	return errors.Join(
		s.DumpOrders(dir, first, last),
		dumpFacts(dumps.NewTable[orderReview](dir, OrderReviews, ".gz.parquet", rowsPerPart), days, s.orderReviews()),
		dumpFacts(dumps.NewTable[shippingEvent](dir, ShippingEvents, ".snappy.parquet", rowsPerPart), days, s.shippingEvents()),
		dumps.NewTable[product](dir, ProductsTable, ".snappy.parquet", len(s.Products)).Snapshot(days, s.products()),
		dumps.NewTable[seller](dir, SellersTable, ".snappy.parquet", len(s.Sellers)).Snapshot(days, s.sellers()),
	)
}

// DumpOrders writes the dumps of the days first … last of order_items alone.
func (s *Source) DumpOrders(dir string, first, last recount.Date) error {
	return dumpFacts(orderTable(dir), recount.Days(first, last), s.orderItems())
}

func orderTable(dir string) *dumps.Table[orderItem] {
	return dumps.NewTable[orderItem](dir, OrderItems, ".snappy.parquet", rowsPerPart)
}

func dumpFacts[T any](table *dumps.Table[T], days []recount.Date, rows map[recount.Date][]T) error {
	for _, day := range days {
		if err := table.Write(day, rows[day]); err != nil {
			return err
		}
	}
	return nil
}

// DumpWrongOrders writes order_items of one day as a warehouse might before it is corrected: every second line
// is missing and the others cost a cent more. DumpOrders of that day corrects it.
func (s *Source) DumpWrongOrders(dir string, day recount.Date) error {
	var wrong []orderItem
	for i, row := range s.orderItems()[day] {
		if i%2 == 0 {
			row.Price++
			wrong = append(wrong, row)
		}
	}
	return orderTable(dir).Write(day, wrong)
}

func (s *Source) orderItems() map[recount.Date][]orderItem {
	rows := map[recount.Date][]orderItem{}
	for _, l := range s.Lines {
		rows[l.Day()] = append(rows[l.Day()], orderItem{
			OrderLineID: l.ID(), OrderID: l.OrderID, BuyerID: l.BuyerID, SellerID: l.SellerID, ProductID: l.ProductID,
			Status: l.Status, PurchasedAt: l.PurchasedAt.UnixMicro(), Price: l.PriceCents, Freight: bigEndian(l.FreightCents), ETLSource: "erp",
		})
	}
	return rows
}

// bigEndian is the unscaled value of a DECIMAL in a fixed-length byte array.
func bigEndian(n int64) (b [5]byte) {
	for i := range b {
		b[len(b)-1-i] = byte(n >> (8 * i))
	}
	return b
}

// orderReviews spreads each review over the lines of its order. Reviews without a date (64) and of orders
// without items (759) have no day or no line and are left out.
func (s *Source) orderReviews() map[recount.Date][]orderReview {
	lines := s.linesByOrder()
	first := s.firstReviews(lines)
	rows := map[recount.Date][]orderReview{}
	for i, r := range s.Reviews {
		if r.CreatedAt.IsZero() {
			continue
		}
		day := recount.At(r.CreatedAt)
		for _, l := range lines[r.OrderID] {
			rows[day] = append(rows[day], orderReview{
				ReviewLineID: r.ID + "-" + l.ID(), OrderLineID: l.ID(), OrderID: l.OrderID, SellerID: l.SellerID, ProductID: l.ProductID,
				Score: int32(r.Score), IsFirst: first[reviewedLine{i, l.Item}],
				PurchasedAt: l.PurchasedAt.UnixMilli(), CreatedAt: r.CreatedAt.UnixMilli(), Price: l.PriceCents,
			})
		}
	}
	return rows
}

func (s *Source) linesByOrder() map[string][]Line {
	lines := map[string][]Line{}
	for _, l := range s.Lines {
		lines[l.OrderID] = append(lines[l.OrderID], l)
	}
	return lines
}

// reviewedLine is a review, by its position, and an item of its order.
type reviewedLine struct {
	review int
	item   string
}

// firstReviews marks the first review of each order at each seller: the earliest by date, then by id, and of its
// lines the seller's first.
func (s *Source) firstReviews(lines map[string][]Line) map[reviewedLine]bool {
	earliest := map[string]int{} // order → review
	for i, r := range s.Reviews {
		if r.CreatedAt.IsZero() {
			continue
		}
		if j, ok := earliest[r.OrderID]; !ok || before(r, s.Reviews[j]) {
			earliest[r.OrderID] = i
		}
	}
	first := map[reviewedLine]bool{}
	for order, i := range earliest {
		seen := map[string]bool{}
		for _, l := range lines[order] {
			if !seen[l.SellerID] {
				seen[l.SellerID] = true
				first[reviewedLine{i, l.Item}] = true
			}
		}
	}
	return first
}

func before(a, b Review) bool {
	if !a.CreatedAt.Equal(b.CreatedAt) {
		return a.CreatedAt.Before(b.CreatedAt)
	}
	return a.ID < b.ID
}

func (s *Source) shippingEvents() map[recount.Date][]shippingEvent {
	rows := map[recount.Date][]shippingEvent{}
	for _, l := range s.Lines {
		for _, day := range eventDays(l.ShippingLimitAt, l.CarrierAt, l.DeliveredAt) {
			rows[day] = append(rows[day], shippingEvent{
				OrderLineID: l.ID(), OrderID: l.OrderID, SellerID: l.SellerID, ProductID: l.ProductID,
				PurchasedAt: l.PurchasedAt.UnixMicro(), LimitAt: l.ShippingLimitAt.UnixMicro(), PromisedAt: l.PromisedAt.UnixMicro(),
				CarrierAt: knownBy(day, l.CarrierAt), DeliveredAt: knownBy(day, l.DeliveredAt), Price: l.PriceCents,
			})
		}
	}
	return rows
}

// eventDays lists the distinct days of the moments that are there.
func eventDays(moments ...time.Time) (days []recount.Date) {
	seen := map[recount.Date]bool{}
	for _, t := range moments {
		if day := recount.At(t); !t.IsZero() && !seen[day] {
			seen[day] = true
			days = append(days, day)
		}
	}
	return days
}

// knownBy is a moment as microseconds, or nil if it had not come by the end of the day.
func knownBy(day recount.Date, t time.Time) *int64 {
	if t.IsZero() || recount.At(t) > day {
		return nil
	}
	us := t.UnixMicro()
	return &us
}

func (s *Source) products() []product {
	sellers := map[string]string{}
	for _, l := range s.Lines {
		if _, ok := sellers[l.ProductID]; !ok {
			sellers[l.ProductID] = l.SellerID
		}
	}
	rows := make([]product, len(s.Products))
	for i, p := range s.Products {
		rows[i] = product{ID: p.ID, SellerID: sellers[p.ID], Title: "produto " + p.Category, RegisteredAt: opened.UnixMicro()}
		if p.Category != "" {
			rows[i].Category = &p.Category
		}
	}
	return rows
}

func (s *Source) sellers() []seller {
	rows := make([]seller, len(s.Sellers))
	for i, v := range s.Sellers {
		rows[i] = seller{ID: v.ID, Name: v.City, State: v.State, JoinedOn: int32(opened.Unix() / (24 * 60 * 60))}
	}
	return rows
}
