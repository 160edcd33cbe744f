package main

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
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

// runChild is this program as a child process; false when its arguments do not make it one.
func runChild(args []string) (bool, error) {
	if len(args) == 3 {
		switch args[1] {
		case childArg:
			return true, serveChild(args[2])
		case nothingArg:
			return true, serveNothing(args[2])
		}
	}
	return false, nil
}

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

// child is a server in a process of its own.
type child struct {
	cmd  *exec.Cmd
	dsn  string
	port string // over TCP and in the name of its Unix socket
	dir  string
}

// startChild starts the server that arg names.
func startChild(arg string) (*child, error) {
	dir, err := os.MkdirTemp("", "goals-")
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self, arg, dir), dir: dir}
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
		return nil, fmt.Errorf("%s did not start: %w", arg, err)
	}
	c.dsn = strings.TrimSpace(strings.TrimPrefix(line, "ready "))
	u, err := url.Parse(c.dsn)
	if err != nil {
		c.stop()
		return nil, err
	}
	c.port = u.Port()
	return c, nil
}

func (c *child) stop() {
	c.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended already
	c.cmd.Wait()                          //nolint:errcheck // as above
	os.RemoveAll(c.dir)
}
