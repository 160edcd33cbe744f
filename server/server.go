package server

import (
	"context"
	"net"
)

// Server speaks the Postgres wire protocol to clients on behalf of an Engine.
// It is safe for concurrent use.
type Server struct{}

// New returns a server for a config, not yet listening.
func New(cfg Config) (*Server, error) { panic("skeleton") }

// Listen binds the config's address. Serve does it when it was not called.
func (s *Server) Listen() error { panic("skeleton") }

// Addr returns the address listened on, nil before Listen.
func (s *Server) Addr() net.Addr { panic("skeleton") }

// Serve accepts connections until ctx ends or Shutdown is called. When ctx
// ends it closes all sessions at once and returns its error; after Shutdown it returns nil.
func (s *Server) Serve(ctx context.Context) error { panic("skeleton") }

// Shutdown stops the server: no new connections, idle sessions end with 57P01, busy
// ones end their statement first. When ctx ends the rest are cancelled. It returns
// when all sessions have ended, with ctx's error when some had to be cancelled.
func (s *Server) Shutdown(ctx context.Context) error { panic("skeleton") }
