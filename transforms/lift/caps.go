package lift

import (
	"math"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rules"
	"github.com/windvane/windvane/transforms/stats"
)

// Cap is where outcomes of merchants of a class of size are capped.
type Cap struct {
	Class       int
	Least, Most int64 // pairs of a merchant of the class; column.Null: not known, or no end
	OutcomeDays int64 // over which the outcomes were; column.Null: not known
	Pairs       int64 // with a purchase, both arms
	Fen         int64
}

// unmeasured is the cap of a class by these rules, without its value.
func unmeasured(class int, r *rules.Lift) Cap {
	c, sizes := Cap{Class: class, Most: column.Null, OutcomeDays: int64(r.OutcomeDays)}, r.Shrinkage.SizeClasses
	if class > 0 {
		c.Least = sizes[class-1]
	}
	if class < len(sizes) {
		c.Most = sizes[class] - 1
	}
	return c
}

// CapsHold tells whether caps are of the classes of size and the outcome days of these rules. The number of a class says nothing by itself:
// where its bounds have moved, other merchants are of it.
func CapsHold(caps []Cap, r *rules.Lift) bool {
	return !slices.ContainsFunc(caps, func(c Cap) bool {
		if c.Class > len(r.Shrinkage.SizeClasses) {
			return true
		}
		own := unmeasured(c.Class, r)
		return c.Least != own.Least || c.Most != own.Most || c.OutcomeDays != own.OutcomeDays
	})
}

// Caps measures tonight's caps: in each class of size the rules' quantile of the outcomes of pairs that bought, both arms
// together, so that the choice cannot see an effect. They are for later nights; only the first night uses its own.
func Caps(f *Figures, o *Options) []Cap {
	whole := longest(f.Periods)
	if whole < 0 {
		return nil
	}
	pooled := make([]stats.Histogram, len(o.Rules.Shrinkage.SizeClasses)+1)
	for i := range f.Merchants {
		c := &f.Merchants[i].Cells[whole]
		for a := range c.Arms {
			pooled[SizeClass(o.Rules, c.pairs())].Merge(&c.Arms[a].Histogram)
		}
	}
	var caps []Cap
	for class := range pooled {
		h := &pooled[class]
		bought := h.Above(1)
		if bought == 0 {
			continue
		}
		// The quantile of those that bought, as one of all.
		q := 1 - (1-o.Rules.WinsorQuantile)*float64(bought)/float64(h.N())
		if fen := h.Quantile(q); fen > 0 {
			c := unmeasured(class, o.Rules)
			c.Pairs, c.Fen = bought, fen
			caps = append(caps, c)
		}
	}
	return caps
}

// ReadCaps are the caps of a month out of chuanliu_caps, or, where the night that would have measured them was not
// run, those of the newest month before it: tonight's outcomes must not choose them. nil: there are none, or no table.
func ReadCaps(f *column.Frame, month calendar.Day) []Cap {
	if f == nil {
		return nil
	}
	months, classes, pairs, fen := f.Column("month"), f.Column("size_class"), f.Column("pairs"), f.Column("cap_fen")
	least, most, days := f.Column("least_pairs"), f.Column("most_pairs"), f.Column("outcome_days")
	newest := int64(math.MinInt64)
	for _, m := range months[:f.N] {
		if calendar.Day(m) <= month {
			newest = max(newest, m)
		}
	}
	var caps []Cap
	for i := range f.N {
		if months[i] == newest {
			caps = append(caps, Cap{int(classes[i]), least[i], most[i], days[i], pairs[i], fen[i]})
		}
	}
	return caps
}

// ByClass are caps by class of size, as Options take them.
func ByClass(caps []Cap) []int64 {
	var out []int64
	for _, c := range caps {
		for len(out) <= c.Class {
			out = append(out, 0)
		}
		out[c.Class] = c.Fen
	}
	return out
}
