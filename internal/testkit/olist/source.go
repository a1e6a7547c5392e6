package olist

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/windvane/windvane/internal/testkit/recount"
)

// Source is the part of the data set that its dumps are made of.
type Source struct {
	Lines    []Line // in the order of the published file: by order and item
	Reviews  []Review
	Products []Product
	Sellers  []Seller
}

// Line is one item of an order, with its order. Moments are as the clock in Brazil showed them, labelled UTC;
// a zero moment is missing.
type Line struct {
	OrderID, Item, BuyerID, SellerID, ProductID string

	Category                            string // of the product; empty: none
	Status                              string // of the order, as it ended
	PurchasedAt, CarrierAt, DeliveredAt time.Time
	PromisedAt, ShippingLimitAt         time.Time
	PriceCents, FreightCents            int64
}

// ID is the line's own id.
func (l Line) ID() string { return l.OrderID + "-" + l.Item }

// Day is the day of the purchase.
func (l Line) Day() recount.Date { return recount.At(l.PurchasedAt) }

// Review is one review of one order. A review without dates has a zero CreatedAt.
type Review struct {
	ID, OrderID string
	Score       int64
	CreatedAt   time.Time
}

// Product is one product and its category, empty if it has none.
type Product struct{ ID, Category string }

// Seller is one seller and where.
type Seller struct{ ID, City, State string }

// Load reads the data set from its folder.
func Load(dir string) (*Source, error) {
	s := &Source{}
	orders, err := s.loadOrders(dir)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.loadProducts(dir), s.loadSellers(dir), s.loadReviews(dir)); err != nil {
		return nil, err
	}
	return s, s.loadLines(dir, orders)
}

// loadOrders gives the orders by id, as lines that lack what the items tell.
func (s *Source) loadOrders(dir string) (map[string]Line, error) {
	persons := map[string]string{}
	err := read(dir, "olist_customers_dataset", func(r record) { persons[r.text("customer_id")] = r.text("customer_unique_id") })
	if err != nil {
		return nil, err
	}
	orders := map[string]Line{}
	err = read(dir, "olist_orders_dataset", func(r record) {
		orders[r.text("order_id")] = Line{
			OrderID: r.text("order_id"), BuyerID: persons[r.text("customer_id")], Status: r.text("order_status"),
			PurchasedAt: r.moment("order_purchase_timestamp"), CarrierAt: r.moment("order_delivered_carrier_date"),
			DeliveredAt: r.moment("order_delivered_customer_date"), PromisedAt: r.moment("order_estimated_delivery_date"),
		}
	})
	return orders, err
}

func (s *Source) loadProducts(dir string) error {
	return read(dir, "olist_products_dataset", func(r record) {
		s.Products = append(s.Products, Product{r.text("product_id"), r.text("product_category_name")})
	})
}

func (s *Source) loadSellers(dir string) error {
	return read(dir, "olist_sellers_dataset", func(r record) {
		s.Sellers = append(s.Sellers, Seller{r.text("seller_id"), r.text("seller_city"), r.text("seller_state")})
	})
}

func (s *Source) loadReviews(dir string) error {
	return read(dir, "olist_order_reviews_dataset", func(r record) {
		s.Reviews = append(s.Reviews, Review{
			ID: r.text("review_id"), OrderID: r.text("order_id"), Score: r.whole("review_score"), CreatedAt: r.moment("review_creation_date"),
		})
	})
}

func (s *Source) loadLines(dir string, orders map[string]Line) error {
	categories := map[string]string{}
	for _, p := range s.Products {
		categories[p.ID] = p.Category
	}
	return read(dir, "olist_order_items_dataset", func(r record) {
		l := orders[r.text("order_id")]
		l.Item, l.SellerID, l.ProductID = r.text("order_item_id"), r.text("seller_id"), r.text("product_id")
		l.Category = categories[l.ProductID]
		l.ShippingLimitAt = r.moment("shipping_limit_date")
		l.PriceCents, l.FreightCents = r.cents("price"), r.cents("freight_value")
		s.Lines = append(s.Lines, l)
	})
}

// record is one row of a CSV file. The first value that cannot be read is kept in err.
type record struct {
	columns map[string]int
	values  []string
	err     *error
}

// read calls each for every row of a gzipped CSV file with a header.
func read(dir, name string, each func(record)) (err error) {
	path := filepath.Join(dir, name+".csv.gz")
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	if err := readRows(csv.NewReader(plain), each); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

func readRows(rows *csv.Reader, each func(record)) error {
	header, err := rows.Read()
	if err != nil {
		return err
	}
	rows.ReuseRecord = true
	bad := error(nil)
	r := record{columns: map[string]int{}, err: &bad}
	for i, name := range header {
		r.columns[name] = i
	}
	for bad == nil {
		if r.values, err = rows.Read(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		each(r)
	}
	line, _ := rows.FieldPos(0)
	return fmt.Errorf("line %d: %w", line, bad)
}

func (r record) text(column string) string { return r.values[r.columns[column]] }

// fail keeps the row's first error.
func (r record) fail(column string, err error) {
	if err != nil && *r.err == nil {
		*r.err = fmt.Errorf("column %s: %w", column, err)
	}
}

func (r record) whole(column string) int64 {
	n, err := strconv.ParseInt(r.text(column), 10, 64)
	r.fail(column, err)
	return n
}

// moment reads a moment; an empty one is the zero time.
func (r record) moment(column string) time.Time {
	if r.text(column) == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateTime, r.text(column))
	r.fail(column, err)
	return t
}

func (r record) cents(column string) int64 {
	n, err := recount.Cents(r.text(column))
	r.fail(column, err)
	return n
}
