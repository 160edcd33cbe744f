package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"github.com/cachalotdb/cachalot/store"
)

// health answers the questions of whoever watches over the process: /healthz is 200 while it lives,
// /readyz once it takes clients and until it stops or its log fails; /debug/pprof/ has Go's profiles.
type health struct {
	db     atomic.Pointer[store.DB] // set while it takes clients
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
	mux.HandleFunc("GET /readyz", h.readyz)
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	h.server.Handler = mux
	h.server.ReadHeaderTimeout = 10 * time.Second
	go h.server.Serve(l) //nolint:errcheck // it ends with ErrServerClosed, by close
	return h, nil
}

// readyz says whether the node takes clients, and writes: a full disk is no reason to send readers away, a
// failed log has to be looked at.
func (h *health) readyz(w http.ResponseWriter, _ *http.Request) {
	db := h.db.Load()
	if db == nil {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	switch problem, lasting := db.WriteState(); {
	case lasting:
		http.Error(w, fmt.Sprintf("read-only until it is restarted: %v", problem), http.StatusServiceUnavailable)
	case problem != nil:
		fmt.Fprintf(w, "ready to read, the last write was refused: %v\n", problem)
	default:
		fmt.Fprintln(w, "ready")
	}
}

func (h *health) close() { h.server.Close() }
