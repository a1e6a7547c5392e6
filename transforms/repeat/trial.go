package repeat

import "github.com/windvane/windvane/transforms/column"

// A product is tried by talents before its shop shows it in lives of its own (测款测人群). The pairs of products tell who
// came back through either channel; whom distribution won for the shop takes the pairs of shops as well, since the later
// purchase in the own live may be of anything. The pass over shops keeps the few pairs that converted (Won), and the pass
// over products looks its buyers up among them.

// WonDays is the window of buyers won: those who bought through distribution in the WonDays that ended ConversionDays ago.
const WonDays = 30

// Trial is how one product did with the buyers of two channels.
type Trial struct {
	Distribution LiveBuyers // with a purchase day that remains in LiveDays on which they bought the product through distribution
	Live         LiveBuyers // the same of the shop's own lives
	Won          int64      // buyers of the product through distribution in [D-59, D-30]
	WonLive      int64      // of those, bought anything in the shop's own live on one of the 30 days after such a day
}

func (t Trial) plus(o Trial) Trial {
	return Trial{t.Distribution.plus(o.Distribution), t.Live.plus(o.Live), t.Won + o.Won, t.WonLive + o.WonLive}
}

func (b LiveBuyers) plus(o LiveBuyers) LiveBuyers {
	return LiveBuyers{b.Buyers + o.Buyers, b.Repeat + o.Repeat}
}

// wonPair is a shop's buyer who came through distribution and then to the own live, with the ages of all its days there
// that may follow a purchase in the window of buyers won.
type wonPair struct {
	merchant, buyer int64
	liveAges        uint64 // bit a: bought in the own live a days before the as-of date
}

// Won are the buyers whom distribution won for shops.
type Won struct {
	pairs    map[int64][]wonPair // of a shop, ascending by buyer
	merchant func(product int64) int64
}

// Won are those of the pass over shops, to be handed to that over products; merchant tells the shop of a product,
// column.Null: not known.
func (f *Figures) Won(merchant func(product int64) int64) *Won {
	w := &Won{map[int64][]wonPair{}, merchant}
	for rest := f.won; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].merchant == rest[0].merchant {
			n++
		}
		w.pairs[rest[0].merchant], rest = rest[:n], rest[n:]
	}
	return w
}

// of are the pairs of the shop of a product, ascending by buyer.
func (w *Won) of(product int64) []wonPair {
	shop := w.merchant(product)
	if shop == column.Null {
		return nil
	}
	return w.pairs[shop]
}

// EachTrial visits the products that either channel sold in the days that trials look at, in the order of stored pairs.
// There are none unless Input.Won was given. t is the visitor's until it returns.
func (f *Figures) EachTrial(visit func(product int64, t *Trial)) {
	var s subjectRow
	for i, product := range f.subjects {
		u := unpacker{f.store.At(f.spans[i])}
		if u.readTotals(&s); s.trial != (Trial{}) {
			visit(product, &s.trial)
		}
	}
}

// trialWalk is what a pair's walk remembers for the trial of its product.
type trialWalk struct {
	distribution, live           bool // bought through it on a day that remains
	distributionTwice, liveTwice bool
	won, wonLive, known          bool
	ages                         uint64 // of the days in the own lives of the product's shop, once known
}

// try counts one purchase day of a product of the last LiveDays; w.kept counts it already if it remains.
func (s *scan) try(w *walk, p *purchase, age int32) {
	t := &w.trial
	through := p.facts&(1<<atDistribution) != 0
	if through && age >= ConversionDays && age < ConversionDays+WonDays && !t.wonLive {
		s.win(t, age)
	}
	if !p.kept {
		return
	}
	comeBack(&t.distribution, &t.distributionTwice, &s.row.trial.Distribution, through, w.kept)
	comeBack(&t.live, &t.liveTwice, &s.row.trial.Live, p.facts&(1<<atSelfLive) != 0, w.kept)
}

// comeBack counts a buyer of a channel once, and once more when a second day remains.
func comeBack(bought, twice *bool, into *LiveBuyers, now bool, kept int) {
	if now && !*bought {
		*bought = true
		into.Buyers++
	}
	if *bought && kept > 1 && !*twice {
		*twice = true
		into.Repeat++
	}
}

// win counts a buyer who came through distribution, and whether it went on to the shop's own live within ConversionDays.
func (s *scan) win(t *trialWalk, age int32) {
	if !t.won {
		t.won = true
		s.row.trial.Won++
	}
	if !t.known {
		t.known = true
		t.ages = s.liveAges()
	}
	later := uint64(1)<<age - 1<<(age-ConversionDays) // ages from age - ConversionDays to age - 1
	if t.ages&later != 0 {
		t.wonLive = true
		s.row.trial.WonLive++
	}
}

// liveAges are the ages of the buyer's days in the lives of the product's shop, 0: none that matters.
func (s *scan) liveAges() uint64 {
	for len(s.shop) > 0 && s.shop[0].buyer < s.buyer { // buyers come ascending, too
		s.shop = s.shop[1:]
	}
	if len(s.shop) > 0 && s.shop[0].buyer == s.buyer {
		return s.shop[0].liveAges
	}
	return 0
}

// maxLiveAge is the oldest day in an own live that can follow a purchase in the window of buyers won.
const maxLiveAge = ConversionDays + WonDays - 1
