package lake_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

// eachStore runs test over every kind of store: those that need no server, and those of realStores.
func eachStore(t *testing.T, test func(t *testing.T, l *lake.Lake)) {
	t.Helper()
	locations := map[string]string{"mem": "mem://", "file": "file://" + t.TempDir() + "/bucket"}
	for name, url := range locations {
		t.Run(name, func(t *testing.T) { test(t, open(t, url)) })
	}
	for name, start := range realStores {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			server.Setenv(t)
			test(t, open(t, server.URL(t, "bucket")))
		})
	}
}

func open(t testing.TB, url string) *lake.Lake {
	t.Helper()
	l, err := lake.Open(context.Background(), url, lake.Options{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func put(t testing.TB, l *lake.Lake, key, content string) {
	t.Helper()
	if err := l.PutBytes(context.Background(), key, []byte(content)); err != nil {
		t.Fatal(err)
	}
}

func listed(t testing.TB, l *lake.Lake, key string) lake.Object {
	t.Helper()
	objects, err := l.List(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.Key == key {
			return o
		}
	}
	t.Fatalf("%s is not listed", key)
	return lake.Object{}
}

func seq(records ...arrow.Record) iter.Seq2[arrow.Record, error] {
	return func(yield func(arrow.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestPutStoresAllOrNothing(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		ctx := context.Background()
		broken := errors.New("broken")
		err := l.Put(ctx, "a/b.txt", func(w io.Writer) error {
			_, _ = w.Write([]byte("half"))
			return broken
		})
		if !errors.Is(err, broken) {
			t.Fatalf("got %v", err)
		}
		if _, err := l.ReadAll(ctx, "a/b.txt", 100); !errors.Is(err, lake.ErrNotFound) {
			t.Fatalf("after a failed Put: %v", err)
		}
		put(t, l, "a/b.txt", "old")
		_ = l.Put(ctx, "a/b.txt", func(w io.Writer) error {
			_, _ = w.Write([]byte("half"))
			return broken
		})
		if got, err := l.ReadAll(ctx, "a/b.txt", 100); err != nil || string(got) != "old" {
			t.Fatalf("got %q, %v", got, err)
		}
		if objects, err := l.List(ctx, ""); err != nil || len(objects) != 1 {
			t.Fatalf("left behind: %v, %v", objects, err)
		}
	})
}

// An object is what it is listed as; what a longer or shorter key names is another one.
func TestStatIsWhatIsListed(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		ctx := context.Background()
		for key, content := range map[string]string{"a/b.txt": "one", "a/b.txt.old": "before", "a/c": "other"} {
			put(t, l, key, content)
		}
		for _, key := range []string{"a/b.txt", "a/b.txt.old", "a/c"} {
			if got, err := l.Stat(ctx, key); err != nil || got.Key != key || got.ETag == "" || !got.ModTime.Equal(listed(t, l, key).ModTime) || got.ETag != listed(t, l, key).ETag || got.Size != listed(t, l, key).Size {
				t.Errorf("%s: %+v, %v; listed %+v", key, got, err, listed(t, l, key))
			}
		}
		for _, key := range []string{"a", "a/b", "a/b.txt/c", "b", "a/b.txt.older"} {
			if got, err := l.Stat(ctx, key); !errors.Is(err, lake.ErrNotFound) {
				t.Errorf("%s: %+v, %v", key, got, err)
			}
		}
		first := listed(t, l, "a/b.txt")
		put(t, l, "a/b.txt", "two")
		if got, err := l.Stat(ctx, "a/b.txt"); err != nil || got.ETag == first.ETag {
			t.Errorf("written again: %+v, %v; before %+v", got, err, first)
		}
	})
}

func TestReadAllKeepsTheLimit(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		put(t, l, "x", "12345")
		if got, err := l.ReadAll(context.Background(), "x", 5); err != nil || string(got) != "12345" {
			t.Fatalf("got %q, %v", got, err)
		}
		if _, err := l.ReadAll(context.Background(), "x", 4); !errors.Is(err, lake.ErrTooLarge) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestPutIfAbsentHasExactlyOneWinner(t *testing.T) {
	const keys, writers = 200, 8
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		ctx := context.Background()
		for k := range keys {
			key := fmt.Sprintf("race/%03d", k)
			var winners atomic.Int32
			var won atomic.Value
			var wg sync.WaitGroup
			start := make(chan struct{})
			for w := range writers {
				wg.Go(func() {
					<-start
					data := fmt.Sprintf("writer %d", w)
					switch err := l.PutIfAbsent(ctx, key, []byte(data)); {
					case err == nil:
						winners.Add(1)
						won.Store(data)
					case !errors.Is(err, lake.ErrExists):
						t.Error(err)
					}
				})
			}
			close(start)
			wg.Wait()
			if n := winners.Load(); n != 1 {
				t.Fatalf("%s has %d winners", key, n)
			}
			if got, err := l.ReadAll(ctx, key, 100); err != nil || string(got) != won.Load() {
				t.Fatalf("%s holds %q, the winner wrote %q (%v)", key, got, won.Load(), err)
			}
		}
	})
}

func TestPutIfAbsentRecognisesItsOwnBytes(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		for range 2 { // the second stands for a retry of a put that had arrived
			if err := l.PutIfAbsent(context.Background(), "k", []byte("nonce 1")); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestListIsSortedAndFollowsAllPages(t *testing.T) {
	const n = 2500
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		var want []string
		for i := range n {
			want = append(want, fmt.Sprintf("dumps/t/%d.parquet", i))
		}
		var wg sync.WaitGroup
		for part := range slices.Chunk(want, n/25) { // at once, because each is synced
			wg.Go(func() {
				for _, key := range part {
					put(t, l, key, "x")
				}
			})
		}
		wg.Wait()
		put(t, l, "dumps/u/0.parquet", "x")
		put(t, l, "dumps/t-b/0.parquet", "x")
		slices.Sort(want) // as keys, not as numbers
		objects, err := l.List(context.Background(), "dumps/t/")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range objects {
			got = append(got, o.Key)
			if o.Size != 1 || o.ETag == "" || o.ModTime.IsZero() {
				t.Fatalf("listed %+v", o)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("listed %d keys, want %d", len(got), len(want))
		}
		if objects, err := l.List(context.Background(), "nothing/here"); err != nil || len(objects) != 0 {
			t.Fatalf("got %v, %v", objects, err)
		}
	})
}

func TestDelete(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		put(t, l, "a/b", "x")
		if err := l.Delete(context.Background(), "a/b"); err != nil {
			t.Fatal(err)
		}
		if err := l.Delete(context.Background(), "a/b"); !errors.Is(err, lake.ErrNotFound) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestKeysThatLeaveTheBucketAreRefused(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		for _, key := range []string{"", "../x", "a/../../x", "/etc/passwd", "a//b", "a/./b", "a\\b", "a\x00b", "a/", ".staging/x", "a\xff"} {
			if err := l.PutBytes(context.Background(), key, nil); err == nil {
				t.Errorf("%q was accepted", key)
			}
			if _, err := l.ReadAll(context.Background(), key, 10); err == nil {
				t.Errorf("%q was read", key)
			}
		}
	})
}

func TestOpenRefusesCredentialsWithoutRepeatingThem(t *testing.T) {
	for _, url := range []string{
		"s3://key:hunter2@bucket", "azblob://c?account_key=hunter2", "s3://b?secret=hunter2", "gs://b?access_token=hunter2",
		"s3://b?X-Amz-Credential=hunter2", "s3://b/%zzhunter2", "s3://b?endpoint=http://u:hunter2@host",
	} {
		_, err := lake.Open(context.Background(), url, lake.Options{})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestProbeConditionalWrites(t *testing.T) {
	eachStore(t, func(t *testing.T, l *lake.Lake) {
		if err := l.ProbeConditionalWrites(context.Background(), "published"); err != nil {
			t.Fatal(err)
		}
		if objects, _ := l.List(context.Background(), ""); len(objects) != 0 {
			t.Fatalf("left behind: %v", objects)
		}
	})
}

func TestWhatAKilledWriterLeftIsCollected(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	put(t, l, "published/x", "kept")
	left := filepath.Join(dir, ".staging", "half")
	if err := os.WriteFile(left, []byte("half"), 0o666); err != nil {
		t.Fatal(err)
	}
	written := time.Now()
	if n, err := l.CollectStaging(context.Background(), written.Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("a file that is being written was removed: %d, %v", n, err)
	}
	if n, err := l.CollectStaging(context.Background(), written.Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	if objects, err := l.List(context.Background(), ""); err != nil || len(objects) != 1 {
		t.Errorf("%v, %v", objects, err)
	}
}

func TestLinksOutOfTheDirectoryAreRefused(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	l := open(t, dir)
	if _, err := l.ReadAll(context.Background(), "out/secret", 10); err == nil {
		t.Error("a file outside was read")
	}
	if err := l.PutBytes(context.Background(), "out/new", nil); err == nil {
		t.Error("a file outside was written")
	}
}

// readEverything reads all readable columns of all row groups and drops them.
func readEverything(ctx context.Context, mem memory.Allocator, l *lake.Lake, obj lake.Object) (rows int64, err error) {
	f, err := l.OpenParquet(ctx, obj)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var problems []error
	for rg := range f.NumRowGroups() {
		for _, c := range f.Columns() {
			rec, err := f.ReadRowGroup(ctx, mem, rg, []string{c.Name})
			if err != nil {
				problems = append(problems, err)
				continue
			}
			rows = max(rows, rec.NumRows())
			rec.Release()
		}
	}
	return rows, errors.Join(problems...)
}
