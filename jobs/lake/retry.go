package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"

	"gocloud.dev/gcerrors"
)

// Retry says how often and how patiently storage trouble is tried again. Zero fields mean the default.
type Retry struct {
	Attempts int           // including the first; 1 means never again
	First    time.Duration // longest pause after the first failure; doubled after each
	Longest  time.Duration // upper bound of a pause
}

func (r Retry) withDefaults() Retry {
	if r.Attempts == 0 {
		r.Attempts = 5
	}
	if r.First == 0 {
		r.First = 200 * time.Millisecond
	}
	if r.Longest == 0 {
		r.Longest = 5 * time.Second
	}
	return r
}

// do calls f until it succeeds, fails for good, or the attempts are used up. what names the operation and key.
func (r Retry) do(ctx context.Context, what string, f func() error) error {
	pause := r.First
	for attempt := 1; ; attempt++ {
		err := f()
		if err == nil {
			return nil
		}
		if !transient(err) || ctx.Err() != nil {
			return fmt.Errorf("%s: %w", what, named(err))
		}
		if attempt >= r.Attempts {
			return fmt.Errorf("%s: given up after %d attempts: %w", what, attempt, err)
		}
		if err := wait(ctx, rand.N(pause)+1); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		pause = min(2*pause, r.Longest)
	}
}

// transient tells whether trying again can help. Local file errors and refusals are final.
func transient(err error) bool {
	var path *fs.PathError
	if errors.As(err, &path) || isOurs(err) {
		return false
	}
	switch codeOf(err) {
	case gcerrors.Unknown, gcerrors.ResourceExhausted, gcerrors.DeadlineExceeded, gcerrors.Internal:
		return true
	default:
		return false
	}
}

func isOurs(err error) bool {
	for _, e := range []error{ErrExists, ErrNotFound, ErrChanged, ErrTooLarge, ErrUnsupported, ErrCorrupt, errKey, errLocal} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// named adds the sentinel that callers branch on.
func named(err error) error {
	if !errors.Is(err, ErrNotFound) && (errors.Is(err, fs.ErrNotExist) || codeOf(err) == gcerrors.NotFound) {
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	}
	if !errors.Is(err, ErrDenied) && codeOf(err) == gcerrors.PermissionDenied {
		return fmt.Errorf("%w: %w", ErrDenied, err)
	}
	return err
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
