// Package cli is the manner that all commands have in common: what wrong use is, how tables, numbers and JSON are
// printed, and what shells complete.
package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// UsageError marks an error of the caller, not of the run: flags, arguments, configuration.
type UsageError struct{ Err error }

func (e UsageError) Error() string { return e.Err.Error() }

// Unwrap gives the error that it marks.
func (e UsageError) Unwrap() error { return e.Err }

// Usagef is a UsageError in words.
func Usagef(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// IsUsage tells whether an error is one of wrong use, ours or cobra's.
func IsUsage(err error) bool { return errors.As(err, new(UsageError)) || isCobras(err) }

// cobras are how the errors begin that cobra makes itself: they have no type.
var cobras = []string{"unknown command", "unknown flag", "required flag", "accepts ", "requires at least", "invalid argument", "if any flags in the group"}

func isCobras(err error) bool {
	return slices.ContainsFunc(cobras, func(prefix string) bool { return strings.HasPrefix(err.Error(), prefix) })
}
