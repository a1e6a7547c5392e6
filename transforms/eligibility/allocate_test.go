package eligibility_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/windvane/windvane/transforms/eligibility"
	"github.com/windvane/windvane/transforms/rules"
	"pgregory.net/rapid"
)

func TestAllocate(t *testing.T) {
	for _, c := range []struct {
		name        string
		pool        rules.Pool
		a, b        []float64
		cold        int
		quota, new  []int64
		unallocated int64
	}{
		{"the vector of the definitions: 14.43 and 5.57", rules.Pool{Impressions: 20}, []float64{10, 4}, []float64{2, 1}, 0,
			[]int64{14, 6}, []int64{}, 0},
		{"what two equal ones leave over goes to the first", rules.Pool{Impressions: 5}, []float64{1, 1}, []float64{1, 1}, 0,
			[]int64{3, 2}, []int64{}, 0},
		{"who brings nothing gets nothing", rules.Pool{Impressions: 10}, []float64{1, 0, -1, none, math.Inf(1)}, []float64{1, 1, 1, 1, 1}, 0,
			[]int64{10, 0, 0, 0, 0}, []int64{}, 0},
		{"a weak one beside a strong one gets nothing", rules.Pool{Impressions: 10}, []float64{100, 1}, []float64{1, 1}, 0,
			[]int64{10, 0}, []int64{}, 0},
		{"nobody: all is unallocated", rules.Pool{Impressions: 10, Reserve: 0.1}, nil, nil, 0, nil, []int64{}, 10},
		{"the reserve is split evenly, the first get the rest", rules.Pool{Impressions: 100, Reserve: 0.1}, []float64{1}, []float64{1}, 4,
			[]int64{90}, []int64{3, 3, 2, 2}, 0},
		{"an empty cold start leaves the reserve over", rules.Pool{Impressions: 100, Reserve: 0.1}, []float64{1}, []float64{1}, 0,
			[]int64{90}, []int64{}, 10},
		{"a tenth of the pool at most", rules.Pool{Impressions: 100, CapShare: 0.1}, []float64{1, 1}, []float64{50, 50}, 0,
			[]int64{10, 10}, []int64{}, 80},
		{"five times the base at most, rounded down", rules.Pool{Impressions: 100, CapMultiple: 5}, []float64{9, 9}, []float64{1.5, 30}, 0,
			[]int64{7, 93}, []int64{}, 0},
		{"the base is at least the pool's", rules.Pool{Impressions: 10000, LeastImpressions: 1000, CapMultiple: 5}, []float64{1}, []float64{0}, 0,
			[]int64{5000}, []int64{}, 5000},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := eligibility.Allocate(c.pool, c.a, c.b, c.cold)
			if diff := cmp.Diff(append([]int64{}, c.quota...), append([]int64{}, got.Quota...)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.new, got.ColdStart); diff != "" || got.Unallocated != c.unallocated {
				t.Errorf("unallocated %d, want %d; cold start %s", got.Unallocated, c.unallocated, diff)
			}
		})
	}
}

func TestTheMarginalOfTheVectorIsThatOfItsRealShares(t *testing.T) {
	al := eligibility.Allocate(rules.Pool{Impressions: 20}, []float64{10, 4}, []float64{2, 1}, 0)
	// x + b = a / λ, and (14 / λ) − 3 = 20: λ = 14 / 23, x = 14.4286 and 5.5714.
	if math.Abs(al.Marginal-14.0/23) > 1e-6 {
		t.Errorf("marginal %v, want %v", al.Marginal, 14.0/23)
	}
}

func TestExpected(t *testing.T) {
	if got := eligibility.Expected(10/math.Ln2, 500, 500); math.Abs(got-10) > 1e-12 {
		t.Errorf("doubling the base brings %v, want 10", got)
	}
	if got, want := eligibility.LastThousand(3, 500, 2500), 3*math.Log(3000.0/2000); math.Abs(got-want) > 1e-12 {
		t.Errorf("the last thousand brings %v, want %v", got, want)
	}
	if got, want := eligibility.LastThousand(3, 500, 400), eligibility.Expected(3, 500, 400); got != want {
		t.Errorf("all of four hundred bring %v, want %v", got, want)
	}
}

// poolCase is a random pool.
type poolCase struct {
	pool rules.Pool
	a, b []float64
	cold int
}

func drawPool(t *rapid.T) poolCase {
	n := rapid.IntRange(0, 12).Draw(t, "members")
	c := poolCase{cold: rapid.IntRange(0, 4).Draw(t, "cold"), a: make([]float64, n), b: make([]float64, n)}
	c.pool = rules.Pool{
		Impressions: int64(rapid.IntRange(0, 2_000_000).Draw(t, "pool")), Reserve: rapid.SampledFrom([]float64{0, 0.1, 0.33}).Draw(t, "reserve"),
		LeastImpressions: int64(rapid.IntRange(0, 1000).Draw(t, "least")),
		CapShare:         rapid.SampledFrom([]float64{0, 0.1, 0.5}).Draw(t, "cap share"), CapMultiple: rapid.SampledFrom([]float64{0, 2.5, 5}).Draw(t, "cap multiple"),
	}
	for i := range n {
		c.a[i] = rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.001, 1e7), rapid.Just(100.0)).Draw(t, "a")
		c.b[i] = rapid.Float64Range(0, 100_000).Draw(t, "b")
	}
	return c
}

func (c poolCase) allocate() eligibility.Allocation {
	return eligibility.Allocate(c.pool, c.a, c.b, c.cold)
}

// base and most are b_i and cap_i as the definitions say them.
func (c poolCase) base(i int) float64 {
	return max(c.b[i], float64(c.pool.LeastImpressions), 1)
}

func (c poolCase) most(i int) int64 {
	most := float64(c.toShare())
	if c.pool.CapShare > 0 {
		most = min(most, math.Floor(c.pool.CapShare*float64(c.pool.Impressions)))
	}
	if c.pool.CapMultiple > 0 {
		most = min(most, math.Floor(c.pool.CapMultiple*c.base(i)))
	}
	return int64(most)
}

func (c poolCase) toShare() int64 {
	return c.pool.Impressions - int64(math.Floor(c.pool.Reserve*float64(c.pool.Impressions)+1e-9))
}

func TestQuotasSumToThePoolUnderTheCaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPool(t)
		al := c.allocate()
		sum, caps := al.Unallocated, int64(0)
		for i, x := range al.Quota {
			sum += x
			if c.a[i] > 0 {
				caps += c.most(i)
			}
			if x < 0 || x > c.most(i) || x > 0 && c.a[i] == 0 {
				t.Fatalf("member %d has %d of at most %d", i, x, c.most(i))
			}
		}
		reserve := int64(0)
		for _, x := range al.ColdStart {
			reserve += x
		}
		if sum+reserve != c.pool.Impressions {
			t.Fatalf("the parts sum to %d of %d", sum+reserve, c.pool.Impressions)
		}
		left := max(0, c.toShare()-caps)
		if c.cold == 0 {
			left += c.pool.Impressions - c.toShare()
		}
		if al.Unallocated != left {
			t.Fatalf("unallocated %d, want %d", al.Unallocated, left)
		}
	})
}

// TestNoMemberWouldUseAnImpressionBetter holds the integers against the conditions of the optimum: a / (b + x) is λ for
// members inside, at most λ at 0, at least λ at the cap, each within the impression that rounding moves.
func TestNoMemberWouldUseAnImpressionBetter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPool(t)
		al := c.allocate()
		if al.Marginal == 0 {
			return
		}
		for i, x := range al.Quota {
			if c.a[i] == 0 {
				continue
			}
			real := c.a[i]/al.Marginal - c.base(i)
			want := min(max(real, 0), float64(c.most(i)))
			if math.Abs(float64(x)-want) > 1+1e-3 {
				t.Fatalf("member %d has %d, the optimum is %v", i, x, want)
			}
		}
	})
}

func TestBringingMoreNeverGetsLess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPool(t)
		if len(c.a) == 0 {
			return
		}
		i := rapid.IntRange(0, len(c.a)-1).Draw(t, "member")
		before := c.allocate().Quota[i]
		c.a[i] = c.a[i]*rapid.Float64Range(1.01, 10).Draw(t, "times") + 0.01
		if after := c.allocate().Quota[i]; after < before {
			t.Fatalf("%d impressions became %d", before, after)
		}
	})
}

func TestShufflingMembersShufflesQuotas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPool(t)
		for i := range c.a { // no two alike: ties go by position
			if c.a[i] > 0 {
				c.a[i] *= 1 + 0.001*float64(i)
			}
			c.b[i] += float64(i) / 3
		}
		to := permutation(t, len(c.a))
		p := c
		p.a, p.b = moved(c.a, to), moved(c.b, to)
		al, shuffled := c.allocate(), p.allocate()
		if al.Marginal != shuffled.Marginal {
			t.Fatalf("λ %v became %v", al.Marginal, shuffled.Marginal)
		}
		for i, x := range moved(al.Quota, to) {
			if d := x - shuffled.Quota[i]; d < -1 || d > 1 || d != 0 && !tied(c, al) {
				t.Fatalf("member %d: %d became %d", i, x, shuffled.Quota[i])
			}
		}
	})
}

// tied tells whether two members have the same remainder, so that position decided: those at 0 have.
func tied(c poolCase, al eligibility.Allocation) bool {
	seen := map[float64]bool{}
	for i, a := range c.a {
		if a == 0 {
			continue
		}
		x := min(max(a/al.Marginal-c.base(i), 0), float64(c.most(i)))
		part := math.Floor(math.Mod(x, 1) * (1 << 20))
		if seen[part] {
			return true
		}
		seen[part] = true
	}
	return false
}
