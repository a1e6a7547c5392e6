//go:build acceptance

package main

import (
	"testing"

	"github.com/windvane/windvane/internal/testkit/servers"
)

const (
	kills         = 200
	contests      = 5
	rulesWalks    = 150 // changes of rules that are tried
	hostileStride = 1   // files of shared/data/bad-parquet from one to the next
	extremes      = 60  // nights with the extremes of types in their dumps
)

// realStores are servers that tests start.
var realStores = map[string]func(testing.TB) *servers.Server{"s3": servers.S3, "gs": servers.Google, "azblob": servers.Azure}

// longLines says whether nights are tried on lines that take minutes, dead ones among them.
const longLines = true
