package jobs_test

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/windvane/windvane/config"
	"github.com/windvane/windvane/internal/market"
	"github.com/windvane/windvane/internal/testkit/recount"
	"github.com/windvane/windvane/internal/testkit/scoretwin"
	"github.com/windvane/windvane/transforms/rules"
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

type talentWindowRow struct {
	Talent int64 `parquet:"talent_id"`
	Window int64 `parquet:"window_days"`
	Orders int64 `parquet:"orders"`
}

type productTotalRow struct {
	Product int64    `parquet:"product_id"`
	Score   *float64 `parquet:"score"`
}

type shopTotalRow struct {
	Merchant int64    `parquet:"merchant_id"`
	Score    *float64 `parquet:"score"`
}

// What a talent sold is seen through prices and scores in the talent's window, as all else of its score is.
func TestWhatATalentSoldIsOfTheTalentsWindow(t *testing.T) {
	t.Parallel()
	d := newMarket(t, func(o *market.Options) { o.Days, o.Talents, o.Products, o.LinesPerDay = 106, 30, 60, 90 })
	dumps, err := scoretwin.Load(d.in, recount.Date(lastDay.String()))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ windows, others []int64 }{{[]int64{60}, []int64{75}}, {[]int64{30, 90}, []int64{90}}, {[]int64{105}, []int64{90}}} {
		t.Run(fmt.Sprint(c.windows), func(t *testing.T) {
			r := config.DefaultRules()[0]
			r.Version, r.Talent.Windows = fmt.Sprint("windows", c.windows), nil
			for _, w := range c.windows {
				r.Talent.Windows = append(r.Talent.Windows, int(w))
			}
			d.settings.Rules = rules.Set{r}
			o := d.night(lastDay)
			given := scoretwin.Given{Product: map[int64]float64{}, Shop: map[int64]float64{}, Windows: c.windows}
			for _, r := range published[productTotalRow](t, d, o, "product_score") {
				if r.Score != nil {
					given.Product[r.Product] = *r.Score
				}
			}
			for _, r := range published[shopTotalRow](t, d, o, "shop_score") {
				if r.Score != nil {
					given.Shop[r.Merchant] = *r.Score
				}
			}
			got := map[string]coverRow{}
			for _, r := range published[coverRow](t, d, o, "score_indicators") {
				if r.Role == "talent" {
					got[r.Subject+" "+r.Indicator] = r
				}
			}
			want, moved := dumps.Talents(scoretwin.OncePerDay, given), map[string]int{}
			given.Windows = c.others
			others := dumps.Talents(scoretwin.OncePerDay, given)
			for _, r := range published[talentWindowRow](t, d, o, "talent_score") {
				w := want[r.Talent]
				if w.Window != r.Window || w.Orders != r.Orders {
					t.Fatalf("%+v, recounted %d orders of %d days", r, w.Orders, w.Window)
				}
				for _, id := range []string{"price_coverage", "product_score", "shop_score"} {
					g, f, other := got[fmt.Sprint(r.Talent, " ", id)], w.Figures[id], others[r.Talent].Figures[id]
					if r.Orders == 0 {
						continue
					}
					if g.Numerator == nil || math.Abs(*g.Numerator-f.X) > 1e-9 || *g.Denominator != f.N {
						t.Errorf("talent %d, %s of %d days: %+v, recounted %v", r.Talent, id, r.Window, g, f)
					}
					if math.Abs(f.X-other.X) > 1e-9 || f.N != other.N {
						moved[id]++
					}
				}
			}
			if len(moved) < 3 {
				t.Errorf("talents whose figures of %v days are others: %v: the market has lost its object", c.others, moved)
			}
		})
	}
}
