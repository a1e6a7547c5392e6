//go:build !teststats

package stats_test

// simulations is by how much simulations are repeated: once in the ordinary tests.
const simulations = 1
