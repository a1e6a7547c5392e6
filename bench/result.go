package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// resultFile holds the last figures of every job, for programs and for the document.
const resultFile = "result.json"

// result is result.json. A job that was not measured again keeps its figures of before.
type result struct {
	Jobs     map[string]jobResult `json:"jobs"`
	Machine  machine              `json:"machine"`
	Versions map[string]string    `json:"versions"`
	Note     string               `json:"note,omitempty"` // what a reader should know of the last measurement
}

type jobResult struct {
	Seconds           float64                 `json:"seconds"`
	RatioFastestPeer  float64                 `json:"ratio_fastest_peer,omitempty"` // fastest peer / windvane: above 1 windvane is faster
	FastestPeer       string                  `json:"fastest_peer,omitempty"`
	AtLeast           bool                    `json:"at_least,omitempty"` // the ratio: no peer had ended when it was stopped
	ScanFloorMultiple float64                 `json:"scan_floor_multiple,omitempty"`
	RSSMiB            float64                 `json:"rss_mib"`
	Peers             map[string]engineResult `json:"peers,omitempty"`
	Windvane          engineResult            `json:"windvane"`
	Rows              map[string]int64        `json:"rows"`
	Lines             int64                   `json:"lines"` // order lines read
	Date              string                  `json:"date"`
}

type engineResult struct {
	Seconds float64  `json:"seconds"` // median
	Min     float64  `json:"min_seconds"`
	Max     float64  `json:"max_seconds"`
	Wall    float64  `json:"wall_seconds"`
	CPU     float64  `json:"cpu_seconds"`
	RSSMiB  float64  `json:"rss_mib"`
	Stopped bool     `json:"stopped,omitempty"` // at that many seconds, without a result
	All     []sample `json:"runs"`
}

// of are the figures of an engine.
func (j *jobResult) of(engine string) engineResult {
	if engine == windvane {
		return j.Windvane
	}
	return j.Peers[engine]
}

func (m *measured) engine(name string) engineResult {
	s := m.of(name, seconds)
	return engineResult{Seconds: median(s), Min: s[0], Max: s[len(s)-1], RSSMiB: median(m.of(name, rssMiB)),
		Wall: median(m.of(name, func(s sample) float64 { return s.Wall })),
		CPU:  median(m.of(name, func(s sample) float64 { return s.CPU })), All: m.samples[name], Stopped: m.samples[name][0].Stopped}
}

func (m *measured) result(date string) jobResult {
	own := m.engine(windvane)
	r := jobResult{Seconds: own.Seconds, RSSMiB: own.RSSMiB, Windvane: own, Peers: map[string]engineResult{}, Rows: m.rows, Lines: m.lines, Date: date}
	for _, p := range m.job.peers {
		e := m.engine(p)
		r.Peers[p] = e
		fastest, any := r.Peers[r.FastestPeer]
		if !any || e.Seconds < fastest.Seconds || e.Seconds == fastest.Seconds && !e.Stopped {
			r.FastestPeer = p
		}
	}
	if r.FastestPeer != "" {
		r.RatioFastestPeer, r.AtLeast = r.Peers[r.FastestPeer].Seconds/own.Seconds, r.Peers[r.FastestPeer].Stopped
	}
	return r
}

// take puts what was measured in the place of what stood there.
func (r *result) take(ctx context.Context, s *site, all []*measured, date string) {
	if r.Jobs == nil {
		r.Jobs = map[string]jobResult{}
	}
	if r.Versions == nil {
		r.Versions = map[string]string{}
	}
	r.Machine = thisMachine(s.cores)
	for name, v := range versions(ctx, s, all) {
		r.Versions[name] = v
	}
	for _, m := range all {
		r.Jobs[m.job.name] = m.result(date)
	}
	floor := r.Jobs[floorJob]
	for _, j := range allJobs() {
		if of, ok := r.Jobs[j.name]; ok && j.place == placeDay && floor.Seconds > 0 && of.Lines == floor.Lines {
			of.ScanFloorMultiple = of.Seconds / floor.Seconds
			r.Jobs[j.name] = of
		}
	}
}

// readResult is what was measured before; empty if nothing was.
func readResult(out string) (r result, err error) {
	data, err := os.ReadFile(filepath.Join(out, resultFile))
	if errors.Is(err, os.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w; remove it to begin anew", filepath.Join(out, resultFile), err)
	}
	return r, nil
}

func (r *result) keep(out string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	file := filepath.Join(out, resultFile) // never half written: it holds hours of measuring
	if err := os.WriteFile(file+".new", append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
