package panel

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/windvane/windvane/transforms/stats"
)

// Cohort is the fit of the units that start in one period.
type Cohort struct {
	Start   int // first treated period
	Treated int // units
	Post    int // periods from the start on
	Synthetic
}

// StaggeredResult is the mean over cohorts, weighted by treated units × periods from the start on.
type StaggeredResult struct {
	Cohorts  []Cohort // by start, ascending
	Controls int      // units not treated in the panel
	Dropped  int      // units with fewer than two periods before their start
	Observed float64  // mean outcome of the treated from their starts on
	Estimate stats.Estimate
	Error    ErrorMethod
	Placebos []float64 // nil with the jackknife
	RankP    float64   // NaN with the jackknife
}

// Staggered fits every cohort against the units that are never treated and takes the mean.
//
//	effect = sum over cohorts of N1·T1·effect / sum of N1·T1: the mean over treated units and treated periods
//
// ErrorAuto takes placebos below FewTreated treated units in all and for SC, else the jackknife. A placebo gives controls drawn at
// random the starts of the treated, 200 times from a generator with a fixed seed; with one treated unit every control once. The
// jackknife keeps the weights and needs two treated units in all; leaving out the only unit of a cohort leaves its term out of the mean.
//
// Errors are those of Fit, Placebos and Jackknife; ErrTooFew also when no cohort has two periods before its start.
// o.Start is not used.
//
// Source: Arkhangelsky and others 2021, appendix; Clarke, Pailañir, Athey, Imbens, Synthetic difference-in-differences
// estimation, 2023.
func Staggered(p Panel, m Method, o Options) (StaggeredResult, error) {
	if err := checkConfidence(o.Confidence); err != nil {
		return StaggeredResult{}, err
	}
	if err := p.check(); err != nil {
		return StaggeredResult{}, err
	}
	c := newCohorts(p)
	r := StaggeredResult{Controls: len(c.controls), Dropped: c.dropped, Error: o.Error, RankP: math.NaN()}
	if len(c.starts) == 0 {
		return r, fmt.Errorf("%w: no treated unit has two periods before its start", ErrTooFew)
	}
	var effect, observed, weight float64
	for k, b := range c.blocks() {
		s, err := fit(b, m, nil)
		if err != nil {
			return r, fmt.Errorf("cohort that starts in period %d: %w", c.starts[k], err)
		}
		r.Cohorts = append(r.Cohorts, Cohort{c.starts[k], b.Treated(), b.Post(), s})
		w := float64(b.Treated() * b.Post())
		effect, observed, weight = effect+w*s.Effect, observed+w*s.Observed, weight+w
	}
	effect, r.Observed = effect/weight, observed/weight
	se, df, err := c.standardError(&r, m, effect)
	if err != nil {
		return r, err
	}
	r.Estimate = estimate(effect, se, df, o.Confidence)
	r.Estimate.Warnings = r.warnings()
	return r, nil
}

// warnings are those of any cohort, each once.
func (r StaggeredResult) warnings() []stats.Warning {
	var all []stats.Warning
	seen := map[stats.Warning]bool{}
	for _, c := range r.Cohorts {
		for _, w := range c.Warnings {
			if !seen[w] {
				seen[w] = true
				all = append(all, w)
			}
		}
	}
	return all
}

// cohorts are the units of a panel by what they are in a staggered fit.
type cohorts struct {
	panel    Panel
	controls []int
	starts   []int
	units    [][]int // by start
	dropped  int
}

func newCohorts(p Panel) *cohorts {
	c := &cohorts{panel: p}
	byStart := make([][]int, p.Periods()+1)
	for i := range p.Y {
		byStart[p.start(i)] = append(byStart[p.start(i)], i)
	}
	for s, units := range byStart {
		switch {
		case s == p.Periods():
			c.controls = units
		case len(units) == 0:
		case s < 2:
			c.dropped += len(units)
		default:
			c.starts, c.units = append(c.starts, s), append(c.units, units)
		}
	}
	return c
}

// blocks are the cohorts, each with all the controls.
func (c *cohorts) blocks() []Block {
	blocks := make([]Block, len(c.starts))
	for k, s := range c.starts {
		blocks[k] = c.block(c.controls, c.units[k], s)
	}
	return blocks
}

func (c *cohorts) block(controls, treated []int, start int) Block {
	b := Block{Controls: len(controls), Pre: start}
	for _, i := range controls {
		b.Y = append(b.Y, c.panel.Y[i])
	}
	for _, i := range treated {
		b.Y = append(b.Y, c.panel.Y[i])
	}
	return b
}

// standardError also gives the degrees of freedom, as Estimate has them.
func (c *cohorts) standardError(r *StaggeredResult, m Method, effect float64) (se, df float64, err error) {
	all := 0
	for _, u := range c.units {
		all += len(u)
	}
	if r.Error == ErrorAuto {
		r.Error = ErrorPlacebo
		if all >= FewTreated && m != MethodSC && m != MethodSCReg {
			r.Error = ErrorJackknife
		}
	}
	if r.Error == ErrorJackknife {
		if all < 2 {
			return 0, 0, fmt.Errorf("%w: one treated unit; the jackknife needs two", ErrTooFew)
		}
		se, err = c.jackknife(r.Cohorts)
		return se, float64(all - 1), err
	}
	if len(c.controls) < all+2 {
		return 0, 0, fmt.Errorf("%w: %d controls for placebos of %d treated units; %d are needed", ErrTooFew, len(c.controls), all, all+2)
	}
	if all == 1 {
		r.Placebos, err = Placebos(c.blocks()[0], r.Cohorts[0].Synthetic)
	} else {
		r.Placebos, err = c.placebos(r.Cohorts, all)
	}
	r.RankP = rankP(effect, r.Placebos)
	return spread(r.Placebos), float64(len(c.controls) - 1), err
}

// placebos give the last controls of a random order the starts of the treated.
func (c *cohorts) placebos(fits []Cohort, all int) ([]float64, error) {
	random := rand.New(rand.NewPCG(1, 1))
	effects := make([]float64, 0, draws)
	for range draws {
		order := random.Perm(len(c.controls))
		treated := order[len(order)-all:]
		order = order[:len(order)-all]
		var effect, weight float64
		for k, f := range fits {
			w := Weights{make([]float64, len(order)), append([]float64(nil), f.Time...)}
			for i, j := range order {
				w.Unit[i] = f.Unit[j]
			}
			normalise(w.Unit)
			b := c.block(c.at(order), c.at(treated[:len(c.units[k])]), f.Start)
			treated = treated[len(c.units[k]):]
			if err := refitWith(b, f.Synthetic, w); err != nil {
				return nil, err
			}
			n := float64(f.Treated * f.Post)
			effect, weight = effect+n*b.effect(w), weight+n
		}
		effects = append(effects, effect/weight)
	}
	return effects, nil
}

// at are the panel's numbers of controls.
func (c *cohorts) at(order []int) []int {
	units := make([]int, len(order))
	for i, j := range order {
		units[i] = c.controls[j]
	}
	return units
}

// jackknife leaves out one unit after the other with the weights as they are.
func (c *cohorts) jackknife(fits []Cohort) (float64, error) {
	var effects []float64
	contrasts := make([][]float64, len(fits)) // by cohort, of controls and then its treated
	sums := make([]float64, len(fits))        // N1·T1·effect
	var total, weight float64
	for k, f := range fits {
		for _, i := range append(append([]int(nil), c.controls...), c.units[k]...) {
			row := c.panel.Y[i]
			contrasts[k] = append(contrasts[k], mean(row[f.Start:])-dot(f.Time, row[:f.Start]))
		}
		sums[k] = float64(f.Treated*f.Post) * f.Effect
		total, weight = total+sums[k], weight+float64(f.Treated*f.Post)
	}
	for j := range c.controls {
		var effect float64
		for k, f := range fits {
			w := f.Unit[j]
			if w >= 1 {
				return 0, fmt.Errorf("%w: one control has all the weight", ErrTooFew)
			}
			synthetic := dot(f.Unit, contrasts[k][:len(c.controls)])
			moved := (synthetic-w*contrasts[k][j])/(1-w) - synthetic
			effect += sums[k] - float64(f.Treated*f.Post)*moved
		}
		effects = append(effects, effect/weight)
	}
	for k, f := range fits {
		synthetic := dot(f.Unit, contrasts[k][:len(c.controls)])
		for _, x := range contrasts[k][len(c.controls):] {
			post := float64(f.Post)
			effects = append(effects, (total-post*(x-synthetic))/(weight-post))
		}
	}
	n := float64(len(effects))
	return math.Sqrt((n - 1) / n * squares(effects, true)), nil
}
