package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v17/arrow"
)

// SourceField is one column as a file has it.
type SourceField struct {
	Name    string
	Type    arrow.DataType // of the values, nil if they cannot be read; text may be plain or dictionary-encoded
	Parquet string         // the type in the file's words, for messages about what cannot be read
	Int96   bool           // moments as Spark and Hive write them; Impala writes wall clocks in the same type: the column's zone tells them
}

// Bound is a Mapper that fits one file's columns. It is safe for concurrent use.
type Bound struct {
	// Absent are the contract columns asked for that the file does not have: null in every row. Figures
	// that need them are not computable.
	Absent []string
	// Extra are the file's columns that no contract column reads.
	Extra []string

	mapper  *Mapper
	columns []string      // delivered, in the order asked for
	plans   []*plan       // delivered or needed for the day rule, in contract order
	schema  *arrow.Schema // of what is delivered
}

// BindError says why a file's columns do not fit the contract.
type BindError struct {
	Table    string
	File     string // object key, filled in by whoever knows it
	Problems []Problem
}

// Problem is one column that does not fit.
type Problem struct {
	Column   string // contract column
	Source   string // source column
	Found    string // what the file has
	Expected string // what it should have
	Remedy   string // what to write in the configuration, or to change in the dump
}

// Error lists all problems.
func (e *BindError) Error() string {
	where := e.Table
	if e.File != "" {
		where += ": file " + e.File
	}
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.String()
	}
	return where + ": " + strings.Join(texts, "; ")
}

// String says what was found, what was expected and what helps.
func (p Problem) String() string {
	name := p.Column
	if p.Source != p.Column {
		name += " (from " + p.Source + ")"
	}
	s := fmt.Sprintf("column %s: found %s, expected %s", name, p.Found, p.Expected)
	if p.Remedy != "" {
		s += "; " + p.Remedy
	}
	return s
}

// Bind checks that a file with these columns can deliver the named contract columns. A nullable column, or
// one that the contract marks as copied, may be absent. The error is a *BindError with all problems.
func (m *Mapper) Bind(columns []string, source []SourceField) (*Bound, error) {
	b := &Bound{mapper: m, Extra: m.extra(source)}
	var problems []Problem
	for _, p := range m.needed(columns) {
		found, bad := m.check(p, source)
		problems = append(problems, bad...)
		b.add(p, found, slices.Contains(columns, p.Name))
	}
	if len(problems) > 0 {
		return nil, &BindError{Table: m.table.Name, Problems: problems}
	}
	b.setColumns(columns)
	return b, nil
}

// add plans a column; found is its source column, nil if the file lacks it.
func (b *Bound) add(p *plan, found *SourceField, asked bool) {
	missing := found == nil && p.source != "" || p.spec.Null && !p.Null
	if missing && asked {
		b.Absent = append(b.Absent, p.Name)
	}
	if missing && p.latest {
		return
	}
	if missing {
		absent := *p
		absent.source, absent.spec, absent.constant, absent.fallback = "", Column{Null: true}, nil, nil
		p = &absent
	}
	if found != nil && found.Int96 && p.spec.Zone != "" {
		wall := *p
		wall.wallClock = true
		p = &wall
	}
	b.plans = append(b.plans, p)
}

// setColumns settles what is delivered: the columns asked for, less an absent Table.Latest.
func (b *Bound) setColumns(columns []string) {
	var fields []arrow.Field
	for _, name := range columns {
		i := slices.IndexFunc(b.plans, func(p *plan) bool { return p.Name == name })
		if i < 0 {
			continue
		}
		p := b.plans[i]
		b.columns = append(b.columns, name)
		nullable := p.Null || slices.Contains(b.Absent, name)
		fields = append(fields, arrow.Field{Name: name, Type: p.ArrowType(b.mapper.env.IDs), Nullable: nullable})
	}
	b.schema = arrow.NewSchema(fields, nil)
}

// Schema is that of the records Map delivers: the columns asked for, in that order; Table.Latest only
// where the file has it.
func (b *Bound) Schema() *arrow.Schema { return b.schema }

// Sources are the source columns that Map reads. The raw record may hold others.
func (b *Bound) Sources() []string {
	var names []string
	for _, p := range b.plans {
		names = append(names, p.sources()...)
	}
	return unique(names)
}

// extra are the columns of a file that no contract column reads.
func (m *Mapper) extra(source []SourceField) []string {
	used := map[string]bool{}
	for i := range m.plans {
		for _, name := range m.plans[i].sources() {
			used[name] = true
		}
	}
	var names []string
	for _, f := range source {
		if !used[f.Name] {
			names = append(names, f.Name)
		}
	}
	return names
}

// check finds the column's source field and what is wrong with it and with the fields of its condition.
func (m *Mapper) check(p *plan, source []SourceField) (*SourceField, []Problem) {
	var problems []Problem
	found := find(source, p.source)
	switch {
	case p.source == "":
	case found == nil && !p.Null && !p.Copied:
		problems = append(problems, missing(p, p.source, source))
	case found == nil:
		return nil, nil
	default:
		problems = append(problems, m.checkType(p, found)...)
	}
	for _, name := range sortedKeys(p.spec.When) {
		switch f := find(source, name); {
		case f == nil:
			problems = append(problems, missing(p, name, source))
		case f.Type == nil || !hasTextForm(f.Type):
			problems = append(problems, Problem{p.Name, name, describe(f), "text, an integer or a boolean, for a condition", ""})
		}
	}
	return found, problems
}

// missing is the problem of a column that the file lacks.
func missing(p *plan, name string, source []SourceField) Problem {
	names := make([]string, len(source))
	for i, f := range source {
		names[i] = f.Name
	}
	return Problem{
		Column: p.Name, Source: name, Found: "no such column among " + shorten(strings.Join(names, ", ")), Expected: "a required column",
		Remedy: fmt.Sprintf("name its source in the configuration: columns: {%s: <source column>}", p.Name),
	}
}

// checkType is what is wrong with the type of a source column.
func (m *Mapper) checkType(p *plan, f *SourceField) []Problem {
	expected, remedy := unreadable, ""
	if f.Type != nil {
		expected, remedy = m.accept(p, f.Type)
	}
	if expected == "" {
		return nil
	}
	return []Problem{{Column: p.Name, Source: f.Name, Found: describe(f), Expected: expected, Remedy: remedy}}
}

// unreadable is what is expected of a column that cannot be read at all.
const unreadable = "one value a row, of a type that is read: no list, no field of a group, no decimal of more than 128 bits"

// describe names a field's type as Arrow does, one that cannot be read as the file does.
func describe(f *SourceField) string {
	if f.Type == nil {
		return f.Parquet
	}
	return f.Type.String()
}

// find is the field of that name, or nil.
func find(source []SourceField, name string) *SourceField {
	i := slices.IndexFunc(source, func(f SourceField) bool { return f.Name == name })
	if i < 0 {
		return nil
	}
	return &source[i]
}
