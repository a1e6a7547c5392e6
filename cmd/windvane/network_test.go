package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/windvane/windvane/internal/testkit/servers"
	"github.com/windvane/windvane/jobs/lake"
)

// patience is the longest that a night of a moment may take to give up on a line that is dead.
const patience = 5 * time.Minute

// onBadLine is a server with dumps and a published night, before which a line is laid.
type onBadLine struct {
	t          *testing.T
	server     *servers.Server
	dumps, out string // straight
	want       map[string][]byte
}

func newBadLine(t *testing.T, server *servers.Server) *onBadLine {
	t.Helper()
	input := killMarket(t)
	local := newStand(t, input, "")
	local.night(killFirst)
	local.night(marketLast)
	server.Setenv(t)
	b := &onBadLine{t, server, server.URL(t, "dumps"), server.URL(t, "output"), local.tables(marketLast)}
	copyDumps(t, input, b.dumps)
	if out, err := process(server.Env, "run", "--input", b.dumps, "--output", b.out, "--date", string(killFirst)).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return b
}

// try makes the night through the line and tells how it ended and how many connections the line broke.
func (b *onBadLine) try(line servers.Line, env []string) (output string, broken int64, err error) {
	b.t.Helper()
	proxy, dumps := b.server.Behind(b.t, line, b.dumps)
	outProxy, out := b.server.Behind(b.t, line, b.out)
	began := time.Now()
	text, err := process(env, "run", "--input", dumps, "--output", out, "--date", string(marketLast)).CombinedOutput()
	if took := time.Since(began); took > patience {
		b.t.Errorf("it took %v", took)
	}
	return string(text), proxy.Broken.Load() + outProxy.Broken.Load(), err
}

// commits counts those of the night.
func (b *onBadLine) commits() (n int) {
	for _, key := range commitsAt(b.t, b.out) {
		if strings.Contains(key, string(marketLast)) {
			n++
		}
	}
	return n
}

// converges makes the night again on a good line: it is done, or made now, and is the undisturbed one.
func (b *onBadLine) converges() {
	b.t.Helper()
	if out, err := process(b.server.Env, "run", "--input", b.dumps, "--output", b.out, "--date", string(marketLast)).CombinedOutput(); err != nil {
		b.t.Fatalf("%v\n%s", err, out)
	}
	sameTables(b.t, b.want, tablesAt(b.t, b.out, marketLast))
	if n := b.commits(); n != 1 {
		b.t.Errorf("%d commits", n)
	}
}

// TestANightOnABadLine makes a night on a real server of S3 through lines that are slow, end answers in the middle,
// reset connections while something is sent, or die. It publishes the undisturbed night, or fails clearly with exit
// code 1 and publishes nothing; then a good line leads to the undisturbed night.
func TestANightOnABadLine(t *testing.T) {
	server := servers.S3(t)
	for name, c := range map[string]struct {
		line    servers.Line
		success bool // it must; else it may
		dead    bool // it must not
		long    bool // in test-full alone
	}{
		"slow":                        {line: servers.Line{Pause: 2 * time.Millisecond}, success: true},
		"answers end in the middle":   {line: servers.Line{Cut: 40 << 10}, long: true},
		"reset while sending":         {line: servers.Line{Reset: 60 << 10}},
		"dies while the state is put": {line: servers.Line{Dead: 60 << 10}, dead: true, long: true}, // fifteen attempts, five of ours of three of the client's
	} {
		if c.long && !longLines {
			continue
		}
		t.Run(name, func(t *testing.T) {
			b := newBadLine(t, &servers.Server{Env: server.Env, Address: server.Address, URL: func(t testing.TB, bucket string) string {
				return server.URL(t, strings.ReplaceAll(name, " ", "-")+"-"+bucket)
			}})
			output, broken, err := b.try(c.line, server.Env)
			t.Logf("%d connections broken: %v: %s", broken, err, lastLine([]byte(output)))
			switch {
			case err == nil && c.dead:
				t.Errorf("it succeeded on a dead line: %s", output)
			case err != nil && (c.success || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(output, "windvane: ")):
				t.Errorf("%v: %s", err, output)
			case err != nil && b.commits() != 0:
				t.Error("it failed and published")
			case c.line.Pause == 0 && broken == 0:
				t.Error("the line broke no connection")
			}
			b.converges()
		})
	}
}

// TestCredentialsThatAreWithdrawn removes the user from a real server of S3 in the middle of a night: the error says
// that the store refuses the credentials, nothing is published, and with others the night goes on from there.
func TestCredentialsThatAreWithdrawn(t *testing.T) {
	server, remove := servers.S3WithUser(t)
	b := newBadLine(t, server)
	var once sync.Once
	var failed error
	line := servers.Line{Whenever: func(sent int64) {
		if sent > 60<<10 {
			once.Do(func() { failed = remove() })
		}
	}}
	output, _, err := b.try(line, server.Env)
	if failed != nil {
		t.Fatal(failed)
	}
	if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(output, lake.ErrDenied.Error()) {
		t.Errorf("%v: %s", err, output)
	}
	t.Log(lastLine([]byte(output)))
	owner := []string{"AWS_ACCESS_KEY_ID=windvane-test", "AWS_SECRET_ACCESS_KEY=windvane-test-secret", "AWS_REGION=us-east-1"}
	b.server = &servers.Server{Env: owner, Address: server.Address, URL: server.URL}
	b.server.Setenv(t)
	if n := b.commits(); n != 0 {
		t.Errorf("%d commits by one who may not", n)
	}
	b.converges()
}
