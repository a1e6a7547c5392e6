package panel_test

import (
	"math"
	"math/rand/v2"

	"github.com/windvane/windvane/transforms/stats/panel"
)

// factorBlock is a block with unit and period effects, two common factors with loadings by unit, noise of one, and an effect
// in the post block.
func factorBlock(random *rand.Rand, controls, treated, pre, post int, factor, effect float64) panel.Block {
	periods := pre + post
	common := [2][]float64{make([]float64, periods), make([]float64, periods)}
	period := make([]float64, periods)
	for t := range periods {
		period[t] = random.NormFloat64() + 0.05*float64(t)
		for f := range common {
			common[f][t] = random.NormFloat64()
			if t > 0 {
				common[f][t] += 0.7 * common[f][t-1]
			}
		}
	}
	b := panel.Block{Controls: controls, Pre: pre}
	for i := range controls + treated {
		level, loads := 20+3*random.NormFloat64(), [2]float64{random.Float64(), random.Float64()}
		row := make([]float64, periods)
		for t := range row {
			row[t] = level + period[t] + factor*(loads[0]*common[0][t]+loads[1]*common[1][t]) + random.NormFloat64()
			if i >= controls && t >= pre {
				row[t] += effect
			}
		}
		b.Y = append(b.Y, row)
	}
	return b
}

// shopBlock is daily GMV in fen of shops of very different size, with weekly and festival peaks.
func shopBlock(random *rand.Rand, controls, treated, pre, post int) panel.Block {
	b := factorBlock(random, controls, treated, pre, post, 2, 1)
	for i, row := range b.Y {
		size := math.Exp(10 + 1.5*random.NormFloat64())
		for t := range row {
			week := 1.0
			if t%7 >= 5 {
				week = 1.4
			}
			b.Y[i][t] = math.Round(size * week * math.Exp(0.2*(row[t]-20)))
		}
	}
	return b
}

// staggeredPanel has units that start in period 2, in period 4 or never, a third each, random walks around a common one, and an effect of
// 1 + event time for those that start in 2, of 2 for those that start in 4; it returns the mean effect over treated units and
// periods too. apart is a linear difference in trends of the treated.
func staggeredPanel(random *rand.Rand, units, periods int, apart float64) (p panel.Panel, mean float64) {
	common := make([]float64, periods)
	for t := range common {
		common[t] = 2 * random.NormFloat64()
	}
	var sum, n float64
	for i := range units {
		start := [...]int{panel.Never, 2, 4}[i%3]
		y := 10 * random.NormFloat64()
		row := make([]float64, periods)
		for t := range row {
			y += random.NormFloat64()
			row[t] = y + common[t]
			if start == panel.Never {
				continue
			}
			row[t] += apart * float64(t)
			if t >= start {
				effect := 2.0
				if start == 2 {
					effect = 1 + float64(t-start)
				}
				row[t] += effect
				sum, n = sum+effect, n+1
			}
		}
		p.Y, p.Start = append(p.Y, row), append(p.Start, start)
	}
	return p, sum / n
}
