package jobs_test

import (
	"context"
	"io"
	"iter"
	"path/filepath"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

// marketSink writes a market through the lake.
type marketSink struct{ lake *lake.Lake }

func (s marketSink) WriteParquet(ctx context.Context, key string, schema *arrow.Schema, sorted []string, batches iter.Seq2[arrow.Record, error]) error {
	_, err := s.lake.WriteParquet(ctx, key, schema, lake.WriteOptions{Sorted: sorted}, batches)
	return err
}

func (s marketSink) WriteFile(ctx context.Context, key string, data []byte) error {
	return s.lake.Put(ctx, key, func(w io.Writer) error { _, err := w.Write(data); return err })
}

// newDemo delivers a small demo of so many days, the last of them lastDay.
func newDemo(t *testing.T, days int) *deployment { return newDemoUntil(t, days, lastDay) }

func newDemoUntil(t *testing.T, days int, last calendar.Day) *deployment {
	t.Helper()
	return newMarket(t, func(o *market.Options) { o.Days, o.AsOf = days, last })
}

// newMarket delivers a small demo that is otherwise in some way.
func newMarket(t *testing.T, change func(o *market.Options)) *deployment {
	t.Helper()
	d := &deployment{t: t, in: t.TempDir(), out: t.TempDir(), settings: newDeployment(t).settings}
	l, err := lake.Open(t.Context(), d.in, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := market.DefaultOptions()
	o.Days, o.Merchants, o.Talents, o.Products, o.Buyers, o.LinesPerDay, o.AsOf = 7, 20, 60, 200, 500, 150, lastDay
	change(&o)
	if _, err := market.Generate(t.Context(), o, marketSink{l}, nil); err != nil {
		t.Fatal(err)
	}
	return d
}

// rowsIn reads all rows of Parquet files with a second reader.
func rowsIn[T any](t *testing.T, pattern ...string) (rows []T) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(pattern...))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files %s: %v", filepath.Join(pattern...), err)
	}
	for _, f := range files {
		more, err := parquet.ReadFile[T](f)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, more...)
	}
	return rows
}

func published[T any](t *testing.T, d *deployment, o jobs.Outcome, table string) []T {
	t.Helper()
	return rowsIn[T](t, d.out, o.Prefix, table+".parquet")
}

// fivesRow is a row of fives.
type fivesRow struct {
	Merchant      int64    `parquet:"merchant_id"`
	Category      *int64   `parquet:"category1_id"`
	Days          int64    `parquet:"days_present"`
	Paid          int64    `parquet:"gmv_paid_fen"`
	Content       int64    `parquet:"content_gmv_fen"`
	PanShelf      int64    `parquet:"pan_shelf_gmv_fen"`
	Search        int64    `parquet:"search_gmv_fen"`
	Distribution  *int64   `parquet:"distribution_gmv_fen"`
	SelfBroadcast *int64   `parquet:"self_broadcast_gmv_fen"`
	LowPrice      *int64   `parquet:"low_price_gmv_fen"`
	Goods         *float64 `parquet:"goods_score"`
	AlwaysOn      *int64   `parquet:"always_on_products"`
	Viewers       *int64   `parquet:"viewers"`
	LiveDays      *int64   `parquet:"live_days"`
	Promoters     *int64   `parquet:"active_promoters"`
	LiveBuyers    *int64   `parquet:"self_broadcast_buyers"`
	LiveRepeat    *int64   `parquet:"self_broadcast_repeat_buyers"`
	LiveR1        *float64 `parquet:"self_broadcast_r1_ratio"`
	Index         *float64 `parquet:"pan_shelf_index"`
	Next          *string  `parquet:"next"`
}

type shopRow struct {
	Merchant int64    `parquet:"merchant_id"`
	Category *int64   `parquet:"category1_id"`
	Goods    *float64 `parquet:"goods_score"`
}

type splitRow struct {
	Role    string `parquet:"role"`
	Window  int64  `parquet:"window_days"`
	Channel string `parquet:"channel"`
	Scene   string `parquet:"scene"`
	Paid    int64  `parquet:"gmv_paid_fen"`
}

// A month of a demo: product_test as counted in the dumps; of fives one row per row of shop_score, GMV that adds up to gmv_split, and 常挂品 as counted in the dumps.
func TestADemoNightPublishesFivesAndProductTest(t *testing.T) {
	t.Parallel()
	d := newDemo(t, 30)
	o := d.night(lastDay)
	rows, shops := published[fivesRow](t, d, o, "fives"), published[shopRow](t, d, o, "shop_score")
	if len(rows) != len(shops) {
		t.Fatalf("%d rows of fives, %d of shop_score", len(rows), len(shops))
	}
	got, next := map[string]int64{}, map[string]int{}
	for i, r := range rows {
		s := shops[i]
		if diff := gocmp.Diff(shopRow{r.Merchant, r.Category, r.Goods}, s); diff != "" {
			t.Errorf("row %d is of another shop: %s", i, diff)
		}
		if r.Days != 30 || r.Viewers == nil || r.LiveDays == nil || r.Promoters == nil || r.LowPrice == nil || r.AlwaysOn == nil || r.Index == nil || *r.Index <= 0 || *r.Index >= 100 {
			t.Fatalf("shop %d: %+v", r.Merchant, r)
		}
		for name, fen := range map[string]int64{"all": r.Paid, "content": r.Content, "pan_shelf": r.PanShelf, "search": r.Search, "distribution": *r.Distribution, "self_broadcast": *r.SelfBroadcast} {
			got[name] += fen
		}
		if r.Next != nil {
			next[*r.Next]++
		}
	}
	if diff := gocmp.Diff(splitSums(published[splitRow](t, d, o, "gmv_split")), got); diff != "" {
		t.Error("GMV against gmv_split of the platform:", diff)
	}
	if len(next) < 2 {
		t.Errorf("next is always the same: %v", next)
	}
	wantAlwaysOn(t, d, rows)
	wantProductTest(t, d, o, 30)
	again := d.night(lastDay)
	if again.Status != jobs.AlreadyDone {
		t.Errorf("the night again: %s", again.Status)
	}
}

// splitSums are the platform's GMV of 30 days by what fives has.
func splitSums(rows []splitRow) map[string]int64 {
	out := map[string]int64{}
	for _, r := range rows {
		if r.Role != "platform" || r.Window != 30 {
			continue
		}
		out["all"] += r.Paid
		switch r.Scene {
		case "live", "short_video":
			out["content"] += r.Paid
		case "recommend", "mall", "search", "shop":
			out["pan_shelf"] += r.Paid
		}
		if r.Scene == "search" {
			out["search"] += r.Paid
		}
		if r.Channel == "distribution" {
			out["distribution"] += r.Paid
		}
		if r.Channel == "self" && r.Scene == "live" {
			out["self_broadcast"] += r.Paid
		}
	}
	return out
}

type productRow struct {
	Product  int64   `parquet:"product_id"`
	Merchant int64   `parquet:"merchant_id"`
	Hours    float64 `parquet:"purchasable_hours"`
	LiveOnly bool    `parquet:"live_only"`
}

// wantAlwaysOn counts 常挂品 in the dumps, as the definition says.
func wantAlwaysOn(t *testing.T, d *deployment, rows []fivesRow) {
	t.Helper()
	hours, snapshots, newest := map[int64]float64{}, map[int64]int{}, map[int64]productRow{}
	for day := lastDay - 29; day <= lastDay; day++ {
		for _, p := range rowsIn[productRow](t, d.dump("products", day), "*.parquet") {
			snapshots[p.Product]++
			hours[p.Product] += p.Hours
			newest[p.Product] = p
		}
	}
	want, got, total := map[int64]int64{}, map[int64]int64{}, int64(0)
	for product, p := range newest {
		if snapshots[product] >= 27 && hours[product] >= 648 && !p.LiveOnly {
			want[p.Merchant]++
			total++
		}
	}
	for _, r := range rows {
		if *r.AlwaysOn > 0 {
			got[r.Merchant] = *r.AlwaysOn
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" || total == 0 || total == int64(len(newest)) {
		t.Errorf("常挂品 by shop, %d in all of %d products: %s", total, len(newest), diff)
	}
}

// Without the tables that tell them, figures are null: the market of a week has neither contents nor shops, and of too
// few snapshots no 常挂品 are known.
func TestFivesOfFewTables(t *testing.T) {
	d := newDeployment(t)
	o := d.night(lastDay)
	rows := published[fivesRow](t, d, o, "fives")
	if len(rows) != 1 || len(published[shopRow](t, d, o, "shop_score")) != 1 {
		t.Fatalf("%d shops", len(rows))
	}
	distribution, live, none, promoters := int64(marketDays*1_000), int64(marketDays*2_000), int64(0), int64(1)
	alone := 50.0 // in the middle
	want := fivesRow{Merchant: 11, Days: marketDays, Paid: marketDays * 6_000, Content: marketDays * 3_000, PanShelf: marketDays * 3_000,
		Distribution: &distribution, SelfBroadcast: &live, LowPrice: &none, Promoters: &promoters, Index: &alone}
	if diff := gocmp.Diff(want, rows[0]); diff != "" {
		t.Error(diff)
	}
}
