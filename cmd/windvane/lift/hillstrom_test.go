//go:build shareddata

package lift

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/windvane/windvane/internal/testkit/shareddata"
)

// The e-mail test of MineThatData 2008, 64,000 customers, as it comes: compressed, three arms with blanks in their names.
// The reference intervals of lifts take the normal quantile, p-values are Welch's.
func TestLiftOfHillstrom(t *testing.T) {
	file := filepath.Join(shareddata.Dir(t, "lift"), "hillstrom.csv.gz")
	check := func(segment, method string, want map[string]string, more ...string) {
		t.Helper()
		args := append([]string{"--method", method, "--file", file, "--arm", "segment", "--control", "No E-Mail", "--treatment", segment, "--y", "spend"}, more...)
		a := answerOf(t, args...)
		for name, w := range want {
			t.Run(fmt.Sprint(segment, " ", method, " ", name), func(t *testing.T) { a.printed(t, name, w) })
		}
	}
	const mens, womens = "Mens E-Mail", "Womens E-Mail"
	check(mens, "diff", map[string]string{
		"difference": "0.7698271559", "difference.se": "0.1452465602", "difference.p": "1.16381e-07", "n_treatment": "21307", "n_control": "21306",
		"mean_treatment": "1.422617", "mean_control": "0.652789", "sd_treatment": "17.754205", "sd_control": "11.5882",
	})
	check(womens, "diff", map[string]string{"difference": "0.4244122159", "difference.se": "0.1303328585", "mean_treatment": "1.077202", "sd_treatment": "15.116106"})
	check(mens, "delta", map[string]string{"lift": "1.17928877", "lift.se": "0.3239769", "lift.lo": "0.544306", "lift.hi": "1.814272"}, "--normal")
	check(womens, "delta", map[string]string{"lift": "0.65015186", "lift.se": "0.25562932"})
	check(mens, "log", map[string]string{"lift.lo": "0.628447", "lift.hi": "1.916459"}, "--normal")
	check(mens, "fieller", map[string]string{"lift.lo": "0.64369044", "lift.hi": "1.97744736"}, "--normal")
	check(womens, "fieller", map[string]string{"lift.lo": "0.22417279", "lift.hi": "1.27494089"}, "--normal")
	check(mens, "winsor", map[string]string{"cap": "233.30008", "difference": "0.64925641", "difference.se": "0.11245025"})
	check(womens, "winsor", map[string]string{"cap": "209.91408", "difference": "0.36199613", "difference.se": "0.09958307"})
	check(mens, "cuped", map[string]string{"difference": "0.7674385", "difference.se": "0.14521504", "rho": "0.020923"}, "--x", "history")
	check(womens, "cuped", map[string]string{"difference": "0.42270092", "difference.se": "0.13030822"}, "--covariates", "history")

	a := answerOf(t, "--method", "cuped", "--file", file, "--arm", "segment", "--control", "No E-Mail", "--treatment", mens, "--y", "spend", "--x", "history")
	if theta := fmt.Sprintf("%.10f", a.Tables["theta"][0]["treatment"]); theta != "0.0012228965" {
		t.Errorf("theta is %s", theta)
	}
	a = answerOf(t, "--method", "srm", "--file", file, "--arm", "segment", "--expected", "1,1,1")
	a.printed(t, "p", "0.9036929576")
}

// The table of the trials as its authors print it: columns apart by blanks, names in quotes.
func TestLiftReadsColumnsApartByBlanks(t *testing.T) {
	file := filepath.Join(shareddata.Dir(t, "lift"), "dat_bcg.txt")
	a := answerOf(t, "--method", "srm", "--file", file, "--delimiter", "space", "--arm", "alloc")
	if got := fmt.Sprint(a.Tables["arms"]); got != "[map[arm:alternate expected:0.3333333333333333 share:0.15384615384615385 units:2] map[arm:random expected:0.3333333333333333 share:0.5384615384615384 units:7] map[arm:systematic expected:0.3333333333333333 share:0.3076923076923077 units:4]]" {
		t.Errorf("arms are %s", got)
	}
}
