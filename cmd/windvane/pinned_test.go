package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
)

// meddler is somebody who edits files when the first night has been told.
type meddler struct {
	once bool
	edit func()
}

func (m *meddler) Write(p []byte) (int, error) {
	if !m.once && bytes.Contains(p, []byte(" published: ")) {
		m.once = true
		m.edit()
	}
	return len(p), nil
}

// Configuration and rules that are edited while a backfill goes on change none of its nights: it read both once. The next
// command sees the edit and finds all of them stale.
func TestABackfillKeepsItsConfiguration(t *testing.T) {
	input, dir := killMarket(t), t.TempDir()
	conf, rules := filepath.Join(dir, "w.yaml"), filepath.Join(dir, "rules.yaml")
	write := func(maxUnits, version string) {
		t.Helper()
		text := bytes.Replace(config.CommentedRules, []byte(`version: "2026-11"`), []byte("version: "+version), 1)
		for file, data := range map[string][]byte{conf: []byte("rules: {file: rules.yaml}\nmax_units_per_line: " + maxUnits + "\n"), rules: text} {
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("20", "xa")
	nights := func(out string, watch io.Writer, only ...string) {
		t.Helper()
		args := append([]string{"backfill", "-c", conf, "-i", input, "-o", out, "--from", string(killFirst), "--to", string(marketLast)}, only...)
		if code := run(t.Context(), args, func(string) string { return "" }, watch, io.Discard); code != 0 {
			t.Fatalf("exit code %d", code)
		}
	}
	manifest := func(out string, day recount.Date, sequence int) jobs.Manifest {
		t.Helper()
		var rec lake.CommitRecord // runs of one second are in no order, commits are
		var m jobs.Manifest
		err := readJSON(filepath.Join(out, fmt.Sprintf("published/nightly/dt=%s/commits/%04d.json", day, sequence)), &rec)
		if err == nil {
			err = readJSON(filepath.Join(out, rec.ManifestKey), &m)
		}
		if err != nil {
			t.Fatal(err)
		}
		return m
	}

	calm, edited := filepath.Join(dir, "calm"), filepath.Join(dir, "edited")
	nights(calm, io.Discard)
	m := &meddler{edit: func() { write("1", "xb") }}
	nights(edited, m)
	if !m.once {
		t.Fatal("nobody edited anything")
	}
	for _, day := range []recount.Date{killFirst, marketLast} {
		want, got := manifest(calm, day, 1), manifest(edited, day, 1)
		if diff := gocmp.Diff(want.Rules, got.Rules); diff != "" || want.ScoreRules != got.ScoreRules || want.NightDigest != got.NightDigest {
			t.Errorf("%s: %s %v %v", day, diff, want.ScoreRules, got.ScoreRules)
		}
		if got.ScoreRules.Version != "xa" {
			t.Errorf("%s: rules version %s", day, got.ScoreRules.Version)
		}
	}
	nights(edited, io.Discard, "--only", "stale")
	for _, day := range []recount.Date{killFirst, marketLast} {
		if before, after := manifest(calm, day, 1), manifest(edited, day, 2); before.Rules["orders"] == after.Rules["orders"] || after.ScoreRules.Version != "xb" {
			t.Errorf("%s: made again with rules version %s", day, after.ScoreRules.Version)
		}
	}
}
