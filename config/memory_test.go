package config_test

import (
	"strings"
	"testing"

	"github.com/windvane/windvane/config"
)

func TestFitMemory(t *testing.T) {
	const mib = config.Bytes(1 << 20)
	soft := func(n config.Bytes) config.MemoryBound {
		return config.MemoryBound{Name: "SOFT", Left: n * mib, Mend: "raise SOFT"}
	}
	hard := func(n config.Bytes) config.MemoryBound {
		return config.MemoryBound{Name: "HARD", Left: n * mib, Hard: true, Mend: "raise HARD"}
	}
	for _, c := range []struct {
		name       string
		configured config.Bytes
		bounds     []config.MemoryBound
		want       config.Bytes
		says       string // the note, or the error where want is 0
	}{
		{"no bound", 4096, nil, 4096, ""},
		{"just enough", 4096, []config.MemoryBound{soft(4096), hard(4096)}, 4096, ""},
		{"a soft bound is taken whole", 4096, []config.MemoryBound{soft(1000)}, 1000, "memory_limit is 1000MiB instead of the configured 4GiB: SOFT"},
		{"a hard one in part", 4096, []config.MemoryBound{hard(1500)}, 1000, "memory_limit is 1000MiB instead of the configured 4GiB: HARD"},
		{"the lowest counts", 4096, []config.MemoryBound{soft(900), hard(1500)}, 900, "SOFT"},
		{"in any order", 4096, []config.MemoryBound{hard(1500), soft(900)}, 900, "SOFT"},
		{"and is named", 4096, []config.MemoryBound{soft(1200), hard(1500)}, 1000, "HARD"},
		{"the least of all", 4096, []config.MemoryBound{hard(384)}, 256, "256MiB"},
		{"too little", 4096, []config.MemoryBound{hard(383)}, 0, "HARD leaves 255MiB for memory_limit, a night needs 256MiB whatever the data: raise HARD"},
		{"nothing", 4096, []config.MemoryBound{soft(0)}, 0, "raise SOFT"},
		{"less than nothing", 4096, []config.MemoryBound{hard(-200)}, 0, "raise HARD"},
	} {
		got, note, err := config.FitMemory(c.configured*mib, c.bounds...)
		said := note
		if err != nil {
			said = err.Error()
		}
		if got != c.want*mib || (err != nil) != (c.want == 0) || !strings.Contains(said, c.says) || (c.says == "") != (said == "") {
			t.Errorf("%s: %s, %q, %v, want %d MiB and %q", c.name, got, note, err, c.want, c.says)
		}
	}
}
