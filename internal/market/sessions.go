package market

import (
	"github.com/windvane/windvane/transforms/calendar"
)

// liveStarts is the share of live sessions that have begun by each hour of the day.
var liveStarts = cumulative(0, 0, 0, 0, 0, 0, 1, 2, 4, 6, 6, 4, 4, 4, 5, 5, 6, 8, 14, 18, 12, 4, 1, 0)

// streams tells whether an account is live on a day.
func (p *population) streams(account int32, d calendar.Day) bool {
	s := open(p.seed, forSession, uint64(account), uint64(d))
	return s.chance(p.talents[account].streaming)
}

// session is when an account's live session of a day begins and ends; it ends before midnight.
func (p *population) session(account int32, d calendar.Day) (from, to moment) {
	s := open(p.seed, forSession, uint64(account)|1<<40, uint64(d))
	from = startOf(d) + moment(s.pick(liveStarts))*hour + moment(s.below(3_600))*second
	to = from + moment(3_600+s.below(4*3_600))*second
	return from, min(to, startOf(d+1)-second)
}

// videoDay is the day an account published the video that is shown on d: one a week.
func videoDay(account int32, d calendar.Day) calendar.Day {
	return d - (d+calendar.Day(account%7))%7
}

// Identifiers of contents tell account, kind and day.
func liveID(account int32, d calendar.Day) int64 { return int64(d)*10_000_000 + int64(account) }
func videoID(account int32, d calendar.Day) int64 {
	return 5_000_000_000_000 + liveID(account, videoDay(account, d))
}
