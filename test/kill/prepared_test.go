package kill

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// doubt is what a client knows of a transaction that it has prepared, or has tried to, and has not ended.
type doubt int

const (
	preparing doubt = iota // PREPARE TRANSACTION was not answered
	isPrepared
	committing // COMMIT PREPARED was not answered
	rollingBack
)

// mostInDoubt is how many transactions a client leaves prepared.
const mostInDoubt = 3

// twoPhase prepares batches, and ends the oldest when there are enough of them.
func (c *client) twoPhase(ctx context.Context) error {
	c.inDoubt = c.ledger.stillInDoubt(c.inDoubt)
	if len(c.inDoubt) == mostInDoubt {
		id := c.inDoubt[0]
		c.inDoubt = c.inDoubt[1:]
		return c.endPrepared(ctx, id)
	}
	id, rows := c.batch()
	tx, err := c.conn.Begin(ctx)
	if err != nil {
		return err
	}
	if err := c.copy(ctx, id, 0, rows-1); err != nil {
		return err
	}
	if err := c.exec(ctx, 1, "INSERT INTO feed VALUES ($1, $2, 'last')", id*maxBatch+rows-1, id); err != nil {
		return err
	}
	c.ledger.note(func() { c.ledger.prepared[id] = preparing })
	if _, err := tx.Exec(ctx, fmt.Sprintf("PREPARE TRANSACTION '%d'", id)); err != nil {
		return err
	}
	c.ledger.note(func() { c.ledger.prepared[id] = isPrepared })
	c.inDoubt = append(c.inDoubt, id)
	return nil
}

// endPrepared commits or rolls back.
func (c *client) endPrepared(ctx context.Context, id int64) error {
	l := c.ledger
	if c.random.IntN(3) == 0 {
		l.note(func() { l.prepared[id] = rollingBack })
		if _, err := c.conn.Exec(ctx, fmt.Sprintf("ROLLBACK PREPARED '%d'", id)); err != nil {
			return err
		}
		l.note(func() { l.settlePrepared(id, false) })
		return nil
	}
	l.note(func() { l.prepared[id] = committing })
	if _, err := c.conn.Exec(ctx, fmt.Sprintf("COMMIT PREPARED '%d'", id)); err != nil {
		return err
	}
	l.ack(func() { l.settlePrepared(id, true) })
	return nil
}

// settlePrepared notes how a prepared batch has ended.
func (l *ledger) settlePrepared(id int64, committed bool) {
	delete(l.prepared, id)
	if committed {
		l.batches[id] = batch{l.batches[id].rows, true}
	} else {
		delete(l.batches, id)
	}
}

// stillInDoubt returns those of the ids that nobody has ended, such as the test after a restart.
func (l *ledger) stillInDoubt(ids []int64) (still []int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		if _, ok := l.prepared[id]; ok {
			still = append(still, id)
		}
	}
	return still
}

// resolve compares what a restart has found prepared with the ledger, sees that their keys are locked, and ends
// them, so that the batches tell the rest.
func resolve(t *testing.T, conn *pgx.Conn, l *ledger) []error {
	t.Helper()
	var wrong []error
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	rows, err := conn.Query(t.Context(), "SELECT gid FROM pg_prepared_xacts")
	if err != nil {
		t.Fatal(err)
	}
	gids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	exec := func(sql string) error {
		_, err := conn.Exec(t.Context(), sql)
		return err
	}
	if err := exec("SET lock_timeout = '1ms'"); err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, gid := range gids {
		id, _ := strconv.ParseInt(gid, 10, 64)
		known, ours := l.prepared[id]
		if !ours {
			complain("transaction %s is prepared, by the ledger it is not", gid)
			continue
		}
		for _, key := range []int64{0, l.batches[id].rows - 1} {
			err := exec(fmt.Sprintf("INSERT INTO feed VALUES (%d, 0)", id*maxBatch+key))
			if pg := (*pgconn.PgError)(nil); !errors.As(err, &pg) || pg.Code != "55P03" {
				complain("a key of prepared transaction %s is not locked: %v", gid, err)
			}
		}
		end := "COMMIT"
		if known == rollingBack {
			end = "ROLLBACK"
		}
		if err := exec(fmt.Sprintf("%s PREPARED '%s'", end, gid)); err != nil {
			complain("%v", err)
		}
		l.settlePrepared(id, known != rollingBack)
	}
	for id, known := range l.prepared {
		if known == isPrepared {
			complain("transaction %d was acknowledged as prepared, it is not there", id)
		}
		l.settlePrepared(id, known == committing)
	}
	return wrong
}
