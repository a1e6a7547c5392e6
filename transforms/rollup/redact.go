package rollup

import (
	"slices"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// HoldsBuyers tells whether the rollup holds hashes of buyers, as a key or beside it.
func (r *Rollup) HoldsBuyers() bool { return r.byBuyers() || r.besideBuyers() }

func (r *Rollup) byBuyers() bool { return slices.Contains(r.By, "buyer_id") }

func (r *Rollup) besideBuyers() bool {
	return slices.ContainsFunc(r.Measures, func(m Measure) bool { return m.Name == "buyer_id" })
}

// BuyersIn tells whether a rollup of the table holds hashes of buyers.
func BuyersIn(source string) bool {
	return slices.ContainsFunc(From(source), (*Rollup).HoldsBuyers)
}

// Forget takes the buyers of an ascending list out of a batch of source rows, before it is reduced: their purchases become
// contract.Nobody's, their pairs of the experiment go. The rollups are those that a Redaction makes of the rollups of all
// rows. The result may share columns with the batch.
func Forget(source *contract.Table, f *column.Frame, forgotten []int64) *column.Frame {
	if len(forgotten) == 0 || !f.Has("buyer_id") {
		return f
	}
	buyers, found := slices.Clone(f.Column("buyer_id")), false
	for i, b := range buyers {
		if _, forget := slices.BinarySearch(forgotten, b); forget {
			buyers[i], found = contract.Nobody, true
		}
	}
	switch {
	case !found:
		return f
	case source == contract.ChuanliuEligibility:
		return f.Keep(func(i int) bool { return buyers[i] != contract.Nobody })
	}
	return f.With("buyer_id", buyers)
}

// Redaction takes buyers out of one stored rollup and leaves its sums exact: what they bought becomes contract.Nobody's,
// one row for each subject; the buyer of a refund becomes Nobody; a pair of the experiment, which has no sums, goes.
//
// Every batch of the rollup is shown to Look first and given to Rewrite then, in the stored order.
type Redaction struct {
	rollup    *Rollup
	forgotten func(buyer int64) bool
	subjects  []string // key columns beside the buyer
	measures  []string
	sums      *column.Grouper // subject: what was taken out, of each measure
	done      *column.Grouper // subjects whose row was written
	stay      int64           // rows of others
}

// NewRedaction takes out the buyers that forgotten names; Nobody is always one of them.
func NewRedaction(r *Rollup, forgotten func(buyer int64) bool) *Redaction {
	x := &Redaction{rollup: r, forgotten: func(b int64) bool { return b == contract.Nobody || forgotten(b) }}
	for _, k := range r.By {
		if k != "buyer_id" {
			x.subjects = append(x.subjects, k)
		}
	}
	for _, m := range r.Measures {
		x.measures = append(x.measures, m.Name)
	}
	// The grouper wants a key: the platform's is a constant.
	x.sums, x.done = column.NewGrouper(1+len(x.subjects), len(x.measures)), column.NewGrouper(1+len(x.subjects), 0)
	return x
}

// pooled tells whether what is taken out is summed under Nobody. A measure that cannot be added up belongs to the person.
func (x *Redaction) pooled() bool {
	return x.rollup.byBuyers() && !slices.ContainsFunc(x.rollup.Measures, func(m Measure) bool { return m.Op == Only })
}

// Look adds up what is to be taken out of a batch.
func (x *Redaction) Look(f *column.Frame) {
	for _, b := range f.Column("buyer_id") {
		if !x.rollup.byBuyers() || !x.forgotten(b) {
			x.stay++
		}
	}
	if !x.pooled() {
		return
	}
	keys, values := columnsOf(f, x.subjects), columnsOf(f, x.measures)
	key := make([]int64, 1+len(keys))
	for i, b := range f.Column("buyer_id") {
		if !x.forgotten(b) {
			continue
		}
		for j, k := range keys {
			key[1+j] = k[i]
		}
		sums := x.sums.Get(key)
		for j, v := range values {
			sums[j] += v[i]
		}
	}
}

// Left is the number of rows that are left of the batches that were looked at.
func (x *Redaction) Left() int64 { return x.stay + int64(x.sums.Len()) }

// Rewrite is the batch without the buyers. Nobody stands before every other buyer of a subject, as its number is the least.
func (x *Redaction) Rewrite(f *column.Frame) *column.Frame {
	table := x.rollup.Table()
	if !x.rollup.byBuyers() {
		return x.rename(f)
	}
	in, out := make([][]int64, len(table.Columns)), make([][]int64, len(table.Columns))
	for j, c := range table.Columns {
		in[j] = f.Column(c.Name)
	}
	keys, buyer := columnsOf(f, x.subjects), f.Column("buyer_id")
	key := make([]int64, 1+len(keys))
	for i, b := range buyer {
		for j, k := range keys {
			key[1+j] = k[i]
		}
		if sums := x.sums.Find(key...); sums != nil && x.done.Find(key...) == nil {
			x.done.Get(key)
			x.addNobody(table, key[1:], sums, out)
		}
		if x.forgotten(b) {
			continue
		}
		for j := range out {
			out[j] = append(out[j], in[j][i])
		}
	}
	return frameOf(table, out)
}

// addNobody adds the row of what was taken out of a subject.
func (x *Redaction) addNobody(t *contract.Table, key, sums []int64, out [][]int64) {
	for j, c := range t.Columns {
		v := int64(contract.Nobody)
		if at := slices.Index(x.subjects, c.Name); at >= 0 {
			v = key[at]
		} else if at := slices.Index(x.measures, c.Name); at >= 0 {
			v = sums[at]
		}
		out[j] = append(out[j], v)
	}
}

// rename puts Nobody in the place of the buyers; the rows stay.
func (x *Redaction) rename(f *column.Frame) *column.Frame {
	buyers := slices.Clone(f.Column("buyer_id"))
	for i, b := range buyers {
		if x.forgotten(b) {
			buyers[i] = contract.Nobody
		}
	}
	return f.With("buyer_id", buyers)
}

func columnsOf(f *column.Frame, names []string) (out [][]int64) {
	for _, n := range names {
		out = append(out, f.Column(n))
	}
	return out
}

func frameOf(t *contract.Table, columns [][]int64) *column.Frame {
	f := column.NewFrame(len(columns[0]))
	for j, c := range t.Columns {
		f.Set(c.Name, columns[j])
	}
	return f
}
