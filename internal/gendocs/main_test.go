package main

import (
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestTheDocumentsAreCurrent(t *testing.T) {
	const root = "../.."
	files, err := documents(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if !utf8.Valid(want) {
			t.Errorf("%s is not UTF-8", name)
		}
		have, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(have), string(want)); diff != "" {
			t.Errorf("%s is out of date, run make generate (-file +now):\n%s", name, diff)
		}
	}
}
