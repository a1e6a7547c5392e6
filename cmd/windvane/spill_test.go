package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// spillInto makes a test process hold a spill file in a folder until it is killed.
const spillInto = "WINDVANE_TEST_SPILL_INTO"

// holdSpillFile tells what it reads back of a spill file, and waits.
func holdSpillFile(dir string) {
	f, err := spillDir(dir).Create()
	if err != nil {
		panic(err)
	}
	const hashes = "hashes of buyers"
	back := make([]byte, len(hashes))
	_, writing := f.WriteAt([]byte(hashes), 4096)
	_, reading := f.ReadAt(back, 4096)
	fmt.Println(string(back), errors.Join(writing, reading))
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// Spill files hold hashes of buyers. A process that is killed closes nothing, and yet leaves none of them.
func TestAKilledProcessLeavesNoSpillFile(t *testing.T) {
	dir := t.TempDir()
	c := process([]string{spillInto + "=" + dir})
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if said, err := bufio.NewReader(stdout).ReadString('\n'); strings.TrimSpace(said) != "hashes of buyers <nil>" {
		t.Errorf("read back: %q, %v", said, err)
	}
	_ = c.Process.Kill()
	if err := c.Wait(); err == nil {
		t.Error("the process ended by itself")
	}
	if left := filesBelow(t, dir); len(left) != 0 {
		t.Errorf("left in the folder of spill files: %q", left)
	}
}

// Where an open file keeps its name it goes when it is closed.
func TestASpillFileThatKeptItsNameGoesWhenItIsClosed(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "windvane-spill-1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := (scratch{File: f, named: true}).Close(); err != nil {
		t.Error(err)
	}
	if left := filesBelow(t, dir); len(left) != 0 {
		t.Errorf("left in the folder of spill files: %q", left)
	}
}
