package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// result is result.json.
type result struct {
	Jobs     map[string]jobResult `json:"jobs"`
	Machine  machine              `json:"machine"`
	Versions map[string]string    `json:"versions"`
	Date     string               `json:"date"`
	Lines    int64                `json:"lines"`
}

type jobResult struct {
	Seconds           float64                 `json:"seconds"`
	RatioFastestPeer  float64                 `json:"ratio_fastest_peer,omitempty"` // fastest peer / windvane: above 1 windvane is faster
	FastestPeer       string                  `json:"fastest_peer,omitempty"`
	ScanFloorMultiple float64                 `json:"scan_floor_multiple,omitempty"`
	RSSMiB            float64                 `json:"rss_mib"`
	Peers             map[string]engineResult `json:"peers,omitempty"`
	Windvane          engineResult            `json:"windvane"`
	Rows              map[string]int64        `json:"rows"`
}

type engineResult struct {
	Seconds float64  `json:"seconds"` // median
	Min     float64  `json:"min_seconds"`
	Max     float64  `json:"max_seconds"`
	Wall    float64  `json:"wall_seconds"`
	CPU     float64  `json:"cpu_seconds"`
	RSSMiB  float64  `json:"rss_mib"`
	All     []sample `json:"runs"`
}

func (o peersOptions) report(ctx context.Context, s *site, all []*measured, stdout io.Writer) error {
	r := result{Jobs: map[string]jobResult{}, Machine: thisMachine(s.cores), Versions: versions(ctx, s, all), Date: o.date, Lines: int64(o.lines)}
	floor := 0.0
	for _, m := range all {
		if m.job.name == floorJob {
			floor = median(m.of(windvane, seconds))
		}
		r.Jobs[m.job.name] = m.result(floor)
	}
	text := tableText(all, r)
	if _, err := io.WriteString(stdout, text); err != nil {
		return err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	if err := os.WriteFile(filepath.Join(s.out, "result.json"), append(data, '\n'), 0o644); err != nil {
		return err
	}
	if o.doc == "" {
		return nil
	}
	grownUp, err := readAlone(s.out)
	if err != nil {
		return err
	}
	return os.WriteFile(o.doc, []byte(document(o, all, r, grownUp)), 0o644)
}

func (m *measured) engine(name string) engineResult {
	s := m.of(name, seconds)
	return engineResult{Seconds: median(s), Min: s[0], Max: s[len(s)-1], RSSMiB: median(m.of(name, rssMiB)),
		Wall: median(m.of(name, func(s sample) float64 { return s.Wall })),
		CPU:  median(m.of(name, func(s sample) float64 { return s.CPU })), All: m.samples[name]}
}

func (m *measured) result(floor float64) jobResult {
	own := m.engine(windvane)
	r := jobResult{Seconds: own.Seconds, RSSMiB: own.RSSMiB, Windvane: own, Peers: map[string]engineResult{}, Rows: m.rows}
	for _, p := range m.job.peers {
		r.Peers[p] = m.engine(p)
	}
	if r.FastestPeer = m.fastestPeer(); r.FastestPeer != "" {
		r.RatioFastestPeer = r.Peers[r.FastestPeer].Seconds / own.Seconds
	}
	if floor > 0 && m.job.place == placeDay {
		r.ScanFloorMultiple = own.Seconds / floor
	}
	return r
}

// header of the table of results.
const header = `| job | engine | seconds | min | max | × windvane | × scan floor | peak RSS MiB | CPU s | process s | million lines/s |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
`

// tableText is the table of results, as Markdown, which reads well on a terminal too.
func tableText(all []*measured, r result) string {
	var b strings.Builder
	b.WriteString(header)
	for _, m := range all {
		job := r.Jobs[m.job.name]
		for _, e := range m.job.engines() {
			row := m.engine(e)
			floor := "–"
			if f := r.Jobs[floorJob].Seconds; f > 0 && m.job.place == placeDay {
				floor = fmt.Sprintf("%.2f", row.Seconds/f)
			}
			fmt.Fprintf(&b, "| %s | %s | %.3f | %.3f | %.3f | %.2f | %s | %.0f | %.2f | %.2f | %.1f |\n", m.job.name, e, row.Seconds, row.Min, row.Max,
				row.Seconds/job.Seconds, floor, row.RSSMiB, row.CPU, row.Wall, float64(m.lines)/row.Seconds/1e6)
		}
	}
	return b.String()
}
