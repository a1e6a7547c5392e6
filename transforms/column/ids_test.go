package column_test

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// identifier draws numbers whose texts are hard to order: of all lengths, negative, near each other.
func identifier() *rapid.Generator[int64] {
	return rapid.OneOf(rapid.Int64Range(math.MinInt64+1, math.MaxInt64), rapid.Int64Range(-120, 120),
		rapid.Custom(func(t *rapid.T) int64 {
			v := int64(1)
			for range rapid.IntRange(0, 18).Draw(t, "zeros") {
				v *= 10
			}
			return v*rapid.SampledFrom([]int64{1, -1, 9}).Draw(t, "digit") + rapid.Int64Range(-1, 1).Draw(t, "off")
		}),
		rapid.SampledFrom([]int64{math.MaxInt64, math.MinInt64 + 1, 0, column.Null}))
}

func TestNumbersOrderAsTheirTexts(t *testing.T) {
	compare := column.NewIDs(nil).CompareText(contract.Merchant, contract.NoSubject)
	text := func(v int64) string {
		if v == column.Null {
			return contract.NoSubject
		}
		return strconv.FormatInt(v, 10)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := identifier().Draw(t, "a"), identifier().Draw(t, "b")
		if got, want := cmp.Compare(compare(a, b), 0), strings.Compare(text(a), text(b)); got != want {
			t.Fatalf("%s and %s compare as %d, their texts as %d", text(a), text(b), got, want)
		}
	})
}

func TestTextsOrderByTheirBytes(t *testing.T) {
	ids := column.NewIDs(contract.IDTypes{contract.Merchant: true})
	dict := ids.Dict(contract.Column{Kind: contract.ID, Domain: contract.Merchant})
	compare := ids.CompareText(contract.Merchant, contract.NoSubject)
	word := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "(none)", "(", "10", "9", "店"}))
	rapid.Check(t, func(t *rapid.T) {
		a, b := word.Draw(t, "a"), word.Draw(t, "b")
		if got, want := compare(dict.Code(a), dict.Code(b)), strings.Compare(a, b); got != want {
			t.Fatalf("%q and %q compare as %d", a, b, got)
		}
		if got, want := compare(column.Null, dict.Code(b)), strings.Compare("(none)", b); got != want {
			t.Fatalf("null and %q compare as %d", b, got)
		}
		if got := ids.Text(contract.Merchant, dict.Code(a)); got != a {
			t.Fatalf("%q is published as %q", a, got)
		}
	})
	if got := ids.Text(contract.Product, -7); got != "-7" {
		t.Errorf("a number is published as %q", got)
	}
}

func TestRanksAreTheOrderOfTheTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := column.NewDict()
		for range 2 { // ranks are made again when texts were added
			for _, s := range rapid.SliceOf(rapid.String()).Draw(t, "texts") {
				d.Code(s)
			}
			ranks := d.Ranks()
			var texts []string
			for code := range int64(d.Len()) {
				texts = append(texts, d.Value(code))
			}
			slices.Sort(texts)
			for code, rank := range ranks {
				if texts[rank] != d.Value(int64(code)) {
					t.Fatalf("%q has rank %d", d.Value(int64(code)), rank)
				}
			}
		}
	})
}

func TestDictionariesServeManyGoroutines(t *testing.T) {
	ids := column.NewIDs(contract.IDTypes{contract.Brand: true})
	const words, goroutines = 499, 8 // words is prime: every goroutine meets every word
	codes := make([][]int64, goroutines)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			d := ids.Dict(contract.Column{Kind: contract.ID, Domain: contract.Brand})
			codes[g] = make([]int64, words)
			for i := range words {
				w := (i*(2*g+1) + g) % words
				codes[g][w] = d.Code("brand-" + strconv.Itoa(w))
				if d.Value(codes[g][w]) != "brand-"+strconv.Itoa(w) || len(d.Ranks()) > d.Len() {
					panic("a code lost its text")
				}
			}
		})
	}
	wg.Wait()
	d := ids.Dict(contract.Column{Kind: contract.ID, Domain: contract.Brand})
	if d.Len() != words {
		t.Errorf("%d texts, want %d", d.Len(), words)
	}
	for g := 1; g < goroutines; g++ {
		for w := range words {
			if codes[g][w] != codes[0][w] {
				t.Fatalf("word %d has two codes", w)
			}
		}
	}
}

func TestOnlyTextHasADictionary(t *testing.T) {
	ids := column.NewIDs(contract.IDTypes{contract.Brand: true})
	for _, c := range []struct {
		name   string
		column contract.Column
		has    bool
	}{
		{"free text", contract.Column{Kind: contract.Text}, true},
		{"identifiers that are text", contract.Column{Kind: contract.ID, Domain: contract.Brand}, true},
		{"identifiers that are numbers", contract.Column{Kind: contract.ID, Domain: contract.Merchant}, false},
		{"hashed keys", contract.Column{Kind: contract.Key}, false},
		{"enumerations", contract.Column{Kind: contract.Enum, Values: contract.Scenes}, false},
	} {
		if got := ids.Dict(c.column) != nil; got != c.has {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if ids.TextDict() != ids.Dict(contract.Column{Kind: contract.Text}) {
		t.Error("free text has two dictionaries")
	}
}

func TestHalvesGoUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		num := rapid.OneOf(rapid.Int64Range(math.MinInt64+1, math.MaxInt64), rapid.Int64Range(-20, 20)).Draw(t, "num")
		den := rapid.OneOf(rapid.Int64Range(1, math.MaxInt64), rapid.Int64Range(1, 8)).Draw(t, "den")
		// floor((2·num + den) / (2·den))
		n, d := big.NewInt(num), big.NewInt(den)
		twice := new(big.Int).Add(n.Lsh(n, 1), d)
		want := new(big.Int).Div(twice, new(big.Int).Lsh(d, 1)).Int64() // Euclid's division: the remainder is never negative
		if got := column.DivideHalfUp(num, den); got != want {
			t.Fatalf("%d/%d is %d, want %d", num, den, got, want)
		}
	})
}

func TestDivisionsThatAreNull(t *testing.T) {
	for _, c := range [][2]int64{{1, 0}, {1, -2}, {column.Null, 2}, {2, column.Null}} {
		if got := column.DivideHalfUp(c[0], c[1]); got != column.Null {
			t.Errorf("%d/%d is %d", c[0], c[1], got)
		}
	}
}

func TestARankingOrdersSubjectsOnce(t *testing.T) {
	compare := column.NewIDs(nil).CompareText(contract.Merchant, contract.NoSubject)
	r := column.Rank([]int64{10, 9, 100, column.Null, 9, -1, 10}, compare)
	var got []string
	for rank := range int64(r.Len()) {
		if r.Of(r.Code(rank)) != rank {
			t.Errorf("rank %d leads to a code of rank %d", rank, r.Of(r.Code(rank)))
		}
		got = append(got, fmt.Sprint(r.Code(rank)))
	}
	if diff := gocmp.Diff([]string{fmt.Sprint(int64(column.Null)), "-1", "10", "100", "9"}, got); diff != "" {
		t.Error(diff)
	}
}
