package main

import (
	"cmp"
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
// this job too, empty if it is to be timed.
func (s *site) measureJob(ctx context.Context, j job, runs int, own []sample, log io.Writer) (*measured, error) {
	m := &measured{job: j, samples: map[string][]sample{}, version: map[string]string{}, rows: map[string]int64{}}
	checked := map[string]answer{}
	for _, engine := range j.engines() {
		_, a, err := s.measure(ctx, j, engine, true)
		if err != nil {
			return nil, err
		}
		checked[engine], m.version[engine] = a, a.Version
		if err := agree(j, engine, checked[windvane], a); err != nil {
			return nil, err
		}
	}
	for name, t := range checked[windvane].Tables {
		m.rows[name] = t.Rows
	}
	timed := j.engines()
	if len(own) > 0 {
		timed, m.samples[windvane] = j.peers, own
	}
	for run := range runs {
		for _, engine := range turn(timed, run) {
			got, a, err := s.measure(ctx, j, engine, false)
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

// fastestPeer is the peer with the smallest median, empty if there is none.
func (m *measured) fastestPeer() string {
	if len(m.job.peers) == 0 {
		return ""
	}
	return slices.MinFunc(m.job.peers, func(a, b string) int {
		return cmp.Compare(median(m.of(a, seconds)), median(m.of(b, seconds)))
	})
}
