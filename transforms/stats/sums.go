package stats

import "math/big"

// Variable is one of the numbers observed on a unit of an experiment.
type Variable int

// What is observed on a unit (a user, or a merchant × user pair). All are whole numbers: fen, orders, pairs.
const (
	Outcome        Variable = iota // Y: what the experiment is about
	Denominator                    // D: what Y is divided by in a ratio metric (orders, sessions, pairs of the user)
	PreOutcome                     // X: the outcome before the unit entered, a covariate
	PreDenominator                 // W: the denominator before the unit entered
	WideOutcome                    // Z: the outcome over everything, to see what only moved

	Variables = 5
)

// products is the number of products of two variables, without order.
const products = Variables * (Variables + 1) / 2

// Values are the totals of one unit, indexed by Variable.
type Values [Variables]int64

// Sums are the sufficient statistics of one arm: how many units, the sums of their totals and of the products of
// their totals, exact. They merge, and what was added can be taken out again, in any order, to the same bits.
//
// The zero value is no unit. Totals of a unit may be negative (refunds). With at most 2³¹ units of totals within ±2⁴⁷
// nothing wraps.
//
// Source: the delta sums of a user-cumulative metric; Deng, Xu, Kohavi, Walker 2013 need no more for CUPED.
type Sums struct {
	N      int64
	first  [Variables]Int128
	second [products]Int128
}

// at is the place of a product: the upper triangle, row by row.
func at(v, w Variable) int {
	if v > w {
		v, w = w, v
	}
	return int(v)*Variables - int(v)*(int(v)-1)/2 + int(w-v)
}

// Add counts a unit that enters with these totals.
func (s *Sums) Add(u *Values) {
	s.N++
	for v, k := 0, 0; v < Variables; v++ {
		if u[v] == 0 {
			k += Variables - v
			continue
		}
		s.first[v] = s.first[v].Add(Int128Of(u[v]))
		for w := v; w < Variables; w++ {
			s.second[k] = s.second[k].Add(Product(u[v], u[w]))
			k++
		}
	}
}

// Remove takes a unit out that was counted with these totals.
func (s *Sums) Remove(u *Values) {
	s.N--
	for v, k := 0, 0; v < Variables; v++ {
		if u[v] == 0 {
			k += Variables - v
			continue
		}
		s.first[v] = s.first[v].Sub(Int128Of(u[v]))
		for w := v; w < Variables; w++ {
			s.second[k] = s.second[k].Sub(Product(u[v], u[w]))
			k++
		}
	}
}

// Move replaces the totals of a counted unit: what a night adds to the sums for a user whose purchases went on, were
// refunded or corrected. Moving to the same totals changes nothing.
func (s *Sums) Move(from, to *Values) {
	if *from == *to {
		return
	}
	s.Remove(from)
	s.Add(to)
}

// Merge counts the units of t too.
func (s *Sums) Merge(t *Sums) {
	s.N += t.N
	for v := range s.first {
		s.first[v] = s.first[v].Add(t.first[v])
	}
	for k := range s.second {
		s.second[k] = s.second[k].Add(t.second[k])
	}
}

// Retract takes the units of t out.
func (s *Sums) Retract(t *Sums) {
	s.N -= t.N
	for v := range s.first {
		s.first[v] = s.first[v].Sub(t.first[v])
	}
	for k := range s.second {
		s.second[k] = s.second[k].Sub(t.second[k])
	}
}

// Sum is the sum of one variable over the units.
func (s *Sums) Sum(v Variable) Int128 { return s.first[v] }

// SumOf is the sum of the product of two variables over the units.
func (s *Sums) SumOf(v, w Variable) Int128 { return s.second[at(v, w)] }

// Mean is the mean of a variable, rounded once; NaN without units.
func (s *Sums) Mean(v Variable) float64 {
	return ratio(s.first[v].Big(), big.NewInt(s.N))
}

// Cov is the sample covariance (n − 1) of two variables, the variance if they are the same one: n·Q − S·T in whole
// numbers, rounded once. NaN with fewer than two units.
func (s *Sums) Cov(v, w Variable) float64 {
	if s.N < 2 {
		return ratio(new(big.Int), new(big.Int))
	}
	n := big.NewInt(s.N)
	a := new(big.Int).Mul(n, s.second[at(v, w)].Big())
	a.Sub(a, new(big.Int).Mul(s.first[v].Big(), s.first[w].Big()))
	return ratio(a, n.Mul(n, big.NewInt(s.N-1)))
}

// Arm is the float summary of the sums that estimators work on.
func (s *Sums) Arm() Arm {
	a := Arm{N: s.N}
	for v := range Variable(Variables) {
		a.Mean[v] = s.Mean(v)
		for w := v; w < Variables; w++ {
			a.Cov[v][w] = s.Cov(v, w)
			a.Cov[w][v] = a.Cov[v][w]
		}
	}
	return a
}

// Arm is what one arm of an experiment tells: means and sample covariances (n − 1) of the units' totals.
type Arm struct {
	N    int64 // units
	Mean [Variables]float64
	Cov  [Variables][Variables]float64
}

// Of are the moments of one variable of the arm.
func (a *Arm) Of(v Variable) Moments { return Moments{N: a.N, Mean: a.Mean[v], Var: a.Cov[v][v]} }

// Moments are what one arm tells about one variable.
type Moments struct {
	N    int64   // units
	Mean float64 // of the variable
	Var  float64 // sample variance (n − 1)

	// Fitted coefficients of covariates take degrees of freedom: Var has N − 1 − Fitted.
	Fitted int
}

// MeanVar is the variance of the mean, Var/N.
func (m Moments) MeanVar() float64 { return m.Var / float64(m.N) }

// SumsOf are the sums of n units as Sum and, for v ≤ w, SumOf told them: how sums that were kept are taken up again.
func SumsOf(n int64, first [Variables]Int128, of func(v, w Variable) Int128) Sums {
	s := Sums{N: n, first: first}
	for v := range Variable(Variables) {
		for w := v; w < Variables; w++ {
			s.second[at(v, w)] = of(v, w)
		}
	}
	return s
}
