package lift

import (
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
)

// walker moves the pairs of one range of buyers by what changed.
type walker struct {
	plan     *Plan
	start    calendar.Day // pairs that entered before it are known, and nothing of them
	from     calendar.Day // as-of date of the pairs that are moved; later days are new
	compare  func(a, b int64) int
	family   *family
	rows     []pair
	merchant map[int64]int // position in rows, where there are many
}

// walk returns the pairs with the changes taken in. Both are sorted by buyer. Without changes it returns the pairs it
// was given.
func (w *walker) walk(old Pairs, changes []change) (out Pairs) {
	if len(changes) == 0 {
		return old
	}
	for c := range out {
		out[c] = make([]int64, 0, old.Len()+len(changes)/8)
	}
	copied := 0
	for len(changes) > 0 {
		buyer := changes[0].buyer
		n := 1
		for n < len(changes) && changes[n].buyer == buyer {
			n++
		}
		from := copied + lowerBound(old[atBuyer][copied:], buyer)
		to := from
		for to < old.Len() && old[atBuyer][to] == buyer {
			to++
		}
		out.add(&old, copied, from)
		copied = to
		w.rows = w.rows[:0]
		for i := from; i < to; i++ {
			w.rows = append(w.rows, old.at(i))
		}
		w.buyer(changes[:n])
		for i := range w.rows {
			out.push(&w.rows[i])
		}
		changes = changes[n:]
	}
	out.add(&old, copied, old.Len())
	return out
}

// lowerBound is how many of the sorted values come before v. It looks near first: changes come one after another.
func lowerBound(values []int64, v int64) int {
	step := 1
	for step < len(values) && values[step] < v {
		step *= 2
	}
	lo := step / 2
	at, _ := slices.BinarySearch(values[lo:min(step+1, len(values))], v)
	return lo + at
}

// manyPairs is the number of pairs of one buyer from which they are looked up in a table.
const manyPairs = 16

// buyer takes the changes of a buyer into its pairs, which are the walker's rows.
func (w *walker) buyer(changes []change) {
	own := 0 // of the buyer at all merchants; they come first
	for own < len(changes) && changes[own].kind() == kindUser {
		own++
	}
	known := len(w.rows)
	find := w.finder()
	for rest := changes[own:]; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].merchant == rest[0].merchant {
			n++
		}
		if at := find(rest[0].merchant); at >= 0 {
			w.move(&w.rows[at], rest[:n])
		} else if p, ok := enter(rest[:n]); ok {
			w.move(&p, rest[:n])
			w.rows = append(w.rows, p)
		}
		rest = rest[n:]
	}
	for i := range w.rows {
		w.moveUser(&w.rows[i], changes[:own])
	}
	if len(w.rows) > known {
		slices.SortStableFunc(w.rows, func(a, b pair) int { return w.compare(a[atMerchant], b[atMerchant]) })
	}
}

// finder finds the pair of a merchant among those known so far, -1: there is none.
func (w *walker) finder() func(merchant int64) int {
	known := w.rows
	if len(known) < manyPairs {
		return func(merchant int64) int {
			return slices.IndexFunc(known, func(p pair) bool { return p[atMerchant] == merchant })
		}
	}
	if w.merchant == nil {
		w.merchant = map[int64]int{}
	}
	clear(w.merchant)
	for i := range known {
		w.merchant[known[i][atMerchant]] = i
	}
	return func(merchant int64) int {
		if at, ok := w.merchant[merchant]; ok {
			return at
		}
		return -1
	}
}

// enter is a pair that becomes eligible by its changes; false: it does not. Of several arms on its first day it has the
// first, and is mixed.
func enter(changes []change) (p pair, ok bool) {
	at := slices.IndexFunc(changes, func(c change) bool { return c.kind() == kindEligible })
	if at < 0 {
		return p, false
	}
	c := &changes[at]
	p[atBuyer], p[atMerchant], p[atSource], p[atProgramme] = c.buyer, c.merchant, c.x, c.y
	p[atFacts] = int64(c.day()) | c.arm()<<armAt
	return p, true
}

// seen is what the changes tell of one day of a pair: what it was and what it is.
type seen struct {
	day                    calendar.Day
	fen, orders, all       [2]int64 // before, now
	shown                  [2]bool
	historyFen, historyNum int64
}

// move takes the changes of a pair in.
func (w *walker) move(p *pair, changes []change) {
	for i := range changes {
		c := &changes[i]
		if c.kind() == kindEligible && int(c.arm()) != armOf(p[atFacts]) && mixedOn(p[atFacts]) == 0 {
			p[atFacts] |= int64(c.day()) << mixedAt
		}
	}
	var last seen
	for len(changes) > 0 {
		s := seen{day: changes[0].day()}
		n := 0
		for n < len(changes) && changes[n].day() == s.day {
			s.take(&changes[n])
			n++
		}
		w.moveDay(p, &s, &last)
		last, changes = s, changes[n:]
	}
}

func (s *seen) take(c *change) {
	for at, v := range [2]View{Before, Now} {
		if !c.is(v) {
			continue
		}
		switch c.kind() {
		case kindSales:
			s.fen[at] += c.x
			s.orders[at] += c.y
			s.all[at] += c.z
		case kindShown:
			s.shown[at] = true
		}
	}
	if c.kind() == kindHistory {
		s.historyFen, s.historyNum = s.historyFen+c.x, s.historyNum+c.y
	}
}

// moveDay takes one day in. A pair that is new knows nothing of earlier days but their history: what was there before,
// and was corrected, is not a change of it.
func (w *walker) moveDay(p *pair, s, yesterday *seen) {
	e := entered(p[atFacts])
	if e < w.start {
		return
	}
	if e > w.from && s.day <= w.from {
		if from, to := w.plan.before(e); s.day >= from && s.day <= to {
			p[atBefore] += s.historyFen
			p[atBeforeOrders] += s.historyNum
		}
		return
	}
	if from, to := w.plan.before(e); s.day >= from && s.day <= to {
		p[atBefore] += s.fen[1] - s.fen[0]
		p[atBeforeOrders] += s.orders[1] - s.orders[0]
		return
	}
	if from, to := w.plan.outcome(e); s.day < from || s.day > to {
		return
	}
	p[atOutcome] += s.fen[1] - s.fen[0]
	p[atOrders] += s.orders[1] - s.orders[0]
	p[atAll] += s.all[1] - s.all[0]
	for at, sign := range [2]int64{-1, 1} {
		if s.shown[at] {
			p[atFacts] += sign << shownAt
		}
		if s.shown[at] || yesterday.day == s.day-1 && yesterday.shown[at] {
			p[atAttributed] += sign * s.fen[at]
		}
	}
	if isOneArm(p[atFacts], s.day) {
		w.family.move(p[atMerchant], s.day, armOf(p[atFacts]), s)
	}
}

// moveUser takes in what the buyer bought at all merchants.
func (w *walker) moveUser(p *pair, changes []change) {
	from, to := w.plan.outcome(entered(p[atFacts]))
	if from < w.start {
		return
	}
	for i := range changes {
		c := &changes[i]
		if d := c.day(); d < from || d > to {
			continue
		}
		if c.is(Now) {
			p[atUser] += c.x
		}
		if c.is(Before) {
			p[atUser] -= c.x
		}
	}
}
