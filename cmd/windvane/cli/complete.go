package cli

import (
	"strings"

	"github.com/spf13/cobra"
)

// Complete gives shells the values of a flag; the flag exists, or it is a bug.
func Complete(c *cobra.Command, flag string, values cobra.CompletionFunc) {
	if err := c.RegisterFlagCompletionFunc(flag, values); err != nil {
		panic(err)
	}
}

// OneOf completes a flag with one of some words.
func OneOf(words ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)
}

// ListOf completes the last word of a comma-separated flag.
func ListOf(words []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		before := typed[:strings.LastIndexByte(typed, ',')+1]
		var out []string
		for _, w := range words {
			if !strings.Contains(","+before, ","+w+",") {
				out = append(out, before+w)
			}
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// CompleteNoFiles keeps shells from offering files for dates and the like.
func CompleteNoFiles(c *cobra.Command, flags ...string) {
	for _, f := range flags {
		Complete(c, f, cobra.NoFileCompletions)
	}
}
