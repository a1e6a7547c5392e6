package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/windvane/windvane/transforms/contract"
)

// Validate checks the specification against the contract's table. All problems are joined; each begins
// with its path inside the specification, as in columns.pay_fen.unit.
func (s Table) Validate(t *contract.Table) error {
	var problems []error
	add := func(path, format string, args ...any) {
		problems = append(problems, fmt.Errorf(path+": "+format, args...))
	}
	if p, err := s.ParsedPath(t); err != nil {
		add("path", "%w", err)
	} else if t.Class != contract.Static && !p.Dated() {
		add("path", "%q names no day: it needs {date}, {yyyymmdd} or {yyyy}, {mm} and {dd}", s.Path)
	}
	if s.Tolerance < 0 {
		add("tolerance", "%s is negative", s.Tolerance)
	}
	if r := s.MaxRejectRatio; r != nil && !(*r >= 0 && *r <= 1) {
		add("max_reject_ratio", "%v is outside [0, 1]", *r)
	}
	if n := s.MinRejects; n != nil && *n < 0 {
		add("min_rejects", "%d is negative", *n)
	}
	if q := s.MaxQuarantine; !(q >= 0 && q < 1) {
		add("max_quarantine", "%v is outside [0, 1)", q)
	} else if q > 0 && (t.Class == contract.Snapshot || t.Class == contract.Static) {
		add("max_quarantine", "%s is a snapshot: read in part it would take shops and products out of every list", t.Name)
	}
	columns := withLatest(t)
	for _, name := range sortedKeys(s.Columns) {
		i := slices.IndexFunc(columns, func(c contract.Column) bool { return c.Name == name })
		if i < 0 {
			add("columns."+name, "table %s has no such column; it has %s", t.Name, strings.Join(namesOf(columns), ", "))
			continue
		}
		problems = append(problems, s.Columns[name].validate(columns[i])...)
	}
	return errors.Join(problems...)
}

// validate checks how one contract column is made.
func (c Column) validate(target contract.Column) (problems []error) {
	add := func(key, format string, args ...any) {
		problems = append(problems, fmt.Errorf("columns."+target.Name+key+": "+format, args...))
	}
	if c.Null && !target.Null && !target.Copied {
		add("", "a required column cannot be null in every row")
	}
	if c.Constant != nil && (c.Column != "" || c.Default != nil || len(c.Values) > 0) {
		add(".constant", "a constant has no column, values or default")
	}
	if units := unitsOf(target.Kind); c.Unit != "" && !slices.Contains(units, c.Unit) {
		add(".unit", "%q is not a unit of a column of kind %s%s", c.Unit, kindName(target.Kind), listed(units))
	}
	if c.Zone != "" {
		if target.Kind != contract.Instant && target.Kind != contract.Date {
			add(".zone", "only times have a zone")
		} else if _, err := time.LoadLocation(c.Zone); err != nil || c.Zone == "Local" {
			add(".zone", "%q is not an IANA time zone", c.Zone)
		}
	}
	if len(c.Values) > 0 && enumeration(target) == nil {
		add(".values", "only enumerations and booleans have a mapping of values")
	}
	for _, from := range sortedKeys(c.Values) {
		c.validateValue(target, from, add)
	}
	if len(c.When) > 0 && !target.Null {
		add(".when", "outside a condition a column is null, and %s must have a value in every row", target.Name)
	}
	for _, name := range sortedKeys(c.When) {
		if len(c.When[name]) == 0 {
			add(".when."+name, "no value is listed")
		}
	}
	for key, text := range map[string]*string{".constant": c.Constant, ".default": c.Default} {
		if text == nil {
			continue
		}
		if err := checkLiteral(target, c, *text); err != nil {
			add(key, "%w", err)
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
	return problems
}

// validateValue checks one line of a mapping of values.
func (c Column) validateValue(target contract.Column, from string, add func(key, format string, args ...any)) {
	to, known := c.Values[from], enumeration(target)
	switch {
	case known == nil:
	case to == nil && !target.Null:
		add(".values."+from, "null in a required column; leave the value out to reject its rows")
	case to != nil && !slices.Contains(known, *to):
		add(".values."+from, "%q is none of %s", *to, strings.Join(known, ", "))
	}
}

// booleans are the values of a Bool as an enumeration: the position is the value.
var booleans = []string{"false", "true"}

// enumeration are the values of a column that takes a mapping of values, nil for others.
func enumeration(c contract.Column) []string {
	switch c.Kind {
	case contract.Enum:
		return c.Values
	case contract.Bool:
		return booleans
	}
	return nil
}

// unitsOf are the units that a source of the kind may be in.
func unitsOf(k contract.Kind) []string {
	switch k {
	case contract.Fen:
		return []string{UnitFen, UnitYuan}
	case contract.Instant, contract.Date:
		return []string{UnitS, UnitMS, UnitUS, UnitNS}
	}
	return nil
}

// listed writes the choices after a message, nothing if there are none.
func listed(choices []string) string {
	if len(choices) == 0 {
		return ", which has none"
	}
	return "; it may be " + strings.Join(choices, ", ")
}

// kindName is how a kind is called in messages.
func kindName(k contract.Kind) string {
	return map[contract.Kind]string{
		contract.ID: "id", contract.Key: "key", contract.Buyer: "buyer", contract.Fen: "money", contract.Count: "count",
		contract.Real: "number", contract.Bool: "boolean", contract.Instant: "instant", contract.Date: "date",
		contract.Text: "text", contract.Enum: "enumeration",
	}[k]
}

// namesOf are the names of columns.
func namesOf(columns []contract.Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

// sortedKeys are the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
