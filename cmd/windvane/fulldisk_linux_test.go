package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// inNamespace tells the test binary that it has file systems of its own to mount over.
const inNamespace = "WINDVANE_TEST_NAMESPACE"

// TestAFullDisk publishes to a small file system that is full, or read-only, at the second night: an error that says
// what to do, the list of the night before whole, and with room the night is the one that never lacked any.
func TestAFullDisk(t *testing.T) {
	if os.Getenv(inNamespace) == "" {
		namespaced(t)
		return
	}
	s := newStarved(t)
	before := filesBelow(t, s.output)
	s.output = mountOver(t, s)
	if len(filesBelow(t, s.output)) != len(before) {
		t.Fatal("the output was not copied")
	}
	ballast := filepath.Join(s.output, ".ballast")
	for _, room := range []int{0, 64 << 10, 400 << 10} { // at once; in the state; in the tables
		fill(t, ballast, room)
		s.fails("", "make room")
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	}
	remount(t, s.output, syscall.MS_RDONLY)
	s.fails("", "mounted read-only")
	remount(t, s.output, 0)
	s.spillsNowhere()
	s.recovers()
}

// spillsNowhere tries the night with next to no memory and a full folder for what exceeds it.
func (s *starved) spillsNowhere() {
	s.t.Helper()
	spills := s.t.TempDir()
	mount(s.t, spills, "size=16k")
	ballast := filepath.Join(spills, "ballast")
	fill(s.t, ballast, 0)
	fresh := newStand(s.t, s.input, "") // what the other attempts reduced need not be spilled again
	_, err := fresh.tryTight(marketLast, spills)
	if err == nil || !strings.Contains(err.Error(), "make room") || !strings.Contains(err.Error(), "spill_dir names another folder") {
		s.t.Errorf("a full folder of spill files: %v", err)
	}
	if left := filesBelow(s.t, spills); !slices.Equal(left, []string{ballast}) {
		s.t.Errorf("spill files are left: %v", left)
	}
}

// namespaced runs this test again where it may mount: as root, or as root of a user namespace of its own.
func namespaced(t *testing.T) {
	t.Helper()
	c := exec.Command(os.Args[0], "-test.run", "^TestAFullDisk$", "-test.v")
	c.Env = append(os.Environ(), inNamespace+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		c.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		c.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		c.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := c.CombinedOutput()
	if err != nil && len(out) == 0 && errors.As(err, new(*os.PathError)) { // it was not even started
		t.Skipf("NOT TESTED: this machine gives no mount namespace (%v); TestANightThatLacksFilesSaysSo meets full files without one", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

const fullDiskBytes = "size=64m"

// mountOver copies the stand's output to a small file system of its own.
func mountOver(t *testing.T, s *starved) string {
	t.Helper()
	dir := t.TempDir()
	mount(t, dir, fullDiskBytes)
	if err := os.CopyFS(dir, os.DirFS(s.output)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mount(t *testing.T, dir, options string) {
	t.Helper()
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("windvane-test", dir, "tmpfs", 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

func remount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	if err := syscall.Mount("windvane-test", dir, "tmpfs", syscall.MS_REMOUNT|flags, fullDiskBytes); err != nil {
		t.Fatal(err)
	}
}

// fill writes a file that leaves so many bytes of room.
func fill(t *testing.T, name string, room int) {
	t.Helper()
	var is syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(name), &is); err != nil {
		t.Fatal(err)
	}
	size := int64(is.Bavail)*is.Bsize - int64(room)
	if err := os.WriteFile(name, make([]byte, size), 0o600); err != nil {
		t.Fatal(err)
	}
}
