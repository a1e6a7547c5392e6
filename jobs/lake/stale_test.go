package lake_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/windvane/windvane/internal/testkit/faults"
	"github.com/windvane/windvane/jobs/lake"
)

// A listing that lacks the newest commit, each time anybody lists: the commit is found by its key.
func TestAStaleListingHidesNoCommit(t *testing.T) {
	ctx := context.Background()
	bucket, url := faults.New(t)
	l := open(t, url)
	const key = "published/nightly/dt=2026-01-31/commits/"
	stale := func(ask func() error) {
		t.Helper()
		bucket.Arm(faults.Fault{At: 1, Effect: faults.StaleList, Only: key})
		if err := ask(); err != nil {
			t.Error(err)
		}
		if bucket.Disarm() == "" {
			t.Error("no listing was stale")
		}
	}
	for n, run := range []string{"a", "b", "c"} {
		commit := func() error { return l.Commit(ctx, record(run), n+1) }
		if n == 0 { // nothing to hide
			if err := commit(); err != nil {
				t.Fatal(err)
			}
		} else {
			stale(commit)
		}
		stale(func() error {
			rec, found, err := l.Newest(ctx, "nightly", "2026-01-31")
			if !found || rec.Run != run {
				t.Errorf("newest is %q, want %q", rec.Run, run)
			}
			return err
		})
		stale(func() error {
			all, err := l.Commits(ctx, "nightly", "2026-01-31")
			if len(all) != n+1 {
				t.Errorf("%d commits, want %d", len(all), n+1)
			}
			return err
		})
	}
	stale(func() error {
		if err := l.Commit(ctx, record("late"), 3); !errors.Is(err, lake.ErrLostRace) {
			t.Errorf("commit 3 again: %v", err)
		}
		return nil
	})
}

// A record in the middle that is really gone is no stale listing.
func TestAMissingCommitIsTold(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		ctx := context.Background()
		for n, run := range []string{"a", "b", "c"} {
			if err := l.Commit(ctx, record(run), n+1); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Delete(ctx, "published/nightly/dt=2026-01-31/commits/0002.json"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := l.Newest(ctx, "nightly", "2026-01-31"); err == nil || !strings.Contains(err.Error(), "found published/nightly/dt=2026-01-31/commits/0003.json where sequence 2 belongs") {
			t.Errorf("got %v", err)
		}
	})
}
