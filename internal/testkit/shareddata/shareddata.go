// Package shareddata finds the acceptance data that stands beside the project and is not part of it.
//
// The data is looked for at ../shared/data from the project's root; the environment variable
// WINDVANE_SHARED_DATA names another place. A test that needs it fails when it is absent: acceptance
// that was not run is not acceptance.
package shareddata

import (
	"os"
	"path/filepath"
	"testing"
)

// Variable names the folder that holds the acceptance data, if it is not ../shared/data.
const Variable = "WINDVANE_SHARED_DATA"

// Dir is the folder of one data set, for example "olist". It fails the test if the folder is absent.
func Dir(t testing.TB, name string) string {
	t.Helper()
	dir := filepath.Join(base(t), name)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		t.Fatalf("acceptance data %s is absent: put it at ../shared/data from the project's root or let %s name its place", dir, Variable)
	}
	return dir
}

func base(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv(Variable); dir != "" {
		return dir
	}
	return filepath.Join(filepath.Dir(Root(t)), "shared", "data")
}

// Root is the project's root: the folder of go.mod at or above the test's working directory.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatalf("find the project's root: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatalf("no go.mod at or above the working directory: the project's root is unknown")
		}
		dir = parent
	}
}
