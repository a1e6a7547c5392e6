//go:build acceptance

package lake_test

import (
	"testing"

	"github.com/windvane/windvane/internal/testkit/servers"
)

// realStores are servers that tests start.
var realStores = map[string]func(testing.TB) *servers.Server{"s3": servers.S3, "gs": servers.Google, "azblob": servers.Azure}
