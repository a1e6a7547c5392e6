package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// marketplace are the parameters of a synthetic marketplace.
type marketplace struct {
	Days        int    `json:"days"`
	LinesPerDay int    `json:"lines_per_day"`
	Merchants   int    `json:"merchants"`
	Talents     int    `json:"talents"`
	Products    int    `json:"products"`
	Buyers      int    `json:"buyers"`
	AsOf        string `json:"as_of"`
}

// asOf is the last day of every marketplace.
const asOf = "2026-01-31"

// bigDay is one day of so many order lines, skewed as a marketplace's are.
func bigDay(lines int) marketplace {
	return marketplace{Days: 1, LinesPerDay: lines, Merchants: lines / 200, Talents: lines / 100, Products: lines / 5, Buyers: lines / 2, AsOf: asOf}
}

// madeFile stands in a finished marketplace and says what it was made from.
const madeFile = "bench.json"

// make makes the marketplace in a folder unless it is there.
func (m marketplace) make(ctx context.Context, windvane, folder string, stderr *os.File) error {
	want, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode marketplace: %w", err)
	}
	have, err := os.ReadFile(filepath.Join(folder, madeFile))
	if err == nil && bytes.Equal(have, want) {
		return nil
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "making a marketplace of %d days of %d order lines in %s\n", m.Days, m.LinesPerDay, folder)
	cmd := exec.CommandContext(ctx, windvane, "demo", "--to", folder, "--as-of", m.AsOf, "--days", strconv.Itoa(m.Days),
		"--lines-per-day", strconv.Itoa(m.LinesPerDay), "--merchants", strconv.Itoa(m.Merchants), "--talents", strconv.Itoa(m.Talents),
		"--products", strconv.Itoa(m.Products), "--buyers", strconv.Itoa(m.Buyers))
	cmd.Stderr = stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("windvane demo: %w", err)
	}
	return os.WriteFile(filepath.Join(folder, madeFile), want, 0o644)
}
