package server_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgproto3/v2"

	"github.com/cachalotdb/cachalot/server"
)

// socketPath is where a server has its socket.
func socketPath(dir string, srv *server.Server) string {
	_, port, _ := net.SplitHostPort(srv.Addr().String())
	return filepath.Join(dir, ".s.PGSQL."+port)
}

// onSocket returns a client of a socket.
func onSocket(t *testing.T, path string) *wireClient {
	t.Helper()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(60 * time.Second))
	return &wireClient{t: t, conn: conn}
}

func TestUnixSocket(t *testing.T) {
	dir := t.TempDir()
	eng := newTestEngine()
	srv := startServer(t, eng, func(c *server.Config) { c.SocketDir = dir })
	path := socketPath(dir, srv)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o777 {
		t.Fatalf("%v %v", info, err)
	}
	c := onSocket(t, path)
	c.start(map[string]string{"user": "cachalot"})
	c.expect2(c.exec("select 1"), "RowDescription ?column?:23:4:0", `DataRow "1"`, `CommandComplete "SELECT 1"`, "ReadyForQuery I")

	// A client that closes its socket ends its statement, as over TCP.
	c.send(&pgproto3.Query{String: "select pg_sleep(1000)"})
	<-eng.sleeping
	c.conn.Close()
	for end := time.Now().Add(10 * time.Second); eng.sessions.Load() > 0; {
		if time.Now().After(end) {
			t.Fatal("the statement of a client that has gone runs on")
		}
	}

	if err := srv.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}

// listenOn starts a server on a port with a socket, and returns what came of it.
func listenOn(port, dir string) (*server.Server, error) {
	srv, err := server.New(server.Config{Engine: newTestEngine(), Listen: "127.0.0.1:" + port, SocketDir: dir})
	if err != nil {
		return nil, err
	}
	return srv, srv.Listen()
}

// TestSocketFiles: one that a dead process has left is replaced, that of a living one is not, and no other file is.
func TestSocketFiles(t *testing.T) {
	dir := t.TempDir()
	srv, err := listenOn("0", dir)
	if err != nil {
		t.Fatal(err)
	}
	path := socketPath(dir, srv)
	port := path[strings.LastIndexByte(path, '.')+1:]
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}

	leave, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := listenOn(port, dir); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Fatalf("the socket of a living process: %v", err)
	}
	leave.SetUnlinkOnClose(false) // as if killed
	leave.Close()
	if srv, err = listenOn(port, dir); err != nil {
		t.Fatalf("an abandoned socket: %v", err)
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}

	if err := os.WriteFile(path, []byte("no socket"), 0o600); err != nil {
		t.Fatal(err)
	}
	if srv, err = listenOn(port, dir); err == nil {
		srv.Shutdown(context.Background()) //nolint:errcheck // the test has failed
		t.Error("a file that is no socket was replaced")
	}
	if text, _ := os.ReadFile(path); string(text) != "no socket" {
		t.Errorf("the file holds %q", text)
	}
}
