//go:build teststats

package stats_test

// simulations is by how much simulations are repeated: tolerances shrink with its square root.
const simulations = 40
