//go:build !acceptance

package main

import (
	"testing"

	"github.com/windvane/windvane/internal/testkit/servers"
)

// The ordinary form of tests of which make test-full runs the long one.
const (
	kills         = 10
	contests      = 1
	rulesWalks    = 12 // changes of rules that are tried
	hostileStride = 20 // files of shared/data/bad-parquet from one to the next
	extremes      = 4  // nights with the extremes of types in their dumps
)

// realStores are servers that tests start.
var realStores = map[string]func(testing.TB) *servers.Server{"s3": servers.S3}

// longLines says whether nights are tried on lines that take minutes, dead ones among them.
const longLines = false
