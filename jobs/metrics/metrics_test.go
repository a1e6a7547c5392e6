package metrics_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/windvane/windvane/jobs/metrics"
	"github.com/windvane/windvane/transforms/calendar"
)

var day = calendar.Of(2026, 1, 31)

func noted(serves bool) *metrics.Metrics {
	m := metrics.New("nightly", "v1", serves)
	at := time.Unix(1_770_000_000, 0)
	m.Attempt("late", day, time.Second, at)
	m.Attempt("published", day, 90*time.Second, at.Add(time.Hour))
	m.Success(metrics.Night{AsOf: day, Reduced: 4, Rows: 1000, Bytes: 5000, Steps: map[string]float64{"reduce": 12.5}}, at.Add(time.Hour))
	m.Success(metrics.Night{AsOf: day, AlreadyDone: true}, at.Add(2*time.Hour))
	m.Standing(&day, false)
	m.Next("nightly", at.Add(24*time.Hour))
	m.Message("feishu", false)
	return m
}

func expect(t *testing.T, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains(text, "\n"+l+"\n") {
			t.Errorf("no line %s in\n%s", l, text)
		}
	}
}

var gauges = []string{
	`windvane_last_attempt_outcome{job_name="nightly",outcome="published"} 1`,
	`windvane_last_attempt_seconds{job_name="nightly"} 90`,
	`windvane_last_success_timestamp_seconds{job_name="nightly"} 1.7700072e+09`,
	`windvane_newest_as_of_timestamp_seconds{job_name="nightly"} 1.7698176e+09`, // date -ud 2026-01-31 +%s
	`windvane_stale{job_name="nightly"} 0`,
	`windvane_partitions_reduced{job_name="nightly"} 4`,
	`windvane_step_seconds{job_name="nightly",step="reduce"} 12.5`,
	`windvane_build_info{job_name="nightly",version="v1"} 1`,
}

func TestScrape(t *testing.T) {
	w := httptest.NewRecorder()
	noted(true).Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	expect(t, w.Body.String(), append(gauges, `windvane_attempts_total{job_name="nightly",outcome="late"} 1`,
		`windvane_messages_total{job_name="nightly",kind="feishu",result="failed"} 1`, `windvane_next_firing_timestamp_seconds{job_name="nightly",schedule="nightly"} 1.7700864e+09`)...)
	if strings.Contains(w.Body.String(), `outcome="late"} 1`+"\n"+`windvane_last`) || !strings.Contains(w.Body.String(), "go_goroutines ") {
		t.Error("the process does not tell of itself")
	}
}

// A process that made no night itself tells of the one that stands, and never moves the last success back.
func TestPublishedByAnother(t *testing.T) {
	m := metrics.New("nightly", "v1", true)
	made := time.Unix(1_770_000_000, 0)
	night := metrics.Night{AsOf: day, Rows: 1000, Bytes: 5000, Steps: map[string]float64{"reduce": 12.5}}
	scrape := func() string {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		return w.Body.String()
	}
	m.Attempt("late", day+1, time.Second, made.Add(time.Hour))
	m.Published(night, made)
	expect(t, scrape(), `windvane_last_success_timestamp_seconds{job_name="nightly"} 1.77e+09`, `windvane_published_rows{job_name="nightly"} 1000`,
		`windvane_published_bytes{job_name="nightly"} 5000`, `windvane_step_seconds{job_name="nightly",step="reduce"} 12.5`)
	m.Success(metrics.Night{AsOf: day, AlreadyDone: true}, made.Add(2*time.Hour))
	m.Published(night, made)
	expect(t, scrape(), `windvane_last_success_timestamp_seconds{job_name="nightly"} 1.7700072e+09`, `windvane_published_rows{job_name="nightly"} 1000`)
}

// A process of one run has no counters: they would begin anew each time.
func TestTextfile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "windvane.prom")
	if err := noted(false).WriteFile(file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, string(data), gauges...)
	for _, absent := range []string{"_total", "go_goroutines", "windvane_next", `outcome="late"`} {
		if strings.Contains(string(data), absent) {
			t.Errorf("the file has %s", absent)
		}
	}
	if err := noted(false).WriteFile(filepath.Join(t.TempDir(), "no", "folder")); err == nil || !strings.HasPrefix(err.Error(), "write metrics: ") {
		t.Errorf("no folder: %v", err)
	}
}
