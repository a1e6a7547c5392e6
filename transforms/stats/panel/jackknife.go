package panel

import "math"

// Jackknife is the standard error of a fit from leaving out one unit after the other, with the weights as they are; those
// of the controls that stay are scaled to one.
//
//	se = sqrt((n − 1)/n · sum (tau_(−i) − mean)²),  n = all units
//
// It needs two treated units and two controls with weight above zero (ErrTooFew), and is not for SC, whose weights
// change with every unit. It is conservative for SDID.
//
// Source: algorithm 3 of Arkhangelsky and others 2021.
func Jackknife(b Block, s Synthetic) (float64, error) {
	if err := b.check(2, 2, 1, 1); err != nil {
		return 0, err
	}
	carried := 0
	for _, w := range s.Unit {
		if w > 0 {
			carried++
		}
	}
	if carried < 2 {
		return 0, ErrTooFew
	}
	contrast := make([]float64, len(b.Y)) // by unit: post mean less its weighted pre mean
	for i, row := range b.Y {
		contrast[i] = mean(row[b.Pre:]) - dot(s.Time, row[:b.Pre])
	}
	treated, controls := contrast[b.Controls:], contrast[:b.Controls]
	synthetic, average := dot(s.Unit, controls), mean(treated)
	effects := make([]float64, 0, len(b.Y))
	for j, c := range controls {
		w := s.Unit[j]
		effects = append(effects, average-(synthetic-w*c)/(1-w))
	}
	n1 := float64(len(treated))
	for _, c := range treated {
		effects = append(effects, (n1*average-c)/(n1-1)-synthetic)
	}
	n := float64(len(effects))
	return math.Sqrt((n - 1) / n * squares(effects, true)), nil
}
