package servers

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Line is how bad the line through a Proxy is. The zero value is a good one.
type Line struct {
	Pause    time.Duration // before each piece of at most 16 KiB, in both directions
	Cut      int64         // after so many bytes from the server, and again each time, the connection ends in the middle; 0: never
	Reset    int64         // after so many bytes to the server, and again each time, the connection is reset; 0: never
	Dead     int64         // bytes to the server, of all connections, after which nothing passes any more; 0: never
	Whenever func(toServer int64)
}

// Proxy is a bad line before a server: it forwards bytes, and knows nothing of what they mean.
type Proxy struct {
	line    Line
	target  string
	sent    atomic.Int64 // to the server, by all connections
	got     atomic.Int64 // from the server, by all connections
	Broken  atomic.Int64 // connections that the line ended
	open    sync.Mutex
	clients map[net.Conn]bool
}

// Behind puts a bad line before the server until the test ends; the URL given back goes through it.
func (s *Server) Behind(t testing.TB, line Line, url string) (*Proxy, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{line: line, target: s.Address, clients: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			serving.Go(func() { p.serve(c) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.open.Lock()
		for c := range p.clients {
			_ = c.Close()
		}
		p.open.Unlock()
		serving.Wait()
	})
	return p, strings.Replace(url, s.Address, l.Addr().String(), 1)
}

func (p *Proxy) serve(client net.Conn) {
	p.open.Lock()
	p.clients[client] = true
	p.open.Unlock()
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() { // to the server
		p.pass(server, client, func(n int64) bool {
			all := p.sent.Add(n)
			if p.line.Whenever != nil {
				p.line.Whenever(all)
			}
			return crosses(all-n, all, p.line.Reset) || p.line.Dead > 0 && all > p.line.Dead
		})
	})
	both.Go(func() { // from the server
		p.pass(client, server, func(n int64) bool {
			all := p.got.Add(n)
			return crosses(all-n, all, p.line.Cut) || p.line.Dead > 0 && p.sent.Load() > p.line.Dead
		})
	})
	both.Wait()
}

// crosses tells whether a count passed a multiple of every.
func crosses(before, after, every int64) bool { return every > 0 && before/every != after/every }

// pass copies until one side ends or enough tells that the line does; then both sides are closed, the client's by a
// reset if bytes of it were not read.
func (p *Proxy) pass(to, from net.Conn, enough func(n int64) bool) {
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if p.line.Pause > 0 {
			time.Sleep(p.line.Pause) // the line is slow: this is what is simulated, not a wait for something
		}
		if enough(int64(n)) {
			p.Broken.Add(1)
			for _, c := range []net.Conn{to, from} {
				if tcp, ok := c.(*net.TCPConn); ok && p.line.Reset > 0 {
					_ = tcp.SetLinger(0)
				}
				_ = c.Close()
			}
			return
		}
		if _, writeErr := to.Write(buf[:n]); err != nil || writeErr != nil {
			if tcp, ok := to.(*net.TCPConn); ok && errors.Is(err, io.EOF) {
				_ = tcp.CloseWrite() // the other direction may go on
				return
			}
			_ = to.Close()
			_ = from.Close()
			return
		}
	}
}
