package server_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgproto3/v2"

	"github.com/cachalotdb/cachalot/server"
)

// session opens a session with the defaults.
func session(t testing.TB, srv *server.Server) *wireClient {
	t.Helper()
	c := dialClient(t, srv.Addr().String())
	c.start(map[string]string{"user": "cachalot"})
	return c
}

func (c *wireClient) expect(types string, want ...string) {
	c.t.Helper()
	got := c.until(strings.Fields(types))
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		c.t.Fatalf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// cancel sends a CancelRequest and waits until the server has acted on it.
func (c *wireClient) cancel(key uint32) {
	c.t.Helper()
	conn := dialClient(c.t, c.addr)
	conn.send(&pgproto3.CancelRequest{ProcessID: c.pid, SecretKey: key})
	if got := conn.until([]string{"ReadyForQuery"}); len(got) != 1 || got[0] != "EOF" {
		c.t.Fatalf("a cancel request was answered: %q", got)
	}
}

const cancelled = `ErrorResponse ERROR 57014 "canceling statement due to user request"`

func TestCancelRequestEndsTheRunningStatement(t *testing.T) {
	eng := newTestEngine()
	c := session(t, startServer(t, eng))
	c.send(&pgproto3.Query{String: "select pg_sleep(1000)"})
	<-eng.sleeping
	c.cancel(c.key + 1) // the wrong key does nothing
	c.cancel(c.key)
	c.expect("ReadyForQuery", `RowDescription pg_sleep:25:-1:0`, cancelled, "ReadyForQuery I")
	c.cancel(c.key) // an idle session is left alone
	c.expect2(c.exec("select 1"), "RowDescription ?column?:23:4:0", `DataRow "1"`, `CommandComplete "SELECT 1"`, "ReadyForQuery I")
}

func (c *wireClient) expect2(got []string, want ...string) {
	c.t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		c.t.Fatalf("got %q\nwant %q", got, want)
	}
}

func TestCancelRequestEndsACopyThatWaitsForData(t *testing.T) {
	c := session(t, startServer(t, newTestEngine()))
	c.send(&pgproto3.Query{String: "copy t from stdin"})
	c.expect("CopyInResponse", "CopyInResponse 00000200000000")
	// Half a header: the cancel must not lose the thread.
	whole, _ := (&pgproto3.CopyData{Data: []byte("1\tone\n")}).Encode(nil)
	c.write(whole[:3])
	c.cancel(c.key)
	c.expect("ReadyForQuery", `ErrorResponse ERROR 57014 "canceling statement due to user request" where="COPY t, line 1"`, "ReadyForQuery I")
	c.write(whole[3:])
	c.send(&pgproto3.CopyDone{}, &pgproto3.Query{String: "copy (select * from t order by a) to stdout"})
	c.expect("ReadyForQuery", "CopyOutResponse 00000200000000", "CopyDone", `CommandComplete "COPY 0"`, "ReadyForQuery I")
}

// A client that does not read blocks the server's writes. A cancel request ends the
// statement all the same, and the client that reads on finds the framing whole.
func TestCancelRequestEndsAStatementWhoseClientDoesNotRead(t *testing.T) {
	eng := newTestEngine()
	c := session(t, startServer(t, eng))
	const rows = 50_000_000 // more than any socket buffer takes
	c.send(&pgproto3.Query{String: "select generate_series(1,50000000)"})
	if first := c.until([]string{"DataRow"}); first[1] != `DataRow "1"` {
		t.Fatalf("got %q", first)
	}
	c.cancel(c.key)
	n := 1
	for {
		name, content, err := c.receive()
		if err != nil {
			t.Fatal(err)
		}
		if name == "DataRow" {
			n++
			continue
		}
		if name+" "+content != cancelled {
			t.Fatalf("got %s %s after %d rows", name, content, n)
		}
		break
	}
	if n >= rows {
		t.Fatal("all rows came: nothing was cancelled")
	}
	c.expect("ReadyForQuery", "ReadyForQuery I")
}

func TestShutdownEndsIdleSessionsAtOnceAndBusyOnesAfterTheirStatement(t *testing.T) {
	eng := newTestEngine()
	srv := startServer(t, eng)
	idle, busy, inBlock := session(t, srv), session(t, srv), session(t, srv)
	inBlock.exec("begin")
	busy.send(&pgproto3.Query{String: "copy t from stdin"})
	busy.expect("CopyInResponse", "CopyInResponse 00000200000000")

	done := make(chan error)
	go func() { done <- srv.Shutdown(context.Background()) }()
	const farewell = `ErrorResponse FATAL 57P01 "terminating connection due to administrator command"`
	idle.expect("EOF", farewell, "EOF")
	inBlock.expect("EOF", farewell, "EOF")
	if _, err := net.Dial("tcp", srv.Addr().String()); err == nil {
		t.Error("a new connection was accepted")
	}
	busy.send(&pgproto3.CopyData{Data: []byte("1\tone\n")}, &pgproto3.CopyDone{})
	busy.expect("EOF", `CommandComplete "COPY 1"`, "ReadyForQuery I", farewell, "EOF")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestShutdownCancelsWhatOutlivesTheDeadline(t *testing.T) {
	eng := newTestEngine()
	srv := startServer(t, eng)
	c := session(t, srv)
	c.send(&pgproto3.Query{String: "select pg_sleep(1000)"})
	<-eng.sleeping
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := srv.Shutdown(ctx); err != context.Canceled {
		t.Fatalf("got %v", err)
	}
	c.expect("EOF", `RowDescription pg_sleep:25:-1:0`,
		`ErrorResponse FATAL 57P01 "terminating connection due to administrator command"`, "EOF")
}

func TestServeEndsEverythingWithItsContext(t *testing.T) {
	eng := newTestEngine()
	srv, err := server.New(server.Config{Engine: eng, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- srv.Serve(ctx) }()
	c := session(t, srv)
	c.send(&pgproto3.Query{String: "select pg_sleep(1000)"})
	<-eng.sleeping
	cancel()
	if err := <-served; err != context.Canceled {
		t.Fatalf("got %v", err)
	}
	if n := eng.sessions.Load(); n != 0 {
		t.Errorf("%d sessions left", n)
	}
	if err := srv.Listen(); err == nil {
		t.Error("a closed server listened")
	}
}

// No goroutine outlives the server.
func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	t.Run("server", func(t *testing.T) {
		srv := startServer(t, newTestEngine())
		for range 20 {
			c := session(t, srv)
			c.exec("select generate_series(1,3000)")
			c.send(&pgproto3.Query{String: "copy t from stdin"})
		}
	})
	// Goroutines that have returned from their last function are counted a moment longer.
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
		runtime.GC()
	}
	buf := make([]byte, 1<<20)
	t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

// The statement of a client that has gone is cancelled.
func TestVanishedClientIsNoticed(t *testing.T) {
	eng := newTestEngine()
	srv := startServer(t, eng)
	c := session(t, srv)
	c.send(&pgproto3.Query{String: "select pg_sleep(1000)"}, &pgproto3.Query{String: "select 1"})
	<-eng.sleeping
	c.conn.Close()
	// Shutdown without a deadline returns when the session is gone, and hangs when it is not.
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestWriteTimeoutClosesAStalledConnection(t *testing.T) {
	eng := newTestEngine()
	srv := startServer(t, eng, func(c *server.Config) { c.WriteTimeout = 50 * time.Millisecond })
	c := session(t, srv)
	c.send(&pgproto3.Query{String: "select generate_series(1,50000000)"})
	c.until([]string{"DataRow"})
	if err := srv.Shutdown(context.Background()); err != nil { // returns when the session has ended
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(c.conn)
	if len(rest) > 100<<20 {
		t.Fatalf("%d bytes came", len(rest))
	}
}

func TestTooManyConnections(t *testing.T) {
	srv := startServer(t, newTestEngine(), func(c *server.Config) { c.MaxConnections = 2 })
	a := session(t, srv)
	session(t, srv)
	refused := dialClient(t, srv.Addr().String())
	refused.send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{"user": "cachalot"}})
	refused.expect("EOF", `ErrorResponse FATAL 53300 "sorry, too many clients already"`, "EOF")
	a.cancel(a.key) // needs no place
	a.send(&pgproto3.Terminate{})
	a.expect("EOF", "EOF")
	for { // the place is free a moment after the connection is closed
		c := dialClient(t, srv.Addr().String())
		c.send(&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{"user": "cachalot"}})
		got := c.until([]string{"ReadyForQuery"})
		if got[len(got)-1] == "ReadyForQuery I" {
			return
		}
		if !strings.Contains(got[0], "53300") {
			t.Fatalf("got %q", got)
		}
	}
}

func TestStartupTimeout(t *testing.T) {
	srv := startServer(t, newTestEngine(), func(c *server.Config) { c.StartupTimeout = 20 * time.Millisecond })
	slow := dialClient(t, srv.Addr().String())
	slow.write([]byte{0, 0, 0})
	slow.expect("EOF", "EOF")
	// A session that has started is not timed out.
	c := session(t, srv)
	time.AfterFunc(60*time.Millisecond, func() { c.cancel(c.key) })
	c.conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := c.conn.Read(make([]byte, 1)); n != 0 || err == io.EOF {
		t.Fatalf("an idle session got %d bytes, %v", n, err)
	}
}

// idleEngine's sessions want their clients to speak up.
type idleEngine struct{ *testEngine }

type idleSession struct{ server.Session }

func (e idleEngine) NewSession(ctx context.Context, cfg server.SessionConfig) (server.Session, error) {
	s, err := e.testEngine.NewSession(ctx, cfg)
	return idleSession{s}, err
}

func (s idleSession) IdleTimeout() time.Duration        { return 0 }
func (s idleSession) TransactionTimeout() time.Duration { return 20 * time.Millisecond }

func TestIdleInTransactionTimeout(t *testing.T) {
	c := session(t, startServer(t, idleEngine{newTestEngine()}))
	c.exec("select 1")
	c.exec("begin")
	c.expect("EOF", `ErrorResponse FATAL 25P03 "terminating connection due to idle-in-transaction timeout"`, "EOF")
}

func TestMessageLimit(t *testing.T) {
	srv := startServer(t, newTestEngine(), func(c *server.Config) { c.MaxMessageBytes = 20_000 })
	c := session(t, srv)
	c.send(&pgproto3.Query{String: "select 1" + strings.Repeat(" ", 19_000)})
	c.until([]string{"ReadyForQuery"})
	c.send(&pgproto3.Query{String: "select 1" + strings.Repeat(" ", 20_000)})
	c.expect("EOF", `ErrorResponse FATAL 08P01 "invalid message length"`, "EOF")
}

// A header may claim what it likes: memory is taken as bytes arrive.
func TestClaimedLengthTakesNoMemory(t *testing.T) {
	srv := startServer(t, newTestEngine())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 50 {
		c := session(t, srv)
		c.write([]byte{'Q', 0x3f, 0xff, 0xff, 0xff, 's', 'e'})
		c.conn.Close()
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 50<<20 {
		t.Fatalf("%d MiB were allocated for 50 claims of 1 GiB", n>>20)
	}
}

// Long messages go through the same as short ones.
func TestLongMessages(t *testing.T) {
	eng := newTestEngine()
	c := session(t, startServer(t, eng))
	long := strings.Repeat("x", 3<<20)
	got := c.exec("select '" + long + "'")
	if got[1] != `DataRow "`+long+`"` {
		t.Fatalf("a row of %d bytes came back", len(got[1]))
	}
	c.send(&pgproto3.Parse{Query: "select $1::text"}, &pgproto3.Bind{Parameters: [][]byte{[]byte(long)}}, &pgproto3.Execute{}, &pgproto3.Sync{})
	if got := c.until([]string{"ReadyForQuery"}); len(got) != 5 || got[2] != `DataRow "`+long+`"` {
		t.Fatalf("%d messages came back", len(got))
	}
	// CopyData of one long message, of many short ones, and cut anywhere.
	var data bytes.Buffer
	for range 10_000 {
		data.WriteString("1\tsome more text for the row\n")
	}
	for _, size := range []int{1, 7, 4096, 100_000, data.Len()} {
		in := data.Bytes()
		if size == 1 {
			in = in[:29*1000]
		}
		eng.rows = nil
		c.send(&pgproto3.Query{String: "copy t from stdin"})
		c.expect("CopyInResponse", "CopyInResponse 00000200000000")
		var out []byte
		for len(in) > 0 {
			n := min(size, len(in))
			out = binary.BigEndian.AppendUint32(append(out, 'd'), uint32(4+n))
			out = append(out, in[:n]...)
			in = in[n:]
		}
		c.write(out)
		c.send(&pgproto3.CopyDone{})
		c.until([]string{"ReadyForQuery"})
		back := strings.Join(eng.rows, "\n") + "\n"
		if want := data.String()[:len(back)]; back != want || size > 1 && len(back) != data.Len() {
			t.Fatalf("messages of %d bytes: %d bytes arrived", size, len(back))
		}
	}
}

func TestConfig(t *testing.T) {
	for name, c := range map[string]server.Config{
		"no engine":         {},
		"open to the world": {Engine: newTestEngine(), Listen: ":48401"},
		"address":           {Engine: newTestEngine(), Listen: "nonsense"},
		"limit":             {Engine: newTestEngine(), MaxMessageBytes: 100},
		"connections":       {Engine: newTestEngine(), MaxConnections: -1},
		"timeout":           {Engine: newTestEngine(), StartupTimeout: -1},
	} {
		if _, err := server.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, c := range map[string]server.Config{
		"defaults": {Engine: newTestEngine()},
		"insecure": {Engine: newTestEngine(), Listen: ":48401", Insecure: true},
		"ipv6":     {Engine: newTestEngine(), Listen: "[::1]:0"},
	} {
		if _, err := server.New(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
