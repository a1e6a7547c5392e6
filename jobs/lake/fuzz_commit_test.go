package lake_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/windvane/windvane/jobs/lake"
)

// FuzzCommitRecord reads any bytes where a commit belongs: an error, or a record that is valid, of this format, of the
// asked night, and survives being written and read.
func FuzzCommitRecord(f *testing.F) {
	sound := record("a")
	sound.Format, sound.Sequence = lake.CommitFormat, 1
	data, err := json.Marshal(sound)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"format": 2, "job": "nightly", "as_of": "2026-01-31", "sequence": 1}`))
	f.Add([]byte(`{"format": 2, "job": {"name": "nightly"}}`))
	f.Add([]byte("{}"))
	f.Add([]byte(`{"format": 1, "sequence": 1e99}`))
	l, err := lake.Open(context.Background(), "mem://", lake.Options{})
	if err != nil {
		f.Fatal(err)
	}
	const key = "published/nightly/dt=2026-01-31/commits/0001.json"
	f.Fuzz(func(t *testing.T, data []byte) {
		put(t, l, key, string(data))
		rec, found, err := l.Newest(context.Background(), "nightly", "2026-01-31")
		if err != nil {
			return
		}
		if !found || rec.Format != lake.CommitFormat || rec.Job != "nightly" || rec.AsOf != "2026-01-31" || rec.Sequence != 1 || rec.Validate() != nil {
			t.Fatalf("taken for a commit: %+v", rec)
		}
		again, err := json.Marshal(rec)
		if err != nil {
			t.Fatal(err)
		}
		put(t, l, key, string(again))
		if second, _, err := l.Newest(context.Background(), "nightly", "2026-01-31"); err != nil || !reflect.DeepEqual(second, rec) {
			t.Fatalf("%+v became %+v, %v", rec, second, err)
		}
	})
}

// FuzzKey stores under any key: it is refused, or the object is found under that very key.
func FuzzKey(f *testing.F) {
	for _, key := range []string{"a/b", "../a", "a/../b", "/a", "a//b", "a\\b", "%2e%2e/a", "a/%2e%2e/b", "a/.", ".staging/x", "a\x00b", "C:\\a", "ａ/b", "a\n"} {
		f.Add(key)
	}
	dir := f.TempDir()
	l, err := lake.Open(context.Background(), dir, lake.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, key string) {
		ctx := context.Background()
		if err := l.PutBytes(ctx, key, []byte("x")); err != nil {
			return
		}
		obj, err := l.Stat(ctx, key)
		if err != nil || obj.Key != key {
			t.Fatalf("%q was stored and is not found: %+v, %v", key, obj, err)
		}
		if err := l.Delete(ctx, key); err != nil {
			t.Fatalf("%q: %v", key, err)
		}
	})
}
