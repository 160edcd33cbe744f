package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"
)

// health answers the questions of whoever watches over the process: /healthz is 200 while it lives,
// /readyz once it takes clients and until it stops; /debug/pprof/ has Go's profiles.
type health struct {
	ready  atomic.Bool
	server http.Server
}

func serveHealth(addr string) (*health, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--http: %w", err)
	}
	h := &health{}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !h.ready.Load() {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	h.server.Handler = mux
	h.server.ReadHeaderTimeout = 10 * time.Second
	go h.server.Serve(l) //nolint:errcheck // it ends with ErrServerClosed, by close
	return h, nil
}

func (h *health) close() { h.server.Close() }
