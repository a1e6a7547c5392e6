package stats_test

import "math/rand/v2"

// random is a source of random numbers that is the same everywhere and for ever.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }
