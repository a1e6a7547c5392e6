package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// ownCommands are the commands that can be run, without cobra's own help and completion.
func ownCommands(t *testing.T, visit func(*cobra.Command)) {
	t.Helper()
	root := (&app{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}).command()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Runnable() {
			visit(c)
		}
		for _, sub := range c.Commands() {
			if sub.Name() != "help" && sub.Name() != "completion" {
				walk(sub)
			}
		}
	}
	walk(root)
}

func TestEveryCommandTeaches(t *testing.T) {
	ownCommands(t, func(c *cobra.Command) {
		if c.Short == "" || c.Long == "" || c.Example == "" {
			t.Errorf("%s: Short, Long or Example is missing", c.CommandPath())
		}
		for line := range strings.SplitSeq(c.Long, "\n") {
			if len([]rune(line)) > 110 {
				t.Errorf("%s: a line of Long has %d characters: %s", c.CommandPath(), len([]rune(line)), line)
			}
		}
	})
}

// exampleArgs are the arguments of each line of an example, after assignments of the environment.
func exampleArgs(t *testing.T, c *cobra.Command) (lines [][]string) {
	t.Helper()
	for line := range strings.SplitSeq(c.Example, "\n") {
		words := strings.Fields(line)
		for len(words) > 0 && strings.Contains(words[0], "=") {
			words = words[1:]
		}
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if words[0] != "windvane" {
			t.Errorf("%s: an example does not begin with windvane: %s", c.CommandPath(), line)
			continue
		}
		for i, w := range words {
			if w == ">" || w == "|" || w == "#" {
				words = words[:i]
				break
			}
		}
		lines = append(lines, words[1:])
	}
	return lines
}

func TestEveryExampleParses(t *testing.T) {
	ownCommands(t, func(c *cobra.Command) {
		lines := exampleArgs(t, c)
		for _, args := range lines {
			if err := parse(t, c, args); err != nil {
				t.Errorf("windvane %s: %v", strings.Join(args, " "), err)
			}
		}
		if len(lines) == 0 {
			t.Errorf("%s has no example", c.CommandPath())
		}
	})
}

// parse goes all the way to running the command, which is replaced.
func parse(t *testing.T, c *cobra.Command, args []string) error {
	t.Helper()
	root := (&app{stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}).command()
	found, _, err := root.Find(args)
	if err != nil {
		return err
	}
	if found.CommandPath() != c.CommandPath() {
		t.Errorf("an example of %s runs %s", c.CommandPath(), found.CommandPath())
	}
	ran := false
	found.RunE = func(*cobra.Command, []string) error { ran = true; return nil }
	root.SetArgs(args)
	err = root.ExecuteContext(context.Background())
	if err == nil && !ran {
		t.Errorf("windvane %s does not run", strings.Join(args, " "))
	}
	return err
}

func TestEveryFlagHasHelp(t *testing.T) {
	ownCommands(t, func(c *cobra.Command) {
		for line := range strings.SplitSeq(c.Flags().FlagUsages(), "\n") {
			if words := strings.Fields(line); len(words) > 0 && len(words) < 3 {
				t.Errorf("%s: %s", c.CommandPath(), line)
			}
		}
	})
}
