package main

import (
	"context"
	"io"
	"iter"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

// sink writes a marketplace through the lake.
type sink struct{ lake *lake.Lake }

func (s sink) WriteParquet(ctx context.Context, key string, schema *arrow.Schema, sorted []string, batches iter.Seq2[arrow.Record, error]) error {
	_, err := s.lake.WriteParquet(ctx, key, schema, lake.WriteOptions{Sorted: sorted}, batches)
	return err
}

func (s sink) WriteFile(ctx context.Context, key string, data []byte) error {
	return s.lake.Put(ctx, key, func(w io.Writer) error { _, err := w.Write(data); return err })
}

// smallDay is a day of so many order lines in memory.
func smallDay(b *testing.B, lines int) (deployment, *lake.Lake) {
	b.Helper()
	l, err := lake.Open(b.Context(), "mem://", lake.Options{})
	if err != nil {
		b.Fatal(err)
	}
	d, err := newDeployment(task{work: b.TempDir(), date: asOf})
	if err != nil {
		b.Fatal(err)
	}
	o := market.DefaultOptions()
	o.Days, o.LinesPerDay, o.AsOf = 1, lines, calendar.Day(d.day)
	o.Merchants, o.Talents, o.Products, o.Buyers = lines/200, lines/100, lines/5, lines/2
	if _, err := market.Generate(b.Context(), o, sink{l}, nil); err != nil {
		b.Fatal(err)
	}
	return d, l
}

// BenchmarkOrderRollups is the job order_rollups on a small day: mapping, rollup engine, sorted records.
func BenchmarkOrderRollups(b *testing.B) {
	const lines = 200_000
	d, l := smallDay(b, lines)
	defer l.Close()
	b.ReportAllocs()
	for b.Loop() {
		rollups := orderRollups()
		done, err := reduceOrders(b.Context(), d, l, rollups)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range rollups {
			if err := done.visit(r, func(arrow.Record) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(lines*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkScanFloor decodes the columns of the order rollups of a small day.
func BenchmarkScanFloor(b *testing.B) {
	const lines = 200_000
	d, l := smallDay(b, lines)
	defer l.Close()
	files, err := openDumps(b.Context(), l, d.dumps("orders"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := decodeAll(b.Context(), files, d.workers); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(lines*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
