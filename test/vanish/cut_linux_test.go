package vanish

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cachalotdb/cachalot/internal/node"
)

// TestClientsWhoseNetworkIsCut live in a network namespace of their own, whose cable is pulled. Nothing tells the
// server: it has to find out within tcp_user_timeout, or idle_in_transaction_session_timeout.
func TestClientsWhoseNetworkIsCut(t *testing.T) {
	const cutLimit = time.Second // both timeouts below
	// The kernel counts probes in whole seconds and doubles the time between retransmissions.
	const slack = 4*time.Second + atOnce

	cable := plug(t)
	n := start(t, node.Config{Listen: "0.0.0.0:0", Insecure: true})
	near := dialer{dsn: n.DSN()}
	far := dialer{
		dsn:  fmt.Sprintf("postgres://cachalot@%s:%d/cachalot?sslmode=disable", cable.server, n.Addr().Port),
		dial: cable.dial,
	}

	type played struct {
		scene   scene
		timeout string
		rival   rival
		key     int
		client  *client
	}
	var all []played
	for i, s := range scenes {
		for j, timeout := range []string{"tcp_user_timeout", "idle_in_transaction_session_timeout"} {
			if timeout != "tcp_user_timeout" && !s.waitsForClient() {
				continue // the session is not idle: that is for tcp_user_timeout
			}
			p := played{scene: s, timeout: timeout, key: 2*i + j}
			var err error
			if p.rival, err = newRival(t.Context(), near); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { p.rival.close(context.Background()) })
			if err = p.rival.hold(t.Context(), p.key); err != nil {
				t.Fatal(err)
			}
			all = append(all, p)
		}
	}
	for i := range all {
		p := &all[i]
		var err error
		if p.client, err = p.scene.play(t.Context(), far, fmt.Sprintf("SET %s = %d", p.timeout, cutLimit.Milliseconds()), p.key); err != nil {
			t.Fatalf("%s: %v", p.scene.name, err)
		}
	}
	cable.pull(t)
	begun := time.Now()
	for _, p := range all {
		t.Run(p.scene.name+" with "+p.timeout, func(t *testing.T) {
			t.Parallel()
			if err := p.rival.take(t.Context(), p.key); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(begun); waited > cutLimit+slack {
				t.Errorf("the rival waited %v", waited)
			} else {
				t.Logf("the rival waited %v", waited)
			}
			p.client.leave(true)
		})
	}
}

// cable is a pair of virtual network interfaces, one of them in a namespace.
type cable struct {
	space          string
	near           string // interface
	server, client string // addresses
}

// plug makes a cable, or skips the test where that is not allowed.
func plug(t *testing.T) cable {
	t.Helper()
	id := os.Getpid() % 10000
	c := cable{
		space: fmt.Sprintf("vanish%d", id), near: fmt.Sprintf("van%da", id),
		server: fmt.Sprintf("10.213.%d.1", id%250), client: fmt.Sprintf("10.213.%d.2", id%250),
	}
	far := fmt.Sprintf("van%db", id)
	steps := [][]string{
		{"netns", "add", c.space},
		{"link", "add", c.near, "type", "veth", "peer", "name", far, "netns", c.space},
		{"addr", "add", c.server + "/30", "dev", c.near},
		{"link", "set", c.near, "up"},
		{"-n", c.space, "addr", "add", c.client + "/30", "dev", far},
		{"-n", c.space, "link", "set", far, "up"},
	}
	t.Cleanup(func() {
		exec.Command("ip", "link", "del", c.near).Run()   //nolint:errcheck // there may be none
		exec.Command("ip", "netns", "del", c.space).Run() //nolint:errcheck // as above
	})
	for _, args := range steps {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Skipf("SKIPPED: THE LOSS OF THE NETWORK IS NOT TESTED, it takes root and network namespaces: ip %v: %v %s", args, err, out)
		}
	}
	return c
}

// pull cuts the connection: from here on packets go nowhere, both ways.
func (c cable) pull(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("ip", "-n", c.space, "link", "set", "lo", "down").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if out, err := exec.Command("ip", "-n", c.space, "addr", "flush", "scope", "global").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
}

// dial connects from inside of the namespace.
func (c cable) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	type result struct {
		conn net.Conn
		err  error
	}
	done := make(chan result)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		space, err := os.Open("/run/netns/" + c.space)
		if err != nil {
			done <- result{nil, err}
			return
		}
		defer space.Close()
		if err := unix.Setns(int(space.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- result{nil, err}
			return
		}
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, addr)
		done <- result{conn, err}
	}()
	r := <-done
	return r.conn, r.err
}
