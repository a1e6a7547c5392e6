package lake

import (
	"context"
	"io"
)

// copyBytes is how much Copy asks for at once.
const copyBytes = 4 << 20

// Copy writes the bytes of the listed object to w, in order, holding a few megabytes of it at a time.
//
// It fails with a *FileError that wraps ErrChanged if the object is no longer the one listed or is gone, the trouble of
// the store, or what w returns. A part may have been written then.
func (l *Lake) Copy(ctx context.Context, obj Object, w io.Writer) error {
	if err := l.copy(ctx, obj, w); err != nil {
		return &FileError{Key: obj.Key, Err: err}
	}
	return nil
}

func (l *Lake) copy(ctx context.Context, obj Object, w io.Writer) error {
	if err := checkKey(obj.Key); err != nil {
		return err
	}
	var src source
	err := l.retry.do(ctx, "open", func() (err error) {
		src, err = l.store.open(ctx, obj)
		return err
	})
	if err != nil {
		return err
	}
	defer src.close()
	buf := make([]byte, min(copyBytes, obj.Size))
	for at := int64(0); at < obj.Size; {
		part := buf[:min(int64(len(buf)), obj.Size-at)]
		if err := l.retry.do(ctx, "read "+obj.Key, func() error { return src.readAt(ctx, part, at) }); err != nil {
			return err
		}
		if _, err := w.Write(part); err != nil {
			return err
		}
		at += int64(len(part))
	}
	return src.verify(ctx)
}
