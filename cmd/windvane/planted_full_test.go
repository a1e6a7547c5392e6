//go:build acceptance

package main

import "testing"

// TestManyOrdersFollowThePlantedTruth is the same with more subjects and more orders of each.
func TestManyOrdersFollowThePlantedTruth(t *testing.T) {
	followPlanted(t, "--merchants", "150", "--talents", "240", "--products", "300", "--lines-per-day", "100000")
}
