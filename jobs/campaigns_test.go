package jobs

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

// A market of 1,000 rows a day; on the days of campaigns it has other ones. Days count from 0.
func campaignNight(asOf calendar.Day, other map[calendar.Day]int64, campaigns ...Campaign) *night {
	n := &night{asOf: asOf, partitions: map[string][]Partition{}, runner: &Runner{Settings: Settings{Calendar: campaigns}}}
	for d := calendar.Day(0); d <= asOf; d++ {
		rows, ok := other[d]
		if !ok {
			rows = 1000
		}
		n.partitions[contract.Orders.Name] = append(n.partitions[contract.Orders.Name], Partition{Day: d, Input: rows})
	}
	return n
}

func campaign(from, to calendar.Day, like *calendar.Day) Campaign {
	return Campaign{Campaign: calendar.Campaign{Name: "双11", From: from, To: to, Peak: to, Like: like}}
}

func TestVolumeGateOnCampaigns(t *testing.T) {
	g := Gates{Days: 4, MinRows: 100, MinVolume: 0.2, MaxVolume: 5}
	first := calendar.Day(10)
	wide := campaign(30, 32, nil)
	most := 30.0
	wide.MaxVolume = &most
	for _, c := range []struct {
		name      string
		asOf      calendar.Day
		rows      map[calendar.Day]int64
		campaigns []Campaign
		passed    bool
		says      string
	}{
		{"nobody told of it", 30, map[calendar.Day]int64{30: 20000}, nil, false, "orders has 20000 rows, 20.00 times the median of 4 days (1000)"},
		{"as large as the earlier one", 30, map[calendar.Day]int64{10: 20000, 30: 24000}, []Campaign{campaign(10, 12, nil), campaign(30, 32, &first)}, true,
			"orders has 24000 rows, 1.20 times what 双11 lets expect (20000: 20.00 times the median of 4 days (1000), as on 1970-01-11)"},
		{"an ordinary volume on its peak is half a dump", 32, map[calendar.Day]int64{12: 20000, 30: 9000, 31: 9000, 32: 1000}, []Campaign{campaign(10, 12, nil), campaign(30, 32, &first)}, false,
			"0.05 times what 双11 lets expect"},
		{"the days of the campaign itself are no ordinary ones", 32, map[calendar.Day]int64{12: 20000, 30: 20000, 31: 20000, 32: 20000}, []Campaign{campaign(10, 12, nil), campaign(30, 32, &first)}, true,
			"(20000: 20.00 times the median of 4 days (1000), as on 1970-01-13)"},
		{"like none, within the gates", 30, map[calendar.Day]int64{30: 4000}, []Campaign{campaign(30, 32, nil)}, true,
			"orders has 4000 rows, 4.00 times the median of 4 days (1000); it is a day of 双11, and no earlier campaign tells what to expect"},
		{"like none, beyond them", 30, map[calendar.Day]int64{30: 20000}, []Campaign{campaign(30, 32, nil)}, false, "it is a day of 双11"},
		{"like none, with limits of its own", 30, map[calendar.Day]int64{30: 20000}, []Campaign{wide}, true, "it is a day of 双11"},
		{"the earlier one is too long ago for its own ordinary days", 30, map[calendar.Day]int64{30: 20000}, []Campaign{campaign(1, 3, nil), campaign(30, 32, ptr(calendar.Day(1)))}, false, "no earlier campaign tells"},
		{"the day after a long one is compared with days before it", 30, map[calendar.Day]int64{26: 90000, 27: 90000, 28: 90000, 29: 90000}, []Campaign{campaign(26, 29, nil)}, true,
			"orders has 1000 rows, 1.00 times the median of 4 days (1000)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := campaignNight(c.asOf, c.rows, c.campaigns...)
			if err := n.gateVolumes(context.Background(), g); err != nil {
				t.Fatal(err)
			}
			if len(n.dataGates) != 1 || n.dataGates[0].Passed != c.passed || !strings.Contains(n.dataGates[0].Detail, c.says) {
				t.Errorf("got %+v, want passed %v, %s", n.dataGates, c.passed, c.says)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

// A deployment without a calendar has the digest that its nights were published with; one with a campaign has another,
// whatever limits the campaign has: they change no table.
func TestTheCalendarIsPartOfWhatANightIsMadeOf(t *testing.T) {
	zone := calendar.NewZone(time.UTC)
	without, with, limited := Default(zone), Default(zone), Default(zone)
	with.Calendar = []Campaign{campaign(30, 32, nil)}
	limited.Calendar = []Campaign{campaign(30, 32, nil)}
	limited.Calendar[0].MinVolume = ptr(0.01)
	if without.nightDigest() == with.nightDigest() || with.nightDigest() != limited.nightDigest() {
		t.Errorf("digests %s, %s, %s", without.nightDigest(), with.nightDigest(), limited.nightDigest())
	}
}
