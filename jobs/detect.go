package jobs

import (
	"context"
	"maps"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

// detectIDs finds out which identifier domains are STRING, from one file of each table as of a day.
// A domain declared in the settings is not looked for.
func detectIDs(ctx context.Context, in *lake.Lake, inputs *Inputs, s Settings, asOf calendar.Day) (contract.IDTypes, error) {
	ids := contract.IDTypes{}
	for _, t := range contract.Inputs() {
		day, ok := inputs.nearest(t.Name, asOf-calendar.Day(s.RestateDays), asOf)
		if !ok {
			continue
		}
		for domain, text := range mappingTypes(ctx, in, inputs.on(t.Name, day), s) {
			ids[domain] = ids[domain] || text
		}
	}
	maps.Copy(ids, s.IDs)
	maps.DeleteFunc(ids, func(_ contract.Domain, text bool) bool { return !text })
	return ids, nil
}

// mappingTypes looks at the first readable file. A broken file is found and named when it is read in
// earnest, so here it only has nothing to say.
func mappingTypes(ctx context.Context, in *lake.Lake, d *dump, s Settings) contract.IDTypes {
	for _, o := range d.objects {
		f, err := in.OpenParquet(ctx, o)
		if err != nil {
			continue
		}
		types := mapping.DetectIDs(d.table, s.Tables[d.table.Name], sourceFields(f))
		f.Close()
		return types
	}
	return nil
}

func sourceFields(f *lake.File) []mapping.SourceField {
	var fields []mapping.SourceField
	for _, c := range f.Columns() {
		fields = append(fields, mapping.SourceField{Name: c.Name, Type: c.Type, Repeated: c.Repeated || c.Nested || c.Type == nil})
	}
	return fields
}
