package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/cachalotdb/cachalot/internal/node"
)

// childArg makes this program serve a data directory: what is compared with PostgreSQL runs in a
// process of its own, as PostgreSQL does.
const childArg = "serve-child"

func serveChild(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	node.TuneCollector(0)
	n, err := node.Start(ctx, node.Config{Dir: filepath.Join(dir, "data"), SocketDir: dir})
	if err != nil {
		return err
	}
	fmt.Println("ready", n.DSN())
	<-ctx.Done()
	return n.Stop(context.WithoutCancel(ctx))
}

// child is a node in a process of its own.
type child struct {
	cmd *exec.Cmd
	dsn string
	dir string
}

func startChild() (*child, error) {
	dir, err := os.MkdirTemp("", "goals-")
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self, childArg, dir), dir: dir}
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("the node did not start: %w", err)
	}
	c.dsn = strings.TrimSpace(strings.TrimPrefix(line, "ready "))
	return c, nil
}

func (c *child) stop() {
	c.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended already
	c.cmd.Wait()                          //nolint:errcheck // as above
	os.RemoveAll(c.dir)
}
