package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Object is one listed object. ETag changes whenever the content does.
type Object struct {
	Key     string
	Size    int64 // bytes
	ETag    string
	ModTime time.Time
}

// store is bytes by key. localStore and remoteStore implement it.
type store interface {
	list(ctx context.Context, prefix string) ([]Object, error)
	// stat is what list says of one key. It fails with ErrNotFound if there is none.
	stat(ctx context.Context, key string) (Object, error)
	read(ctx context.Context, key string, limit int64) ([]byte, error)
	// open pins obj: opening or reading fails with ErrChanged if the object under the key is another one, or gone.
	open(ctx context.Context, obj Object) (source, error)
	put(ctx context.Context, key string, write func(io.Writer) error) error
	// putIfAbsent fails with ErrExists if there is an object, also when several processes try at once.
	putIfAbsent(ctx context.Context, key string, data []byte) error
	delete(ctx context.Context, key string) error
	collectStaging(ctx context.Context, before time.Time) (removed int, err error)
	close() error
}

// source reads byte ranges of one pinned object. It may be used by several goroutines at once.
type source interface {
	readAt(ctx context.Context, p []byte, offset int64) error
	// verify fails with ErrChanged if the object was replaced since it was opened.
	verify(ctx context.Context) error
	close() error
}

var errKey = errors.New("key refused")

// checkKey refuses keys that some store would fold, escape or resolve to another place.
func checkKey(key string) error {
	switch {
	case key == "" || len(key) > 1024:
		return fmt.Errorf("%w: %d bytes long", errKey, len(key))
	case !utf8.ValidString(key) || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
		return fmt.Errorf("%w: %q has a control character or a backslash", errKey, key)
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part == "." || part == ".." {
			return fmt.Errorf("%w: %q has an empty or a dot segment", errKey, key)
		}
	}
	if strings.HasPrefix(key, stagingDir+"/") {
		return fmt.Errorf("%w: %q is reserved", errKey, key)
	}
	return nil
}

// readUpTo reads r to its end, and no more than limit bytes.
func readUpTo(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, tooLargef("more than %d bytes", limit)
	}
	return data, nil
}
