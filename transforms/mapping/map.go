package mapping

import (
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// Rows says which rows a raw record holds.
type Rows struct {
	File  string       // object key, for messages
	Day   calendar.Day // of the partition
	First int64        // position in the file of the record's first row, from 0
	Skip  []uint64     // bit i&63 of word i>>6: row i was dropped before, as a duplicate; nil: none
}

// Mapped is one record of the contract and what was left out of it.
type Mapped struct {
	Record     arrow.Record   // the columns of Bound.Schema; rejected and skipped rows are gone. The caller releases it
	RowNumbers []int64        // position in the file of every row of Record; nil: First, First+1, … without gaps
	Rejects    []Reject       // at most MaxRejects of each reason, in order of the rows
	Counts     [Reasons]int64 // rejected rows by reason code, skipped ones not among them
}

// Rejected is the number of rejected rows.
func (m Mapped) Rejected() (rows int64) {
	for _, n := range m.Counts {
		rows += n
	}
	return rows
}

// Reject is one bad row: the first thing that is wrong with it, in the order of the contract's columns,
// the day rule last.
type Reject struct {
	Row    int64  // position in the file, from 0
	Reason Reason // why
	Column string // contract column
	Value  string // what was found, at most MaxValue bytes of valid UTF-8; empty for nulls and where a buyer's id is read
}

// Reason is the position of a reason code in contract.RejectReasons.
type Reason uint8

// String is the reason code.
func (r Reason) String() string { return contract.RejectReasons[r] }

const (
	// Reasons is the number of reason codes.
	Reasons = contract.RejectBadText + 1
	// MaxRejects is how many rows of one record and reason Mapped.Rejects shows.
	MaxRejects = 1000
	// MaxValue is how many bytes of a value a Reject shows.
	MaxValue = 200
	// MaxText is how many bytes a text may have.
	MaxText = 64 << 10
)

// Map makes the contract's record of a raw one, which must hold the columns of Sources in the types that
// were bound. It borrows raw. Errors are those of a record that differs from what was bound, or is damaged.
func (b *Bound) Map(mem memory.Allocator, raw arrow.Record, in Rows) (Mapped, error) {
	v := newVerdict(int(raw.NumRows()), in)
	made := map[string]arrow.Array{}
	defer func() {
		for _, a := range made {
			a.Release()
		}
	}()
	for _, p := range b.plans {
		a, err := b.column(mem, p, raw, v)
		if err != nil {
			return Mapped{}, fmt.Errorf("map %s of %s: %w", p.Name, in.File, err)
		}
		made[p.Name] = a
	}
	b.checkDay(mem, made, in.Day, v)
	columns := make([]arrow.Array, len(b.columns))
	for i, name := range b.columns {
		columns[i] = v.keep(mem, made[name])
		defer columns[i].Release()
	}
	return Mapped{
		Record:     array.NewRecord(b.schema, columns, int64(v.kept())),
		RowNumbers: v.rowNumbers(),
		Rejects:    v.inOrder(),
		Counts:     v.counts,
	}, nil
}

// column makes one column of the contract. The caller releases it.
func (b *Bound) column(mem memory.Allocator, p *plan, raw arrow.Record, v *verdict) (arrow.Array, error) {
	off, err := p.outside(raw)
	if err != nil {
		return nil, err
	}
	c := conversion{plan: p, mem: mem, env: b.mapper.env, reject: v.judge(p, off)}
	if p.source == "" {
		a := c.fill(v.rows)
		return c.withoutRows(a, off), nil
	}
	source, err := sourceOf(raw, p.source)
	if err != nil {
		return nil, err
	}
	if expected, _ := b.mapper.accept(p, source.DataType()); expected != "" {
		return nil, fmt.Errorf("source column %s is %s now, expected %s", p.source, source.DataType(), expected)
	}
	a, err := c.convert(source)
	if err != nil {
		return nil, err
	}
	a = c.withDefault(a)
	a = c.withoutRows(a, off)
	c.checkNulls(a)
	return a, nil
}

// sourceOf is the named column of a raw record.
func sourceOf(raw arrow.Record, name string) (arrow.Array, error) {
	at := raw.Schema().FieldIndices(name)
	if len(at) != 1 {
		return nil, fmt.Errorf("the record has %d columns %s", len(at), name)
	}
	return raw.Column(at[0]), nil
}

// checkNulls rejects the rows without a value of a column that must have one.
func (c *conversion) checkNulls(a arrow.Array) {
	if c.Null || a.NullN() == 0 {
		return
	}
	for i := range a.Len() {
		if a.IsNull(i) {
			c.reject(i, contract.RejectNullRequired, "")
		}
	}
}
