// Package servers starts real storage servers for tests: versitygw (S3), fake-gcs-server (Google) and Azurite (Azure),
// each on a free port of the loopback interface, with its data in a folder of the test.
//
// The first two are built from the module in binaries/, which pins them and which the product's go.mod does not know.
// Azurite is an npm package: make azurite installs it, and AzuriteVariable names its azurite-blob.
package servers

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
)

// Server is a running server.
type Server struct {
	// Env is what the process that opens its buckets needs, as NAME=value.
	Env []string
	// Address is where it listens, host and port.
	Address string
	// URL opens an empty bucket made for the caller.
	URL func(t testing.TB, bucket string) string
}

// Setenv gives this process what it needs to open the server's buckets.
func (s *Server) Setenv(t testing.TB) {
	t.Helper()
	for _, pair := range s.Env {
		for i := range pair {
			if pair[i] == '=' {
				t.Setenv(pair[:i], pair[i+1:])
				break
			}
		}
	}
}

const (
	user   = "windvane-test"
	secret = "windvane-test-secret"
)

// S3 starts versitygw over a folder.
func S3(t testing.TB) *Server {
	t.Helper()
	return s3(t, user, secret)
}

// S3WithUser starts versitygw with a user beside its owner, who may do everything until it is removed.
func S3WithUser(t testing.TB) (server *Server, remove func() error) {
	t.Helper()
	dir := t.TempDir()
	write := func(accounts string) error {
		name := filepath.Join(dir, "next")
		if err := os.WriteFile(name, []byte(`{"accessAccounts": {`+accounts+`}}`), 0o600); err != nil {
			return err
		}
		return os.Rename(name, filepath.Join(dir, "users.json"))
	}
	if err := write(fmt.Sprintf(`"guest": {"access": "guest", "secret": %q, "role": "admin"}`, secret)); err != nil {
		t.Fatal(err)
	}
	server = s3(t, "guest", secret, "--iam-dir", dir, "--iam-cache-disable")
	return server, func() error { return write("") }
}

// s3 starts versitygw for clients that sign as access.
func s3(t testing.TB, access, key string, more ...string) *Server {
	t.Helper()
	dir, port := t.TempDir(), freePort(t)
	meta := filepath.Join(t.TempDir(), "meta") // not every file system has extended attributes
	if err := os.Mkdir(meta, 0o755); err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	args := slices.Concat([]string{"--access", user, "--secret", secret, "--region", "us-east-1", "--port", address, "--quiet"}, more, []string{"posix", "--sidecar", meta, dir})
	command := exec.Command(binary(t, "versitygw", "github.com/versity/versitygw/cmd/versitygw"), args...)
	start(t, command, address)
	return &Server{
		Address: address,
		Env:     []string{"AWS_ACCESS_KEY_ID=" + access, "AWS_SECRET_ACCESS_KEY=" + key, "AWS_REGION=us-east-1"},
		URL: func(t testing.TB, bucket string) string {
			t.Helper()
			if err := os.Mkdir(filepath.Join(dir, bucket), 0o755); err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("s3://%s?endpoint=http://%s&use_path_style=true&disable_https=true", bucket, address)
		},
	}
}

// Google starts fake-gcs-server in memory.
func Google(t testing.TB) *Server {
	t.Helper()
	port := freePort(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	command := exec.Command(binary(t, "fake-gcs-server", "github.com/fsouza/fake-gcs-server"),
		"-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", fmt.Sprint(port), "-public-host", address, "-log-level", "error")
	start(t, command, address)
	return &Server{
		Address: address,
		Env:     []string{"STORAGE_EMULATOR_HOST=" + address},
		URL: func(t testing.TB, bucket string) string {
			t.Helper()
			post(t, "http://"+address+"/storage/v1/b?project=test", fmt.Sprintf(`{"name": %q}`, bucket))
			return "gs://" + bucket + "?anonymous=true"
		},
	}
}

// binary builds a server once for the test process; the build cache keeps it for later ones.
func binary(t testing.TB, name, pkg string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if built.dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		built.dir = filepath.Join(cache, "windvane-test-servers")
	}
	path := filepath.Join(built.dir, name)
	if built.done[name] {
		return path
	}
	c := exec.Command("go", "build", "-o", path, pkg) // links again only if something changed
	c.Dir = filepath.Join(sourceDir(), "binaries")
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false", "GOWORK=off")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build %s (its modules come from the Go module proxy): %v\n%s", name, err, out)
	}
	built.done[name] = true
	return path
}

var built = struct {
	sync.Mutex
	dir  string
	done map[string]bool
}{done: map[string]bool{}}

// sourceDir is the folder of this file.
func sourceDir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}

// freePort is a port of the loopback interface that nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// patience is how long a server may take to listen, on a busy machine.
const patience = time.Minute

// start runs the server until the test ends, and returns when it accepts connections.
func start(t testing.TB, c *exec.Cmd, address string) {
	t.Helper()
	var log bytes.Buffer
	c.Stdout, c.Stderr = &log, &log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		if err := <-ended; err == nil {
			t.Errorf("%s ended by itself", filepath.Base(c.Path))
		}
	})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		var dialer net.Dialer
		if conn, err := dialer.DialContext(ctx, "tcp", address); err == nil {
			conn.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%s ended: %v\n%s", filepath.Base(c.Path), err, log.String())
		case <-ctx.Done():
			t.Fatalf("%s does not listen on %s", filepath.Base(c.Path), address)
		case <-poll.C:
		}
	}
}

func post(t testing.TB, url, body string) {
	t.Helper()
	resp, err := http.Post(url, "application/json", bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("POST %s: %s", url, resp.Status)
	}
}
