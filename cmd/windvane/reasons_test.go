package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// A reason that is no UTF-8 would stand on record as something else: the command refuses it before it reads anything.
func TestReasonsAreText(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for _, args := range [][]string{
		{"run", "-i", none, "-o", none, "-d", "2026-01-31", "--accept-churn"},
		{"run", "-i", none, "-o", none, "-d", "2026-01-31", "--accept-gates"},
		{"backfill", "-i", none, "-o", none, "--from", "2026-01-30", "--to", "2026-01-31", "--accept-gates"},
		{"run", "-i", none, "-o", none, "-d", "2026-01-31", "--accept-older-figures"},
		{"backfill", "-i", none, "-o", none, "--from", "2026-01-30", "--to", "2026-01-31", "--accept-older-figures"},
		{"rollback", "-o", none, "--date", "2026-01-31", "--to", "1", "--reason"},
	} {
		flag := args[len(args)-1]
		var said strings.Builder
		code := run(context.Background(), append(args, "\xd6\xd8\xb8\xb4"), func(string) string { return "" }, &said, &said)
		if want := flag + ": the text is not UTF-8 (GBK?)"; code != exitUsage || !strings.Contains(said.String(), want) {
			t.Errorf("%s %s: exit code %d, said %q, want %q", args[0], flag, code, said.String(), want)
		}
	}
}
