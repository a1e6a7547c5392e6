package main

import (
	"bytes"
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/windvane/windvane/config"
)

// fitMemory lowers memory_limit to what the process may have, or refuses what is too little for any night: a message
// before any work, instead of an end in the middle of it that nobody can explain.
func (a *app) fitMemory(configured config.Bytes) (limit config.Bytes, note string, err error) {
	bounds := a.memoryBounds(os.DirFS("/"))
	return config.FitMemory(configured, bounds...)
}

// memoryBounds are the limits on the memory of this process that are set at all. root is the root of the file system.
func (a *app) memoryBounds(root fs.FS) (found []config.MemoryBound) {
	if text, ok := a.lookupEnv("GOMEMLIMIT"); ok {
		if n, ok := goMemory(text); ok {
			found = append(found, config.MemoryBound{Name: "GOMEMLIMIT=" + text, Left: n, Mend: "raise or unset it; memory_limit in the configuration is enough"})
		}
	}
	if n, ok := addressSpace(); ok {
		found = append(found, config.MemoryBound{Name: "ulimit -v", Left: config.Bytes(n - mapped(root)), Hard: true, Mend: "raise ulimit -v, or take the limit of the service's control group instead"})
	}
	if n, group, ok := controlGroup(root); ok {
		found = append(found, config.MemoryBound{Name: "memory.max of the control group " + group, Left: config.Bytes(n), Hard: true, Mend: "raise it (MemoryMax= in systemd, limits.memory in Kubernetes)"})
	}
	return found
}

// goMemory reads the form of GOMEMLIMIT: bytes, or a number with B, KiB, MiB, GiB or TiB; "off" is no limit. The runtime
// does not start with another text.
//
// Source: https://pkg.go.dev/runtime#hdr-Environment_Variables
func goMemory(text string) (config.Bytes, bool) {
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB", "B", ""} {
		number, ok := strings.CutSuffix(text, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n < 0 {
			return 0, false
		}
		if i < 4 {
			if n > math.MaxInt64>>(10*(i+1)) {
				return 0, false
			}
			n <<= 10 * (i + 1)
		}
		return config.Bytes(n), true
	}
	return 0, false
}

// mapped is the address space that the process has taken already: Go reserves much more than it uses. 0 where nobody
// tells.
func mapped(root fs.FS) int64 {
	data, err := fs.ReadFile(root, "proc/self/statm")
	pages, _, _ := strings.Cut(string(data), " ")
	n, parseErr := strconv.ParseInt(pages, 10, 64)
	if err != nil || parseErr != nil {
		return 0
	}
	return n * int64(os.Getpagesize())
}

// controlGroup is the lowest memory.max of the process's control group (version 2) and those above it, and which it is.
//
// Source: https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
func controlGroup(root fs.FS) (least int64, group string, found bool) {
	groups, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, "", false
	}
	for line := range bytes.Lines(groups) {
		at, ok := strings.CutPrefix(strings.TrimSpace(string(line)), "0::/")
		if !ok {
			continue // version 1
		}
		for at = path.Clean("/" + at); ; at = path.Dir(at) {
			data, err := fs.ReadFile(root, path.Join("sys/fs/cgroup", at, "memory.max"))
			n, notNumber := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64) // or "max"
			if err == nil && notNumber == nil && (!found || n < least) {
				least, group, found = n, at, true
			}
			if at == "/" {
				break
			}
		}
	}
	return least, group, found
}
