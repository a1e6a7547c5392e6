package gmv_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
)

// thisAndLast is a campaign of some days whose peak is the as-of date, and one of the year before that it is like.
func thisAndLast(days calendar.Day) calendar.Campaigns {
	peak := asOf.AddYears(-1)
	like := peak - days + 1
	return calendar.Campaigns{{Name: "618", From: asOf - days + 1, To: asOf, Peak: asOf, Like: &like}, {Name: "618", From: like, To: peak, Peak: peak}}
}

var campaignColumns = []string{"campaigns", "campaign_days", "dod_campaign_days", "wow_campaign_days", "mom_campaign_days", "yoy_campaign_days", "gmv_paid_campaign_ratio"}

func TestCampaignsOfTheOverview(t *testing.T) {
	year := asOf - asOf.AddYears(-1)
	sales := []sale{sold(0, 900), sold(1, 100), sold(year, 600), sold(year+1, 200)}
	none := line{"campaigns": nil, "campaign_days": nil, "dod_campaign_days": nil, "wow_campaign_days": nil, "mom_campaign_days": nil, "yoy_campaign_days": nil, "gmv_paid_campaign_ratio": nil}
	for _, c := range []struct {
		name      string
		campaigns calendar.Campaigns
		missing   []calendar.Day
		period    string
		want      line
	}{
		{"no calendar is not no campaign", nil, nil, "day", none},
		{"a day of a campaign", thisAndLast(1), nil, "day",
			line{"campaigns": "618", "campaign_days": 1, "dod_campaign_days": 0, "wow_campaign_days": 0, "mom_campaign_days": 0, "yoy_campaign_days": 1, "gmv_paid_campaign_ratio": 0.5}},
		{"a week with two of its days", thisAndLast(2), nil, "7_days",
			line{"campaigns": "618", "campaign_days": 2, "dod_campaign_days": 1, "wow_campaign_days": 0, "mom_campaign_days": 0, "yoy_campaign_days": 2, "gmv_paid_campaign_ratio": 0.25}},
		{"the day after a campaign", calendar.Campaigns{{Name: "618", From: asOf - 1, To: asOf - 1, Peak: asOf - 1}}, nil, "day",
			line{"campaigns": "", "campaign_days": 0, "dod_campaign_days": 1, "wow_campaign_days": 0, "mom_campaign_days": 0, "yoy_campaign_days": 0, "gmv_paid_campaign_ratio": nil}},
		{"a campaign like none", thisAndLast(1)[:1:1], nil, "day",
			line{"campaigns": "618", "campaign_days": 1, "dod_campaign_days": 0, "wow_campaign_days": 0, "mom_campaign_days": 0, "yoy_campaign_days": 0, "gmv_paid_campaign_ratio": nil}},
		{"the earlier one has no data of a day", thisAndLast(2), []calendar.Day{asOf - year - 1}, "7_days",
			line{"campaigns": "618", "campaign_days": 2, "dod_campaign_days": 1, "wow_campaign_days": 0, "mom_campaign_days": 0, "yoy_campaign_days": 2, "gmv_paid_campaign_ratio": nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := overviewOf(series(t, sales, nil, allDays()))
			o.Campaigns = c.campaigns
			for _, d := range c.missing {
				delete(o.Present, d)
			}
			if diff := gocmp.Diff([]line{c.want}, pick(where(overview(t, o), "period", c.period), campaignColumns...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// On random markets the ratio is that of two plain sums, and no other figure moves.
func TestCampaignGrowthOnRandomMarkets(t *testing.T) {
	from := map[any]calendar.Day{}
	for i, s := range gmv.PeriodSpans(asOf) {
		from[contract.Periods[i]] = s.From
	}
	year := asOf - asOf.AddYears(-1)
	rapid.Check(t, func(t *rapid.T) {
		m := markets().Draw(t, "market")
		o := overviewOf(series(t, m.sales, m.refunds, allDays()))
		plain := overview(t, o)
		o.Campaigns = thisAndLast(calendar.Day(rapid.IntRange(1, 40).Draw(t, "days")))
		for i, l := range overview(t, o) {
			first := max(from[l["period"]], o.Campaigns[0].From)
			var now, then int64
			for _, s := range m.sales {
				if s.day >= first && s.day <= asOf {
					now += s.fen
				}
				if s.day >= first-year && s.day <= asOf-year {
					then += s.fen
				}
			}
			var want any
			if then > 0 {
				want = float64(now-then) / float64(then)
			}
			if l["gmv_paid_campaign_ratio"] != want {
				t.Fatalf("%v: got %v, want %v", l["period"], l["gmv_paid_campaign_ratio"], want)
			}
			for _, name := range campaignColumns {
				l[name] = plain[i][name]
			}
			if diff := gocmp.Diff(plain[i], l); diff != "" {
				t.Fatalf("another figure moved: %s", diff)
			}
		}
	})
}
