package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

// TestANightIsTheSameBytesOnEveryStore makes two nights with dumps and output on each real store, by processes of
// their own, and compares the tables with those of a folder. Then eight processes want the same night.
func TestANightIsTheSameBytesOnEveryStore(t *testing.T) {
	input := killMarket(t)
	local := newStand(t, input, "")
	local.night(killFirst)
	local.night(marketLast)
	for name, start := range realStores {
		t.Run(name, func(t *testing.T) {
			server := start(t)
			server.Setenv(t)
			dumps, out := server.URL(t, "dumps"), server.URL(t, "output")
			copyDumps(t, input, dumps)
			c := process(server.Env, "backfill", "--input", dumps, "--output", out, "--from", string(killFirst), "--to", string(marketLast))
			if output, err := c.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			for _, day := range []recount.Date{killFirst, marketLast} {
				sameTables(t, local.tables(day), tablesAt(t, out, day))
			}
			contest(t, dumps, contests, server.Env, func(round int) string { return server.URL(t, fmt.Sprint("contest-", round)) })
		})
	}
}

// copyDumps copies a folder of dumps to a bucket.
func copyDumps(t *testing.T, dir, url string) {
	t.Helper()
	ctx := context.Background()
	from, to := openAt(t, dir), openAt(t, url)
	objects, err := from.List(ctx, "dumps/")
	if err != nil || len(objects) == 0 {
		t.Fatalf("%d dumps, %v", len(objects), err)
	}
	for _, o := range objects {
		data, err := from.ReadAll(ctx, o.Key, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		if err := to.PutBytes(ctx, o.Key, data); err != nil {
			t.Fatal(err)
		}
	}
}

func openAt(t *testing.T, url string) *lake.Lake {
	t.Helper()
	l, err := lake.Open(context.Background(), url, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// tablesAt are the bytes of a night's tables on any store.
func tablesAt(t *testing.T, url string, asOf recount.Date) map[string][]byte {
	t.Helper()
	ctx, l := context.Background(), openAt(t, url)
	day, err := calendar.Parse(string(asOf))
	if err != nil {
		t.Fatal(err)
	}
	rec, found, err := l.Newest(ctx, "nightly", day.String())
	if err != nil || !found {
		t.Fatalf("%s: no commit: %v", asOf, err)
	}
	objects, err := l.List(ctx, rec.Prefix+"/")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, o := range objects {
		if name, ok := strings.CutSuffix(strings.TrimPrefix(o.Key, rec.Prefix+"/"), ".parquet"); ok {
			if out[name], err = l.ReadAll(ctx, o.Key, 1<<30); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

func commitsAt(t *testing.T, url string) (keys []string) {
	t.Helper()
	objects, err := openAt(t, url).List(context.Background(), "published/")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if strings.Contains(o.Key, "/commits/") {
			keys = append(keys, o.Key)
		}
	}
	return keys
}
