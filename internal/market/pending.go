package market

import "github.com/windvane/windvane/transforms/calendar"

// pending holds the lines that wait for their next event, by the day of that event. Each entry is a run of
// lines that one unit of work left behind; runs stay in the order of the units, so the order of rows does
// not depend on who did the work.
type pending struct {
	runs map[calendar.Day][][]line
}

func newPending() *pending {
	return &pending{runs: map[calendar.Day][][]line{}}
}

// take gives the runs of a day away.
func (p *pending) take(d calendar.Day) [][]line {
	runs := p.runs[d]
	delete(p.runs, d)
	return runs
}

// put adds what one unit left.
func (p *pending) put(left []waiting) {
	for _, w := range left {
		p.runs[w.day] = append(p.runs[w.day], w.lines)
	}
}

// waiting is a run of lines with their next event on one day.
type waiting struct {
	day   calendar.Day
	lines []line
}

// sorter collects the lines of one unit by the day of their next event.
type sorter struct {
	lines []line
	days  []uint16 // ahead of today
}

func (s *sorter) add(l *line, ahead int) {
	s.lines = append(s.lines, *l)
	s.days = append(s.days, uint16(ahead))
}

// drain gives the lines as runs of exact size in the order of the days, and empties the sorter.
func (s *sorter) drain(today calendar.Day) []waiting {
	count := map[uint16]int{}
	longest := uint16(0)
	for _, d := range s.days {
		count[d]++
		longest = max(longest, d)
	}
	at := make([]int, longest+1)
	var out []waiting
	for d := uint16(1); d <= longest; d++ {
		if n := count[d]; n > 0 {
			at[d] = len(out)
			out = append(out, waiting{today + calendar.Day(d), make([]line, 0, n)})
		}
	}
	for i, d := range s.days {
		w := &out[at[d]]
		w.lines = append(w.lines, s.lines[i])
	}
	s.lines, s.days = s.lines[:0], s.days[:0]
	return out
}
