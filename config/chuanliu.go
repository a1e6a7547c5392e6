package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/windvane/windvane/transforms/calendar"
)

// Chuanliu says how the experiment on 川流 was set up.
type Chuanliu struct {
	// HoldoutShare is the expected share of the holdout among eligible pairs, of programmes that are not named.
	HoldoutShare float64 `yaml:"holdout_share" json:"holdout_share"`
	// Programmes are the expected shares of programmes that have one of their own, by the name in chuanliu_eligibility.
	Programmes map[string]float64 `yaml:"programmes" json:"programmes,omitempty"`
	// Since is the first day of eligibility that counts; null: the first quarter that the history kept covers, or the first dump.
	Since *calendar.Day `yaml:"since" json:"since,omitempty"`
}

func (c Chuanliu) problems() (found []problem) {
	share := func(path string, v float64) {
		if !(v > 0 && v < 1) {
			found = append(found, problem{path, strconv.FormatFloat(v, 'f', -1, 64) + " is outside (0, 1)"})
		}
	}
	share("chuanliu.holdout_share", c.HoldoutShare)
	for _, name := range slices.Sorted(maps.Keys(c.Programmes)) {
		share(fmt.Sprintf("chuanliu.programmes.%s", name), c.Programmes[name])
	}
	return found
}
