package repeat

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
)

// ErrNotSorted says that stored pairs are not in the order they must have.
var ErrNotSorted = errors.New("pairs are not sorted")

// Run are the purchases of some days, sorted, in groups that are read one at a time. No two runs of one
// computation hold the same day.
type Run struct {
	Last   calendar.Day // the newest day it may hold
	Groups []Group      // ascending
	// Read gives one group. It is called by several goroutines at once. Nobody looks at the
	// rows after release, which may be nil.
	Read func(ctx context.Context, group int) (rows Rows, release func(), err error)
}

// Group says what is known of a group before it is read.
type Group struct {
	Rows        int64
	First, Last Key  // bounds of its keys, themselves possible
	Bounded     bool // First and Last are known
}

// runRows is the size of the groups that rows in memory are cut into: they cost nothing to read, so
// small ones give fine bounds.
const runRows = 1 << 13

// InMemory is a run of rows that are there already.
func InMemory(last calendar.Day, rows Rows) Run {
	r := Run{Last: last}
	for from := 0; from < rows.Len(); from += runRows {
		to := min(from+runRows, rows.Len())
		r.Groups = append(r.Groups, Group{int64(to - from), rows.key(from), rows.key(to - 1), true})
	}
	r.Read = func(_ context.Context, group int) (Rows, func(), error) {
		from := group * runRows
		return rows.Slice(from, min(from+runRows, rows.Len())), nil, nil
	}
	return r
}

// CheckBounds fails with ErrNotSorted if the subjects that successive groups begin and end with are not in order.
func CheckBounds(order column.SubjectOrder, groups []Group) error {
	for i, g := range groups {
		if g.Bounded && (order.Compare(g.First.Subject, g.Last.Subject) > 0 || i > 0 && groups[i-1].Bounded && order.Compare(groups[i-1].Last.Subject, g.First.Subject) > 0) {
			return fmt.Errorf("row group %d: %w", i, ErrNotSorted)
		}
	}
	return nil
}

// Check fails with ErrNotSorted if sorted rows are not within the bounds of their group: spans are cut and found by them.
func (g *Group) Check(order column.SubjectOrder, rows Rows) error {
	if n := rows.Len(); g.Bounded && n > 0 && (compareKeys(order, rows.key(0), g.First) < 0 || compareKeys(order, rows.key(n-1), g.Last) > 0) {
		return fmt.Errorf("outside its bounds: %w", ErrNotSorted)
	}
	return nil
}

// span is a range of keys: from (included) to to (excluded); nil means open.
type span struct{ from, to *Key }

// split cuts the keys of the runs into at most parts spans of about as many rows each. A cut may fall
// into a subject: figures add up.
func split(runs []Run, order column.SubjectOrder, parts int) []span {
	type sample struct {
		key  Key
		rows int64
	}
	var samples []sample
	var total int64
	for _, r := range runs {
		for _, g := range r.Groups {
			if g.Bounded {
				samples = append(samples, sample{g.First, g.Rows})
				total += g.Rows
			}
		}
	}
	slices.SortFunc(samples, func(a, b sample) int { return cmp.Or(compareKeys(order, a.key, b.key), cmp.Compare(a.rows, b.rows)) })
	spans := []span{{}}
	var before int64
	for i, s := range samples {
		if before*int64(parts) >= total*int64(len(spans)) && compareKeys(order, samples[i].key, samples[0].key) > 0 && len(spans) < parts {
			cut := s.key
			if last := &spans[len(spans)-1]; last.from == nil || compareKeys(order, *last.from, cut) < 0 {
				last.to = &cut
				spans = append(spans, span{from: &cut})
			}
		}
		before += s.rows
	}
	return spans
}
