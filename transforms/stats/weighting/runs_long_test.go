//go:build teststats

package weighting_test

// runs picks how many simulated samples a test takes: the long form.
func runs(_, long int) int { return long }
