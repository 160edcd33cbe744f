// Package harness runs the cachalot binary for tests: it is built once a test process, served on a
// free port, stopped or killed.
package harness

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

var (
	build    sync.Once
	binary   string
	buildErr error
)

// Binary returns the path of the cachalot binary, built from this source.
func Binary(t testing.TB) string {
	t.Helper()
	build.Do(func() {
		var dir string
		if dir, buildErr = os.MkdirTemp("", "cachalot-bin-"); buildErr != nil {
			return
		}
		binary = filepath.Join(dir, "cachalot")
		out, err := exec.Command("go", "build", "-o", binary, "github.com/cachalotdb/cachalot/cmd/cachalot").CombinedOutput()
		if err != nil {
			buildErr = fmt.Errorf("build: %w\n%s", err, out)
		}
	})
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	return binary
}

// Main runs a package's tests and removes the binary: call it from TestMain.
func Main(m *testing.M) int {
	code := m.Run()
	if binary != "" {
		os.RemoveAll(filepath.Dir(binary))
	}
	return code
}

// Server is a running `cachalot serve`.
type Server struct {
	t      testing.TB
	cmd    *exec.Cmd
	addr   string
	ended  chan struct{} // closed when the process has ended
	err    error         // how it ended; read after ended
	mu     sync.Mutex    // guards below
	stderr bytes.Buffer
}

// startTimeout is how long recovery may take in a test.
const startTimeout = 2 * time.Minute

// Start serves a data directory, or memory when dir is empty, with more flags. The server is
// killed at the end of the test if it still runs.
func Start(t testing.TB, dir string, flags ...string) *Server {
	t.Helper()
	args := []string{"serve", "--listen", "127.0.0.1:0", "--http", "", "--log-level", "warn"}
	if dir == "" {
		args = append(args, "--memory")
	} else {
		args = append(args, "--data", dir)
	}
	s := &Server{t: t, cmd: exec.Command(Binary(t), append(args, flags...)...), ended: make(chan struct{})}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.SysProcAttr = dieWithParent
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			s.mu.Lock()
			s.stderr.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			if addr, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
				ready <- addr
			}
		}
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(s.Kill)
	select {
	case s.addr = <-ready:
	case <-s.ended:
		t.Fatalf("the server ended: %v\n%s", s.err, s.Stderr())
	case <-time.After(startTimeout):
		t.Fatalf("the server is not ready after %v\n%s", startTimeout, s.Stderr())
	}
	return s
}

// Stderr returns what the server wrote to standard error.
func (s *Server) Stderr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stderr.String()
}

// Host and Port return where clients connect.
func (s *Server) Host() string { host, _, _ := net.SplitHostPort(s.addr); return host }

// Port is described at Host.
func (s *Server) Port() string { _, port, _ := net.SplitHostPort(s.addr); return port }

// DSN returns a connection string.
func (s *Server) DSN() string {
	return "postgres://cachalot@" + s.addr + "/cachalot?sslmode=disable"
}

// Kill ends the process with SIGKILL and waits for its end.
func (s *Server) Kill() {
	s.cmd.Process.Kill() //nolint:errcheck // it may have ended already
	<-s.ended
}

// Stop ends the process with SIGTERM; the test fails if that is not clean.
func (s *Server) Stop() {
	s.t.Helper()
	s.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // as above
	<-s.ended
	if s.err != nil {
		s.t.Errorf("the server did not stop cleanly: %v\n%s", s.err, s.Stderr())
	}
}

// Connect returns a connection that is closed at the end of the test.
func (s *Server) Connect(options ...func(*pgx.ConnConfig)) *pgx.Conn {
	s.t.Helper()
	cfg, err := pgx.ParseConfig(s.DSN())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, o := range options {
		o(cfg)
	}
	conn, err := pgx.ConnectConfig(s.t.Context(), cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// Exec runs statements, each of which must succeed.
func Exec(t testing.TB, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// Run runs the binary with arguments and standard input and returns what it wrote and its exit code.
func Run(t testing.TB, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	cmd := exec.Command(Binary(t), args...)
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}
