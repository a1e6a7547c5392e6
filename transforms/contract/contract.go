// Package contract declares every table windvane reads, keeps and publishes: its columns, their types,
// units and null rules, its key and its sort order.
//
// One declaration serves all: the mapping of a company's own dumps, the rollups, the transforms that
// build published tables, the Parquet writer, the CSV renderer, docs/tables.md and the tests. Nothing
// else in the project names a column type.
//
// The package knows Arrow's schema types and nothing else of the project.
package contract

import (
	"fmt"
	"math"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
)

// Kind is what the values of a column mean. It fixes the column's Arrow type (see Column.ArrowType).
type Kind uint8

const (
	// ID is an opaque identifier that may be published. INT64 or STRING, as the source has it.
	ID Kind = iota + 1
	// Key is an identifier used only to tell rows apart and to count distinct values (order, line,
	// refund …). It is never published: INT64 stays, a STRING that writes one is that one, any other becomes its
	// 64-bit hash. int64.
	Key
	// Buyer is the keyed 64-bit hash of a buyer's id, the same of 1001 as INT64 and as STRING. The clear id never
	// leaves the mapping. int64.
	Buyer
	// Fen is money in fen (1/100 yuan), exact. int64.
	Fen
	// Count is a whole number: rows, units, seconds, days. int64.
	Count
	// Real is a measured or derived number with a fraction: ratios, hours, scores. float64, never NaN or Inf.
	Real
	// Bool is true or false.
	Bool
	// Instant is a moment, microseconds since 1970 UTC.
	Instant
	// Date is a business day in the configured zone, days since 1970.
	Date
	// Text is free text. UTF-8.
	Text
	// Enum is one of Column.Values. In memory the dictionary index of a value is its position in Values.
	Enum
)

// Nobody is the buyer of purchases whose buyer is no longer known: of buyers who were forgotten on request, and of days whose
// buyers were hashed under a key that is gone. Its money counts, it is no buyer. No hash is it.
const Nobody = math.MinInt64 + 1

// Domain says which identifiers may be compared with each other: two ID columns join only inside one domain.
type Domain string

// The domains of published identifiers.
const (
	Merchant Domain = "merchant"
	Product  Domain = "product"
	Talent   Domain = "talent" // also the accounts that belong to a shop
	Content  Domain = "content"
	Category Domain = "category"
	Brand    Domain = "brand"
	Style    Domain = "style"
	SKU      Domain = "sku"
)

// Column declares one column of a table.
type Column struct {
	Name   string   // snake_case, unit last
	Kind   Kind     // fixes type and unit
	Domain Domain   // of an ID
	Null   bool     // a value may be missing; otherwise a null is a bad row
	Signed bool     // negative values are allowed (Fen, Count, Real)
	Values []string // of an Enum, in code order
	Min    *float64 // smallest value, nil: none but that of Signed (Count, Real)
	Max    *float64 // largest value, nil: none
	Copied bool     // copied by the warehouse from the order line; may be absent as a whole (figures that need it are then not computable; where it may be null: if orders have a value of it)
	Doc    string   // one line: meaning, range, what null means
}

// Table declares one table.
type Table struct {
	Name    string
	Class   Class
	Doc     string   // one row per …
	DayOf   []string // input tables: the Instant columns of which at least one must fall on the partition's day; empty for snapshots and daily figures
	DayLast bool     // the last of DayOf that is not null decides alone: a state that supersedes the earlier ones
	Columns []Column
	Key     []string // columns that identify a row
	Sort    []string // order of the rows as written; empty means Key
	Latest  string   // an optional Instant column: of duplicates the row with the latest value wins
}

// Class says where a table comes from and where it lives.
type Class uint8

const (
	// Event tables hold what happened on the partition's day.
	Event Class = iota + 1
	// Daily tables hold one figure per key for the partition's day.
	Daily
	// Snapshot tables hold the state of all subjects at the end of the partition's day.
	Snapshot
	// Static tables are one file without a day.
	Static
	// Rollup tables are windvane's own daily reductions under state/.
	Rollup
	// Published tables are what readers get.
	Published
)

// IDTypes tells for each domain whether its identifiers are STRING (true) or INT64 (false or absent).
type IDTypes map[Domain]bool

// StringType is the Arrow type of all text in memory: dictionary-encoded UTF-8.
var StringType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Uint32, ValueType: arrow.BinaryTypes.String}

// InstantType is the Arrow type of moments.
var InstantType = &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}

// ArrowType is the column's type in memory. Parquet follows it: dictionaries are written as STRING.
func (c Column) ArrowType(ids IDTypes) arrow.DataType {
	switch c.Kind {
	case ID:
		if ids[c.Domain] {
			return StringType
		}
		return arrow.PrimitiveTypes.Int64
	case Key, Buyer, Fen, Count:
		return arrow.PrimitiveTypes.Int64
	case Real:
		return arrow.PrimitiveTypes.Float64
	case Bool:
		return arrow.FixedWidthTypes.Boolean
	case Instant:
		return InstantType
	case Date:
		return arrow.FixedWidthTypes.Date32
	case Text, Enum:
		return StringType
	}
	panic(fmt.Sprintf("contract: column %s has no kind", c.Name))
}

// SQLType is the column's type as catalogues and people write it; keys and buyers are numbers here.
func (c Column) SQLType(ids IDTypes) string {
	switch c.Kind {
	case ID:
		if ids[c.Domain] {
			return "STRING"
		}
		return "INT64"
	case Key, Buyer, Fen, Count:
		return "INT64"
	case Real:
		return "DOUBLE"
	case Bool:
		return "BOOLEAN"
	case Instant:
		return "TIMESTAMP"
	case Date:
		return "DATE"
	case Text, Enum:
		return "STRING"
	}
	panic(fmt.Sprintf("contract: column %s has no kind", c.Name))
}

// Schema is the table's Arrow schema for the identifier types of one deployment.
func (t *Table) Schema(ids IDTypes) *arrow.Schema {
	fields := make([]arrow.Field, len(t.Columns))
	for i, c := range t.Columns {
		fields[i] = arrow.Field{Name: c.Name, Type: c.ArrowType(ids), Nullable: c.Null}
	}
	return arrow.NewSchema(fields, nil)
}

// Names are the names of the columns.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

// Index is the position of the named column, or -1.
func (t *Table) Index(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// Column is the named column. A name the table does not declare is a bug and panics.
func (t *Table) Column(name string) *Column {
	i := t.Index(name)
	if i < 0 {
		panic(fmt.Sprintf("contract: table %s declares no column %s", t.Name, name))
	}
	return &t.Columns[i]
}

// SortKey is the order of the rows as written.
func (t *Table) SortKey() []string {
	if len(t.Sort) > 0 {
		return t.Sort
	}
	return t.Key
}

// Code is the position of value in the Enum column's Values, or -1.
func (c *Column) Code(value string) int { return slices.Index(c.Values, value) }

// Lookup finds a table by name in any of the lists.
func Lookup(name string, lists ...[]*Table) (*Table, bool) {
	for _, l := range lists {
		for _, t := range l {
			if t.Name == name {
				return t, true
			}
		}
	}
	return nil, false
}
