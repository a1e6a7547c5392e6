package jobs

import (
	"context"
	"errors"
	"maps"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
	"github.com/windvane/windvane/transforms/rollup"
)

// detectIDs finds out which identifier domains are STRING, from one file of each table that has rollups.
// A domain declared in the settings is not looked for.
func detectIDs(ctx context.Context, in *lake.Lake, inputs *Inputs, s Settings, asOf calendar.Day) (contract.IDTypes, error) {
	ids := contract.IDTypes{}
	for _, t := range rollup.Sources() {
		first, ok := inputs.first(t.Name)
		if !ok {
			continue
		}
		day, ok := inputs.nearest(t.Name, first, asOf)
		if !ok {
			continue
		}
		types, err := mappingTypes(ctx, in, inputs.on(t.Name, day), s)
		if err != nil {
			return nil, err
		}
		for domain, text := range types {
			ids[domain] = ids[domain] || text
		}
	}
	maps.Copy(ids, s.IDs)
	maps.DeleteFunc(ids, func(_ contract.Domain, text bool) bool { return !text })
	return ids, nil
}

// mappingTypes looks at the first readable file. A broken file is found and named when it is read in
// earnest, so here it only has nothing to say; trouble of the store is no answer.
func mappingTypes(ctx context.Context, in *lake.Lake, d *dump, s Settings) (contract.IDTypes, error) {
	for _, o := range d.objects {
		f, err := in.OpenParquet(ctx, o)
		if isBroken(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		types := mapping.DetectIDs(d.table, s.Tables[d.table.Name], sourceFields(f))
		f.Close()
		return types, nil
	}
	return nil, nil
}

// isBroken tells whether the file is to blame and not the store.
func isBroken(err error) bool {
	return errors.Is(err, lake.ErrCorrupt) || errors.Is(err, lake.ErrTooLarge) || errors.Is(err, lake.ErrUnsupported)
}

func sourceFields(f *lake.File) []mapping.SourceField {
	var fields []mapping.SourceField
	for _, c := range f.Columns() {
		fields = append(fields, mapping.SourceField{Name: c.Name, Type: c.Type, Parquet: parquetType(&c), Int96: c.Int96})
	}
	return fields
}

// parquetType is a column's type in the file's words, and what keeps it from being read.
func parquetType(c *lake.SourceColumn) string {
	switch {
	case c.Repeated:
		return c.Parquet + ", repeated"
	case c.Nested:
		return c.Parquet + ", in a group"
	}
	return c.Parquet
}
