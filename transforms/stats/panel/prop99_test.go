package panel_test

import (
	"encoding/csv"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/windvane/windvane/transforms/stats/panel"
)

// prop99 is California's tobacco programme: 39 states, California last, 1970 to 2000, the programme from 1989 on.
func prop99(t testing.TB) (panel.Block, []string) {
	t.Helper()
	raw, err := os.ReadFile("testdata/california_prop99.csv")
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(strings.NewReader(string(raw)))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	packs := map[string][]float64{}
	for _, row := range rows[1:] { // by year
		x, err := strconv.ParseFloat(row[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		packs[row[0]] = append(packs[row[0]], x)
	}
	var states []string
	for s := range packs {
		if s != "California" {
			states = append(states, s)
		}
	}
	slices.Sort(states)
	b := panel.Block{Controls: len(states), Pre: 1989 - 1970}
	states = append(states, "California")
	for _, s := range states {
		b.Y = append(b.Y, packs[s])
	}
	return b, states
}

func TestQuick(t *testing.T) {
	b, _ := prop99(t)
	for m := panel.MethodSDID; m <= panel.MethodGeo; m++ {
		r, err := panel.Estimate(b, m, panel.Options{Confidence: 0.95})
		if err != nil {
			t.Fatal(err)
		}
		t.Log(m, r.Effect, r.Estimate.SE, r.RankP, r.ScaledL2, r.Steps, r.Noise, r.Zeta, r.Warnings)
	}
}

func TestQuick2(t *testing.T) {
	b, _ := prop99(t)
	e, err := panel.ConformalInterval(b, 0.90)
	t.Log(e, err)
}
