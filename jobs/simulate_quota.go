package jobs

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/windvane/windvane/transforms/contract"
)

// SimulatedQuota is how the day's pool of boosted impressions moves from one night to another of the same date.
type SimulatedQuota struct {
	QuotaTurnover
	UnallocatedBefore int64           `json:"unallocated_before"` // of the pool, what nobody gets
	UnallocatedAfter  int64           `json:"unallocated_after"`
	Categories        []CategoryQuota `json:"categories"` // of level 1, by id
}

// QuotaTurnover is what merchants get of the pool, those of the cold start among them, in boosted impressions a day.
type QuotaTurnover struct {
	MerchantsBefore int64   `json:"merchants_before"` // who share
	MerchantsAfter  int64   `json:"merchants_after"`
	Before          int64   `json:"quota_before"`
	After           int64   `json:"quota_after"`
	Gained          int64   `json:"quota_gained"` // by those who get more
	Lost            int64   `json:"quota_lost"`   // by those who get less
	SmallBefore     int64   `json:"small_quota_before"`
	SmallAfter      int64   `json:"small_quota_after"`
	ExpectedBefore  float64 `json:"expected_before_fen"` // incremental GMV a day, of those whose lift is known
	ExpectedAfter   float64 `json:"expected_after_fen"`
}

// CategoryQuota is what moves in one category.
type CategoryQuota struct {
	Category string `json:"category1_id"` // empty: none
	QuotaTurnover
}

// compareQuotas holds the quotas of a simulated night against those of another night of the same date.
func compareQuotas(ctx context.Context, before, after *madeNight) (*SimulatedQuota, error) {
	was, err := readQuota(ctx, before.commit)
	if err != nil {
		return nil, err
	}
	is, err := readQuota(ctx, after.commit)
	if err != nil {
		return nil, err
	}
	q := &SimulatedQuota{UnallocatedBefore: was.unallocated, UnallocatedAfter: is.unallocated, Categories: []CategoryQuota{}}
	categories := map[string]*QuotaTurnover{}
	for _, id := range slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for _, side := range []map[string]quotaRow{was.merchants, is.merchants} {
			for id := range side {
				if !yield(id) {
					return
				}
			}
		}
	})) {
		b, inBefore := was.merchants[id]
		a, inAfter := is.merchants[id]
		category := a.category
		if !inAfter {
			category = b.category
		}
		one := QuotaTurnover{MerchantsBefore: flagged(inBefore), MerchantsAfter: flagged(inAfter), Before: b.quota, After: a.quota,
			Gained: max(0, a.quota-b.quota), Lost: max(0, b.quota-a.quota), ExpectedBefore: b.expected, ExpectedAfter: a.expected}
		if after.small(contract.ScoreRoles[contract.ScoreMerchant], id, "") {
			one.SmallBefore, one.SmallAfter = b.quota, a.quota
		}
		q.add(&one)
		if categories[category] == nil {
			categories[category] = &QuotaTurnover{}
		}
		categories[category].add(&one)
	}
	for _, id := range slices.Sorted(maps.Keys(categories)) {
		q.Categories = append(q.Categories, CategoryQuota{id, *categories[id]})
	}
	return q, nil
}

func (t *QuotaTurnover) add(o *QuotaTurnover) {
	t.MerchantsBefore += o.MerchantsBefore
	t.MerchantsAfter += o.MerchantsAfter
	t.Before += o.Before
	t.After += o.After
	t.Gained += o.Gained
	t.Lost += o.Lost
	t.SmallBefore += o.SmallBefore
	t.SmallAfter += o.SmallAfter
	t.ExpectedBefore += o.ExpectedBefore
	t.ExpectedAfter += o.ExpectedAfter
}

// quotas are the shares of a pool.
type quotas struct {
	merchants   map[string]quotaRow // by id
	unallocated int64
}

type quotaRow struct {
	category string
	quota    int64
	expected float64 // fen; 0 where nothing is known
}

// readQuota reads traffic_quota of a night; one that does not have it shares nothing.
func readQuota(ctx context.Context, c *committed) (_ quotas, err error) {
	q, t := quotas{merchants: map[string]quotaRow{}}, contract.TrafficQuota
	at := slices.IndexFunc(c.manifest.Outputs, func(o Output) bool { return o.Table == t.Name })
	if at < 0 {
		return q, nil
	}
	f, err := Archive{Out: c.lake, Job: c.record.Job}.openOutput(ctx, t, c.manifest.Outputs[at])
	if err != nil {
		return q, err
	}
	names := []string{"kind", "merchant_id", "category1_id", "quota_impressions", "expected_fen"}
	rows, of := newCursor(f, t, names...), positions(t, names)
	defer func() {
		rows.close()
		err = errors.Join(err, f.Close())
	}()
	for {
		more, err := rows.next(ctx)
		if !more || err != nil {
			return q, err
		}
		impressions := rows.cell(of[3]).bits
		if rows.cell(of[0]).text == contract.QuotaKinds[contract.QuotaUnallocated] {
			q.unallocated += impressions
			continue
		}
		row := quotaRow{category: rows.cell(of[2]).text, quota: impressions}
		if expected := rows.cell(of[4]); !expected.null {
			row.expected = expected.real()
		}
		q.merchants[rows.cell(of[1]).text] = row
	}
}
