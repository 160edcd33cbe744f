//go:build !linux

package server

import (
	"errors"
	"net"
	"time"
)

// peerClosed needs Linux's POLLRDHUP: elsewhere a vanished client is noticed when the
// server next reads or writes.
func peerClosed(net.Conn) bool { return false }

func setUserTimeout(*net.TCPConn, time.Duration) error {
	return errors.New("TCP_USER_TIMEOUT is not supported on this system")
}
