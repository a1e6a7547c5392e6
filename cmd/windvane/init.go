package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/windvane/windvane/config"
)

func (a *app) initCommand() *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "init",
		Short: "Write a commented configuration",
		Long: `init prints the default configuration with a comment on every key, or writes it to a new file. Map your
tables in it, then check it against your dumps with windvane validate.`,
		Example: "  windvane init --to windvane.yaml",
		Args:    cobra.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return a.init(to) },
	}
	c.Flags().StringVar(&to, "to", "", "file to write; it must not exist (default: print)")
	return c
}

func (a *app) init(to string) error {
	if to == "" {
		_, err := a.stdout.Write(config.Commented)
		return err
	}
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return usagef("%s exists already; nothing was written", to)
	}
	if err != nil {
		return fmt.Errorf("init: %w", err)
	}
	if _, err := f.Write(config.Commented); err != nil {
		f.Close()
		return fmt.Errorf("init: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	_, err = fmt.Fprintf(a.stdout, "wrote %s\n", to)
	return err
}
