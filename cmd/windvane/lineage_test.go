package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lineage"
)

// observedMarket is a small market of four days in dir/d.
func observedMarket(t *testing.T, dir string) {
	t.Helper()
	command(t, 0, nil, "demo", "--days", "4", "--merchants", "10", "--talents", "10", "--products", "30", "--buyers", "150", "--lines-per-day", "120",
		"--as-of", "2026-01-31", "--to", filepath.Join(dir, "d"))
}

// command runs the whole command and gives what it says.
func command(t *testing.T, want int, env map[string]string, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, log bytes.Buffer
	code := run(context.Background(), args, func(name string) string { return env[name] }, &out, &log)
	if code != want {
		t.Fatalf("windvane %s: exit code %d, want %d\n%s", strings.Join(args, " "), code, want, log.String())
	}
	return out.String(), log.String()
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// eventsIn are the events of a run below a folder, by job and type.
func eventsIn(t *testing.T, pattern string) map[string]lineage.Event {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]lineage.Event{}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var e lineage.Event
		if err := json.Unmarshal(data, &e); err != nil {
			t.Fatal(err)
		}
		checkEvent(t, name, data)
		all[strings.TrimSuffix(filepath.Base(name), ".json")] = e
	}
	return all
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// checkEvent holds an event against what OpenLineage 2-0-2 requires: the fields of a RunEvent, and of every facet its producer and
// the address of its schema. The facet of our own is held against its schema. With the tag openlineage the official
// schemas judge (make lineage-spec).
func checkEvent(t *testing.T, name string, data []byte) {
	t.Helper()
	e, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	event := e.(map[string]any)
	for _, key := range []string{"eventType", "eventTime", "run", "job", "producer", "schemaURL"} {
		if event[key] == nil {
			t.Errorf("%s: no %s", name, key)
		}
	}
	if _, err := time.Parse(time.RFC3339, event["eventTime"].(string)); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if id := event["run"].(map[string]any)["runId"].(string); !uuidForm.MatchString(id) {
		t.Errorf("%s: %q is no UUID of version 5", name, id)
	}
	datasets := slices.Concat(event["inputs"].([]any), event["outputs"].([]any))
	for _, d := range append(datasets, event["run"], event["job"]) {
		for _, group := range []string{"facets", "inputFacets", "outputFacets"} {
			facets, _ := d.(map[string]any)[group].(map[string]any)
			for facet, v := range facets {
				f := v.(map[string]any)
				if f["_producer"] != lineage.Producer || !strings.Contains(f["_schemaURL"].(string), ".json#/$defs/") {
					t.Errorf("%s: facet %s has %v, %v", name, facet, f["_producer"], f["_schemaURL"])
				}
				if facet == "windvane_partitions" {
					if err := partitionsFacet(t).Validate(f); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
		}
	}
}

func partitionsFacet(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile("../../jobs/lineage/PartitionsInputDatasetFacet.json#/$defs/PartitionsInputDatasetFacet")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func facetOf(t *testing.T, f lineage.Facets, name string, into any) {
	t.Helper()
	data, err := json.Marshal(f[name])
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil || f[name] == nil {
		t.Fatalf("facet %s: %v", name, err)
	}
}

func TestLineageOfANight(t *testing.T) {
	dir := t.TempDir()
	observedMarket(t, dir)
	conf := write(t, filepath.Join(dir, "w.yaml"), "lineage: {to: "+dir+"/lineage, namespace: shop}\ngates: {days: 4, min_rows: 50}\n")
	night := []string{"run", "-c", conf, "-i", dir + "/d", "-o", dir + "/o", "--json", "-d"}
	stdout, _ := command(t, 0, nil, append(night, "2026-01-31")...)
	var outcome jobs.Outcome
	if err := json.Unmarshal([]byte(stdout), &outcome); err != nil {
		t.Fatal(err)
	}
	events := eventsIn(t, dir+"/lineage/nightly/dt=2026-01-31/run="+outcome.Run+"/*.json")
	if want := 2 * (1 + len(jobs.Steps())); len(events) != want {
		t.Errorf("%d events, want %d", len(events), want)
	}
	start, done := events["nightly.START"], events["nightly.COMPLETE"]
	if start.Run.ID != lineage.RunID("shop", "nightly", outcome.Run) || done.Run.ID != start.Run.ID || !start.Time.Before(done.Time) {
		t.Errorf("run %s, %s", start.Run.ID, done.Run.ID)
	}

	// Each published table with its rows; each once among the tables of the steps.
	rows, bySteps := map[string]int64{}, 0
	for _, o := range done.Outputs {
		var s struct {
			Rows int64 `json:"rowCount"`
		}
		facetOf(t, o.OutputFacets, "outputStatistics", &s)
		rows[filepath.Base(o.Name)] = s.Rows
	}
	for name, e := range events {
		if strings.HasPrefix(name, "nightly.") && e.Job.Name != "nightly" {
			bySteps += len(e.Outputs)
			var parent struct {
				Run struct {
					ID string `json:"runId"`
				} `json:"run"`
			}
			if facetOf(t, e.Run.Facets, "parent", &parent); parent.Run.ID != start.Run.ID {
				t.Errorf("%s: parent %s", name, parent.Run.ID)
			}
		}
	}
	for _, o := range outcome.Tables {
		if got, ok := rows[o.Table]; !ok || got != o.Rows {
			t.Errorf("%s: %d rows, %v; want %d", o.Table, got, ok, o.Rows)
		}
	}
	if len(rows) != len(outcome.Tables) || bySteps != len(rows) {
		t.Errorf("%d tables, %d by steps, %d published", len(rows), bySteps, len(outcome.Tables))
	}

	// The dumps with their days, rows, and what the gates said of them.
	i := slices.IndexFunc(done.Inputs, func(in lineage.Input) bool { return in.Name == dir+"/d/dumps/orders" })
	if i < 0 {
		t.Fatalf("orders are no input: %d inputs", len(done.Inputs))
	}
	var p struct{ Partitions []lineage.Partition }
	facetOf(t, done.Inputs[i].InputFacets, "windvane_partitions", &p)
	if len(p.Partitions) != 4 || p.Partitions[3].Day != "2026-01-31" || *p.Partitions[3].Rows < 100 || p.Partitions[3].Objects[0].ETag == "" {
		t.Errorf("%+v", p.Partitions)
	}
	var q struct{ Assertions []lineage.Assertion }
	facetOf(t, done.Inputs[i].InputFacets, "dataQualityAssertions", &q)
	if !slices.ContainsFunc(q.Assertions, func(a lineage.Assertion) bool { return a.Assertion == "volume" && a.Success }) {
		t.Errorf("%+v", q.Assertions)
	}

	// Found done: nothing is told. Late: why.
	command(t, 0, nil, append(night, "2026-01-31")...)
	if again, err := filepath.Glob(dir + "/lineage/nightly/dt=2026-01-31/*"); err != nil || len(again) != 1 {
		t.Errorf("a night that was done is told of again: %v, %v", again, err)
	}
	command(t, 3, nil, append(night, "2026-02-01")...)
	late := eventsIn(t, dir+"/lineage/nightly/dt=2026-02-01/run=*/*.json")
	var m struct{ Message string }
	facetOf(t, late["nightly.FAIL"].Run.Facets, "errorMessage", &m)
	if !strings.Contains(m.Message, "inputs are late") || late["nightly.snapshot.FAIL"].Job.Name == "" || late["nightly.START"].Job.Name == "" {
		t.Errorf("%q, %d events", m.Message, len(late))
	}
}

// A catalogue and a collector that are down cost warnings, and no night.
func TestNobodyWatches(t *testing.T) {
	dir := t.TempDir()
	observedMarket(t, dir)
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer down.Close()
	conf := write(t, filepath.Join(dir, "w.yaml"), "lineage: {to: "+down.URL+"/api/v1/lineage}\n")
	stdout, stderr := command(t, 0, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": down.URL}, "run", "-c", conf, "-i", dir+"/d", "-o", dir+"/o", "-d", "2026-01-31")
	if !strings.Contains(stdout, "2026-01-31 published: commit 1") || !strings.Contains(stderr, `msg="lineage not told" as_of=2026-01-31`) ||
		!strings.Contains(stderr, "it answered 403") || !strings.Contains(stderr, `msg="traces not sent"`) {
		t.Errorf("%s\n%s", stdout, stderr)
	}
}

// The collector hears of the night, its steps and its tables, with OTLP over HTTP. The names stand in the protobuf as they are.
func TestTraces(t *testing.T) {
	dir := t.TempDir()
	observedMarket(t, dir)
	var heard bytes.Buffer
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, err := io.Copy(&heard, r.Body)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer collector.Close()
	_, stderr := command(t, 0, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL + "/"}, "run", "-i", dir+"/d", "-o", dir+"/o", "-d", "2026-01-31")
	for _, name := range []string{"night", "snapshot", "reduce", "gates", "publish", "write gmv", "write overview", "windvane.rows", "windvane.run", "2026-01-31", "service.name"} {
		if !strings.Contains(heard.String(), name) {
			t.Errorf("nothing is heard of %s", name)
		}
	}
	if strings.Contains(stderr, "traces") {
		t.Error(stderr)
	}
	before := heard.Len()
	command(t, 0, nil, "run", "-i", dir+"/d", "-o", dir+"/o", "-d", "2026-01-31")
	if heard.Len() != before {
		t.Error("traces are sent although nobody asked for them")
	}
}
