package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Under --log-format json every line that any command writes to standard error is an object: what it logs, what it notes,
// and why it failed, wrong use too.
func TestEveryCommandWritesJSONLines(t *testing.T) {
	dir := t.TempDir()
	observedMarket(t, dir)
	in, out := []string{"-i", dir + "/d"}, []string{"-o", dir + "/o"}
	both := append(in, out...)
	conf := func(text string) string { return write(t, filepath.Join(dir, "w.yaml"), text) }
	nothing := func() {}
	covered := map[string]bool{}
	for _, c := range []struct {
		name    string
		prepare func()
		want    int
		args    []string
		note    string // a text of some line; empty: there may be no line
	}{
		{"run", nothing, 0, append([]string{"run", "-d", "2026-01-30"}, both...), "no buyer key"},
		{"a corrected run", func() {
			old := dir + "/d/dumps/orders/dt=2026-01-30/part-00000.parquet"
			move(t, old, old+".old")
			copyFile(t, old+".old", old)
		}, 0, append([]string{"run", "-d", "2026-01-30"}, both...), ""},
		{"a late run", nothing, 3, append([]string{"run", "-d", "2026-02-03"}, both...), "inputs are late"},
		{"backfill", nothing, 0, append([]string{"backfill", "--from", "2026-01-31", "--to", "2026-01-31"}, both...), "step"},
		{"plan", nothing, 3, append([]string{"plan", "-d", "2026-02-03"}, both...), "inputs are late"},
		{"validate", nothing, 0, append([]string{"validate", "--tables", "orders"}, in...), "looking at the newest day"},
		{"show", nothing, 0, append([]string{"show"}, out...), "stale: 2026-02-03 is wanted"},
		{"explain", nothing, 0, append([]string{"explain", "--role", "merchant", "--id", "200001"}, out...), "stale: 2026-02-03"},
		{"get", nothing, 0, append([]string{"get", "--to", dir + "/got"}, out...), "stale: 2026-02-03"},
		{"diff", nothing, 0, append([]string{"diff", "--from", "2026-01-30"}, out...), ""},
		{"simulate", nothing, 2, append([]string{"simulate", "--from", "2026-01-31", "--to", "2026-01-30", "--rules", dir + "/none.yaml"}, both...), "none.yaml"},
		{"runs", nothing, 0, append([]string{"runs"}, out...), ""},
		{"status", nothing, 3, append([]string{"status", "-d", "2026-02-03"}, out...), "stale since"},
		{"rollback", func() {
			must(t, os.Remove(dir+"/o/published/nightly/status.json"))
			must(t, os.Mkdir(dir+"/o/published/nightly/status.json", 0o755))
		}, 0, append([]string{"rollback", "-d", "2026-01-30", "--to", "1", "--reason", "a test"}, out...), "status not written"},
		{"verify", func() {
			files, err := filepath.Glob(dir + "/o/published/nightly/dt=2026-01-31/run=*/gmv.parquet")
			must(t, err)
			must(t, os.Remove(files[0]))
		}, 1, append([]string{"verify"}, out...), "published nights are not what they should be"},
		{"gc", func() {
			must(t, os.MkdirAll(dir+"/o/state/tomorrow", 0o755))
			write(t, dir+"/o/state/tomorrow/x.parquet", "x")
		}, 0, append([]string{"gc"}, out...), "is none of this version's and stays"},
		{"forget", nothing, 0, append([]string{"forget"}, out...), ""},
		{"lift", nothing, 2, []string{"lift", "--method", "diff"}, "--method diff needs"},
		{"serve", func() { conf("schedule: []\n") }, 2, append([]string{"serve", "-c", filepath.Join(dir, "w.yaml")}, both...), "nothing to serve"},
		{"demo", nothing, 2, []string{"demo", "--to", dir + "/x", "--preset", "moon"}, "there is no market"},
		{"init", nothing, 2, []string{"init", "--to", filepath.Join(dir, "w.yaml")}, "exists already"},
		{"version", nothing, 0, []string{"version"}, ""},
		{"no such command", nothing, 2, []string{"fly"}, "unknown command"},
		{"no such flag", nothing, 2, []string{"run", "--fast"}, "unknown flag"},
		{"a flag is missing", nothing, 2, append([]string{"rollback"}, out...), "required flag"},
		{"a flag is no date", nothing, 2, []string{"show", "-d", "today"}, "is not a date"},
		{"a bad configuration", func() { conf("jobb: x\n") }, 2, append([]string{"run", "-c", filepath.Join(dir, "w.yaml")}, both...), "unknown key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.prepare()
			covered[c.args[0]] = true
			_, log := command(t, c.want, map[string]string{"WINDVANE_LOG_FORMAT": "json"}, c.args...)
			for line := range strings.Lines(log) {
				var fields struct{ Time, Level, Msg string }
				if err := json.Unmarshal([]byte(line), &fields); err != nil || fields.Time == "" || fields.Level == "" || fields.Msg == "" {
					t.Errorf("no line of a log (%v): %s", err, line)
				}
			}
			if !strings.Contains(log, c.note) {
				t.Errorf("%q is not told:\n%s", c.note, log)
			}
			if c.want == 0 {
				return
			}
			if _, flag := command(t, c.want, nil, append(c.args, "--log-format", "json")...); !strings.HasPrefix(flag, "{") {
				t.Errorf("the flag asks for JSON:\n%s", flag)
			}
		})
	}
	ownCommands(t, func(c *cobra.Command) {
		if !covered[c.Name()] {
			t.Errorf("no line of this test runs windvane %s", c.Name())
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	must(t, os.Rename(from, to))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	must(t, err)
	write(t, to, string(data))
}
