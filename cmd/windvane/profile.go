package main

import (
	"fmt"
	"os"
	"runtime/pprof"

	"github.com/windvane/windvane/cmd/windvane/cli"
)

// startProfile begins the CPU profile if one is asked for. stopProfile ends it.
func (a *app) startProfile() error {
	if a.profile == "" {
		return nil
	}
	f, err := os.Create(a.profile)
	if err != nil {
		return cli.Usagef("cpuprofile: %w", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		f.Close()
		return fmt.Errorf("cpuprofile: %w", err)
	}
	a.stopProfile = func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}
	return nil
}
