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
	// crash ends the node as its kind does and starts it again. Where it tells things meanwhile that
	// are lost afterwards, turn is called before and after.
	crash(turn func())
	stop()
}

// powered is a node of this process on a file system that loses power.
type powered struct {
	t      testing.TB
	random *rand.Rand
	fs     *vfs.Mem
	parts  int
	slow   bool // whether syncs take time

	mu   sync.Mutex // guards below
	node *node.Node
}

func startPowered(t testing.TB, random *rand.Rand) *powered {
	p := &powered{t: t, random: random, fs: vfs.NewMem(), parts: []int{1, 2, 8}[random.IntN(3)], slow: random.IntN(2) == 0}
	p.start()
	return p
}

func (p *powered) start() {
	fs := vfs.NewFault(p.fs)
	if p.slow {
		fs.SetHook(func(op vfs.Op, _ string) error {
			if op == vfs.OpSync {
				time.Sleep(rand.N(time.Millisecond)) // as a disk takes: others begin and read meanwhile
			}
			return nil
		})
	}
	n, err := node.Start(context.Background(), node.Config{Dir: "data", FS: fs, Partitions: p.parts})
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

func (p *powered) crash(turn func()) {
	turn()
	after := p.fs.CrashClone(p.random)
	p.halt() // what it does to its files comes too late
	p.fs = after
	p.start()
	turn()
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

// crash needs no turns: what the process told before it died is true.
func (p *process) crash(func()) {
	p.server.Kill()
	p.start()
}

func (p *process) stop() { p.server.Stop() }

// clock gives the moments of a history, and counts its epochs: a node loses its power at the end of
// an even one and is back at the end of an odd one. An answer counts if the epoch is even and still the
// one in which its client connected.
type clock struct {
	begin time.Time

	mu    sync.Mutex // guards below
	epoch int
}

func (c *clock) now() int64 { return int64(time.Since(c.begin)) }

// current returns the epoch.
func (c *clock) current() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

// done returns the moment, and whether an answer counts that comes now over a connection of an epoch.
func (c *clock) done(epoch int) (at int64, counts bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now(), c.epoch == epoch && epoch%2 == 0
}

// turn ends the epoch.
func (c *clock) turn() {
	c.mu.Lock()
	c.epoch++
	c.mu.Unlock()
}
