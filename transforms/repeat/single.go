package repeat

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// Most pairs are a single row: one purchase on one day, none of it refunded. What such a pair adds depends on its flags and
// on what figures ask of its day, which many days answer alike (their class). They are counted by class and flags, and the
// counts are added to the subject's figures when it ends.

// class is what figures ask of a day. Its days follow each other.
type class struct {
	bucket     uint8 // see days.bucket
	conversion uint8 // the bucket of the window of conversions; len(Windows): none
	month      int16
	kept       bool // it is known that they remain
	live       bool // one of LiveDays
	won        bool // in the window of buyers won
	ranges     uint64
}

// single are the pairs of one class and flags.
type single struct{ pairs, orders, paid int64 }

// singleFlags are the combinations of a row's flags.
const singleFlags = 1 << (atKind - atDistribution)

// classify puts the days of the history kept into classes, by age. What the scope is not asked for makes no class.
func (d *days) classify(in *Input) {
	d.class = make([]uint16, len(d.bucket))
	for age := range d.class {
		c := class{bucket: d.bucket[age], conversion: windowCount, live: age < LiveDays, won: age >= ConversionDays && age < ConversionDays+WonDays}
		c.kept = d.asOf-calendar.Day(age) >= d.keptFrom
		if in.Months {
			c.month = d.month[age]
		}
		if in.Scope.Role == contract.RoleMerchant && age >= ConversionDays {
			c.conversion = d.bucket[age-ConversionDays]
		}
		if d.ranges != nil {
			c.ranges = d.ranges[age]
		}
		if n := len(d.classes); n == 0 || d.classes[n-1] != c {
			d.classes = append(d.classes, c)
		}
		d.class[age] = uint16(len(d.classes) - 1)
	}
}

// isSingle tells whether the rows of a pair are one purchase.
func isSingle(rows []row) bool {
	return len(rows) == 1 && kindOf(rows[0].facts) == kindPurchase && rows[0].facts>>atLines&countMask != 0
}

// single counts a pair of one purchase.
func (s *scan) single(buyer int64, r row) {
	age := s.asOf - dayOf(r.facts)
	c := s.class[age]
	n := &s.singles[int(c)*singleFlags+int(r.facts>>atDistribution&(singleFlags-1))]
	n.pairs++
	n.orders += r.facts >> atOrders & countMask
	n.paid += r.value
	if s.won != nil && r.facts&(1<<atDistribution) != 0 && s.classes[c].won {
		s.buyer = buyer
		s.win(&trialWalk{}, int32(age))
	}
}

// endSingles adds what was counted to the figures of the subject, as scan.day and scan.finish do for one pair.
func (s *scan) endSingles() {
	for at := range s.singles {
		n := &s.singles[at]
		if n.pairs == 0 {
			continue
		}
		c, flags := &s.classes[at/singleFlags], int64(at%singleFlags)<<atDistribution
		t := &s.tallies[c.bucket]
		t[mBuyers] += n.pairs
		t[mNew] += n.pairs
		if c.kept {
			t[mKept] += n.pairs
		}
		t[mOrders] += n.orders
		t[mNewOrders] += n.orders
		t[mPaid] += n.paid
		t[mReturningPaid] -= n.paid
		s.addSingles(c, n.pairs, flags&(1<<atDistribution) != 0, flags&(1<<atSelfLive) != 0)
		*n, s.seen = single{}, true
	}
}

// addSingles adds the pairs of a class to what only some scopes count.
func (s *scan) addSingles(c *class, pairs int64, distribution, selfLive bool) {
	if s.merchant && distribution && c.conversion < windowCount {
		s.tallies[c.conversion][mDistribution] += pairs
	}
	if s.merchant && selfLive && c.live && c.kept {
		s.row.live.Buyers += pairs
	}
	if s.won != nil && c.live && c.kept {
		if distribution {
			s.row.trial.Distribution.Buyers += pairs
		}
		if selfLive {
			s.row.trial.Live.Buyers += pairs
		}
	}
	for i := range s.out.ranges {
		s.out.ranges[i] += pairs * int64(c.ranges>>i&1)
	}
	if s.monthly {
		m := &s.months[c.month]
		m.buyers += pairs
		if c.kept {
			m.r2Buyers += pairs
			first := s.cohort(int(c.month), 0)
			first.active += pairs
			first.buyers += pairs
		}
	}
}
