//go:build !acceptance

package lake_test

import (
	"testing"

	"github.com/windvane/windvane/internal/testkit/servers"
)

// realStores are servers that tests start. make test-full has all of them.
var realStores = map[string]func(testing.TB) *servers.Server{"s3": servers.S3}
