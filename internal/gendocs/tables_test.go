package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheDocumentIsCurrent(t *testing.T) {
	have, err := os.ReadFile("../../docs/tables.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), string(tables())); diff != "" {
		t.Errorf("docs/tables.md is out of date, run make generate (-file +now):\n%s", diff)
	}
}
