package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/transforms/contract"
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

// The table of tables in both README files names every published one, and says how many there are.
func TestTheReadmesNameEveryTable(t *testing.T) {
	tables := contract.Publications()
	for file, count := range map[string]string{"README.md": "all %d tables", "README.zh-CN.md": "共 %d 张表"} {
		data, err := os.ReadFile(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if want := fmt.Sprintf(count, len(tables)); !strings.Contains(text, want) {
			t.Errorf("%s does not say %q", file, want)
		}
		for _, table := range tables {
			name := "`" + table.Name + "`"
			if resource, ok := strings.CutPrefix(table.Name, "eligibility"); ok && !strings.Contains(text, name) {
				name = "`" + resource + "`" // `eligibility_traffic`, `_subsidy`, …
			}
			if !strings.Contains(text, name) {
				t.Errorf("%s does not name %s", file, name)
			}
		}
	}
}
