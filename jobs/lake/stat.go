package lake

import (
	"context"
	"fmt"
)

// Stat lists one object. It fails with ErrNotFound if there is none of that key.
func (l *Lake) Stat(ctx context.Context, key string) (Object, error) {
	objects, err := l.List(ctx, key)
	if err != nil {
		return Object{}, err
	}
	for _, o := range objects {
		if o.Key == key {
			return o, nil
		}
	}
	return Object{}, fmt.Errorf("%s: %w", key, ErrNotFound)
}
