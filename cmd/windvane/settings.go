package main

import (
	"time"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
)

// settings are what the configuration, the environment and the flags say together.
type settings struct {
	input, output, spillDir string
	jobs                    jobs.Settings
}

func (a *app) settings() (settings, error) {
	loc, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return settings{}, err
	}
	return settings{input: a.input, output: a.output, jobs: jobs.Default(calendar.NewZone(loc))}, nil
}
