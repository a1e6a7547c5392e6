package lake

import (
	"errors"
	"fmt"
	"syscall"
)

// Remedy says what mends trouble of the local machine; empty if err is none that is known.
func Remedy(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "the disk or the quota is full: make room (windvane gc lists what may go), then run again"
	case errors.Is(err, syscall.EFBIG):
		return "no file may grow so large here: raise ulimit -f, then run again"
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "too many files are open: raise ulimit -n, then run again"
	case errors.Is(err, syscall.EROFS):
		return "the file system is mounted read-only: mount it writable or choose another folder"
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return "this user may not do that: give it the right, or run as the user that owns the folder"
	}
	return ""
}

// explained is err with what mends it, where that is known.
func explained(err error) error {
	if text := Remedy(err); text != "" && !errors.As(err, new(*remedied)) {
		return &remedied{err, text}
	}
	return err
}

// remedied is an error that says what mends it.
type remedied struct {
	error
	text string
}

// Error ends with the remedy.
func (e *remedied) Error() string { return fmt.Sprintf("%v; %s", e.error, e.text) }

// Unwrap gives the cause to errors.Is and errors.As.
func (e *remedied) Unwrap() error { return e.error }
