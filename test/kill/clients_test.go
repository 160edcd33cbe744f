package kill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	accounts       = 50
	initialBalance = 1000
)

// schema is what the clients write to.
var schema = []string{
	"CREATE TABLE single (id bigint PRIMARY KEY, note text)",
	"CREATE INDEX ON single USING btree (note)",
	"CREATE TABLE feed (id bigint PRIMARY KEY, batch bigint NOT NULL, pad text)",
	"CREATE INDEX ON feed USING dictionary (batch)",
	"CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL)",
	"CREATE TABLE transfer (id bigint PRIMARY KEY, source int, destination int, amount int)",
	"CREATE TABLE counter (id int PRIMARY KEY, n bigint)",
	fmt.Sprintf("INSERT INTO account SELECT g, %d FROM generate_series(1, %d) g", initialBalance, accounts),
}

// client writes in a loop until its connection breaks. One goroutine uses it.
type client struct {
	number int // below stride
	work   func(context.Context) error
	ledger *ledger
	random *rand.Rand
	conn   *pgx.Conn
	nextID int64 // ids are this client's own, in all rounds
	mine   []int64

	inDoubt []int64 // batches that it has prepared and not ended, the oldest first
}

// newClients returns the clients, each with the kind of commit that it does over and over.
func newClients(l *ledger, seed uint64) []*client {
	var all []*client
	add := func(choose func(*client) func(context.Context) error) {
		c := &client{number: len(all), ledger: l, random: rand.New(rand.NewPCG(seed, uint64(len(all))))}
		c.work = choose(c)
		all = append(all, c)
	}
	for range 2 {
		add(func(c *client) func(context.Context) error { return c.insert })
		add(func(c *client) func(context.Context) error { return c.transfer })
	}
	add(func(c *client) func(context.Context) error { return c.feed })
	add(func(c *client) func(context.Context) error { return c.feedInBlock })
	add(func(c *client) func(context.Context) error { return c.twoPhase })
	add(func(c *client) func(context.Context) error { return c.count })
	return all
}

func (c *client) run(ctx context.Context) error {
	for {
		err := c.work(ctx)
		if err == nil || conflict(err) {
			continue
		}
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code[:2] != "57" {
			return fmt.Errorf("client %d: %w", c.number, err) // the server refused: not for being killed
		}
		return nil
	}
}

// conflict says whether the transaction was rolled back for another's sake.
func conflict(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01" || pg.Code == "55P03")
}

// stride keeps the ids of clients apart.
const stride = 16

func (c *client) id() int64 {
	c.nextID++
	return c.nextID*stride + int64(c.number)
}

// insert adds a row, or removes one of its own.
func (c *client) insert(ctx context.Context) error {
	l := c.ledger
	if len(c.mine) > 20 && c.random.IntN(4) == 0 {
		i := c.random.IntN(len(c.mine))
		id := c.mine[i]
		c.mine[i] = c.mine[len(c.mine)-1]
		c.mine = c.mine[:len(c.mine)-1]
		l.note(func() { l.deleted[id] = false })
		if err := c.exec(ctx, 1, "DELETE FROM single WHERE id = $1", id); err != nil {
			return err
		}
		l.ack(func() { l.deleted[id] = true })
		return nil
	}
	id := c.id()
	l.note(func() { l.inserts[id] = false })
	if err := c.exec(ctx, 1, "INSERT INTO single VALUES ($1, $2)", id, fmt.Sprint("note ", id)); err != nil {
		return err
	}
	c.mine = append(c.mine, id)
	l.ack(func() { l.inserts[id] = true })
	return nil
}

// exec runs a statement that must change so many rows.
func (c *client) exec(ctx context.Context, rows int64, sql string, args ...any) error {
	tag, err := c.conn.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() != rows {
		err = &pgconn.PgError{Code: "XX000", Message: fmt.Sprintf("%s with %v: %s", sql, args, tag)}
	}
	return err
}

// feed sends a batch by COPY, now and then a large one that outgrows a record of the log.
func (c *client) feed(ctx context.Context) error {
	id, rows := c.batch()
	if err := c.copy(ctx, id, 0, rows); err != nil {
		return err
	}
	c.ledger.ack(func() { c.ledger.batches[id] = batch{rows, true} })
	return nil
}

// feedInBlock sends a batch by two COPYs and an INSERT in one transaction.
func (c *client) feedInBlock(ctx context.Context) error {
	id, rows := c.batch()
	tx, err := c.conn.Begin(ctx)
	if err != nil {
		return err
	}
	if err := c.copy(ctx, id, 0, rows/2); err != nil {
		return err
	}
	if err := c.copy(ctx, id, rows/2, rows-1); err != nil {
		return err
	}
	if err := c.exec(ctx, 1, "INSERT INTO feed VALUES ($1, $2, 'last')", id*maxBatch+rows-1, id); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	c.ledger.ack(func() { c.ledger.batches[id] = batch{rows, true} })
	return nil
}

// maxBatch is more rows than any batch has.
const maxBatch = 100_000

// batch draws a batch and notes it as unknown.
func (c *client) batch() (id, rows int64) {
	id, rows = c.id(), 2+c.random.Int64N(300)
	if c.random.IntN(50) == 0 {
		rows = 25_000
	}
	c.ledger.note(func() { c.ledger.batches[id] = batch{rows, false} })
	return id, rows
}

func (c *client) copy(ctx context.Context, id, from, to int64) error {
	r, w := io.Pipe()
	go func() {
		for i := from; i < to; i++ {
			if _, err := fmt.Fprintf(w, "%d\t%d\t%s\n", id*maxBatch+i, id, pad[:i%int64(len(pad))]); err != nil {
				break // the connection broke
			}
		}
		w.Close()
	}()
	defer r.Close()
	_, err := c.conn.PgConn().CopyFrom(ctx, r, "COPY feed FROM STDIN")
	return err
}

var pad = strings.Repeat("all or nothing ", 25)

// transfer moves money between two accounts and notes it, in one transaction.
func (c *client) transfer(ctx context.Context) error {
	id := c.id()
	t := transfer{from: 1 + c.random.IntN(accounts), amount: 1 + c.random.IntN(50)}
	if t.to = t.from%accounts + 1; c.random.IntN(2) == 0 {
		t.from, t.to = t.to, t.from
	}
	tx, err := c.conn.Begin(ctx)
	if err != nil {
		return err
	}
	first, second := account{t.from, -t.amount}, account{t.to, t.amount}
	if t.to < t.from {
		first, second = second, first // in one order, so that no two wait for each other
	}
	for _, a := range []account{first, second} {
		if err := c.exec(ctx, 1, "UPDATE account SET balance = balance + $1 WHERE id = $2", a.change, a.id); err != nil {
			return errors.Join(err, rollback(ctx, tx, err))
		}
	}
	c.ledger.note(func() { c.ledger.transfers[id] = t })
	if err := c.exec(ctx, 1, "INSERT INTO transfer VALUES ($1, $2, $3, $4)", id, t.from, t.to, t.amount); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	t.known = true
	c.ledger.ack(func() { c.ledger.transfers[id] = t })
	return nil
}

type account struct{ id, change int }

// rollback ends a transaction after a conflict, so that the connection can go on.
func rollback(ctx context.Context, tx pgx.Tx, cause error) error {
	if !conflict(cause) {
		return nil
	}
	return tx.Rollback(ctx)
}

// count adds one to a counter of its own.
func (c *client) count(ctx context.Context) error {
	l, key := c.ledger, c.number
	l.note(func() { l.counters[key] = counter{l.counters[key].value, true} })
	if err := c.exec(ctx, 1, "INSERT INTO counter VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = counter.n + 1", key); err != nil {
		return err
	}
	l.ack(func() { l.counters[key] = counter{value: l.counters[key].value + 1} })
	return nil
}
