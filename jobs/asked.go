package jobs

import (
	"context"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rollup"
)

// snapshotOf is snapshot for one who asks for few rows. Where no later night will ask again, or lookup tables of all days
// that refunds look back to would not fit into the memory kept for them, the rows asked for are picked while the snapshot is
// decoded, and no table is made of the others.
func (n *night) snapshotOf(ctx context.Context, a attributes, day calendar.Day, asked []int64) (found *rollup.Attributes, err error) {
	p, ok := n.classifier(a.rollup.Source.Name, day)
	if !ok {
		return nil, nil
	}
	if p, err = n.recorded(ctx, a.rollup.Source.Name, p); err != nil {
		return nil, err
	}
	rows, _ := p.rows(a.rollup)
	if rows <= 0 || !n.runner.OneNight && rows*int64(8*len(a.columns())) <= n.runner.lookups.limit/JoinDays {
		return n.snapshot(ctx, a, day)
	}
	if found := n.runner.lookups.get(a.key(p)); found != nil {
		return found, nil
	}
	err = repaired(ctx, func() (err error) {
		found, err = n.pick(ctx, a, p, asked)
		return lostFile(err, rollupKey(a.rollup.Name, p), func(ctx context.Context) error {
			_, err := n.reduceOnce(ctx, a.rollup.Source.Name, p, n.runner.Settings.workers())
			return err
		})
	})
	return found, err
}

// pick reads the rows of a snapshot that are asked for.
func (n *night) pick(ctx context.Context, a attributes, p Partition, asked []int64) (*rollup.Attributes, error) {
	file, err := n.runner.state.open(ctx, rollupKey(a.rollup.Name, p))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	k := newPicked(asked, len(a.values))
	t, ids := a.rollup.Table(), n.runner.ids
	for f, err := range passingGroups(ctx, file, t, ids, a.columns()...) {
		if err != nil {
			return nil, err
		}
		k.take(f, a)
	}
	return column.NewLookup(k.keys, k.values...), nil
}

// picked are the rows of those keys that are asked for.
type picked struct {
	asked  []int64 // ascending, distinct
	among  *column.Lookup
	keys   []int64 // found
	values [][]int64
}

func newPicked(asked []int64, values int) *picked {
	asked = slices.Clone(asked)
	slices.Sort(asked)
	asked = slices.Compact(asked)
	return &picked{asked: asked, among: column.NewLookup(asked), values: make([][]int64, values)}
}

// take takes what is asked for of some rows, whose keys are in no other rows.
func (k *picked) take(f *column.Frame, a attributes) {
	keys := f.Column(a.rollup.By[0])
	values := make([][]int64, len(a.values))
	for j, name := range a.values {
		values[j] = f.Column(name)
	}
	add := func(row int) {
		k.keys = append(k.keys, keys[row])
		for j := range values {
			k.values[j] = append(k.values[j], values[j][row])
		}
	}
	if !slices.IsSorted(keys) { // codes of texts
		for row, key := range keys {
			if k.among.Row(key) >= 0 {
				add(row)
			}
		}
		return
	}
	row := 0
	for at, _ := slices.BinarySearch(k.asked, keys[0]); at < len(k.asked) && row < len(keys); at++ {
		next, found := slices.BinarySearch(keys[row:], k.asked[at])
		if row += next; found {
			add(row)
		}
	}
}
