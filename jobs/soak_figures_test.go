//go:build acceptance

package jobs_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/windvane/windvane/transforms/calendar"
)

// footing is what a deployment holds after a night.
type footing struct {
	day        calendar.Day
	heap       int64 // bytes alive, without the contents of the stores, which lie in memory
	goroutines int
	files      int // open in this process
	prefixes   map[string]stored
}

// stored is what lies below a prefix.
type stored struct {
	objects int
	bytes   int64
}

// watched are the prefixes of the output whose growth is told.
var watched = []string{"published/", "state/partitions/", "state/rollups/", "state/windows/", "state/pairs/", "state/lift/"}

func (s *soak) footing(day calendar.Day) footing {
	f := footing{day: day, prefixes: map[string]stored{}}
	for _, p := range watched {
		objects, bytes := s.bucket.Size(p)
		f.prefixes[p] = stored{objects, bytes}
	}
	records := stored{}
	for key, data := range s.bucket.Objects("published/") {
		if !strings.Contains(key, "/run=") {
			records.objects++
			records.bytes += int64(len(data))
		}
	}
	tables := f.prefixes["published/"]
	f.prefixes["published/, runs"] = stored{tables.objects - records.objects, tables.bytes - records.bytes}
	f.prefixes["published/, records"] = records
	delete(f.prefixes, "published/")
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers held
	runtime.ReadMemStats(&m)
	_, in := s.w.bucket.Size("")
	_, out := s.bucket.Size("")
	f.heap, f.goroutines = int64(m.HeapAlloc)-in-out, runtime.NumGoroutine()
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		f.files = len(open)
	}
	return f
}

// slope is the least-squares slope of values a step, and their mean.
func slope(values []float64) (slope, mean float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	var above, below float64
	for i, v := range values {
		x := float64(i) - (n-1)/2
		above += x * (v - mean)
		below += x * x
	}
	return above / below, mean
}

// column picks one figure of each footing.
func column(all []footing, of func(footing) float64) []float64 {
	out := make([]float64, len(all))
	for i, f := range all {
		out[i] = of(f)
	}
	return out
}

// table prints footings as lines.
func table(all []footing) string {
	var names []string
	for name := range all[0].prefixes {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s %9s %10s %6s", "night", "heap KiB", "goroutines", "files")
	for _, name := range names {
		fmt.Fprintf(&b, " %23s", name)
	}
	for _, f := range all {
		fmt.Fprintf(&b, "\n%-12s %9d %10d %6d", f.day, f.heap>>10, f.goroutines, f.files)
		for _, name := range names {
			fmt.Fprintf(&b, " %10d %8d KiB", f.prefixes[name].objects, f.prefixes[name].bytes>>10)
		}
	}
	return b.String()
}

// checkGrowth looks at the weeks after all windows are full: objects and bytes, memory, goroutines and open files stay,
// and only the records of nights grow.
func (s *soak) checkGrowth(all []footing) {
	s.t.Helper()
	grows := func(what string, of func(footing) float64) (over, mean float64) {
		a, mean := slope(column(all, of))
		over = a * float64(len(all)-1)
		s.t.Logf("%-32s %12.0f on average, %+10.0f over %d weeks", what, mean, over, len(all)-1)
		return over, mean
	}
	for prefix := range all[0].prefixes {
		objects, n := grows(prefix+", objects", func(f footing) float64 { return float64(f.prefixes[prefix].objects) })
		size, bytes := grows(prefix+", bytes", func(f footing) float64 { return float64(f.prefixes[prefix].bytes) })
		nights := float64(all[len(all)-1].day - all[0].day)
		switch {
		case prefix == "published/, records": // commits, one of them that retires a night, and current.json
			if objects > 4*nights || size > 4<<10*nights {
				s.t.Errorf("%s grow by %.1f objects and %.0f bytes a night", prefix, objects/nights, size/nights)
			}
		case objects > n/20 || size > bytes/10:
			s.t.Errorf("%s grows: %+.0f of %.0f objects, %+.0f of %.0f bytes", prefix, objects, n, size, bytes)
		}
	}
	if over, mean := grows("heap, bytes", func(f footing) float64 { return float64(f.heap) }); over > mean/20 {
		s.t.Errorf("the heap grows by %.0f of %.0f bytes", over, mean)
	}
	for what, of := range map[string]func(footing) float64{"goroutines": func(f footing) float64 { return float64(f.goroutines) }, "open files": func(f footing) float64 { return float64(f.files) }} {
		if over, _ := grows(what, of); over > .5 {
			s.t.Errorf("%s grow by %.1f", what, over)
		}
	}
}
