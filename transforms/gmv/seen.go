package gmv

import (
	"slices"

	"github.com/windvane/windvane/transforms/column"
)

// Seen are the distinct subjects of some days, with the spans that each was seen in.
type Seen struct {
	spans    int
	subjects []int64  // ascending
	in       []uint64 // bit per span
}

// SeenIn reads the days of some spans once. counts tells of a frame which of its rows count; nil: all.
//
// A day's subjects are mostly in order, and mostly those of the days before: they are walked side by side.
func SeenIn(days column.Days, subject string, counts func(f *column.Frame) func(i int) bool, spans []Span) (*Seen, error) {
	seen := &Seen{spans: len(spans)}
	for d, err := range days {
		if err != nil {
			return nil, err
		}
		mask := uint64(0)
		for j, s := range spans {
			if s.Holds(d.Day) {
				mask |= 1 << j
			}
		}
		if mask == 0 {
			continue
		}
		today := d.Frame.Column(subject)
		if counts != nil {
			counted, all := counts(d.Frame), today
			today = make([]int64, 0, len(all))
			for i, s := range all {
				if counted(i) {
					today = append(today, s)
				}
			}
		}
		if !slices.IsSorted(today) { // codes of texts, null last
			today = slices.Clone(today)
			slices.Sort(today)
		}
		seen.add(today, mask)
	}
	return seen, nil
}

// add takes the subjects of a day, ascending.
func (s *Seen) add(today []int64, mask uint64) {
	var fresh []int64
	at := 0
	for i, subject := range today {
		if i > 0 && subject == today[i-1] {
			continue
		}
		for at < len(s.subjects) && s.subjects[at] < subject {
			at++
		}
		if at < len(s.subjects) && s.subjects[at] == subject {
			s.in[at] |= mask
		} else {
			fresh = append(fresh, subject)
		}
	}
	old := len(s.subjects)
	s.subjects, s.in = append(s.subjects, fresh...), append(s.in, make([]uint64, len(fresh))...)
	for to := len(s.subjects) - 1; len(fresh) > 0; to-- { // from behind, where there is room
		if next := fresh[len(fresh)-1]; old == 0 || s.subjects[old-1] < next {
			s.subjects[to], s.in[to] = next, mask
			fresh = fresh[:len(fresh)-1]
			continue
		}
		old--
		s.subjects[to], s.in[to] = s.subjects[old], s.in[old]
	}
}

// Count counts the subjects of each span; only tells which of them, nil: all.
func (s *Seen) Count(only func(span int, subject int64) bool) []int64 {
	n := make([]int64, s.spans)
	for i, subject := range s.subjects {
		for j := range n {
			if s.in[i]>>j&1 == 1 && (only == nil || only(j, subject)) {
				n[j]++
			}
		}
	}
	return n
}
