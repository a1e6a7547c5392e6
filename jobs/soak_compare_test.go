//go:build acceptance

package jobs_test

import (
	"github.com/windvane/windvane/internal/testkit/faults"
	"github.com/windvane/windvane/jobs"
)

// compareWithClean holds a night against one cold night from the dumps as they stand. It returns the columns that differ.
func (s *soak) compareWithClean(got jobs.Outcome) map[string][]string {
	s.t.Helper()
	differ := map[string][]string{}
	s.clean(got.AsOf, got.AsOf, func(o jobs.Outcome, clean *faults.Bucket) {
		for i, table := range o.Tables {
			if mine := got.Tables[i]; mine.Table != table.Table || mine.SHA256 != table.SHA256 {
				differ[table.Table] = otherColumns(s.t, []byte(s.bucket.Objects(mine.Key)[mine.Key]), []byte(clean.Objects(table.Key)[table.Key]))
			}
		}
		clean.Remove("") // the heap of the soak is looked at
		s.told["tables compared with a clean night"] += len(o.Tables)
		s.told["of them the same bytes"] += len(o.Tables) - len(differ)
	})
	return differ
}
