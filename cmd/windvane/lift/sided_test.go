package lift

import (
	"math"
	"strings"
	"testing"
)

// A question of one side has one-sided figures throughout: the least effect found, bounds, and what holds at every look.
func TestOneSidedQuestionsHaveOneSidedAnswers(t *testing.T) {
	file := textFile(t, t.TempDir(), "data.csv", "arm,y,x\n0,1,1\n0,2,1\n0,3,2\n0,2,1\n1,5,3\n1,2,2\n1,1,2\n1,4,2\n")
	ask := func(args string) answer {
		return answerOf(t, strings.Fields(strings.ReplaceAll(args, "FILE", file))...)
	}
	const of = " --file FILE --arm arm --y y"
	for side, c := range map[string]struct {
		reach           float64 // z(1 − α) + z(0.8), two-sided z(1 − α/2) + z(0.8)
		way, bound      string
		loOpen, hiOpen  bool
		units, critical string
	}{
		"two-sided": {2.801585218, "", "|effect|/SE exceeds", false, false, "12559", "1.95996"},
		"greater":   {2.486474860, " upwards", "at which effect/SE exceeds", false, true, "9893", "1.64485"},
		"less":      {2.486474860, " downwards", "at which −effect/SE exceeds", true, false, "9893", "1.64485"},
	} {
		t.Run(side, func(t *testing.T) {
			flag := " --alternative " + side
			mde := ask("--method mde" + of + flag)
			for _, of := range []string{"difference", "lift"} {
				if got, want := mde.value(t, "mde_"+of), c.reach*mde.value(t, "se_"+of); math.Abs(got-want) > 1e-8 {
					t.Errorf("the least %s found is %v, want %v", of, got, want)
				}
			}
			least := digits(mde.value(t, "mde_difference"))
			if !strings.HasPrefix(mde.Meaning, "A difference of "+least+c.way+", a lift of ") {
				t.Error(mde.Meaning)
			}
			if found := ask("--method diff --confidence 0.99" + of + flag).Meaning; !strings.Contains(found, c.way+" would have been found") {
				t.Error(found)
			}
			if found := ask("--method diff" + of + flag).Meaning; side != "greater" && !strings.Contains(found, "An effect of "+least+c.way+" would") {
				t.Error(found)
			}
			bounds := ask("--method bounds --looks 1" + flag)
			if got := digits(bounds.Tables["looks"][0]["critical"].(float64)); got != c.critical || !strings.Contains(bounds.Meaning, c.bound) {
				t.Errorf("critical value %s: %s", got, bounds.Meaning)
			}
			if power := ask("--method power --sd 1 --effect 0.05" + flag); digits(math.Ceil(power.value(t, "units"))) != c.units || !strings.Contains(power.Meaning, "0.05"+c.way+" with") {
				t.Error(power.Meaning)
			}
			watched := ask("--method cuped --x x --planned 100" + of + flag)
			for _, id := range []string{"difference_always_valid", "lift_always_valid", "lift_unadjusted_always_valid"} {
				if lo, hi := watched.value(t, id+".lo"), watched.value(t, id+".hi"); math.IsNaN(lo) != c.loOpen || math.IsNaN(hi) != c.hiOpen {
					t.Errorf("%s: %v to %v", id, lo, hi)
				}
			}
		})
	}
}

// What holds at every look is known of some methods alone; of the others --planned would do nothing.
func TestFlagsThatWouldDoNothingAreRefused(t *testing.T) {
	const text, of = "arm,y,x\n0,1,1\n0,2,0\n1,3,1\n1,5,1\n", " --file FILE --arm arm --y y"
	checkRefused(t, []bad{
		{"planned for a regression", text, "--method ols --covariates x --planned 100" + of, 2, `--planned: --method ols does not use it`},
		{"planned for a retained share", text, "--method displacement --whole x --planned 100" + of, 2, `--planned: --method displacement does not use it`},
		{"planned for the served", text, "--method cace --served x --planned 100" + of, 2, `--planned: --method cace does not use it`},
		{"planned for the least effect", text, "--method mde --planned 100" + of, 2, `--planned: --method mde does not use it`},
		{"power of what holds at every look", text, "--method always-valid --planned 100 --power 0.9" + of, 2, `--power: --method always-valid does not use it`},
		{"power beside planned units", text, "--method diff --planned 100 --power 0.9" + of, 2, `--power: with --planned .* leave one of them away`},
		{"power beside planned units of an adjusted difference", text, "--method cuped --x x --planned 100 --power 0.9" + of, 2, `--power: with --planned`},
		{"power beside planned units of a capped difference", text, "--method winsor --planned 100 --power 0.9" + of, 2, `--power: with --planned`},
		{"a jackknife of groups and periods", panelOfTwo, "--method cs --panel FILE --unit u --time t --outcome y --treated d --error jackknife", 2, `--error: --method cs does not use it`},
		{"placebos of a conformal interval", panelOfTwo, "--method geo --panel FILE --unit u --time t --outcome y --treated d --error placebo", 2, `--error: --method geo does not use it`},
		{"one variance in a regression", text, "--method ols --covariates x --equal-variance" + of, 2, `--equal-variance: --method ols does not use it`},
		{"power of a retained share", text, "--method displacement --whole x --power 0.9" + of, 2, `--power: --method displacement does not use it`},
		{"permutations of a ratio", text, "--method ratio --d x --permutations 99" + of, 2, `--permutations: they are of means of units`},
		{"permutations of clusters", text, "--method diff --cluster x --permutations 99" + of, 2, `--permutations: they are of means of units`},
		{"normal quantiles of the least effect", text, "--method mde --normal" + of, 2, `--normal: --method mde does not use it`},
	})
}
