//go:build !teststats

package weighting_test

// runs picks how many simulated samples a test takes: the short form here, the long form with the build tag teststats.
func runs(short, _ int) int { return short }
