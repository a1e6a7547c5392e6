package main

import (
	"fmt"
	"slices"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/fives"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/rollup"
)

// nightWindow is a rollup that a night reads, and the longest window that it reads it with.
type nightWindow struct {
	rollup *rollup.Rollup
	days   int  // that end on the as-of date
	rows   bool // compared row by row: what it holds is no sum
}

// daysMeasure is what the days of a rollup without measures add up to: on how many of them a key stands.
const daysMeasure = "days"

// boostDays are the days of impressions of 川流 that quotas start from; only jobs knows them.
const boostDays = 7

// nightWindows are all rollups that a night reads. Most are read with nightDays or more, since scores and lists look back
// 90 days and a lag, GMV and buyers a year; all days there are then count. Pairs of 川流 are asked for with their newest day,
// since lift keeps what it needs of the others; the cube of sales is read where a product is new that no snapshot lists.
func nightWindows() (out []nightWindow) {
	asOf, err := calendar.Parse(asOf)
	if err != nil {
		panic(fmt.Sprintf("bench: as-of date: %v", err)) // a constant of this program
	}
	shorter := map[string]int{
		rollup.UnitPrices().Name:        config.DefaultRules().On(asOf).Price.WindowDays,
		rollup.MerchantPromoters().Name: fives.WindowDays,
		rollup.MerchantContents().Name:  fives.WindowDays,
		rollup.ShelfMinutes().Name:      fives.WindowDays,
		rollup.CartedProducts().Name:    longestPeriod(asOf),
		rollup.ChuanliuShown().Name:     boostDays,
	}
	newest := []string{rollup.ProductDays().Name, rollup.AccountDays().Name, rollup.ProductFacts().Name, rollup.MerchantFacts().Name,
		rollup.AccountFacts().Name, rollup.Overrides().Name, rollup.ChuanliuPairs().Name}
	for _, r := range rollup.All() {
		w := nightWindow{r, nightDays, r.Name == rollup.RefundLines().Name}
		if days, ok := shorter[r.Name]; ok {
			w.days = days
		}
		if slices.Contains(newest, r.Name) {
			w.days, w.rows = 1, true
		}
		if r.Name != rollup.SalesCube().Name {
			out = append(out, w)
		}
	}
	return out
}

// longestPeriod is the length of the longest period of the overview.
func longestPeriod(asOf calendar.Day) int {
	longest := int64(0)
	for _, s := range gmv.PeriodSpans(asOf) {
		longest = max(longest, s.Days())
	}
	return int(longest)
}

// spec names what is compared of the window.
func (w nightWindow) spec() tableSpec {
	s := specsOf([]*rollup.Rollup{w.rollup})[0]
	s.Days = w.days
	if len(s.Measures) == 0 && !w.rows {
		s.Measures = []string{daysMeasure}
	}
	return s
}

// windowSpecs are what night_windows compares: the windows, and what whole_night asks for.
func windowSpecs() []tableSpec {
	specs := nightSpecs()
	for _, w := range nightWindows() {
		specs = append(specs, w.spec())
	}
	return specs
}
