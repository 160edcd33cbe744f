// Package pgoracle starts a scratch PostgreSQL 15 for tests that compare with
// the real thing.
package pgoracle

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
)

// Server is a running PostgreSQL with superuser and database "cachalot", trusting
// connections over loopback.
type Server struct {
	Port int
	dir  string
}

// Addr returns the server's address.
func (s *Server) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port)) }

// DSN returns a connection string.
func (s *Server) DSN() string {
	return fmt.Sprintf("postgres://cachalot@%s/cachalot?sslmode=disable", s.Addr())
}

var (
	once    sync.Once
	shared  *Server
	failure error
)

// Shared returns the process's one server, which is started at the first call. A test is
// skipped where there is no PostgreSQL 15, and fails there in CI. Main stops it.
func Shared(t testing.TB) *Server {
	t.Helper()
	once.Do(func() { shared, failure = Start("fsync=off") })
	if errors.Is(failure, exec.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip("SKIPPED FOR WANT OF PostgreSQL 15: install postgresql-15, or set PG15_BIN to where its initdb is")
	}
	if failure != nil {
		t.Fatal(failure)
	}
	return shared
}

// Main runs a package's tests and stops the shared server: call it from TestMain.
func Main(m *testing.M) { os.Exit(Run(m.Run)) }

// Run runs tests and stops the shared server: for a TestMain that has more to do.
func Run(tests func() int) (code int) {
	code = tests()
	if shared != nil {
		shared.Stop()
	}
	return code
}

// binDir returns the directory of PostgreSQL 15's programs.
func binDir() (string, error) {
	for _, dir := range []string{os.Getenv("PG15_BIN"), "/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin", "/opt/homebrew/opt/postgresql@15/bin"} {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); dir != "" && err == nil {
			return dir, nil
		}
	}
	return "", exec.ErrNotFound
}

// Program returns the path of one of PostgreSQL 15's programs; exec.ErrNotFound where there is none.
func Program(name string) (string, error) {
	dir, err := binDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, name), nil
}

// SocketDir returns the directory of the server's Unix socket.
func (s *Server) SocketDir() string { return s.dir }

// Start starts a server of its own with more settings, each name=value. The caller stops it.
// The error is exec.ErrNotFound where there is no PostgreSQL 15.
func Start(settings ...string) (*Server, error) {
	bin, err := binDir()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgoracle")
	if err != nil {
		return nil, err
	}
	cred, err := credential(dir)
	if err != nil {
		return nil, err
	}
	run := func(name string, args ...string) error {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w\n%s", name, err, out)
		}
		return nil
	}
	s := &Server{dir: dir}
	if s.Port, err = freePort(); err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if err := run("initdb", "-D", data, "-U", "cachalot", "--auth=trust", "--no-sync",
		"--encoding=UTF8", "--locale=C.UTF-8"); err != nil {
		return nil, err
	}
	options := fmt.Sprintf("-p %d -k %s -c listen_addresses=127.0.0.1 -c timezone=UTC", s.Port, dir)
	for _, setting := range settings {
		options += " -c " + setting
	}
	if err := run("pg_ctl", "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", options, "start"); err != nil {
		return nil, err
	}
	if err := run("createdb", "-h", dir, "-p", strconv.Itoa(s.Port), "-U", "cachalot", "cachalot"); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// credential returns the user to run PostgreSQL as, which refuses to be root: nil for
// ourselves, else the user postgres, to whom dir is given.
func credential(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Stop ends the server at once and removes its data.
func (s *Server) Stop() {
	bin, err := binDir()
	if err != nil {
		return
	}
	cred, err := credential(s.dir)
	if err != nil {
		return
	}
	cmd := exec.Command(filepath.Join(bin, "pg_ctl"), "-D", filepath.Join(s.dir, "data"), "-m", "immediate", "-w", "stop")
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	cmd.Run() //nolint:errcheck // nothing to do about it at the end of a test
	os.RemoveAll(s.dir)
}
