package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// socketMode is PostgreSQL's unix_socket_permissions: like a loopback address, the socket is for everybody on
// the machine.
const socketMode = 0o777

// listenSocket binds the Unix socket of a port in a directory, under the name that libpq looks for.
// A socket that a dead process left there is taken away; one that answers is not.
func listenSocket(dir string, port int) (net.Listener, error) {
	path := filepath.Join(dir, ".s.PGSQL."+strconv.Itoa(port))
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "unix", path)
	if errors.Is(err, syscall.EADDRINUSE) && abandoned(path) {
		if err = os.Remove(path); err == nil {
			l, err = lc.Listen(context.Background(), "unix", path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("server: Unix socket: %w", err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		l.Close()
		return nil, fmt.Errorf("server: Unix socket: %w", err)
	}
	return l, nil
}

// abandoned says whether a file is a socket on which nobody listens any more.
func abandoned(path string) bool {
	// A file of another kind would refuse the connection too.
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
