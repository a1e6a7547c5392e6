// Command gendocs writes the documents that are made from the code: docs/tables.md from the declarations in
// transforms/contract and transforms/rollup, docs/configuration.md from config/windvane.yaml, docs/metrics.md from
// config/rules.yaml and the scores' own arithmetic. So what a document says
// of a column or a key is what the program goes by.
//
// Run it with go generate, or make generate. A test holds the documents against their sources.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/windvane/windvane/config"
)

//go:generate go run . ../..

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gendocs ROOT")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "gendocs: %v\n", err)
		os.Exit(1)
	}
}

func write(root string) error {
	files, err := documents(root)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// documents are the generated files by their path from the project's root.
func documents(root string) (map[string][]byte, error) {
	commented, err := os.ReadFile(filepath.Join(root, "config", "windvane.yaml"))
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"docs/tables.md":        tables(),
		"docs/configuration.md": configuration(commented),
		"docs/metrics.md":       metrics(config.DefaultRules()),
	}, nil
}
