package jobs_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/internal/testkit/scoretwin"
)

type shopWindowRow struct {
	Merchant int64 `parquet:"merchant_id"`
	Window   int64 `parquet:"window_days"`
}

type lowPriceRow struct {
	Merchant int64    `parquet:"merchant_id"`
	Items    int64    `parquet:"comparable_items"`
	Share    *float64 `parquet:"low_price_gmv_share_ratio"`
}

// price_coverage is of the shop's window, as the rest of its score is; the share of 5S is of 30 days.
func TestPriceCoverageIsOfTheShopsWindow(t *testing.T) {
	d := newMarket(t, func(o *market.Options) { o.Days, o.Products, o.Merchants, o.LinesPerDay = 70, 60, 12, 250 })
	o := d.night(lastDay)
	dumps, err := scoretwin.Load(d.in, recount.Date(lastDay.String()))
	if err != nil {
		t.Fatal(err)
	}
	in30 := map[int64]float64{}
	for _, r := range published[lowPriceRow](t, d, o, "fives") {
		if r.Share != nil {
			in30[r.Merchant] = 1 - *r.Share
		}
	}
	got := map[string]coverRow{}
	for _, r := range published[coverRow](t, d, o, "score_indicators") {
		if r.Role == "merchant" && r.Indicator == "price_coverage" {
			got[r.Subject] = r
		}
	}
	want, longer, moved := dumps.Shops(scoretwin.OncePerDay), 0, 0
	for _, shop := range published[shopWindowRow](t, d, o, "shop_score") {
		r, w := got[strconv.FormatInt(shop.Merchant, 10)], want[shop.Merchant].Figures["price_coverage"]
		if r.Numerator == nil || math.Abs(*r.Numerator-w.X) > 1e-9 || *r.Denominator != w.N {
			t.Errorf("shop %d: %+v, recounted %+v", shop.Merchant, r, w)
			continue
		}
		if w.N > 0 && shop.Window > 30 {
			longer++
			if math.Abs(w.X/w.N-in30[shop.Merchant]) > 1e-9 {
				moved++
			}
		}
	}
	if moved == 0 {
		t.Errorf("%d shops with longer windows and comparable items, in none of which 30 days say something else: the market has lost its object", longer)
	}
}
