package query

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// open returns an engine over a database in memory.
func open(t testing.TB) *Engine {
	t.Helper()
	db, err := store.Open(context.Background(), store.Config{Partitions: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return New(db, Config{})
}

// testSession is a session with the short calls that tests want.
type testSession struct {
	t testing.TB
	server.Session
}

func newTestSession(t testing.TB, e *Engine) testSession {
	t.Helper()
	s, err := e.NewSession(context.Background(), server.SessionConfig{User: "cachalot", Database: "cachalot", Statements: new(server.Statements)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return testSession{t, s}
}

// counter is a sink that counts rows and remembers the first value of the last.
type counter struct {
	rows int
	last value.Value
	data io.Reader
}

func (c *counter) Rows(b *column.Batch, from, to int) error {
	c.rows += to - from
	if len(b.Vecs) > 0 {
		c.last = b.Vecs[0].Value(to - 1)
	}
	return nil
}

func (c *counter) CopyIn(server.CopyHeader) (io.Reader, error) {
	if c.data == nil {
		return strings.NewReader(""), nil
	}
	return c.data, nil
}

func (c *counter) CopyOut(server.CopyHeader) (io.Writer, error) { return io.Discard, nil }

// query runs the statements of a text as a simple Query and returns what the last one answered.
func (s testSession) query(text string) (*counter, error) {
	s.t.Helper()
	c := &counter{}
	err := s.into(text, c)
	return c, err
}

// into runs the statements of a text and gives their rows to a sink.
func (s testSession) into(text string, sink server.Sink) error {
	ctx := context.Background()
	run := func() error {
		sources, err := s.Split(text)
		if err != nil {
			return err
		}
		for _, src := range sources {
			p, err := s.Prepare(ctx, src, nil)
			if err != nil {
				return err
			}
			portal, err := s.Bind(ctx, p, server.Args{})
			if err != nil {
				return err
			}
			if c, ok := sink.(*counter); ok {
				*c = counter{}
			}
			if _, err := portal.Run(ctx, sink, 0); err != nil {
				return err
			}
			portal.Close()
		}
		return nil
	}
	err := run()
	if endErr := s.EndImplicit(ctx, err != nil); err == nil {
		err = endErr
	}
	return err
}

func (s testSession) must(text string) *counter {
	s.t.Helper()
	c, err := s.query(text)
	if err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
	return c
}

func (s testSession) fails(text, code string) {
	s.t.Helper()
	if _, err := s.query(text); sqlerr.Code(err) != code {
		s.t.Fatalf("%s: %v, want %s", text, err, code)
	}
}

// TestNowIsTheTransactionsStart checks the times that a statement sees.
func TestNowIsTheTransactionsStart(t *testing.T) {
	e := open(t)
	now := int64(1000)
	e.cfg.Clock = func() int64 { return now }
	s := newTestSession(t, e)
	at := func(f string) int64 { return s.must("select " + f).last.Int() }
	if at("now()") != 1000 {
		t.Error("first statement")
	}
	now = 2000
	if got := at("now()"); got != 2000 {
		t.Errorf("now() after a pause is %d", got)
	}
	s.must("begin")
	now = 3000
	if got := at("now()"); got != 2000 {
		t.Errorf("now() in a block is %d", got)
	}
	if got := at("statement_timestamp()"); got != 3000 {
		t.Errorf("statement_timestamp() in a block is %d", got)
	}
	s.must("commit")
	if got := at("now()"); got != 3000 {
		t.Errorf("now() after the block is %d", got)
	}
}
