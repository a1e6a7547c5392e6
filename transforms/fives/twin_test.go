package fives_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/fives"
)

// twin works every figure out from the definitions, asking each shop about every other.
type twin struct{ *fives.Shops }

// figure is a figure of a shop, if it has one.
type figure func(shop int) (float64, bool)

func count(values []int64) figure {
	return func(i int) (float64, bool) {
		if values == nil {
			return 0, false
		}
		return float64(values[i]), true
	}
}

func given(values []float64) figure {
	return func(i int) (float64, bool) {
		if values == nil || math.IsNaN(values[i]) {
			return 0, false
		}
		return values[i], true
	}
}

func per(scale float64, a, b []int64) figure {
	return func(i int) (float64, bool) {
		if a == nil || b == nil || b[i] == 0 {
			return 0, false
		}
		return scale * float64(a[i]) / float64(b[i]), true
	}
}

func less(f figure) figure {
	return func(i int) (float64, bool) { v, ok := f(i); return -v, ok } // fewer is better: the order turns round
}

// dimensions are the figures of definitions, section 12, by dimension, and the GMV that takes part in next.
func (w twin) dimensions() (figures [][]figure, gmv [][]int64) {
	c := w.Contents
	return [][]figure{
			{per(1, w.LowPrice, w.Comparable), given(w.Goods)},
			{per(1, c.WatchSeconds, c.Viewers), per(1_000, c.Interactions, c.Viewers), less(per(10_000, c.Reports, c.Viewers))},
			{count(w.Partners.Active), count(w.Distribution), per(1, w.Distribution, w.Paid), given(w.Partners.Score)},
			{count(c.LiveDays), count(w.SelfBroadcast), per(1, w.LiveRepeat, w.LiveBuyers)},
			{count(w.AlwaysOn), count(w.PanShelf), per(1, w.PanShelf, w.Paid), per(1, w.Search, w.Paid)},
		},
		[][]int64{w.LowPrice, w.Content, w.Distribution, w.SelfBroadcast, w.PanShelf}
}

// peers are the shops that a shop is compared with.
func (w twin) peers(shop int) (out []int) {
	for i, category := range w.Categories {
		if w.Categories[shop] == null || category == w.Categories[shop] {
			out = append(out, i)
		}
	}
	return out
}

// percentile is the share of peers that are worse, equal ones half.
func (w twin) percentile(f figure, shop int) (float64, bool) {
	own, ok := f(shop)
	if !ok {
		return 0, false
	}
	var worse, equal, all float64
	for _, i := range w.peers(shop) {
		switch v, ok := f(i); {
		case !ok:
			continue
		case v < own:
			worse++
		case v == own:
			equal++
		}
		all++
	}
	return (worse + equal/2) / all, true
}

func (w twin) index(figures []figure, shop int) any {
	var sum, n float64
	for _, f := range figures {
		if q, ok := w.percentile(f, shop); ok {
			sum, n = sum+q, n+1
		}
	}
	if n == 0 {
		return nil
	}
	return 100 * sum / n
}

// gap is in quarters of a fen until it is rounded.
func (w twin) gap(gmv []int64, shop int) any {
	if gmv == nil {
		return nil
	}
	var values []int64
	for _, i := range w.peers(shop) {
		values = append(values, gmv[i])
	}
	slices.Sort(values)
	at, quarters := 3*(len(values)-1)/4, int64(3*(len(values)-1)%4)
	p75 := 4 * values[at]
	if quarters > 0 {
		p75 += quarters * (values[at+1] - values[at])
	}
	return int((p75+2)/4 - gmv[shop])
}

// rows are index, gap and next of every shop.
func (w twin) rows() (out []line) {
	figures, gmv := w.dimensions()
	for shop, code := range w.Codes {
		l, largest := line{"merchant_id": int(code), "next": nil}, 0
		for d, name := range contract.FivesDimensions {
			l[name+"_index"], l[name+"_gap_fen"] = w.index(figures[d], shop), w.gap(gmv[d], shop)
			if gap, ok := l[name+"_gap_fen"].(int); ok && gap > largest {
				l["next"], largest = name, gap
			}
		}
		out = append(out, l)
	}
	return out
}

// nights draws shops in few categories with figures that tie often; whole tables are missing now and then.
func nights() *rapid.Generator[*fives.Shops] {
	return rapid.Custom(func(t *rapid.T) *fives.Shops {
		n := rapid.IntRange(1, 14).Draw(t, "shops")
		ints := func(name string, most int64) []int64 {
			return rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 3), rapid.Int64Range(0, most)), n, n).Draw(t, name)
		}
		scores := func(name string) []float64 {
			return rapid.SliceOfN(rapid.SampledFrom([]float64{nan, 3, 4.25, 4.7, 4.7000000001, 5}), n, n).Draw(t, name)
		}
		has := func(name string) bool { return rapid.IntRange(0, 4).Draw(t, name) > 0 }
		s := &fives.Shops{Days: 30, Paid: ints("paid", 1e12), Content: ints("content", 1e12), PanShelf: ints("shelf", 1e12), Search: ints("search", 1e6), Goods: scores("goods"),
			Categories: rapid.SliceOfN(rapid.SampledFrom([]int64{null, 70, 71}), n, n).Draw(t, "categories")}
		for i := range n {
			s.Codes = append(s.Codes, int64(i))
		}
		if has("products") {
			s.Items, s.Comparable, s.LowPrice = ints("items", 9), ints("comparable", 1e9), ints("low price", 1e9)
		}
		if has("snapshots") {
			s.AlwaysOn = ints("always on", 50)
		}
		if has("contents") {
			s.Contents = fives.Contents{Viewers: ints("viewers", 1e6), WatchSeconds: ints("watch", 1e9), Interactions: ints("interactions", 1e6), Reports: ints("reports", 9), LiveDays: ints("live", 30)}
		}
		if has("talents") {
			s.Distribution, s.SelfBroadcast = ints("distribution", 1e12), ints("self", 1e12)
			s.LiveBuyers, s.LiveRepeat = ints("buyers", 100), ints("repeat", 100)
			s.Partners = fives.Partners{Active: ints("promoters", 9), Score: scores("partners")}
		}
		return s
	})
}

func TestComparisonsAgreeWithTheirTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nights().Draw(t, "night")
		want := twin{s}.rows()
		for i, got := range table(t, s) {
			if diff := gocmp.Diff(want[i], pick(got, want[i]), near); diff != "" {
				t.Fatalf("shop %d: %s", i, diff)
			}
		}
	})
}

// Who stands before whom in the input changes no shop's row, bit by bit.
func TestTheOrderOfShopsChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nights().Draw(t, "night")
		order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)).Perm(len(s.Codes))
		other := &fives.Shops{Days: s.Days, Goods: shuffled(s.Goods, order), Partners: fives.Partners{Active: shuffled(s.Partners.Active, order), Score: shuffled(s.Partners.Score, order)}}
		from, to := integers(s), integers(other)
		for i := range from {
			*to[i] = shuffled(*from[i], order)
		}
		want, got := table(t, s), table(t, other)
		for place, shop := range order {
			if diff := gocmp.Diff(want[shop], got[place]); diff != "" {
				t.Fatalf("shop %d at %d: %s", shop, place, diff)
			}
		}
	})
}

// integers are the columns of integers that are not of partners.
func integers(s *fives.Shops) []*[]int64 {
	c := &s.Contents
	return []*[]int64{&s.Codes, &s.Categories, &s.Paid, &s.Content, &s.PanShelf, &s.Search, &s.Distribution, &s.SelfBroadcast, &s.Items, &s.Comparable, &s.LowPrice,
		&c.Viewers, &c.WatchSeconds, &c.Interactions, &c.Reports, &c.LiveDays, &s.LiveBuyers, &s.LiveRepeat, &s.AlwaysOn}
}

func shuffled[T any](values []T, order []int) []T {
	if values == nil {
		return nil
	}
	out := make([]T, len(values))
	for place, from := range order {
		out[place] = values[from]
	}
	return out
}

// A currency of other units changes gaps alone; a shop of another category changes nothing.
func TestUnitsAndStrangersChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := nights().Draw(t, "night")
		for i := range s.Categories {
			if s.Categories[i] == null {
				s.Categories[i] = 72
			}
		}
		want := table(t, s)
		stranger := *s
		for _, values := range integers(&stranger) {
			if *values != nil {
				*values = append(slices.Clone(*values), 99)
			}
		}
		stranger.Goods = append(slices.Clone(s.Goods), 5)
		if s.Partners.Active != nil {
			stranger.Partners = fives.Partners{Active: append(slices.Clone(s.Partners.Active), 99), Score: append(slices.Clone(s.Partners.Score), 5)}
		}
		if diff := gocmp.Diff(want, table(t, &stranger)[:len(want)]); diff != "" {
			t.Fatalf("a stranger: %s", diff)
		}
		for _, gmv := range []*[]int64{&s.Paid, &s.Content, &s.PanShelf, &s.Search, &s.Distribution, &s.SelfBroadcast, &s.Comparable, &s.LowPrice} {
			for i := range *gmv {
				(*gmv)[i] *= 4 // P75 is whole then: gaps are no longer rounded
			}
		}
		for i, l := range table(t, s) {
			for _, d := range contract.FivesDimensions {
				if diff := gocmp.Diff(want[i][d+"_index"], l[d+"_index"], near); diff != "" {
					t.Fatalf("other units: %s_index of shop %d: %s", d, i, diff)
				}
			}
		}
	})
}
