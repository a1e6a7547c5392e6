package indicators

import (
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// Sold is what talents or shops sold, seen through prices and scores. All amounts are 支付 GMV of valid orders, in fen.
type Sold struct {
	Items      []int64 // distinct comparable products
	Comparable []int64 // fen of comparable products
	Covered    []int64 // fen, of that, of products with the stars that count
	scored     [2]weighted
}

// weighted is a GMV-weighted mean of scores in the making.
type weighted struct {
	fen   []int64
	score []float64 // fen × score
}

// The scores whose means are taken.
const (
	OfProducts = iota
	OfShops
)

// coveredStars are the stars at or above which an item's price is at or below the benchmark (definitions, section 6).
const coveredStars = 3

// NewSold is for n subjects.
func NewSold(n int) *Sold {
	s := &Sold{Items: make([]int64, n), Comparable: make([]int64, n), Covered: make([]int64, n)}
	for i := range s.scored {
		s.scored[i] = weighted{make([]int64, n), make([]float64, n)}
	}
	return s
}

// AddPrice adds sales of a product with the given stars, 0: not comparable, to a subject; item: the first time.
func (s *Sold) AddPrice(row int, stars int, fen int64, item bool) {
	if stars == 0 {
		return
	}
	if item {
		s.Items[row]++
	}
	s.Comparable[row] += fen
	if stars >= coveredStars {
		s.Covered[row] += fen
	}
}

// AddScore adds sales of something with a score to a mean.
func (s *Sold) AddScore(which, row int, score float64, fen int64) {
	w := &s.scored[which]
	w.fen[row] += fen
	w.score[row] += score * float64(fen)
}

// Uncovered is the indicator price_coverage: n comparable items, x = n × (1 − share of GMV that is covered).
func (s *Sold) Uncovered() Figure {
	return Counted(len(s.Items), func(row int) (x, n float64) {
		if s.Comparable[row] == 0 {
			return 0, 0
		}
		n = float64(s.Items[row])
		return n * (1 - float64(s.Covered[row])/float64(s.Comparable[row])), n
	})
}

// Mean is a GMV-weighted mean of scores.
func (s *Sold) Mean(which int) Figure {
	w := s.scored[which]
	return Given(len(w.fen), func(row int) (float64, bool) {
		if w.fen[row] == 0 {
			return 0, false
		}
		return w.score[row] / float64(w.fen[row]), true
	})
}

// Catalogue tells what prices and scores say of a product and a shop.
type Catalogue struct {
	Stars        func(product int64) int              // 0: not comparable
	ProductScore func(product int64) (float64, bool)  // 商品分
	ShopScore    func(merchant int64) (float64, bool) // 店铺体验分
}

// SoldByTalents reads talent_products of a window.
func SoldByTalents(talents []int64, days column.Days, from calendar.Day, c Catalogue) (*Sold, error) {
	s, rows := NewSold(len(talents)), column.NewLookup(talents)
	items := column.NewGrouper(2, 0) // talent, comparable product
	for d, err := range days {
		if err != nil {
			return nil, err
		}
		if d.Day < from {
			continue
		}
		promoter, product, merchant, fen := d.Frame.Column("promoter_id"), d.Frame.Column("product_id"), d.Frame.Column("merchant_id"), d.Frame.Column("paid_fen")
		for i := range promoter {
			row := rows.Row(promoter[i])
			if row < 0 {
				continue
			}
			if stars := c.Stars(product[i]); stars > 0 {
				_, first := items.Index([]int64{promoter[i], product[i]})
				s.AddPrice(row, stars, fen[i], first)
			}
			if score, ok := c.ProductScore(product[i]); ok {
				s.AddScore(OfProducts, row, score, fen[i])
			}
			if score, ok := c.ShopScore(merchant[i]); ok {
				s.AddScore(OfShops, row, score, fen[i])
			}
		}
	}
	return s, nil
}
