package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/contract"
)

// listOrder walks a table of lists in the order in which staff read it: members by category and rank, then the others
// as the table has them. It holds 32 bytes a member, and gathers members a batch at a time: a batch reads the row
// groups of its list once.
type listOrder struct {
	file  *lake.File
	names []string
	lists []listRows
	batch int // members gathered at once
}

// listRows are the rows of one list, which stand together in the table.
type listRows struct {
	name        string
	first, last int64 // last is one behind
	members     []memberRow
}

type memberRow struct {
	category string
	rank     int64
	row      int64 // in the file
}

// gatherRows is the usual batch.
const gatherRows = 1 << 16

// newListOrder finds the lists of a table and where their members stand.
func newListOrder(ctx context.Context, file *lake.File, t *contract.Table) (*listOrder, error) {
	o := &listOrder{file: file, batch: gatherRows}
	for _, c := range t.Columns {
		o.names = append(o.names, c.Name)
	}
	c := newCursor(file, t, "list", "eligible", "category1_id", "rank")
	defer c.close()
	list, eligible, category, rank := t.Index("list"), t.Index("eligible"), t.Index("category1_id"), t.Index("rank")
	for {
		ok, err := c.next(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		name := c.cell(list).text
		if len(o.lists) == 0 || o.lists[len(o.lists)-1].name != name {
			o.lists = append(o.lists, listRows{name: name, first: c.number})
		}
		l := &o.lists[len(o.lists)-1]
		l.last = c.number + 1
		if c.cell(eligible).bits == 1 {
			l.members = append(l.members, memberRow{c.cell(category).text, c.cell(rank).bits, c.number})
		}
	}
	for i := range o.lists {
		slices.SortFunc(o.lists[i].members, func(a, b memberRow) int {
			return cmp.Or(cmp.Compare(a.category, b.category), cmp.Compare(a.rank, b.rank), cmp.Compare(a.row, b.row))
		})
	}
	return o, nil
}

// eachList hands over list after list, members first.
func (o *listOrder) eachList(ctx context.Context, to func(arrow.Record) error) error {
	for i := range o.lists {
		if err := o.members(ctx, &o.lists[i], to); err != nil {
			return err
		}
		if err := o.others(ctx, &o.lists[i], to); err != nil {
			return err
		}
	}
	return nil
}

// membersFirst hands over the members of all lists, then the others of all.
func (o *listOrder) membersFirst(ctx context.Context, to func(arrow.Record) error) error {
	for i := range o.lists {
		if err := o.members(ctx, &o.lists[i], to); err != nil {
			return err
		}
	}
	for i := range o.lists {
		if err := o.others(ctx, &o.lists[i], to); err != nil {
			return err
		}
	}
	return nil
}

func (o *listOrder) members(ctx context.Context, l *listRows, to func(arrow.Record) error) error {
	for batch := range slices.Chunk(l.members, o.batch) {
		rec, err := o.gather(ctx, batch)
		if err != nil {
			return err
		}
		err = to(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// gather reads rows from all over the file and puts them in order.
func (o *listOrder) gather(ctx context.Context, batch []memberRow) (arrow.Record, error) {
	byRow := make([]int, len(batch)) // positions in batch, by their rows in the file
	for i := range byRow {
		byRow[i] = i
	}
	slices.SortFunc(byRow, func(a, b int) int { return cmp.Compare(batch[a].row, batch[b].row) })
	var parts []arrow.Record
	defer func() {
		for _, p := range parts {
			p.Release()
		}
	}()
	at := 0
	err := o.groups(batch[byRow[0]].row, batch[byRow[len(byRow)-1]].row+1, func(group int, first, last int64) error {
		var rows []int
		for ; at < len(byRow) && batch[byRow[at]].row < last; at++ {
			rows = append(rows, int(batch[byRow[at]].row-first))
		}
		if len(rows) == 0 {
			return nil
		}
		rec, err := o.read(ctx, group)
		if err != nil {
			return err
		}
		defer rec.Release()
		part, err := takeRows(rec, rows)
		if err == nil {
			parts = append(parts, part)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	back := make([]int, len(batch))
	for place, i := range byRow {
		back[i] = place
	}
	return inPlace(parts, back)
}

// inPlace joins records and puts their rows in order.
func inPlace(parts []arrow.Record, rows []int) (arrow.Record, error) {
	columns := make([]arrow.Array, parts[0].NumCols())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i := range columns {
		arrays := make([]arrow.Array, len(parts))
		for p := range parts {
			arrays[p] = parts[p].Column(i)
		}
		var err error
		if columns[i], err = array.Concatenate(arrays, memory.DefaultAllocator); err != nil {
			return nil, err
		}
	}
	joined := array.NewRecord(parts[0].Schema(), columns, int64(len(rows)))
	defer joined.Release()
	return takeRows(joined, rows)
}

// others hands over the rows of a list that are no members, in the order of the table.
func (o *listOrder) others(ctx context.Context, l *listRows, to func(arrow.Record) error) error {
	return o.groups(l.first, l.last, func(group int, first, _ int64) error {
		rec, err := o.read(ctx, group)
		if err != nil {
			return err
		}
		defer rec.Release()
		member, err := cellsOf(rec.Column(slices.Index(o.names, "eligible")))
		if err != nil {
			return err
		}
		var rows []int
		for row := range int(rec.NumRows()) {
			if at := first + int64(row); at >= l.first && at < l.last && member(row).bits == 0 {
				rows = append(rows, row)
			}
		}
		if len(rows) == 0 {
			return nil
		}
		part, err := takeRows(rec, rows)
		if err != nil {
			return err
		}
		defer part.Release()
		return to(part)
	})
}

// groups visits the row groups that hold rows of [from, to), with the rows of the file that they hold.
func (o *listOrder) groups(from, to int64, visit func(group int, first, last int64) error) error {
	first := int64(0)
	for g := range o.file.NumRowGroups() {
		last := first + o.file.RowGroupRows(g)
		if last > from && first < to {
			if err := visit(g, first, last); err != nil {
				return err
			}
		}
		first = last
	}
	return nil
}

func (o *listOrder) read(ctx context.Context, group int) (arrow.Record, error) {
	rec, err := o.file.ReadRowGroup(ctx, memory.DefaultAllocator, group, o.names)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return rec, nil
}

// takeRows copies rows of a record, in the order given; text becomes plain. The caller releases the record.
func takeRows(rec arrow.Record, rows []int) (arrow.Record, error) {
	fields, columns := make([]arrow.Field, rec.NumCols()), make([]arrow.Array, rec.NumCols())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	for i := range columns {
		fields[i] = rec.Schema().Field(i)
		a, err := takeCells(rec.Column(i), rows)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", fields[i].Name, err)
		}
		columns[i], fields[i].Type = a, a.DataType()
	}
	return array.NewRecord(arrow.NewSchema(fields, nil), columns, int64(len(rows))), nil
}

func takeCells(a arrow.Array, rows []int) (arrow.Array, error) {
	mem := memory.DefaultAllocator
	switch a := a.(type) {
	case *array.Int64:
		return takeInto(array.NewInt64Builder(mem), a, rows, a.Value), nil
	case *array.Float64:
		return takeInto(array.NewFloat64Builder(mem), a, rows, a.Value), nil
	case *array.Boolean:
		return takeInto(array.NewBooleanBuilder(mem), a, rows, a.Value), nil
	case *array.Date32:
		return takeInto(array.NewDate32Builder(mem), a, rows, a.Value), nil
	case *array.String:
		return takeInto(array.NewStringBuilder(mem), a, rows, a.Value), nil
	case *array.Dictionary:
		if words, ok := a.Dictionary().(*array.String); ok {
			return takeInto(array.NewStringBuilder(mem), a, rows, func(i int) string { return words.Value(a.GetValueIndex(i)) }), nil
		}
	}
	return nil, fmt.Errorf("type %s is not one that lists have", a.DataType())
}

// appender is a builder of one type.
type appender[T any] interface {
	array.Builder
	Append(v T)
}

func takeInto[T any](b appender[T], a arrow.Array, rows []int, value func(int) T) arrow.Array {
	defer b.Release()
	b.Reserve(len(rows))
	for _, row := range rows {
		if a.IsNull(row) {
			b.AppendNull()
		} else {
			b.Append(value(row))
		}
	}
	return b.NewArray()
}
