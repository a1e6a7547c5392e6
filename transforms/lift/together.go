package lift

import (
	"math"

	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/stats"
)

// testTogether adjusts for testing many merchants of a period at once. The family is every merchant whose holdout is
// large enough and whose split is clean: what came out plays no part. A member without a p-value (nothing varied) counts
// with p = 1, so that an outcome cannot make the family smaller.
//
// Benjamini–Hochberg is for one planned date; e-BH holds on every night and under any dependence, such as holdouts
// that share users.
func testTogether(rows []*Row, o *Options, whole bool) {
	var family []*Row
	var p, e []float64
	for _, r := range rows {
		if r.Grade != contract.GradeHoldout {
			continue
		}
		family = append(family, r)
		p = append(p, orElse(r.Effect.P, 1))
		e = append(e, orElse(r.E, 0))
	}
	bh, ebh := stats.BenjaminiHochberg(p), stats.EBenjaminiHochberg(e)
	for i, r := range family {
		r.Family, r.BH = len(family), bh[i]
		if whole {
			r.EBH = ebh[i]
		}
	}
}

// orElse is v, or other where v is NaN.
func orElse(v, other float64) float64 {
	if math.IsNaN(v) {
		return other
	}
	return v
}

// Discovered tells whether e-BH names the merchant at the rules' rate, for a lift above zero.
func (r *Row) Discovered(o *Options) bool { return r.EBH <= o.Rules.FDR && r.Effect.Value > 0 }
