package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/windvane/windvane/jobs"
	"github.com/windvane/windvane/jobs/lake"
	"github.com/windvane/windvane/jobs/schedule"
)

// The scripts under testdata/script run the command in this process. Beside the commands of testscript they have
//
//	windvane ARGS…        run windvane; it must succeed (! windvane: fail)
//	exits CODE ARGS…      run windvane and expect the exit code
//	serveat FROM TO ARGS… run windvane serve on a clock that shows FROM and runs as fast as it can, until it shows TO
//	age DAYS PATH…        make files, and all below folders, so much older
//	nowhere TEXT DIR      the text is in no file below a folder (! nowhere: in some)
//	webhook NAME CODE BODY
//	                      listen at the address in the variable NAME, answer so, and keep what came in NAME.log
//	market DIR ARGS…      write a small synthetic market that ends on 2026-01-31
//	tamper HOW FILE ARGS… cut, flip, pad or lose one file, or change a Parquet file, see tamper; FILE may be a pattern
//	edit FILE OLD NEW     replace a text that stands there once
//	reseal OUT DATE TABLES…
//	                      make manifest and commit agree again with tampered files, and leave out these tables
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"windvane": scriptWindvane, "exits": scriptExits, "serveat": scriptServeAt, "age": scriptAge, "webhook": scriptWebhook, "nowhere": scriptNowhere, "market": scriptMarket, "tamper": scriptTamper, "reseal": scriptReseal, "edit": scriptEdit, "append": scriptAppend,
		},
	})
}

func inScript(ts *testscript.TestScript, args []string) int {
	return run(context.Background(), args, ts.Getenv, ts.Stdout(), ts.Stderr())
}

func scriptWindvane(ts *testscript.TestScript, neg bool, args []string) {
	if code := inScript(ts, args); (code != 0) != neg {
		ts.Fatalf("windvane %s: exit code %d", strings.Join(args, " "), code)
	}
}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if code := inScript(ts, args[1:]); code != want || neg {
		ts.Fatalf("windvane %s: exit code %d, want %d", strings.Join(args[1:], " "), code, want)
	}
}

// scriptServeAt sleeps nowhere: whoever would sleep moves the clock.
func scriptServeAt(ts *testscript.TestScript, neg bool, args []string) {
	now, err := time.Parse(time.RFC3339, args[0])
	ts.Check(err)
	end, err := time.Parse(time.RFC3339, args[1])
	ts.Check(err)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var mu sync.Mutex
	read := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	a := newApp(ts.Getenv, ts.Stdout(), ts.Stderr())
	a.clock = schedule.Clock{Now: read, Sleep: func(ctx context.Context, d time.Duration) error {
		mu.Lock()
		defer mu.Unlock()
		if now = now.Add(d); !now.Before(end) {
			stop()
		}
		return ctx.Err()
	}}
	if code := a.run(ctx, append([]string{"serve"}, args[2:]...)); (code != 0) != neg {
		ts.Fatalf("windvane serve: exit code %d", code)
	}
}

func scriptWebhook(ts *testscript.TestScript, _ bool, args []string) {
	code, err := strconv.Atoi(args[1])
	ts.Check(err)
	log := ts.MkAbs(args[0] + ".log")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		f, openErr := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if errors.Join(err, openErr) == nil {
			_, err = f.Write(append(body, '\n'))
			err = errors.Join(err, f.Close())
		}
		if errors.Join(err, openErr) != nil {
			code = http.StatusTeapot // the script sees it
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, args[2])
	}))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL+"/hook?key=s3cret")
}

func scriptNowhere(ts *testscript.TestScript, neg bool, args []string) {
	found := ""
	ts.Check(filepath.WalkDir(ts.MkAbs(args[1]), func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(file)
		if strings.Contains(string(data), args[0]) {
			found = file
		}
		return err
	}))
	if (found != "") != neg {
		ts.Fatalf("%q: found in %q", args[0], found)
	}
}

func scriptAge(ts *testscript.TestScript, _ bool, args []string) {
	days, err := strconv.Atoi(args[0])
	ts.Check(err)
	for _, name := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(name), func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			at := info.ModTime().AddDate(0, 0, -days)
			return os.Chtimes(file, at, at)
		}))
	}
}

func scriptMarket(ts *testscript.TestScript, _ bool, args []string) {
	small := []string{"demo", "--days", "4", "--merchants", "10", "--talents", "10", "--products", "30", "--buyers", "150", "--lines-per-day", "120",
		"--as-of", "2026-01-31", "--to", args[0]}
	if code := inScript(ts, append(small, args[1:]...)); code != 0 {
		ts.Fatalf("demo: exit code %d", code)
	}
}

func scriptEdit(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[0])
	data, err := os.ReadFile(file)
	ts.Check(err)
	if n := strings.Count(string(data), args[1]); n != 1 {
		ts.Fatalf("%q stands %d times in %s", args[1], n, args[0])
	}
	ts.Check(os.WriteFile(file, []byte(strings.Replace(string(data), args[1], args[2], 1)), 0o644))
}

// scriptAppend adds to a file what stands in another one below a line: append FILE FROM LINE.
func scriptAppend(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[0])
	data, err := os.ReadFile(file)
	ts.Check(err)
	_, more, found := strings.Cut(ts.ReadFile(args[1]), "\n"+args[2]+"\n")
	if !found {
		ts.Fatalf("%s has no line %q", args[1], args[2])
	}
	ts.Check(os.WriteFile(file, append(data, "\n"+more...), 0o644))
}

// oneFile is the single file that matches a pattern.
func oneFile(ts *testscript.TestScript, pattern string) string {
	files, err := filepath.Glob(ts.MkAbs(pattern))
	ts.Check(err)
	if len(files) != 1 {
		ts.Fatalf("%s matches %d files", pattern, len(files))
	}
	return files[0]
}

func scriptTamper(ts *testscript.TestScript, _ bool, args []string) {
	file := oneFile(ts, args[1])
	switch how := args[0]; how {
	case "cut": // half of the bytes are lost
		data, err := os.ReadFile(file)
		ts.Check(err)
		ts.Check(os.WriteFile(file, data[:len(data)/2], 0o644))
	case "flip": // one bit in the middle
		data, err := os.ReadFile(file)
		ts.Check(err)
		data[len(data)/2] ^= 4
		ts.Check(os.WriteFile(file, data, 0o644))
	case "pad": // a line feed at the end
		data, err := os.ReadFile(file)
		ts.Check(err)
		ts.Check(os.WriteFile(file, append(data, '\n'), 0o644))
	case "lose":
		ts.Check(os.Remove(file))
	default:
		ts.Check(tamper(context.Background(), file, how, args[2:]))
	}
}

// scriptReseal writes bytes, sha256 and rows of the files as they are now into the newest manifest, and its sha256
// into the commit: the damage that a wrong computation would do.
func scriptReseal(ts *testscript.TestScript, _ bool, args []string) {
	ctx, dir := context.Background(), ts.MkAbs(args[0])
	out, err := lake.Open(ctx, dir, lake.Options{})
	ts.Check(err)
	defer out.Close()
	rec, ok, err := out.Newest(ctx, "nightly", args[1])
	ts.Check(err)
	if !ok {
		ts.Fatalf("%s has no commit", args[1])
	}
	var m jobs.Manifest
	ts.Check(readJSON(filepath.Join(dir, rec.ManifestKey), &m))
	m.Outputs = slices.DeleteFunc(m.Outputs, func(o jobs.Output) bool { return slices.Contains(args[2:], o.Table) })
	for i := range m.Outputs {
		o := &m.Outputs[i]
		data, err := os.ReadFile(filepath.Join(dir, o.Key))
		ts.Check(err)
		obj, err := out.Stat(ctx, o.Key)
		ts.Check(err)
		f, err := out.OpenParquet(ctx, obj)
		ts.Check(err)
		o.Rows, o.Bytes, o.SHA256 = f.NumRows(), int64(len(data)), digest(data)
		f.Close()
	}
	data, err := json.Marshal(m)
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, rec.ManifestKey), data, 0o644))
	rec.ManifestSHA256 = digest(data)
	data, err = json.Marshal(rec)
	ts.Check(err)
	ts.Check(os.WriteFile(oneFile(ts, filepath.Join(args[0], "published/nightly/dt="+args[1], "commits/*.json")), data, 0o644))
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func readJSON(file string, v any) error {
	data, err := os.ReadFile(file)
	return errors.Join(err, json.Unmarshal(data, v))
}
