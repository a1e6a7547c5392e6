package twin

import (
	"fmt"
	"time"
)

// Order is one row of the orders dump.
type Order struct {
	OrderLineID, OrderID, BuyerID, MerchantID, ProductID string

	SKUID, PromoterID, AuthorID, ContentID *string

	Scene              string
	CreatedAt          time.Time
	PaidAt             *time.Time // null: not paid
	Quantity           int64      // units
	BuyerPaidFen       int64
	PlatformSubsidyFen int64
	FreightFen         int64
	OrderKind          string
	RiskReason         *string // null: the order is not abnormal
}

// Refund is one row of the refunds dump: a refund as known at the end of the partition's day.
type Refund struct {
	RefundID, OrderLineID, OrderID, BuyerID, MerchantID, ProductID string

	PromoterID, AuthorID, ContentID *string

	PaidAt, AppliedAt                             time.Time
	IntervenedAt, LiableAt, SucceededAt, ClosedAt *time.Time

	AmountFen     int64
	IsFull        bool
	Kind, Reason  string
	IsFirst       bool
	SelfCompleted *bool
	Liable        *string

	// Copied from the order line.
	Scene, OrderKind                 string
	RiskReason                       *string
	Quantity                         int64
	BuyerPaidFen, PlatformSubsidyFen int64
}

// Product is one row of the products snapshot.
type Product struct {
	ProductID, MerchantID, Name                             string
	BrandID, Category1ID, Category2ID, Category3ID, StyleID *string
	UnitsPerItem                                            int64
	InfoScore                                               *float64
	ListedAt                                                time.Time
	PurchasableHours                                        float64
	LiveOnly, InCart, IsVirtual, BrandFlag                  bool
}

// Talent is one row of the talents snapshot.
type Talent struct {
	TalentID, Name               string
	OwnerMerchantID, Category1ID *string
	Followers                    int64
	JoinedOn                     Day
}

// Partitions are the dumps: for each table its rows by partition day. A nil or empty map is a table that
// the company does not have; a day with an empty slice is a partition without rows.
type Partitions struct {
	Orders   map[Day][]Order
	Refunds  map[Day][]Refund
	Products map[Day][]Product
	Talents  map[Day][]Talent
}

// Options are what a night knows besides its dumps.
type Options struct {
	Zone                *time.Location // of business days
	AsOf                Day            // partitions after it are not seen
	MaxUnitsPerLine     *int           // lines with more units are abnormal; nil: no limit
	HistoryDays         int            // days of purchases that cohorts look back on
	HistoryCompleteFrom *Day           // history is complete from here, whatever the first partition; nil: not declared
	RestateDays         int            // last days that are still restated
}

// DefaultOptions are the product's defaults for one as-of date.
//
// It panics if the machine has no time zone database.
func DefaultOptions(asOf Day) Options {
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		panic(fmt.Sprintf("twin: load the default zone: %v", err))
	}
	units := 20
	return Options{Zone: zone, AsOf: asOf, MaxUnitsPerLine: &units, HistoryDays: 730, RestateDays: 35}
}

// newest is the partition of day, or the nearest earlier one.
func newest[R any](table map[Day][]R, day Day) ([]R, bool) {
	found := false
	var best Day
	for d := range table {
		if d <= day && (!found || d > best) {
			found, best = true, d
		}
	}
	return table[best], found
}
