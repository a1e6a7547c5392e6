package lake

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"
)

// stagingDir holds temporary files of a directory store. It lies inside the directory so that rename and link never
// cross a file system, and it is left out of listings.
const stagingDir = ".staging"

// errLocal marks trouble of the local file system, which trying again does not mend.
var errLocal = errors.New("local file")

// localStore keeps objects as files below one directory. os.Root keeps keys and links inside it.
//
// gocloud's fileblob is not used: its write-if-absent is a stat followed by a rename, so several writers can win
// (architecture section 6), it never syncs, and it opens the file anew for each range.
type localStore struct {
	root        *os.Root
	rebuildable []string // key prefixes that are not synced
}

// durable tells whether an object must survive a power cut once it is written.
func (s *localStore) durable(key string) bool {
	return !slices.ContainsFunc(s.rebuildable, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

func openLocal(dir string, create bool) (*localStore, error) {
	if create {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, fmt.Errorf("create %s: %w", dir, explained(err))
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, explained(err))
	}
	return &localStore{root: root}, nil
}

func (s *localStore) close() error { return s.root.Close() }

// list walks the directories below the last complete segment of prefix.
func (s *localStore) list(ctx context.Context, prefix string) ([]Object, error) {
	start := "."
	if i := strings.LastIndexByte(prefix, '/'); i > 0 {
		start = path.Clean(prefix[:i])
	}
	if !fs.ValidPath(start) {
		return nil, fmt.Errorf("%w: prefix %q", errKey, prefix)
	}
	var objects []Object
	err := fs.WalkDir(s.root.FS(), start, func(key string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // never there, or deleted during the walk
		}
		if err != nil {
			return err
		}
		if d.IsDir() {
			if key == stagingDir {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasPrefix(key, prefix) {
			return nil
		}
		info, err := s.root.Stat(key)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if info.Mode().IsRegular() {
			objects = append(objects, localObject(key, info))
		}
		return nil
	})
	slices.SortFunc(objects, func(a, b Object) int { return strings.Compare(a.Key, b.Key) })
	return objects, explained(err)
}

func (s *localStore) stat(ctx context.Context, key string) (Object, error) {
	if err := ctx.Err(); err != nil {
		return Object{}, err
	}
	info, err := s.root.Stat(key)
	if isGone(err) || err == nil && !info.Mode().IsRegular() {
		return Object{}, ErrNotFound
	}
	if err != nil {
		return Object{}, localError(err)
	}
	return localObject(key, info), nil
}

// isGone tells that nothing of the name is there, nor perhaps the folders above it.
func isGone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

func localObject(key string, info fs.FileInfo) Object {
	return Object{Key: key, Size: info.Size(), ETag: localETag(info), ModTime: info.ModTime()}
}

// localETag tells one content from another: a rewrite changes the inode or the time, in nanoseconds.
func localETag(info fs.FileInfo) string {
	var inode uint64
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = st.Ino
	}
	return fmt.Sprintf("%x-%x-%x", info.Size(), info.ModTime().UnixNano(), inode)
}

func (s *localStore) read(_ context.Context, key string, limit int64) ([]byte, error) {
	f, err := s.root.Open(key)
	if err != nil {
		return nil, localError(err)
	}
	defer f.Close()
	data, err := readUpTo(f, limit)
	return data, localError(err)
}

// put writes a temporary file, syncs it and renames it.
func (s *localStore) put(ctx context.Context, key string, write func(io.Writer) error) error {
	if !s.durable(key) {
		return s.putUnsynced(ctx, key, write)
	}
	return s.stage(writeSynced, write, func(temp string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.makeParents(key); err != nil {
			return err
		}
		if err := s.root.Rename(temp, key); err != nil {
			return err
		}
		return s.syncDir(path.Dir(key))
	})
}

// putUnsynced is put without the syncs: readers see all of the object or none, but a power cut may tear it.
func (s *localStore) putUnsynced(ctx context.Context, key string, write func(io.Writer) error) error {
	return s.stage(writeUnsynced, write, func(temp string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.root.Rename(temp, key)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := s.root.MkdirAll(path.Dir(key), 0o777); err != nil {
			return err
		}
		return s.root.Rename(temp, key)
	})
}

// putIfAbsent links a complete, synced file to the key: the link exists whole or not at all, and only one can.
func (s *localStore) putIfAbsent(_ context.Context, key string, data []byte) error {
	write := func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}
	return s.stage(writeSynced, write, func(temp string) error {
		if err := s.makeParents(key); err != nil {
			return err
		}
		err := s.root.Link(temp, key)
		if errors.Is(err, fs.ErrExist) {
			return ErrExists
		}
		if err != nil {
			return err
		}
		return s.syncDir(path.Dir(key))
	})
}

// stage writes a temporary file by save, hands its name to publish and removes what is left of it.
func (s *localStore) stage(save func(*os.File, func(io.Writer) error) error, write func(io.Writer) error, publish func(temp string) error) error {
	temp := stagingDir + "/" + nonce()
	create := func() (*os.File, error) { return s.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) }
	f, err := create()
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.root.MkdirAll(stagingDir, 0o777); err != nil {
			return localError(err)
		}
		f, err = create()
	}
	if err != nil {
		return localError(err)
	}
	defer func() { _ = s.root.Remove(temp) }() // after a rename there is nothing left to remove
	if err := save(f, write); err != nil {
		return explained(err)
	}
	return localError(publish(temp))
}

// writeUnsynced closes f in any case.
func writeUnsynced(f *os.File, write func(io.Writer) error) error {
	if err := write(f); err != nil {
		_ = f.Close()
		return err
	}
	return localError(f.Close())
}

// writeSynced closes f in any case.
func writeSynced(f *os.File, write func(io.Writer) error) error {
	if err := write(f); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		_ = f.Close()
		return localError(err)
	}
	return localError(f.Close())
}

// makeParents makes the directories of key, and syncs the directories that hold the new ones.
func (s *localStore) makeParents(key string) error {
	var holders []string
	for dir := path.Dir(key); dir != "."; dir = path.Dir(dir) {
		_, err := s.root.Stat(dir)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		holders = append(holders, path.Dir(dir))
	}
	if err := s.root.MkdirAll(path.Dir(key), 0o777); err != nil {
		return err
	}
	for _, dir := range holders {
		if err := s.syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// syncDir makes new names in dir survive a power cut.
func (s *localStore) syncDir(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func (s *localStore) delete(_ context.Context, key string) error {
	return localError(s.root.Remove(key))
}

// collectStaging removes temporary files that a killed process left before the given time.
func (s *localStore) collectStaging(ctx context.Context, before time.Time) (removed int, err error) {
	err = fs.WalkDir(s.root.FS(), stagingDir, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.ModTime().Before(before) {
			if err = s.root.Remove(name); err == nil {
				removed++
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // its writer has just finished
		}
		return err
	})
	return removed, localError(err)
}

func (s *localStore) open(_ context.Context, obj Object) (source, error) {
	f, err := s.root.Open(obj.Key)
	if isGone(err) {
		return nil, fmt.Errorf("%w: deleted", ErrChanged)
	}
	if err != nil {
		return nil, localError(err)
	}
	src := &localSource{store: s, file: f, obj: obj}
	info, err := f.Stat()
	if err == nil && localETag(info) != obj.ETag {
		err = ErrChanged
	}
	if err != nil {
		_ = f.Close()
		return nil, localError(err)
	}
	return src, nil
}

type localSource struct {
	store *localStore
	file  *os.File
	obj   Object
}

func (s *localSource) readAt(_ context.Context, p []byte, offset int64) error {
	_, err := s.file.ReadAt(p, offset)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: shorter than listed", ErrChanged)
	}
	return localError(err)
}

// verify looks at the name again, and so at replacement by rename as well as at writing in place.
func (s *localSource) verify(context.Context) error {
	info, err := s.store.root.Stat(s.obj.Key)
	if isGone(err) {
		return fmt.Errorf("%w: deleted", ErrChanged)
	}
	if err != nil {
		return localError(err)
	}
	if localETag(info) != s.obj.ETag {
		return ErrChanged
	}
	return nil
}

func (s *localSource) close() error { return s.file.Close() }

func localError(err error) error {
	if err == nil || isOurs(err) {
		return err
	}
	return fmt.Errorf("%w: %w", errLocal, explained(err))
}

// nonce is a random name that no other process picks.
func nonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return hex.EncodeToString(b[:])
}
