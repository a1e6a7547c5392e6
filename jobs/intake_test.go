package jobs

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/transforms/calendar"
	"github.com/windvane/windvane/transforms/column"
	"github.com/windvane/windvane/transforms/contract"
	"github.com/windvane/windvane/transforms/mapping"
)

func written() time.Time { return time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC) }

// slowBucket answers no request for a part of an object before two are there: a reader that waits for one part
// before it asks for the next gets none.
type slowBucket struct {
	objects map[string][]byte

	mu      sync.Mutex
	waiting int
	met     chan struct{} // closed once two were there
}

func (s *slowBucket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	data, ok := s.objects[strings.TrimPrefix(r.URL.Path, "/bucket/")]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.Method == http.MethodGet {
		s.wait(r.Context())
	}
	w.Header().Set("ETag", `"one"`)
	http.ServeContent(w, r, "", written(), bytes.NewReader(data))
}

func (s *slowBucket) wait(ctx context.Context) {
	s.mu.Lock()
	if s.waiting++; s.waiting == 2 {
		close(s.met)
	}
	s.mu.Unlock()
	select {
	case <-s.met:
	case <-ctx.Done():
	}
}

// closeGate makes requests wait for each other from now on.
func (s *slowBucket) closeGate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting, s.met = 0, make(chan struct{})
}

// trafficFile is a file of product_traffic with row groups of 200,000 rows.
func trafficFile(t *testing.T, rows []trafficRow) []byte {
	t.Helper()
	ctx := context.Background()
	l, err := lake.Open(ctx, "mem://", lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	schema := trafficSchema(contract.InstantType)
	if _, err := l.WriteParquet(ctx, "x.parquet", schema, lake.WriteOptions{RowGroupRows: 200_000}, trafficRecord(schema, rows)); err != nil {
		t.Fatal(err)
	}
	data, err := l.ReadAll(ctx, "x.parquet", 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRowGroupsAndFilesAreFetchedSideBySide(t *testing.T) {
	const rows = 800_000 // more than a file that is read whole has
	traffic := make([]trafficRow, rows)
	for i := range traffic {
		traffic[i] = trafficRow{product: int64(column.Hash(int64(i)) >> 1), promoter: int64(i % 97), scene: "live"}
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute) // reached only if requests come one by one
	defer stop()
	bucket, d := &slowBucket{objects: map[string][]byte{}}, &dump{table: contract.ProductTraffic, day: calendar.Of(2026, 1, 31)}
	for i, part := range [][]trafficRow{traffic, traffic[:10]} {
		key := fmt.Sprintf("part-%d.parquet", i)
		bucket.objects[key] = trafficFile(t, part)
		d.objects = append(d.objects, lake.Object{Key: key, Size: int64(len(bucket.objects[key])), ETag: `"one"`, ModTime: written()})
	}
	server := httptest.NewServer(bucket)
	defer server.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_REGION", "us-east-1")
	l, err := lake.Open(ctx, fmt.Sprintf("s3://bucket?endpoint=%s&use_path_style=true&disable_https=true", server.URL), lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m, err := mapping.New(d.table, mapping.Table{}, mapping.Env{Zone: calendar.NewZone(time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	bucket.closeGate() // two files are opened at once
	in, err := openIntake(ctx, l, d, m, []string{"product_id", "clicks"})
	if err != nil {
		t.Fatal(err)
	}
	defer in.close()
	bucket.closeGate() // two row groups are read at once, though one worker decodes
	var got int64
	err = in.each(ctx, 1, false, func(_ int, b batch) error {
		got += b.record.NumRows()
		return nil
	})
	if err != nil || got != rows+10 {
		t.Fatalf("%d rows, error %v", got, err)
	}
}
