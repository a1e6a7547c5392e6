package config

import "fmt"

// MemoryBound is a limit of the machine or the environment on what the process may take.
type MemoryBound struct {
	Name string // where it was set, as an operator knows it
	Left Bytes  // what a night may take under it
	Hard bool   // the process dies beyond it, rather than slow down
	Mend string // what to do if it is too little
}

// FitMemory is the memory_limit that the bounds allow: what was configured, or less if a bound is lower. Under a hard
// bound that is two thirds of it, since a night holds some things that memory_limit does not count. The note says why it
// was lowered, and is empty if it was not. It fails if what is left is less than any night needs.
func FitMemory(configured Bytes, bounds ...MemoryBound) (limit Bytes, note string, err error) {
	limit = configured
	for _, b := range bounds {
		allowed := b.Left
		if b.Hard {
			allowed = b.Left / 3 * 2
		}
		if b.Left >= configured || allowed >= limit {
			continue
		}
		limit = allowed / (1 << 20) * (1 << 20)
		if limit < minMemory {
			return 0, "", fmt.Errorf("%s leaves %s for memory_limit, a night needs %s whatever the data: %s", b.Name, limit, minMemory, b.Mend)
		}
		note = fmt.Sprintf("memory_limit is %s instead of the configured %s: %s leaves no more; the tables are the same, more is spilled to disk", limit, configured, b.Name)
	}
	return limit, note, nil
}
