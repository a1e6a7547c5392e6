package jobs

import (
	"context"
	"fmt"
	"sync"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/rollup"
)

// dimensions serves the snapshots that classify the rows of one partition. It satisfies
// rollup.Dimensions, which has no errors: the first one is kept and asked for afterwards.
type dimensions struct {
	ctx   context.Context
	night *night
	floor calendar.Day // no snapshot before this day is asked for

	mu  sync.Mutex
	err error
}

var (
	productAttributes  = attributes{rollup.ProductDays(), []string{"category1_id", "brand_id", "units_per_item"}}
	categoryAttributes = attributes{rollup.ProductDays(), []string{"category1_id"}}
	accountAttributes  = attributes{rollup.AccountDays(), []string{"owner_merchant_id", "followers"}}
)

// attributes says which columns of a snapshot rollup are looked up by its key.
type attributes struct {
	rollup *rollup.Rollup
	values []string
}

// key names the lookup table of a snapshot.
func (a attributes) key(p Partition) string { return fmt.Sprint(rollupKey(a.rollup.Name, p), a.values) }

// columns are those of the lookup table: its key, and what is looked up.
func (a attributes) columns() []string { return append([]string{a.rollup.By[0]}, a.values...) }

// Products is the product_days snapshot of the day or the nearest before it.
func (d *dimensions) Products(day calendar.Day) *rollup.Attributes {
	return d.get(productAttributes, day)
}

// Categories are the categories alone of Products, of those asked for and perhaps others.
func (d *dimensions) Categories(day calendar.Day, asked []int64) *rollup.Attributes {
	return d.noted(d.night.snapshotOf(d.ctx, categoryAttributes, max(day, d.floor), asked))
}

// Accounts is the account_days snapshot of the day or the nearest before it.
func (d *dimensions) Accounts(day calendar.Day) *rollup.Attributes {
	return d.get(accountAttributes, day)
}

// failure is the first error that a look-up met.
func (d *dimensions) failure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

func (d *dimensions) get(a attributes, day calendar.Day) *rollup.Attributes {
	return d.noted(d.night.snapshot(d.ctx, a, max(day, d.floor)))
}

// noted keeps the first error.
func (d *dimensions) noted(found *rollup.Attributes, err error) *rollup.Attributes {
	if err != nil {
		d.mu.Lock()
		if d.err == nil {
			d.err = err
		}
		d.mu.Unlock()
	}
	return found
}

// snapshot is the lookup table by which rows of a day are classified, nil if there is none. While one is being loaded,
// the others are there for whoever asks.
func (n *night) snapshot(ctx context.Context, a attributes, day calendar.Day) (*rollup.Attributes, error) {
	p, ok := n.classifier(a.rollup.Source.Name, day)
	if !ok {
		return nil, nil
	}
	key := a.key(p)
	if found := n.runner.lookups.get(key); found != nil {
		return found, nil
	}
	v, err, _ := n.runner.loading.Do(key, func() (any, error) {
		if found := n.runner.lookups.get(key); found != nil {
			return found, nil
		}
		f, err := n.frame(ctx, a.rollup, p, a.columns()...)
		if err != nil {
			return nil, err
		}
		found := lookupTable(f, a)
		n.runner.lookups.put(key, found)
		return found, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*rollup.Attributes), nil
}

func lookupTable(f *column.Frame, a attributes) *rollup.Attributes {
	values := make([][]int64, len(a.values))
	for j, name := range a.values {
		values[j] = f.Column(name)
	}
	return column.NewLookup(f.Column(a.rollup.By[0]), values...)
}

// lookupCache keeps the lookup tables that were made last. It is safe for concurrent use.
type lookupCache struct {
	mu          sync.Mutex
	limit, held int64
	keys        []string // oldest first
	tables      map[string]*rollup.Attributes
}

func newLookupCache(limit int64) *lookupCache {
	return &lookupCache{limit: limit, tables: map[string]*rollup.Attributes{}}
}

func (c *lookupCache) get(key string) *rollup.Attributes {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tables[key]
}

func (c *lookupCache) put(key string, t *rollup.Attributes) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables[key] = t
	c.keys = append(c.keys, key)
	c.held += t.Bytes()
	for c.held > c.limit && len(c.keys) > 1 {
		c.held -= c.tables[c.keys[0]].Bytes()
		delete(c.tables, c.keys[0])
		c.keys = c.keys[1:]
	}
}
