package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/windvane/windvane/jobs"
)

// measuredJob is a job with a run of a second for windvane, and of the given seconds for peers; negative: stopped then.
func measuredJob(t *testing.T, name string, lines int64, peers map[string]float64) *measured {
	t.Helper()
	m := &measured{job: chosen([]string{name}, nil)[0], lines: lines, samples: map[string][]sample{windvane: {{Seconds: 1}}}}
	m.job.peers = nil
	for _, p := range allPeers() {
		if s, ok := peers[p]; ok {
			m.job.peers = append(m.job.peers, p)
			m.samples[p] = []sample{{Seconds: max(s, -s), Stopped: s < 0}}
		}
	}
	return m
}

func TestRatiosAreOfTheFastestPeerThatEnded(t *testing.T) {
	for _, c := range []struct {
		peers   map[string]float64
		fastest string
		ratio   float64
		atLeast bool
	}{
		{map[string]float64{duckdb: 3, polars: 2, chdb: 4}, polars, 2, false},
		{map[string]float64{duckdb: -9, polars: 9, chdb: -9}, polars, 9, false}, // ended in the moment in which the others were stopped
		{map[string]float64{duckdb: -9, polars: 7, chdb: -9}, polars, 7, false},
		{map[string]float64{duckdb: -9, chdb: -9}, duckdb, 9, true},
		{nil, "", 0, false},
	} {
		got := measuredJob(t, "whole_night", 1, c.peers).result("2026-01-31")
		if got.FastestPeer != c.fastest || got.RatioFastestPeer != c.ratio || got.AtLeast != c.atLeast {
			t.Errorf("%v: %s, %v, at least: %v; want %s, %v, %v", c.peers, got.FastestPeer, got.RatioFastestPeer, got.AtLeast, c.fastest, c.ratio, c.atLeast)
		}
	}
}

// A job that is measured again changes its own rows of the document and no others.
func TestWhatIsMeasuredAgainStandsBesideWhatWasMeasured(t *testing.T) {
	out := t.TempDir()
	s := &site{out: out, windvane: "/nowhere", cores: 2}
	doc := filepath.Join(out, "doc.md")
	if err := writeDocument(out, doc); err == nil || !strings.Contains(err.Error(), "nothing was measured") {
		t.Errorf("a document of nothing: %v", err)
	}
	measure := func(date string, all ...*measured) string {
		t.Helper()
		o, table, jobs := peersOptions{doc: doc, date: date}, strings.Builder{}, []job{}
		for _, m := range all {
			if err := o.keep(t.Context(), s, m); err != nil {
				t.Fatal(err)
			}
			jobs = append(jobs, m.job)
		}
		if err := o.report(s, jobs, &table); err != nil {
			t.Fatal(err)
		}
		return read(t, doc)
	}
	measure("2026-01-30", measuredJob(t, floorJob, 1000, nil), measuredJob(t, "order_rollups", 1000, map[string]float64{duckdb: 3, polars: 2}))
	if err := keepAlone(out, bigFile, []grown{{What: "a huge day", Seconds: 300, Min: 300, Max: 300}}, "2026-01-29"); err != nil {
		t.Fatal(err)
	}
	text := measure("2026-01-31", measuredJob(t, "night_windows", 5000, map[string]float64{duckdb: -900, chdb: -900}))
	for _, want := range []string{
		"| order_rollups | 1,000 | 1.000 | polars | 2.000 | 2.00 | 1.0 |\n",
		"| night_windows | 5,000 | 1.000 | duckdb | > 900.000 | > 900.00 | – |\n",
		"| night_windows | chdb | stopped at 900 | | | > 900.00 | – |",
		"- **order_rollups** (1,000 order lines; timed runs: 1; 2026-01-30)",
		"- **night_windows** (5,000 order lines; timed runs: 1; 2026-01-31)",
		"| a huge day | 300.000 |",
		"\"a huge day\" and what follows it: 2026-01-29",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the document has no %q:\n%s", want, text)
		}
	}
	if err := writeDocument(out, doc); err != nil || read(t, doc) != text {
		t.Errorf("written again it differs (%v)", err)
	}
	if err := os.WriteFile(filepath.Join(out, resultFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeDocument(out, doc); err == nil || !strings.Contains(err.Error(), resultFile) {
		t.Errorf("of a broken file: %v", err)
	}
}

// A job that was measured is known, though the next one is stopped.
func TestWhatWasMeasuredIsKeptAtOnce(t *testing.T) {
	s := &site{out: t.TempDir(), windvane: "/nowhere", cores: 2, places: map[string]place{}}
	stopped := errors.New("stopped")
	measure := func(_ context.Context, j job, _ int, _ []sample, _ io.Writer) (*measured, error) {
		if j.name != "whole_night" {
			return nil, stopped
		}
		return measuredJob(t, j.name, 1000, map[string]float64{duckdb: 3}), nil
	}
	if err := (peersOptions{date: "2026-01-31"}).measureAll(t.Context(), s, chosen([]string{"whole_night", "night_windows"}, nil), measure); !errors.Is(err, stopped) {
		t.Fatal(err)
	}
	r, err := readResult(s.out)
	if err != nil || r.Jobs["whole_night"].RatioFastestPeer != 3 || len(r.Jobs) != 1 {
		t.Errorf("%+v (%v)", r.Jobs, err)
	}
}

// Nights are made anew by another binary, not by the same one that was built again.
func TestTheMarkOfABinaryIsItsContent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "binary")
	sum := func(content string) string {
		t.Helper()
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := fileSum(file)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if a, again, b := sum("a"), sum("a"), sum("b"); a != again || a == b {
		t.Errorf("%s, again %s, of another %s", a, again, b)
	}
	if _, err := fileSum(file + "2"); err == nil {
		t.Error("a binary that is not there has a mark")
	}
}

func read(t *testing.T, doc string) string {
	t.Helper()
	text, err := os.ReadFile(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A peer that does not end is stopped; one that fails, or a caller that gives up, is an error as before.
func TestAPeerIsStoppedAtTheLimit(t *testing.T) {
	peers := t.TempDir()
	script := func(job, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(peers, duckdb), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(peers, duckdb, job+".py"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &site{python: "/bin/sh", peers: peers, limit: 100 * time.Millisecond}
	script("endless", "while :; do :; done")
	got, _, err := s.limited(t.Context(), job{name: "endless"}, duckdb, nil)
	if err != nil || !got.Stopped || got.Seconds != 0.1 || got.CPU <= 0 {
		t.Errorf("without an end: %+v, %v", got, err)
	}
	s.limit = time.Minute
	script("broken", "echo no such column >&2; exit 3")
	if got, _, err := s.limited(t.Context(), job{name: "broken"}, duckdb, nil); err == nil || got.Stopped || !strings.Contains(err.Error(), "no such column") {
		t.Errorf("broken: %+v, %v", got, err)
	}
}

// The time of parts that the peers are not asked for is taken off a step; where parts were done side by side it is not known.
func TestAStepWithoutSomeOfItsParts(t *testing.T) {
	at := time.Unix(0, 0)
	clock := &stepClock{now: func() time.Time { return at }, wanted: "buyers", parts: map[string]float64{}}
	tell := func(seconds int, p jobs.Progress) {
		at = at.Add(time.Duration(seconds) * time.Second)
		clock.note(p)
	}
	tell(0, jobs.Progress{Step: "refunds"})
	tell(3, jobs.Progress{Step: "buyers"})
	tell(1, jobs.Progress{Step: "buyers", Done: 1, Total: 3, What: "platform"})
	tell(4, jobs.Progress{Step: "buyers", Done: 2, Total: 3, What: "category"})
	tell(2, jobs.Progress{Step: "buyers", Done: 3, Total: 3, What: "merchant"})
	tell(1, jobs.Progress{Step: "gmv"})
	tell(9, jobs.Progress{Step: "gmv", Done: 1, Total: 3, What: "category"})
	roles := []string{"platform", "category", "merchant"}
	for _, c := range []struct {
		asked []string
		want  float64
	}{{roles, 8}, {[]string{"platform", "merchant"}, 4}, {[]string{"category"}, 5}} {
		if got, err := clock.of(roles, c.asked); err != nil || got != c.want {
			t.Errorf("%v: %v s (%v), want %v", c.asked, got, err, c.want)
		}
	}
	if _, err := clock.of(append(roles, "product"), roles); err == nil || !strings.Contains(err.Error(), "product") {
		t.Errorf("a part whose time is not known: %v", err)
	}
	if got := askedRoles(buyersSpecs("platform", "talent")); !slices.Contains(got, "talent") || slices.Contains(got, "category") {
		t.Errorf("asked for %v", got)
	}
}
