package market

import (
	"math"

	"github.com/windvane/windvane/transforms/calendar"
)

// Moments are microseconds since 1970 UTC in whole seconds; 0 means "not yet" or "never". Business days
// are those of Asia/Shanghai, UTC+8 without daylight saving.
type moment = int64

const (
	second    moment = 1_000_000
	minute           = 60 * second
	hour             = 60 * minute
	fullDay          = 24 * hour
	zoneShift        = 8 * hour
)

// dayOf is the business day of a moment.
func dayOf(t moment) calendar.Day { return calendar.Day((t + zoneShift) / fullDay) }

// startOf is the first moment of a business day.
func startOf(d calendar.Day) moment { return moment(d)*fullDay - zoneShift }

// hours is a span in whole seconds.
func hours(h float64) moment { return moment(h*3600) * second }

// promotion is one day of a promotion.
type promotion struct {
	day   calendar.Day
	name  string
	level int64 // 1 small to 3 platform-wide
}

// yearly are the promotions that come every year, by month and day.
var yearly = [...]struct {
	month, day int
	name       string
	level      int64
}{
	{1, 16, "1.16 brand festival", 2}, {3, 8, "3.8 festival", 1}, {6, 18, "6.18", 3},
	{8, 18, "8.18", 2}, {11, 11, "11.11", 3}, {12, 12, "12.12", 1},
}

// promotions of the market's days. A market of 14 days or more that meets none of the yearly ones gets an
// anniversary sale after two thirds of its days.
func promotions(first, last calendar.Day) []promotion {
	var found []promotion
	for d := first; d <= last; d++ {
		_, month, day := d.Date()
		for _, y := range yearly {
			if int(month) == y.month && day == y.day {
				found = append(found, promotion{d, y.name, y.level})
			}
		}
	}
	if days := int(last-first) + 1; len(found) == 0 && days >= 14 {
		found = append(found, promotion{first + calendar.Day(days*2/3), "anniversary sale", 2})
	}
	return found
}

// volume is how a day compares with an ordinary one: weekends sell more, the market grows 0.15 % a day,
// promotions multiply.
func volume(first, d calendar.Day, promos []promotion) float64 {
	weekday := [...]float64{0.98, 0.95, 0.94, 0.96, 1.03, 1.10, 1.08} // Thursday (1970-01-01) first
	v := weekday[(int(d)%7+7)%7] * math.Pow(1.0015, float64(d-first))
	if p := promotionOf(d, promos); p != nil {
		v *= 1 + 0.45*float64(p.level)
	}
	return v
}

func promotionOf(d calendar.Day, promos []promotion) *promotion {
	for i := range promos {
		if promos[i].day == d {
			return &promos[i]
		}
	}
	return nil
}

// linesByDay spreads LinesPerDay × Days over the days by volume.
func linesByDay(o Options, promos []promotion) []int {
	first := o.AsOf - calendar.Day(o.Days) + 1
	weights := make([]float64, o.Days)
	total := 0.0
	for i := range weights {
		weights[i] = volume(first, first+calendar.Day(i), promos)
		total += weights[i]
	}
	lines := make([]int, o.Days)
	for i, w := range weights {
		lines[i] = max(1, int(math.Round(w/total*float64(o.LinesPerDay)*float64(o.Days))))
	}
	return lines
}

// busyHours is the share of orders outside live sessions up to the end of each hour of the day.
var busyHours = cumulative(1.8, 0.9, 0.5, 0.3, 0.3, 0.6, 1.5, 2.8, 3.8, 4.6, 5.2, 5.3, 5.6, 5.2, 4.8, 4.7, 4.8, 5.0, 5.6, 6.8, 8.4, 9.0, 7.5, 5.0)

// cumulative turns weights into cumulative shares.
func cumulative(weights ...float64) []float64 {
	total := 0.0
	for _, w := range weights {
		total += w
	}
	sums := make([]float64, len(weights))
	sum := 0.0
	for i, w := range weights {
		sum += w
		sums[i] = sum / total
	}
	return sums
}
