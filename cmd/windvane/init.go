package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/cmd/windvane/cli"
	"github.com/windvane/windvane/config"
)

func (a *app) initCommand() *cobra.Command {
	var to string
	var rules bool
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a commented configuration, or the rules of scores and lists",
		Long: `init prints the default configuration with a comment on every key, or writes it to a new file. Map your
tables in it, then check it against your dumps with windvane validate.

With --rules it writes the built-in rules instead: weights, anchors, gates, levels, quotas. Change them and
name the file under rules.file in the configuration.`,
		Example: "  windvane init --to windvane.yaml\n  windvane init --rules --to rules.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if rules {
				return a.init(to, config.CommentedRules)
			}
			return a.init(to, config.Commented)
		},
	}
	c.Flags().StringVar(&to, "to", "", "file to write; it must not exist (default: print)")
	c.Flags().BoolVar(&rules, "rules", false, "the rules of scores and lists")
	return c
}

func (a *app) init(to string, text []byte) error {
	if to == "" {
		_, err := a.stdout.Write(text)
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return cli.Usagef("%s exists already; nothing was written", to)
	}
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if _, err := f.Write(text); err != nil {
		f.Close()
		return fmt.Errorf("init: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	_, err = fmt.Fprintf(a.stdout, "wrote %s\n", to)
	return err
}
