package jobs_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/windvane/windvane/internal/testkit/twin"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/mapping"
)

// forge changes the manifest of a published night, as if another version had made it.
func (d *deployment) forge(o jobs.Outcome, change func(*jobs.Manifest)) {
	d.t.Helper()
	name := filepath.Join(d.out, o.Prefix, "manifest.json")
	old, err := os.ReadFile(name)
	if err != nil {
		d.t.Fatal(err)
	}
	m := d.manifest(o)
	change(&m)
	data, err := json.Marshal(m)
	if err != nil {
		d.t.Fatal(err)
	}
	was, is := sha256.Sum256(old), sha256.Sum256(data)
	if err := os.WriteFile(name, data, 0o600); err != nil {
		d.t.Fatal(err)
	}
	for _, record := range d.under("published/nightly/dt=" + o.AsOf.String() + "/commits") {
		data, err := os.ReadFile(record)
		if err != nil {
			d.t.Fatal(err)
		}
		data = bytes.Replace(data, []byte(hex.EncodeToString(was[:])), []byte(hex.EncodeToString(is[:])), 1)
		if err := os.WriteFile(record, data, 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
}

// uncounted is a manifest as versions wrote it that named the rows of a snapshot in its own night alone.
func uncounted(m *jobs.Manifest) {
	for _, table := range []string{"products", "talents"} {
		for i := range m.Partitions[table] {
			if p := &m.Partitions[table][i]; p.Day < m.AsOf {
				p.Input = 0
			}
		}
	}
}

// A snapshot that lost most of its rows stops the night as a table of events does: shops, talents and what is decided about them would be
// gone from every figure. What an earlier snapshot had is known from the nights before, or from what is stored of it; where neither tells,
// it is unknown and no snapshot without rows.
func TestVolumesOfSnapshotsAreJudged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		first  calendar.Day // of the nights
		change func(d *deployment, before jobs.Outcome)
		judged bool
	}{
		{"after four nights", lastDay - 4, nil, true},
		{"whose state is lost", lastDay - 4, func(d *deployment, _ jobs.Outcome) { d.removeRecords() }, true},
		{"by another mapping tonight", lastDay - 4, func(d *deployment, _ jobs.Outcome) {
			d.settings.Tables = map[string]mapping.Table{"products": {Tolerance: time.Second}}
			d.removeRecords()
		}, true},
		{"as the first of all", lastDay, nil, true}, // rows have asked for the snapshots
		{"after nights that did not name their rows", lastDay - 4, func(d *deployment, before jobs.Outcome) { d.forge(before, uncounted) }, true},
		{"that began the day before", lastDay, func(d *deployment, _ jobs.Outcome) {
			for day := firstDay; day < lastDay-1; day++ {
				d.drop("products", day)
			}
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t)
			d.settings.RestateDays = 3 // older days are pinned
			d.settings.Gates = jobs.Gates{Days: 4, MinRows: 2, MinVolume: 0.5}
			var before jobs.Outcome
			for day := c.first; day < lastDay; day++ {
				before = d.night(day)
			}
			if c.change != nil {
				c.change(d, before)
			}
			d.deliver(twin.Partitions{Products: map[twin.Day][]twin.Product{twin.Day(lastDay): products(0)[:1]}})
			_, err := d.try(lastDay)
			if !c.judged && err != nil || c.judged && (!errors.Is(err, jobs.ErrGate) || !strings.Contains(err.Error(), "volume: products has 1 rows, 0.33 times the median of 4 days (3)")) {
				t.Errorf("judged %v: %v", c.judged, err)
			}
		})
	}
}

// Accounts of earlier days are read where rows ask for them: where nothing names their rows any more, they are no measure.
func TestVolumesThatNobodyKnowsAreNoMeasure(t *testing.T) {
	t.Parallel()
	for known, want := range map[bool]error{true: jobs.ErrGate, false: nil} {
		d := newDeployment(t)
		d.settings.Gates = jobs.Gates{Days: 4, MinRows: 2, MinVolume: 0.6}
		var before jobs.Outcome
		for day := lastDay - 4; day < lastDay; day++ {
			before = d.night(day)
		}
		d.settings.RestateDays = 1
		if !known {
			d.forge(before, uncounted)
			d.removeRecords()
		}
		d.deliver(twin.Partitions{Talents: map[twin.Day][]twin.Talent{twin.Day(lastDay): talents(0)[:1]}})
		if _, err := d.try(lastDay); !errors.Is(err, want) {
			t.Errorf("known %v: %v", known, err)
		}
	}
}

// removeRecords loses what is stored of reduced snapshots.
func (d *deployment) removeRecords() {
	d.t.Helper()
	for _, table := range []string{"products", "talents"} {
		if err := os.RemoveAll(filepath.Join(d.out, "state/partitions", table)); err != nil {
			d.t.Fatal(err)
		}
	}
}
