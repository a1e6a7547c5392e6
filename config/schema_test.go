package config_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/invopop/jsonschema"
	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

// module is the import path that the folders of the doc comments stand under.
const module = "github.com/windvane/windvane/config"

// TestSchema keeps windvane.schema.json, which editors use, in step with Config.
func TestSchema(t *testing.T) {
	golden(t, "windvane.schema.json", schemaOf(t))
}

func schemaOf(t *testing.T) []byte {
	t.Helper()
	r := &jsonschema.Reflector{Anonymous: true, ExpandedStruct: true, RequiredFromJSONSchemaTags: true, FieldNameTag: "yaml", Mapper: schemaFor}
	for _, folder := range []string{"./", "../transforms/mapping"} {
		if err := r.AddGoComments(module, folder); err != nil {
			t.Fatal(err)
		}
	}
	s := r.Reflect(&config.Config{})
	s.Title = "windvane configuration"
	nameTables(s)
	longColumn(r, s)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// schemaFor is the form of values that are not written as their Go type is.
func schemaFor(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[config.Bytes]():
		return &jsonschema.Schema{Type: "string", Pattern: "^[0-9]+ ?([KMGT]i?)?B$", Examples: []any{"4GiB"}}
	case reflect.TypeFor[calendar.Day]():
		return &jsonschema.Schema{Type: "string", Format: "date"}
	case reflect.TypeFor[time.Duration]():
		return &jsonschema.Schema{Type: "string", Examples: []any{"0s", "90m"}}
	case reflect.TypeFor[config.IDType]():
		return &jsonschema.Schema{Type: "string", Enum: []any{config.IDString, config.IDInt64}}
	case reflect.TypeFor[mapping.Column]():
		return &jsonschema.Schema{Description: "The source column; null for null in every row; or the long form.", OneOf: []*jsonschema.Schema{
			{Type: "string"}, {Type: "null"}, {Ref: "#/$defs/Column"},
		}}
	case reflect.TypeFor[config.WebhookKind]():
		return &jsonschema.Schema{Type: "string", Enum: []any{config.WebhookJSON, config.WebhookFeishu, config.WebhookDingTalk, config.WebhookWeCom}}
	case reflect.TypeFor[config.Task]():
		return &jsonschema.Schema{Type: "string", Enum: []any{config.TaskNight, config.TaskRestate, config.TaskCollect}}
	case reflect.TypeFor[*int64](), reflect.TypeFor[*int](), reflect.TypeFor[*time.Duration](), reflect.TypeFor[*calendar.Day]():
		return schemaOrNull(t.Elem())
	}
	return nil
}

func schemaOrNull(t reflect.Type) *jsonschema.Schema {
	inner := schemaFor(t)
	if inner == nil {
		inner = &jsonschema.Schema{Type: "integer"}
	}
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{inner, {Type: "null"}}}
}

// nameTables lets editors complete the names of tables and of their columns.
func nameTables(s *jsonschema.Schema) {
	tables, _ := s.Properties.Get("tables")
	table := tables.AdditionalProperties
	tables.AdditionalProperties, tables.Properties = jsonschema.FalseSchema, jsonschema.NewProperties()
	for _, t := range contract.Inputs() {
		tables.Properties.Set(t.Name, &jsonschema.Schema{Description: t.Doc, OneOf: []*jsonschema.Schema{{Type: "null"}, table}})
	}
}

// longColumn defines the long form of a column, whose values may be any scalar.
func longColumn(r *jsonschema.Reflector, s *jsonschema.Schema) {
	scalar := &jsonschema.Schema{Extras: map[string]any{"type": []string{"string", "number", "boolean", "null"}}}
	plain := *r
	plain.Mapper = nil
	column := plain.Reflect(&mapping.Column{})
	column.Version = ""
	for _, name := range []string{"default", "constant"} {
		p, _ := column.Properties.Get(name)
		p.Type, p.Extras = "", scalar.Extras
	}
	values, _ := column.Properties.Get("values")
	values.AdditionalProperties = scalar
	when, _ := column.Properties.Get("when")
	when.AdditionalProperties = &jsonschema.Schema{OneOf: []*jsonschema.Schema{scalar, {Type: "array", Items: scalar}}}
	s.Definitions["Column"] = column
}

func TestSchemaKnowsEveryKeyOfTheCommentedFile(t *testing.T) {
	text := string(schemaOf(t))
	for _, line := range strings.Split(string(config.Commented), "\n") {
		key, _, found := strings.Cut(line, ":")
		if found && !strings.HasPrefix(key, "#") && !strings.Contains(text, `"`+strings.TrimPrefix(strings.TrimSpace(key), "- ")+`": `) {
			t.Errorf("the schema has no %s", key)
		}
	}
}
