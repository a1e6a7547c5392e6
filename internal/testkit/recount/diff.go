package recount

import (
	"fmt"
	"maps"
	"slices"
)

// Diff lists every difference between two maps of figures, in a fixed order: rows that are missing, rows
// that nobody expects, and rows whose figures differ. There is no tolerance.
func Diff[K comparable, V comparable](what string, want, got map[K]V) []string {
	var lines []string
	for _, key := range slices.Collect(maps.Keys(want)) {
		have, ok := got[key]
		switch {
		case !ok:
			lines = append(lines, fmt.Sprintf("%s %v: missing, want %+v", what, key, want[key]))
		case have != want[key]:
			lines = append(lines, fmt.Sprintf("%s %v:\n\tgot  %+v\n\twant %+v", what, key, have, want[key]))
		}
	}
	for key, have := range got {
		if _, ok := want[key]; !ok {
			lines = append(lines, fmt.Sprintf("%s %v: unexpected, got %+v", what, key, have))
		}
	}
	slices.Sort(lines)
	return lines
}

// Of keeps the entries of got whose key is wanted, for references that do not list everything.
func Of[K comparable, V, W any](got map[K]V, want map[K]W) map[K]V {
	kept := maps.Clone(got)
	maps.DeleteFunc(kept, func(key K, _ V) bool { _, ok := want[key]; return !ok })
	return kept
}

// DiffNights lists every difference between two descriptions of one night.
func DiffNights(want, got Night) []string {
	at := string(want.AsOf) + " "
	return slices.Concat(
		Diff(at+"gmv", want.GMV, got.GMV),
		Diff(at+"repeat_purchase", want.Repeat, got.Repeat),
		Diff(at+"monthly_buyers", want.Months, got.Months),
		Diff(at+"cohorts", want.Cohorts, got.Cohorts),
	)
}
