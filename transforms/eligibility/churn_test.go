package eligibility_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/transforms/eligibility"
)

func TestChurn(t *testing.T) {
	type churn struct {
		Entered, Left, Before int
		Share                 float64
	}
	const in, low = 4.50, 4.00
	for _, c := range []struct {
		name   string
		before *eligibility.Before
		scores []float64
		want   churn
	}{
		{"nobody on either list", was(0, 0), []float64{low, low}, churn{}},
		{"a first run", nil, []float64{in, in, low}, churn{Entered: 2, Share: 1}},
		{"all stay", was(2, 0), []float64{in, in}, churn{Before: 2}},
		{"one of three stays, one left, one entered", was(2, 0), []float64{in, low, in}, churn{Entered: 1, Left: 1, Before: 2, Share: 2.0 / 3}},
		{"members that are no subjects any more have left", was(1, 3), []float64{in}, churn{Left: 3, Before: 4, Share: 0.75}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.before != nil {
				c.before = grown(c.before, len(c.scores))
			}
			r := theRules()
			r.Stability.EnterAfter, r.Stability.LeaveAfter = 1, 1
			h := eligibility.History{"shop_score": {hundredths(c.scores...)}}
			d := decided(r, today(4.40), asOf, subjects(len(c.scores)), h, c.before, nil, false)
			var got churn
			got.Entered, got.Left, got.Before, got.Share = d.Churn()
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// was is a list before with so many members among tonight's first subjects, and so many that are gone.
func was(members, gone int) *eligibility.Before {
	b := emptyBefore(members)
	for i := range members {
		b.Member[i], b.Standing[i] = true, true
	}
	b.Gone = make([]eligibility.GoneMember, gone)
	return b
}

// grown is the list before with n subjects, the further ones new.
func grown(b *eligibility.Before, n int) *eligibility.Before {
	g := emptyBefore(n)
	copy(g.Member, b.Member)
	copy(g.Standing, b.Standing)
	g.Gone = b.Gone
	return g
}
