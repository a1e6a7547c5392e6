package twin

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/windvane/windvane/transforms/contract"
	"pgregory.net/rapid"
)

// Market is one random marketplace and the rules it is judged by.
type Market struct {
	Partitions Partitions
	Options    Options // AsOf is the last day
	Days       []Day   // days with an orders partition, ascending
}

// MarketOptions narrow what Markets draws. The zero value draws the widest markets that a run with default
// tolerance must accept.
type MarketOptions struct {
	MaxDays       int  // days of the newest stretch, 3 to MaxDays; 0: 60
	MaxOrders     int  // parent orders; 0: 40
	TextIDs       bool // identifiers that are no numbers
	DefaultRules  bool // zone and rules stay at their defaults
	NoGaps        bool // orders partitions are one unbroken stretch
	Doubled       bool // some rows stand twice in their partition, equal
	OrphanRefunds bool // refunds may name a pay day without an orders partition
}

// Markets generates marketplaces.
func Markets(o MarketOptions) *rapid.Generator[Market] {
	if o.MaxDays == 0 {
		o.MaxDays = 60
	}
	if o.MaxOrders == 0 {
		o.MaxOrders = 40
	}
	return rapid.Custom(func(t *rapid.T) Market {
		m := &maker{T: t, bits: tenBits(), o: o}
		return m.market()
	})
}

// maker draws one market.
type maker struct {
	*rapid.T
	bits    *rapid.Generator[int]
	o       MarketOptions
	options Options
	days    []Day
	last    Day
	cast    cast
	parts   Partitions
	serial  int
}

// cast are the identifiers of a market. Products belong to merchants.
type cast struct {
	merchants, talents, products, buyers []string
	merchantOf                           map[string]string
	brandOf                              map[string]*string
}

// lived is a line with its fate, before it is cut into partitions.
type lived struct {
	Order
	paidDay Day
}

func (m *maker) market() Market {
	m.drawOptions()
	m.drawDays()
	m.drawCast()
	m.parts.Orders = map[Day][]Order{}
	for _, d := range m.days {
		m.parts.Orders[d] = []Order{}
	}
	m.drawProducts()
	m.drawTalents()
	paid := m.drawOrders()
	if m.chance("refunds table", 85) {
		m.drawRefunds(paid)
	}
	m.drawGaps()
	if m.o.Doubled {
		m.double()
	}
	return Market{Partitions: m.parts, Options: m.options, Days: m.days}
}

// drawOptions takes last days at and near the ends of months, quarters, years and February.
func (m *maker) drawOptions() {
	m.last = NewDay(2024, 2, 1) + Day(m.number("last day", 0, 400))
	if m.chance("odd last day", 60) {
		m.last = pick(m, "which", oddDays()...)
	}
	m.options = DefaultOptions(m.last)
	if m.o.DefaultRules {
		return
	}
	m.options.Zone = pick(m, "zone", m.options.Zone, time.UTC, zone("America/New_York"), zone("Asia/Kolkata"))
	m.options.MaxUnitsPerLine = pick(m, "max units", m.options.MaxUnitsPerLine, ptr(1), nil)
	m.options.HistoryCompleteFrom = pick(m, "complete from", nil, ptr(m.last-800), ptr(m.last-400), ptr(m.last-365-29))
}

func oddDays() []Day {
	return []Day{
		NewDay(2024, 2, 29), NewDay(2024, 3, 1), NewDay(2024, 3, 31), NewDay(2024, 12, 31), NewDay(2025, 1, 1),
		NewDay(2025, 2, 28), NewDay(2024, 4, 30), NewDay(2024, 5, 31), NewDay(2024, 11, 4),
	}
}

// zone is a zone of the time zone database, which the test machine must have.
func zone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(fmt.Sprintf("twin: load zone: %v", err))
	}
	return z
}

// drawDays takes a stretch up to the last day, and sometimes one about a year earlier.
func (m *maker) drawDays() {
	n := m.number("days", 3, m.o.MaxDays)
	for d := m.last - Day(n) + 1; d <= m.last; d++ {
		m.days = append(m.days, d)
	}
	if m.o.NoGaps || !m.chance("a year before", 40) {
		return
	}
	end := m.last.addMonths(-12) + Day(m.number("end a year before", -2, 2))
	for d := end - Day(m.number("days a year before", 0, 9)); d <= end; d++ {
		m.days = append(m.days, d)
	}
	slices.Sort(m.days)
}

func (m *maker) drawCast() {
	m.cast = cast{
		merchants: m.ids("店", 10, m.number("merchants", 1, 3)), talents: m.ids("达人", 20, m.number("talents", 1, 4)),
		products: m.ids("p", 30, m.number("products", 1, 6)), buyers: m.ids("b", 40, m.number("buyers", 1, 6)),
		merchantOf: map[string]string{}, brandOf: map[string]*string{},
	}
	for _, p := range m.cast.products {
		m.cast.merchantOf[p] = pick(m, "merchant of "+p, m.cast.merchants...)
		m.cast.brandOf[p] = pick(m, "brand of "+p, ptr(m.id("brand", 61)), ptr(m.id("brand", 61)), ptr(m.id("brand", 62)), nil)
	}
}

// id is an identifier: the number alone, or a text that sorts and hashes otherwise.
func (m *maker) id(prefix string, number int) string {
	if m.o.TextIDs {
		return prefix + "-" + strconv.Itoa(number)
	}
	return strconv.Itoa(number)
}

func (m *maker) ids(prefix string, from, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = m.id(prefix, from+i)
	}
	return out
}

// nextID is a fresh identifier. Orders, lines and refunds may share a number: they are different domains.
func (m *maker) nextID(prefix string) string {
	m.serial++
	return m.id(prefix, 1000+m.serial)
}

// snapshotDays are the days of a snapshot table: none, or a share of the days.
func (m *maker) snapshotDays(table string) []Day {
	share := pick(m, table+" share", 100, 100, 80, 30, 0)
	var days []Day
	for _, d := range m.days {
		if share == 100 || (share > 0 && m.chance(fmt.Sprintf("%s on %s", table, d), share)) {
			days = append(days, d)
		}
	}
	return days
}

func (m *maker) drawProducts() {
	days := m.snapshotDays("products")
	if len(days) == 0 {
		return
	}
	m.parts.Products = map[Day][]Product{}
	state := map[string]Product{}
	for i, d := range days {
		rows := []Product{}
		for _, id := range m.cast.products {
			if i == 0 || m.chance("product changes", 10) {
				state[id] = m.drawProduct(id)
			}
			if !m.chance("product unlisted", 8) {
				rows = append(rows, state[id])
			}
		}
		m.parts.Products[d] = rows
	}
}

func (m *maker) drawProduct(id string) Product {
	return Product{
		ProductID: id, MerchantID: m.cast.merchantOf[id], Name: "product " + id, BrandID: m.cast.brandOf[id],
		Category1ID:  pick(m, "category", ptr(m.id("类", 51)), ptr(m.id("类", 52)), nil),
		UnitsPerItem: 1, ListedAt: NewDay(2023, 1, 1).Date(), PurchasableHours: 24, InCart: m.chance("in cart", 50),
	}
}

func (m *maker) drawTalents() {
	days := m.snapshotDays("talents")
	if len(days) == 0 {
		return
	}
	m.parts.Talents = map[Day][]Talent{}
	state := map[string]Talent{}
	for i, d := range days {
		rows := []Talent{}
		for _, id := range m.cast.talents {
			if i == 0 || m.chance("talent changes", 5) {
				state[id] = m.drawTalent(id)
			}
			if !m.chance("talent unlisted", 5) {
				rows = append(rows, state[id])
			}
		}
		m.parts.Talents[d] = rows
	}
}

func (m *maker) drawTalent(id string) Talent {
	var owner *string
	if m.chance("owned", 50) {
		owner = ptr(pick(m, "owner", m.cast.merchants...))
	}
	return Talent{
		TalentID: id, Name: "talent " + id, OwnerMerchantID: owner,
		Followers: int64(pick(m, "followers", 0, 1, 7, 1000)), JoinedOn: NewDay(2023, 1, 1),
	}
}

// drawOrders fills the orders partitions and returns the paid lines.
func (m *maker) drawOrders() []lived {
	var paid []lived
	for range m.number("orders", 1, m.o.MaxOrders) {
		order := m.nextID("o")
		buyer := pick(m, "buyer", m.cast.buyers...)
		day := pick(m, "day", m.days...)
		for range pick(m, "lines", 1, 1, 2, 3, 4) {
			// Lines of one order may be paid on different days.
			if m.chance("another day", 5) {
				day = pick(m, "day of line", m.days...)
			}
			l := m.drawLine(order, buyer, day)
			m.place(l)
			if l.PaidAt != nil {
				paid = append(paid, l)
			}
		}
	}
	return paid
}

// drawLine draws a line that stands last on day: its pay day, or its created day if never paid.
func (m *maker) drawLine(order, buyer string, day Day) lived {
	product := pick(m, "product", m.cast.products...)
	l := lived{Order: Order{
		OrderLineID: m.nextID("l"), OrderID: order, BuyerID: buyer, ProductID: product,
		MerchantID: m.cast.merchantOf[product], PromoterID: m.account("promoter"), AuthorID: m.account("author"),
		Scene: pick(m, "scene", append([]string{"live", "live", "live"}, contract.Scenes...)...), Quantity: int64(pick(m, "quantity", 1, 1, 1, 2, 20, 21)),
		BuyerPaidFen:       pick[int64](m, "paid", 9_900, 12_345, 100, 200, 1, 0, 1_000_000_007),
		PlatformSubsidyFen: pick[int64](m, "subsidy", 0, 0, 1, 100, 501), FreightFen: pick[int64](m, "freight", 0, 800),
		OrderKind: pick(m, "kind", append([]string{"normal", "normal", "normal", "normal"}, contract.OrderKinds...)...),
	}, paidDay: day}
	if m.chance("risk", 10) {
		l.RiskReason = ptr(pick(m, "risk reason", "brushing", "bot", "max_units_per_line"))
	}
	l.CreatedAt = m.moment("created at", day)
	if m.chance("unpaid", 12) {
		return l
	}
	if m.chance("created earlier", 20) {
		l.CreatedAt = m.moment("created at", day-Day(m.number("days before", 1, 3)))
	}
	l.PaidAt = ptr(later(l.CreatedAt, m.moment("paid at", day)))
	return l
}

func (m *maker) account(label string) *string {
	if !m.chance(label, 70) {
		return nil
	}
	return ptr(pick(m, label, m.cast.talents...))
}

// place puts a line in its partitions: unpaid on its created day, if it was paid later, and where it stands last.
func (m *maker) place(l lived) {
	created := DayAt(l.CreatedAt, m.options.Zone)
	if _, ok := m.parts.Orders[created]; ok && created < l.paidDay {
		unpaid := l.Order
		unpaid.PaidAt = nil
		m.parts.Orders[created] = append(m.parts.Orders[created], unpaid)
	}
	m.parts.Orders[l.paidDay] = append(m.parts.Orders[l.paidDay], l.Order)
}

func (m *maker) drawRefunds(paid []lived) {
	m.parts.Refunds = map[Day][]Refund{}
	if m.chance("a refunds partition every day", 70) {
		for _, d := range m.days {
			m.parts.Refunds[d] = []Refund{}
		}
	}
	for _, l := range paid {
		if !m.chance("refunded", 35) {
			continue
		}
		for range pick(m, "refunds", 1, 1, 2, 3) {
			m.placeRefund(m.drawRefund(l))
		}
	}
}

// drawRefund draws a refund with all its events, also those after the last day.
func (m *maker) drawRefund(l lived) Refund {
	whole := l.BuyerPaidFen + l.PlatformSubsidyFen
	r := Refund{
		RefundID: m.nextID("r"), OrderLineID: l.OrderLineID, OrderID: l.OrderID, BuyerID: l.BuyerID,
		MerchantID: l.MerchantID, ProductID: l.ProductID, PromoterID: l.PromoterID, AuthorID: l.AuthorID,
		Scene: l.Scene, OrderKind: l.OrderKind, RiskReason: l.RiskReason, Quantity: l.Quantity,
		BuyerPaidFen: l.BuyerPaidFen, PlatformSubsidyFen: l.PlatformSubsidyFen, PaidAt: *l.PaidAt,
		// A full refund may carry an amount that is not the line's: is_full decides.
		AmountFen: pick(m, "amount", whole, whole/2, whole/3+1, 1, 0, whole+500), IsFull: m.chance("full", 40),
		Kind: pick(m, "refund kind", contract.RefundKinds...), Reason: pick(m, "reason", contract.RefundReasons...),
	}
	applied := l.paidDay + Day(pick(m, "applied after", 0, 0, 1, 2, 5, 12, 14, 15, 28, 30))
	r.AppliedAt = later(r.PaidAt, m.moment("applied at", applied))
	if m.chance("succeeds", 85) {
		succeeded := applied + Day(pick(m, "succeeded after", 0, 0, 1, 2, 3))
		r.SucceededAt = ptr(later(r.AppliedAt, m.moment("succeeded at", succeeded)))
	}
	if m.chance("closed", 40) {
		before := r.AppliedAt
		if r.SucceededAt != nil {
			before = *r.SucceededAt
		}
		closed := DayAt(before, m.options.Zone) + Day(m.number("closed after", 0, 3))
		r.ClosedAt = ptr(later(before, m.moment("closed at", closed)))
	}
	return r
}

// placeRefund dumps the refund on the day of each event, as known at the end of that day.
func (m *maker) placeRefund(r Refund) {
	days := []Day{DayAt(r.AppliedAt, m.options.Zone)}
	for _, at := range []*time.Time{r.SucceededAt, r.ClosedAt} {
		if at != nil {
			days = append(days, DayAt(*at, m.options.Zone))
		}
	}
	slices.Sort(days)
	for _, d := range slices.Compact(days) {
		if d > m.last {
			return
		}
		known := r
		known.SucceededAt, known.ClosedAt = m.known(r.SucceededAt, d), m.known(r.ClosedAt, d)
		m.parts.Refunds[d] = append(m.parts.Refunds[d], known)
	}
}

// known is a moment if it had come by the end of day d.
func (m *maker) known(at *time.Time, d Day) *time.Time {
	if at == nil || DayAt(*at, m.options.Zone) > d {
		return nil
	}
	return at
}

// drawGaps takes some orders partitions away, with the refunds of what was paid there.
func (m *maker) drawGaps() {
	if m.o.NoGaps || !m.chance("gaps", 30) {
		return
	}
	for _, d := range m.days {
		if d != m.last && m.chance("gap", 15) {
			delete(m.parts.Orders, d)
		}
	}
	m.days = slices.DeleteFunc(m.days, func(d Day) bool { _, ok := m.parts.Orders[d]; return !ok })
	if m.o.OrphanRefunds {
		return
	}
	for d := range m.parts.Refunds {
		m.parts.Refunds[d] = slices.DeleteFunc(m.parts.Refunds[d], func(r Refund) bool {
			_, ok := m.parts.Orders[DayAt(r.PaidAt, m.options.Zone)]
			return !ok
		})
	}
}

// double repeats the first row of some partitions. The days run in order so that a draw can be repeated.
func (m *maker) double() {
	for d := m.days[0]; d <= m.last; d++ {
		if rows := m.parts.Orders[d]; len(rows) > 0 && m.chance("doubled order", 20) {
			m.parts.Orders[d] = append(rows, rows[0])
		}
		if rows := m.parts.Refunds[d]; len(rows) > 0 && m.chance("doubled refund", 20) {
			m.parts.Refunds[d] = append(rows, rows[0])
		}
	}
}

// moment draws a moment of a business day, often next to its midnights or to UTC's.
func (m *maker) moment(label string, d Day) time.Time {
	seconds := pick(m, label, 0, 1, 7*3600+3599, 8*3600, 12*3600, 16*3600, 24*3600-1)
	y, month, day := d.Date().Date()
	return time.Date(y, month, day, 0, 0, seconds, pick(m, label+" µs", 0, 999_999)*1000, m.options.Zone)
}

func later(a, b time.Time) time.Time {
	if b.Before(a) {
		return a
	}
	return b
}

// tenBits draws 0 to 1023, each as often: rapid's own ranges prefer their ends, which would make every
// market an odd one. It shrinks to 0.
func tenBits() *rapid.Generator[int] {
	return rapid.Custom(func(t *rapid.T) int {
		n := 0
		for range 10 {
			n *= 2
			if rapid.Bool().Draw(t, "bit") {
				n++
			}
		}
		return n
	})
}

// number draws low to high, at most 1024 values; it shrinks to low.
func (m *maker) number(label string, low, high int) int {
	return low + m.bits.Draw(m.T, label)*(high-low+1)/1024
}

// chance is true in about percent of 100 draws; it shrinks to false.
func (m *maker) chance(label string, percent int) bool {
	return m.number(label, 0, 99) >= 100-percent
}

// pick draws one of the values; it shrinks to the first.
func pick[V any](m *maker, label string, values ...V) V {
	return values[m.number(label, 0, len(values)-1)]
}
