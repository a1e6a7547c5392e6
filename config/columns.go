package config

import (
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/windvane/windvane/transforms/mapping"
)

// columns reads the mapping of columns:
//
//	merchant_id: seller_no                      the source column
//	promoter_id: null                           null in every row
//	pay_fen: {column: pay_amount, unit: yuan}   the fields of mapping.Column
func (d *decoder) columns(n ast.Node, path string, into *map[string]mapping.Column) {
	*into = map[string]mapping.Column{}
	d.pairs(n, path, func(name, at string, _, v ast.Node) {
		var c mapping.Column
		switch v.(type) {
		case *ast.NullNode:
			c.Null = true
		case ast.MapNode:
			c = d.column(v, at)
		default:
			c.Column = d.literal(v, at)
		}
		(*into)[name] = c
	})
}

// column reads the long form. Values are kept as they are written: 1, true and 1.50 are texts here.
func (d *decoder) column(n ast.Node, path string) (c mapping.Column) {
	d.pairs(n, path, func(key, at string, k, v ast.Node) {
		switch key {
		case "column":
			c.Column = d.literal(v, at)
		case "unit":
			c.Unit = d.literal(v, at)
		case "zone":
			c.Zone = d.literal(v, at)
		case "values":
			c.Values = d.values(v, at)
		case "default":
			c.Default = d.optional(v, at)
		case "when":
			c.When = d.conditions(v, at)
		case "constant":
			c.Constant = d.optional(v, at)
			c.Null = c.Constant == nil
		default:
			d.report(k, at, "unknown key; there are column, unit, zone, values, default, when, constant")
		}
	})
	return c
}

// literal is the text of a scalar.
func (d *decoder) literal(v ast.Node, at string) string {
	switch s := v.(type) {
	case *ast.StringNode:
		return s.Value
	case *ast.LiteralNode:
		return s.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return v.GetToken().Value
	}
	d.report(v, at, "found %s, expected one value", strings.ToLower(v.Type().String()))
	return ""
}

// optional is the text of a scalar, nil for null.
func (d *decoder) optional(v ast.Node, at string) *string {
	if v.Type() == ast.NullType {
		return nil
	}
	text := d.literal(v, at)
	return &text
}

// values reads a mapping of source values to the contract's.
func (d *decoder) values(n ast.Node, path string) map[string]*string {
	values := map[string]*string{}
	d.pairs(n, path, func(from, at string, _, v ast.Node) { values[from] = d.optional(v, at) })
	return values
}

// conditions reads source columns and the values that they must have: one, or a list.
func (d *decoder) conditions(n ast.Node, path string) map[string][]string {
	when := map[string][]string{}
	d.pairs(n, path, func(name, at string, _, v ast.Node) {
		list, ok := v.(*ast.SequenceNode)
		if !ok {
			when[name] = []string{d.literal(v, at)}
			return
		}
		when[name] = []string{}
		for _, item := range list.Values {
			when[name] = append(when[name], d.literal(plain(item), at))
		}
	})
	return when
}
