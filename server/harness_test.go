package server_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/server"
)

// startServer serves an engine on a free port until the test ends, and then
// checks that nothing is left of it.
func startServer(t testing.TB, eng server.Engine, change ...func(*server.Config)) *server.Server {
	t.Helper()
	cfg := server.Config{
		Engine: eng,
		Listen: "127.0.0.1:0",
		Logger: slog.New(slog.NewTextHandler(testLog{t}, nil)),
	}
	for _, f := range change {
		f(&cfg)
	}
	srv, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		if te, ok := eng.(*testEngine); ok && te.sessions.Load() != 0 {
			t.Errorf("%d sessions of the engine were not closed", te.sessions.Load())
		}
	})
	return srv
}

// testLog writes log lines to the test's log.
type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Logf("%s", p)
	return len(p), nil
}
