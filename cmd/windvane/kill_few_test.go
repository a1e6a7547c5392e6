//go:build !acceptance

package main

// The ordinary form of tests of which make test-full runs the long one.
const (
	kills    = 10
	contests = 1
)
