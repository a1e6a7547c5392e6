package jobs

import (
	"fmt"
	"slices"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/gmv"
	"github.com/windvane/windvane/transforms/rollup"
)

// The sums of a year of sales are not made anew of 395 days every night: runs of 8 and of 64 days are added up once
// and kept under state/windows/, as rollups of the same shape. See docs/adr/0012-window-state.md.

// runLengths are the lengths of the runs of days whose sums are kept, in days. Runs begin on multiples of their length,
// so that all nights share them; each is made of those of the next length.
var runLengths = []calendar.Day{64, 8}

// windowFormat is part of the key of kept sums: raise it when AddUp changes its meaning.
const windowFormat = "1"

// unit is a day, or a run of days whose sum is kept.
type unit struct {
	days   []Partition
	length calendar.Day // of the run; 0: one day
}

// units cuts the days from first to the as-of date into runs whose sums are kept, where all days of a run lie in the
// same windows and are not looked at again, and single days.
func (n *night) units(r *rollup.Rollup, first calendar.Day) (out []unit) {
	days := n.partitions[r.Source.Name]
	from, _ := slices.BinarySearchFunc(days, first, compareDay)
	to, _ := slices.BinarySearchFunc(days, n.asOf+1, compareDay)
	for days = days[from:to]; len(days) > 0; {
		u := n.unit(first, days)
		out, days, first = append(out, u), days[len(u.days):], u.days[len(u.days)-1].Day+1
	}
	return out
}

func compareDay(p Partition, d calendar.Day) int { return int(p.Day - d) }

// unit is what the days, of which those before first are taken already, begin with.
func (n *night) unit(first calendar.Day, days []Partition) unit {
	for _, length := range runLengths {
		begin := startOfRun(days[0].Day, length)
		last := begin + length - 1
		if begin < first || last > n.asOf-calendar.Day(n.runner.Settings.RestateDays) || !gmv.SameWindows(n.asOf, begin, last) {
			continue
		}
		end, _ := slices.BinarySearchFunc(days, last+1, compareDay)
		if end > 1 && !n.runner.DaysOnly {
			return unit{days[:end], length}
		}
	}
	return unit{days: days[:1]}
}

func startOfRun(d, length calendar.Day) calendar.Day { return d - (d%length+length)%length }

// sumKey is where the sum of a run is kept, or a day. Its name covers all that the sum is made of.
func sumKey(r *rollup.Rollup, u unit) string {
	if u.length == 0 {
		return rollupKey(r.Name, u.days[0])
	}
	parts := []string{windowFormat}
	for _, p := range u.days {
		parts = append(parts, p.Day.String(), p.Digest)
	}
	return fmt.Sprintf("state/windows/%s/%dd/dt=%s/%s.parquet", r.Name, u.length, startOfRun(u.days[0].Day, u.length), digestOf(parts...))
}

// shorter are the runs of the next length that a run is made of, and days that stand alone.
func shorter(u unit) (out []unit) {
	at := slices.Index(runLengths, u.length) + 1
	for days := u.days; len(days) > 0; {
		part := unit{days: days[:1]}
		if at < len(runLengths) {
			length := runLengths[at]
			end, _ := slices.BinarySearchFunc(days, startOfRun(days[0].Day, length)+length, compareDay)
			if end > 1 {
				part = unit{days[:end], length}
			}
		}
		out, days = append(out, part), days[len(part.days):]
	}
	return out
}

// frameRecords are the rows of a frame as records of bounded size, each valid until the next is asked for.
func frameRecords(t *contract.Table, ids *column.IDs, f *column.Frame) column.Records {
	const rows = 1 << 16
	return column.Pages(t, ids, f.N, rows, func(b *column.Builder) func(from, to int) {
		return func(from, to int) {
			for i, c := range b.Columns() {
				c.Ints(f.Column(t.Columns[i].Name)[from:to])
			}
		}
	})
}
