package lake_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow/memory"

	"github.com/windvane/windvane/jobs/lake"
)

// objectServer speaks as much of the S3 protocol as the lake uses, strictly: preconditions are honoured, and every
// range request must name the etag of the listing. It is no oracle for S3; it shows what is sent.
type objectServer struct {
	mu       sync.Mutex
	objects  map[string][]byte
	pageSize int
	gets     []string // Range and If-Match of each GET of an object
	fail     func(r *http.Request) int
}

func etagOf(data []byte) string {
	sum := md5.Sum(data)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (s *objectServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("X-Amz-Request-Id", "7LMAGC3013Y578XT") // real ones have a 301 in them now and then, see codeOf
	if s.fail != nil {
		if code := s.fail(r); code != 0 {
			http.Error(w, "<Error><Code>SlowDown</Code></Error>", code)
			return
		}
	}
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/bucket"), "/")
	switch {
	case r.Method == http.MethodGet && key == "":
		s.list(w, r)
	case r.Method == http.MethodPut:
		s.put(w, r, key)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		s.get(w, r, key)
	case r.Method == http.MethodDelete:
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
	default:
		http.Error(w, "", http.StatusNotImplemented)
	}
}

func (s *objectServer) list(w http.ResponseWriter, r *http.Request) {
	type content struct {
		Key, ETag, LastModified string
		Size                    int
	}
	result := struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Contents              []content
		IsTruncated           bool
		NextContinuationToken string
	}{}
	var keys []string
	after := r.URL.Query().Get("continuation-token")
	for k := range s.objects {
		if strings.HasPrefix(k, r.URL.Query().Get("prefix")) && k > after {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys[:min(len(keys), s.pageSize)] {
		result.Contents = append(result.Contents, content{k, etagOf(s.objects[k]), "2026-01-31T01:02:03.456Z", len(s.objects[k])})
		result.NextContinuationToken = k
	}
	result.IsTruncated = len(keys) > s.pageSize
	_ = xml.NewEncoder(w).Encode(result)
}

func (s *objectServer) put(w http.ResponseWriter, r *http.Request, key string) {
	if _, there := s.objects[key]; there && r.Header.Get("If-None-Match") == "*" {
		w.WriteHeader(http.StatusPreconditionFailed)
		_, _ = io.WriteString(w, "<Error><Code>PreconditionFailed</Code></Error>")
		return
	}
	data, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if strings.Contains(r.Header.Get("Content-Encoding"), "aws-chunked") {
		data = unchunk(data)
	}
	s.objects[key] = data
	w.Header().Set("ETag", etagOf(data))
}

// unchunk takes the framing of aws-chunked bodies off: size in hexadecimal, data, and trailers.
func unchunk(body []byte) []byte {
	var out []byte
	for {
		head, rest, _ := strings.Cut(string(body), "\r\n")
		size, _, _ := strings.Cut(head, ";")
		n, err := strconv.ParseInt(size, 16, 64)
		if err != nil || n == 0 {
			return out
		}
		out = append(out, rest[:n]...)
		body = []byte(rest[n+2:])
	}
}

func (s *objectServer) get(w http.ResponseWriter, r *http.Request, key string) {
	if r.Method == http.MethodGet {
		s.gets = append(s.gets, r.Header.Get("Range")+" "+r.Header.Get("If-Match"))
	}
	data, there := s.objects[key]
	if !there {
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "<Error><Code>NoSuchKey</Code></Error>")
		return
	}
	if match := r.Header.Get("If-Match"); match != "" && match != etagOf(data) {
		w.WriteHeader(http.StatusPreconditionFailed)
		_, _ = io.WriteString(w, "<Error><Code>PreconditionFailed</Code></Error>")
		return
	}
	w.Header().Set("ETag", etagOf(data))
	http.ServeContent(w, r, "", time.Date(2026, 1, 31, 1, 2, 3, 0, time.UTC), strings.NewReader(string(data)))
}

func openS3(t *testing.T, s *objectServer) *lake.Lake {
	t.Helper()
	s.objects = map[string][]byte{}
	if s.pageSize == 0 {
		s.pageSize = 1000
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_REGION", "us-east-1")
	url := fmt.Sprintf("s3://bucket?endpoint=%s&use_path_style=true&disable_https=true", server.URL)
	l, err := lake.Open(context.Background(), url, lake.Options{Retry: lake.Retry{First: time.Microsecond}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func TestS3ConditionalWritesAndPaging(t *testing.T) {
	l := openS3(t, &objectServer{pageSize: 10})
	ctx := context.Background()
	if err := l.ProbeConditionalWrites(ctx, "published"); err != nil {
		t.Fatal(err)
	}
	if err := l.Commit(ctx, record("a"), 1); err != nil {
		t.Fatal(err)
	}
	if err := l.PutIfAbsent(ctx, "published/nightly/dt=2026-01-31/commits/0001.json", []byte("other")); !errors.Is(err, lake.ErrExists) {
		t.Errorf("got %v", err)
	}
	for i := range 35 {
		put(t, l, fmt.Sprintf("dumps/%d", i), "x")
	}
	if objects, err := l.List(ctx, "dumps/"); err != nil || len(objects) != 35 || objects[0].ETag != etagOf([]byte("x")) {
		t.Errorf("%d objects, %v", len(objects), err)
	}
}

func TestS3ReadsArePinnedByETag(t *testing.T) {
	server := &objectServer{}
	l := openS3(t, server)
	ctx := context.Background()
	want := writeLarge(t, l, "x.parquet", 1)
	obj := listed(t, l, "x.parquet")
	mustEqual(t, readBack(t, memory.DefaultAllocator, l, "x.parquet", []string{"a", "b", "c", "d"}), want)
	for _, get := range server.gets {
		if !strings.HasPrefix(get, "bytes=") || !strings.HasSuffix(get, obj.ETag) {
			t.Errorf("a read without range or precondition: %q", get)
		}
	}
	if n := len(server.gets); n != 1+3 {
		t.Errorf("%d requests for a footer and three row groups", n)
	}
	f, err := l.OpenParquet(ctx, obj)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	writeLarge(t, l, "x.parquet", 2)
	if _, err := f.ReadRowGroup(ctx, memory.DefaultAllocator, 0, []string{"a"}); !errors.Is(err, lake.ErrChanged) {
		t.Errorf("replaced between two range reads: %v", err)
	}
}

// A server that is busy is no missing object, whatever the identifier of the request.
func TestS3TroubleIsNotTakenForAnAbsentObject(t *testing.T) {
	calls := 0
	t.Setenv("AWS_MAX_ATTEMPTS", "1") // the client's own patience is not what is tested
	l := openS3(t, &objectServer{fail: func(r *http.Request) int {
		if r.Method != http.MethodGet || r.URL.Query().Has("list-type") {
			return 0
		}
		calls++
		return http.StatusServiceUnavailable
	}})
	put(t, l, "x", "content")
	_, err := l.ReadAll(context.Background(), "x", 10)
	if err == nil || errors.Is(err, lake.ErrNotFound) || !strings.Contains(err.Error(), "given up after 5 attempts") {
		t.Errorf("%d calls: %v", calls, err)
	}
}
