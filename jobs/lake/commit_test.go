package lake_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/windvane/windvane/jobs/lake"
)

func record(run string) lake.CommitRecord {
	return lake.CommitRecord{
		Job: "nightly", AsOf: "2026-01-31", Run: run, Prefix: "published/nightly/dt=2026-01-31/run=" + run,
		ManifestKey:    "published/nightly/dt=2026-01-31/run=" + run + "/manifest.json",
		ManifestSHA256: strings.Repeat("ab", 32),
	}
}

func TestCommitsAreASequence(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		ctx := context.Background()
		if _, found, err := l.Newest(ctx, "nightly", "2026-01-31"); found || err != nil {
			t.Fatalf("an empty lake has a commit: %v", err)
		}
		for i, run := range []string{"a", "b", "c"} {
			if err := l.Commit(ctx, record(run), i+1); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Commit(ctx, record("d"), 3); !errors.Is(err, lake.ErrLostRace) {
			t.Fatalf("a sequence was committed twice: %v", err)
		}
		if err := l.Commit(ctx, record("d"), 5); !errors.Is(err, lake.ErrLostRace) {
			t.Fatalf("a sequence was left out: %v", err)
		}
		all, err := l.Commits(ctx, "nightly", "2026-01-31")
		if err != nil || len(all) != 3 || all[0].Run != "a" || all[2].Sequence != 3 {
			t.Fatalf("got %+v, %v", all, err)
		}
		newest, found, err := l.Newest(ctx, "nightly", "2026-01-31")
		if err != nil || !found || newest.Run != "c" || newest.Nonce == "" {
			t.Fatalf("got %+v, %v", newest, err)
		}
		current, err := l.ReadAll(ctx, "published/nightly/dt=2026-01-31/current.json", 1<<16)
		if err != nil || !strings.Contains(string(current), `"run": "c"`) {
			t.Fatalf("current.json: %s, %v", current, err)
		}
	})
}

func TestOfManyCommittersOneWins(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		var winners atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				switch err := l.Commit(context.Background(), record("same"), 1); {
				case err == nil:
					winners.Add(1)
				case !errors.Is(err, lake.ErrLostRace):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := winners.Load(); n != 1 {
			t.Fatalf("%d winners", n)
		}
	})
}

func TestCommitRecordsAreChecked(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		ctx := context.Background()
		for _, breakIt := range []func(*lake.CommitRecord){
			func(r *lake.CommitRecord) { r.Job = "../x" },
			func(r *lake.CommitRecord) { r.AsOf = "2026-1-1" },
			func(r *lake.CommitRecord) { r.ManifestSHA256 = "ab" },
			func(r *lake.CommitRecord) { r.ManifestKey = "" },
		} {
			r := record("a")
			breakIt(&r)
			if err := l.Commit(ctx, r, 1); err == nil {
				t.Errorf("%+v was committed", r)
			}
		}
		newer := `{"format": 2, "job": "nightly", "as_of": "2026-01-31", "sequence": 1}`
		put(t, l, "published/nightly/dt=2026-01-31/commits/0001.json", newer)
		if _, _, err := l.Newest(ctx, "nightly", "2026-01-31"); err == nil || !strings.Contains(err.Error(), "format 2") {
			t.Errorf("a newer format: %v", err)
		}
	})
}
