package history

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/cachalotdb/cachalot/internal/node"
	"github.com/cachalotdb/cachalot/internal/vfs"
	"github.com/cachalotdb/cachalot/test/harness"
)

// system is a node that can crash and come back.
type system interface {
	dsn() string
	// crash ends the node as its kind does and starts it again. lost is called when from then on no
	// answer may be believed.
	crash(lost func())
	stop()
}

// powered is a node of this process on a file system that loses power.
type powered struct {
	t      testing.TB
	random *rand.Rand
	fs     *vfs.Mem
	parts  int

	mu   sync.Mutex // guards below
	node *node.Node
}

func startPowered(t testing.TB, random *rand.Rand) *powered {
	p := &powered{t: t, random: random, fs: vfs.NewMem(), parts: []int{1, 2, 8}[random.IntN(3)]}
	p.start()
	return p
}

func (p *powered) start() {
	n, err := node.Start(context.Background(), node.Config{Dir: "data", FS: p.fs, Partitions: p.parts})
	if err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	p.node = n
	p.mu.Unlock()
}

func (p *powered) dsn() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.node.DSN()
}

func (p *powered) crash(lost func()) {
	lost()
	after := p.fs.CrashClone(p.random)
	p.halt() // what it does to its files comes too late
	p.fs = after
	p.start()
}

func (p *powered) halt() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return p.node.Stop(ctx)
}

func (p *powered) stop() {
	if err := p.halt(); err != nil {
		p.t.Error(err)
	}
}

// process is the real binary, which SIGKILL ends.
type process struct {
	t   testing.TB
	dir string

	mu     sync.Mutex // guards below
	server *harness.Server
}

func startProcess(t testing.TB) *process {
	p := &process{t: t, dir: t.TempDir()}
	p.start()
	return p
}

func (p *process) start() {
	s := harness.Start(p.t, p.dir)
	p.mu.Lock()
	p.server = s
	p.mu.Unlock()
}

func (p *process) dsn() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.server.DSN()
}

// crash needs no moment from which answers are lies: what the process told before it died is true.
func (p *process) crash(func()) {
	p.server.Kill()
	p.start()
}

func (p *process) stop() { p.server.Stop() }

// clock gives the moments of a history. Since a power loss, no answer counts that comes after it.
type clock struct {
	begin time.Time

	mu    sync.Mutex // guards below
	epoch int        // counts power losses
}

func (c *clock) now() int64 { return int64(time.Since(c.begin)) }

// sent returns the moment and the epoch in which something is sent.
func (c *clock) sent() (at int64, epoch int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now(), c.epoch
}

// done returns the moment, and whether an answer to what was sent in epoch is to be believed.
func (c *clock) done(epoch int) (at int64, believed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now(), c.epoch == epoch
}

func (c *clock) lose() {
	c.mu.Lock()
	c.epoch++
	c.mu.Unlock()
}
