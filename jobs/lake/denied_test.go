package lake_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/windvane/windvane/jobs/lake"
)

// refusing opens a store of Google or Azure whose server answers as told. It counts the requests.
func refusing(t *testing.T, store string, answer http.HandlerFunc) (*lake.Lake, *atomic.Int32) {
	t.Helper()
	requests := new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	address := strings.TrimPrefix(server.URL, "http://")
	url := "gs://b?anonymous=true"
	t.Setenv("STORAGE_EMULATOR_HOST", address)
	if store == "azblob" {
		t.Setenv("AZURE_STORAGE_ACCOUNT", "account")
		t.Setenv("AZURE_STORAGE_KEY", "a2V5")
		url = "azblob://b?protocol=http&localemu=true&domain=" + address
	}
	l, err := lake.Open(context.Background(), url, lake.Options{Retry: lake.Retry{First: time.Microsecond}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l, requests
}

// A refusal is neither an object that is not there, which deletions take for done, nor trouble that may pass.
func TestRefusalsAreDenied(t *testing.T) {
	ctx := context.Background()
	google := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"error":{"code":%d,"message":"no","errors":[{"reason":"forbidden"}]}}`, status)
		}
	}
	azure := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Ms-Error-Code", code)
			w.WriteHeader(status)
		}
	}
	for _, c := range []struct {
		store, name string
		answer      http.HandlerFunc
	}{
		{"gs", "403", google(http.StatusForbidden)},
		{"gs", "401", google(http.StatusUnauthorized)},
		{"azblob", "AuthorizationPermissionMismatch", azure(http.StatusForbidden, "AuthorizationPermissionMismatch")},
		{"azblob", "AuthenticationFailed", azure(http.StatusForbidden, "AuthenticationFailed")},
		{"azblob", "NoAuthenticationInformation", azure(http.StatusUnauthorized, "NoAuthenticationInformation")},
	} {
		t.Run(c.store+" "+c.name, func(t *testing.T) {
			l, requests := refusing(t, c.store, c.answer)
			for what, try := range map[string]func() error{
				"list":            func() error { _, err := l.List(ctx, "state/"); return err },
				"stat":            func() error { _, err := l.Stat(ctx, "x"); return err },
				"read":            func() error { _, err := l.ReadAll(ctx, "x", 10); return err },
				"delete":          func() error { return l.Delete(ctx, "x") },
				"write":           func() error { return l.PutBytes(ctx, "x", []byte("data")) },
				"write if absent": func() error { return l.PutIfAbsent(ctx, "x", []byte("data")) },
				"read a dump": func() error {
					_, err := l.OpenParquet(ctx, lake.Object{Key: "x", Size: 100, ETag: "generation-1", ModTime: time.Unix(1, 0)})
					return err
				},
			} {
				before := requests.Load()
				err := try()
				if !errors.Is(err, lake.ErrDenied) || errors.Is(err, lake.ErrNotFound) || errors.Is(err, lake.ErrChanged) || errors.Is(err, lake.ErrExists) {
					t.Errorf("%s: %v", what, err)
				}
				if n := requests.Load() - before; n > 2 { // a write if absent is read back
					t.Errorf("%s: asked %d times", what, n)
				}
			}
		})
	}
}

// Google says "forbidden" of requests that come too fast as well; those pass.
func TestARateThatIsTooHighIsNotDenied(t *testing.T) {
	l, requests := refusing(t, "gs", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"error":{"code":403,"errors":[{"reason":"userRateLimitExceeded"}]}}`)
	})
	if _, err := l.List(context.Background(), ""); errors.Is(err, lake.ErrDenied) || errors.Is(err, lake.ErrNotFound) || requests.Load() != 5 {
		t.Errorf("asked %d times: %v", requests.Load(), err)
	}
}

// What is really not there stays so.
func TestAbsentObjectsAreNotDenied(t *testing.T) {
	for _, store := range []string{"gs", "azblob"} {
		l, _ := refusing(t, store, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Ms-Error-Code", "BlobNotFound")
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, `{"error":{"code":404}}`)
		})
		if err := l.Delete(context.Background(), "x"); !errors.Is(err, lake.ErrNotFound) || errors.Is(err, lake.ErrDenied) {
			t.Errorf("%s: delete: %v", store, err)
		}
		if _, err := l.ReadAll(context.Background(), "x", 10); !errors.Is(err, lake.ErrNotFound) {
			t.Errorf("%s: read: %v", store, err)
		}
		if _, err := l.OpenParquet(context.Background(), lake.Object{Key: "x", Size: 100, ETag: "generation-1", ModTime: time.Unix(1, 0)}); !errors.Is(err, lake.ErrChanged) {
			t.Errorf("%s: read a dump: %v", store, err)
		}
	}
}
