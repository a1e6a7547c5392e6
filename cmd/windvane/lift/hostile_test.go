//go:build shareddata

package lift

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/windvane/windvane/internal/testkit/shareddata"
)

// Broken files of the Parquet and Arrow projects are refused or read, and never end the process.
func TestLiftSurvivesHostileFiles(t *testing.T) {
	n := 0
	err := filepath.WalkDir(shareddata.Dir(t, "bad-parquet"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(path, "parquet-testing") && !strings.Contains(path, "/parquet/") && !strings.Contains(path, "/csv/") {
			return err
		}
		n++
		// The error names the columns there are; the first are then read.
		_, _, errs := run(t, "--method", "srm", "--file", path, "--arm", "no such column")
		_, columns, _ := strings.Cut(strings.TrimSpace(errs), "it has ")
		for i, c := range strings.Split(columns, ", ") {
			if c = strings.Trim(c, `"`); i == 5 || c == "" {
				break
			}
			if code, _, errs := run(t, "--method", "srm", "--file", path, "--arm", c); code != 0 && !strings.Contains(errs, filepath.Base(path)) {
				t.Errorf("%s, %s: exit code %d: %s", path, c, code, errs)
			}
		}
		return nil
	})
	if err != nil || n == 0 {
		t.Fatalf("%d files: %v", n, err)
	}
}
