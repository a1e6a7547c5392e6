package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/windvane/windvane/transforms/mapping"
)

// Overrides are what goes before the file: flags before the environment before the file before defaults.
// Empty strings and nil say nothing.
type Overrides struct {
	Env       func(name string) (value string, ok bool) // the environment; nil: none
	InputURL  string                                    // of a flag
	OutputURL string
	Job       string
	Workers   *int
}

// maxFile bounds the configuration file.
const maxFile = 1 << 20

// LoadFile is Load of a file.
func LoadFile(path string, over Overrides) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, fmt.Errorf("config: %w", err)
	}
	defer f.Close()
	return Load(f, over)
}

// Load reads a YAML document over the defaults, applies what overrides it, and validates the result. The
// error joins all problems.
func Load(r io.Reader, over Overrides) (Config, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return Config{}, fmt.Errorf("config: %w", err)
	}
	if len(data) > maxFile {
		return Config{}, fmt.Errorf("config: the file has more than %d bytes", maxFile)
	}
	c := Default()
	d := decoder{places: map[string]place{}}
	d.document(data, &c)
	c.apply(over)
	for _, p := range c.problems() {
		d.problems = append(d.problems, d.located(p))
	}
	if err := errors.Join(d.problems...); err != nil {
		return Config{}, err
	}
	return c, nil
}

// With is the configuration with what overrides it, validated.
func (c Config) With(over Overrides) (Config, error) {
	c.apply(over)
	return c, c.Validate()
}

func (c *Config) apply(over Overrides) {
	env := func(name string) string {
		if over.Env == nil {
			return ""
		}
		value, _ := over.Env(name)
		return value
	}
	first := func(target *string, values ...string) {
		for _, v := range values {
			if v != "" {
				*target = v
				return
			}
		}
	}
	first(&c.Input.URL, over.InputURL, env(EnvInputURL))
	first(&c.Output.URL, over.OutputURL, env(EnvOutputURL))
	first(&c.Job, over.Job)
	if over.Workers != nil {
		c.Workers = *over.Workers
	}
}

// place is where something stands in the file, from 1.
type place struct{ line, column int }

func (p place) String() string { return fmt.Sprintf(" (line %d, column %d)", p.line, p.column) }

// decoder reads the document node by node, so that one problem does not hide the next.
type decoder struct {
	places   map[string]place // of the values, by path
	problems []error
}

func placeOf(n ast.Node) place {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return place{}
	}
	return place{n.GetToken().Position.Line, n.GetToken().Position.Column}
}

// report adds a problem at a node.
func (d *decoder) report(n ast.Node, path, format string, args ...any) {
	p := problem{path, fmt.Sprintf(format, args...) + placeOf(n).String()}
	d.problems = append(d.problems, p)
}

// located adds the place of a value, or of the nearest value around it, to a problem found later. What the
// file does not say, a default or an override, has none.
func (d *decoder) located(p problem) problem {
	for at := p.path; at != ""; at = at[:max(0, strings.LastIndexByte(at, '.'))] {
		if where, found := d.places[at]; found {
			p.text += where.String()
			break
		}
	}
	return p
}

// document reads the whole file.
func (d *decoder) document(data []byte, c *Config) {
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.problems = append(d.problems, syntaxProblem(err))
		return
	}
	for i, doc := range file.Docs {
		switch {
		case doc.Body == nil || doc.Body.Type() == ast.NullType || doc.Body.Type() == ast.CommentType:
		case i > 0:
			d.report(doc.Body, "", "the file has more than one document")
		default:
			d.fields(doc.Body, "", reflect.ValueOf(c).Elem())
		}
	}
}

// syntaxProblem is what the parser says, with its place.
func syntaxProblem(err error) problem {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil {
		return problem{"", err.Error()}
	}
	return problem{"", e.GetMessage() + place{e.GetToken().Position.Line, e.GetToken().Position.Column}.String()}
}

// pairs are the keys and values of a mapping, in order; each key once.
func (d *decoder) pairs(n ast.Node, path string, visit func(key string, at string, k ast.Node, v ast.Node)) {
	m, ok := plain(n).(ast.MapNode)
	if !ok {
		d.report(n, path, "found %s, expected keys and values", strings.ToLower(n.Type().String()))
		return
	}
	seen := map[string]bool{}
	for iter := m.MapRange(); iter.Next(); {
		k, v := iter.Key(), iter.Value()
		key := k.GetToken().Value
		at := key
		if path != "" {
			at = path + "." + key
		}
		if seen[key] {
			d.report(k, at, "the key stands here twice")
			continue
		}
		seen[key] = true
		d.places[at] = placeOf(v)
		visit(key, at, k, plain(v))
	}
}

// plain is the value without its tag or anchor.
func plain(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.AnchorNode:
		return plain(n.Value)
	case *ast.TagNode:
		return plain(n.Value)
	}
	return n
}

// fields reads a mapping into the fields of a struct, by their yaml names. What is null keeps its default,
// but a pointer becomes nil.
func (d *decoder) fields(n ast.Node, path string, into reflect.Value) {
	byName := map[string]reflect.Value{}
	for i := range into.NumField() {
		name, _, _ := strings.Cut(into.Type().Field(i).Tag.Get("yaml"), ",")
		byName[name] = into.Field(i)
	}
	d.pairs(n, path, func(key, at string, k, v ast.Node) {
		field, known := byName[key]
		switch {
		case !known || key == "-":
			d.report(k, at, "unknown key")
		case v.Type() == ast.NullType:
			if field.Kind() == reflect.Pointer {
				field.SetZero()
			}
		default:
			d.field(v, at, field)
		}
	})
}

// field reads one value. Sections and tables are read key by key, everything else by the YAML library.
func (d *decoder) field(v ast.Node, at string, field reflect.Value) {
	switch target := field.Addr().Interface().(type) {
	case *Location, *BuyerKey, *Require:
		d.fields(v, at, field)
	case *map[string]mapping.Table:
		d.tables(v, at, target)
	case *map[string]mapping.Column:
		d.columns(v, at, target)
	default:
		if field.Kind() == reflect.Pointer {
			field.Set(reflect.New(field.Type().Elem()))
			target = field.Interface()
		}
		expected := reflect.TypeOf(target).Elem()
		if err := yaml.NodeToValue(v, target, yaml.Strict()); err != nil {
			d.report(v, at, "%s", typeProblem(err, v, expected))
		} else if v.Type() == ast.FloatType && wordFor(expected.Kind()) == wholeNumber { // the library would cut it
			d.report(v, at, "found float, expected %s", wholeNumber)
		}
	}
}

// typeProblem is what the YAML library says, in words of the reader's rather than of Go.
func typeProblem(err error, v ast.Node, expected reflect.Type) string {
	var wrong *yaml.TypeError
	var e yaml.Error
	switch {
	case errors.As(err, &wrong):
		return fmt.Sprintf("found %s, expected %s", strings.ToLower(v.Type().String()), wordFor(expected.Kind()))
	case errors.As(err, &e):
		return e.GetMessage()
	}
	return err.Error()
}

const wholeNumber = "a whole number"

// wordFor names what a field holds.
func wordFor(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return wholeNumber
	case reflect.Float64:
		return "a number"
	case reflect.Map:
		return "keys and values"
	}
	return "text"
}

// tables reads the mapping of tables. A table that is null has the contract's own form.
func (d *decoder) tables(n ast.Node, path string, into *map[string]mapping.Table) {
	*into = map[string]mapping.Table{}
	d.pairs(n, path, func(name, at string, _, v ast.Node) {
		var t mapping.Table
		if v.Type() != ast.NullType {
			d.fields(v, at, reflect.ValueOf(&t).Elem())
		}
		(*into)[name] = t
	})
}
