package rollup_test

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/rollup"
)

// spillFile keeps scratch data in memory.
type spillFile struct {
	mu   sync.Mutex
	data []byte
}

func (f *spillFile) Create() (column.SpillFile, error) { return &spillFile{}, nil }
func (f *spillFile) Close() error                      { return nil }

func (f *spillFile) WriteAt(p []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if grow := int(at) + len(p) - len(f.data); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	return copy(f.data[at:], p), nil
}

func (f *spillFile) ReadAt(p []byte, at int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return copy(p, f.data[at:]), nil
}

func TestRollupsOfManyRowsDoNotDependOnHowTheyAreMade(t *testing.T) {
	// Of most events only a part falls on the day.
	for source, n := range map[*contract.Table]int{contract.Orders: 5000, contract.Refunds: 40_000, contract.Shipments: 40_000} {
		t.Run(source.Name, func(t *testing.T) {
			d := fromSeed(7)
			w := d.world()
			for len(w.products) == 0 || len(w.accounts) == 0 {
				w = d.world()
			}
			rows := d.rows(source, w, n)
			var first map[string][][]int64
			for _, h := range []how{
				{workers: 1, expected: 1, batch: n}, {workers: 3, expected: 300_000, batch: 777}, {workers: 2, expected: 1 << 20, batch: 1024},
			} {
				for _, limit := range []int64{0, 1} {
					budget := column.NewBudget(limit)
					h.memory = column.Memory{Budget: budget, Spill: &spillFile{}}
					got := run(t, source, rows, w, h)
					if first == nil {
						agree(t, source, rows, w, got)
						first = got
					}
					if !reflect.DeepEqual(first, got) {
						t.Errorf("%d workers, %d rows expected, limit %d: another result", h.workers, h.expected, limit)
					}
					// In many partitions no block may fill, and only full ones are spilled.
					if mustSpill := limit > 0 && h.expected == 1; mustSpill && budget.Spilled() == 0 || budget.Used() != 0 {
						t.Errorf("limit %d: %d bytes spilled, %d are held", limit, budget.Spilled(), budget.Used())
					}
				}
			}
		})
	}
}

// Orders of hundreds of lines are counted another way than orders of a few.
func TestOrdersOfManyLines(t *testing.T) {
	d := fromSeed(11)
	w := d.world()
	for len(w.products) == 0 || len(w.accounts) == 0 {
		w = d.world()
	}
	rows := append(d.orders(w, 700, 3), d.orders(w, 50, 1)...)
	for i, r := range rows {
		r["order_line_id"] = int64(i)
	}
	for _, expected := range []int64{1, 300_000} {
		h := how{workers: 2, expected: expected, batch: 100, memory: column.Memory{Budget: column.NewBudget(0)}}
		agree(t, contract.Orders, rows, w, run(t, contract.Orders, rows, w, h))
	}
}

// The close format of rows is chosen by the first that come; what comes later may be anything.
func TestRowsUnlikeTheFirst(t *testing.T) {
	d := fromSeed(5)
	w := d.world()
	for len(w.products) == 0 || len(w.accounts) == 0 {
		w = d.world()
	}
	rows := d.orders(w, 400, 150)
	for i, r := range rows[100:] {
		switch i % 4 {
		case 0:
			r["quantity"] += 1 << 40
		case 1:
			r["buyer_id"] = -r["buyer_id"] - 1<<62
			r["order_id"] += 1 << 50
		case 2:
			r["buyer_paid_fen"] += 1 << 45
		}
	}
	var first map[string][][]int64
	for _, h := range []how{{workers: 1, expected: 1, batch: 10}, {workers: 3, expected: 300_000, batch: 50}, {workers: 1, expected: 1, batch: 400}} {
		h.memory = column.Memory{Budget: column.NewBudget(0)}
		got := run(t, contract.Orders, rows, w, h)
		agree(t, contract.Orders, rows, w, got)
		if first == nil {
			first = got
		}
		if !reflect.DeepEqual(first, got) {
			t.Errorf("%d workers, batches of %d: another result", h.workers, h.batch)
		}
	}
}

// fullDisk fails every write and counts them.
type fullDisk struct {
	spillFile
	writes *int
}

func (d *fullDisk) Create() (column.SpillFile, error) { return d, nil }

func (d *fullDisk) WriteAt([]byte, int64) (int, error) {
	*d.writes++
	return 0, errors.New("disk full")
}

// A disk that is full ends a reduction soon, instead of all of a day being kept in memory first.
func TestAFullDiskEndsTheReductionAtOnce(t *testing.T) {
	d := fromSeed(3)
	w := d.world()
	rows := d.orders(w, 2000, 900)
	writes := 0
	budget := column.NewBudget(1)
	red := rollup.New(contract.Orders, rollup.From("orders"), rollup.Env{Day: today, Zone: zone(), IDs: w.ids, Dimensions: w,
		Memory: column.Memory{Budget: budget, Spill: &fullDisk{writes: &writes}}, Workers: 1})
	worker := red.Worker()
	var err error
	batches := 0
	for batches = 0; err == nil && batches < 50; batches++ {
		err = worker.Add(frame(rows, red.Columns()))
	}
	if err == nil || !strings.Contains(err.Error(), "disk full") || batches > 3 || writes > 10 {
		t.Errorf("after %d batches and %d writes: %v", batches, writes, err)
	}
	if err := red.Close(); err != nil {
		t.Fatal(err)
	}
}
