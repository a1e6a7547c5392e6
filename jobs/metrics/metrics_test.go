package metrics_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/windvane/windvane/jobs/metrics"
	"github.com/windvane/windvane/transforms/calendar"
)

var day = calendar.Of(2026, 1, 31)

func noted(serves bool) *metrics.Metrics {
	m := metrics.New("nightly", "v1", serves)
	at := time.Unix(1_770_000_000, 0)
	m.Attempt("gate", []string{"volume"}, day, time.Second, at)
	m.Attempt("late", nil, day, time.Second, at)
	m.Attempt("published", nil, day, 90*time.Second, at.Add(time.Hour))
	m.Success(metrics.Night{AsOf: day, Reduced: 4, Rows: 1000, Bytes: 5000, Steps: map[string]float64{"reduce": 12.5}}, at.Add(time.Hour))
	m.Success(metrics.Night{AsOf: day, AlreadyDone: true}, at.Add(2*time.Hour))
	m.Published(metrics.Night{AsOf: day, Rows: 1000, Bytes: 5000, Tables: map[string]int64{"gmv": 40}, Inputs: map[string]calendar.Day{"orders": day, "chats": day - 1}}, at)
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
	`windvane_table_rows{job_name="nightly",table="gmv"} 40`,
	`windvane_table_as_of_timestamp_seconds{job_name="nightly",table="gmv"} 1.7698176e+09`,
	`windvane_input_newest_timestamp_seconds{job_name="nightly",table="chats"} 1.7697312e+09`,
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
	m.Attempt("late", nil, day+1, time.Second, made.Add(time.Hour))
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

// A gate that stopped one attempt is not held against the next.
func TestFailedGates(t *testing.T) {
	m := metrics.New("nightly", "v1", true)
	scrape := func() string {
		w := httptest.NewRecorder()
		m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		return w.Body.String()
	}
	m.Attempt("gate", []string{"volume", "columns"}, day, time.Second, time.Unix(0, 0))
	expect(t, scrape(), `windvane_gate_failed{gate="columns",job_name="nightly"} 1`, `windvane_gate_failed{gate="volume",job_name="nightly"} 1`)
	m.Attempt("published", nil, day, time.Second, time.Unix(0, 0))
	if strings.Contains(scrape(), "windvane_gate_failed{") {
		t.Error(scrape())
	}
}

var metricName = regexp.MustCompile(`windvane_[a-z_]+`)

// docs/deploy.md names every metric and none that is not there, its alert rules included; the rules are YAML.
func TestTheDocumentNamesEveryMetric(t *testing.T) {
	doc, err := os.ReadFile("../../docs/deploy.md")
	if err != nil {
		t.Fatal(err)
	}
	m := noted(true)
	m.Attempt("gate", []string{"volume"}, day, time.Second, time.Unix(0, 0)) // a metric without a value is not scraped
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	known := map[string]bool{}
	for _, line := range strings.Split(w.Body.String(), "\n") {
		if rest, ok := strings.CutPrefix(line, "# TYPE windvane_"); ok {
			known["windvane_"+strings.Fields(rest)[0]] = true
		}
	}
	named := map[string]bool{}
	for _, name := range metricName.FindAllString(string(doc), -1) {
		named[name] = true
		if !known[name] {
			t.Errorf("docs/deploy.md: there is no metric %s", name)
		}
	}
	for name := range known {
		if !named[name] {
			t.Errorf("docs/deploy.md does not name %s", name)
		}
	}
	_, rest, _ := strings.Cut(string(doc), "# /etc/prometheus/rules/windvane.yml\n")
	text, _, _ := strings.Cut(rest, "```")
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr, For string }
		}
	}
	if err := yaml.Unmarshal([]byte(text), &rules); err != nil || len(rules.Groups) != 1 || len(rules.Groups[0].Rules) < 5 {
		t.Fatalf("alert rules: %v, %+v", err, rules)
	}
	for _, r := range rules.Groups[0].Rules {
		if r.Alert == "" || !metricName.MatchString(r.Expr) {
			t.Errorf("%+v", r)
		}
	}
}
