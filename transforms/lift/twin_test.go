package lift_test

import (
	"math/rand/v2"
	"reflect"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/lift"
)

var everything = gocmp.Exporter(func(reflect.Type) bool { return true })

const firstDay = calendar.Day(20_000)

// chance draws the rows of a market.
type chance struct {
	*rand.Rand
	merchants, talents, programmes []int64
	buyers                         int
}

func newChance(r *rand.Rand, ids *column.IDs, buyers int) *chance {
	c := &chance{Rand: r, buyers: buyers, programmes: []int64{column.Null}}
	for i := range int64(4) {
		c.merchants = append(c.merchants, codeOf(ids, contract.Merchant, 10+i*7))
		c.talents = append(c.talents, codeOf(ids, contract.Talent, 100-i))
	}
	c.talents = append(c.talents, column.Null)
	for _, name := range []string{"spring", "autumn"} {
		c.programmes = append(c.programmes, ids.TextDict().Code(name))
	}
	c.Shuffle(len(c.merchants), func(i, j int) { c.merchants[i], c.merchants[j] = c.merchants[j], c.merchants[i] })
	return c
}

func codeOf(ids *column.IDs, domain contract.Domain, id int64) int64 {
	if dict := ids.Dict(contract.Column{Kind: contract.ID, Domain: domain}); dict != nil {
		return dict.Code("id " + string(rune('a'+id*5%23)))
	}
	return id
}

func (c *chance) key() key {
	// Buyers are hashes: spread over all int64.
	return key{int64(uint64(c.IntN(c.buyers)) * 0x9E3779B97F4A7C15), c.merchants[c.IntN(len(c.merchants))]}
}

// day draws the sales, the exposures and the eligibility of a day.
func (c *chance) sales() map[key]sale {
	day := map[key]sale{}
	for range c.IntN(8) {
		s := sale{paid: 1 + c.Int64N(50_000)}
		if c.IntN(3) > 0 {
			s.fen, s.orders = c.Int64N(s.paid+1), 1+c.Int64N(3)
		}
		day[c.key()] = s
	}
	return day
}

func (c *chance) shown() map[key]bool {
	day := map[key]bool{}
	for range c.IntN(5) {
		day[c.key()] = true
	}
	return day
}

// eligible draws pairs, most of them in the arm of their buyer.
func (c *chance) eligible() (rows []eligible) {
	seen := map[[3]int64]bool{}
	for range c.IntN(5) {
		k := c.key()
		e := eligible{k, int64(uint64(k.buyer) >> 40 & 1), c.talents[c.IntN(len(c.talents))], c.programmes[c.IntN(len(c.programmes))]}
		if c.IntN(25) == 0 {
			e.arm = 1 - e.arm
		}
		if id := [3]int64{k.buyer, k.merchant, e.arm}; !seen[id] {
			seen[id], rows = true, append(rows, e)
		}
	}
	return rows
}

// refund draws a refund of something that was bought, on any channel.
func (c *chance) refund(m *market, asOf calendar.Day) {
	d := asOf - calendar.Day(c.IntN(60))
	for k, s := range m.sales[d] {
		r := returned{k, d, 1 + c.Int64N(s.paid), int64(contract.ChannelNone), int64(contract.SceneSearch)}
		if s.fen > 0 && c.IntN(2) == 0 {
			r = returned{k, d, 1 + c.Int64N(s.fen), int64(contract.ChannelSelf), int64(contract.SceneLive)}
		}
		m.refunds = append(m.refunds, r)
		return
	}
}

// TestNightsEqualARecount runs 60 nights with refunds and their withdrawal, corrections, replays and lost states, and
// counts everything again from all rows: the figures are equal to the last integer, and the state is the one that is made
// from nothing, however many workers there are, row groups, ranges and blocks of days.
func TestNightsEqualARecount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := func(name string, n int) int { return rapid.IntRange(0, n-1).Draw(t, name) }
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "rows"), 1))
		ids := column.NewIDs(contract.IDTypes{contract.Merchant: drawn("merchants are text", 2) == 1, contract.Talent: drawn("talents are text", 2) == 1})
		c := newChance(r, ids, 2+drawn("buyers", 12))
		plan := []lift.Plan{lift.DefaultPlan(), {OutcomeDays: 1, PreDays: 0}, {OutcomeDays: 3, PreDays: 5}}[drawn("plan", 3)]
		m := newMarket(plan, firstDay, ids)
		m.hasRefunds = drawn("refunds", 8) > 0
		m.refundsFrom = []calendar.Day{0, firstDay - 40, firstDay + 20}[drawn("refunds begin", 3)]
		m.seenFrom = []calendar.Day{0, firstDay, firstDay + 20}[drawn("channels begin", 3)]
		m.shownFrom = []calendar.Day{0, firstDay, firstDay + 20}[drawn("exposures begin", 3)]
		nights := []int{60, 60, 130}[drawn("nights", 3)]
		m.seen = firstDay - calendar.Day(drawn("days seen before the start", 3)*drawn("times", 15))
		for d := firstDay - 40; d < firstDay; d++ {
			m.sales[d], m.shown[d] = c.sales(), c.shown()
			if d >= m.seen {
				m.eligible[d] = c.eligible()
			}
		}
		var last *state
		for asOf := firstDay; asOf < firstDay+calendar.Day(nights); asOf++ {
			m.sales[asOf], m.shown[asOf], m.eligible[asOf] = c.sales(), c.shown(), c.eligible()
			rebuild := c.happens(m, asOf)
			h := how{workers: []int{1, 2, 4}[r.IntN(3)], ranges: []int64{1, 1 << 20, 1 << 24}[r.IntN(3)], groups: 1 + r.IntN(9), shuffle: r}
			if rebuild {
				last = c.rebuild(t, m, asOf, h)
			}
			next, figures := m.advance(t, last, asOf, h)
			if r.IntN(10) == 0 { // the night again, on what it wrote
				_, again := m.advance(t, next, asOf, h)
				if !reflect.DeepEqual(figures, again) {
					t.Fatalf("%s: a replay gives other figures: %s", asOf, gocmp.Diff(figures, again, everything))
				}
			}
			if r.IntN(10) == 0 || asOf == firstDay+calendar.Day(nights)-1 {
				if want := m.naive(asOf); !reflect.DeepEqual(want, figures) {
					t.Fatalf("%s: figures differ from a recount: %s", asOf, gocmp.Diff(want, figures, everything))
				}
				made, _ := m.advance(t, nil, asOf, plainly)
				if !reflect.DeepEqual(made.pairs, next.pairs) {
					t.Fatalf("%s: pairs made from nothing differ from those moved night by night: %s", asOf, gocmp.Diff(made.pairs, next.pairs))
				}
				if !reflect.DeepEqual(made.days, next.days) {
					t.Fatalf("%s: days made from nothing differ from those moved night by night: %s", asOf, gocmp.Diff(made.days, next.days, everything))
				}
			}
			last = next
		}
	})
}

// happens lets something happen in a night and tells whether the state has to be made again.
func (c *chance) happens(m *market, asOf calendar.Day) (rebuild bool) {
	for range c.IntN(4) {
		d := asOf - calendar.Day(c.IntN(36))
		switch c.IntN(12) {
		case 0, 1, 2: // refunds
			c.refund(m, asOf)
		case 3: // a refund is withdrawn
			if n := len(m.refunds); n > 0 {
				at := c.IntN(n)
				m.refunds[at] = m.refunds[n-1]
				m.refunds = m.refunds[:n-1]
			}
		case 4, 5, 6:
			m.sales[d] = c.sales()
		case 7, 8:
			m.shown[d] = c.shown()
		case 9: // a state is lost
			rebuild = true
		case 10: // an old day of eligibility is corrected
			if c.IntN(4) == 0 && d >= m.seen {
				m.eligible[d], rebuild = c.eligible(), true
			}
		case 11: // a day of sales is corrected to nothing
			m.sales[d] = nil
		}
	}
	return rebuild
}

// rebuild makes the state of the day before from nothing, in blocks of days.
func (c *chance) rebuild(t testingT, m *market, asOf calendar.Day, h how) (s *state) {
	for d := m.seen - 1 + calendar.Day(c.IntN(9)); d < asOf; d += 1 + calendar.Day(c.IntN(20)) {
		if d >= m.seen {
			s, _ = m.advance(t, s, d, h)
		}
	}
	return s
}
