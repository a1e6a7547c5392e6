package faults

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

const scheme = "faults"

// buckets are those that can be opened by URL.
var buckets sync.Map

func init() { blob.DefaultURLMux().RegisterBucket(scheme, opener{}) }

type opener struct{}

// OpenBucketURL opens the bucket that New gave the name.
func (opener) OpenBucketURL(_ context.Context, u *url.URL) (*blob.Bucket, error) {
	b, ok := buckets.Load(u.Host)
	if !ok {
		return nil, fmt.Errorf("open %s: no such bucket", u)
	}
	return blob.NewBucket(&connection{b.(*Bucket)}), nil
}

// New is an empty bucket and the URL that opens it during the test.
func New(t testing.TB) (b *Bucket, location string) {
	b = &Bucket{objects: map[string]object{}}
	name := fmt.Sprintf("%p", b)
	buckets.Store(name, b)
	t.Cleanup(func() { buckets.Delete(name) })
	return b, scheme + "://" + name
}

// connection is a Bucket as gocloud's drivers are.
type connection struct{ b *Bucket }

var (
	errAbsent   = errors.New("no such object")
	errThere    = errors.New("the object exists")
	errNotNeeds = errors.New("not implemented: package lake does not need it")
)

// ErrorCode tells what kind of trouble an error is.
func (c *connection) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, errAbsent):
		return gcerrors.NotFound
	case errors.Is(err, errThere):
		return gcerrors.FailedPrecondition
	case errors.Is(err, ErrFinal):
		return gcerrors.PermissionDenied
	case errors.Is(err, errNotNeeds):
		return gcerrors.Unimplemented
	}
	return gcerrors.Unknown
}

// As has no driver types to give.
func (c *connection) As(any) bool { return false }

// ErrorAs has no driver types to give.
func (c *connection) ErrorAs(error, any) bool { return false }

// Close keeps the content.
func (c *connection) Close() error { return nil }

// Attributes describes one object.
func (c *connection) Attributes(_ context.Context, key string) (attributes *driver.Attributes, err error) {
	err = c.b.operate("stat", key, func() error {
		o, ok := c.b.objects[key]
		if !ok {
			return errAbsent
		}
		attributes = &driver.Attributes{ContentType: "application/octet-stream", Size: int64(len(o.data)), ModTime: o.at}
		return nil
	})
	return attributes, err
}

// pageSize is small, so that paging is met in every test.
const pageSize = 50

// ListPaged lists from the token on.
func (c *connection) ListPaged(_ context.Context, opts *driver.ListOptions) (page *driver.ListPage, err error) {
	if opts.Delimiter != "" {
		return nil, errNotNeeds
	}
	err = c.b.operate("list", opts.Prefix, func() error {
		page = c.b.page(opts.Prefix, string(opts.PageToken))
		return nil
	})
	return page, err
}

func (b *Bucket) page(prefix, after string) *driver.ListPage {
	keys := b.keys(prefix, after)
	if b.fault.Effect == StaleList && len(keys) > 0 && b.spoils(StaleList, "list", prefix) {
		newest := slices.MaxFunc(keys, func(x, y string) int { return cmp.Compare(b.objects[x].write, b.objects[y].write) })
		keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return key == newest })
	}
	page := &driver.ListPage{}
	if len(keys) > pageSize {
		keys = keys[:pageSize]
		page.NextPageToken = []byte(keys[pageSize-1])
	}
	for _, key := range keys {
		o := b.objects[key]
		page.Objects = append(page.Objects, &driver.ListObject{Key: key, Size: int64(len(o.data)), ModTime: o.at, MD5: o.sum[:]})
	}
	return page
}

type reader struct {
	*bytes.Reader
	attributes driver.ReaderAttributes
}

func (r *reader) Attributes() *driver.ReaderAttributes { return &r.attributes }
func (r *reader) As(any) bool                          { return false }
func (r *reader) Close() error                         { return nil }

// NewRangeReader reads a part of an object; a negative length means to its end.
func (c *connection) NewRangeReader(_ context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (r driver.Reader, err error) {
	err = c.b.operate("read", key, func() error {
		o, ok := c.b.objects[key]
		if !ok {
			return errAbsent
		}
		size := int64(len(o.data))
		begin, end := min(offset, size), size
		if length >= 0 {
			end = min(begin+length, size)
		}
		r = &reader{bytes.NewReader(c.b.spoil(key, o.data[begin:end])), driver.ReaderAttributes{ContentType: "application/octet-stream", Size: size, ModTime: o.at}}
		return nil
	})
	return r, err
}

// spoil is what a read hands out.
func (b *Bucket) spoil(key string, data []byte) []byte {
	if len(data) == 0 {
		return data
	}
	if b.spoils(ShortRead, "read", key) {
		return data[:len(data)/2]
	}
	if b.spoils(FlipBit, "read", key) {
		data = slices.Clone(data)
		data[len(data)/2] ^= 4
	}
	return data
}

// writer stores when it is closed, unless its context has ended.
type writer struct {
	bytes.Buffer
	ctx      context.Context
	b        *Bucket
	key      string
	ifAbsent bool
}

// NewTypedWriter begins an object.
func (c *connection) NewTypedWriter(ctx context.Context, key, _ string, opts *driver.WriterOptions) (driver.Writer, error) {
	return &writer{ctx: ctx, b: c.b, key: key, ifAbsent: opts.IfNotExist}, nil
}

// Close publishes the object.
func (w *writer) Close() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	return w.b.operate("write", w.key, func() error {
		if _, there := w.b.objects[w.key]; there && w.ifAbsent {
			return errThere
		}
		w.b.store(w.key, bytes.Clone(w.Bytes()))
		return nil
	})
}

// Delete removes an object.
func (c *connection) Delete(_ context.Context, key string) error {
	return c.b.operate("delete", key, func() error {
		if _, there := c.b.objects[key]; !there {
			return errAbsent
		}
		c.b.drop(key)
		return nil
	})
}

// Copy is not needed.
func (c *connection) Copy(context.Context, string, string, *driver.CopyOptions) error {
	return errNotNeeds
}

// SignedURL is not needed.
func (c *connection) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errNotNeeds
}
