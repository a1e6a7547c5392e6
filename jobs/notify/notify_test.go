package notify_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/windvane/windvane/jobs/notify"
	"github.com/windvane/windvane/transforms/calendar"
)

var now = time.Unix(1_599_360_473, 0)

func message() notify.Message {
	return notify.Message{Job: "nightly", AsOf: calendar.Of(2026, 1, 31), Run: "r1", Outcome: notify.Failed, Cause: "broken input: orders of 2026-01-31: no rows",
		Next: "windvane validate --date 2026-01-31", Facts: []notify.Fact{{Name: "最新一晚", Value: "2026-01-30"}}, At: now}
}

// hook is a webhook that answers what it is told and keeps what it was asked.
type hook struct {
	*httptest.Server
	mu      sync.Mutex
	asked   []*http.Request
	bodies  []string
	answers []string // "429", "200 {…}"; the last one is repeated
}

func newHook(t *testing.T, answers ...string) *hook {
	t.Helper()
	h := &hook{answers: answers}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		answer := h.answers[min(len(h.asked), len(h.answers)-1)]
		h.asked, h.bodies = append(h.asked, r), append(h.bodies, string(body))
		code, text, _ := strings.Cut(answer, " ")
		if code == "302" {
			w.Header().Set("Location", "/elsewhere")
		}
		n, err := strconv.Atoi(code)
		if err != nil {
			t.Error(err)
			n = http.StatusTeapot
		}
		w.WriteHeader(n)
		fmt.Fprint(w, text)
	}))
	t.Cleanup(h.Close)
	return h
}

// send sends the message to one webhook. Pauses are noted and not slept.
func send(kind, url, secret string) (notify.Delivery, []time.Duration) {
	var pauses []time.Duration
	s := &notify.Sender{Hooks: []notify.Hook{{Kind: kind, URL: notify.Secret(url), Secret: notify.Secret(secret)}}, Now: func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) error { pauses = append(pauses, d); return nil }, Timeout: 2 * time.Second}
	return s.Send(context.Background(), message())[0], pauses
}

// The signatures are those of Python's hmac and base64 for these secrets and this moment, by the rules that the forms cite.
func TestForms(t *testing.T) {
	for _, c := range []struct {
		kind, secret, answer string
		check                func(r *http.Request, body map[string]any) bool
	}{
		{notify.Feishu, "demo", `200 {"code":0,"msg":"success"}`, func(r *http.Request, b map[string]any) bool {
			return b["timestamp"] == "1599360473" && b["sign"] == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=" && b["msg_type"] == "text" &&
				strings.Contains(b["content"].(map[string]any)["text"].(string), "broken input")
		}},
		{notify.Feishu, "", `200 {"StatusCode":0,"StatusMessage":"success"}`, func(r *http.Request, b map[string]any) bool { return b["sign"] == nil }},
		{notify.DingTalk, "SECthis is secret", `200 {"errcode":0,"errmsg":"ok"}`, func(r *http.Request, b map[string]any) bool {
			q := r.URL.Query()
			return q.Get("token") == "t0ken" && q.Get("timestamp") == "1599360473000" && q.Get("sign") == "34ZfaID44JFjYdnsx63/8kcge+4CqWG8VYyrEnLGCpc=" && b["msgtype"] == "text"
		}},
		{notify.WeCom, "", `200 {"errcode":0,"errmsg":"ok"}`, func(r *http.Request, b map[string]any) bool {
			return r.URL.RawQuery == "token=t0ken" && strings.HasPrefix(b["text"].(map[string]any)["content"].(string), "windvane nightly 2026-01-31 失败")
		}},
		{notify.JSON, "", `204`, func(r *http.Request, b map[string]any) bool {
			return b["as_of"] == "2026-01-31" && b["cause"] == message().Cause && b["next"] == message().Next && r.Header.Get("X-Windvane-Signature") == ""
		}},
	} {
		t.Run(c.kind, func(t *testing.T) {
			h := newHook(t, c.answer)
			d, _ := send(c.kind, h.URL+"/hook?token=t0ken", c.secret)
			if !d.Delivered || d.Attempts != 1 || d.Error != "" || d.Host != strings.TrimPrefix(h.URL, "http://") {
				t.Errorf("%+v", d)
			}
			var body map[string]any
			if err := json.Unmarshal([]byte(h.bodies[0]), &body); err != nil || !c.check(h.asked[0], body) {
				t.Errorf("asked %s with %s, %v", h.asked[0].URL, h.bodies[0], err)
			}
		})
	}
}

func TestThePlainFormIsSignedOverItsBody(t *testing.T) {
	h := newHook(t, "200")
	if d, _ := send(notify.JSON, h.URL, "key"); !d.Delivered {
		t.Fatalf("%+v", d)
	}
	m := hmac.New(sha256.New, []byte("key"))
	fmt.Fprintf(m, "1599360473.%s", h.bodies[0])
	if got := h.asked[0].Header.Get("X-Windvane-Signature"); got != "sha256="+hex.EncodeToString(m.Sum(nil)) || h.asked[0].Header.Get("X-Windvane-Timestamp") != "1599360473" {
		t.Errorf("signature %s", got)
	}
}

func TestTrouble(t *testing.T) {
	for _, c := range []struct {
		name, kind string
		answers    []string
		delivered  bool
		attempts   int
		says       string
	}{
		{"down, then up", notify.Feishu, []string{"503", "500", `200 {"code":0}`}, true, 3, ""},
		{"down for good", notify.Feishu, []string{"503"}, false, 4, "it answered 503"},
		{"too many requests", notify.JSON, []string{"429", "200"}, true, 2, ""},
		{"a wrong address", notify.JSON, []string{"404"}, false, 1, "it answered 404"},
		{"a redirect is not followed", notify.JSON, []string{"302", "200"}, false, 1, "it answered 302"},
		{"200, but a wrong signature", notify.Feishu, []string{`200 {"code":19021,"msg":"sign match fail or timestamp is not within one hour from current time"}`}, false, 1, "code 19021: sign match fail"},
		{"200, but a keyword is missing", notify.DingTalk, []string{`200 {"errcode":310000,"errmsg":"keywords not in content"}`}, false, 1, "code 310000: keywords"},
		{"200, but too fast; then taken", notify.WeCom, []string{`200 {"errcode":45009,"errmsg":"api freq out of limit"}`, `200 {"errcode":0}`}, true, 2, ""},
		{"200 of somebody else", notify.WeCom, []string{"200 <html>"}, false, 4, "not as this kind of webhook does"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHook(t, c.answers...)
			d, pauses := send(c.kind, h.URL+"/s3cret-path", "s3cret-key")
			if d.Delivered != c.delivered || d.Attempts != c.attempts || len(h.asked) != c.attempts || !strings.Contains(d.Error, c.says) || (d.Error == "") != c.delivered {
				t.Errorf("%+v", d)
			}
			for i, p := range pauses {
				if p != time.Second<<i {
					t.Errorf("pauses %v", pauses)
				}
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	h := newHook(t, "200")
	h.Close()
	if d, _ := send(notify.JSON, h.URL+"/s3cret", ""); d.Delivered || d.Attempts != 4 || d.Error == "" || strings.Contains(d.Error, "s3cret") {
		t.Errorf("%+v", d)
	}
}

// A webhook that never answers costs its timeout. The server lets go when the client does.
func TestASlowWebhook(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // the server notices that a client has gone once it has read all
		<-r.Context().Done()
	}))
	defer server.Close()
	s := &notify.Sender{Hooks: []notify.Hook{{Kind: notify.JSON, URL: notify.Secret(server.URL + "/s3cret")}}, Now: func() time.Time { return now }, Timeout: 20 * time.Millisecond,
		Sleep: func(context.Context, time.Duration) error { return errors.New("stopped") }}
	if d := s.Send(context.Background(), message())[0]; d.Delivered || d.Attempts != 1 || d.Error != "no answer in time" {
		t.Errorf("%+v", d)
	}
}

func TestOneWebhookDoesNotHoldAnother(t *testing.T) {
	good, bad := newHook(t, "200"), newHook(t, "500")
	s := &notify.Sender{Hooks: []notify.Hook{{Kind: notify.JSON, URL: notify.Secret(bad.URL)}, {Kind: notify.JSON, URL: notify.Secret(good.URL)},
		{Kind: notify.JSON, URL: notify.Secret(good.URL), On: []string{notify.Published}}},
		Now: func() time.Time { return now }, Sleep: func(context.Context, time.Duration) error { return nil }}
	got := s.Send(context.Background(), message())
	if len(got) != 2 || got[0].Delivered || !got[1].Delivered || len(good.asked) != 1 {
		t.Errorf("%+v", got)
	}
}

// The cause comes first, then what to type; a text is cut between characters and never above the limit.
func TestText(t *testing.T) {
	want := "windvane nightly 2026-01-31 失败，沿用上一次名单\n原因：broken input: orders of 2026-01-31: no rows\n下一步：windvane validate --date 2026-01-31\n最新一晚：2026-01-30"
	if got := message().Text(8000); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	m := message()
	m.Cause = strings.Repeat("数据", 5000)
	for limit := 100; limit < 3000; limit += 7 {
		if got := m.Text(limit); len(got) > limit || !utf8.ValidString(got) {
			t.Fatalf("limit %d: %d bytes, valid %v", limit, len(got), utf8.ValidString(got))
		}
	}
	if got := m.Text(2048); !strings.Contains(got, "下一步：windvane validate") {
		t.Errorf("a long cause pushes out what to type: %s", got)
	}
	m = message()
	m.Notes = []string{"a", "b", "c", "d", "e", "f", "g"}
	if got := m.Text(8000); !strings.Contains(got, "提示：e\n另有 2 条提示") {
		t.Error(got)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	h := notify.Hook{Kind: notify.JSON, URL: "https://s3cret.example/s3cret", Secret: "s3cret"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "hook", h, "url", h.URL)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "hook", h, "secret", h.Secret)
	data, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	bad := notify.Hook{Kind: notify.JSON, URL: "s3cret:no"}.Validate()
	for _, text := range []string{fmt.Sprint(h), fmt.Sprintf("%v %+v %#v %s %q", h, h, h, h.URL, h.Secret), string(data), log.String(), fmt.Sprint(bad)} {
		if strings.Contains(text, "s3cret") {
			t.Errorf("printed: %s", text)
		}
	}
	if bad == nil || h.Validate() != nil || (notify.Hook{Kind: "slack", URL: h.URL}).Validate() == nil {
		t.Error("addresses are not checked")
	}
}
