package jobs_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/windvane/windvane/jobs"
)

// TestANewerManifestIsRefused: a night of a newer version, whose manifest has another form, is neither misread nor taken
// for damage by the night that would rest on it; nothing is published, and nothing of the newer night changes.
func TestANewerManifestIsRefused(t *testing.T) {
	d := newDeployment(t)
	o := d.night(lastDay - 1)
	newer := []byte(`{"format": 4, "as_of": {"day": "2026-01-30"}, "partitions": []}`)
	sum := sha256.Sum256(newer)
	old, err := os.ReadFile(filepath.Join(d.out, o.Prefix, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	was := sha256.Sum256(old)
	if err := os.WriteFile(filepath.Join(d.out, o.Prefix, "manifest.json"), newer, 0o600); err != nil {
		t.Fatal(err)
	}
	commit := filepath.Join(d.out, "published/nightly/dt="+(lastDay-1).String(), "commits/0001.json")
	record, err := os.ReadFile(commit)
	if err != nil {
		t.Fatal(err)
	}
	record = bytes.Replace(record, []byte(hex.EncodeToString(was[:])), []byte(hex.EncodeToString(sum[:])), 1)
	if err := os.WriteFile(commit, record, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.try(lastDay); err == nil || !strings.Contains(err.Error(), "has format 4, this binary reads up to 3: use a newer windvane") {
		t.Errorf("got %v", err)
	}
	if files, _ := filepath.Glob(filepath.Join(d.out, "published/nightly/dt="+lastDay.String(), "commits/*")); len(files) != 0 {
		t.Errorf("published: %v", files)
	}
	for name, want := range map[string][]byte{commit: record, filepath.Join(d.out, o.Prefix, "manifest.json"): newer} {
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s has changed (%v)", name, err)
		}
	}
}

// TestNightsThatLackBuyersHaveAFormatOfTheirOwn: an older binary would take Nobody for a buyer, so it must refuse the night. A
// deployment that forgot nobody, or that has its buyers back, may go back to an older binary.
func TestNightsThatLackBuyersHaveAFormatOfTheirOwn(t *testing.T) {
	d := keyed(t, oldKey)
	if got := d.manifest(d.night(lastDay - 1)).Format; got != 1 {
		t.Errorf("nobody was forgotten, and the format is %d", got)
	}
	rotated, gone := d.forked(t), d.forked(t)
	d.forgetBuyers("100")
	if got := d.manifest(d.night(lastDay)).Format; got != 2 {
		t.Errorf("a buyer was forgotten, and the format is %d", got)
	}
	d.settings.Forgotten, d.settings.ForgottenIDs = nil, 0
	if o := d.night(lastDay); o.Status != jobs.Published || d.manifest(o).Format != 1 {
		t.Errorf("nobody is forgotten any more: %s, format %d", o.Status, d.manifest(o).Format)
	}
	rotated.settings.BuyerKey = newKey
	if got := rotated.manifest(rotated.night(lastDay)).Format; got != 1 {
		t.Errorf("the key was replaced while all dumps were there, and the format is %d", got)
	}
	gone.settings.BuyerKey, gone.settings.ReplacedKey = newKey, keyID(oldKey)
	for day := firstDay; day <= lastDay-4; day++ {
		for _, table := range []string{"orders", "refunds"} {
			gone.drop(table, day)
		}
	}
	if got := gone.manifest(gone.night(lastDay)).Format; got != 2 {
		t.Errorf("days lost their buyers with the key, and the format is %d", got)
	}
}
