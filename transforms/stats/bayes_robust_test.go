package stats_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/windvane/windvane/transforms/stats"
)

// The tests of R's package ebci of Armstrong, Kolesár, Plagborg-Møller (kolesarm/ebci, tests/testthat/test-cv.R at
// 24504ef, MIT). Its B is sqrt(m2).
func TestCriticalValuesEqualThoseOfEbci(t *testing.T) {
	free := math.Inf(1)
	for _, c := range []struct {
		b, kurtosis, alpha, want float64
		decimals                 int
	}{
		{0, 1, 0.05, 1.959964, 6}, {0, 4, 0.05, 1.959964, 6}, {0, 4, 0.2, 1.281552, 6}, {0, free, 0.05, 1.959964, 6},
		{5, 3, 0.05, 11.88358367, 7}, {1, 3, 0.2, 1.8494683, 7}, {10, 3, 0.05, 24.86172217, 6}, {2.8, 8, 0.1, 7.0779747, 7},
		{100, 1, 0.05, 101.644854, 6}, // far from zero one side is left: b + z(0.95)
	} {
		near(t, "cva", stats.CriticalValueAverage(c.b*c.b, c.kurtosis, c.alpha), c.want, c.decimals)
	}
	// A bound of 10,000, or of 20 at b = 2, does not bind; one of 15 at b = 1/2 does.
	near(t, "kurtosis 10,000", stats.CriticalValueAverage(1, 1e4, 0.2), stats.CriticalValueAverage(1, free, 0.2), 12)
	near(t, "kurtosis 20", stats.CriticalValueAverage(4, 20, 0.05), stats.CriticalValueAverage(4, free, 0.05), 12)
	if a, b := stats.CriticalValueAverage(0.25, 15, 0.05), stats.CriticalValueAverage(0.25, free, 0.05); a >= b {
		t.Errorf("with kurtosis 15 the critical value is %v, with any %v", a, b)
	}
	for _, c := range [][3]float64{{-1, 3, 0.05}, {math.NaN(), 3, 0.05}, {free, 3, 0.05}, {1, 0.9, 0.05}, {1, 3, 0}, {1, 3, 1}} {
		if cva := stats.CriticalValueAverage(c[0], c[1], c[2]); !math.IsNaN(cva) {
			t.Errorf("cva of %v is %v", c, cva)
		}
	}
}

// By definition: the worst of all distributions of b² on two points with mean m2 and that kurtosis misses with
// probability alpha.
func TestCriticalValueMeetsItsWorstCase(t *testing.T) {
	free := math.Inf(1)
	for _, c := range []struct{ m2, kurtosis, alpha float64 }{
		{0.01, free, 0.05}, {0.25, free, 0.05}, {1, free, 0.2}, {4, free, 0.05}, {400, free, 0.1}, {4, free, 0.6}, {0.05, free, 0.08}, {0.25, 5, 0.05}, {1, 3, 0.05}, {9, 2, 0.1},
	} {
		cva := stats.CriticalValueAverage(c.m2, c.kurtosis, c.alpha)
		miss := func(b2 float64) float64 {
			b := math.Sqrt(b2)
			return distuv.UnitNormal.Survival(cva-b) + distuv.UnitNormal.CDF(-cva-b)
		}
		worst := 0.0
		for i := range 200 { // lower point in [0, m2], upper point from m2 to beyond any use
			low := c.m2 * float64(i) / 200
			most := math.Min(2*cva*cva+20, (c.kurtosis-1)*c.m2*c.m2/(c.m2-low))
			for k := range 400 {
				high := c.m2 + most*float64(k+1)/400
				p := (c.m2 - low) / (high - low)
				worst = math.Max(worst, (1-p)*miss(low)+p*miss(high))
			}
		}
		if !(worst <= c.alpha+1e-9 && worst >= c.alpha-2e-4) { // the grid comes so near
			t.Errorf("cva(%v, %v, %v) = %v misses with %v at worst", c.m2, c.kurtosis, c.alpha, cva, worst)
		}
	}
}

func TestRobustIntervalIsThePosteriorsWidened(t *testing.T) {
	// Equal variances: w = 1/2, and the critical value at m2 = 1.
	i := stats.RobustInterval(0.6, 0.04, 0.2, stats.Spread{Second: 0.04, Kurtosis: 3}, 0.05)
	near(t, "center", (i.Lo+i.Hi)/2, 0.4, 12)
	near(t, "half length", (i.Hi-i.Lo)/2, stats.CriticalValueAverage(1, 3, 0.05)*0.1, 12)
	if normal := 1.959964 * math.Sqrt(0.04*0.5); (i.Hi-i.Lo)/2 <= normal {
		t.Errorf("half length %v, the normal prior's is %v", (i.Hi-i.Lo)/2, normal)
	}
	for _, none := range []stats.Interval{
		stats.RobustInterval(1, 0, 0, stats.Spread{Second: 1, Kurtosis: 3}, 0.05), stats.RobustInterval(1, 1, 0, stats.Spread{}, 0.05),
	} {
		if !math.IsNaN(none.Lo) || !math.IsNaN(none.Hi) {
			t.Errorf("without variance the interval is %v", none)
		}
	}
}

func TestSpreadStaysWithinWhatCanBeTold(t *testing.T) {
	prior := []stats.Normal{{Mean: 1}, {Mean: 2}, {Mean: 3}}
	wide := stats.SpreadOf([]float64{11, -8, 3}, []float64{0.5, 0.5, 0.5}, prior)
	near(t, "second moment", wide.Second, 200./3-0.5, 12)
	near(t, "kurtosis", wide.Kurtosis, (20_000./3-6*0.5*200/3+3*0.25)/(wide.Second*wide.Second), 12)
	narrow := stats.SpreadOf([]float64{1, 2, 3}, []float64{0.1, 0.2, 0.3}, prior)
	near(t, "second moment at least", narrow.Second, 2*0.14/(3*0.6), 12)
	near(t, "kurtosis at least", narrow.Kurtosis, 1+32*(1e-4+16e-4+81e-4)/(3*0.14)/(narrow.Second*narrow.Second), 9)
}
