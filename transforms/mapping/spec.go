package mapping

import (
	"time"

	"github.com/windvane/windvane/transforms/contract"
)

// Table is how one company's table becomes the contract's. The zero value means: the contract's names,
// types and units, the default path, the default limits.
type Table struct {
	// Path is the template of the object keys of one day, DefaultPath if empty; see ParsePath.
	Path string `yaml:"path,omitempty" json:"path,omitempty"`
	// Absent says that the company has no such table; what needs it is not computable.
	Absent bool `yaml:"absent,omitempty" json:"absent,omitempty"`
	// Columns maps contract columns to where they come from; what is not named has its own name and type.
	Columns map[string]Column `yaml:"columns,omitempty" json:"columns,omitempty"`
	// Tolerance is how far beyond the partition's day a time may lie. Of a row without a time on the day, those within are moved
	// to it.
	Tolerance time.Duration `yaml:"tolerance,omitempty" json:"tolerance,omitempty"`
	// AllowEmpty accepts a day without rows though nothing but an empty object says so.
	AllowEmpty bool `yaml:"allow_empty,omitempty" json:"allow_empty,omitempty"`
	// MaxRejectRatio is the share of rejected rows of a day, in [0, 1], beyond which the table fails;
	// DefaultMaxRejectRatio if nil.
	MaxRejectRatio *float64 `yaml:"max_reject_ratio,omitempty" json:"max_reject_ratio,omitempty"`
	// MinRejects is how many rejected rows of a day never fail it; DefaultMinRejects if nil.
	MinRejects *int64 `yaml:"min_rejects,omitempty" json:"min_rejects,omitempty"`
	// MaxQuarantine is the share of the bytes of a day, in [0, 1), in files that cannot be read and that a night may go
	// on without; 0: one such file fails it. Snapshots are never read in part.
	MaxQuarantine float64 `yaml:"max_quarantine,omitempty" json:"max_quarantine,omitempty"`
}

// Limits of rejected rows per table and day.
const (
	DefaultMaxRejectRatio = 0.001
	DefaultMinRejects     = 10
)

// Column says where one contract column comes from. The zero value is the source column of the same name
// in the contract's type and unit.
type Column struct {
	// Column is the source column; the contract's name if empty.
	Column string `yaml:"column,omitempty" json:"column,omitempty"`
	// Unit of money is fen (default) or yuan; of times held as integers s, ms, us or ns.
	Unit string `yaml:"unit,omitempty" json:"unit,omitempty"`
	// Zone is the IANA name of the zone of wall clocks; the business zone if empty. INT96, which does not say what it is, is
	// UTC if empty.
	Zone string `yaml:"zone,omitempty" json:"zone,omitempty"`
	// Values maps source values (integers and booleans in their text form) to the contract's, nil meaning
	// null. With it, source values that are not named are unknown, even if the contract has them. For
	// enumerations, and for booleans (true, false).
	Values map[string]*string `yaml:"values,omitempty" json:"values,omitempty"`
	// Default stands for nulls, and for enumeration values that Values does not name. In a nullable
	// enumeration nulls stay null.
	Default *string `yaml:"default,omitempty" json:"default,omitempty"`
	// When keeps the value only in rows where every named source column has one of its listed values (in
	// text form); elsewhere it is null, Default or not.
	When map[string][]string `yaml:"when,omitempty" json:"when,omitempty"`
	// Constant is the value of every row; no source column is read.
	Constant *string `yaml:"constant,omitempty" json:"constant,omitempty"`
	// Null makes every row null; no source column is read.
	Null bool `yaml:"-" json:"null,omitempty"`
}

// Units of money and of integer times.
const (
	UnitFen  = "fen"
	UnitYuan = "yuan"
	UnitS    = "s"
	UnitMS   = "ms"
	UnitUS   = "us"
	UnitNS   = "ns"
)

// TooManyRejects tells whether a day with so many rejected of so many rows fails the table. A day of which no
// row is left always does: it would pass for a day of zeros.
func (s Table) TooManyRejects(rejected, rows int64) bool {
	ratio, least := float64(DefaultMaxRejectRatio), int64(DefaultMinRejects)
	if s.MaxRejectRatio != nil {
		ratio = *s.MaxRejectRatio
	}
	if s.MinRejects != nil {
		least = *s.MinRejects
	}
	if rejected > 0 && rejected == rows {
		return true
	}
	return rejected > least && float64(rejected) > ratio*float64(rows)
}

// ParsedPath is the table's path, the default one if none is given.
func (s Table) ParsedPath(t *contract.Table) (Path, error) {
	if s.Path == "" {
		return ParsePath(DefaultPath(t))
	}
	return ParsePath(s.Path)
}

// source is the source column of a contract column, empty if it reads none.
func (c Column) source(name string) string {
	switch {
	case c.Null || c.Constant != nil:
		return ""
	case c.Column != "":
		return c.Column
	}
	return name
}
