package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
)

// undeletable is a folder behind as much of Google's protocol as lists and reads it. It refuses everything else, as to one
// who may read alone.
func undeletable(dir string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch key, read := strings.CutPrefix(r.URL.Path, "/b/"); {
		case r.Method == http.MethodGet && read:
			w.Header().Set("X-Goog-Generation", "1")
			http.ServeFile(w, r, filepath.Join(dir, key))
		case r.Method == http.MethodGet:
			type item struct {
				Name, Size, Generation string
				Updated                time.Time
			}
			items := []item{}
			_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
				key, _ := filepath.Rel(dir, path)
				if err != nil || e.IsDir() || !strings.HasPrefix(key, r.URL.Query().Get("prefix")) {
					return err
				}
				info, err := e.Info()
				if err == nil {
					items = append(items, item{key, strconv.FormatInt(info.Size(), 10), "1", info.ModTime()})
				}
				return err
			})
			_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
		default:
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, `{"error":{"code":403,"message":"it lacks storage.objects.delete","errors":[{"reason":"forbidden"}]}}`)
		}
	}
}

// Who may not delete is told so by forget and gc, which do not report what stands as removed.
func TestWhoMayNotDeleteIsTold(t *testing.T) {
	ctx := context.Background()
	d := newDeployment(t)
	d.night(lastDay - 1)
	d.settings.BuyerKey = newKey
	d.night(lastDay)
	dead, err := d.purge(false)
	if err != nil || dead.Objects == 0 {
		t.Fatalf("%+v, %v", dead, err)
	}
	if err := os.MkdirAll(filepath.Join(d.out, "published/nightly/dt="+lastDay.String(), "run=abandoned"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.out, "published/nightly/dt="+lastDay.String(), "run=abandoned/x.parquet"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(undeletable(d.out))
	defer server.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(server.URL, "http://"))
	out, err := lake.Open(ctx, "gs://b?anonymous=true", lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if p, err := jobs.Purge(ctx, out, d.settings, true); !errors.Is(err, lake.ErrDenied) || p == nil || p.Objects != 0 {
		t.Errorf("forget: %+v, %v", p, err)
	}
	c := &jobs.Collector{Out: out, Retention: jobs.Retention{Grace: 2 * jobs.MaxRun, StateNights: 1}, Now: func() time.Time { return time.Now().Add(10 * jobs.MaxRun) }}
	found, err := c.Find(ctx)
	if err != nil || found.Objects == 0 {
		t.Fatalf("gc: %+v, %v", found, err)
	}
	if err := c.Apply(ctx, found); !errors.Is(err, lake.ErrDenied) || found.Applied {
		t.Errorf("gc: applied %v, %v", found.Applied, err)
	}
}
