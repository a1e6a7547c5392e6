package config_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/invopop/jsonschema"
	"github.com/windvane/windvane/transforms/rules"
)

// rulesFile is the form of a rules file.
type rulesFile struct {
	// Versions of the rules in the order of effective_from, each complete.
	Versions []rules.Rules `yaml:"versions"`
}

// TestRulesSchema keeps rules.schema.json, which editors use, in step with the rules.
func TestRulesSchema(t *testing.T) {
	golden(t, "rules.schema.json", rulesSchema(t))
}

func rulesSchema(t *testing.T) []byte {
	t.Helper()
	r := &jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, FieldNameTag: "yaml", Mapper: schemaFor}
	if err := r.AddGoComments(module, "../transforms/rules"); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&rulesFile{})
	s.Title, s.Description = "windvane rules", "The rules of scores and lists."
	for _, c := range []struct {
		of, key string
		names   []string
	}{
		{"Price", "mode", []string{"star", "bonus"}},
		{"Score", "full_by", []string{"valid", "signed"}},
		{"Indicator", "id", indicatorIDs()},
		{"List", "resource", rules.Resources},
		{"List", "role", rules.Roles},
		{"Gate", "measure", rules.Measures},
		{"Gate", "unless", rules.Measures},
		{"Gate", "over", []string{"today", "mean", "days"}},
		{"Scale", "measure", rules.Measures},
		{"Scale", "over", []string{"today", "mean"}},
		{"Shrinkage", "method", rules.ShrinkageMethods},
		{"Lift", "quota_period", rules.LiftPeriods},
	} {
		p, found := s.Definitions[c.of].Properties.Get(c.key)
		if !found {
			t.Fatalf("%s has no %s", c.of, c.key)
		}
		for _, name := range c.names {
			p.Enum = append(p.Enum, name)
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// indicatorIDs are those of all scores.
func indicatorIDs() []string {
	var ids []string
	for _, k := range slices.Concat(rules.ProductIndicators, rules.ShopIndicators, rules.TalentIndicators) {
		ids = append(ids, k.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
