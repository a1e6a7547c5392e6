package jobs

import (
	"cmp"
	"strings"
)

// compareRejects orders rejected rows by file, row and reason.
func compareRejects(a, b RejectedRow) int {
	return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Row, b.Row), strings.Compare(reasonName(a.Reason), reasonName(b.Reason)))
}
