package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"time"
)

// listen shows /metrics and /healthz on an address; config has refused one that it must not be. It returns how to stop.
func (s *server) listen(address string) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on serve.listen: %w", err)
	}
	s.log.Info("listening", "address", l.Addr().String())
	h := &http.Server{Handler: s.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10}
	go func() { _ = h.Serve(l) }() // ends with ErrServerClosed when it is stopped
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = h.Shutdown(ctx)
	}, nil
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.Handler())
	mux.HandleFunc("GET /healthz", s.health)
	return mux
}

// health says that the process lives, and what its jobs did last. A night that failed is no reason to restart the
// process, so the answer is 200 all the same; alarms watch the metrics or windvane status.
func (s *server) health(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	states := maps.Clone(s.states)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "ok", "jobs": states}) // the client has gone if it fails
}
