package main

import (
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/windvane/windvane/jobs/schedule"
)

var runForm = regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-f]{8}$`)

// ofTheProcess are lines that speak of no run: no night has begun, or none is meant.
func ofTheProcess(line map[string]any) bool {
	note, _ := line["note"].(string)
	switch line["msg"] {
	case "serving", "stopped", "listening":
		return true
	case "schedule": // waited for: no run was begun
		return line["what"] == "waiting" || line["what"] == "stopped"
	}
	return strings.HasPrefix(note, "no buyer key")
}

// jsonLines reads what was logged: every line is an object with time, level and message, and names its run.
func jsonLines(t *testing.T, log string) (byMessage map[string]int) {
	t.Helper()
	byMessage = map[string]int{}
	for _, text := range strings.Split(strings.TrimSuffix(log, "\n"), "\n") {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		for _, key := range []string{"time", "level", "msg"} {
			if line[key] == nil {
				t.Errorf("no %s: %s", key, text)
			}
		}
		if id, _ := line["run"].(string); !runForm.MatchString(id) && !ofTheProcess(line) {
			t.Errorf("no run: %s", text)
		}
		byMessage[line["msg"].(string)]++
	}
	return byMessage
}

func TestLogsAsJSON(t *testing.T) {
	dir := t.TempDir()
	observedMarket(t, dir)
	out := []string{"-i", dir + "/d", "-o", dir + "/o", "--log-format", "json"}
	_, log := command(t, 0, nil, append([]string{"run", "-d", "2026-01-30"}, out...)...)
	if got := jsonLines(t, log); got["step"] == 0 || got["note"] == 0 {
		t.Errorf("run: %v", got)
	}
	_, log = command(t, 3, nil, append([]string{"backfill", "--from", "2026-01-31", "--to", "2026-02-01"}, out...)...)
	if got := jsonLines(t, log); got["step"] == 0 || got["failed"] != 1 {
		t.Errorf("backfill: %v", got)
	}
}

// serve: one night is made, the next one waited for until its deadline.
func TestLogsOfServeAsJSON(t *testing.T) {
	dir := t.TempDir()
	observedMarket(t, dir)
	conf := write(t, filepath.Join(dir, "w.yaml"), "serve: {listen: \"127.0.0.1:0\"}\nschedule: [{spec: 0 3 * * *, deadline: 1h}]\n")
	log := &lockedBuffer{}
	a := newApp(func(string) string { return "" }, io.Discard, log)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var mu sync.Mutex
	now := time.Date(2026, 1, 31, 20, 0, 0, 0, time.UTC)
	end := now.Add(30 * time.Hour)
	a.clock = schedule.Clock{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }, Sleep: func(ctx context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		if now = now.Add(d); !now.Before(end) {
			stop()
		}
		return ctx.Err()
	}}
	if code := a.run(ctx, []string{"serve", "-c", conf, "-i", dir + "/d", "-o", dir + "/o", "--log-format", "json"}); code != 0 {
		t.Fatalf("exit code %d\n%s", code, log.String())
	}
	got := jsonLines(t, log.String())
	for _, msg := range []string{"serving", "listening", "step", "night", "note", "schedule", "stopped"} {
		if got[msg] == 0 {
			t.Errorf("no line %s: %v", msg, got)
		}
	}
}
