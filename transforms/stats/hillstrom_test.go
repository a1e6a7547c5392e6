//go:build shareddata

package stats_test

import (
	"compress/gzip"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/windvane/windvane/internal/testkit/shareddata"
	"github.com/windvane/windvane/transforms/stats"
)

// hillstrom are the 64,000 customers of the e-mail test by segment: spend in the two weeks after, history before.
func hillstrom(t *testing.T) (spend, history map[string][]float64) {
	t.Helper()
	f, err := os.Open(filepath.Join(shareddata.Dir(t, "lift"), "hillstrom.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(z).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	spend, history = map[string][]float64{}, map[string][]float64{}
	for _, row := range rows[1:] {
		segment := row[column("segment")]
		for to, name := range map[*map[string][]float64]string{&spend: "spend", &history: "history"} {
			v, err := strconv.ParseFloat(row[column(name)], 64)
			if err != nil {
				t.Fatal(err)
			}
			(*to)[segment] = append((*to)[segment], v)
		}
	}
	return spend, history
}

func TestHillstrom(t *testing.T) {
	spend, history := hillstrom(t)
	const none = "No E-Mail"
	near(t, "sample ratio", stats.SampleRatioP(
		[]int64{int64(len(spend["Mens E-Mail"])), int64(len(spend[none])), int64(len(spend["Womens E-Mail"]))},
		[]float64{1. / 3, 1. / 3, 1. / 3}), 0.9037, 4)

	normal := stats.Inference{Confidence: 0.95, Normal: true}
	control := stats.MomentsOf(spend[none])
	near(t, "control mean", control.Mean, 0.652789, 6)
	near(t, "control sd", math.Sqrt(control.Var), 11.5882, 4)
	for _, c := range []struct {
		segment                     string
		mean, sd, difference, se    float64
		lift, liftSE                float64
		fieller                     [2]float64 // of the ratio
		cuped, cupedSE              float64
		limit, winsorised, winsorSE float64
	}{
		{"Mens E-Mail", 1.422617, 17.754205, 0.7698271559, 0.1452465602, 1.17928877, 0.3239769,
			[2]float64{1.64369044, 2.97744736}, 0.7674385, 0.14521504, 233.30008, 0.64925641, 0.11245025},
		{"Womens E-Mail", 1.077202, 15.116106, 0.4244122159, 0.1303328585, 0.65015186, 0.25562932,
			[2]float64{1.22417279, 2.27494089}, 0.42270092, 0.13030822, 209.91408, 0.36199613, 0.09958307},
	} {
		m := stats.MomentsOf(spend[c.segment])
		near(t, c.segment+" mean", m.Mean, c.mean, 6)
		near(t, c.segment+" sd", math.Sqrt(m.Var), c.sd, 6)
		e := stats.Difference(m, control, stats.Welch95)
		near(t, c.segment+" difference", e.Value, c.difference, 10)
		near(t, c.segment+" standard error", e.SE, c.se, 10)
		e = stats.RelativeDelta(m, control, stats.Welch95)
		near(t, c.segment+" lift", e.Value, c.lift, 8)
		near(t, c.segment+" standard error of the lift", e.SE, c.liftSE, 7)
		interval(t, c.segment+" Fieller", stats.RelativeFieller(m, control, normal).Interval, c.fieller[0]-1, c.fieller[1]-1, 8)

		joint, none := stats.JointOf(spend[c.segment], history[c.segment]), stats.JointOf(spend[none], history[none])
		a := stats.CUPED(joint, none, stats.ThetaPooled)
		e = a.Difference(stats.Welch95)
		near(t, c.segment+" CUPED", e.Value, c.cuped, 7)
		near(t, c.segment+" CUPED standard error", e.SE, c.cupedSE, 8)

		both := slices.Sorted(slices.Values(slices.Concat(spend[c.segment], spend["No E-Mail"])))
		limit := stats.QuantileType7(both, 0.999)
		near(t, c.segment+" cap", limit, c.limit, 5)
		e = stats.Difference(stats.MomentsOf(stats.Winsorise(spend[c.segment], limit)), stats.MomentsOf(stats.Winsorise(spend["No E-Mail"], limit)), stats.Welch95)
		near(t, c.segment+" winsorised", e.Value, c.winsorised, 8)
		near(t, c.segment+" winsorised standard error", e.SE, c.winsorSE, 8)
	}

	// The reference intervals take the normal quantile, the p-value is Welch's.
	const mens = "Mens E-Mail"
	m := stats.MomentsOf(spend[mens])
	e := stats.Difference(m, control, stats.Welch95)
	near(t, "t", e.Value/e.SE, 5.300140, 6)
	near(t, "p", e.P, 1.16381e-07, 12)
	interval(t, "delta", stats.RelativeDelta(m, control, normal).Interval, 0.544306, 1.814272, 6)
	interval(t, "log", stats.RelativeLog(m, control, normal).Interval, 0.628447, 1.916459, 6)
	a := stats.CUPED(stats.JointOf(spend[mens], history[mens]), stats.JointOf(spend[none], history[none]), stats.ThetaPooled)
	near(t, "theta", a.ThetaT[0], 0.0012228965, 10)
	near(t, "rho", a.Rho, 0.020923, 6)
}

// The same test in whole cents, by exact sums and by the histogram.
func TestHillstromInCents(t *testing.T) {
	spend, history := hillstrom(t)
	var arms [2]stats.Sums
	var capped [2]stats.Histogram
	for k, segment := range []string{"Mens E-Mail", "No E-Mail"} {
		for i, dollars := range spend[segment] {
			u := stats.Values{stats.Outcome: int64(math.Round(100 * dollars)), stats.PreOutcome: int64(math.Round(100 * history[segment][i]))}
			arms[k].Add(&u)
			capped[k].Add(&u)
		}
	}
	tr, c := arms[0].Arm(), arms[1].Arm()
	e := stats.Difference(tr.Of(stats.Outcome), c.Of(stats.Outcome), stats.Welch95)
	near(t, "difference", e.Value/100, 0.7698271559, 10)
	near(t, "standard error", e.SE/100, 0.1452465602, 10)
	a := stats.CUPED(tr.Joint(stats.Outcome, stats.PreOutcome), c.Joint(stats.Outcome, stats.PreOutcome), stats.ThetaPooled)
	near(t, "theta", a.ThetaT[0], 0.0012228965, 10)

	both := capped[0]
	both.Merge(&capped[1])
	limit := both.Quantile(0.999)
	if limit != stats.CapEdge(23330) { // the quantile of the values is 233.30008 dollars
		t.Errorf("cap at the quantile 0.999 is %d cents", limit)
	}
	want := stats.Difference(
		stats.MomentsOf(stats.Winsorise(spend["Mens E-Mail"], float64(limit)/100)),
		stats.MomentsOf(stats.Winsorise(spend["No E-Mail"], float64(limit)/100)), stats.Welch95)
	wt, wc := capped[0].WinsorisedSums(limit), capped[1].WinsorisedSums(limit)
	at, ac := wt.Arm(), wc.Arm()
	got := stats.Difference(at.Of(stats.Outcome), ac.Of(stats.Outcome), stats.Welch95)
	near(t, "winsorised", got.Value/100, want.Value, 10)
	near(t, "winsorised standard error", got.SE/100, want.SE, 10)
}
