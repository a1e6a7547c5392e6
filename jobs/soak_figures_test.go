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
