package jobs

import (
	"context"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
)

// readTable reads all rows of one of windvane's own files as a frame.
func readTable(ctx context.Context, file *lake.File, t *contract.Table, ids *column.IDs) (*column.Frame, error) {
	var names []string
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	var parts []*column.Frame
	for g := range file.NumRowGroups() {
		rec, err := file.ReadRowGroup(ctx, memory.DefaultAllocator, g, names)
		if err != nil {
			return nil, lost(err)
		}
		f, err := ids.Frame(t, rec)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file.Object().Key, err)
		}
		parts = append(parts, f) // its columns may share the record's memory, which the collector frees
	}
	return column.Concat(parts, names), nil
}
