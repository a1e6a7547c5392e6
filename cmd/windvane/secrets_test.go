package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/mapping"
)

// An id on the list is the one that the dumps have: with another spelling it would be another person's.
func TestWhoIsForgottenIsNobodyElse(t *testing.T) {
	list := filepath.Join(t.TempDir(), "forgotten")
	if err := os.WriteFile(list, []byte("01001\n+7\n8\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := jobs.Settings{BuyerKey: [16]byte{1}}
	if err := (&app{}).forgotten(config.Config{Forgotten: config.Forgotten{File: list}}, &s); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{"01001": true, "1001": false, "+7": true, "7": false, "8": true} {
		if got := slices.Contains(s.Forgotten, mapping.HashBuyer(s.BuyerKey, id)); got != want {
			t.Errorf("%s is forgotten: %t, want %t", id, got, want)
		}
	}
	if s.ForgottenIDs != 3 {
		t.Errorf("%d ids", s.ForgottenIDs)
	}
}
