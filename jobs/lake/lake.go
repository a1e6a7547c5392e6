package lake

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/zstd"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/gcsblob"   // gs://
	_ "gocloud.dev/blob/memblob"   // mem://
	_ "gocloud.dev/blob/s3blob"    // s3://
)

// Options tune a Lake. The zero value means the defaults.
type Options struct {
	Create bool   // make the directory of a file:// URL
	Limits Limits // what one Parquet file may make a reader allocate
	Retry  Retry  // patience with storage trouble
	// Rebuildable are key prefixes of objects that can be made again, and whose readers notice a torn one: on
	// file:// they are not synced, so a power cut may lose them. Syncing costs more than writing small files.
	Rebuildable []string
}

// Lake is one open bucket or directory. It may be used by several goroutines at once.
type Lake struct {
	store  store
	limits Limits
	retry  Retry
	signer ed25519.PrivateKey // of commits; nil: they are not signed
	zstd   *zstd.Decoder
	// scratch holds decoders between uses: page buffers are as large as pages, and every row group needs some.
	scratch sync.Pool
	reads   sync.Pool    // *[]byte that row groups were read into
	held    atomic.Int64 // bytes of small files that are open and held whole
}

// Open opens a bucket by URL: file://, s3://, gs://, azblob://, mem://. A plain path means file:// of that directory.
//
// A URL that carries credentials is refused, without repeating it: they belong into the environment.
func Open(ctx context.Context, url string, opts Options) (*Lake, error) {
	if err := opts.Limits.Validate(); err != nil {
		return nil, err
	}
	s, err := openStore(ctx, url, opts.Create)
	if err != nil {
		return nil, err
	}
	limits := opts.Limits.withDefaults()
	decoder, err := newZstdDecoder(limits)
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	if local, ok := s.(*localStore); ok {
		local.rebuildable = opts.Rebuildable
	}
	return &Lake{store: s, limits: limits, retry: opts.Retry.withDefaults(), zstd: decoder}, nil
}

func openStore(ctx context.Context, location string, create bool) (store, error) {
	if !strings.Contains(location, "://") {
		if location == "" {
			return nil, errors.New("open lake: no location")
		}
		return asStore(openLocal(location, create))
	}
	u, err := url.Parse(location)
	if err != nil {
		return nil, errors.New("open lake: the URL is malformed") // url.Error would repeat it, with what it may hold
	}
	if err := refuseCredentials(u); err != nil {
		return nil, err
	}
	if u.Scheme == "file" {
		dir, err := localDir(u)
		if err != nil {
			return nil, err
		}
		return asStore(openLocal(dir, create || u.Query().Get("create_dir") != ""))
	}
	bucket, err := blob.OpenBucket(ctx, location)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", location, err)
	}
	return &remoteStore{bucket: bucket}, nil
}

// asStore keeps a nil *localStore from becoming a store that is not nil.
func asStore(s *localStore, err error) (store, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// localDir follows fileblob: file:///abs is absolute, file://./rel relative.
func localDir(u *url.URL) (string, error) {
	switch u.Host {
	case "", "localhost":
		return filepath.FromSlash(u.Path), nil
	case ".":
		return filepath.FromSlash("." + u.Path), nil
	default:
		return "", fmt.Errorf("open file://%s: a host is not allowed; write file:///%s or file://./%s", u.Host, u.Host, u.Host)
	}
}

// refuseCredentials looks at the user part and at query parameters that name a secret.
func refuseCredentials(u *url.URL) error {
	if u.User != nil {
		return fmt.Errorf("open %s://%s: the URL holds credentials; give them through the environment", u.Scheme, u.Host)
	}
	for name, values := range u.Query() {
		for _, v := range values {
			if strings.Contains(v, "://") && strings.Contains(v, "@") {
				return fmt.Errorf("open %s://%s: parameter %s holds credentials; give them through the environment", u.Scheme, u.Host, name)
			}
		}
		lower := strings.ToLower(name)
		for _, word := range []string{"secret", "password", "token", "accesskey", "access_key", "credential", "sig", "account_key"} {
			if lower == word || word != "sig" && strings.Contains(lower, word) {
				return fmt.Errorf("open %s://%s: parameter %s holds a credential; give it through the environment", u.Scheme, u.Host, name)
			}
		}
	}
	return nil
}

// Close gives back connections and decoders. Files opened from the Lake must be closed before.
func (l *Lake) Close() error {
	l.zstd.Close()
	return l.store.close()
}

// List gives all objects whose key begins with prefix, sorted by key. No objects is not an error.
func (l *Lake) List(ctx context.Context, prefix string) ([]Object, error) {
	var objects []Object
	err := l.retry.do(ctx, "list "+prefix, func() (err error) {
		objects, err = l.store.list(ctx, prefix)
		return err
	})
	return objects, err
}

// ReadAll reads an object of at most limit bytes. It fails with ErrNotFound or ErrTooLarge.
func (l *Lake) ReadAll(ctx context.Context, key string, limit int64) ([]byte, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	var data []byte
	err := l.retry.do(ctx, "read "+key, func() (err error) {
		data, err = l.store.read(ctx, key, limit)
		return err
	})
	return data, err
}

// Put stores what write produces under key, or stores nothing. It is not tried again, because write is called once.
func (l *Lake) Put(ctx context.Context, key string, write func(io.Writer) error) error {
	if err := checkKey(key); err != nil {
		return err
	}
	if err := l.store.put(ctx, key, write); err != nil {
		return fmt.Errorf("write %s: %w", key, named(err))
	}
	return nil
}

// PutBytes stores data under key, whatever stood there, and tries again on storage trouble.
func (l *Lake) PutBytes(ctx context.Context, key string, data []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return l.retry.do(ctx, "write "+key, func() error {
		return l.store.put(ctx, key, func(w io.Writer) error {
			_, err := w.Write(data)
			return err
		})
	})
}

// Delete removes an object. It fails with ErrNotFound if there is none.
func (l *Lake) Delete(ctx context.Context, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return l.retry.do(ctx, "delete "+key, func() error { return l.store.delete(ctx, key) })
}

// CollectStaging removes what writers that were killed before the given time left half-written, and says how many
// files there were. Give a time before any run that may still be going. Only directories leave such files.
func (l *Lake) CollectStaging(ctx context.Context, before time.Time) (removed int, err error) {
	removed, err = l.store.collectStaging(ctx, before)
	if err != nil {
		return removed, fmt.Errorf("collect staging: %w", err)
	}
	return removed, nil
}
