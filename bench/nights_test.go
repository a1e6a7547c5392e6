package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Nights that another binary has begun and not ended are not taken for those of the one before.
func TestStoppedNightsAreMadeAnew(t *testing.T) {
	dir := t.TempDir()
	binary := func(name, atLast string) string {
		t.Helper()
		file := filepath.Join(dir, name)
		script := fmt.Sprintf("#!/bin/sh\ncase $1 in demo) mkdir -p \"$3\";; run) [ \"$7\" != %s ] || %s; mkdir -p \"$5\"; echo %s > \"$5/$7\";; esac\n", asOf, atLast, name)
		if err := os.WriteFile(file, []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		return file
	}
	first, stopped := binary("first", "true"), binary("stopped", "exit 1")
	nights := filepath.Join(dir, "nights")
	made := func(windvane string) error {
		return makeNights(t.Context(), manyDays(2, 50), windvane, nights, os.Stderr)
	}
	if err := made(first); err != nil {
		t.Fatal(err)
	}
	if err := made(stopped); err == nil {
		t.Fatal("the second binary was to be stopped")
	}
	if err := made(first); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"warm/" + daysBefore(asOf, 1), "full/" + daysBefore(asOf, 1), "full/" + asOf} {
		if got := read(t, filepath.Join(nights, file)); got != "first\n" {
			t.Errorf("%s was made by %q", file, got)
		}
	}
}
