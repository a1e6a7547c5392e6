package stats_test

import (
	"math"
	"math/rand/v2"
	"testing"
)

// random is a source of random numbers that is the same everywhere and for ever.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// share counts how often something happens in repetitions of a simulation.
type share struct{ times, of int }

func (s *share) count(happened bool) {
	s.of++
	if happened {
		s.times++
	}
}

func (s *share) rate() float64 { return float64(s.times) / float64(s.of) }

// within fails unless the rate could come from a probability in [lo, hi]: three binomial standard errors are allowed
// at each end, at which one fixed seed in 700 misleads.
func (s *share) within(t *testing.T, name string, lo, hi float64) {
	t.Helper()
	t.Logf("%s: %.4f of %d, allowed %.4f to %.4f", name, s.rate(), s.of, lo, hi)
	error3 := func(p float64) float64 { return 3 * math.Sqrt(p*(1-p)/float64(s.of)) }
	if r := s.rate(); !(r >= lo-error3(lo) && r <= hi+error3(hi)) { // no repetition is no evidence
		t.Errorf("%s: %.4f of %d, want %.4f to %.4f (± three standard errors)", name, r, s.of, lo, hi)
	}
}

// average is the mean of repetitions with its standard error.
type average struct{ n, sum, squares float64 }

func (a *average) add(v float64) { a.n, a.sum, a.squares = a.n+1, a.sum+v, a.squares+v*v }

func (a *average) mean() float64 { return a.sum / a.n }

func (a *average) se() float64 {
	return math.Sqrt((a.squares - a.sum*a.sum/a.n) / (a.n - 1) / a.n)
}

// below fails if the mean is above limit by more than three standard errors.
func (a *average) below(t *testing.T, name string, limit float64) {
	t.Helper()
	t.Logf("%s: %.4f (standard error %.4f), at most %.4f", name, a.mean(), a.se(), limit)
	if !(a.mean() <= limit+3*a.se()) {
		t.Errorf("%s: %.4f (standard error %.4f), want at most %.4f", name, a.mean(), a.se(), limit)
	}
}

// apart tells that a and b differ by more than tolerance, or that one of them is NaN.
func apart(a, b, tolerance float64) bool { return !(math.Abs(a-b) <= tolerance) }

func squared(x float64) float64 { return x * x }
