package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachalotdb/cachalot/internal/human"
	"github.com/cachalotdb/cachalot/internal/node"
	"github.com/cachalotdb/cachalot/store"
)

// serveOptions are the flags of serve.
type serveOptions struct {
	data, listen, http, config string
	socketDir                  string
	memory, insecure           bool
	maxConnections             int
	maxPrepared                int
	shutdownTimeout            time.Duration
	memoryLimit                string
	checkpointSize             string
	logLevel                   string
}

func newServeCommand() *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run a node",
		Long: `Run a node until SIGTERM or SIGINT. It is ready when the line "ready" with the address
is on standard error, and when GET /readyz answers 200.

Every flag can also be set in the environment (CACHALOT_LISTEN for --listen) and in the file that
--config names, a line each: listen = 127.0.0.1:48401. The command line counts before the environment,
the environment before the file.

A second signal ends the process at once; the log keeps what was acknowledged.`,
		Args: noArgs,
	}
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "data `directory`; it is made if missing")
	f.BoolVar(&o.memory, "memory", false, "keep everything in memory: nothing survives the process")
	f.StringVar(&o.listen, "listen", "127.0.0.1:48401", "`address` for Postgres clients")
	f.StringVar(&o.socketDir, "socket-dir", "/tmp", "`directory` of the Unix socket .s.PGSQL.PORT; empty for none")
	f.StringVar(&o.http, "http", "127.0.0.1:48480", "`address` for GET /readyz and /healthz; empty for none")
	f.StringVar(&o.config, "config", "", "`file` with settings")
	f.IntVar(&o.maxConnections, "max-connections", 1000, "how many sessions there may be")
	f.IntVar(&o.maxPrepared, "max-prepared-transactions", 64, "how many transactions may be prepared at a time; 0 refuses PREPARE TRANSACTION")
	f.BoolVar(&o.insecure, "insecure", false, "listen on an address that other machines reach, though there are no passwords yet")
	f.DurationVar(&o.shutdownTimeout, "shutdown-timeout", 10*time.Second, "how long statements may go on after the first signal")
	f.StringVar(&o.memoryLimit, "memory-limit", "", "collect garbage more often above so much memory, such as 8GiB; GOMEMLIMIT if empty")
	f.StringVar(&o.checkpointSize, "checkpoint-size", "1GiB", "write a checkpoint after so much log; less shortens recovery and writes more")
	f.StringVar(&o.logLevel, "log-level", "info", "debug, info, warn or error")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := fillFlags(cmd.Flags(), o.config); err != nil {
			return usageError(cmd, err)
		}
		return o.run(cmd)
	}
	return cmd
}

// validate returns what is wrong with the flags.
func (o *serveOptions) validate() error {
	switch {
	case o.data == "" && !o.memory:
		return errors.New("say where the data is: --data DIR, or --memory to keep nothing")
	case o.data != "" && o.memory:
		return errors.New("--data and --memory exclude each other")
	case o.maxConnections < 1:
		return fmt.Errorf("--max-connections %d is less than 1", o.maxConnections)
	case o.maxPrepared < 0:
		return fmt.Errorf("--max-prepared-transactions %d is less than 0", o.maxPrepared)
	}
	for flag, addr := range map[string]string{"listen": o.listen, "http": o.http} {
		if flag == "http" && addr == "" {
			continue
		}
		host, _, err := net.SplitHostPort(addr)
		if err != nil {
			return fmt.Errorf("--%s: %w", flag, err)
		}
		if !o.insecure && !isLoopback(host) {
			return fmt.Errorf("--%s %s can be reached from other machines, and there are no passwords yet: use a loopback address, or --insecure", flag, addr)
		}
	}
	return nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (o *serveOptions) run(cmd *cobra.Command) error {
	if err := o.validate(); err != nil {
		return usageError(cmd, err)
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.logLevel)); err != nil {
		return usageError(cmd, fmt.Errorf("--log-level %s: not a level", o.logLevel))
	}
	stderr := cmd.ErrOrStderr()
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	var limit int64
	if o.memoryLimit != "" {
		var err error
		if limit, err = human.ParseBytes(o.memoryLimit); err != nil {
			return usageError(cmd, fmt.Errorf("--memory-limit: %w", err))
		}
	}
	checkpoint, err := human.ParseBytes(o.checkpointSize)
	if err != nil {
		return usageError(cmd, fmt.Errorf("--checkpoint-size: %w", err))
	}
	maxPrepared := o.maxPrepared
	if maxPrepared == 0 {
		maxPrepared = store.NoPrepared
	}
	node.TuneCollector(limit)
	var h *health
	if o.http != "" {
		if h, err = serveHealth(o.http); err != nil {
			return err
		}
		defer h.close()
	}
	ctx := cmd.Context()
	shown := newProgress(stderr)
	n, err := node.Start(ctx, node.Config{
		Dir:             o.data,
		Listen:          o.listen,
		SocketDir:       o.socketDir,
		Insecure:        o.insecure,
		MaxConnections:  o.maxConnections,
		MaxPrepared:     maxPrepared,
		CheckpointBytes: checkpoint,
		Logger:          logger,
		Progress:        shown.bytes,
	})
	shown.end()
	if err != nil {
		return err
	}
	if h != nil {
		h.db.Store(n.DB())
	}
	fmt.Fprintf(stderr, "ready %s\n", n.Addr())
	return o.wait(ctx, n, h, stderr)
}

// wait serves until a signal, then stops in order.
func (o *serveOptions) wait(ctx context.Context, n *node.Node, h *health, stderr io.Writer) error {
	select {
	case <-ctx.Done():
	case <-n.Done():
	}
	if h != nil {
		h.db.Store(nil)
	}
	fmt.Fprintln(stderr, "stopping")
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.shutdownTimeout)
	defer cancel()
	if err := n.Stop(stopCtx); err != nil {
		return err
	}
	fmt.Fprintln(stderr, "stopped")
	return nil
}
