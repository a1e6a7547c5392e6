package lift

import (
	"fmt"
	"math"

	"github.com/windvane/windvane/transforms/stats"
	"github.com/windvane/windvane/transforms/stats/panel"
	"github.com/windvane/windvane/transforms/stats/weighting"
)

// warningText says a doubt in words, with what to do about it.
func warningText(w stats.Warning) string {
	if text, ok := warningTexts[w]; ok {
		return text
	}
	return string(w)
}

var warningTexts = map[stats.Warning]string{
	stats.WarnSkew:                "too few units for values so skewed: the normal approximation is doubtful; take winsor or --permutations beside it",
	stats.WarnControlNearZero:     "the control mean cannot be told from zero: a ratio to it says nothing; read the difference",
	stats.WarnFewClusters:         "fewer than 40 clusters in an arm: the interval is too short",
	stats.WarnTooFewUnits:         "too few units in an arm for a standard error",
	stats.WarnNoVariance:          "all units of an arm have the same value: how far that is chance is not counted",
	stats.WarnMeanNotPositive:     "an arm's mean is zero or below: there is no lift on a scale of logarithms; read the difference",
	stats.WarnEffectNearZero:      "the effect that is divided by cannot be told from zero: the ratio says nothing",
	stats.WarnFewServed:           "the arms' shares of served units are not five standard errors apart: no interval",
	stats.WarnBurnIn:              "fewer than a tenth of the planned units: the always-valid interval does not hold its level yet",
	panel.WarnPoorPreFit:          "the synthetic control misses the treated before the start by more than half of what plain means do: do not build on it",
	panel.WarnFewDonors:           "fewer than 10 control units: placebos say little",
	panel.WarnMostlyZero:          "the treated are zero in most periods before the start: there is little to fit",
	panel.WarnPreTrend:            "treated and controls moved apart before the start already (p < 0.05): parallel trends are doubtful",
	panel.WarnFewTreated:          "fewer than 5 treated units: their variance is a guess",
	panel.WarnResolution:          "fewer periods than the confidence needs: the interval is unbounded; take more periods or less confidence",
	panel.WarnNoControls:          "some cells had no control unit left and were left out",
	weighting.WarnImbalance:       "a covariate still differs by 0.1 standard deviations or more after weighting",
	weighting.WarnNegativeControl: "an effect is found on the negative control, where there can be none: something that decides is not among the covariates",
	weighting.WarnUntrimmed:       "scores outside 0.1 to 0.9 have their full weight: trim with --keep 0.1,0.9 or take overlap",
	weighting.WarnLowESS:          "the weighted units of an arm are worth fewer than 30",
}

// verdict says what an interval tells about a number, in one line. The effect that
// would have been found is that of a look at one planned date.
func (r *analysis) verdict(e stats.Estimate, what string) string {
	switch {
	case math.IsNaN(e.Value):
		return fmt.Sprintf("%s cannot be computed; see the warnings.", what)
	case math.IsNaN(e.Interval.Lo) || math.IsNaN(e.Interval.Hi):
		return fmt.Sprintf("%s is %s, and nothing tells how sure that is.", what, digits(e.Value))
	case e.Interval.Contains(0):
		text := fmt.Sprintf("%s is %s; %s to %s holds zero, so it cannot be told from nothing", what, digits(e.Value), digits(e.Interval.Lo), digits(e.Interval.Hi))
		if d := r.design().DetectableAt(e.SE); !math.IsNaN(d) && r.planned == 0 {
			text += fmt.Sprintf(". An effect of %s%s would have been found with a chance of %s %%", digits(d), r.way(), percentOf(r.power))
		}
		return text + "."
	}
	direction := "above"
	if e.Value < 0 {
		direction = "below"
	}
	return fmt.Sprintf("%s is %s zero: %s, and with %s %% confidence between %s and %s.", what, direction, digits(e.Value), percentOf(e.Confidence),
		digits(e.Interval.Lo), digits(e.Interval.Hi))
}

func (r *analysis) design() stats.Design {
	return stats.Design{Confidence: r.confidence, Power: r.power, Holdout: r.holdout, OneSided: r.how.Alternative != stats.TwoSided}
}

// way is where effects are looked for, after their size.
func (r *analysis) way() string {
	return map[stats.Alternative]string{stats.Greater: " upwards", stats.Less: " downwards"}[r.how.Alternative]
}
