package main

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// keep puts what was measured of a job beside what was measured before: jobs take up to an hour, and a later one may be stopped.
func (o peersOptions) keep(ctx context.Context, s *site, m *measured) error {
	r, err := readResult(s.out)
	if err != nil {
		return err
	}
	r.take(ctx, s, []*measured{m}, o.date)
	r.Note = o.note
	return r.keep(s.out)
}

// report prints what was kept of the jobs.
func (o peersOptions) report(s *site, jobs []job, stdout io.Writer) error {
	r, err := readResult(s.out)
	if err != nil {
		return err
	}
	var names []string
	for _, j := range jobs {
		names = append(names, j.name)
	}
	if _, err := io.WriteString(stdout, tableText(&r, names)); err != nil {
		return err
	}
	if o.doc == "" {
		return nil
	}
	return writeDocument(s.out, o.doc)
}

// header of the table of results.
const header = `| job | engine | seconds | min | max | × windvane | × scan floor | peak RSS MiB | CPU s | process s | million lines/s |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
`

// tableText is the table of results, as Markdown, which reads well on a terminal too.
func tableText(r *result, names []string) string {
	var b strings.Builder
	b.WriteString(header)
	for _, j := range chosen(names, nil) {
		of, ok := r.Jobs[j.name]
		if !ok {
			continue
		}
		for _, e := range j.engines() {
			row := of.of(e)
			if len(row.All) == 0 {
				continue // it was not compared
			}
			if row.Stopped {
				fmt.Fprintf(&b, "| %s | %s | stopped at %.0f | | | > %.2f | – | %.0f | %.2f | %.2f | |\n", j.name, e, row.Seconds, row.Seconds/of.Seconds, row.RSSMiB, row.CPU, row.Wall)
				continue
			}
			floor := "–"
			if of.ScanFloorMultiple > 0 {
				floor = fmt.Sprintf("%.2f", of.ScanFloorMultiple*row.Seconds/of.Seconds)
			}
			fmt.Fprintf(&b, "| %s | %s | %.3f | %.3f | %.3f | %.2f | %s | %.0f | %.2f | %.2f | %.1f |\n", j.name, e, row.Seconds, row.Min, row.Max,
				row.Seconds/of.Seconds, floor, row.RSSMiB, row.CPU, row.Wall, float64(of.Lines)/row.Seconds/1e6)
		}
	}
	return b.String()
}
