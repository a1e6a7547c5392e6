package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/windvane/windvane/jobs/metrics"
)

// lockedBuffer collects what goroutines log.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// The whole command, asked over HTTP while a night waits for its dumps.
func TestServeShowsItself(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "w.yaml")
	if err := os.WriteFile(conf, []byte("serve: {listen: \"127.0.0.1:0\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "dumps"), 0o755); err != nil {
		t.Fatal(err)
	}
	log := &lockedBuffer{}
	a := newApp(func(string) string { return "" }, io.Discard, log)
	now := time.Date(2026, 1, 31, 20, 0, 0, 0, time.UTC)
	asleep, once := make(chan struct{}), sync.Once{}
	a.clock.Now = func() time.Time { return now }
	a.clock.Sleep = func(ctx context.Context, _ time.Duration) error {
		once.Do(func() { close(asleep) })
		<-ctx.Done()
		return ctx.Err()
	}
	ctx, stop := context.WithCancel(context.Background())
	code := make(chan int)
	go func() { code <- a.run(ctx, []string{"serve", "-c", conf, "-i", dir, "-o", filepath.Join(dir, "out")}) }()
	<-asleep
	address := regexp.MustCompile(`address=(\S+)`).FindStringSubmatch(log.String())
	if address == nil {
		t.Fatalf("no address in %s", log)
	}
	var health struct {
		Status string
		Jobs   map[string]struct{ Next, Last, Error, AsOf string }
	}
	get(t, "http://"+address[1]+"/healthz", &health)
	if j := health.Jobs["nightly"]; health.Status != "ok" || j.Last != "waiting" || j.Next != "2026-02-01T19:00:00Z" || !strings.Contains(j.Error, "inputs are late") {
		t.Errorf("health: %+v", health)
	}
	var text string
	get(t, "http://"+address[1]+"/metrics", &text)
	if !strings.Contains(text, `windvane_next_firing_timestamp_seconds{job_name="nightly",schedule="nightly"} 1.7699724e+09`) { // date -ud 2026-02-01T19:00 +%s
		t.Errorf("metrics: %s", text)
	}
	stop()
	if c := <-code; c != 0 {
		t.Errorf("exit code %d: %s", c, log)
	}
}

// A correction that could not be made is made at the next firing, once its dump is whole, without anybody's doing.
func TestAFailedCorrectionIsMadeAtTheNextFiring(t *testing.T) {
	dir := t.TempDir()
	path := func(name ...string) string { return filepath.Join(append([]string{dir}, name...)...) }
	nowhere := func(string) string { return "" }
	windvane := func(args ...string) {
		t.Helper()
		if code := run(t.Context(), args, nowhere, io.Discard, io.Discard); code != 0 {
			t.Fatalf("windvane %q: exit code %d", args, code)
		}
	}
	windvane("demo", "--days", "4", "--merchants", "10", "--talents", "10", "--products", "30", "--buyers", "150", "--lines-per-day", "120", "--as-of", "2026-01-31", "--to", path("d"))
	windvane("backfill", "-i", path("d"), "-o", path("o"), "--from", "2026-01-29", "--to", "2026-01-31")
	if err := os.RemoveAll(path("o", "published/nightly/dt=2026-01-30")); err != nil {
		t.Fatal(err)
	}
	dump := path("d", "dumps/orders/dt=2026-01-31/part-00000.parquet")
	whole, err := os.ReadFile(dump)
	if err != nil {
		t.Fatal(err)
	}
	lay := func(data []byte) {
		if err := os.WriteFile(dump, data, 0o600); err != nil {
			t.Error(err)
		}
	}
	lay(whole[:len(whole)/2])
	if err := os.WriteFile(path("w.yaml"), []byte("schedule: [{name: nightly, spec: 0 3 * * *}]\nserve: {listen: \"\"}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	log := &lockedBuffer{}
	a := newApp(nowhere, io.Discard, log)
	ctx, stop := context.WithCancel(t.Context())
	now, mend, end := time.Date(2026, 2, 1, 2, 0, 0, 0, time.UTC), time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC), time.Date(2026, 2, 1, 19, 10, 0, 0, time.UTC)
	var mu sync.Mutex
	a.clock.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	a.clock.Sleep = func(ctx context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		before := now
		if now = now.Add(d); before.Before(mend) && !now.Before(mend) {
			lay(whole)
		}
		if !now.Before(end) {
			stop()
		}
		return ctx.Err()
	}
	if code := a.run(ctx, []string{"serve", "-c", path("w.yaml"), "-i", path("d"), "-o", path("o")}); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{`what=done as_of=2026-01-30 `, `what=given_up as_of=2026-01-31 `, `time=2026-02-01T19:.* msg=night as_of=2026-01-31 .* status=published commit=2 `, `what=done as_of=2026-01-31 `} {
		if !regexp.MustCompile(want).MatchString(log.String()) {
			t.Errorf("no %q in\n%s", want, log)
		}
	}
}

// get reads an answer: text as it is, anything else as JSON.
func get(t *testing.T, url string, into any) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, resp.Status, err)
	}
	if text, ok := into.(*string); ok {
		*text = string(data)
	} else if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func TestServeHasNoOtherPages(t *testing.T) {
	s := &server{metrics: metrics.New("nightly", "dev", true), states: map[string]jobState{}}
	for _, c := range []struct {
		method, path string
		code         int
	}{{"GET", "/healthz", 200}, {"GET", "/metrics", 200}, {"GET", "/", 404}, {"GET", "/debug/pprof/", 404}, {"POST", "/healthz", 405}} {
		w := httptest.NewRecorder()
		s.handler().ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.code {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.code)
		}
	}
}
