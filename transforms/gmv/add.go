package gmv

import (
	"cmp"
	"context"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// salesMeasures are the measures of the <role>_sales rollups.
var salesMeasures = [...]string{"order_lines", "order_fen", "raw_lines", "raw_fen", "lines", "quantity", "paid_fen", "orders"}

// Positions in salesMeasures.
const (
	sOrderLines = iota
	sOrderFen
	sRawLines
	sRawFen
	sLines
	sQuantity
	sPaid
	sOrders
)

// sales are the columns of a frame of <role>_sales.
type sales struct {
	channel, scene []int64
	m              [len(salesMeasures)][]int64
}

func newSales(f *column.Frame) *sales {
	s := &sales{channel: f.Column("channel"), scene: f.Column("scene")}
	for j, name := range salesMeasures {
		s.m[j] = f.Column(name)
	}
	return s
}

// none tells that a row holds nothing but test orders.
func (s *sales) none(i int) bool { return s.m[sOrderLines][i] == 0 && s.m[sRawLines][i] == 0 }

// Cells of a subject are channel by scene in the order of the rollups, then the total.
var (
	scenes    = len(contract.Scenes)
	totalCell = len(contract.Channels) * scenes
)

// mostCells bounds the cells of a subject, the total included; cells are kept as bits.
const mostCells = 32

// cellOf is the cell of a row.
func cellOf(channel, scene int64) int {
	if channel == column.Null {
		return totalCell
	}
	return int(channel)*scenes + int(scene)
}

// AddUp adds the sales of several runs up to rows of the same shape: the sums by subject, channel and scene, and over
// both, sorted as they are. Orders are summed too: an order is counted on its pay day. Rows of nothing but test orders
// are left out. A group is there if it is in any of the runs. yield gets frames of about batch rows, which are its own.
func AddUp(ctx context.Context, scope contract.Scope, ids *column.IDs, runs []Run, batch int, yield func(*column.Frame) error) error {
	order := orderOf(scope, ids)
	m, err := newMerge(ctx, scope, order, runs, subjectRange{})
	if err != nil {
		return err
	}
	defer m.close()
	out, b := &added{scope: scope}, newBatch[salesSums](order)
	for {
		more, err := m.next()
		if err != nil || !more {
			return cmp.Or(err, out.flush(yield))
		}
		if err := m.each(func(c *cursor, from, to int) { c.sales.addUp(b, c.subjects, from, to) }); err != nil {
			return err
		}
		err = b.each(out.keep, func(int64) error {
			if out.rows() < batch {
				return nil
			}
			return out.flush(yield)
		})
		if err != nil {
			return err
		}
	}
}

// salesSums are the salesMeasures of a subject and cell.
type salesSums [len(salesMeasures)]int64

// addUp adds rows to the sums of their cells.
func (s *sales) addUp(b *batch[salesSums], subjects []int64, from, to int) {
	for i := from; i < to; {
		subject := subjects[i]
		at := b.of(subject)
		for ; i < to && subjects[i] == subject; i++ {
			if s.none(i) {
				continue
			}
			sums := b.at(at, cellOf(s.channel[i], s.scene[i]))
			for j := range s.m {
				sums[j] += s.m[j][i]
			}
		}
	}
}

// Columns of the frames that AddUp makes: subject, channel, scene, then salesMeasures.
const addedColumns = 3 + len(salesMeasures)

// added are rows of such a frame.
type added struct {
	scope   contract.Scope
	columns [addedColumns][]int64
}

func (a *added) rows() int { return len(a.columns[0]) }

// keep appends the sums of a subject and cell, and leaves them zero.
func (a *added) keep(subject int64, cell int, sums *salesSums) {
	channel, scene := int64(cell/scenes), int64(cell%scenes)
	if cell == totalCell {
		channel, scene = column.Null, column.Null
	}
	c := &a.columns
	c[0], c[1], c[2] = append(c[0], subject), append(c[1], channel), append(c[2], scene)
	for j, v := range sums {
		c[3+j] = append(c[3+j], v)
	}
	*sums = salesSums{}
}

// flush hands the rows over.
func (a *added) flush(yield func(*column.Frame) error) error {
	n := a.rows()
	if n == 0 {
		return nil
	}
	f := column.NewFrame(n)
	for j, name := range append([]string{a.scope.Subject, "channel", "scene"}, salesMeasures[:]...) {
		if name != "" {
			f.Set(name, a.columns[j])
		}
		a.columns[j] = make([]int64, 0, n)
	}
	return yield(f)
}
