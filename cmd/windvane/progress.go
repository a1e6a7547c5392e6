package main

import (
	"fmt"

	"github.com/schollz/progressbar/v3"

	"github.com/windvane/windvane/jobs"
)

// draw shows the runner's progress on a terminal, and nothing elsewhere. Call what it returns at the end.
func (a *app) draw(r *jobs.Runner, nights int) (finish func()) {
	if !a.terminal() {
		return func() {}
	}
	steps := len(jobs.Steps())
	bar := progressbar.NewOptions(nights*steps, progressbar.OptionSetWriter(a.stderr), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetElapsedTime(true), progressbar.OptionSetPredictTime(nights > 1), progressbar.OptionSetWidth(30))
	at := 0
	r.OnProgress = func(p jobs.Progress) {
		if p.Total == 0 {
			at++
			_ = bar.Set(min(at, nights*steps))
		}
		text := fmt.Sprintf("%s %s", p.AsOf, p.Step)
		if p.Total > 0 {
			text = fmt.Sprintf("%s %s %d of %d", p.AsOf, p.Step, p.Done, p.Total)
		}
		bar.Describe(text)
	}
	return func() { _ = bar.Finish() }
}
