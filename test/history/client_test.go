package history

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// client is a process of a history. One goroutine uses it.
type client struct {
	number  int
	random  *rand.Rand
	system  system
	clock   *clock
	options map[string]string // a session's settings
	cuts    bool              // whether its connections may be cut
	conn    *pgx.Conn         // nil: none
	epoch   int               // in which conn was made
	// prepared is a transaction that waits for the client to end it.
	prepared *prepared
}

// modes are the ways in which pgx sends statements.
var modes = []pgx.QueryExecMode{
	pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
}

// connected makes sure that there is a connection, and says whether there is one: not while
// the node is down.
func (c *client) connected(ctx context.Context) bool {
	if c.conn != nil && !c.conn.IsClosed() && c.epoch == c.clock.current() {
		return true
	}
	c.close()
	c.epoch = c.clock.current()
	cfg, err := pgx.ParseConfig(c.system.dsn())
	if err != nil {
		panic(err)
	}
	cfg.DefaultQueryExecMode = modes[c.random.IntN(len(modes))]
	for k, v := range c.options {
		cfg.RuntimeParams[k] = v
	}
	if c.cuts {
		cfg.DialFunc = drawCut(c.random)
	}
	// Only the connecting is bounded: a crash may leave a listener that nobody serves.
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	c.conn, err = pgx.ConnectConfig(ctx, cfg)
	return err == nil
}

// close closes the connection.
func (c *client) close() {
	if c.conn != nil {
		c.conn.Close(context.Background())
		c.conn = nil
	}
}

// outcome is what an error says about what was sent.
type outcome int

const (
	done    outcome = iota
	refused         // it did not happen
	unknown         // it may have happened, or may happen yet
)

// notSent is the error of a transaction whose COMMIT was never sent.
type notSent struct{ error }

// Unwrap returns what went wrong.
func (e notSent) Unwrap() error { return e.error }

// broken is an error that no run expects, whatever it is made of.
type broken struct{ error }

// outcomeOf reads an error. An error of another class than those of a node that is going down refuses.
func outcomeOf(err error) outcome {
	if err == nil {
		return done
	}
	if errors.As(err, new(notSent)) {
		return refused
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code[:2] {
		case "57", "58", "53", "08", "XX":
			return unknown
		}
		return refused
	}
	return unknown
}

// expected says whether an error may come in a run: of a transaction that stands back for another, or
// of a node that goes down, and no other.
func expected(err error) error {
	if errors.As(err, new(broken)) {
		return err
	}
	var pg *pgconn.PgError
	if err == nil || !errors.As(err, &pg) {
		return nil
	}
	switch pg.Code {
	case "40001", "40P01", "23505", "57P01", "57P02", "57P03":
		return nil
	}
	return fmt.Errorf("%w (%s)", err, pg.Detail)
}
