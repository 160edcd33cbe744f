package server

import (
	"context"
	"net"
)

// ServeConn serves a connection that no listener has accepted.
func (s *Server) ServeConn(ctx context.Context, conn net.Conn) { s.serveConn(ctx, conn) }
