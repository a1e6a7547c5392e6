//go:build deps

// Package deps pins the modules until their users exist.
package deps

import (
	_ "github.com/robfig/cron/v3" // jobs/schedule
)
