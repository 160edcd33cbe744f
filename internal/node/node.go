// Package node puts one node together: store, SQL engine and server. The binary, the
// benchmarks and the end-to-end tests run what it starts.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/query"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// Config says how a node runs. The zero value is one in memory on a free loopback port.
type Config struct {
	// Dir is the data directory; it is made if missing. Default: none, nothing is durable.
	Dir string
	// FS holds the data directory. Default: the operating system's.
	FS vfs.FS
	// Listen is the TCP address for clients. Default 127.0.0.1:0, a free port.
	Listen string
	// SocketDir is the directory of a Unix socket named after the port. Default: none.
	SocketDir string
	// Insecure lets Listen be an address that other machines reach, though there are no passwords.
	Insecure bool
	// MaxConnections is how many sessions there may be. Default: the server's.
	MaxConnections int
	// Partitions is a power of two. Default: the store's.
	Partitions int
	// MaxPrepared is how many transactions may be prepared at a time. Default: the store's.
	MaxPrepared int
	// CheckpointBytes of log start a checkpoint. Default: the store's.
	CheckpointBytes int64
	// Logger takes the node's events. Default: none.
	Logger *slog.Logger
	// Progress is called while recovery reads, in bytes. Default: nothing.
	Progress func(stage string, done, total int64)
}

// Node is a running node. Safe for concurrent use.
type Node struct {
	db     *store.DB
	server *server.Server
	served chan struct{} // closed when the server has ended
	err    error         // of the server; read after served

	stopping sync.Once
	stopErr  error
}

// Start opens the data, recovers it, and serves clients. When it returns without an error the
// node answers.
func Start(ctx context.Context, cfg Config) (_ *Node, err error) {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	db, err := store.Open(ctx, store.Config{
		Dir:             cfg.Dir,
		FS:              cfg.FS,
		Partitions:      cfg.Partitions,
		MaxPrepared:     cfg.MaxPrepared,
		CheckpointBytes: cfg.CheckpointBytes,
		Logger:          cfg.Logger,
		Progress:        cfg.Progress,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	srv, err := server.New(server.Config{
		Engine:         query.New(db, query.Config{}),
		Listen:         cfg.Listen,
		SocketDir:      cfg.SocketDir,
		Insecure:       cfg.Insecure,
		MaxConnections: cfg.MaxConnections,
		Logger:         cfg.Logger,
	})
	if err != nil {
		return nil, err
	}
	if err := srv.Listen(); err != nil {
		return nil, err
	}
	n := &Node{db: db, server: srv, served: make(chan struct{})}
	go func() {
		defer close(n.served)
		n.err = srv.Serve(context.WithoutCancel(ctx))
	}()
	return n, nil
}

// Addr returns the address that clients reach.
func (n *Node) Addr() *net.TCPAddr { return n.server.Addr().(*net.TCPAddr) }

// DSN returns the connection string of a client on this machine.
func (n *Node) DSN() string {
	return fmt.Sprintf("postgres://cachalot@%s/cachalot?sslmode=disable", n.Addr())
}

// DB returns the node's store.
func (n *Node) DB() *store.DB { return n.db }

// Done is closed when the server has ended, by Stop or by an error of its own.
func (n *Node) Done() <-chan struct{} { return n.served }

// Stop ends the sessions, busy ones after their statement or when ctx ends, and closes the data.
// Later calls return what the first did.
func (n *Node) Stop(ctx context.Context) error {
	n.stopping.Do(func() {
		err := n.server.Shutdown(ctx)
		if errors.Is(err, ctx.Err()) && ctx.Err() != nil {
			err = nil // sessions were cancelled, as asked
		}
		<-n.served
		n.stopErr = errors.Join(err, n.err, n.db.Close())
	})
	return n.stopErr
}
