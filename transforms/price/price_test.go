package price_test

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/price"
	"github.com/windvane/windvane/transforms/rules"
)

// theRules are those of definitions.md section 8.
var theRules = rules.Price{WindowDays: 7, MinimumShops: 3, MinimumOrders: 30, Stars: [4]float64{0.90, 0.97, 1.01, 1.10}, BaitRatio: 0.5, SpreadRatio: 5}

// sold is one row of unit_prices; products are numbered shop*10 + something, styles are product % 10.
type sold struct{ product, price, orders int64 }

func days(rows []sold) column.Days {
	return func(yield func(column.Dated, error) bool) {
		for _, half := range [][]sold{rows[:len(rows)/2], rows[len(rows)/2:]} {
			f := column.NewFrame(len(half))
			cols := [3][]int64{}
			for _, r := range half {
				cols[0], cols[1], cols[2] = append(cols[0], r.product), append(cols[1], r.price), append(cols[2], r.orders)
			}
			f.Set("product_id", cols[0])
			f.Set("unit_price_fen", cols[1])
			f.Set("orders", cols[2])
			if !yield(column.Dated{Frame: f}, nil) {
				return
			}
		}
	}
}

// belongs says that product 12 is sold by shop 1 and of style 2; style 0 is none, and nobody knows shop 9.
func belongs(product int64) (merchant, style int64) {
	if style = product % 10; style == 0 {
		style = column.Null
	}
	if merchant = product / 10; merchant == 9 {
		merchant = column.Null
	}
	return merchant, style
}

func compare(t interface{ Fatal(...any) }, rows []sold, workers int) map[int64]price.Power {
	powers, err := price.Compare(price.Input{Rules: theRules, Days: days(rows), Product: belongs, Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	out := map[int64]price.Power{}
	for i := range powers.Len() {
		p := powers.At(i)
		if out[p.Product] = p; i > 0 && p.Product <= powers.Products[i-1] {
			t.Fatal("products are not in order, each once")
		}
	}
	return out
}

func TestStarsFollowTheRatio(t *testing.T) {
	for ratio, want := range map[float64]int{0.5: 5, 0.90: 5, 0.9001: 4, 0.97: 4, 0.98: 3, 1.01: 3, 1.02: 2, 1.10: 2, 1.11: 1, 9: 1} {
		if got := price.Stars(theRules, ratio); got != want {
			t.Errorf("ratio %v: %d stars, want %d", ratio, got, want)
		}
	}
}

func TestPriceIsComparedWithTheOtherShopsOfTheStyle(t *testing.T) {
	others := []sold{{21, 1000, 10}, {31, 1000, 10}, {41, 1200, 10}}
	for _, c := range []struct {
		name   string
		rows   []sold
		status int
		stars  int
		bench  int64
	}{
		{"a tenth below the benchmark has 5 stars", append([]sold{{11, 900, 5}}, others...), price.Comparable, 5, 1000},
		{"its own orders never move the benchmark", append([]sold{{11, 1000, 1000}, {11, 900, 1}}, others...), price.Comparable, 3, 1000},
		{"the price is the lower median over its orders", append([]sold{{11, 900, 5}, {11, 1100, 5}}, others...), price.Comparable, 5, 1000},
		{"less than half of the benchmark is bait", append([]sold{{11, 499, 5}}, others...), price.Bait, 0, 1000},
		{"prices more than five times apart are no price", append([]sold{{11, 201, 5}, {11, 1006, 5}}, others...), price.Spread, 0, 1000},
		{"two other shops are too few", append([]sold{{11, 900, 5}}, others[:2]...), price.FewShops, 0, column.Null},
		{"29 orders of others are too few", append([]sold{{11, 900, 5}}, sold{21, 1000, 10}, sold{31, 1000, 10}, sold{41, 1200, 9}), price.FewOrders, 0, column.Null},
		{"another product of its own shop is not another shop", append([]sold{{11, 900, 5}, {12, 900, 5}}, others[:2]...), price.FewShops, 0, column.Null},
		{"without a style nothing can be compared", []sold{{10, 900, 5}}, price.NoStyle, 0, column.Null},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := c.rows
			product := rows[0].product
			got := compare(t, rows, 1)[product]
			if got.Status != c.status || got.Stars != c.stars || got.Benchmark != c.bench {
				t.Errorf("status %d, %d stars, benchmark %d; want %d, %d, %d", got.Status, got.Stars, got.Benchmark, c.status, c.stars, c.bench)
			}
		})
	}
}

// naive is section 8 said order by order.
func naive(rows []sold) map[int64]price.Power {
	median := func(prices []int64) int64 {
		slices.Sort(prices)
		return prices[(len(prices)-1)/2]
	}
	out := map[int64]price.Power{}
	for _, r := range rows {
		merchant, style := belongs(r.product)
		p := price.Power{Product: r.product, Merchant: merchant, Style: style, Benchmark: column.Null, Status: price.NoStyle}
		var own, others []int64
		shops := map[int64]bool{}
		for _, o := range rows {
			m, s := belongs(o.product)
			for range o.orders {
				if o.product == r.product {
					own = append(own, o.price)
				}
				if s == style && m != merchant && s != column.Null && m != column.Null {
					others = append(others, o.price)
					shops[m] = true
				}
			}
		}
		p.Price, p.Orders = median(own), int64(len(own))
		if style != column.Null {
			p.Shops, p.OtherOrders = int64(len(shops)), int64(len(others))
			spread := float64(slices.Max(own)) > 5*float64(slices.Min(own))
			switch {
			case merchant == column.Null:
			case len(shops) < 3:
				p.Status = price.FewShops
			case len(others) < 30:
				p.Status = price.FewOrders
			default:
				p.Benchmark = median(others)
				p.Ratio = float64(p.Price) / float64(p.Benchmark)
				switch {
				case spread:
					p.Status = price.Spread
				case p.Ratio < 0.5:
					p.Status = price.Bait
				default:
					p.Status, p.Stars = price.Comparable, price.Stars(theRules, p.Ratio)
				}
			}
		}
		out[r.product] = p
	}
	return out
}

func TestCompareAgreesWithANaiveTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sold {
			return sold{rapid.Int64Range(10, 99).Draw(t, "product"), rapid.Int64Range(100, 900).Draw(t, "price"), rapid.Int64Range(1, 20).Draw(t, "orders")}
		}), 1, 60).Draw(t, "rows")
		for i := range rows {
			rows[i].product = rows[i].product/10*10 + rows[i].product%10%3 // few styles, so that shops meet
		}
		want := naive(rows)
		for _, workers := range []int{1, 2, 5} { // each has a range of products, and other styles
			if diff := gocmp.Diff(want, compare(t, rows, workers)); diff != "" {
				t.Fatalf("%d workers: %s", workers, diff)
			}
		}
	})
}
