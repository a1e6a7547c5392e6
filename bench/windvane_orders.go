package main

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"golang.org/x/sync/errgroup"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
)

// This file is all that knows how rows get into the rollup engine; jobs/reduce.go does the same for a night.

// orderRollups are the four rollups of the job, declared as the product declares its own.
func orderRollups() []*rollup.Rollup {
	measures := []rollup.Measure{
		{Name: "orders", Op: rollup.Distinct, Of: "order_id"},
		{Name: "lines", Op: rollup.Count},
		{Name: "paid_fen", Op: rollup.Sum, Of: "amount_fen"},
	}
	byBuyer := func(name, where string, by ...string) *rollup.Rollup {
		return &rollup.Rollup{Name: name, Doc: "purchases of each buyer", Source: contract.Orders,
			PartitionBy: []string{buyerColumn}, Where: where, By: by, Measures: measures}
	}
	return []*rollup.Rollup{
		{Name: "bench_cube", Doc: "sales at the finest grain", Source: contract.Orders,
			PartitionBy: []string{"merchant_id", "product_id"}, Where: "is_gmv",
			By: []string{"merchant_id", "product_id", "promoter_id", "scene"},
			Measures: []rollup.Measure{
				{Name: "lines", Op: rollup.Count},
				{Name: "quantity", Op: rollup.Sum, Of: "quantity"},
				{Name: "buyer_paid_fen", Op: rollup.Sum, Of: "buyer_paid_fen"},
				{Name: "platform_subsidy_fen", Op: rollup.Sum, Of: "platform_subsidy_fen"},
			}},
		byBuyer("merchant_buyers", "is_gmv", "merchant_id", buyerColumn),
		byBuyer("promoter_buyers", "is_gmv_has_promoter", "promoter_id", buyerColumn),
		byBuyer("buyers", "is_gmv", buyerColumn),
	}
}

// specsOf are the comparisons of rollups.
func specsOf(rollups []*rollup.Rollup) []tableSpec {
	var specs []tableSpec
	for _, r := range rollups {
		s := tableSpec{Name: r.Name, Keys: r.By, Measures: []string{}}
		for _, m := range r.Measures {
			s.Measures = append(s.Measures, m.Name)
		}
		specs = append(specs, s)
	}
	return specs
}

// orderReduction reads the orders of a day through the mapping into the rollup engine.
type orderReduction struct {
	files   []*orderFile
	engine  *rollup.Reduction
	ids     *column.IDs
	buffers *column.Buffers
	workers int
}

type orderFile struct {
	*lake.File
	bound *mapping.Bound
}

// rowGroup is one unit of reading.
type rowGroup struct {
	file  *orderFile
	group int
	first int64
}

// finished is a reduction that is done; visit hands out its rollups.
type finished struct {
	engine *rollup.Reduction
	ids    *column.IDs
}

// reduceOrders runs the rollups over the dumps of a day.
func reduceOrders(ctx context.Context, d deployment, l *lake.Lake, rollups []*rollup.Rollup) (*finished, error) {
	mapper, err := mapping.New(contract.Orders, mapping.Table{}, mapping.Env{Zone: d.zone, BuyerKey: d.buyerKey})
	if err != nil {
		return nil, err
	}
	env := rollup.Env{Day: d.day, Zone: d.zone, IDs: column.NewIDs(nil), MaxUnitsPerLine: d.settings.MaxUnitsPerLine,
		ScoreMinFen: d.settings.ScoreMinFen, Memory: d.memory(), Workers: d.workers}
	r := &orderReduction{ids: env.IDs, buffers: column.NewBuffers(128 << 20), workers: d.workers}
	r.buffers.Uncleared = true
	columns := rollup.New(contract.Orders, rollups, env).Columns()
	if env.ExpectedRows, err = r.open(ctx, d, l, mapper, columns); err != nil {
		return nil, err
	}
	defer r.close()
	r.engine = rollup.New(contract.Orders, rollups, env)
	if err := r.read(ctx, d); err != nil {
		return nil, err
	}
	return &finished{r.engine, r.ids}, r.engine.Finish(ctx)
}

func (r *orderReduction) open(ctx context.Context, d deployment, l *lake.Lake, m *mapping.Mapper, columns []string) (rows int64, err error) {
	files, err := openDumps(ctx, l, d.dumps("orders"))
	for _, f := range files {
		bound, err := m.Bind(columns, sourceFields(f))
		if err != nil {
			return 0, err
		}
		r.files = append(r.files, &orderFile{f, bound})
		rows += f.NumRows()
	}
	return rows, err
}

func (r *orderReduction) close() {
	for _, f := range r.files {
		_ = f.Close() // read-only: nothing is lost
	}
}

func (r *orderReduction) read(ctx context.Context, d deployment) error {
	groups := make(chan rowGroup)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(groups)
		return r.deal(ctx, groups)
	})
	for range r.workers {
		g.Go(func() error {
			w, frame := r.engine.Worker(), column.NewFrame(0)
			for next := range groups {
				if err := r.add(ctx, d, w, frame, next); err != nil {
					return err
				}
			}
			return w.Flush()
		})
	}
	return g.Wait()
}

func (r *orderReduction) deal(ctx context.Context, groups chan<- rowGroup) error {
	for _, f := range r.files {
		var first int64
		for g := range f.NumRowGroups() {
			select {
			case groups <- rowGroup{f, g, first}:
			case <-ctx.Done():
				return ctx.Err()
			}
			first += f.RowGroupRows(g)
		}
	}
	return nil
}

func (r *orderReduction) add(ctx context.Context, d deployment, w *rollup.Worker, frame *column.Frame, next rowGroup) error {
	mem := r.buffers
	raw, err := next.file.ReadRowGroup(ctx, mem, next.group, next.file.bound.Sources())
	if err != nil {
		return err
	}
	defer raw.Release()
	mapped, err := next.file.bound.Map(mem, raw, mapping.Rows{File: next.file.Object().Key, Day: d.day, First: next.first})
	if err != nil {
		return err
	}
	defer mapped.Record.Release()
	if n := mapped.Rejected(); n > 0 {
		return fmt.Errorf("%s: %d rows rejected", next.file.Object().Key, n)
	}
	if err := r.ids.Refill(frame, contract.Orders, mapped.Record); err != nil {
		return err
	}
	return w.Add(frame)
}

// visit hands out the records of one rollup.
func (f *finished) visit(r *rollup.Rollup, visit func(arrow.Record) error) error {
	for rec, err := range f.engine.Records(r, memory.DefaultAllocator) {
		if err != nil {
			return err
		}
		err = visit(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return nil
}

// write stores one rollup as the night does.
func (f *finished) write(ctx context.Context, out *lake.Lake, r *rollup.Rollup) (rows int64, err error) {
	written, err := out.WriteParquet(ctx, r.Name+".parquet", r.Table().Schema(f.ids.Types),
		lake.WriteOptions{Sorted: r.By}, f.engine.Records(r, memory.DefaultAllocator))
	return written.Rows, err
}
