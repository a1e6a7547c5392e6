package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/windvane/windvane/config"
)

// tellMapped makes the test binary, run as windvane, tell the address space it has taken, and end.
const tellMapped = "WINDVANE_TEST_MAPPED"

// TestMemoryBoundsAreFound reads limits where Linux and the environment tell them, the lowest of a control group and those
// above it.
func TestMemoryBoundsAreFound(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	const gib = config.Bytes(1 << 30)
	for _, c := range []struct {
		name, goLimit string
		root          fstest.MapFS
		want          map[string]config.Bytes
	}{
		{"nothing", "", fstest.MapFS{}, nil},
		{"GOMEMLIMIT", "3GiB", fstest.MapFS{}, map[string]config.Bytes{"GOMEMLIMIT=3GiB": 3 * gib}},
		{"GOMEMLIMIT in bytes", "1073741824", fstest.MapFS{}, map[string]config.Bytes{"GOMEMLIMIT=1073741824": gib}},
		{"GOMEMLIMIT off", "off", fstest.MapFS{}, nil},
		{"a pod's own namespace", "", fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("2147483648\n")},
			map[string]config.Bytes{"memory.max of the control group /": 2 * gib}},
		{"no limit", "", fstest.MapFS{"proc/self/cgroup": file("0::/a\n"), "sys/fs/cgroup/a/memory.max": file("max\n")}, nil},
		{"the slice above is lower", "", fstest.MapFS{"proc/self/cgroup": file("1:cpu:/\n0::/s.slice/w.service\n"), "sys/fs/cgroup/s.slice/w.service/memory.max": file("max\n"),
			"sys/fs/cgroup/s.slice/memory.max": file("1073741824\n")}, map[string]config.Bytes{"memory.max of the control group /s.slice": gib}},
		{"version 1", "", fstest.MapFS{"proc/self/cgroup": file("4:memory:/x\n"), "sys/fs/cgroup/x/memory.max": file("1\n")}, nil},
		{"a path that leaves the folder", "", fstest.MapFS{"proc/self/cgroup": file("0::/../../etc\n"), "etc/memory.max": file("1\n")}, nil},
	} {
		a := newApp(func(name string) string { return map[string]string{"GOMEMLIMIT": c.goLimit}[name] }, io.Discard, io.Discard)
		got := map[string]config.Bytes{}
		for _, b := range a.memoryBounds(c.root) {
			got[b.Name] = b.Left
		}
		delete(got, "ulimit -v") // of the machine that tests
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if n := mapped(os.DirFS("/")); n < 1<<20 {
		if _, err := fs.Stat(os.DirFS("/"), "proc/self/statm"); err == nil {
			t.Errorf("this process has mapped %d bytes", n)
		}
	}
}

// TestANightKeepsToTheMemoryItMayHave makes a night in a process with less than memory_limit: by GOMEMLIMIT and by ulimit -v.
// It says so, and its tables are the same; what is too little for any night is refused before anything is read.
func TestANightKeepsToTheMemoryItMayHave(t *testing.T) {
	s := newStarved(t)
	const mib = 1 << 20
	for _, c := range []struct{ env, says string }{
		{"GOMEMLIMIT=300MiB", "memory_limit is 300MiB instead of the configured 4GiB: GOMEMLIMIT=300MiB leaves no more"},
		{fmt.Sprintf("%s=as=%d", withLimits, 4000*mib), "instead of the configured 4GiB: ulimit -v leaves no more"},
		{fmt.Sprintf("%s=as=%d", withLimits, spaceFor(t, 1000*mib)), "instead of the configured 4GiB: ulimit -v leaves no more"},
	} {
		fresh := newStand(t, s.input, "")
		for _, day := range []any{killFirst, marketLast} {
			out, err := process([]string{c.env}, "run", "--input", s.input, "--output", fresh.output, "--date", fmt.Sprint(day)).CombinedOutput()
			if err != nil || !strings.Contains(string(out), c.says) {
				t.Fatalf("%s: %v\n%s", c.env, err, out)
			}
		}
		if n := wholeNights(t, fresh, s.want); n != 2 {
			t.Errorf("%s: %d nights", c.env, n)
		}
	}
	for _, c := range []struct{ env, says string }{
		{"GOMEMLIMIT=100MiB", "GOMEMLIMIT=100MiB leaves 100MiB for memory_limit, a night needs 256MiB whatever the data: raise or unset it"},
		{fmt.Sprintf("%s=as=%d", withLimits, spaceFor(t, 200*mib)), "a night needs 256MiB whatever the data: raise ulimit -v"},
	} {
		fresh := newStand(t, s.input, "")
		out, err := process([]string{c.env}, "run", "--input", s.input, "--output", fresh.output, "--date", string(marketLast)).CombinedOutput()
		if err == nil || !strings.Contains(err.Error(), "exit status 2") || !strings.Contains(string(out), c.says) || len(filesBelow(t, fresh.output)) > 0 {
			t.Errorf("%s: %v\n%s", c.env, err, out)
		}
	}
}

// spaceFor is the ulimit -v that leaves a process of the test binary so much, but for some 200 MiB by which it differs from run
// to run what Go reserves.
func spaceFor(t *testing.T, left int64) int64 {
	t.Helper()
	data, err := process([]string{tellMapped + "=1"}).Output()
	var n int64
	if _, scanErr := fmt.Sscan(string(data), &n); err != nil || scanErr != nil || n == 0 {
		t.Fatalf("%v, %v: %s", err, scanErr, data)
	}
	return n + left
}
