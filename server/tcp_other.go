//go:build !linux

package server

import (
	"errors"
	"net"
	"time"
)

var errNotHere = errors.New("not supported on this system")

func setUserTimeout(_ *net.TCPConn, d time.Duration) error {
	if d == 0 {
		return nil
	}
	return errNotHere
}
