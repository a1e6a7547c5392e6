package scoretwin

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/windvane/windvane/internal/testkit/published"
	"github.com/windvane/windvane/internal/testkit/recount"
)

// none is a subject, moment or number that is not there.
const none = recount.Missing

// line is what a row knows of the order line that it is about.
type line struct {
	order, buyer, merchant, product, promoter int64

	paid     int64 // day of payment; none: not paid
	kind     string
	abnormal bool  // has a risk reason
	quantity int64 // units
	fen      int64 // paid by buyer and platform, for the goods
	freight  int64
}

// maxUnits is the default limit of units of a line.
const maxUnits = 20

// gmvValid: paid, no test, nothing abnormal.
func (l *line) gmvValid() bool {
	return l.paid != none && l.kind != "test" && !l.abnormal && l.quantity <= maxUnits
}

// valid: what scores count.
func (l *line) valid() bool {
	return l.gmvValid() && l.kind != "gift" && l.kind != "lucky_bag" && l.kind != "sample" && l.fen > 200
}

// Moments are microseconds since 1970, none if they have not come by the as-of date.
type (
	orderRow struct {
		line
		id int64
	}
	refundRow struct {
		line
		orderLine                                int64
		applied, intervened, decided, ok, closed int64
		full, first, byMerchant, withReturn      bool
		ending                                   bool // it is known who completed it
		reason, liable                           string
	}
	shipmentRow struct {
		line
		due, picked, signed int64
		median              float64 // hours; none: not known
		unshipped           bool
	}
	reviewRow struct {
		line
		day, rating     int64
		first, notGoods bool // notGoods: the text names no quality problem
	}
	complaintRow struct {
		merchant, product, promoter, day int64
		kind                             string
		upheld                           bool
	}
	chatRow struct {
		merchant, day, reply, rating int64
		inService                    bool
	}
	contentRow struct{ author, day, viewers, reports, good, bad int64 }
	trafficRow struct{ product, promoter, day, impressions, clicks int64 }
	productRow struct {
		id, merchant, style, units int64
		info                       float64
	}
)

// Dumps are the rows of a market as known at the end of one day.
type Dumps struct {
	asOf       int64
	orders     []orderRow
	refunds    []refundRow
	shipments  []shipmentRow
	reviews    []reviewRow
	complaints []complaintRow
	chats      []chatRow
	contents   []contentRow
	traffic    []trafficRow
	products   map[int64]productRow
	days       map[string]map[int64]bool // of each table
	owned      map[int64]bool            // accounts of shops, of those in the snapshot
	talents    []int64
	shops      []int64
}

// microsPerDay and zone make days of moments: the business zone is eight hours ahead of UTC.
const (
	microsPerDay = 86_400_000_000
	zone         = 8 * 3_600_000_000
)

func dayOf(micros int64) int64 {
	if micros == none {
		return none
	}
	return (micros + zone) / microsPerDay
}

func dayNumber(d recount.Date) int64 { return int64(recount.Date("1970-01-01").Until(d)) }

// reader reads the dumps of one table, oldest day first.
type reader struct {
	root string
	asOf recount.Date
	days map[string]map[int64]bool
	err  error
}

// each calls row for every row of the table's partitions up to the as-of date.
func (r *reader) each(table string, columns string, row func(rows *published.Rows, i int, day int64)) {
	files, err := filepath.Glob(filepath.Join(r.root, "dumps", table, "dt=*", "*.parquet"))
	if err != nil && r.err == nil {
		r.err = err
	}
	for _, f := range files { // Glob sorts
		day := recount.Date(strings.TrimPrefix(filepath.Base(filepath.Dir(f)), "dt="))
		if day > r.asOf || r.err != nil {
			continue
		}
		rows, err := published.Read(f, nil, strings.Fields(columns)...)
		if err != nil {
			r.err = fmt.Errorf("read %s of %s: %w", table, day, err)
			return
		}
		if r.days[table] == nil {
			r.days[table] = map[int64]bool{}
		}
		r.days[table][dayNumber(day)] = true
		for i := range rows.N {
			row(rows, i, dayNumber(day))
		}
	}
}

const copied = " order_id merchant_id product_id promoter_id paid_at order_kind risk_reason quantity buyer_paid_fen platform_subsidy_fen"

func lineOf(r *published.Rows, i int) line {
	return line{
		order: r.Int(i, "order_id"), merchant: r.Int(i, "merchant_id"), product: r.Int(i, "product_id"), promoter: r.Int(i, "promoter_id"),
		paid: dayOf(r.Int(i, "paid_at")), kind: r.Text(i, "order_kind"), abnormal: r.Text(i, "risk_reason") != "", quantity: r.Int(i, "quantity"),
		fen: r.Int(i, "buyer_paid_fen") + r.Int(i, "platform_subsidy_fen"),
	}
}

// Load reads the dumps below root as they are known at the end of asOf. Identifiers must be INT64, as the demo writes
// them. It fails if a file cannot be read.
func Load(root string, asOf recount.Date) (*Dumps, error) {
	days := map[string]map[int64]bool{}
	r, d := &reader{root: root, asOf: asOf, days: days}, &Dumps{asOf: dayNumber(asOf), products: map[int64]productRow{}, days: days, owned: map[int64]bool{}}
	d.loadOrders(r)
	d.loadRefunds(r)
	d.loadShipments(r)
	d.loadReviews(r)
	d.loadService(r)
	d.loadTraffic(r)
	d.loadSubjects(r)
	return d, r.err
}

// newest keeps the last row of every key, in the order in which keys came first.
func newest[Row any](rows []Row, keys []int64) []Row {
	at, out := map[int64]int{}, []Row{}
	for i, key := range keys {
		if j, seen := at[key]; seen {
			out[j] = rows[i]
			continue
		}
		at[key] = len(out)
		out = append(out, rows[i])
	}
	return out
}

func (d *Dumps) loadOrders(r *reader) {
	var rows []orderRow
	var keys []int64
	r.each("orders", "order_line_id buyer_id freight_fen"+copied, func(r *published.Rows, i int, _ int64) {
		l := lineOf(r, i)
		l.buyer, l.freight = r.Int(i, "buyer_id"), r.Int(i, "freight_fen")
		rows, keys = append(rows, orderRow{l, r.Int(i, "order_line_id")}), append(keys, r.Int(i, "order_line_id"))
	})
	d.orders = newest(rows, keys)
}

func (d *Dumps) loadRefunds(r *reader) {
	var rows []refundRow
	var keys []int64
	r.each("refunds", "refund_id order_line_id applied_at intervened_at liable_at succeeded_at closed_at is_full kind reason is_first self_completed liable"+copied,
		func(r *published.Rows, i int, _ int64) {
			rows, keys = append(rows, refundRow{
				line: lineOf(r, i), orderLine: r.Int(i, "order_line_id"), applied: r.Int(i, "applied_at"), intervened: r.Int(i, "intervened_at"),
				decided: r.Int(i, "liable_at"), ok: r.Int(i, "succeeded_at"), closed: r.Int(i, "closed_at"), full: r.Bool(i, "is_full"), first: r.Bool(i, "is_first"),
				byMerchant: r.Bool(i, "self_completed"), ending: !r.Null(i, "self_completed"), withReturn: r.Text(i, "kind") == "return_refund",
				reason: r.Text(i, "reason"), liable: r.Text(i, "liable"),
			}), append(keys, r.Int(i, "refund_id"))
		})
	d.refunds = newest(rows, keys)
}

func (d *Dumps) loadShipments(r *reader) {
	var rows []shipmentRow
	var keys []int64
	r.each("shipments", "order_line_id pickup_due_at picked_up_at signed_at route_median_hours no_shipping"+copied, func(r *published.Rows, i int, _ int64) {
		rows, keys = append(rows, shipmentRow{
			line: lineOf(r, i), due: r.Int(i, "pickup_due_at"), picked: r.Int(i, "picked_up_at"), signed: r.Int(i, "signed_at"),
			median: r.Real(i, "route_median_hours"), unshipped: r.Bool(i, "no_shipping"),
		}), append(keys, r.Int(i, "order_line_id"))
	})
	d.shipments = newest(rows, keys)
}

func (d *Dumps) loadReviews(r *reader) {
	r.each("reviews", "rating is_first is_quality_issue reviewed_at"+copied, func(r *published.Rows, i int, _ int64) {
		d.reviews = append(d.reviews, reviewRow{
			line: lineOf(r, i), day: dayOf(r.Int(i, "reviewed_at")), rating: r.Int(i, "rating"), first: r.Bool(i, "is_first"),
			notGoods: !r.Null(i, "is_quality_issue") && !r.Bool(i, "is_quality_issue"),
		})
	})
}

func (d *Dumps) loadService(r *reader) {
	r.each("complaints", "merchant_id product_id promoter_id kind upheld decided_at", func(r *published.Rows, i int, _ int64) {
		d.complaints = append(d.complaints, complaintRow{
			merchant: r.Int(i, "merchant_id"), product: r.Int(i, "product_id"), promoter: r.Int(i, "promoter_id"), day: dayOf(r.Int(i, "decided_at")),
			kind: r.Text(i, "kind"), upheld: r.Bool(i, "upheld"),
		})
	})
	r.each("chats", "merchant_id started_at first_human_reply_seconds in_service_hours rating", func(r *published.Rows, i int, _ int64) {
		d.chats = append(d.chats, chatRow{
			merchant: r.Int(i, "merchant_id"), day: dayOf(r.Int(i, "started_at")), reply: r.Int(i, "first_human_reply_seconds"), rating: r.Int(i, "rating"),
			inService: r.Bool(i, "in_service_hours"),
		})
	})
}

func (d *Dumps) loadTraffic(r *reader) {
	r.each("contents", "author_id viewers upheld_reports good_ratings bad_ratings", func(r *published.Rows, i int, day int64) {
		d.contents = append(d.contents, contentRow{r.Int(i, "author_id"), day, r.Int(i, "viewers"), r.Int(i, "upheld_reports"), r.Int(i, "good_ratings"), r.Int(i, "bad_ratings")})
	})
	r.each("product_traffic", "product_id promoter_id impressions clicks", func(r *published.Rows, i int, day int64) {
		d.traffic = append(d.traffic, trafficRow{r.Int(i, "product_id"), r.Int(i, "promoter_id"), day, r.Int(i, "impressions"), r.Int(i, "clicks")})
	})
}

// loadSubjects reads the snapshots of the as-of date.
func (d *Dumps) loadSubjects(r *reader) {
	r.each("products", "product_id merchant_id style_id units_per_item info_score", func(r *published.Rows, i int, day int64) {
		if day == d.asOf {
			d.products[r.Int(i, "product_id")] = productRow{r.Int(i, "product_id"), r.Int(i, "merchant_id"), r.Int(i, "style_id"), r.Int(i, "units_per_item"), r.Real(i, "info_score")}
		}
	})
	r.each("talents", "talent_id owner_merchant_id", func(r *published.Rows, i int, day int64) {
		if day == d.asOf {
			d.talents = append(d.talents, r.Int(i, "talent_id"))
			d.owned[r.Int(i, "talent_id")] = r.Int(i, "owner_merchant_id") != none
		}
	})
	r.each("merchants", "merchant_id", func(r *published.Rows, i int, day int64) {
		if day == d.asOf {
			d.shops = append(d.shops, r.Int(i, "merchant_id"))
		}
	})
}
