package lake

import "context"

// Stat lists one object. It fails with ErrNotFound if there is none of that key.
func (l *Lake) Stat(ctx context.Context, key string) (obj Object, err error) {
	if err := checkKey(key); err != nil {
		return Object{}, err
	}
	err = l.retry.do(ctx, "list "+key, func() error {
		obj, err = l.store.stat(ctx, key)
		return err
	})
	return obj, err
}

// statByList asks the store for the keys that begin with one: what an object's own headers say of its version need not be what
// listings say.
func statByList(ctx context.Context, s store, key string) (Object, error) {
	objects, err := s.list(ctx, key)
	if err != nil {
		return Object{}, err
	}
	for _, o := range objects {
		if o.Key == key {
			return o, nil
		}
	}
	return Object{}, ErrNotFound
}
