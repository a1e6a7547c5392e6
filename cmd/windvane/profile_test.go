package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// Profiles are written by commands of any length, in the form that pprof reads.
func TestProfilesAreWritten(t *testing.T) {
	dir := t.TempDir()
	cpu, mem := filepath.Join(dir, "cpu"), filepath.Join(dir, "mem")
	var stderr bytes.Buffer
	if code := run(context.Background(), []string{"version", "--cpuprofile", cpu, "--memprofile", mem}, os.Getenv, io.Discard, &stderr); code != exitDone {
		t.Fatalf("exit %d: %s", code, &stderr)
	}
	for _, path := range []string{cpu, mem} {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if n, err := io.Copy(io.Discard, z); err != nil || n == 0 {
			t.Errorf("%s: %d bytes, error %v", path, n, err)
		}
		f.Close()
	}
	if code := run(context.Background(), []string{"version", "--memprofile", filepath.Join(dir, "none", "mem")}, os.Getenv, io.Discard, io.Discard); code == exitDone {
		t.Error("a profile that cannot be written is no error")
	}
}
