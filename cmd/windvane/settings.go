package main

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/jobs"
)

// settings are what the flags, the environment and the configuration say together, in that order.
type settings struct {
	input, output, spillDir string
	jobs                    jobs.Settings
	signer                  ed25519.PrivateKey // of commits; nil: they are not signed
	warnings                []string
}

// settings reads the configuration. Problems are the caller's to mend: exit code 2, before any I/O on buckets.
func (a *app) settings() (settings, error) {
	c, err := a.loadConfig()
	if err != nil {
		return settings{}, cli.UsageError{Err: err}
	}
	zone, err := c.Zone()
	if err != nil {
		return settings{}, cli.UsageError{Err: err}
	}
	s := settings{input: c.Input.URL, output: c.Output.URL, spillDir: c.SpillDir, jobs: jobs.Default(zone)}
	s.jobs.BuyerKey, err = c.BuyerKey.Read(a.lookupEnv, os.ReadFile)
	if errors.Is(err, config.ErrBuiltInKey) {
		s.warnings = append(s.warnings, err.Error())
	} else if err != nil {
		return settings{}, cli.UsageError{Err: err}
	}
	s.jobs.ReplacedKey = c.BuyerKey.Replaces
	if err := a.forgotten(c, &s.jobs); err != nil {
		return settings{}, cli.UsageError{Err: err}
	}
	if s.signer, err = a.signer(c); err != nil {
		return settings{}, cli.UsageError{Err: err}
	}
	if s.jobs.Rules, err = c.Rules.Load(); err != nil {
		return settings{}, cli.UsageError{Err: err}
	}
	s.jobs.Job = c.Job
	s.jobs.Tables = c.Tables
	s.jobs.IDs = c.IDTypes()
	s.jobs.MaxUnitsPerLine = 0
	if c.MaxUnitsPerLine != nil {
		s.jobs.MaxUnitsPerLine = *c.MaxUnitsPerLine
	}
	s.jobs.RestateDays, s.jobs.HistoryDays, s.jobs.HistoryCompleteFrom = c.RestateDays, c.HistoryDays, c.HistoryCompleteFrom
	s.jobs.CommitGapDays, s.jobs.LateCauses = c.CommitGapDays, c.LateCauses
	s.jobs.AbsentDays = c.AbsentDays
	s.jobs.Chuanliu = jobs.Chuanliu{HoldoutShare: c.Chuanliu.HoldoutShare, Programmes: c.Chuanliu.Programmes, Since: c.Chuanliu.Since}
	s.jobs.RequireSuccess = c.Require.SuccessMarker
	s.jobs.RequireCounts = c.Require.Counts
	s.jobs.Gates = jobs.Gates(c.Gates)
	for i, campaign := range c.Campaigns() {
		s.jobs.Calendar = append(s.jobs.Calendar, jobs.Campaign{Campaign: campaign, MinVolume: c.Calendar[i].MinVolume, MaxVolume: c.Calendar[i].MaxVolume})
	}
	limit, note, err := a.fitMemory(c.MemoryLimit)
	if err != nil {
		return settings{}, cli.UsageError{Err: err}
	}
	if note != "" {
		s.warnings = append(s.warnings, note)
	}
	// Row blocks get half of the memory, decoded rollups a quarter; the rest is for files being read and written.
	s.jobs.ProcessMemory, s.jobs.MemoryLimit, s.jobs.CacheBytes = int64(limit), int64(limit)/2, int64(limit)/4
	s.jobs.Workers = c.Workers
	if err := s.jobs.Validate(); err != nil {
		return settings{}, cli.UsageError{Err: err}
	}
	return s, nil
}

func (a *app) loadConfig() (config.Config, error) {
	over := config.Overrides{InputURL: a.input, OutputURL: a.output, Env: a.lookupEnv}
	if a.workers > 0 {
		over.Workers = &a.workers
	}
	if a.config == "" {
		return config.Load(bytes.NewReader(nil), over)
	}
	c, err := config.LoadFile(a.config, over)
	if errors.Is(err, os.ErrNotExist) {
		return c, fmt.Errorf("no configuration %s; windvane init writes one: %w", a.config, err)
	}
	return c, err
}

// lookupEnv is the environment as this run was given it; an empty variable is an unset one.
func (a *app) lookupEnv(name string) (string, bool) {
	v := strings.TrimSpace(a.getenv(name))
	return v, v != ""
}
