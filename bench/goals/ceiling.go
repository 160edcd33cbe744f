package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
)

// nothingArg makes this program a server that does nothing: it answers pgbench's statements with constant bytes, and
// at the end of each transaction it writes a few bytes to a file and syncs it, once for all that wait. It parses nothing,
// looks nothing up and keeps nothing. What it reaches on the machine that it shares with pgbench is about the ceiling of what
// can be asked of ours, but with one client, for which ours asks for input before it sleeps (server/busypoll.go).
const nothingArg = "serve-nothing"

// The answers, as messages of the protocol.
var (
	welcome   = []byte("R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I")
	parsed    = []byte("1\x00\x00\x00\x04")
	bound     = []byte("2\x00\x00\x00\x04")
	described = []byte("T\x00\x00\x00\x21\x00\x01abalance\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x17\x00\x04\xff\xff\xff\xff\x00\x00")
	answer    = []byte("D\x00\x00\x00\x0b\x00\x01\x00\x00\x00\x010C\x00\x00\x00\x0dSELECT 1\x00")
	readyNow  = []byte("Z\x00\x00\x00\x05I")
	endPrefix = []byte("END")
)

func serveNothing(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	file, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return err
	}
	log := &groupLog{file: file, synced: make(chan struct{})}
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := tcp.Addr().(*net.TCPAddr).Port
	unix, err := net.Listen("unix", filepath.Join(dir, fmt.Sprintf(".s.PGSQL.%d", port)))
	if err != nil {
		return err
	}
	for _, l := range []net.Listener{tcp, unix} {
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go answerAll(conn, log)
			}
		}()
	}
	fmt.Printf("ready postgres://cachalot@%s/cachalot\n", tcp.Addr())
	<-ctx.Done()
	return errors.Join(tcp.Close(), unix.Close(), file.Close())
}

// answerAll serves a client until it goes.
func answerAll(conn net.Conn, log *groupLog) {
	defer conn.Close()
	buf := make([]byte, 64<<10)
	if _, err := conn.Read(buf); err != nil { // the start-up message
		return
	}
	if _, err := conn.Write(welcome); err != nil {
		return
	}
	ends := map[string]bool{} // the statements that end a transaction
	commit := false
	var out []byte
	for have := 0; ; {
		n, err := conn.Read(buf[have:])
		if err != nil {
			return
		}
		rest := buf[:have+n]
		for len(rest) >= 5 {
			size := 1 + int(binary.BigEndian.Uint32(rest[1:]))
			if len(rest) < size {
				break
			}
			body := rest[5:size]
			switch rest[0] {
			case 'P':
				name, text, _ := bytes.Cut(body, []byte{0})
				ends[string(name)] = bytes.HasPrefix(text, endPrefix)
				out = append(out, parsed...)
			case 'B':
				_, name, _ := bytes.Cut(body, []byte{0})
				name, _, _ = bytes.Cut(name, []byte{0})
				commit = ends[string(name)]
				out = append(out, bound...)
			case 'D':
				out = append(out, described...)
			case 'E':
				if commit && log.commit() != nil {
					return
				}
				out = append(out, answer...)
			case 'S':
				out = append(out, readyNow...)
			case 'X':
				return
			}
			rest = rest[size:]
		}
		have = copy(buf, rest)
		if len(out) > 0 {
			if _, err := conn.Write(out); err != nil {
				return
			}
			out = out[:0]
		}
	}
}

// groupLog is a file that is synced once for all that wait.
type groupLog struct {
	file *os.File

	mu      sync.Mutex // guards below
	waiting int
	busy    bool
	synced  chan struct{} // closed when those who wait now are done
	err     error
}

// loggedBytes is about what a TPC-B transaction writes to a log, of which this one keeps the last logRoom.
const (
	loggedBytes = 300
	logRoom     = 1 << 20
)

// commit returns when the disk has what the caller would have written.
func (g *groupLog) commit() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting++
	mine := g.synced
	if g.busy {
		g.mu.Unlock()
		<-mine
		g.mu.Lock()
		return g.err
	}
	for g.busy = true; g.waiting > 0; {
		n, done := g.waiting, g.synced
		g.waiting, g.synced = 0, make(chan struct{})
		g.mu.Unlock()
		err := g.write(n)
		g.mu.Lock()
		g.err = errors.Join(g.err, err)
		close(done)
	}
	g.busy = false
	return g.err
}

// write writes what n transactions write, and syncs.
func (g *groupLog) write(n int) error {
	at, err := g.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if at > logRoom {
		if _, err := g.file.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	if _, err := g.file.Write(make([]byte, n*loggedBytes)); err != nil {
		return err
	}
	return syscall.Fdatasync(int(g.file.Fd()))
}
