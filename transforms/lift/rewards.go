package lift

import (
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// Talent is what is known of a talent beside the pairs. Numbers that are not there are NaN.
type Talent struct {
	Score    float64 // 带货口碑分
	Product  float64 // 商品分 of what the talent sold
	Net15    int64   // fen, distributed gmv_net15 of 30 days
	NetKnown bool
}

// Reward is the share of one talent.
type Reward struct {
	Code     int64
	Pairs    [Arms]int64
	Observed int64   // fen
	Inc      int64   // fen
	RawInc   float64 // fen, the plain difference of the talent's own pairs; NaN: none
	Talent
	Failed      []string // conditions that do not hold
	Multiplier  float64  // 0: not eligible
	Share       float64
	Impressions int64
}

// Rewards split the day's pool among the talents whose buyers brought something, in the order of their ids as text; what is
// left over, all of it if nobody is eligible, is the second result.
//
//	inc of a talent = Σ over merchants: GMV of the talent's treated pairs · lift/(1 + lift), rounded half up at the end
//	reward          = pool · inc⁺·multiplier / Σ inc⁺·multiplier, by largest remainder, ties by id
//
// lift is that of the merchant, shrunken, or of its category where the merchant has no evidence (Lifts): the plain difference
// of one talent's pairs between the arms is too noisy to pay by, and stands beside it. Merchants with a broken
// experiment bring nothing.
//
// A pool is split whatever it is split by. So that noise is not paid, it is given out only where the platform, and the programme with the most
// pairs, have a lift above zero with the rules' probability (Lifts.Positive); else all of it is left.
//
// Source: definitions.md, section 9; the split is ours.
func Rewards(f *Figures, e *Estimates, o *Options, about func(talent int64) Talent) ([]Reward, int64) {
	lifts, found := e.Lifts(o), map[int64]*earned{}
	for i := range f.Merchants {
		for p := range f.Merchants[i].Cells {
			if f.Periods[p].Name == o.Rules.QuotaPeriod {
				earn(&f.Merchants[i].Cells[p], lifts.Of(f.Merchants[i].Code), found)
			}
		}
	}
	rewards := make([]Reward, 0, len(found))
	for code, w := range found {
		r := Reward{Code: code, Pairs: w.pairs, Observed: round(w.observed), Inc: round(w.inc), RawInc: math.NaN(), Talent: about(code)}
		if w.compared {
			r.RawInc = w.raw
		}
		r.judge(&o.Rules.Reward, lifts.Positive())
		rewards = append(rewards, r)
	}
	compare := o.IDs.CompareText(contract.Talent, "")
	slices.SortFunc(rewards, func(a, b Reward) int { return compare(a.Code, b.Code) })
	return rewards, split(o.Rules.Reward.Impressions, rewards)
}

// earned is what a talent's pairs come to.
type earned struct {
	pairs              [Arms]int64
	observed, inc, raw float64
	compared           bool
}

// earn adds the talents of one merchant.
func earn(c *MerchantCell, g Going, found map[int64]*earned) {
	if math.IsNaN(g.Lift) {
		return
	}
	for i := range c.Sources {
		s := &c.Sources[i]
		if s.Talent == column.Null {
			continue
		}
		w := found[s.Talent]
		if w == nil {
			w = &earned{}
			found[s.Talent] = w
		}
		for a := range s.Pairs {
			w.pairs[a] += s.Pairs[a]
		}
		observed := s.Outcome[Treatment].Float64()
		w.observed += observed
		w.inc += observed * share(g.Lift)
		if s.Pairs[Holdout] > 0 {
			w.compared = true
			w.raw += observed - s.Outcome[Holdout].Float64()/float64(s.Pairs[Holdout])*float64(s.Pairs[Treatment])
		}
	}
}

// round is to the nearest fen, halves up.
func round(fen float64) int64 { return int64(math.Floor(fen + 0.5)) }

// judge holds a talent against the conditions.
func (r *Reward) judge(rule *rules.Reward, positive float64) {
	for _, c := range []struct {
		name  string
		holds bool
	}{
		{"talent_score", r.Score >= rule.TalentScore}, {"product_score", r.Product >= rule.ProductScore},
		{"gmv_net15", r.NetKnown && r.Net15 > 0}, {"inc", r.Inc > 0},
		{"lift_above_zero", positive >= rule.Probability},
	} {
		if !c.holds {
			r.Failed = append(r.Failed, c.name)
		}
	}
	switch {
	case len(r.Failed) > 0:
	case r.Score >= rule.BonusScore:
		r.Multiplier = rule.Multiplier
	default:
		r.Multiplier = 1
	}
}

// FailedText are the conditions that do not hold, by comma.
func (r *Reward) FailedText() string { return strings.Join(r.Failed, ",") }

// split gives out a pool by weight and tells what is left. Weights are whole numbers, so that the order of sums is nothing.
func split(pool int64, rewards []Reward) int64 {
	type part struct {
		weight, rest *big.Int
		at           int
	}
	total, parts := new(big.Int), make([]part, 0, len(rewards))
	for i := range rewards {
		r := &rewards[i]
		if r.Multiplier > 0 {
			w := new(big.Int).Mul(big.NewInt(r.Inc), big.NewInt(stats.HalfUp(r.Multiplier, 4)))
			total.Add(total, w)
			parts = append(parts, part{w, nil, i})
		}
	}
	if total.Sign() == 0 {
		return pool
	}
	left := pool
	for i := range parts {
		p := &parts[i]
		whole, rest := new(big.Int).QuoRem(new(big.Int).Mul(p.weight, big.NewInt(pool)), total, new(big.Int))
		r := &rewards[p.at]
		p.rest, r.Impressions = rest, whole.Int64()
		r.Share, _ = new(big.Rat).SetFrac(p.weight, total).Float64()
		left -= r.Impressions
	}
	slices.SortStableFunc(parts, func(a, b part) int { return b.rest.Cmp(a.rest) })
	for _, p := range parts[:left] {
		rewards[p.at].Impressions++
	}
	return 0
}
