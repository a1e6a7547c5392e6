package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// agree compares what two engines answered. All differences are joined, each with its job, engine, table
// and measure.
func agree(j job, engine string, want, got answer) error {
	var errs []error
	for _, t := range j.tables {
		for _, d := range differences(want.Tables[t.Name], got.Tables[t.Name]) {
			errs = append(errs, fmt.Errorf("job %s: table %s: %s: %s, %s", j.name, t.Name, d.what,
				windvane+" has "+d.want, engine+" has "+d.got))
		}
	}
	return errors.Join(errs...)
}

type difference struct{ what, want, got string }

func differences(want, got tableSums) (out []difference) {
	note := func(what, w, g string) {
		if w != g {
			out = append(out, difference{what, w, g})
		}
	}
	note("rows", fmt.Sprint(want.Rows), fmt.Sprint(got.Rows))
	for _, m := range slices.Sorted(maps.Keys(want.Sums)) {
		note("sum of "+m, want.Sums[m], got.Sums[m])
		note("sum of squares of "+m, want.Squares[m], got.Squares[m])
	}
	note("checksum", want.Checksum, got.Checksum)
	return out
}

// sameRows holds a timed run against the checked one: a run that did less must not count. Tables that a
// timed run says nothing of are passed over.
func sameRows(j job, engine string, checked, timed answer) error {
	for _, t := range j.tables {
		w, g := checked.Tables[t.Name], timed.Tables[t.Name]
		if _, told := timed.Tables[t.Name]; told && w.Rows != g.Rows {
			return fmt.Errorf("job %s, engine %s: table %s had %d rows when checked and %d when timed", j.name, engine, t.Name, w.Rows, g.Rows)
		}
	}
	return nil
}
