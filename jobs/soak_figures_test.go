//go:build acceptance

package jobs_test

import (
	"fmt"
	"maps"
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

// records are commits, current.json and what is told of failures: all that is published but runs.
const records = "published/, records"

// watched are the prefixes of the output whose growth is told.
var watched = []string{"published/", "state/partitions/", "state/rollups/", "state/windows/", "state/pairs/", "state/lift/"}

func (s *soak) footing(day calendar.Day) footing {
	f := footing{day: day, prefixes: map[string]stored{}}
	for _, p := range watched {
		objects, bytes := s.bucket.Size(p)
		f.prefixes[p] = stored{objects, bytes}
	}
	kept := stored{}
	for key, data := range s.bucket.Objects("published/") {
		if !strings.Contains(key, "/run=") {
			kept.objects++
			kept.bytes += int64(len(data))
		}
	}
	tables := f.prefixes["published/"]
	f.prefixes["published/, runs"] = stored{tables.objects - kept.objects, tables.bytes - kept.bytes}
	f.prefixes[records] = kept
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

// cycle are the weeks of the longest run of days whose sums are kept, 64 days: what is stored swings with it.
const cycle = 9

// checkGrowth compares the last nine weeks with the nine before them; all windows are full in both. Objects and bytes,
// memory, goroutines and open files stay, and only the records of nights grow. Without any house-keeping all would be a
// fifth more, as the records are.
func (s *soak) checkGrowth(all []footing) {
	s.t.Helper()
	before, last := all[len(all)-2*cycle:len(all)-cycle], all[len(all)-cycle:]
	grows := func(what string, of func(footing) float64) float64 {
		a, b := mean(before, of), mean(last, of)
		s.t.Logf("%-32s %12.0f, then %12.0f: %+6.1f %%", what, a, b, 100*(b-a)/a)
		return (b - a) / a
	}
	for _, prefix := range slices.Sorted(maps.Keys(all[0].prefixes)) {
		objects := grows(prefix+", objects", func(f footing) float64 { return float64(f.prefixes[prefix].objects) })
		size := grows(prefix+", bytes", func(f footing) float64 { return float64(f.prefixes[prefix].bytes) })
		if prefix == records {
			continue
		}
		if objects > .05 || size > .05 {
			s.t.Errorf("%s grows: %+.3f of its objects, %+.3f of its bytes", prefix, objects, size)
		}
	}
	kept := func(f footing) float64 { return float64(f.prefixes[records].objects) }
	if a := (mean(last, kept) - mean(before, kept)) / (7 * cycle); a > 4 { // commits, one of them that retires a night, and current.json
		s.t.Errorf("%.1f records a night are kept for good", a)
	}
	if grown := grows("heap, bytes", func(f footing) float64 { return float64(f.heap) }); grown > .01 {
		s.t.Errorf("the heap grows: %+.3f", grown)
	}
	if grown := grows("goroutines", func(f footing) float64 { return float64(f.goroutines) }); grown > 0 {
		s.t.Errorf("goroutines grow: %+.3f", grown)
	}
	if last[0].files == 0 { // a system without /proc
		return
	}
	if grown := grows("open files", func(f footing) float64 { return float64(f.files) }); grown > 0 {
		s.t.Errorf("open files grow: %+.3f", grown)
	}
}

func mean(all []footing, of func(footing) float64) (sum float64) {
	for _, f := range all {
		sum += of(f)
	}
	return sum / float64(len(all))
}
