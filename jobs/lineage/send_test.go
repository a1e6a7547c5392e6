package lineage_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/windvane/windvane/jobs/lineage"
)

func events(n int) []lineage.Event {
	out := make([]lineage.Event, n)
	for i := range out {
		out[i] = lineage.New(lineage.Start, time.Unix(1_770_000_000, 0), lineage.Run{ID: lineage.RunID("windvane", "nightly", "r1")}, lineage.Job{Namespace: "windvane", Name: "nightly"})
	}
	return out
}

// endpoint answers each request with the next code, the last one again and again.
func endpoint(t *testing.T, codes ...int) (s *lineage.Sender, asked *[]*http.Request, bodies *[]string) {
	t.Helper()
	asked, bodies = new([]*http.Request), new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		code := codes[min(len(*asked), len(codes)-1)]
		*asked, *bodies = append(*asked, r), append(*bodies, string(body))
		w.WriteHeader(code)
	}))
	t.Cleanup(server.Close)
	return &lineage.Sender{Namespace: "windvane", Endpoint: server.URL + "/api/v1/lineage?s3cret", APIKey: "k3y",
		Sleep: func(context.Context, time.Duration) error { return nil }}, asked, bodies
}

func TestEventsArePosted(t *testing.T) {
	s, asked, bodies := endpoint(t, 503, 201)
	if err := s.Send(context.Background(), time.Minute, "", events(2)); err != nil {
		t.Fatal(err)
	}
	if len(*asked) != 3 || (*asked)[0].Header.Get("Authorization") != "Bearer k3y" || (*asked)[0].Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d requests, %v", len(*asked), (*asked)[0].Header)
	}
	var e map[string]any
	if err := json.Unmarshal([]byte((*bodies)[2]), &e); err != nil || e["eventType"] != "START" || e["eventTime"] != "2026-02-02T02:40:00Z" {
		t.Errorf("%v: %s", err, (*bodies)[2])
	}
}

func TestTroubleIsBounded(t *testing.T) {
	for _, c := range []struct {
		name  string
		code  int
		asked int
		says  string
	}{
		{"down", 503, 3, "lineage: 5 of 5 events not sent: it answered 503"},
		{"too many requests", 429, 3, "it answered 429"},
		{"a wrong key", 401, 1, "it answered 401"},
		{"a redirect is not followed", 302, 1, "it answered 302"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, asked, _ := endpoint(t, c.code)
			err := s.Send(context.Background(), time.Minute, "", events(5))
			if err == nil || !strings.Contains(err.Error(), c.says) || len(*asked) != c.asked || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%d requests, %v", len(*asked), err)
			}
		})
	}
}

// An endpoint that never answers costs the bound, also where the run itself was stopped before.
func TestASilentEndpoint(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	stopped, stop := context.WithCancel(context.Background())
	stop()
	s := &lineage.Sender{Endpoint: server.URL, Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	began := time.Now()
	err := s.Send(stopped, 50*time.Millisecond, "", events(9))
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}

func TestEventsAsFiles(t *testing.T) {
	files := map[string]string{}
	s := &lineage.Sender{Put: func(_ context.Context, key string, data []byte) error { files[key] = string(data); return nil }}
	if err := s.Send(context.Background(), time.Minute, "nightly/dt=2026-01-31/run=r1", events(1)); err != nil {
		t.Fatal(err)
	}
	if text := files["nightly/dt=2026-01-31/run=r1/nightly.START.json"]; !json.Valid([]byte(text)) || !strings.HasSuffix(text, "}\n") {
		t.Errorf("%v", files)
	}
}

// The UUIDs are those of Python: u = uuid.uuid5; u(u(NAMESPACE_URL, "https://github.com/windvane/windvane"), "windvane\0nightly\0r1").
func TestRunID(t *testing.T) {
	if got := lineage.RunID("windvane", "nightly", "r1"); got != "cc85d326-97d8-57d9-9872-99affc3b39ac" {
		t.Errorf("got %s", got)
	}
	if lineage.RunID("a", "b", "c") == lineage.RunID("a", "b", "d") {
		t.Error("two runs have one id")
	}
}

func TestPlaces(t *testing.T) {
	for _, c := range []struct{ location, namespace, name string }{
		{"s3://dumps?region=cn-north-1", "s3://dumps", "dumps/orders"},
		{"s3://dumps?prefix=warehouse/ods/", "s3://dumps", "warehouse/ods/dumps/orders"},
		{"gs://dumps", "gs://dumps", "dumps/orders"},
		{"file:///srv/dumps", "file", "/srv/dumps/dumps/orders"},
		{"/srv/dumps", "file", "/srv/dumps/dumps/orders"},
	} {
		p, err := lineage.PlaceOf(c.location)
		if d := p.Dataset("dumps/orders/"); err != nil || d.Namespace != c.namespace || d.Name != c.name {
			t.Errorf("%s: %+v, %v", c.location, d, err)
		}
	}
}
