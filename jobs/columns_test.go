package jobs_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// pathDependent are the columns that depend on the nights before and not on the dumps alone, by table, as
// docs/reliability.md tells; every: the whole table does. All other columns of all tables are those of one cold night,
// made of the dumps as they stand.
var pathDependent = map[string][]string{
	// Points lie between anchors that are frozen for a month; a cold night within it has none of its own.
	"product_score":    {"change", "grade", "tier", "score", "lower_score", "quality_score", "service_score", "competitiveness_score"},
	"shop_score":       {"change", "grade", "tier", "score", "lower_score", "product_score", "goods_score", "logistics_score", "service_score", "competitiveness_score"},
	"talent_score":     {"change", "grade", "tier", "score", "lower_score", "product_score", "content_score", "service_score", "competitiveness_score"},
	"score_indicators": {"mean", "strength", "value", "points", "contribution", "numerator of product_score", "numerator of shop_score"},
	"fives":            {"goods_score", "partner_talent_score"},
	"score_norms":      {every},
	// Caps are frozen for a month too.
	"chuanliu_caps": {every},
	// Who is on a list depends on how long the gates stood; the pool is shared among those who are.
	"eligibility_traffic": {every}, "eligibility_subsidy": {every}, "eligibility_benefit": {every}, "eligibility_campaign": {every}, "eligibility_gates": {every}, "traffic_quota": {every},
	// What runs before said.
	"product_score_history": {every}, "shop_score_history": {every}, "talent_score_history": {every}, "late_data": {every},
	// Which partitions are new to the night.
	"data_quality": {every},
}

const every = "every column"

// otherColumns names the columns of two tables that differ, or rows if these are not as many.
func otherColumns(t *testing.T, a, b []byte) (names []string) {
	t.Helper()
	left, right := columnsOf(t, a), columnsOf(t, b)
	for name, values := range left {
		if len(values) != len(right[name]) {
			return []string{"rows"}
		}
		for i := range values {
			switch {
			case parquet.Equal(values[i], right[name][i]):
			case name == "numerator": // of indicators that average other scores it depends on those
				names = append(names, name+" of "+left["indicator"][i].String())
			default:
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// columnsOf reads a flat table by column.
func columnsOf(t *testing.T, data []byte) map[string][]parquet.Value {
	t.Helper()
	f, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]parquet.Value{}
	for _, c := range f.Root().Columns() {
		pages := c.Pages()
		for {
			p, err := pages.ReadPage()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			values := make([]parquet.Value, p.NumValues())
			if n, err := p.Values().ReadValues(values); n != len(values) {
				t.Fatalf("column %s: %d of %d values: %v", c.Name(), n, len(values), err)
			}
			for _, v := range values {
				out[c.Name()] = append(out[c.Name()], v.Clone())
			}
		}
		_ = pages.Close()
		if _, some := out[c.Name()]; !some {
			out[c.Name()] = nil
		}
	}
	return out
}
