// Package notify tells webhooks what became of a night: one message a run, the cause first, then what to type next.
//
//  1. message.go: a Message and its text.
//  2. form.go: how each kind of webhook wants it, signs it and answers.
//  3. notify.go: Send, with a limited number of tries. Trouble is a Delivery that failed, never an error of the night.
//
// A webhook's address is a secret: whoever has it can write to the group. No error, log or record of this package holds
// it; of an address only the host is told.
package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"
)

// Secret is a text that is never printed.
type Secret string

const redacted = "[redacted]"

// String hides the secret from fmt.
func (Secret) String() string { return redacted }

// GoString hides the secret from %#v.
func (Secret) GoString() string { return redacted }

// MarshalText hides the secret from JSON.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue hides the secret from slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// Kinds of webhooks.
const (
	JSON     = "json" // a plain object, signed in a header
	Feishu   = "feishu"
	DingTalk = "dingtalk"
	WeCom    = "wecom"
)

// Hook is one webhook.
type Hook struct {
	Kind   string
	URL    Secret
	Secret Secret   // of the signature; empty: unsigned
	On     []string // outcomes that are told; none: all
}

// Validate refuses an address that is none, without repeating it.
func (h Hook) Validate() error {
	u, err := url.Parse(string(h.URL))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("webhook %s: its address is no http or https URL", h.Kind)
	}
	if _, ok := forms[h.Kind]; !ok {
		return fmt.Errorf("webhook %q: no such kind", h.Kind)
	}
	return nil
}

// Delivery is what became of a message to one webhook.
type Delivery struct {
	Hook      int       `json:"hook"` // place among the webhooks: of two groups of one messenger kind and host are the same
	Kind      string    `json:"kind"`
	Host      string    `json:"host"`
	Delivered bool      `json:"delivered"`
	Attempts  int       `json:"attempts"`
	Error     string    `json:"error,omitempty"` // of the last attempt
	At        time.Time `json:"at"`
}

// Sender sends messages. Zero fields have defaults, but Now and Sleep are needed.
type Sender struct {
	Hooks   []Hook
	Client  *http.Client // nil: one that follows no redirects
	Now     func() time.Time
	Sleep   func(ctx context.Context, d time.Duration) error
	Timeout time.Duration // of one attempt; 0: ten seconds
}

const (
	tries      = 4
	firstPause = time.Second // doubled after each try
	maxAnswer  = 64 << 10
)

// Send sends the message to every webhook that wants it, side by side, and tells what became of each. It takes less than
// a minute whatever they do.
func (s *Sender) Send(ctx context.Context, m Message) []Delivery {
	var wanted []Delivery
	for i, h := range s.Hooks {
		if h.wants(m.Outcome) {
			wanted = append(wanted, Delivery{Hook: i, Kind: h.Kind, Host: h.host()})
		}
	}
	s.deliverAll(ctx, m, wanted)
	return wanted
}

// SendAgain sends a message once more to the webhooks that did not take it and still stand where they stood. Their
// deliveries are brought up to date, attempts adding up, and returned.
func (s *Sender) SendAgain(ctx context.Context, m Message, deliveries []Delivery) (tried []Delivery) {
	var at []int
	for i, d := range deliveries {
		if d.Delivered || d.Hook < 0 || d.Hook >= len(s.Hooks) {
			continue
		}
		if h := s.Hooks[d.Hook]; h.Kind == d.Kind && h.host() == d.Host && h.wants(m.Outcome) {
			tried, at = append(tried, d), append(at, i)
		}
	}
	s.deliverAll(ctx, m, tried)
	for i, d := range tried {
		deliveries[at[i]] = d
	}
	return tried
}

// deliverAll makes deliveries side by side.
func (s *Sender) deliverAll(ctx context.Context, m Message, ds []Delivery) {
	var g errgroup.Group
	for i := range ds {
		g.Go(func() error {
			s.deliver(ctx, s.Hooks[ds[i].Hook], m, &ds[i])
			return nil
		})
	}
	_ = g.Wait() // none returns an error
}

// host is what may be told of the webhook's address.
func (h Hook) host() string {
	u, err := url.Parse(string(h.URL))
	if err != nil {
		return ""
	}
	return u.Host
}

func (h Hook) wants(outcome string) bool {
	for _, o := range h.On {
		if o == outcome {
			return true
		}
	}
	return len(h.On) == 0
}

// deliver tries a webhook until it takes the message, refuses it for good, or the tries are used up.
func (s *Sender) deliver(ctx context.Context, h Hook, m Message, d *Delivery) {
	pause := firstPause
	for try := 1; ; try++ {
		d.Attempts++
		err := s.try(ctx, h, m)
		d.At, d.Error = s.Now().UTC().Truncate(time.Second), ""
		if err == nil {
			d.Delivered = true
			return
		}
		d.Error = err.Error()
		var final refusal
		if errors.As(err, &final) || try == tries || s.Sleep(ctx, pause) != nil {
			return
		}
		pause *= 2
	}
}

// refusal is an answer that trying again does not change.
type refusal struct{ error }

func (s *Sender) try(ctx context.Context, h Hook, m Message) error {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	form, ok := forms[h.Kind]
	if !ok {
		return refusal{fmt.Errorf("no such kind of webhook: %q", h.Kind)}
	}
	r, err := form.request(h, m, s.Now())
	if err != nil {
		return refusal{err}
	}
	resp, err := s.client().Do(r.WithContext(ctx))
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", withoutURL(err))
	}
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests || code >= 500:
		return fmt.Errorf("it answered %d", code)
	case code < 200 || code > 299:
		return refusal{fmt.Errorf("it answered %d", code)}
	}
	return form.accepted(body)
}

func (s *Sender) client() *http.Client {
	if s.Client != nil {
		return s.Client
	}
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// withoutURL is the error of a request without its address, which net/http puts in front.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		if u.Timeout() {
			return errors.New("no answer in time")
		}
		return u.Err
	}
	return err
}

// post is a request with a JSON body.
func post(address string, body []byte) (*http.Request, error) {
	r, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("its address is no URL")
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	return r, nil
}
