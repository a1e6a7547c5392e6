package jobs

import (
	"context"
	"testing"

	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/contract"
)

func TestMedianOfTheDaysBefore(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		days   int
		want   float64
		ok     bool
	}{
		{"odd", []float64{9, 1, 5}, 4, 5, true},
		{"even", []float64{9, 1, 5, 6}, 4, 5.5, true},
		{"half of the days is enough", []float64{2, 4}, 4, 3, true},
		{"less than half is not", []float64{2}, 4, 0, false},
		{"none", nil, 2, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := median(c.values, c.days); got != c.want || ok != c.ok {
				t.Errorf("got %v, %v; want %v, %v", got, ok, c.want, c.ok)
			}
		})
	}
}

// volumes decides the volume gate of orders for rows of successive days, the as-of day last; −1: no partition.
func volumes(t *testing.T, g Gates, rows ...int64) []Gate {
	t.Helper()
	n := &night{asOf: calendar.Day(len(rows) - 1), partitions: map[string][]Partition{}, runner: &Runner{}}
	for d, k := range rows {
		if k >= 0 {
			n.partitions[contract.Orders.Name] = append(n.partitions[contract.Orders.Name], Partition{Day: calendar.Day(d), Input: k})
		}
	}
	if err := n.gateVolumes(context.Background(), g); err != nil {
		t.Fatal(err)
	}
	return n.dataGates
}

func TestVolumeGate(t *testing.T) {
	g := Gates{Days: 4, MinRows: 100, MinVolume: 0.2, MaxVolume: 5}
	for _, c := range []struct {
		name   string
		rows   []int64
		judged bool
		passed bool
	}{
		{"as usual", []int64{1000, 1000, 1000, 1000, 1100}, true, true},
		{"on the lower line", []int64{1000, 1000, 1000, 1000, 200}, true, true},
		{"below it", []int64{1000, 1000, 1000, 1000, 199}, true, false},
		{"nothing at all", []int64{1000, 1000, 1000, 1000, 0}, true, false},
		{"on the upper line", []int64{1000, 1000, 1000, 1000, 5000}, true, true},
		{"above it", []int64{1000, 1000, 1000, 1000, 5001}, true, false},
		{"one day of a promotion moves no median", []int64{1000, 90000, 1000, 1000, 900}, true, true},
		{"small tables are not judged", []int64{99, 99, 99, 99, 1}, false, false},
		{"too little history", []int64{-1, -1, -1, 1000, 1}, false, false},
		{"days whose rows are not known do not count", []int64{0, 0, 0, 1000, 1}, false, false},
		{"older days do not count", []int64{9, 9, 9, 9, 1000, 1000, 1000, 1000, 300}, true, true},
		{"no partition of the day", []int64{1000, 1000, 1000, 1000, -1}, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := volumes(t, g, c.rows...)
			if len(got) == 1 != c.judged || c.judged && got[0].Passed != c.passed {
				t.Errorf("got %+v; want judged %v, passed %v", got, c.judged, c.passed)
			}
		})
	}
	if got := volumes(t, Gates{Days: 4, MinRows: 100}, 1000, 1000, 1000, 1000, 1); got != nil {
		t.Errorf("without limits there is no gate, got %+v", got)
	}
}
