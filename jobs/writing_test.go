package jobs_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/jobs"
)

// Tables are written beside the steps that follow. One that cannot be written ends the night, whatever the number of
// workers: nothing is published, nothing is still being written when the night has ended, and the next attempt publishes
// what an undisturbed night does.
func TestATableThatCannotBeWrittenEndsTheNight(t *testing.T) {
	undisturbed := newFaultyMarket(t)
	undisturbed.mustNight(lastDay)
	want, err := undisturbed.read(lastDay)
	if err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 2, 5} {
		for _, table := range []string{"gmv", "eligibility_gates"} {
			m := newFaultyMarket(t)
			m.settings.Workers = workers
			m.bucket.Forbid(func(operation, key string) bool {
				return strings.HasSuffix(key, "/"+table+".parquet") && strings.Contains(key, "/run=") && operation == "write"
			})
			if _, err := m.night(lastDay); err == nil || !strings.Contains(err.Error(), "publish: write "+table) {
				t.Fatalf("%d workers: error %v", workers, err)
			}
			left := m.bucket.Objects("published/")
			if got, err := m.read(lastDay); err != nil || got.Commits != 0 {
				t.Fatalf("%d workers: %d commits, %v", workers, got.Commits, err)
			}
			if diff := gocmp.Diff(left, m.bucket.Objects("published/")); diff != "" {
				t.Errorf("%d workers: written after the night had ended: %s", workers, diff)
			}
			m.bucket.Forbid(nil)
			m.mustNight(lastDay)
			if got, err := m.read(lastDay); err != nil || !gocmp.Equal(got, want) {
				t.Errorf("%d workers: %v, %v", workers, err, gocmp.Diff(want, got))
			}
		}
	}
}

// A night that is told to stop stops writing too, and says so.
func TestANightThatIsStoppedWritesNoMore(t *testing.T) {
	m := newFaultyMarket(t)
	m.settings.Workers = 3
	l := m.open()
	defer l.Close()
	ctx, cancel := context.WithCancel(context.Background())
	r := &jobs.Runner{In: l, Out: l, Settings: m.settings, OneNight: true, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Unix(0, 0) }, NewRunID: func() string { return "stopped" },
		OnProgress: func(p jobs.Progress) {
			if p.Step == "lists" {
				cancel()
			}
		}}
	if _, err := r.Run(ctx, lastDay); err == nil {
		t.Fatal("no error")
	}
	left := m.bucket.Objects("published/nightly/dt=" + lastDay.String() + "/run=stopped/")
	if _, ok := left["published/nightly/dt="+lastDay.String()+"/run=stopped/manifest.json"]; ok {
		t.Error("a manifest was written")
	}
	m.mustNight(lastDay)
	if got, err := m.read(lastDay); err != nil || got.Commits != 1 {
		t.Errorf("%d commits, %v", got.Commits, err)
	}
}
