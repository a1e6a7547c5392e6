package indicators

import (
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// orderSums are valid orders by length of window and subject.
type orderSums struct {
	orders, lagged    [][]int64 // [window][subject]; lagged counts with recency weights
	weighted, counted [][]int64 // orders with recency weights, and lagged without; nil where days do not weigh
	weightedPaid      [][]int64 // fen with recency weights, nil likewise
	lengths           []int     // the windows, and those of Input.PaidOver that are none of them
	paid              [][]int64 // [length][subject]
	recent            []int64
	cuts              []*orderCut
}

// orders adds up the valid orders of every window, so that the subjects' windows can be chosen.
func (c *collector) orders() (*orderSums, error) {
	windows := c.in.Score.Windows
	o := &orderSums{lengths: slices.Clone(windows), recent: make([]int64, len(c.in.Subjects)), cuts: c.newCuts()}
	for _, length := range c.in.PaidOver {
		if !slices.Contains(o.lengths, length) {
			o.lengths = append(o.lengths, length)
		}
	}
	for range o.lengths {
		o.paid = append(o.paid, make([]int64, len(c.in.Subjects)))
	}
	all := []*[][]int64{&o.orders, &o.lagged}
	if c.in.Score.Weighted {
		all = append(all, &o.weighted, &o.counted, &o.weightedPaid)
	}
	for _, sums := range all {
		for range windows {
			*sums = append(*sums, make([]int64, len(c.in.Subjects)))
		}
	}
	err := c.each(c.in.Orders.Days, c.in.Orders.Subject, func(day calendar.Day, f *column.Frame, rows known) {
		age, orders, paid := int(c.in.AsOf-day), f.Column("orders"), f.Column("paid_fen")
		for l, length := range o.lengths {
			if age >= 0 && age < length {
				rows.addTo(o.paid[l], 1, paid)
			}
		}
		if age >= 0 && age < RecentDays {
			rows.addTo(o.recent, 1, orders)
		}
		if age >= 0 && age < len(c.weights) {
			o.add(windows, age, c.lag, c.weights[age], rows, orders, paid)
			for _, k := range o.cuts {
				k.add(&c.cover, windows, day, c.weights[age], rows, orders, paid)
			}
		}
	})
	return o, err
}

// add counts the orders of one day in every window that holds it.
func (o *orderSums) add(windows []int, age, lag int, weight int64, rows known, orders, paid []int64) {
	for w, length := range windows {
		if age < length {
			rows.addTo(o.orders[w], 1, orders)
			if o.weighted != nil {
				rows.addTo(o.weighted[w], weight, orders)
				rows.addTo(o.weightedPaid[w], weight, paid)
			}
		}
		if age >= lag && age < lag+length {
			rows.addTo(o.lagged[w], weight, orders)
			if o.counted != nil {
				rows.addTo(o.counted[w], 1, orders)
			}
		}
	}
}

// signed counts the signed orders of the first window, nil if the rules do not ask for them or nothing tells.
func (c *collector) signed() ([]int64, error) {
	if c.in.Score.FullBy != "signed" || c.in.Signed == nil {
		return nil, nil
	}
	out := make([]int64, len(c.in.Subjects))
	return out, c.each(c.in.Signed, c.in.Orders.Subject, func(day calendar.Day, f *column.Frame, rows known) {
		if age := c.in.AsOf - day; age >= 0 && age < calendar.Day(c.in.Score.Windows[0]) {
			rows.addTo(out, 1, f.Column("signed"))
		}
	})
}

// choose picks each subject's window: the first, if it is full, with the orders that a score needs, else the first of the
// others with them, else the last. The windows are given as they stand in s, too.
func (o *orderSums) choose(in Input, signed []int64, s *Sums) (window []int32) {
	chosen := make([]uint16, len(in.Subjects)) // rules allow as many windows as a year has days
	for row := range chosen {
		full := o.orders[0][row]
		if signed != nil {
			full = signed[row]
		}
		w, last := 0, len(in.Score.Windows)-1
		if full < in.Score.FullOrders {
			w = min(1, last)
		}
		for w < last && o.orders[w][row] < in.Rules.MinimumOrders {
			w++
		}
		chosen[row] = uint16(w)
	}
	scratch := make([]int64, len(chosen))
	pick := func(sums [][]int64) *column.Ints {
		for row, w := range chosen {
			scratch[row] = sums[w][row]
		}
		return column.NewInts(scratch)
	}
	window = make([]int32, len(chosen))
	for row, w := range chosen {
		window[row] = int32(in.Score.Windows[w])
	}
	s.Window = column.NewInts(window)
	s.Orders, s.Recent, s.Paid, s.PaidIn = pick(o.orders), column.NewInts(o.recent), pick(o.paid), map[int]*column.Ints{}
	for _, length := range in.PaidOver {
		s.PaidIn[length] = column.NewInts(o.paid[slices.Index(o.lengths, length)])
	}
	for _, k := range o.cuts {
		s.sums[k.name] = pick(k.sums)
		if k.counts != nil {
			s.counts[k.name] = pick(k.counts)
		}
	}
	s.sums[Lagged], s.sums[Valid], s.sums[Paid] = pick(o.lagged), s.Orders, s.Paid
	if o.weighted != nil {
		s.sums[Valid], s.sums[Paid], s.counts[Lagged] = pick(o.weighted), pick(o.weightedPaid), pick(o.counted)
	}
	return window
}
