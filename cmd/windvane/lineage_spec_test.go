//go:build openlineage

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/windvane/windvane/jobs"
)

// specLoader finds the schemas of openlineage.io in the folder spec/ of a copy of OpenLineage's repository.
type specLoader string

func (folder specLoader) Load(url string) (any, error) {
	name := filepath.Base(url)
	for _, at := range []string{"facets", "."} {
		f, err := os.Open(filepath.Join(string(folder), at, name))
		if err != nil {
			continue
		}
		defer f.Close()
		doc, err := jsonschema.UnmarshalJSON(f)
		if id, _ := doc.(map[string]any)["$id"].(string); err == nil && strings.Split(url, "#")[0] != id {
			return nil, fmt.Errorf("%s: the folder has %s", url, id)
		}
		return doc, err
	}
	return nil, fmt.Errorf("no %s in %s", url, folder)
}

// Every event of a night that succeeds, one that is late and one that a gate stops, held against the official schemas: the event against
// that of events, every facet against the one that it names.
func TestLineageAgainstTheOfficialSchemas(t *testing.T) {
	folder := os.Getenv("WINDVANE_OPENLINEAGE_SPEC")
	if folder == "" {
		t.Fatal("WINDVANE_OPENLINEAGE_SPEC names no folder: spec/ of a copy of https://github.com/OpenLineage/OpenLineage (make lineage-spec SPEC=…)")
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(specLoader(folder))
	c.AssertFormat()
	dir := t.TempDir()
	observedMarket(t, dir)
	conf := write(t, filepath.Join(dir, "w.yaml"), "lineage: {to: "+dir+"/lineage}\ngates: {days: 4, min_rows: 50}\n")
	strict := write(t, filepath.Join(dir, "strict.yaml"), "lineage: {to: "+dir+"/lineage}\ngates: {max_grade: 0.01, min_scored: 1}\n")
	command(t, 0, nil, "run", "-c", conf, "-i", dir+"/d", "-o", dir+"/o", "-d", "2026-01-31")
	command(t, 3, nil, "run", "-c", conf, "-i", dir+"/d", "-o", dir+"/o", "-d", "2026-02-01")
	command(t, 4, nil, "run", "-c", strict, "-i", dir+"/d", "-o", dir+"/o", "-d", "2026-01-30")
	files, err := filepath.Glob(dir + "/lineage/nightly/*/*/*.json")
	if err != nil || len(files) < 3*2*2 || len(files) > 3*2*(1+len(jobs.Steps())) {
		t.Fatalf("%d events, %v", len(files), err)
	}
	facets := 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		event, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		validate(t, c, event.(map[string]any)["schemaURL"].(string), name, event)
		facets += validateFacets(t, c, name, event)
	}
	t.Logf("%d events and %d facets are valid", len(files), facets)
}

func validate(t *testing.T, c *jsonschema.Compiler, url, name string, v any) {
	t.Helper()
	s, err := c.Compile(url)
	if err == nil {
		err = s.Validate(v)
	}
	if err != nil {
		data, _ := json.Marshal(v)
		t.Errorf("%s: %v\n%.300s", name, err, data)
	}
}

// validateFacets goes through an event and holds every facet of OpenLineage against the schema it names.
func validateFacets(t *testing.T, c *jsonschema.Compiler, name string, v any) (n int) {
	t.Helper()
	switch v := v.(type) {
	case map[string]any:
		if url, ok := v["_schemaURL"].(string); ok && strings.HasPrefix(url, "https://openlineage.io/") {
			validate(t, c, url, name, v)
			n++
		}
		for _, x := range v {
			n += validateFacets(t, c, name, x)
		}
	case []any:
		for _, x := range v {
			n += validateFacets(t, c, name, x)
		}
	}
	return n
}
