//go:build shareddata && acceptance

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"
)

// otherReaderOfBooks has openpyxl read workbooks: the same texts in these cells, and no formula in any.
func otherReaderOfBooks(t *testing.T, folder string, cells []bookCell) {
	t.Helper()
	python := os.Getenv(pythonVariable)
	if python == "" {
		t.Fatalf("%s names no Python with the readers of internal/testkit/readers/requirements.txt", pythonVariable)
	}
	data, err := json.Marshal(cells)
	if err != nil {
		t.Fatal(err)
	}
	check := exec.CommandContext(t.Context(), python, "../../internal/testkit/readers/workbooks.py", "--books", folder, "--cells", writeFile(t, "cells.json", data))
	check.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("workbooks.py: %v\n%s", err, out)
	}
}
