package lake

import (
	"context"
	"io"
)

// WriteParquetTo lets benchmarks measure encoding without a store, whose own checksums cost as much.
var WriteParquetTo = writeParquet

// CreatedBy is what files tell of their writer.
const CreatedBy = createdBy

// DecodePacked decodes DELTA_BINARY_PACKED data of len(dst) values and gives the bytes behind them.
func DecodePacked[T packed](dst []T, src []byte) (rest []byte, err error) {
	h, blocks, err := openPacked(src, len(dst))
	if err != nil {
		return nil, err
	}
	return decodePacked(dst, h, blocks)
}

// Faults are called before and after each operation of a store; an error stands for trouble at that point.
type Faults struct {
	Before, After func(op string) error
}

// Break puts faults between l and its store.
func Break(l *Lake, f Faults) {
	l.store = &faultyStore{store: l.store, f: f}
}

type faultyStore struct {
	store
	f Faults
}

func (s *faultyStore) do(op string, f func() error) error {
	if s.f.Before != nil {
		if err := s.f.Before(op); err != nil {
			return err
		}
	}
	if err := f(); err != nil {
		return err
	}
	if s.f.After != nil {
		return s.f.After(op)
	}
	return nil
}

func (s *faultyStore) list(ctx context.Context, prefix string) (objects []Object, err error) {
	err = s.do("list", func() (err error) { objects, err = s.store.list(ctx, prefix); return err })
	return objects, err
}

func (s *faultyStore) stat(ctx context.Context, key string) (obj Object, err error) {
	err = s.do("list", func() (err error) { obj, err = s.store.stat(ctx, key); return err })
	return obj, err
}

func (s *faultyStore) read(ctx context.Context, key string, limit int64) (data []byte, err error) {
	err = s.do("read", func() (err error) { data, err = s.store.read(ctx, key, limit); return err })
	return data, err
}

func (s *faultyStore) put(ctx context.Context, key string, write func(io.Writer) error) error {
	return s.do("put", func() error { return s.store.put(ctx, key, write) })
}

func (s *faultyStore) putIfAbsent(ctx context.Context, key string, data []byte) error {
	return s.do("putIfAbsent", func() error { return s.store.putIfAbsent(ctx, key, data) })
}

func (s *faultyStore) delete(ctx context.Context, key string) error {
	return s.do("delete", func() error { return s.store.delete(ctx, key) })
}

func (s *faultyStore) open(ctx context.Context, obj Object) (src source, err error) {
	err = s.do("open", func() (err error) { src, err = s.store.open(ctx, obj); return err })
	return &faultySource{source: src, s: s}, err
}

type faultySource struct {
	source
	s *faultyStore
}

func (s *faultySource) readAt(ctx context.Context, p []byte, offset int64) error {
	return s.s.do("readAt", func() error { return s.source.readAt(ctx, p, offset) })
}

// IgnorePrecondition makes the store of l accept every conditional write, as some S3 look-alikes do.
func IgnorePrecondition(l *Lake) { l.store = &carelessStore{store: l.store} }

type carelessStore struct{ store }

func (s *carelessStore) putIfAbsent(ctx context.Context, key string, data []byte) error {
	return s.store.put(ctx, key, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// MaxHeld is what open files may hold whole, together.
const MaxHeld = maxHeld

// HeldBytes is what they hold.
func HeldBytes(l *Lake) int64 { return l.held.Load() }
