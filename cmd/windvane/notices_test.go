package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/notify"
)

// group is a webhook of a messenger that may be down, and that looks for the commit when it is told of a night.
type group struct {
	*httptest.Server
	t      *testing.T
	commit string // a pattern of what must be there when a published night is told

	mu     sync.Mutex
	answer string // "503", "200 {…}"
	asked  int
}

func newGroup(t *testing.T, commit, answer string) *group {
	g := &group{t: t, commit: commit, answer: answer}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if files, _ := filepath.Glob(g.commit); strings.Contains(string(body), "已发布") && len(files) == 0 {
			t.Error("a night is told that is not published")
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		g.asked++
		code, text, _ := strings.Cut(g.answer, " ")
		if code == "503" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprint(w, text)
	}))
	t.Cleanup(g.Close)
	return g
}

// now changes the answer and tells how often it was asked so far.
func (g *group) now(answer string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	asked := g.asked
	g.answer, g.asked = answer, 0
	return asked
}

// informed is a stand with three groups of one messenger.
type informed struct {
	*stand
	groups [3]*group
}

// TestWhatWebhooksWereToldIsRecorded: one group takes the message, one is down, one answers 200 with an error. The night is
// published before any of them is asked; its record says what became of each; the next run tries again those that were
// not told, and those alone, whether it publishes or finds the night done or late as before.
func TestWhatWebhooksWereToldIsRecorded(t *testing.T) {
	s := newInformed(t, killMarket(t), fine, down, wrong)
	s.run(0, killFirst)
	s.recorded(killFirst, notify.Published, "true 1 ", "false 4 it answered 503", "false 1 it answered 200 with code 19024: Key Words Not Found")
	s.asked(1, 4, 1)

	s.groups[1].now(fine)
	s.run(0, killFirst) // done already
	s.recorded(killFirst, notify.Published, "true 1 ", "true 5 ", "false 2 it answered 200 with code 19024: Key Words Not Found")
	s.asked(0, 1, 1)

	s.groups[2].now(fine)
	s.run(0, killFirst)
	s.run(0, killFirst)
	s.recorded(killFirst, notify.Published, "true 1 ", "true 5 ", "true 3 ")
	s.asked(0, 0, 1)

	orders := filepath.Join(s.input, "dumps/orders/dt="+string(marketLast))
	if err := os.Rename(orders, orders+".later"); err != nil {
		t.Fatal(err)
	}
	s.groups[0].now(down)
	s.run(exitLate, marketLast)
	s.recorded(marketLast, notify.Late, "false 4 it answered 503", "true 1 ", "true 1 ")
	s.groups[0].now(fine)
	s.run(exitLate, marketLast)
	s.run(exitLate, marketLast)
	s.recorded(marketLast, notify.Late, "true 5 ", "true 1 ", "true 1 ")
	s.asked(1, 1, 1)
}

// What groups answer.
const fine, down, wrong = `200 {"code":0}`, "503", `200 {"code":19024,"msg":"Key Words Not Found"}`

// newInformed makes a stand whose groups answer so.
func newInformed(t *testing.T, input string, answers ...string) *informed {
	s := &informed{stand: newStand(t, input, fmt.Sprintf("notify:\n"+strings.Repeat("  - {kind: feishu, url: {env: GROUP%d}}\n", 3), 0, 1, 2))}
	for i, answer := range answers {
		s.groups[i] = newGroup(t, filepath.Join(s.output, "published/nightly/dt=*/commits/0001.json"), answer)
	}
	return s
}

// TestAStoreThatCannotBeUsedIsTold: an output that lets nobody in keeps no record, and every group is told all the same. One that
// takes a second "only if absent" keeps the record of that.
func TestAStoreThatCannotBeUsedIsTold(t *testing.T) {
	var mu sync.Mutex
	var put []string
	takes := false
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case !takes:
			w.WriteHeader(http.StatusForbidden)
		case r.Method == http.MethodPut:
			put = append(put, r.URL.Path)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(store.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "k")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	t.Setenv("AWS_REGION", "us-east-1")
	s := newInformed(t, t.TempDir(), fine, fine, fine)
	s.output = fmt.Sprintf("s3://bucket?endpoint=%s&use_path_style=true&disable_https=true", store.URL)
	s.run(exitFailed, killFirst)
	s.asked(1, 1, 1)
	mu.Lock()
	takes = true
	mu.Unlock()
	s.run(exitFailed, killFirst)
	s.asked(1, 1, 1)
	mu.Lock()
	defer mu.Unlock()
	if folder := fmt.Sprintf("/bucket/published/nightly/dt=%s/failures/", killFirst); !slices.ContainsFunc(put, func(key string) bool { return strings.HasPrefix(key, folder) }) {
		t.Errorf("no record of the failure among %q", put)
	}
}

// run makes a night on a clock that does not sleep.
func (s *informed) run(code int, day any) {
	s.t.Helper()
	var out, errs bytes.Buffer
	a := newApp(func(name string) string {
		if at, ok := strings.CutPrefix(name, "GROUP"); ok {
			return s.groups[at[0]-'0'].URL + "/hook/s3cret"
		}
		return ""
	}, &out, &errs)
	a.clock.Sleep = func(context.Context, time.Duration) error { return nil }
	args := []string{"run", "--input", s.input, "--output", s.output, "--config", s.config, "--date", fmt.Sprint(day)}
	if got := a.run(context.Background(), args); got != code {
		s.t.Fatalf("exit %d, want %d\n%s%s", got, code, out.String(), errs.String())
	}
	if all := out.String() + errs.String(); strings.Contains(all, "s3cret") {
		s.t.Errorf("an address was printed:\n%s", all)
	}
}

// recorded looks at the one record of a date: outcome, and of each group whether it was told, in how many attempts, the
// error of the last one.
func (s *informed) recorded(day any, outcome string, want ...string) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.output, fmt.Sprintf("published/nightly/dt=%s/notices/*.json", day)))
	if err != nil || len(files) != 1 {
		s.t.Fatalf("%d records, %v", len(files), err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil || bytes.Contains(data, []byte("s3cret")) {
		s.t.Errorf("%v: the record is\n%s", err, data)
	}
	var n jobs.Notice
	if err := readJSON(files[0], &n); err != nil {
		s.t.Fatal(err)
	}
	if n.Message.Outcome != outcome || n.Message.AsOf.String() != fmt.Sprint(day) || filepath.Base(files[0]) != n.Message.Run+".json" {
		s.t.Errorf("%s: the message is %+v", files[0], n.Message)
	}
	if len(n.Deliveries) != len(want) {
		s.t.Fatalf("%d deliveries, want %d", len(n.Deliveries), len(want))
	}
	for i, d := range n.Deliveries {
		if got := fmt.Sprint(d.Delivered, " ", d.Attempts, " ", d.Error); got != want[i] || d.Hook != i || d.Kind != notify.Feishu || d.At.IsZero() ||
			d.Host != strings.TrimPrefix(s.groups[i].URL, "http://") {
			s.t.Errorf("group %d: %s (%+v), want %s", i, got, d, want[i])
		}
	}
}

// asked tells how often each group was asked since it was looked at last or its answer changed.
func (s *informed) asked(want ...int) {
	s.t.Helper()
	for i, g := range s.groups {
		g.mu.Lock()
		answer := g.answer
		g.mu.Unlock()
		if got := g.now(answer); got != want[i] {
			s.t.Errorf("group %d was asked %d times, want %d", i, got, want[i])
		}
	}
}
