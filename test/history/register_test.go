package history

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// TestRegistersAreLinearizable runs concurrent reads, writes, deletes and conditional writes of single
// keys.
func TestRegistersAreLinearizable(t *testing.T) {
	operations, open := 0, 0
	each(t, func(t *testing.T, seed uint64, s system, p plan) {
		w := &registers{keys: 3 + int(seed%4)}
		// A failed transaction did not happen, so that the level makes no difference to this.
		p.options["default_transaction_isolation"] = []string{"read committed", "read committed", "repeatable read", "serializable"}[seed%4]
		perform(t, s, w, p, seed, &clock{begin: time.Now()})
		operations += len(w.history)
		open += w.open
		switch result, info := porcupine.CheckOperationsVerbose(registerModel, w.history, patience); result {
		case porcupine.Illegal:
			t.Errorf("seed %d: not linearizable%s", seed, describe(w.history, info))
		case porcupine.Unknown:
			t.Errorf("seed %d: not decided within %v", seed, patience)
		}
	})
	t.Logf("%d operations, and %d more of unknown outcome", operations-open, open)
}

// registers is the workload: each row of a table is a register.
type registers struct {
	keys int

	mu      sync.Mutex // guards below
	history []porcupine.Operation
	open    int // operations of unknown outcome
	last    int // value written
}

// regOp is what an operation on a register is.
type regOp int

const (
	regRead     regOp = iota
	regLock           // reads with FOR UPDATE, in a transaction
	regUpsert         // writes, whether there is a row or not
	regUpdate         // writes if there is a row
	regUpdateIf       // writes if the row has a certain value
	regInsert         // writes if there is no row
	regInsertOr       // the same by ON CONFLICT DO NOTHING
	regDelete         // deletes, and returns the value
	regSwap           // reads FOR UPDATE, then writes, in a transaction
	regOps
)

// regInput is an operation on a key. Values are above 0; 0 stands for no row.
type regInput struct {
	op       regOp
	key      int
	value    int // written
	expected int
}

// regOutput is what it brought: the value read, or whether there was something to write.
type regOutput struct {
	known bool
	value int
	wrote bool
}

var registerModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := map[int][]porcupine.Operation{}
		for _, o := range history {
			key := o.Input.(regInput).key
			byKey[key] = append(byKey[key], o)
		}
		var parts [][]porcupine.Operation
		for _, part := range byKey {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		next, want := stepRegister(state.(int), input.(regInput))
		got := output.(regOutput)
		want.known = got.known
		return !got.known || got == want, next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

// stepRegister is what an operation does to a register.
func stepRegister(state int, in regInput) (next int, out regOutput) {
	write := func(when bool) (int, regOutput) {
		if !when {
			return state, regOutput{}
		}
		return in.value, regOutput{wrote: true}
	}
	switch in.op {
	case regUpsert:
		return write(true)
	case regUpdate:
		return write(state != 0)
	case regUpdateIf:
		return write(state != 0 && state == in.expected)
	case regInsert, regInsertOr:
		return write(state == 0)
	case regDelete:
		return 0, regOutput{value: state, wrote: state != 0}
	case regSwap:
		next, out = write(state != 0)
		out.value = state
		return next, out
	}
	return state, regOutput{value: state}
}

func (w *registers) schema() []string {
	return []string{"CREATE TABLE reg (k int PRIMARY KEY, v int)", "CREATE INDEX ON reg USING btree (v)"}
}

// draw draws an operation. What is expected is a value written not long ago.
func (w *registers) draw(random *rand.Rand) regInput {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last++
	return regInput{
		op: regOp(random.IntN(int(regOps))), key: random.IntN(w.keys), value: w.last,
		expected: max(1, w.last-random.IntN(4*w.keys)),
	}
}

func (w *registers) step(ctx context.Context, c *client) error {
	in := w.draw(c.random)
	sent := c.clock.now()
	out, err := doRegister(ctx, c.conn, in)
	at, counts := c.clock.done(c.epoch)
	o := porcupine.Operation{ClientId: c.number, Input: in, Call: sent, Output: out, Return: at}
	how := outcomeOf(err)
	if !counts {
		how = unknown
	}
	if bad := expected(err); bad != nil && counts {
		return bad
	}
	if how == refused || how == unknown && (in.op == regRead || in.op == regLock) {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if how == unknown {
		o.Output, o.Return = regOutput{}, math.MaxInt64
		w.open++
	}
	w.history = append(w.history, o)
	return nil
}

// doRegister does an operation.
func doRegister(ctx context.Context, conn *pgx.Conn, in regInput) (regOutput, error) {
	out := regOutput{known: true}
	write := func(sql string, args ...any) (regOutput, error) {
		tag, err := conn.Exec(ctx, sql, args...)
		out.wrote = tag.RowsAffected() == 1
		return out, err
	}
	read := func(q interface {
		QueryRow(context.Context, string, ...any) pgx.Row
	}, sql string) error {
		err := q.QueryRow(ctx, sql, in.key).Scan(&out.value)
		if errors.Is(err, pgx.ErrNoRows) {
			err = nil
		}
		return err
	}
	switch in.op {
	case regRead:
		return out, read(conn, "SELECT v FROM reg WHERE k = $1")
	case regUpsert:
		return write("INSERT INTO reg VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET v = excluded.v", in.key, in.value)
	case regUpdate:
		return write("UPDATE reg SET v = $2 WHERE k = $1", in.key, in.value)
	case regUpdateIf:
		return write("UPDATE reg SET v = $2 WHERE k = $1 AND v = $3", in.key, in.value, in.expected)
	case regInsertOr:
		return write("INSERT INTO reg VALUES ($1, $2) ON CONFLICT DO NOTHING", in.key, in.value)
	case regInsert:
		_, err := write("INSERT INTO reg VALUES ($1, $2)", in.key, in.value)
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == "23505" {
			err = nil // there is a row, which is an answer
		}
		return out, err
	case regDelete:
		err := read(conn, "DELETE FROM reg WHERE k = $1 RETURNING v")
		out.wrote = out.value != 0
		return out, err
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return out, notSent{err}
	}
	defer tx.Rollback(ctx) //nolint:errcheck // does nothing after Commit
	if err := read(tx, "SELECT v FROM reg WHERE k = $1 FOR UPDATE"); err != nil {
		return out, notSent{err}
	}
	if in.op == regSwap && out.value != 0 {
		tag, err := tx.Exec(ctx, "UPDATE reg SET v = $2 WHERE k = $1", in.key, in.value)
		if err != nil {
			return out, notSent{err}
		}
		if out.wrote = tag.RowsAffected() == 1; !out.wrote {
			return out, broken{fmt.Errorf("the row of key %d is locked and gone", in.key)}
		}
	}
	return out, tx.Commit(ctx)
}

// describe shows the history of the keys that are not linearizable, as far as they are short.
func describe(history []porcupine.Operation, info porcupine.LinearizationInfo) string {
	text := ""
	for _, part := range registerModel.Partition(history) {
		if porcupine.CheckOperations(registerModel, part) {
			continue
		}
		longest := 0
		for _, partial := range info.PartialLinearizationsOperations() {
			for _, p := range partial {
				if len(p) > 0 && p[0].Input.(regInput).key == part[0].Input.(regInput).key {
					longest = max(longest, len(p))
				}
			}
		}
		text += fmt.Sprintf("\nkey %d: %d operations, of which %d can be put in order", part[0].Input.(regInput).key, len(part), longest)
		for _, o := range part {
			text += fmt.Sprintf("\n  client %d [%d, %d] %+v -> %+v", o.ClientId, o.Call, o.Return, o.Input, o.Output)
		}
	}
	return text
}
