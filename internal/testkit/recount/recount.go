// Package recount computes published figures once more, as simply as can be: from a list of sales, with
// maps and loops, knowing nothing of the product. Acceptance tests compare the two.
//
//  1. A data set (package olist, package cdnow) gives its sales.
//  2. Describe computes what one night should publish about them.
//  3. Package published reads what it did publish into the same types.
//  4. Diff lists every difference, without tolerance.
//
// Refunds do not exist here: no acceptance data set has any. All history before the first sale is taken
// as declared complete.
package recount

import (
	"slices"
	"sort"
	"strings"
)

// State says what a sale may be counted for.
type State uint8

const (
	// Unpaid sales count for GMV by order only.
	Unpaid State = iota
	// Abnormal sales are paid and carry a risk reason: they count for raw GMV too.
	Abnormal
	// Valid sales count for everything.
	Valid
)

// Sale is one order line.
type Sale struct {
	Day      Date // placed, and paid if it was paid
	Order    string
	Buyer    string
	Merchant string
	Product  string
	Category string // empty: the product has none
	Fen      int64  // cents of the source's currency
	Units    int64
	State    State
}

// NoCategory is the subject of sales whose product has no category.
const NoCategory = "(none)"

// subjectOf names the subject of a sale in each role that the acceptance data has.
var subjectOf = map[string]func(Sale) string{
	"platform": func(Sale) string { return "" },
	"merchant": func(s Sale) string { return s.Merchant },
	"product":  func(s Sale) string { return s.Product },
	"category": func(s Sale) string {
		if s.Category == "" {
			return NoCategory
		}
		return s.Category
	},
}

// bySubject splits sales by the subjects of one role.
func bySubject(sales []Sale, role string) map[string][]Sale {
	of, groups := subjectOf[role], map[string][]Sale{}
	for _, s := range sales {
		groups[of(s)] = append(groups[of(s)], s)
	}
	return groups
}

// between keeps the sales of the dates first … last, of sales in order of their days.
func between(sales []Sale, first, last Date) []Sale {
	start := sort.Search(len(sales), func(i int) bool { return sales[i].Day >= first })
	end := sort.Search(len(sales), func(i int) bool { return sales[i].Day > last })
	return sales[start:max(start, end)]
}

// during keeps the sales of the days first … last, in whatever order they are.
func during(sales []Sale, first, last Date) []Sale {
	var kept []Sale
	for _, s := range sales {
		if s.Day >= first && s.Day <= last {
			kept = append(kept, s)
		}
	}
	return kept
}

// byDay is a copy of sales in order of their days.
func byDay(sales []Sale) []Sale {
	ordered := slices.Clone(sales)
	slices.SortStableFunc(ordered, func(a, b Sale) int { return strings.Compare(string(a.Day), string(b.Day)) })
	return ordered
}

// valid keeps the sales that count for everything.
func valid(sales []Sale) []Sale {
	kept := make([]Sale, 0, len(sales))
	for _, s := range sales {
		if s.State == Valid {
			kept = append(kept, s)
		}
	}
	return kept
}

// set is a set of ids, dates or months.
type set map[string]bool

// distinct is the set of what of gives for each sale.
func distinct(sales []Sale, of func(Sale) string) set {
	seen := set{}
	for _, s := range sales {
		seen[of(s)] = true
	}
	return seen
}

func buyerOf(s Sale) string { return s.Buyer }
func orderOf(s Sale) string { return s.Order }

// sum adds the money of sales that are at least in state.
func sum(sales []Sale, state State) (fen int64) {
	for _, s := range sales {
		if s.State >= state {
			fen += s.Fen
		}
	}
	return fen
}

// both counts the elements of two sets.
func both(a, b set) (n int64) {
	for x := range a {
		if b[x] {
			n++
		}
	}
	return n
}

// ratio is a / b, or Missing if b is zero.
func ratio(a, b int64) float64 {
	if b == 0 {
		return Missing
	}
	return float64(a) / float64(b)
}

// average is a / b rounded half up, or Missing if b is zero.
func average(a, b int64) int64 {
	if b == 0 {
		return Missing
	}
	return (2*a + b) / (2 * b)
}
