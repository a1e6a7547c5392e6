package jobs

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/windvane/windvane/transforms/contract"
)

// quotaOf is a row of traffic_quota; expected may be null.
func quotaOf(kind, merchant, category string, impressions int64, expected string) string {
	return fmt.Sprintf(`{"as_of_date": "2026-03-01", "kind": %q, "merchant_id": %q, "category1_id": %s, "quota_impressions": %d, "expected_fen": %s,
	  "valid_from": "2026-03-02", "valid_to": "2026-03-02", "rules_version": "x"}`, kind, merchant, category, impressions, expected)
}

// sharingNight is a night with traffic_quota.
func sharingNight(t *testing.T, rows ...string) *madeNight {
	t.Helper()
	n := nightOf(t)
	n.commit.manifest.Outputs = []Output{put(t, n.commit.lake, contract.TrafficQuota, nil, rows...)}
	return n
}

func TestQuotasAreCompared(t *testing.T) {
	before := sharingNight(t,
		quotaOf("merchant", "11", `"71"`, 60, "600"),
		quotaOf("merchant", "12", `"71"`, 20, "50"),
		quotaOf("merchant", "13", "null", 10, "5"),
		quotaOf("unallocated", "", "null", 10, "null"))
	after := sharingNight(t,
		quotaOf("cold_start", "14", `"72"`, 25, "null"),
		quotaOf("merchant", "11", `"71"`, 35, "350"),
		quotaOf("merchant", "12", `"71"`, 36, "90"),
		quotaOf("unallocated", "", "null", 4, "null"))
	got, err := compareQuotas(context.Background(), before, after)
	if err != nil {
		t.Fatal(err)
	}
	want := &SimulatedQuota{UnallocatedBefore: 10, UnallocatedAfter: 4, // shop 11 is the only one that is not small
		QuotaTurnover: QuotaTurnover{MerchantsBefore: 3, MerchantsAfter: 3, Before: 90, After: 96, Gained: 41, Lost: 35, SmallBefore: 30, SmallAfter: 61, ExpectedBefore: 655, ExpectedAfter: 440},
		Categories: []CategoryQuota{
			{"", QuotaTurnover{MerchantsBefore: 1, Before: 10, Lost: 10, SmallBefore: 10, ExpectedBefore: 5}},
			{"71", QuotaTurnover{MerchantsBefore: 2, MerchantsAfter: 2, Before: 80, After: 71, Gained: 16, Lost: 25, SmallBefore: 20, SmallAfter: 36, ExpectedBefore: 650, ExpectedAfter: 440}},
			{"72", QuotaTurnover{MerchantsAfter: 1, After: 25, Gained: 25, SmallAfter: 25}},
		}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Before+got.UnallocatedBefore != 100 || got.After-got.Before != got.Gained-got.Lost {
		t.Errorf("%+v does not add up", got)
	}
}

func TestANightWithoutQuotasSharesNothing(t *testing.T) {
	got, err := compareQuotas(context.Background(), nightOf(t), sharingNight(t, quotaOf("merchant", "12", `"71"`, 20, "50"), quotaOf("unallocated", "", "null", 80, "null")))
	if err != nil || got.MerchantsBefore != 0 || got.Before != 0 || got.UnallocatedBefore != 0 || got.Gained != 20 || got.Lost != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
