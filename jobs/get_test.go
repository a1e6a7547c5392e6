package jobs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestWriteWholeLeavesAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "a.csv")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	broken := errors.New("broken")
	if _, err := writeWhole(root, "b.csv", func(w io.Writer) error { _, _ = w.Write([]byte("half")); return broken }); !errors.Is(err, broken) {
		t.Errorf("writeWhole = %v, want the error of the writer", err)
	}
	if n, err := writeWhole(root, "a.csv", func(w io.Writer) error { _, err := w.Write([]byte("whole")); return err }); n != 5 || err != nil {
		t.Errorf("writeWhole = %d, %v", n, err)
	}
	if _, err := writeWhole(root, "../c.csv", func(io.Writer) error { return nil }); err == nil {
		t.Error("a name outside the folder was written")
	}
	files, _ := os.ReadDir(dir)
	if len(files) != 1 {
		t.Errorf("%d files are left, want a.csv alone", len(files))
	}
	if data, _ := os.ReadFile(outside); string(data) != "mine" {
		t.Errorf("the file behind the link holds %q now", data)
	}
	if data, _ := os.ReadFile(filepath.Join(dir, "a.csv")); string(data) != "whole" {
		t.Errorf("a.csv holds %q", data)
	}
}
