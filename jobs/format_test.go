package jobs_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestANewerManifestIsRefused: a night of a newer version, whose manifest has another form, is neither misread nor taken
// for damage by the night that would rest on it; nothing is published, and nothing of the newer night changes.
func TestANewerManifestIsRefused(t *testing.T) {
	d := newDeployment(t)
	o := d.night(lastDay - 1)
	newer := []byte(`{"format": 2, "as_of": {"day": "2026-01-30"}, "partitions": []}`)
	sum := sha256.Sum256(newer)
	old, err := os.ReadFile(filepath.Join(d.out, o.Prefix, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	was := sha256.Sum256(old)
	if err := os.WriteFile(filepath.Join(d.out, o.Prefix, "manifest.json"), newer, 0o600); err != nil {
		t.Fatal(err)
	}
	commit := filepath.Join(d.out, "published/nightly/dt="+(lastDay-1).String(), "commits/0001.json")
	record, err := os.ReadFile(commit)
	if err != nil {
		t.Fatal(err)
	}
	record = bytes.Replace(record, []byte(hex.EncodeToString(was[:])), []byte(hex.EncodeToString(sum[:])), 1)
	if err := os.WriteFile(commit, record, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.try(lastDay); err == nil || !strings.Contains(err.Error(), "has format 2, this binary reads up to 1: use a newer windvane") {
		t.Errorf("got %v", err)
	}
	if files, _ := filepath.Glob(filepath.Join(d.out, "published/nightly/dt="+lastDay.String(), "commits/*")); len(files) != 0 {
		t.Errorf("published: %v", files)
	}
	for name, want := range map[string][]byte{commit: record, filepath.Join(d.out, o.Prefix, "manifest.json"): newer} {
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s has changed (%v)", name, err)
		}
	}
}
