// Package metrics is what monitoring sees of nights: Prometheus gauges and counters, the only importer of its client.
//
// windvane serve shows them under /metrics. A run started by cron writes them to a file for node_exporter's textfile
// collector; there they are gauges of the last run, since a counter that begins anew with every process counts nothing.
// Dates are told as the Unix time of their midnight in UTC, so that they can be subtracted from each other.
package metrics

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/windvane/windvane/transforms/calendar"
)

// Metrics are those of one process. They may be set from several goroutines.
type Metrics struct {
	registry *prometheus.Registry

	outcome                              *prometheus.GaugeVec
	seconds, ended, published            prometheus.Gauge
	newest, wanted, stale                prometheus.Gauge
	reduced, spilled, rows, bytesWritten prometheus.Gauge
	step, next                           *prometheus.GaugeVec
	gates, tableRows, tableDay, inputDay *prometheus.GaugeVec
	attempts, messages                   *prometheus.CounterVec // nil in a process of one run

	mu        sync.Mutex
	succeeded time.Time // what last_success says
}

// New makes the metrics of a process: one that serves for long counts too, and tells of itself.
func New(job, version string, serves bool) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	r := prometheus.WrapRegistererWith(prometheus.Labels{"job_name": job}, m.registry)
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "windvane", Name: name, Help: help})
		r.MustRegister(g)
		return g
	}
	gauges := func(name, help, label string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "windvane", Name: name, Help: help}, []string{label})
		r.MustRegister(g)
		return g
	}
	m.outcome = gauges("last_attempt_outcome", "1 for what the last attempt came to: published, already_done, late, gate, failed, stopped.", "outcome")
	m.seconds = gauge("last_attempt_seconds", "Duration of the last attempt.")
	m.ended = gauge("last_attempt_timestamp_seconds", "When the last attempt ended.")
	m.published = gauge("last_success_timestamp_seconds", "When an attempt last published or found its night done; at least when the newest published night was made.")
	m.newest = gauge("newest_as_of_timestamp_seconds", "Midnight, in UTC, of the newest published as-of date.")
	m.wanted = gauge("wanted_as_of_timestamp_seconds", "Midnight, in UTC, of the as-of date that was wanted last.")
	m.stale = gauge("stale", "1 if the newest published night is not the one that was wanted last, or a run could not open its buckets to find out.")
	m.reduced = gauge("partitions_reduced", "Partitions that the last successful night reduced.")
	m.spilled = gauge("spilled_bytes", "Bytes that the last successful night spilled to disk.")
	m.rows = gauge("published_rows", "Rows of all tables of the newest published night.")
	m.bytesWritten = gauge("published_bytes", "Bytes of all tables of the newest published night.")
	m.step = gauges("step_seconds", "Duration of the steps of the newest published night.", "step")
	m.gates = gauges("gate_failed", "1 for each gate that stopped the last attempt.", "gate")
	m.tableRows = gauges("table_rows", "Rows of a table of the newest published night.", "table")
	m.tableDay = gauges("table_as_of_timestamp_seconds", "Midnight, in UTC, of the as-of date of a published table.", "table")
	m.inputDay = gauges("input_newest_timestamp_seconds", "Midnight, in UTC, of the newest day of a dumped table that the newest published night read.", "table")
	info := gauges("build_info", "1; the version is the label.", "version")
	info.WithLabelValues(version).Set(1)
	if serves {
		m.serve(r, gauges)
	}
	return m
}

// serve adds what makes sense in a process that lives for long.
func (m *Metrics) serve(r prometheus.Registerer, gauges func(name, help, label string) *prometheus.GaugeVec) {
	m.next = gauges("next_firing_timestamp_seconds", "When a scheduled job fires next.", "schedule")
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "windvane", Name: name, Help: help}, labels)
		r.MustRegister(c)
		return c
	}
	m.attempts = counter("attempts_total", "Attempts by what they came to.", "outcome")
	m.messages = counter("messages_total", "Messages to webhooks by kind and result.", "kind", "result")
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// Night is a night that was published or found done.
type Night struct {
	AsOf        calendar.Day
	Reduced     int
	Spilled     int64 // bytes
	Rows, Bytes int64
	Steps       map[string]float64 // seconds
	AlreadyDone bool               // nothing was made

	Tables map[string]int64        // rows by published table
	Inputs map[string]calendar.Day // by dumped table, the newest day that was read
}

// Attempt notes what an attempt came to, which gates stopped it, and how long it took.
func (m *Metrics) Attempt(outcome string, failedGates []string, asOf calendar.Day, took time.Duration, at time.Time) {
	m.gates.Reset()
	for _, name := range failedGates {
		m.gates.WithLabelValues(name).Set(1)
	}
	m.outcome.Reset()
	m.outcome.WithLabelValues(outcome).Set(1)
	m.seconds.Set(took.Seconds())
	m.ended.Set(float64(at.Unix()))
	m.wanted.Set(midnight(asOf))
	if m.attempts != nil {
		m.attempts.WithLabelValues(outcome).Inc()
	}
}

// Success notes a night that was published or found done.
func (m *Metrics) Success(n Night, at time.Time) {
	m.succeed(at)
	if n.AlreadyDone {
		return
	}
	m.reduced.Set(float64(n.Reduced))
	m.spilled.Set(float64(n.Spilled))
	m.made(n)
}

// Published notes the newest published night, whichever process made it. One that has just started, that found its
// night done or whose inputs are late made none, and would else tell of no rows and no success at all.
func (m *Metrics) Published(n Night, at time.Time) {
	m.succeed(at)
	m.made(n)
}

// succeed moves last_success forward, never back.
func (m *Metrics) succeed(at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at.After(m.succeeded) {
		m.succeeded = at
		m.published.Set(float64(at.Unix()))
	}
}

// made notes what a night's manifest tells.
func (m *Metrics) made(n Night) {
	m.rows.Set(float64(n.Rows))
	m.bytesWritten.Set(float64(n.Bytes))
	for name, seconds := range n.Steps {
		m.step.WithLabelValues(name).Set(seconds)
	}
	if n.Tables == nil {
		return
	}
	for _, of := range []*prometheus.GaugeVec{m.tableRows, m.tableDay, m.inputDay} { // a table that is no longer there is not shown as it was
		of.Reset()
	}
	for name, rows := range n.Tables {
		m.tableRows.WithLabelValues(name).Set(float64(rows))
		m.tableDay.WithLabelValues(name).Set(midnight(n.AsOf))
	}
	for name, day := range n.Inputs {
		m.inputDay.WithLabelValues(name).Set(midnight(day))
	}
}

// Standing notes the newest published night, and whether it is the one wanted.
func (m *Metrics) Standing(newest *calendar.Day, stale bool) {
	if newest != nil {
		m.newest.Set(midnight(*newest))
	}
	m.stale.Set(0)
	if stale {
		m.stale.Set(1)
	}
}

// Next notes when a scheduled job fires next.
func (m *Metrics) Next(schedule string, at time.Time) {
	if m.next != nil {
		m.next.WithLabelValues(schedule).Set(float64(at.Unix()))
	}
}

// Message notes a message to a webhook.
func (m *Metrics) Message(kind string, delivered bool) {
	if m.messages != nil {
		m.messages.WithLabelValues(kind, map[bool]string{true: "delivered", false: "failed"}[delivered]).Inc()
	}
}

func midnight(d calendar.Day) float64 { return float64(d) * 86_400 }

// Handler shows the metrics to a scraper.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// WriteFile writes them for node_exporter's textfile collector, whole or not at all.
func (m *Metrics) WriteFile(path string) error {
	if err := prometheus.WriteToTextfile(path, m.registry); err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	return nil
}
