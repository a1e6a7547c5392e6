//go:build acceptance

package main

import "testing"

// TestManyOrdersFollowThePlantedTruth is the same with six million lines.
func TestManyOrdersFollowThePlantedTruth(t *testing.T) { followPlanted(t, "100000") }
