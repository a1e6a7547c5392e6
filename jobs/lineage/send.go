package lineage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Sender sends events to one place: an HTTP endpoint if Endpoint is given, else by Put as files.
type Sender struct {
	Namespace string // of jobs
	In, Out   Place  // of the dumps and of what is published

	Put func(ctx context.Context, key string, data []byte) error

	Endpoint string // http(s)://host/api/v1/lineage
	APIKey   string // sent as a bearer token; empty: none
	Client   *http.Client
	Sleep    func(ctx context.Context, d time.Duration) error
}

const (
	tries      = 3
	firstPause = time.Second // doubled after each try
)

// Bounds of the time that sending may take: before a night does its work, and after it.
const (
	Brief   = 5 * time.Second
	Patient = 30 * time.Second
)

// Send sends events in their order, within a bound of time. The first that cannot be sent ends it: what is down for one is
// down for the next.
func (s *Sender) Send(ctx context.Context, bound time.Duration, folder string, events []Event) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), bound) // a run that was stopped is told of too
	defer cancel()
	for i, e := range events {
		if err := s.send(ctx, folder, e); err != nil {
			return fmt.Errorf("lineage: %d of %d events not sent: %w", len(events)-i, len(events), err)
		}
	}
	return nil
}

func (s *Sender) send(ctx context.Context, folder string, e Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if s.Endpoint == "" {
		return s.Put(ctx, fmt.Sprintf("%s/%s.%s.json", folder, e.Job.Name, e.Type), append(body, '\n'))
	}
	pause := firstPause
	for try := 1; ; try++ {
		err := s.post(ctx, body)
		var final refusal
		if err == nil || errors.As(err, &final) || try == tries || s.Sleep(ctx, pause) != nil {
			return err
		}
		pause *= 2
	}
}

// refusal is an answer that trying again does not change.
type refusal struct{ error }

func (s *Sender) post(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Endpoint, bytes.NewReader(body))
	if err != nil {
		return refusal{errors.New("the endpoint is no URL")}
	}
	r.Header.Set("Content-Type", "application/json")
	if s.APIKey != "" {
		r.Header.Set("Authorization", "Bearer "+s.APIKey)
	}
	client := s.Client
	if client == nil {
		client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	resp, err := client.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // it repeats the address, which may hold a secret
			err = u.Err
		}
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	switch code := resp.StatusCode; {
	case code == http.StatusTooManyRequests || code >= 500:
		return fmt.Errorf("it answered %d", code)
	case code < 200 || code > 299:
		return refusal{fmt.Errorf("it answered %d", code)}
	}
	return nil
}
