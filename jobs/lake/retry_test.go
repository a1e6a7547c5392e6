package lake_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

var errReset = errors.New("connection reset by peer")

// openFaulty has pauses too short to notice.
func openFaulty(t *testing.T, url string, f lake.Faults) *lake.Lake {
	t.Helper()
	l, err := lake.Open(context.Background(), url, lake.Options{
		Create: true, Retry: lake.Retry{Attempts: 4, First: time.Microsecond, Longest: time.Microsecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	lake.Break(l, f)
	return l
}

// failFirst fails the first n calls of op.
func failFirst(n int32, op string, err error) (func(string) error, *atomic.Int32) {
	calls := new(atomic.Int32)
	return func(called string) error {
		if called == op && calls.Add(1) <= n {
			return err
		}
		return nil
	}, calls
}

func TestTroubleIsTriedAgainAndThenGivenUp(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		op  string
		run func(l *lake.Lake) error
	}{
		{"list", func(l *lake.Lake) error { _, err := l.List(ctx, ""); return err }},
		{"read", func(l *lake.Lake) error { _, err := l.ReadAll(ctx, "k", 10); return err }},
		{"put", func(l *lake.Lake) error { return l.PutBytes(ctx, "k2", nil) }},
		{"putIfAbsent", func(l *lake.Lake) error { return l.PutIfAbsent(ctx, "k3", []byte("nonce")) }},
		{"delete", func(l *lake.Lake) error { return l.Delete(ctx, "k") }},
	} {
		t.Run(c.op, func(t *testing.T) {
			before, calls := failFirst(3, c.op, errReset)
			l := openFaulty(t, "mem://", lake.Faults{Before: before})
			_ = l.PutIfAbsent(ctx, "k", []byte("x"))
			calls.Store(0)
			if err := c.run(l); err != nil {
				t.Errorf("after three failures: %v", err)
			}
		})
	}
}

func TestTroubleWithoutEndIsAnErrorThatCounts(t *testing.T) {
	before, calls := failFirst(1000, "list", errReset)
	l := openFaulty(t, "mem://", lake.Faults{Before: before})
	_, err := l.List(context.Background(), "dumps/")
	if !errors.Is(err, errReset) || !strings.Contains(err.Error(), "list dumps/: given up after 4 attempts") || calls.Load() != 4 {
		t.Errorf("%d calls: %v", calls.Load(), err)
	}
}

func TestWhatCannotHelpIsNotTriedAgain(t *testing.T) {
	var calls atomic.Int32
	l := openFaulty(t, "mem://", lake.Faults{Before: func(string) error { calls.Add(1); return nil }})
	if _, err := l.ReadAll(context.Background(), "absent", 10); !errors.Is(err, lake.ErrNotFound) || calls.Load() != 1 {
		t.Errorf("%d calls: %v", calls.Load(), err)
	}
}

// A put that times out may have succeeded (reliability.md, row 4).
func TestAPutThatArrivedAndFailedIsASuccess(t *testing.T) {
	for name, url := range map[string]string{"mem": "mem://", "file": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			after, _ := failFirst(1, "putIfAbsent", errReset)
			l := openFaulty(t, url, lake.Faults{After: after})
			if err := l.Commit(context.Background(), record("a"), 1); err != nil {
				t.Fatal(err)
			}
			all, err := l.Commits(context.Background(), "nightly", "2026-01-31")
			if err != nil || len(all) != 1 {
				t.Errorf("%d commits, %v", len(all), err)
			}
		})
	}
}

func TestAStoreThatIgnoresThePreconditionIsRefused(t *testing.T) {
	l := openFaulty(t, "mem://", lake.Faults{})
	lake.IgnorePrecondition(l)
	if err := l.ProbeConditionalWrites(context.Background(), "published"); !errors.Is(err, lake.ErrNoConditionalWrites) {
		t.Errorf("got %v", err)
	}
}

// A store that takes a key for present which nobody has is asked for another; one that does so always is refused.
func TestTheProbeTriesAnotherKey(t *testing.T) {
	for _, c := range []struct {
		refused int32
		works   bool
	}{{1, true}, {2, true}, {100, false}} {
		before, _ := failFirst(c.refused, "putIfAbsent", lake.ErrExists)
		l := openFaulty(t, "mem://", lake.Faults{Before: before})
		if err := l.ProbeConditionalWrites(context.Background(), "published"); c.works != (err == nil) {
			t.Errorf("after %d refusals: %v", c.refused, err)
		}
	}
	before, _ := failFirst(1, "read", errReset)
	after, _ := failFirst(1, "putIfAbsent", lake.ErrExists)
	l := openFaulty(t, "mem://", lake.Faults{Before: before, After: after})
	if err := l.PutIfAbsent(context.Background(), "k", []byte("nonce")); err != nil {
		t.Errorf("a write that arrived, was refused and could not be read back at once: %v", err)
	}
}

func TestRangeReadsAreTriedAgain(t *testing.T) {
	before, _ := failFirst(3, "readAt", errReset)
	l := openFaulty(t, "mem://", lake.Faults{Before: before})
	want := writeLarge(t, l, "x.parquet", 1)
	got := readBack(t, memory.DefaultAllocator, l, "x.parquet", []string{"a", "b", "c", "d"})
	mustEqual(t, got, want)
}

// TestEveryFault fails the n-th operation for every n, before or after its effect, without retries: afterwards there
// is no commit or one whole commit, and a second try leaves exactly one.
func TestEveryFaultLeavesNoneOrOneCommit(t *testing.T) {
	for _, afterwards := range []bool{false, true} {
		for n := int32(1); ; n++ {
			var calls atomic.Int32
			fault := func(string) error {
				if calls.Add(1) == n {
					return lake.ErrUnsupported // anything that is not tried again
				}
				return nil
			}
			f := lake.Faults{Before: fault}
			if afterwards {
				f = lake.Faults{After: fault}
			}
			l := openFaulty(t, t.TempDir(), f)
			first := l.Commit(context.Background(), record("a"), 1)
			fired := calls.Load() >= n
			calls.Store(1000)
			second := l.Commit(context.Background(), record("a"), 1)
			if first != nil && second != nil && !errors.Is(second, lake.ErrLostRace) {
				t.Errorf("fault %d: %v, then %v", n, first, second)
			}
			all, err := l.Commits(context.Background(), "nightly", "2026-01-31")
			if err != nil || len(all) != 1 {
				t.Errorf("fault %d: %d commits, %v", n, len(all), err)
			}
			if !fired {
				break
			}
		}
	}
}
