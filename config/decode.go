package config

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/windvane/windvane/transforms/mapping"
)

// place is where something stands in the file, from 1.
type place struct{ line, column int }

func (p place) String() string { return fmt.Sprintf(" (line %d, column %d)", p.line, p.column) }

// decoder reads the document node by node, so that one problem does not hide the next.
type decoder struct {
	places   map[string]place // of the values, by path
	problems []problem
	complete bool // a key that is not marked omitempty must be there
}

// placeOf is where a value begins; the token of a block of keys and values is the first colon.
func placeOf(n ast.Node) place {
	switch m := n.(type) {
	case *ast.MappingValueNode:
		return placeOf(m.Key)
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return placeOf(m.Values[0])
		}
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return place{}
	}
	return place{n.GetToken().Position.Line, n.GetToken().Position.Column}
}

// report adds a problem at a node.
func (d *decoder) report(n ast.Node, path, format string, args ...any) {
	d.problems = append(d.problems, problem{path, fmt.Sprintf(format, args...) + placeOf(n).String()})
}

// located adds the place of a value, or of the nearest value around it, to a problem found later. What the
// file does not say, a default or an override, has none.
func (d *decoder) located(p problem) problem {
	for at := p.path; at != ""; at = at[:max(0, strings.LastIndexAny(at, ".["))] {
		if where, found := d.places[at]; found {
			p.text += where.String()
			break
		}
	}
	return p
}

// document reads the whole file into a struct.
func (d *decoder) document(data []byte, into reflect.Value) {
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
			d.fields(doc.Body, "", into)
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
		at := child(path, key)
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

// fields reads a mapping into the fields of a struct, by their yaml names. What is null is as if it were not
// there: it keeps its default, but a pointer becomes nil.
func (d *decoder) fields(n ast.Node, path string, into reflect.Value) {
	byName := map[string]reflect.Value{}
	required := []string{}
	for i := range into.NumField() {
		name, options, _ := strings.Cut(into.Type().Field(i).Tag.Get("yaml"), ",")
		byName[name] = into.Field(i)
		if d.complete && options != "omitempty" {
			required = append(required, name)
		}
	}
	given := map[string]bool{}
	d.pairs(n, path, func(key, at string, k, v ast.Node) {
		field, known := byName[key]
		given[key] = v.Type() != ast.NullType
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
	for _, name := range required {
		if _, ok := plain(n).(ast.MapNode); ok && !given[name] {
			d.report(n, child(path, name), "it is missing")
		}
	}
}

// child is the path of a key.
func child(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// items reads a list into a slice, or into an array that has as many items.
func (d *decoder) items(n ast.Node, path string, into reflect.Value) {
	list, ok := n.(*ast.SequenceNode)
	switch {
	case !ok:
		d.report(n, path, "found %s, expected a list", strings.ToLower(n.Type().String()))
		return
	case into.Kind() == reflect.Slice:
		into.Set(reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values)))
	case len(list.Values) != into.Len():
		d.report(n, path, "found %d values, expected %d", len(list.Values), into.Len())
		return
	}
	for i, item := range list.Values {
		at := path + "[" + strconv.Itoa(i) + "]"
		d.places[at] = placeOf(item)
		d.field(plain(item), at, into.Index(i))
	}
}

// field reads one value. Sections, lists and tables are read one by one, everything else by the YAML library.
func (d *decoder) field(v ast.Node, at string, field reflect.Value) {
	switch target := field.Addr().Interface().(type) {
	case *map[string]mapping.Table:
		d.tables(v, at, target)
		return
	case *map[string]mapping.Column:
		d.columns(v, at, target)
		return
	}
	switch field.Kind() {
	case reflect.Struct:
		d.fields(v, at, field)
	case reflect.Slice, reflect.Array:
		d.items(v, at, field)
	case reflect.Pointer:
		field.Set(reflect.New(field.Type().Elem()))
		d.field(v, at, field.Elem())
	default:
		d.scalar(v, at, field)
	}
}

// scalar reads one value by the YAML library.
func (d *decoder) scalar(v ast.Node, at string, field reflect.Value) {
	expected := field.Type()
	if err := yaml.NodeToValue(v, field.Addr().Interface(), yaml.Strict()); err != nil {
		d.report(v, at, "%s", typeProblem(err, v, expected))
	} else if d.converted(v, expected) {
		d.report(v, at, "found %s, expected %s", strings.ToLower(v.Type().String()), wordFor(expected.Kind()))
	}
}

// converted tells whether the library made of a value what it is not: a whole number of 1.5 or null, and,
// which complete files refuse too, a number of "1" or a text of 2026.10.
func (d *decoder) converted(v ast.Node, expected reflect.Type) bool {
	isText := v.Type() == ast.StringType || v.Type() == ast.LiteralType
	switch word := wordFor(expected.Kind()); {
	case v.Type() == ast.NullType:
		return true
	case word == wholeNumber && v.Type() == ast.FloatType:
		return true
	case !d.complete || reflect.PointerTo(expected).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return false
	default:
		return isText != (expected.Kind() == reflect.String)
	}
}

// typeProblem is what the YAML library says, in words of the reader's rather than of Go.
func typeProblem(err error, v ast.Node, expected reflect.Type) string {
	var wrong *yaml.TypeError
	var large *yaml.OverflowError
	var e yaml.Error
	switch {
	case errors.As(err, &large):
		return "the number is too large"
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
