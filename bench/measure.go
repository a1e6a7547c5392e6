package main

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// measured is what a job came to.
type measured struct {
	job     job
	samples map[string][]sample // by engine
	version map[string]string   // of each engine
	lines   int64               // order lines read
	rows    map[string]int64    // of each result table
}

// measureJob checks that the engines agree, then times them, taking turns. own are timed runs of windvane that count for
// this job too, empty if it is to be timed. A peer that was stopped at the limit is not run again: there is nothing of it to
// compare, and its seconds are those of the limit.
func (s *site) measureJob(ctx context.Context, j job, runs int, own []sample, log io.Writer) (*measured, error) {
	m := &measured{job: j, samples: map[string][]sample{}, version: map[string]string{}, rows: map[string]int64{}}
	checked := map[string]answer{}
	var timed []string
	for _, engine := range j.engines() {
		got, a, err := s.measure(ctx, j, engine, true)
		if err != nil {
			return nil, err
		}
		if got.Stopped {
			m.samples[engine] = []sample{got}
			fmt.Fprintf(log, "%s %s was stopped after %.0f s   cpu %.0f   %.0f MiB\n", j.name, engine, got.Seconds, got.CPU, got.RSSMiB)
			continue
		}
		timed = append(timed, engine)
		checked[engine], m.version[engine] = a, a.Version
		if err := agree(j, engine, checked[windvane], a); err != nil {
			return nil, err
		}
	}
	for name, t := range checked[windvane].Tables {
		m.rows[name] = t.Rows
	}
	if len(own) > 0 {
		timed, m.samples[windvane] = timed[1:], own
	}
	for run := range runs {
		for _, engine := range turn(timed, run) {
			got, a, err := s.measure(ctx, j, engine, false)
			if err == nil && got.Stopped {
				err = fmt.Errorf("job %s, engine %s: took longer than the limit of %s, and did not when its results were told", j.name, engine, s.limit)
			}
			if err != nil {
				return nil, err
			}
			if err := sameRows(j, engine, checked[engine], a); err != nil {
				return nil, err
			}
			m.samples[engine] = append(m.samples[engine], got)
			fmt.Fprintf(log, "%s %d/%d %-8s %7.3f s   wall %7.3f   cpu %7.3f   %6.0f MiB   %v\n",
				j.name, run+1, runs, engine, got.Seconds, got.Wall, got.CPU, got.RSSMiB, got.Parts)
		}
	}
	return m, nil
}

// turn begins each round with another engine, so that none always follows the same neighbour's heat.
func turn(engines []string, round int) []string {
	at := round % max(1, len(engines))
	return slices.Concat(engines[at:], engines[:at])
}

// of picks one figure of an engine's samples, sorted.
func (m *measured) of(engine string, figure func(sample) float64) []float64 {
	var out []float64
	for _, s := range m.samples[engine] {
		out = append(out, figure(s))
	}
	slices.Sort(out)
	return out
}

func seconds(s sample) float64 { return s.Seconds }
func rssMiB(s sample) float64  { return s.RSSMiB }

// median of sorted values; of an even number the mean of the middle two.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
