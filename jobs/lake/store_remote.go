package lake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
	"google.golang.org/api/googleapi"
)

// remoteStore is a bucket behind gocloud.dev/blob.
type remoteStore struct {
	bucket *blob.Bucket
}

func (s *remoteStore) close() error { return s.bucket.Close() }

// list follows all pages. Stores promise key order; sorting again costs nothing and does not rely on it.
func (s *remoteStore) list(ctx context.Context, prefix string) ([]Object, error) {
	var objects []Object
	it := s.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := it.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if !o.IsDir {
			objects = append(objects, Object{Key: o.Key, Size: o.Size, ETag: listedETag(o), ModTime: o.ModTime})
		}
	}
	slices.SortFunc(objects, func(a, b Object) int { return strings.Compare(a.Key, b.Key) })
	return objects, nil
}

func (s *remoteStore) stat(ctx context.Context, key string) (Object, error) {
	return statByList(ctx, s, key)
}

func (s *remoteStore) read(ctx context.Context, key string, limit int64) ([]byte, error) {
	r, err := s.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if r.Size() > limit {
		return nil, tooLargef("%d bytes, limit %d", r.Size(), limit)
	}
	data, err := readUpTo(r, limit)
	if err == nil && int64(len(data)) < r.Size() {
		return nil, fmt.Errorf("%d of %d bytes: %w", len(data), r.Size(), io.ErrUnexpectedEOF)
	}
	return data, err
}

// put publishes by closing the writer; so on failure it cancels first.
func (s *remoteStore) put(ctx context.Context, key string, write func(io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := s.bucket.NewWriter(ctx, key, &blob.WriterOptions{ContentType: contentType(key)})
	if err != nil {
		return err
	}
	if err := write(w); err != nil {
		cancel() // Close alone would publish the half that was written.
		_ = w.Close()
		return err
	}
	return w.Close()
}

// putIfAbsent uses Upload: azureblob panics when a conditional write through a Writer loses.
func (s *remoteStore) putIfAbsent(ctx context.Context, key string, data []byte) error {
	opts := &blob.WriterOptions{ContentType: contentType(key), IfNotExist: true}
	err := s.bucket.Upload(ctx, key, bytes.NewReader(data), opts)
	if codeOf(err) == gcerrors.FailedPrecondition {
		return ErrExists
	}
	return err
}

// codeOf is gcerrors.Code, but looks for itself where gocloud's answer misleads.
func codeOf(err error) gcerrors.ErrorCode {
	var s3Error smithyError
	if errors.As(err, &s3Error) {
		return codeOfS3(s3Error.ErrorCode())
	}
	if refused(err) {
		return gcerrors.PermissionDenied
	}
	if throttled(err) {
		return gcerrors.ResourceExhausted
	}
	return gcerrors.Code(err)
}

// smithyError is smithy.APIError.
type smithyError interface {
	error
	ErrorCode() string
	ErrorMessage() string
}

// codeOfS3 looks at the code of the service alone: gocloud takes every error whose text has "301" in it for a missing
// bucket, and request identifiers, which stand in the text, have it now and then. A lost race or a server that is busy
// would then pass for an object that is not there.
func codeOfS3(code string) gcerrors.ErrorCode {
	switch code {
	case "NoSuchBucket", "NoSuchKey", "NotFound":
		return gcerrors.NotFound
	case "PreconditionFailed":
		return gcerrors.FailedPrecondition
	case "AccessDenied", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "AccountProblem":
		return gcerrors.PermissionDenied
	case "PermanentRedirect", "MovedPermanently":
		return gcerrors.InvalidArgument // another region: trying again does not help
	default:
		return gcerrors.Unknown
	}
}

// refused tells whether Google or Azure refuse who asks. gocloud takes every refusal of Google for an object that is not
// there, which whoever deletes takes for done, and most of Azure for trouble that may pass.
func refused(err error) bool {
	var google *googleapi.Error
	var azure *azcore.ResponseError
	status := 0
	switch {
	case errors.As(err, &google) && !throttled(err):
		status = google.Code
	case errors.As(err, &azure):
		status = azure.StatusCode
	}
	return status == http.StatusForbidden || status == http.StatusUnauthorized
}

// throttled tells whether Google refuses a request for its rate alone, which it may do with the status of a refusal.
func throttled(err error) bool {
	var google *googleapi.Error
	return errors.As(err, &google) && slices.ContainsFunc(google.Errors, func(e googleapi.ErrorItem) bool {
		return e.Reason == "rateLimitExceeded" || e.Reason == "userRateLimitExceeded"
	})
}

// contentType is given so that gocloud does not sniff, which would delay the first write.
func contentType(key string) string {
	if strings.HasSuffix(key, ".json") {
		return "application/json"
	}
	return "application/octet-stream"
}

func (s *remoteStore) delete(ctx context.Context, key string) error {
	return s.bucket.Delete(ctx, key)
}

// collectStaging has nothing to do: an upload that was not completed is no object. Buckets drop its parts by a
// lifecycle rule.
func (s *remoteStore) collectStaging(context.Context, time.Time) (int, error) { return 0, nil }

func (s *remoteStore) open(_ context.Context, obj Object) (source, error) {
	return &remoteSource{bucket: s.bucket, obj: obj}, nil
}

// remoteSource reads ranges with the listed etag as precondition where the store has one, and compares size and
// time of each answer with the listing where it has not.
type remoteSource struct {
	bucket *blob.Bucket
	obj    Object
}

func (s *remoteSource) readAt(ctx context.Context, p []byte, offset int64) error {
	opts := &blob.ReaderOptions{BeforeRead: requireETag(s.obj.ETag)}
	r, err := s.bucket.NewRangeReader(ctx, s.obj.Key, offset, int64(len(p)), opts)
	if err != nil {
		return changedIfGone(err)
	}
	defer r.Close()
	if err := s.same(r.Size(), r.ModTime()); err != nil {
		return err
	}
	_, err = io.ReadFull(r, p)
	return err
}

// same compares times in seconds: HTTP headers carry no more.
func (s *remoteSource) same(size int64, modTime time.Time) error {
	if size != s.obj.Size {
		return fmt.Errorf("%w: %d bytes, listed %d", ErrChanged, size, s.obj.Size)
	}
	fine := modTime.Nanosecond() != 0 && s.obj.ModTime.Nanosecond() != 0
	if fine && !modTime.Equal(s.obj.ModTime) || modTime.Unix() != s.obj.ModTime.Unix() {
		return fmt.Errorf("%w: written %s, listed %s", ErrChanged, modTime.UTC(), s.obj.ModTime.UTC())
	}
	return nil
}

// verify has nothing to do: every answer was checked when it came.
func (s *remoteSource) verify(context.Context) error { return nil }

func (s *remoteSource) close() error { return nil }

func changedIfGone(err error) error {
	switch codeOf(err) {
	case gcerrors.NotFound:
		return fmt.Errorf("%w: deleted: %w", ErrChanged, err)
	case gcerrors.FailedPrecondition:
		return fmt.Errorf("%w: %w", ErrChanged, err)
	default:
		return err
	}
}
