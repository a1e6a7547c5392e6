//go:build unix

package main

import (
	"math"
	"syscall"
)

// addressSpace is what ulimit -v allows; false: as much as there is.
func addressSpace() (int64, bool) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_AS, &limit); err != nil || uint64(limit.Cur) > math.MaxInt64 {
		return 0, false
	}
	return int64(limit.Cur), true
}
