package lake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
)

// PutIfAbsent stores data under key unless an object stands there already; then it fails with ErrExists.
// Of any number of processes that try at once, exactly one succeeds.
//
// A write that seemed to fail, or was refused after the client library had sent it twice, may have arrived. So the
// object is read back: if it holds these very bytes, the write succeeded. data must therefore hold a nonce.
func (l *Lake) PutIfAbsent(ctx context.Context, key string, data []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	err := l.retry.do(ctx, "write "+key, func() error {
		err := l.store.putIfAbsent(ctx, key, data)
		if err == nil || !l.holds(ctx, key, data) {
			return err
		}
		return nil
	})
	return err
}

// holds tells whether the object under key is exactly data. Trouble that stays means no.
func (l *Lake) holds(ctx context.Context, key string, data []byte) bool {
	found, err := l.ReadAll(ctx, key, int64(len(data)))
	return err == nil && bytes.Equal(found, data)
}

// probes is how many new keys are tried. A store may refuse a key that nobody has: versitygw does after a first write
// failed half, when another process had removed the last file of the folder in that moment.
const probes = 3

// ProbeConditionalWrites writes a key below prefix twice and expects the second write to be refused. It fails with
// ErrNoConditionalWrites if it was not: two runs could then commit the same night, so no run may start. prefix is one
// whose leftovers are collected.
func (l *Lake) ProbeConditionalWrites(ctx context.Context, prefix string) error {
	key, err := "", ErrExists
	for attempt := 0; attempt < probes && errors.Is(err, ErrExists); attempt++ {
		key = path.Join(prefix, "probe-"+nonce())
		err = l.PutIfAbsent(ctx, key, []byte("first "+nonce()))
	}
	if err != nil {
		return fmt.Errorf("probe conditional writes: %w", err)
	}
	err = l.PutIfAbsent(ctx, key, []byte("second "+nonce()))
	_ = l.Delete(ctx, key) // a writer need not be allowed to delete; the garbage collection of prefix removes it then
	switch {
	case errors.Is(err, ErrExists):
		return nil
	case err == nil:
		return fmt.Errorf("probe conditional writes below %q: %w; use a store with If-None-Match on PUT", prefix, ErrNoConditionalWrites)
	default:
		return fmt.Errorf("probe conditional writes: %w", err)
	}
}
