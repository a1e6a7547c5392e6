package recount

// Missing stands for null, in figures that are never negative.
const Missing = -1

// GMVWindows and RepeatWindows are the window lengths in days that the two tables publish.
var (
	GMVWindows    = []int{1, 7, 30, 60, 90, 365}
	RepeatWindows = []int{1, 7, 30, 90, 365}
)

// Key is a row of gmv or repeat_purchase.
type Key struct {
	Role, Subject string
	Window        int64 // days
}

// GMV holds the compared columns of table gmv.
type GMV struct {
	DaysPresent                           int64
	OrderFen, PaidRawFen, PaidFen         int64
	PaidLag15Fen, PaidLag30Fen            int64
	NetFen, Net15Fen, Net30Fen, RefundFen int64 // always Missing: no refunds
	Lines, Quantity, Orders               int64
	Buyers, NewBuyers, ReturningBuyers    int64
	PerBuyerFen, PerOrderFen              int64 // Missing: nobody bought
}

// Repeat holds the compared columns of table repeat_purchase.
type Repeat struct {
	DaysPresent          int64
	Buyers, RepeatBuyers int64
	R1                   float64
	DayGaps              int64
	MeanGapDays          float64 // Missing: no repeat buyer
	RefundsApplied       bool    // always false: no refunds
}

// MonthKey is a row of monthly_buyers. Month is written 2017-11.
type MonthKey struct{ Role, Subject, Month string }

// MonthlyBuyers holds the compared columns of table monthly_buyers.
type MonthlyBuyers struct {
	Closed           bool
	Buyers, R2Buyers int64
	Retained         int64 // Missing until the next month has closed
	R2               float64
}

// CohortKey is a row of cohorts. Month is written 2017-11.
type CohortKey struct {
	Role, Subject, Month string
	Offset               int64 // calendar months
}

// Cohort holds the compared columns of table cohorts.
type Cohort struct {
	Buyers, Active               int64
	Within30, Within60, Within90 int64 // Missing: offset above 0, or the month's last day + k has not passed
	HistoryComplete              bool  // always true: declared so
}

// Night holds the compared tables of one as-of date.
type Night struct {
	AsOf    Date
	GMV     map[Key]GMV
	Repeat  map[Key]Repeat
	Months  map[MonthKey]MonthlyBuyers
	Cohorts map[CohortKey]Cohort
}
