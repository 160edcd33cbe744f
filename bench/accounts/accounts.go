// Package accounts is Cachalot's demo Accounts, made again: money moves between
// accounts by transactions with a condition, and none may be lost, made or owed.
//
// The original ran it with one client and looked for negative balances only. Here any number
// of clients run at once, the total must be conserved, and every balance must be what the
// transfers that were acknowledged say.
package accounts

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// InitialBalance is what each account begins with.
const InitialBalance = 1000

// Schema makes the collections, in Cachalot's kinds of index.
var Schema = []string{
	"CREATE TABLE account (id int PRIMARY KEY, balance numeric)",
	"CREATE TABLE moneytransfer (id bigint PRIMARY KEY, amount numeric, date timestamptz, sourceaccount int, destinationaccount int)",
	"CREATE INDEX account_balance ON account USING btree (balance)",
	"CREATE INDEX moneytransfer_amount ON moneytransfer USING btree (amount)",
	"CREATE INDEX moneytransfer_date ON moneytransfer USING dictionary (date)",
	"CREATE INDEX moneytransfer_source ON moneytransfer USING dictionary (sourceaccount)",
	"CREATE INDEX moneytransfer_destination ON moneytransfer USING dictionary (destinationaccount)",
}

// Bank is the workload: so many accounts, numbered from 0.
type Bank struct {
	DSN      string
	Accounts int // at least 2; the original has 1,000
	Seed     uint64
}

// Result is what a run did.
type Result struct {
	Clients    int
	Transfers  int // tried
	RolledBack int // for want of money
	Retried    int // after a conflict between transactions
	Took       time.Duration
}

// PerTransaction returns the mean time of one transfer as its client saw it.
func (r Result) PerTransaction() time.Duration {
	return r.Took * time.Duration(r.Clients) / time.Duration(max(r.Transfers, 1))
}

// Reset empties both collections and opens the accounts.
func (b Bank) Reset(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, b.DSN)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, table := range []string{"account", "moneytransfer"} {
		if _, err := conn.Exec(ctx, "TRUNCATE "+table); err != nil {
			return err
		}
	}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"account"}, []string{"id", "balance"},
		pgx.CopyFromSlice(b.Accounts, func(i int) ([]any, error) { return []any{int32(i), InitialBalance}, nil }))
	return err
}

// Run makes so many transfers with each of the clients and checks the books afterwards.
func (b Bank) Run(ctx context.Context, clients, transfersEach int) (Result, error) {
	res := Result{Clients: clients, Transfers: clients * transfersEach}
	var (
		wg                  sync.WaitGroup
		rolledBack, retried atomic.Int64
		errs                = make([]error, clients)
		conns               = make([]*pgx.Conn, clients)
	)
	for i := range conns {
		conn, err := pgx.Connect(ctx, b.DSN)
		if err != nil {
			return res, err
		}
		defer conn.Close(context.WithoutCancel(ctx))
		conns[i] = conn
	}
	start := time.Now()
	for i, conn := range conns {
		wg.Go(func() {
			c := client{
				bank:    b,
				conn:    conn,
				random:  rand.New(rand.NewPCG(b.Seed, uint64(i))),
				firstID: int64(i) * int64(transfersEach),
			}
			errs[i] = c.run(ctx, transfersEach)
			rolledBack.Add(int64(c.rolledBack))
			retried.Add(int64(c.retried))
		})
	}
	wg.Wait()
	res.Took = time.Since(start)
	res.RolledBack, res.Retried = int(rolledBack.Load()), int(retried.Load())
	if err := errors.Join(errs...); err != nil {
		return res, err
	}
	return res, b.Check(ctx, res.Transfers-res.RolledBack)
}

// client is one of those that transfer money. One goroutine uses it.
type client struct {
	bank                Bank
	conn                *pgx.Conn
	random              *rand.Rand
	firstID             int64
	rolledBack, retried int
}

// attempts bound how often one transfer is tried again.
const attempts = 100

func (c *client) run(ctx context.Context, transfers int) error {
	for n := range transfers {
		t := transfer{id: c.firstID + int64(n), amount: 1 + c.random.IntN(999)}
		t.from = 1 + c.random.IntN(c.bank.Accounts-1)
		if t.to = t.from + 1; t.to == c.bank.Accounts {
			t.to = t.from - 1
		}
		for try := 1; ; try++ {
			done, err := t.run(ctx, c.conn)
			if err == nil {
				if !done {
					c.rolledBack++
				}
				break
			}
			if !conflict(err) || try == attempts {
				return fmt.Errorf("transfer of %d from %d to %d: %w", t.amount, t.from, t.to, err)
			}
			c.retried++
		}
	}
	return nil
}

// conflict says whether an error is the other transaction's fault, so that trying again is right.
func conflict(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "40001", "40P01", "55P03": // serialization failure, deadlock, lock not available
		return true
	}
	return false
}

// transfer moves an amount between two accounts.
type transfer struct {
	id               int64
	from, to, amount int
}

const (
	readAccount = "SELECT balance FROM account WHERE id = $1"
	withdraw    = "UPDATE account SET balance = balance - $1 WHERE id = $2 AND balance >= $1"
	deposit     = "UPDATE account SET balance = balance + $1 WHERE id = $2"
	note        = "INSERT INTO moneytransfer (id, amount, date, sourceaccount, destinationaccount) VALUES ($1, $2, now(), $3, $4)"
)

// run makes the transfer in a transaction. Not done, without an error: the account had not enough.
// The accounts are changed in the order of their numbers, whichever gives: two transfers that
// meet wait for one another, and never each for the other.
func (t transfer) run(ctx context.Context, conn *pgx.Conn) (done bool, err error) {
	for _, account := range []int{t.from, t.to} {
		rows, err := conn.Query(ctx, readAccount, account)
		if err != nil {
			return false, err
		}
		found := rows.Next()
		rows.Close()
		if rows.Err() != nil || !found {
			return false, errors.Join(rows.Err(), fmt.Errorf("account %d: found %v", account, found))
		}
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return false, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx)) //nolint:errcheck // what failed was returned before, after a commit it does nothing
	change := func(sql string, account int) (bool, error) {
		tag, err := tx.Exec(ctx, sql, t.amount, account)
		return tag.RowsAffected() == 1, err
	}
	type step struct {
		sql     string
		account int
	}
	steps := []step{{withdraw, t.from}, {deposit, t.to}}
	if t.to < t.from {
		steps[0], steps[1] = steps[1], steps[0]
	}
	for _, s := range steps {
		if ok, err := change(s.sql, s.account); err != nil || !ok {
			return false, err
		}
	}
	if _, err := tx.Exec(ctx, note, t.id, t.amount, t.from, t.to); err != nil {
		return false, err
	}
	return true, tx.Commit(ctx)
}

// Check compares the balances with the transfers noted: none is negative, their sum is what it was,
// each is what its transfers make it, and there are as many transfers as were acknowledged.
func (b Bank) Check(ctx context.Context, committed int) error {
	conn, err := pgx.Connect(ctx, b.DSN)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var negative, sum, transfers int64
	for sql, into := range map[string]*int64{
		"SELECT count(*) FROM account WHERE balance < 0": &negative,
		"SELECT sum(balance)::bigint FROM account":       &sum,
		"SELECT count(*) FROM moneytransfer":             &transfers,
	} {
		if err := conn.QueryRow(ctx, sql).Scan(into); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	switch total := int64(b.Accounts) * InitialBalance; {
	case negative != 0:
		return fmt.Errorf("%d balances are negative", negative)
	case sum != total:
		return fmt.Errorf("all balances make %d, not %d", sum, total)
	case transfers != int64(committed):
		return fmt.Errorf("%d transfers are noted, %d were acknowledged", transfers, committed)
	}
	return b.checkEach(ctx, conn)
}

// checkEach compares every balance with the transfers of its account.
func (b Bank) checkEach(ctx context.Context, conn *pgx.Conn) error {
	want := make([]int64, b.Accounts)
	for i := range want {
		want[i] = InitialBalance
	}
	var from, to int
	var amount, balance int64
	rows, err := conn.Query(ctx, "SELECT sourceaccount, destinationaccount, amount::bigint FROM moneytransfer")
	if err != nil {
		return err
	}
	if _, err := pgx.ForEachRow(rows, []any{&from, &to, &amount}, func() error {
		want[from] -= amount
		want[to] += amount
		return nil
	}); err != nil {
		return err
	}
	rows, err = conn.Query(ctx, "SELECT id, balance::bigint FROM account")
	if err != nil {
		return err
	}
	_, err = pgx.ForEachRow(rows, []any{&from, &balance}, func() error {
		if balance != want[from] {
			return fmt.Errorf("account %d holds %d, its transfers make %d", from, balance, want[from])
		}
		return nil
	})
	return err
}
