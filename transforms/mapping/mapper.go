package mapping

import (
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// Env is what a deployment says once for all tables.
type Env struct {
	Zone     *calendar.Zone   // the business zone
	BuyerKey BuyerKey         // secret of the hash of buyer ids
	IDs      contract.IDTypes // which identifiers are STRING, see DetectIDs
}

// Mapper maps one table. It is safe for concurrent use.
type Mapper struct {
	table *contract.Table
	spec  Table
	env   Env
	plans []plan // of every column that can be asked for, in contract order, Table.Latest last
}

// plan is how one contract column comes to be.
type plan struct {
	contract.Column
	spec     Column
	source   string         // source column; empty: none is read
	latest   bool           // the implicit column Table.Latest: delivered only where a file has it
	zone     *calendar.Zone // of wall clocks
	codes    map[string]int64
	names    arrow.Array // dictionary of an Enum
	constant *constant   // of Constant
	fallback *constant   // of Default
	secret   bool        // values must not be shown

	wallClock bool // of a file: timestamps whose type says UTC are wall clocks of zone
}

// New checks the specification against the contract. All problems are joined; each names its path inside
// the specification.
func New(t *contract.Table, spec Table, env Env) (*Mapper, error) {
	if err := spec.Validate(t); err != nil {
		return nil, err
	}
	m := &Mapper{table: t, spec: spec, env: env}
	for _, c := range withLatest(t) {
		p, err := m.plan(c)
		if err != nil {
			return nil, err
		}
		m.plans = append(m.plans, p)
	}
	m.hideBuyers()
	return m, nil
}

// withLatest are the contract's columns and, where the table has one, the implicit column Latest.
func withLatest(t *contract.Table) []contract.Column {
	if t.Latest == "" || t.Index(t.Latest) >= 0 {
		return t.Columns
	}
	latest := contract.Column{Name: t.Latest, Kind: contract.Instant, Null: true, Doc: "last change of the row; of duplicates the latest wins"}
	return append(slices.Clone(t.Columns), latest)
}

// plan prepares what every file and record of the column shares.
func (m *Mapper) plan(c contract.Column) (plan, error) {
	spec := m.spec.Columns[c.Name]
	p := plan{Column: c, spec: spec, source: spec.source(c.Name), zone: m.env.Zone, latest: m.table.Index(c.Name) < 0}
	if spec.Zone != "" {
		loc, err := time.LoadLocation(spec.Zone)
		if err != nil {
			return plan{}, fmt.Errorf("columns.%s.zone: %w", c.Name, err)
		}
		p.zone = calendar.NewZone(loc)
	}
	p.codes = codesOf(c, spec)
	if c.Kind == contract.Enum {
		p.names = newStrings(c.Values)
	}
	var err error
	if p.constant, err = m.constant(p, "constant", spec.Constant); err != nil {
		return plan{}, err
	}
	if p.fallback, err = m.constant(p, "default", spec.Default); err != nil {
		return plan{}, err
	}
	return p, nil
}

// hideBuyers keeps the values of any column that is read from where a buyer's id comes from out of rejects.
func (m *Mapper) hideBuyers() {
	secret := map[string]bool{}
	for _, p := range m.plans {
		secret[p.source] = secret[p.source] || p.Kind == contract.Buyer
	}
	for i := range m.plans {
		m.plans[i].secret = secret[m.plans[i].source]
	}
}

// Table is the contract's table.
func (m *Mapper) Table() *contract.Table { return m.table }

// Spec is the specification the mapper was made from.
func (m *Mapper) Spec() Table { return m.spec }

// Sources are the source columns needed to deliver the named contract columns, without duplicates, in
// contract order; those that decide the partition's day are always among them. A name the contract does
// not have is a bug and panics.
func (m *Mapper) Sources(columns []string) []string {
	var names []string
	for _, p := range m.needed(columns) {
		names = append(names, p.sources()...)
	}
	return unique(names)
}

// sources are the columns that one contract column reads: its own and those of its condition.
func (p *plan) sources() []string {
	var names []string
	if p.source != "" {
		names = append(names, p.source)
	}
	return append(names, sortedKeys(p.spec.When)...)
}

// needed are the plans of the named columns and of the day rule, in contract order.
func (m *Mapper) needed(columns []string) []*plan {
	for _, name := range columns {
		if m.index(name) < 0 {
			panic(fmt.Sprintf("mapping: table %s has no column %s", m.table.Name, name))
		}
	}
	var plans []*plan
	for i := range m.plans {
		name := m.plans[i].Name
		if slices.Contains(columns, name) || slices.Contains(m.table.DayOf, name) {
			plans = append(plans, &m.plans[i])
		}
	}
	return plans
}

// index is the position of the named column's plan, or -1.
func (m *Mapper) index(name string) int {
	return slices.IndexFunc(m.plans, func(p plan) bool { return p.Name == name })
}

// unique drops repeated names and keeps the order of the first ones.
func unique(names []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(names, func(n string) bool {
		again := seen[n]
		seen[n] = true
		return again
	})
}

// DetectIDs tells which identifier domains a file of the table holds as STRING. A domain is STRING for a
// deployment if it is so in any file of any table: integers can be written as text, not the reverse.
func DetectIDs(t *contract.Table, spec Table, source []SourceField) contract.IDTypes {
	types := contract.IDTypes{}
	for _, c := range t.Columns {
		if c.Kind != contract.ID {
			continue
		}
		if f := find(source, spec.Columns[c.Name].source(c.Name)); f != nil && f.Type != nil && isText(f.Type) {
			types[c.Domain] = true
		}
	}
	return types
}
