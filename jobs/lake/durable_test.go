package lake

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// A pipe takes what is written to it and cannot be synced: whoever syncs it fails, whoever does not is done. So writing to
// one tells whether a file would survive a power cut.
func TestDurableObjectsAreSynced(t *testing.T) {
	content := func(w io.Writer) error { _, err := w.Write([]byte("list")); return err }
	for name, c := range map[string]struct {
		save  func(*os.File, func(io.Writer) error) error
		syncs bool
	}{"synced": {writeSynced, true}, "unsynced": {writeUnsynced, false}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.save(w, content); (err != nil) != c.syncs {
			t.Errorf("%s: %v", name, err)
		}
		r.Close()
	}
	s := &localStore{rebuildable: []string{"state/"}}
	for key, want := range map[string]bool{
		"published/nightly/dt=2026-01-31/commits/0001.json": true, "published/nightly/status.json": true, "states.json": true, "state/rollups/a.parquet": false,
	} {
		if s.durable(key) != want {
			t.Errorf("%s: durable is %t", key, !want)
		}
	}
}

// Nothing is left unsynced that nobody declared rebuildable.
func TestWithoutOptionsAllIsSynced(t *testing.T) {
	l, err := Open(context.Background(), t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if s := l.store.(*localStore); len(s.rebuildable) != 0 || !s.durable("state/rollups/a.parquet") {
		t.Error("without options some objects are not synced")
	}
	if s, err := openLocal(filepath.Join(t.TempDir(), "new"), true); err != nil || !s.durable("anything") {
		t.Errorf("a new folder does not sync: %v", err)
	}
}
