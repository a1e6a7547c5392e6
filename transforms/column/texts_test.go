package column_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// Texts that stay texts are those that have codes otherwise, as strings of their own and by way of a dictionary.
func TestTextsStayTexts(t *testing.T) {
	table := oneColumn(contract.Column{Kind: contract.Text, Null: true})
	rapid.Check(t, func(t *rapid.T) {
		dictionary := rapid.SliceOfNDistinct(rapid.String(), 1, 5, rapid.ID[string]).Draw(t, "dictionary")
		values := rapid.SliceOf(rapid.IntRange(-1, len(dictionary)-1)).Draw(t, "values")
		b := array.NewStringBuilder(memory.DefaultAllocator)
		for _, v := range values {
			if v < 0 {
				b.AppendNull()
			} else {
				b.Append(dictionary[v])
			}
		}
		for _, a := range []arrow.Array{b.NewArray(), words(memory.DefaultAllocator, arrow.PrimitiveTypes.Uint32, dictionary, values...)} {
			ids := newIDs()
			coded, err := ids.Frame(table, record(a))
			if err != nil {
				t.Fatal(err)
			}
			want := make([]string, len(values))
			for i, code := range coded.Column("c") {
				if code != column.Null {
					want[i] = ids.TextDict().Value(code)
				}
			}
			f, err := newIDs().Frame(table, record(a), "c")
			if err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(want, f.Texts("c")); diff != "" || f.Has("c") {
				t.Fatalf("%s: has codes: %v: %s", a.DataType(), f.Has("c"), diff)
			}
		}
	})
	_, err := newIDs().Frame(table, record(array.NewNull(1)), "c")
	if err == nil || !strings.Contains(err.Error(), "table one_column: column c: type null is no text") {
		t.Errorf("error %v", err)
	}
}

// An identifier that is a number has one text.
func TestIdentifiersAreReadAsTheyAreWritten(t *testing.T) {
	ids := newIDs()
	text := rapid.OneOf(rapid.StringMatching(`[-+]?0{0,2}[0-9]{0,20}`), rapid.SampledFrom([]string{"", "-", "--1", "0x1", "1_0", " 1", "1 ", "(none)", "１"}),
		rapid.Map(identifier(), func(v int64) string { return strconv.FormatInt(v, 10) }))
	taken := 0
	rapid.Check(t, func(t *rapid.T) {
		s := text.Draw(t, "text")
		v, err := strconv.ParseInt(s, 10, 64)
		is := err == nil && strconv.FormatInt(v, 10) == s
		got, err := ids.Parse(contract.Merchant, s)
		if is != (err == nil) || is && got != v {
			t.Fatalf("%q is read as %d, error %v", s, got, err)
		}
		if is {
			taken++
		}
		if code, err := ids.Parse(contract.Brand, s); err != nil || ids.Text(contract.Brand, code) != s {
			t.Fatalf("%q is read as %q, error %v", s, ids.Text(contract.Brand, code), err)
		}
	})
	if taken == 0 {
		t.Error("no text was a number")
	}
}
