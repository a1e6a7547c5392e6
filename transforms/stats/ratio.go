package stats

// Ratio are the moments of a ratio metric of the arm, such as outcome per order: the sum of y over the sum of d. Where d
// sums to zero they are NaN.
//
//	R = S_y/S_d,  l_i = R + (y_i − R·d_i)/mean(d)
//	Mean = R,  Var = (s_yy − 2R·s_yd + R²·s_dd)/mean(d)²,  the sample variance of l
//
// To the arm's units it is the mean of the linearised values l, so Difference and the relative lifts take it as they take
// a plain mean. Where d counts what a unit has several of (orders of a user), the variance is the cluster-robust one
// of a mean over them, the unit being the cluster.
//
// Source: Deng, Knoblich, Lu, Applying the delta method in metric analytics, KDD 2018.
func (a *Arm) Ratio(y, d Variable) Moments {
	l := a.linear(y, d)
	return Moments{N: a.N, Mean: a.Mean[y] / a.Mean[d], Var: l.cov(a, l)}
}

// RatioJoint are the moments of the ratio y/d together with those of the ratio x/w before the units entered, each
// linearised as by Ratio. Units without a pre-period count with x = w = 0. Where no unit has one, x/w is a constant 0.
func (a *Arm) RatioJoint(y, d, x, w Variable) Joint {
	j := Joint{Moments: a.Ratio(y, d), X: []float64{0}, XX: [][]float64{{0}}, XY: []float64{0}}
	if a.Mean[w] != 0 {
		post, pre := a.linear(y, d), a.linear(x, w)
		j.X[0], j.XX[0][0], j.XY[0] = a.Mean[x]/a.Mean[w], pre.cov(a, pre), post.cov(a, pre)
	}
	return j
}

// linear is a linear form of two variables: y·v + d·w.
type linear struct {
	y, d Variable
	v, w float64
}

// linear is what a unit adds to the ratio of two sums, to first order and without a constant.
func (a *Arm) linear(y, d Variable) linear {
	return linear{y, d, 1 / a.Mean[d], -a.Mean[y] / (a.Mean[d] * a.Mean[d])}
}

// cov is the sample covariance of two linear forms over the units of an arm.
func (l linear) cov(a *Arm, m linear) float64 {
	return l.v*(m.v*a.Cov[l.y][m.y]+m.w*a.Cov[l.y][m.d]) + l.w*(m.v*a.Cov[l.d][m.y]+m.w*a.Cov[l.d][m.d])
}
