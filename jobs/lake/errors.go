package lake

import (
	"errors"
	"fmt"
)

// Errors that callers branch on.
var (
	// ErrExists: a conditional write lost; another object stands under the key.
	ErrExists = errors.New("object exists already")
	// ErrNotFound: there is no object under the key.
	ErrNotFound = errors.New("object not found")
	// ErrChanged: an object is not, or no longer, the one that was listed. Its partition must be read anew.
	ErrChanged = errors.New("object changed since it was listed")
	// ErrTooLarge: an object or a part of it exceeds a limit.
	ErrTooLarge = errors.New("larger than the limit")
	// ErrUnsupported: the file is sound as far as it was looked at, but uses what this package does not read.
	ErrUnsupported = errors.New("not supported")
	// ErrCorrupt: the file contradicts itself or the Parquet format.
	ErrCorrupt = errors.New("corrupt")
	// ErrLostRace: another process committed the sequence number first.
	ErrLostRace = errors.New("another run committed first")
	// ErrDenied: the store refuses the credentials, or what they may do. Trying again with the same ones does not help.
	ErrDenied = errors.New("the store refuses these credentials; renew them or grant what the documentation asks for, then run again")
	// ErrNoConditionalWrites: the store accepts a write-if-absent over an existing object.
	ErrNoConditionalWrites = errors.New("the store does not honour conditional writes")
)

// FileError says which file, and if one is to blame which column, could not be read.
type FileError struct {
	Key    string // object key
	Column string // dotted path; empty if the file as a whole is meant
	Err    error
}

// Error reads "dumps/orders/dt=2026-01-01/part-0.parquet: column pay_amount: …".
func (e *FileError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("%s: %v", e.Key, e.Err)
	}
	return fmt.Sprintf("%s: column %s: %v", e.Key, e.Column, e.Err)
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *FileError) Unwrap() error { return e.Err }

func corruptf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrCorrupt, fmt.Errorf(format, args...))
}

func tooLargef(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrTooLarge, fmt.Errorf(format, args...))
}

func unsupportedf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrUnsupported, fmt.Errorf(format, args...))
}

// guard turns a panic of a decoder into an error, so that a hostile file cannot end the process.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = corruptf("decoder panic: %v", r)
		}
	}()
	return f()
}
