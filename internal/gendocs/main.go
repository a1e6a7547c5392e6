// Command gendocs writes docs/tables.md from the declarations in transforms/contract and transforms/rollup, so that
// what the document says of a column is what the readers, the writer and the tests go by.
//
// Run it with go generate, or make generate. A test holds the document against the declarations.
package main

import (
	"fmt"
	"os"
)

//go:generate go run . ../../docs/tables.md

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gendocs FILE")
		os.Exit(2)
	}
	if err := os.WriteFile(os.Args[1], tables(), 0o644); err != nil {
		fmt.Fprintf(os.Stderr, "gendocs: %v\n", err)
		os.Exit(1)
	}
}
