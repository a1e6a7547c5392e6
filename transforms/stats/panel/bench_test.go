package panel_test

import (
	"math/rand/v2"
	"testing"

	"github.com/windvane/windvane/transforms/stats/panel"
)

// One treated shop, 100 donors, 90 days of which 14 are after the start.
func BenchmarkSDID(b *testing.B) {
	for _, c := range []struct {
		name  string
		block panel.Block
	}{
		{"donors=100/days=90/factor", factorBlock(rand.New(rand.NewPCG(1, 2)), 100, 1, 76, 14, 2, 1)},
		{"donors=100/days=90/shops", shopBlock(rand.New(rand.NewPCG(1, 2)), 100, 1, 76, 14)},
	} {
		fit, err := panel.Fit(c.block, panel.MethodSDID)
		if err != nil {
			b.Fatal(err)
		}
		b.Run("fit/"+c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := panel.Fit(c.block, panel.MethodSDID); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(fit.Steps), "steps")
		})
		b.Run("refit/"+c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := panel.Refit(c.block, panel.MethodSDID, fit.Weights); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("placebos/"+c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := panel.Placebos(c.block, fit); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("conformal/"+c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := panel.ConformalInterval(c.block, 0.95); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
