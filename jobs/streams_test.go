package jobs

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
)

// remoteFile opens a file of four row groups, too large to be read whole, in a store that is asked over the network.
func remoteFile(t *testing.T) (*lake.File, *httptest.Server) {
	t.Helper()
	traffic := make([]trafficRow, 800_000)
	for i := range traffic {
		traffic[i] = trafficRow{product: int64(column.Hash(int64(i)) >> 1), promoter: int64(i % 97), scene: "live"}
	}
	bucket := &slowBucket{objects: map[string][]byte{"x.parquet": trafficFile(t, traffic)}, met: make(chan struct{})}
	close(bucket.met) // nobody waits
	bucket.waiting = 2
	server := httptest.NewServer(bucket)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_REGION", "us-east-1")
	l, err := lake.Open(t.Context(), fmt.Sprintf("s3://bucket?endpoint=%s&use_path_style=true&disable_https=true", server.URL), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	f, err := l.OpenParquet(t.Context(), lake.Object{Key: "x.parquet", Size: int64(len(bucket.objects["x.parquet"])), ETag: `"one"`, ModTime: written()})
	if err != nil {
		t.Fatal(err)
	}
	return f, server
}

func rowsRead(ctx context.Context, t *testing.T, r *groupReader, group int) int64 {
	t.Helper()
	rec, err := r.read(ctx, group)
	if err != nil {
		t.Fatalf("row group %d: %v", group, err)
	}
	defer rec.Release()
	return rec.NumRows()
}

func TestTheNextRowGroupIsFetchedAhead(t *testing.T) {
	file, server := remoteFile(t)
	r := newGroupReader(file, []string{"product_id", "clicks"}, memory.DefaultAllocator)
	if n := rowsRead(t.Context(), t, r, 2); n != 200_000 {
		t.Errorf("%d rows", n)
	}
	r.fetching.Wait()
	server.Close() // what comes now must be there
	if n := rowsRead(t.Context(), t, r, 3); n != 200_000 {
		t.Errorf("%d rows of the next row group", n)
	}
	if err := r.close(); err != nil {
		t.Error(err)
	}
}

// A reader that gives up takes nothing from those that go on: they ask again.
func TestARowGroupThatDidNotComeIsAskedForAgain(t *testing.T) {
	file, _ := remoteFile(t)
	r := newGroupReader(file, []string{"product_id"}, memory.DefaultAllocator)
	ended, end := context.WithCancel(t.Context())
	end()
	r.askFor(ended, 2)
	if n := rowsRead(t.Context(), t, r, 2); n != 200_000 {
		t.Errorf("%d rows", n)
	}
	if _, err := r.read(ended, 0); err == nil {
		t.Error("read though its reader gave up")
	}
	if n := rowsRead(t.Context(), t, r, 3); n != 200_000 {
		t.Errorf("%d rows of the last row group", n)
	}
	if err := r.close(); err != nil {
		t.Error(err)
	}
}

// A range of a merge ends where another one began: what that has read nobody needs ahead.
func TestWhatWasReadIsNotFetchedAhead(t *testing.T) {
	file, _ := remoteFile(t)
	r := newGroupReader(file, []string{"product_id"}, memory.DefaultAllocator)
	for _, group := range []int{2, 3, 0, 1} { // two ranges, the later one first
		rowsRead(t.Context(), t, r, group)
	}
	r.fetching.Wait()
	if len(r.coming) != 0 {
		t.Errorf("%d row groups that nobody takes", len(r.coming))
	}
	if err := r.close(); err != nil {
		t.Error(err)
	}
}

// A file that is made of lost files is made when these are, however many they are; one that cannot be made ends the repair.
func TestRepairs(t *testing.T) {
	lostParts := 40
	part := func(i int) error {
		return &lostRun{errLost, fmt.Sprintf("part %d", i), func(context.Context) error { lostParts--; return nil }}
	}
	made := false
	whole := &lostRun{err: errLost, key: "whole", make: func(context.Context) error {
		if lostParts > 0 {
			return part(lostParts)
		}
		made = true
		return nil
	}}
	err := repaired(t.Context(), func() error {
		if !made {
			return fmt.Errorf("sum: %w", whole)
		}
		return nil
	})
	if err != nil || !made {
		t.Errorf("error %v, made %v", err, made)
	}
	times := 0
	err = repaired(t.Context(), func() error {
		return &lostRun{errLost, "always", func(context.Context) error { times++; return nil }}
	})
	if !errors.Is(err, errLost) || times != rewrites {
		t.Errorf("made %d times, then %v", times, err)
	}
	trouble := errors.New("no space")
	err = repaired(t.Context(), func() error { return &lostRun{errLost, "x", func(context.Context) error { return trouble }} })
	if !errors.Is(err, trouble) {
		t.Errorf("error %v", err)
	}
	times = 0
	err = repaired(t.Context(), func() error { // another process writes the same bytes
		if times++; times < 4 {
			return lostFile(fmt.Errorf("read: %w", lake.ErrChanged), "x", nil)
		}
		return nil
	})
	if err != nil {
		t.Errorf("a file that was written again: %v", err)
	}
}
