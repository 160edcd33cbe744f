package server_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgproto3/v2"

	"github.com/cachalotdb/cachalot/internal/node"
)

// BenchmarkDataRow is the whole way of a row of one integer: engine, encoding, loopback.
func BenchmarkDataRow(b *testing.B) {
	srv := startServer(b, newTestEngine())
	c := session(b, srv)
	const rows = 100_000
	b.ReportAllocs()
	for b.Loop() {
		c.send(&pgproto3.Query{String: fmt.Sprintf("select generate_series(1,%d)", rows)})
		drain(b, c.conn, 'Z')
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}

// BenchmarkRoundTrip is pgbench -M prepared's: Bind, Describe, Execute, Sync.
func BenchmarkRoundTrip(b *testing.B) {
	srv := startServer(b, newTestEngine())
	c := session(b, srv)
	c.send(&pgproto3.Parse{Name: "s", Query: "select $1::int4"}, &pgproto3.Sync{})
	drain(b, c.conn, 'Z')
	var msg []byte
	for _, m := range []pgproto3.FrontendMessage{
		&pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{[]byte("12345")}},
		&pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{},
	} {
		msg, _ = m.Encode(msg)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.write(msg)
		drain(b, c.conn, 'Z')
	}
}

var drainBuf [1 << 16]byte

// drain reads until the output ends with a ReadyForQuery.
func drain(b *testing.B, conn net.Conn, last byte) {
	b.Helper()
	for {
		n, err := conn.Read(drainBuf[:])
		if err == io.EOF || err != nil {
			b.Fatal(err)
		}
		if n >= 6 && drainBuf[n-6] == last && drainBuf[n-2] == 5 {
			return
		}
	}
}

// BenchmarkPointRead is pgbench -M prepared -S on the real engine.
func BenchmarkPointRead(b *testing.B) {
	ctx := context.Background()
	n, err := node.Start(ctx, node.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer n.Stop(ctx)
	c := dialClient(b, n.Addr().String())
	c.start(map[string]string{"user": "cachalot"})
	c.exec("create table accounts (aid int primary key, bid int, abalance int)")
	c.exec("insert into accounts select i, 1, i from generate_series(1,10000) i")
	c.send(&pgproto3.Parse{Name: "s", Query: "select abalance from accounts where aid = $1"}, &pgproto3.Sync{})
	drain(b, c.conn, 'Z')
	var msg []byte
	for _, m := range []pgproto3.FrontendMessage{
		&pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{[]byte("1234")}},
		&pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{},
	} {
		msg, _ = m.Encode(msg)
	}
	b.ReportAllocs()
	for b.Loop() {
		c.write(msg)
		drain(b, c.conn, 'Z')
	}
}
