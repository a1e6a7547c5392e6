package repeat

import (
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Context is what the tables need to know beyond the figures.
type Context struct {
	AsOf       calendar.Day
	IDs        *column.IDs
	Present    calendar.Presence // days with orders
	WithBuyers calendar.Presence // of these, those whose buyers are known
	WithKept   calendar.Presence // of these, those of which it is known who kept what they bought
	// BuyersKnown tells whether no day from one on has lost its buyers, KeptKnown whether it has lost those of its refunds neither; nil: none has.
	BuyersKnown  func(first calendar.Day) bool
	KeptKnown    func(first calendar.Day) bool
	HistoryStart calendar.Day // purchases and who made them are known from this day on
	Products     bool         // brands are known
	// CategoriesFrom is the day from which category and brand of what was bought are known. Orders of earlier days lie under no category.
	CategoriesFrom calendar.Day
	// ChannelsKnown tells whether the channels of all sales of these days, both included, are known.
	ChannelsKnown func(first, last calendar.Day) bool
	// RefundsKnown tells whether all refunds of the lines paid on these days, both included, can be known.
	RefundsKnown func(first, last calendar.Day) bool
	// Followers of a subject; ok is false where there are none to tell.
	Followers func(scope contract.Scope, subject int64) (n int64, ok bool)
}

// NewBuyersKnown tells whether new buyers of a scope in a window that begins on first can be told.
func (c Context) NewBuyersKnown(scope contract.Scope, first calendar.Day) bool {
	start := c.HistoryStart
	if scope.Role == contract.RoleCategory {
		start = max(start, c.CategoriesFrom)
	}
	return start <= first-NewBuyerDays
}

// brandsKnown tells whether brands of all that was bought from first on are known.
func (c Context) brandsKnown(first calendar.Day) bool {
	return c.Products && c.Present.Count(first, c.CategoriesFrom-1) == 0
}

// bySubject gives what is made of days present: of a category of those on which what was bought is known to be of it or not.
func bySubject[T any](c Context, days calendar.Presence, of func(calendar.Presence) T) func(contract.Scope, int64) T {
	all, known := of(days), of(days.From(c.CategoriesFrom))
	return func(s contract.Scope, subject int64) T {
		if s.Role == contract.RoleCategory && subject != column.Null {
			return known
		}
		return all
	}
}

// windows count days present.
func (c Context) windows(days calendar.Presence) map[int64]int64 {
	return days.Windows(c.AsOf, contract.Windows)
}

// buyersKnown tells whether no day from first on has lost its buyers.
func (c Context) buyersKnown(first calendar.Day) bool {
	return c.BuyersKnown == nil || c.BuyersKnown(first)
}

// keptKnown tells whether no day from first on has lost them, or those of its refunds.
func (c Context) keptKnown(first calendar.Day) bool {
	return c.KeptKnown == nil || c.KeptKnown(first)
}

func (c Context) first(window int64) calendar.Day { return c.AsOf - calendar.Day(window) + 1 }

func inRoleOrder(figures []*Figures) []*Figures {
	return contract.InRoleOrder(figures, func(f *Figures) contract.Scope { return f.Scope })
}

// head writes the columns every table begins with.
type head struct {
	asOf, role, subject *column.Cell
	last                struct { // a subject's rows come together: its text is made once
		role    int
		subject int64
		entry   uint32
		ok      bool
	}
	text []byte
}

func newHead(b *column.Builder) *head {
	return &head{asOf: b.Column("as_of_date"), role: b.Column("role"), subject: b.Column("subject_id")}
}

func (h *head) write(c Context, scope contract.Scope, subject int64) {
	h.asOf.Int(int64(c.AsOf))
	h.role.Int(int64(scope.Role))
	if l := &h.last; !l.ok || l.role != scope.Role || l.subject != subject {
		h.text = c.IDs.AppendSubject(h.text[:0], scope, subject)
		l.role, l.subject, l.entry, l.ok = scope.Role, subject, h.subject.Entry(h.text), true
	}
	h.subject.RepeatEntry(h.last.entry, 1)
}

// recordRows is the size of records.
const recordRows = 1 << 16

// build builds a table subject by subject, in the order of the tables. open resolves the columns of a builder; what it
// returns appends the rows of a subject, whose figures are its own until it returns.
func build(t *contract.Table, c Context, figures []*Figures, open func(b *column.Builder) (rows func(f *Figures, subject int64, s *subjectRow))) column.Records {
	return column.Stream(t, c.IDs, recordRows, func(b *column.Builder, more func() bool) {
		rows := open(b)
		var s subjectRow
		for _, f := range inRoleOrder(figures) {
			for _, i := range f.order {
				s.unpack(f.store.At(f.spans[i]))
				if rows(f, f.subjects[i], &s); !more() {
					return
				}
			}
		}
	})
}

// PurchaseTable is repeat_purchase.
func PurchaseTable(c Context, figures []*Figures) column.Records {
	days, applied := bySubject(c, c.WithKept, c.windows), map[int64]bool{}
	for _, window := range contract.RepeatWindows {
		applied[int64(window)] = c.RefundsKnown(c.first(int64(window)), c.AsOf)
	}
	return build(contract.Repeat, c, figures, func(b *column.Builder) func(*Figures, int64, *subjectRow) {
		h := newHead(b)
		window, present := b.Column("window_days"), b.Column("days_present")
		buyers, repeat, r1 := b.Column("buyers"), b.Column("repeat_buyers"), b.Column("r1_ratio")
		gaps, mean, refunds := b.Column("day_gaps"), b.Column("mean_gap_days"), b.Column("refunds_applied")
		return func(f *Figures, subject int64, s *subjectRow) {
			for i := range s.windows {
				m, length := &s.windows[i], s.windowLength(i)
				if m[mKept] == 0 || !slices.Contains(contract.RepeatWindows, int(length)) {
					continue
				}
				h.write(c, f.Scope, subject)
				window.Int(length)
				present.Int(days(f.Scope, subject)[length])
				buyers.Int(m[mKept])
				repeat.Int(m[mRepeat])
				r1.Ratio(m[mRepeat], m[mKept])
				gaps.Int(m[mGaps])
				mean.Ratio(m[mGapDays], m[mGaps])
				refunds.Flag(applied[length])
			}
		}
	})
}

// MonthlyTable is monthly_buyers.
func MonthlyTable(c Context, figures []*Figures) column.Records {
	return build(contract.MonthlyBuyers, c, figures, func(b *column.Builder) func(*Figures, int64, *subjectRow) {
		h, days, kept := newHead(b), bySubject(c, c.WithBuyers, c.daysOfMonths), c.keptMonths()
		month, closed, present, buyers := b.Column("month"), b.Column("closed"), b.Column("days_present"), b.Column("buyers")
		r2Buyers, retained, r2 := b.Column("r2_buyers"), b.Column("retained_buyers"), b.Column("r2_ratio")
		return func(f *Figures, subject int64, s *subjectRow) {
			for _, row := range s.months {
				h.write(c, f.Scope, subject)
				month.Int(int64(row.month))
				closed.Flag(row.month.MonthEnd() <= c.AsOf)
				present.Int(days(f.Scope, subject)(row.month))
				buyers.Int(row.buyers)
				remained, again := row.r2Buyers, row.retained
				if !kept(row.month) {
					remained, again = column.Null, column.Null
				}
				if row.month.AddMonths(1).MonthEnd() > c.AsOf {
					again = column.Null
				}
				r2Buyers.Int(remained)
				retained.Int(again)
				r2.Ratio(again, remained)
			}
		}
	})
}

// daysOfMonths counts the days of a month whose orders and buyers are known, each month once.
func (c Context) daysOfMonths(withBuyers calendar.Presence) func(month calendar.Day) int64 {
	counted := map[calendar.Day]int64{}
	return func(month calendar.Day) int64 {
		if _, ok := counted[month]; !ok {
			counted[month] = withBuyers.Count(month, min(month.MonthEnd(), c.AsOf))
		}
		return counted[month]
	}
}

// keptMonths tells whether it is known of all days that daysOfMonths counts what full refunds left.
func (c Context) keptMonths() func(month calendar.Day) bool {
	last := calendar.Day(0) // of the others
	for d, here := range c.WithBuyers {
		if here && !c.WithKept[d] {
			last = max(last, d)
		}
	}
	return func(month calendar.Day) bool { return month > last }
}

// CohortTable is cohorts.
func CohortTable(c Context, figures []*Figures) column.Records {
	return build(contract.Cohorts, c, figures, func(b *column.Builder) func(*Figures, int64, *subjectRow) {
		h := newHead(b)
		month, offset, buyers, active := b.Column("cohort_month"), b.Column("month_offset"), b.Column("buyers"), b.Column("active_buyers")
		r3 := []*column.Cell{b.Column("r3_30_buyers"), b.Column("r3_60_buyers"), b.Column("r3_90_buyers")}
		complete := b.Column("history_complete")
		return func(f *Figures, subject int64, s *subjectRow) {
			var size int64
			for _, row := range s.cohorts {
				if row.offset == 0 {
					size = row.buyers // it comes first
				}
				h.write(c, f.Scope, subject)
				month.Int(int64(row.month))
				offset.Int(row.offset)
				buyers.Int(size)
				active.Int(row.active)
				for j, k := range R3Days {
					if row.offset == 0 && row.month.MonthEnd()+k <= c.AsOf {
						r3[j].Int(row.r3[j])
					} else {
						r3[j].Null()
					}
				}
				complete.Flag(c.NewBuyersKnown(f.Scope, row.month) && c.keptKnown(row.month-NewBuyerDays))
			}
		}
	})
}

// TrustTable is trust.
func TrustTable(c Context, figures []*Figures) column.Records {
	days, brands, channels := bySubject(c, c.Present, c.windows), map[int64]bool{}, map[int64]bool{}
	for _, window := range contract.TrustWindows {
		first := c.first(int64(window))
		brands[int64(window)], channels[int64(window)] = c.brandsKnown(first), c.ChannelsKnown(first-ConversionDays, c.AsOf)
	}
	return build(contract.Trust, c, figures, func(b *column.Builder) func(*Figures, int64, *subjectRow) {
		t := newTrustColumns(b)
		t.brands, t.channels = brands, channels
		return func(f *Figures, subject int64, s *subjectRow) {
			if f.Scope.Role == contract.RoleProduct {
				return
			}
			for i := range s.windows {
				if length := s.windowLength(i); slices.Contains(contract.TrustWindows, int(length)) {
					t.present.Int(days(f.Scope, subject)[length])
					t.write(c, f.Scope, subject, length, &s.windows[i])
				}
			}
		}
	})
}

type trustColumns struct {
	*head
	brands, channels                             map[int64]bool // brands of all that was bought in a window, and channels by which its buyers were won, are known
	window, present, orders, newOrders, newRatio *column.Cell
	paid, returning, returningRatio              *column.Cell
	buyers, perBuyer, followers, perFollower     *column.Cell
	distribution, converted, conversion          *column.Cell
	setOrders, setBuyers, setFen, setAOV         *column.Cell
}

func newTrustColumns(b *column.Builder) trustColumns {
	return trustColumns{
		head: newHead(b), window: b.Column("window_days"), present: b.Column("days_present"),
		orders: b.Column("orders"), newOrders: b.Column("new_buyer_orders"), newRatio: b.Column("new_buyer_order_ratio"),
		paid: b.Column("gmv_paid_fen"), returning: b.Column("returning_gmv_fen"), returningRatio: b.Column("returning_gmv_ratio"),
		buyers: b.Column("buyers"), perBuyer: b.Column("gmv_per_buyer_fen"),
		followers: b.Column("followers"), perFollower: b.Column("gmv_per_follower_fen"),
		distribution: b.Column("distribution_buyers"), converted: b.Column("converted_buyers"), conversion: b.Column("conversion_ratio"),
		setOrders: b.Column("full_set_orders"), setBuyers: b.Column("full_set_buyers"), setFen: b.Column("full_set_gmv_fen"), setAOV: b.Column("full_set_aov_fen"),
	}
}

func (t trustColumns) write(c Context, scope contract.Scope, subject, window int64, m *tally) {
	t.head.write(c, scope, subject)
	t.window.Int(window)
	t.orders.Int(m[mOrders])
	newOrders, returning := m[mNewOrders], m[mReturningPaid]
	if !c.NewBuyersKnown(scope, c.first(window)) {
		newOrders, returning = column.Null, column.Null
	}
	t.newOrders.Int(newOrders)
	t.newRatio.Ratio(newOrders, m[mOrders])
	t.paid.Int(m[mPaid])
	t.returning.Int(returning)
	t.returningRatio.Ratio(returning, m[mPaid])
	known := c.buyersKnown(c.first(window))
	buyers := m[mBuyers]
	if !known {
		buyers = column.Null
	}
	t.buyers.Int(buyers)
	t.perBuyer.Int(column.DivideHalfUp(m[mPaid], buyers))
	followers, ok := c.Followers(scope, subject)
	if !ok {
		followers = column.Null
	}
	t.followers.Int(followers)
	t.perFollower.Int(column.DivideHalfUp(m[mPaid], followers))
	distribution, converted := int64(column.Null), int64(column.Null)
	if scope.Role == contract.RoleMerchant && c.buyersKnown(c.first(window)-2*ConversionDays) && t.channels[window] {
		distribution, converted = m[mDistribution], m[mConverted]
	}
	t.distribution.Int(distribution)
	t.converted.Int(converted)
	t.conversion.Ratio(converted, distribution)
	sets := [3]int64{m[mSetOrders], m[mSetBuyers], m[mSetFen]}
	if !t.brands[window] {
		sets = [3]int64{column.Null, column.Null, column.Null}
	}
	t.setOrders.Int(sets[0])
	if !known {
		sets[1] = column.Null
	}
	t.setBuyers.Int(sets[1])
	t.setFen.Int(sets[2])
	t.setAOV.Int(column.DivideHalfUp(sets[2], sets[0]))
}
