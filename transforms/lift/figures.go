// Package lift tells what the Chuanliu programme (川流) brought: from the pairs of merchant and buyer for whom a boost
// would have fired, both arms, to estimates that carry their uncertainty and the grade of their evidence.
//
//	eligibility, sales and exposures that are new or were corrected, refunds      (events)
//	     │  Advance: the pairs of the night before, moved by them                   (pairs, walk)
//	     ▼
//	Figures: exact sums by merchant, arm and period                             (this file)
//	     │  Estimate: the ladder from holdout to attribution                    (estimates)
//	     ▼
//	chuanliu_lift, chuanliu_programme, talent rewards
//
// A pair enters once, on the business day of its first eligibility, and counts when its outcome window has closed. One that was eligible
// before the first day that counts does not: what it bought before it would enter again was bought under treatment.
// It is analysed as assigned, whether it was served or not. A pair seen in both arms is dropped and counted.
package lift

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/stats"
)

// The arms of an experiment, as codes of contract's enumeration.
const (
	Treatment = iota
	Holdout
	Arms
)

// Period is a range of days of first eligibility, both inclusive. Its last day is the newest one whose outcome
// window has closed on the as-of date.
type Period struct {
	Name     string // 30d, 90d: that many days of entry; all: since the start
	From, To calendar.Day
	Gross    bool // refunds of some of its days are not known: what is called net is gross there
	Unseen   bool // channels of some days of its outcomes are not known: self-broadcast counts as none there
	Shown    bool // exposures of all days of its outcomes are known; otherwise Served and Attributed say too little
}

// Figures are all that estimates need to know of the pairs, exact.
type Figures struct {
	Periods    []Period
	Merchants  []Merchant  // ascending by the order of their ids
	Programmes []Programme // the same
	Mixed      int64       // pairs seen in both arms, dropped
	Pairs      int64       // pairs known, those not yet mature and the dropped ones included
	// Starts are the merchants that took part and the first day of eligibility that is known of each, by all their pairs: also those that do not
	// count, since they were eligible before the first day that does, are not mature or stand in both arms.
	Starts map[int64]calendar.Day
}

// Merchant is one merchant of the programme.
type Merchant struct {
	Code  int64 // of the merchant's id
	Cells []MerchantCell
	Days  []Day // the single-day family, ascending
}

// MerchantCell is one merchant in one period.
type MerchantCell struct {
	Arms    [Arms]Cell
	Sources []Source // by talent whose distribution made the buyer eligible, ascending by the order of their ids; unknown last
	// Programmes are the pairs by programme, whose expected shares of the holdout may differ; nil: all are of none that is named.
	Programmes []Split
}

// Split is how the pairs of one programme fall on the arms.
type Split struct {
	Code  int64 // of the programme's name; column.Null: not named
	Pairs [Arms]int64
}

// Cell is one arm of one merchant in one period. Units are pairs.
//
//	Outcome         self-broadcast net GMV over [e, e+13], fen
//	Denominator     self-broadcast orders over [e, e+13]
//	PreOutcome      self-broadcast net GMV over [e−28, e−1], fen
//	PreDenominator  self-broadcast orders over [e−28, e−1]
//	WideOutcome     net GMV of the pair over [e, e+13] in all channels and scenes of the merchant, fen
type Cell struct {
	stats.Sums
	Histogram  stats.Histogram // of the outcome, for winsorised sums
	Served     int64           // pairs with an exposure in the outcome window
	Known      int64           // pairs with a purchase before they entered (PreDenominator > 0)
	Buyers     int64           // pairs with a purchase in the outcome window (Denominator > 0)
	Attributed int64           // fen: self-broadcast paid GMV on a day of exposure or the day after one; never called incremental
}

// Source is what one talent's buyers are among the pairs of a merchant.
type Source struct {
	Talent  int64       // code; column.Null: not known
	Pairs   [Arms]int64 // by arm
	Outcome [Arms]stats.Int128
}

// Day is one calendar day of one merchant, a family of its own: pairs in their outcome window on that day, and their
// self-broadcast paid GMV of that day (refunds, which come later, are not taken out). A pair belongs to it until the day
// on which it is first seen in the other arm.
type Day struct {
	Day  calendar.Day
	Arms [Arms]stats.Sums // Outcome and Denominator (orders) alone
}

// Programme is a programme over all merchants. Units are users, so that a user with several merchants is one cluster.
//
//	Outcome         sum over the user's pairs of that arm, fen
//	Denominator     number of those pairs
//	PreOutcome      sum over those pairs
//	PreDenominator  sum over those pairs
//	WideOutcome     the user's net GMV over all merchants over [e, e+13], e the first eligibility among those pairs, of either arm
type Programme struct {
	Code  int64 // of the programme's name; column.Null: not named
	Cells []ProgrammeCell
}

// ProgrammeCell is one programme in one period.
type ProgrammeCell struct {
	Arms [Arms]stats.Sums
	// Both are the users with pairs in both arms: assignment was by pair. Their totals are counted in each arm; Cross are
	// the sums of products of one arm's totals with the other's, for the covariance of the arms' means.
	Both  int64
	Cross Cross
	// Orders are those of the users' pairs in their outcome windows.
	Orders [Arms]int64
	// FirstDay are the users by the pairs of the first day on which they were eligible anywhere: what they bought of these pairs and at
	// all merchants is of the same days. Who has pairs in both arms on that day, or one that was seen in both, is left out.
	FirstDay [Arms]stats.Sums
}

// Cross are sums over users with pairs in both arms: Outcome, Denominator and PreOutcome (O, D, P) of the treatment pairs times
// those of the holdout pairs.
type Cross struct {
	OO, OD, DO, DD     stats.Int128
	OP, PO, PP, PD, DP stats.Int128
}

// Add adds a user with these totals in the treatment and in the holdout.
func (c *Cross) Add(t, h *stats.Values) {
	const o, d, p = stats.Outcome, stats.Denominator, stats.PreOutcome
	c.add(&Cross{
		OO: stats.Product(t[o], h[o]), OD: stats.Product(t[o], h[d]), DO: stats.Product(t[d], h[o]), DD: stats.Product(t[d], h[d]),
		OP: stats.Product(t[o], h[p]), PO: stats.Product(t[p], h[o]), PP: stats.Product(t[p], h[p]), PD: stats.Product(t[p], h[d]), DP: stats.Product(t[d], h[p]),
	})
}

func (c *Cross) add(o *Cross) {
	c.OO, c.OD, c.DO, c.DD = c.OO.Add(o.OO), c.OD.Add(o.OD), c.DO.Add(o.DO), c.DD.Add(o.DD)
	c.OP, c.PO, c.PP, c.PD, c.DP = c.OP.Add(o.OP), c.PO.Add(o.PO), c.PP.Add(o.PP), c.PD.Add(o.PD), c.DP.Add(o.DP)
}

// residuals is the sum over users of what the covariate leaves of their totals in one arm times that in the other:
//
//	Σ (y − θ·x − c·d) · (y′ − θ·x′ − c′·d′),  c and c′ the adjusted means of the arms
func (c *Cross) residuals(theta, ct, ch float64) float64 {
	own := c.OO.Float64() - theta*(c.OP.Float64()+c.PO.Float64()) + theta*theta*c.PP.Float64()
	return own - ch*(c.OD.Float64()-theta*c.PD.Float64()) - ct*(c.DO.Float64()-theta*c.DP.Float64()) + ct*ch*c.DD.Float64()
}
