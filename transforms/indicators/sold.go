package indicators

import (
	"slices"

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
	return Given(func(row int) (float64, bool) {
		if w.fen[row] == 0 {
			return 0, false
		}
		return w.score[row] / float64(w.fen[row]), true
	})
}

// Catalogue tells what prices and scores say of products and shops.
type Catalogue struct {
	Products  Scored                   // 商品分
	Stars     []int8                   // price stars by rows of Products; not positive: not comparable
	Elsewhere func(product int64) int8 // stars of a product that has no row there
	Shops     Scored                   // 店铺体验分
}

func (c *Catalogue) stars(row, product int64) int8 {
	if row < 0 {
		return c.Elsewhere(product)
	}
	return c.Stars[row]
}

// Scored are scores of subjects: Hundredths by the rows of Rows, 0: none.
type Scored struct {
	Rows       *column.Lookup
	Hundredths []int16
}

// SoldColumns are the columns that the days of SoldByTalents need to have.
var SoldColumns = []string{"promoter_id", "product_id", "merchant_id", "paid_fen"}

// SoldByTalents reads talent_products of the talents' windows, in days, that end on the as-of date.
func SoldByTalents(talents []int64, windows *column.Ints, asOf calendar.Day, days column.Days, c Catalogue) (*Sold, error) {
	t := talentSales{sold: NewSold(len(talents)), rows: column.NewLookup(talents), windows: windows, catalogue: c, items: column.NewGrouper(2, 0)}
	for d, err := range days {
		if err != nil {
			return nil, err
		}
		t.add(int64(asOf-d.Day), d.Frame)
	}
	return t.sold, nil
}

// talentSales looks all rows of a day up at once, column by column.
type talentSales struct {
	sold      *Sold
	rows      *column.Lookup
	windows   *column.Ints
	catalogue Catalogue
	items     *column.Grouper // talent, comparable product
	at        [3][]int64      // scratch: rows of the talent, and in the catalogue
}

func (t *talentSales) add(age int64, f *column.Frame) {
	promoter, product, merchant, fen := f.Column("promoter_id"), f.Column("product_id"), f.Column("merchant_id"), f.Column("paid_fen")
	find := func(which int, l *column.Lookup, keys []int64) []int64 {
		t.at[which] = slices.Grow(t.at[which][:0], f.N)[:f.N]
		l.Rows(keys, t.at[which])
		return t.at[which]
	}
	c := &t.catalogue
	talent, products, shops := find(0, t.rows, promoter), find(1, c.Products.Rows, product), find(2, c.Shops.Rows, merchant)
	for i, row := range talent {
		if row < 0 || age >= t.windows.At(int(row)) {
			continue
		}
		if stars := c.stars(products[i], product[i]); stars > 0 {
			_, first := t.items.Index([]int64{promoter[i], product[i]})
			t.sold.AddPrice(int(row), int(stars), fen[i], first)
		}
		t.addScore(OfProducts, int(row), &c.Products, products[i], fen[i])
		t.addScore(OfShops, int(row), &c.Shops, shops[i], fen[i])
	}
}

func (t *talentSales) addScore(which, row int, s *Scored, at, fen int64) {
	if at >= 0 && s.Hundredths[at] != 0 {
		t.sold.AddScore(which, row, float64(s.Hundredths[at])/100, fen)
	}
}
