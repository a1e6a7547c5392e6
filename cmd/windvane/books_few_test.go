//go:build !(shareddata && acceptance)

package main

import "testing"

// otherReaderOfBooks is that of make test-full.
func otherReaderOfBooks(*testing.T, string, []bookCell) {}
