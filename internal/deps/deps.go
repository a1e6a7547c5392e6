//go:build deps

// Package deps pins the modules until their users exist.
package deps

import (
	_ "github.com/robfig/cron/v3"      // jobs/schedule
	_ "gonum.org/v1/gonum/stat/distuv" // transforms/stats
)
