package jobs

import (
	"context"
	"fmt"
	"strings"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
)

// shelf is what lies below one date of a job: published/<job>/dt=<date>/.
type shelf struct {
	day      calendar.Day
	commits  []lake.Object            // commits/000N.json, ascending
	runs     map[string][]lake.Object // run ID → what lies below run=<run ID>/
	failures []lake.Object            // records of failed attempts
	notices  []lake.Object            // records of messages
}

func (s *shelf) put(rest string, o lake.Object) {
	folder, _, nested := strings.Cut(rest, "/")
	run, isRun := strings.CutPrefix(folder, "run=")
	switch {
	case !nested: // current.json, or nothing of ours
	case folder == "commits":
		s.commits = append(s.commits, o)
	case folder == "failures":
		s.failures = append(s.failures, o)
	case folder == "notices":
		s.notices = append(s.notices, o)
	case isRun:
		s.runs[run] = append(s.runs[run], o)
	}
}

// shelves are those of all dates, ascending, from one listing.
func (a Archive) shelves(ctx context.Context) ([]shelf, error) {
	prefix := "published/" + a.Job + "/dt="
	objects, err := a.Out.List(ctx, prefix)
	if err != nil {
		return nil, fmt.Errorf("list published nights: %w", err)
	}
	var out []shelf
	for _, o := range objects { // keys come sorted
		date, rest, _ := strings.Cut(strings.TrimPrefix(o.Key, prefix), "/")
		day, err := calendar.Parse(date)
		if err != nil {
			continue
		}
		if len(out) == 0 || out[len(out)-1].day != day {
			out = append(out, shelf{day: day, runs: map[string][]lake.Object{}})
		}
		out[len(out)-1].put(rest, o)
	}
	return out, nil
}
