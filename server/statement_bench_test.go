package server_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgproto3/v2"

	"github.com/cachalotdb/cachalot/query"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// cannedConn is a connection whose client has all its messages ready and reads no answer: what a session does for
// them is then all there is to measure. Each write must end a cycle; the next message is read after it.
type cannedConn struct {
	setup  [][]byte // sent first
	rounds int      // how often next is to be sent
	next   func(n int) []byte
	began  func() // called when the setup is answered
	ended  chan error
	err    error // an ErrorResponse
}

func (c *cannedConn) Read(p []byte) (int, error) {
	if len(c.setup) > 0 {
		n := copy(p, c.setup[0])
		if c.setup[0] = c.setup[0][n:]; len(c.setup[0]) == 0 {
			c.setup = c.setup[1:]
		}
		return n, nil
	}
	if c.began != nil {
		c.began()
		c.began = nil
	}
	if c.rounds == 0 || c.err != nil {
		if c.ended != nil {
			c.ended <- c.err
			c.ended = nil
		}
		return 0, io.EOF
	}
	c.rounds--
	return copy(p, c.next(c.rounds)), nil
}

func (c *cannedConn) Write(p []byte) (int, error) {
	for b := p; len(b) >= 5; b = b[1+binary.BigEndian.Uint32(b[1:]):] {
		if b[0] == 'E' {
			c.err = errors.New(string(b))
			break
		}
	}
	return len(p), nil
}

func (c *cannedConn) Close() error                     { return nil }
func (c *cannedConn) LocalAddr() net.Addr              { return &net.UnixAddr{} }
func (c *cannedConn) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (c *cannedConn) SetDeadline(time.Time) error      { return nil }
func (c *cannedConn) SetReadDeadline(time.Time) error  { return nil }
func (c *cannedConn) SetWriteDeadline(time.Time) error { return nil }

// benchAccounts is the number of accounts, which the transactions take in turn.
const benchAccounts = 10_000

// pgbench makes pgbench's tables, a few rows of them.
const pgbench = `create table pgbench_accounts (aid int primary key, bid int, abalance int, filler char(84));
create table pgbench_tellers (tid int primary key, bid int, tbalance int, filler char(84));
create table pgbench_branches (bid int primary key, bbalance int, filler char(88));
create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
insert into pgbench_accounts select g, 1, 0, '' from generate_series(1, 10000) g;
insert into pgbench_tellers select g, 1, 0, '' from generate_series(1, 10) g;
insert into pgbench_branches values (1, 0, '')`

// tpcb are the statements of pgbench's transaction, and arguments for them: "aid" stands for an account.
var tpcb = []struct {
	name, text string
	args       []string
}{
	{"begin", "BEGIN;", nil},
	{"updateAccount", "UPDATE pgbench_accounts SET abalance = abalance + $1 WHERE aid = $2;", []string{"-1234", "aid"}},
	{"select", "SELECT abalance FROM pgbench_accounts WHERE aid = $1;", []string{"aid"}},
	{"updateTeller", "UPDATE pgbench_tellers SET tbalance = tbalance + $1 WHERE tid = $2;", []string{"-1234", "7"}},
	{"updateBranch", "UPDATE pgbench_branches SET bbalance = bbalance + $1 WHERE bid = $2;", []string{"-1234", "1"}},
	{"insert", "INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, CURRENT_TIMESTAMP);", []string{"7", "1", "aid", "-1234"}},
	{"end", "END;", nil},
}

// BenchmarkStatement takes prepared statements as pgbench -M prepared sends them from the wire to the answer, without a
// socket and without a log: each alone in a transaction of its own, and all of a TPC-B transaction.
func BenchmarkStatement(b *testing.B) {
	cycles := map[string][]int{"select": {2}, "update": {1}, "insert": {5}, "beginEnd": {0, 6}, "tpcb": {0, 1, 2, 3, 4, 5, 6}}
	for _, name := range []string{"select", "update", "insert", "beginEnd", "tpcb"} {
		b.Run(name, func(b *testing.B) { benchmarkCycle(b, cycles[name]) })
	}
}

func benchmarkCycle(b *testing.B, cycle []int) {
	db, err := store.Open(context.Background(), store.Config{Partitions: 2})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	srv, err := server.New(server.Config{Engine: query.New(db, query.Config{}), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	rounds := make([][][]byte, benchAccounts)
	c := &cannedConn{
		setup:  [][]byte{startup(), encode(&pgproto3.Query{String: pgbench})},
		rounds: b.N * len(cycle),
		ended:  ended,
		began:  b.ResetTimer,
		next: func(n int) []byte {
			return rounds[n/len(cycle)*7919%benchAccounts][len(cycle)-1-n%len(cycle)]
		},
	}
	for _, i := range cycle {
		st := tpcb[i]
		c.setup = append(c.setup, encode(&pgproto3.Parse{Name: st.name, Query: st.text}, &pgproto3.Sync{}))
		for k := range rounds {
			bind := &pgproto3.Bind{PreparedStatement: st.name, ResultFormatCodes: []int16{0}}
			for _, a := range st.args {
				if a == "aid" {
					a = strconv.Itoa(k + 1)
				}
				bind.Parameters = append(bind.Parameters, []byte(a))
			}
			rounds[k] = append(rounds[k], encode(bind, &pgproto3.Describe{ObjectType: 'P'}, &pgproto3.Execute{}, &pgproto3.Sync{}))
		}
	}
	b.ReportAllocs()
	srv.ServeConn(context.Background(), c)
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if err := srv.Shutdown(context.Background()); err != nil {
		b.Fatal(err)
	}
}

func startup() []byte {
	b, _ := (&pgproto3.StartupMessage{ProtocolVersion: pgproto3.ProtocolVersionNumber, Parameters: map[string]string{"user": "cachalot"}}).Encode(nil)
	return b
}

// encode returns messages as they are sent.
func encode(list ...pgproto3.FrontendMessage) (out []byte) {
	for _, m := range list {
		out, _ = m.Encode(out) // they are short
	}
	return out
}
