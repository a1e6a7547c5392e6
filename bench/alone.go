package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// This file keeps the figures of windvane alone, which several commands measure and one document shows.

// grown is one figure of windvane alone.
type grown struct {
	What    string  `json:"what"`
	Seconds float64 `json:"seconds"` // median
	Min     float64 `json:"min_seconds"`
	Max     float64 `json:"max_seconds"`
	CPU     float64 `json:"cpu_seconds,omitempty"`
	RSSMiB  float64 `json:"rss_mib,omitempty"`
	PerLine float64 `json:"ns_per_line,omitempty"`
}

// Files of figures in the folder for results, in the order in which the document shows them.
const (
	growthFile = "growth.json"
	bigFile    = "big.json"
	listsFile  = "lists.json"
)

type grownResult struct {
	Growth  []grown `json:"growth"`
	Date    string  `json:"date"`
	Machine machine `json:"machine"`
}

// keepAlone writes figures to one of the files.
func keepAlone(out, file string, all []grown, date string) error {
	data, err := json.MarshalIndent(grownResult{all, date, thisMachine(runtime.GOMAXPROCS(0))}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the result: %w", err)
	}
	return os.WriteFile(filepath.Join(out, file), append(data, '\n'), 0o644)
}

// readAlone is what was measured last, nothing of what was not.
func readAlone(out string) (all []grownResult, err error) {
	for _, file := range []string{growthFile, bigFile, listsFile} {
		data, err := os.ReadFile(filepath.Join(out, file))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var r grownResult
		if err := json.Unmarshal(data, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, r)
	}
	return all, nil
}

// aloneTable are the figures of all files, each with its date.
func aloneTable(all []grownResult) string {
	var b strings.Builder
	for _, r := range all {
		rows := growthTable(r.Growth)
		if b.Len() > 0 {
			rows = strings.TrimPrefix(rows, growthHeader)
		}
		b.WriteString(rows)
	}
	for _, r := range all {
		fmt.Fprintf(&b, "\n%q and what follows it: %s, %s.\n", r.Growth[0].What, r.Date, r.Machine.CPU)
	}
	return b.String()
}

const growthHeader = "| what | seconds | min | max | CPU s | peak RSS MiB | ns a line |\n|---|---:|---:|---:|---:|---:|---:|\n"

func growthTable(all []grown) string {
	var b strings.Builder
	b.WriteString(growthHeader)
	for _, r := range all {
		fmt.Fprintf(&b, "| %s | %.3f | %.3f | %.3f | %s | %s | %s |\n", r.What, r.Seconds, r.Min, r.Max,
			unlessZero("%.2f", r.CPU), unlessZero("%.0f", r.RSSMiB), unlessZero("%.0f", r.PerLine))
	}
	return b.String()
}

func unlessZero(format string, v float64) string {
	if v == 0 {
		return "–"
	}
	return fmt.Sprintf(format, v)
}
