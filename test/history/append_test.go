package history

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/cachalotdb/cachalot/test/history/listappend"
)

// TestListsShowNoAnomaly runs transactions that append to lists and read them, at each isolation level.
func TestListsShowNoAnomaly(t *testing.T) {
	var committed, aborted, unknown int
	each(t, func(t *testing.T, seed uint64, s system, p plan) {
		w := runLists(t, s, p, seed, listappend.Level(seed%3))
		for _, x := range w.history {
			switch x.Status {
			case listappend.Committed:
				committed++
			case listappend.Aborted:
				aborted++
			default:
				unknown++
			}
		}
		for _, anomaly := range listappend.Check(w.history, w.level) {
			t.Errorf("seed %d, %v: %v", seed, w.level, anomaly)
		}
	})
	t.Logf("%d transactions committed, %d aborted, %d of unknown outcome", committed, aborted, unknown)
}

// runLists runs the workload at a level, with half of the plan's steps, for each is a transaction.
func runLists(t *testing.T, s system, p plan, seed uint64, level listappend.Level) *lists {
	t.Helper()
	w := &lists{level: level, keys: 3 + int(seed/3%4)}
	p.steps /= 2
	crashes := p.crashes
	p.crashes = nil
	for _, at := range crashes {
		p.crashes = append(p.crashes, at/2)
	}
	p.options = map[string]string{"default_transaction_isolation": strings.ToLower(level.String())}
	perform(t, s, w, p, seed, &clock{begin: time.Now()})
	w.readAll(t, s)
	return w
}

// lists is the workload. A list is a text column: elements, each with a comma before it. A key's group
// is its remainder by 2, so that there are predicates besides the key.
type lists struct {
	level listappend.Level
	keys  int

	mu      sync.Mutex // guards below
	history []*listappend.Txn
	last    int // element
	fed     int // keys of feeds begin above
}

// feedKeys is above all keys but those of feeds.
const feedKeys = 1000

func (w *lists) schema() []string {
	return []string{
		"CREATE TABLE list (k int PRIMARY KEY, grp int, v text NOT NULL)",
		"CREATE INDEX ON list USING btree (grp)",
	}
}

func (w *lists) elem() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last++
	return w.last
}

// step does a transaction and writes it down. Before that it ends the one that it may have left prepared.
func (w *lists) step(ctx context.Context, c *client) error {
	if c.prepared != nil {
		return w.settle(ctx, c)
	}
	x := &transaction{lists: w, client: c, txn: &listappend.Txn{Process: c.number}}
	x.txn.Sent = c.clock.now()
	err := x.run(ctx)
	at, counts := c.clock.done(c.epoch)
	if bad := expected(err); bad != nil && counts {
		return bad
	}
	x.txn.Done = at
	how := outcomeOf(err)
	switch {
	case how == refused:
		x.txn.Status = listappend.Aborted // in any case: COMMIT was not sent, or refused
	case c.prepared != nil && !c.prepared.commit:
		x.txn.Status = listappend.Aborted
	case how == unknown || !counts:
		x.txn.Status = listappend.Unknown
	}
	if c.prepared != nil && how == done && counts {
		c.prepared = nil // and ended
	}
	w.mu.Lock()
	w.history = append(w.history, x.txn)
	w.mu.Unlock()
	return nil
}

// transaction is one transaction of a client.
type transaction struct {
	*lists
	client *client
	txn    *listappend.Txn
	tx     querier
	inside bool // a savepoint that will be rolled back
}

// querier is a connection or a transaction on it.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// run does one statement by itself, or several in a block.
func (x *transaction) run(ctx context.Context) error {
	c := x.client
	if c.random.IntN(5) == 0 {
		x.tx = c.conn
		return x.operation(ctx, false)
	}
	tx, err := c.conn.Begin(ctx)
	if err != nil {
		return notSent{err}
	}
	defer tx.Rollback(ctx) //nolint:errcheck // does nothing after Commit
	x.tx = tx
	for range 1 + c.random.IntN(5) {
		if c.random.IntN(12) == 0 {
			err = x.undone(ctx)
		} else {
			err = x.operation(ctx, true)
		}
		if err != nil {
			return notSent{err}
		}
	}
	if c.random.IntN(20) == 0 {
		return notSent{errors.Join(errGivenUp, tx.Rollback(ctx))}
	}
	if c.random.IntN(8) == 0 {
		return x.prepare(ctx)
	}
	return tx.Commit(ctx)
}

var errGivenUp = errors.New("rolled back because it was drawn")

// prepared is a transaction that was prepared, for all that its client knows, and is not ended.
type prepared struct {
	gid    string
	commit bool // the decision
	txn    *listappend.Txn
}

func (p *prepared) sql() string {
	if p.commit {
		return "COMMIT PREPARED '" + p.gid + "'"
	}
	return "ROLLBACK PREPARED '" + p.gid + "'"
}

// prepare ends the transaction in two phases.
func (x *transaction) prepare(ctx context.Context) error {
	c := x.client
	p := &prepared{gid: fmt.Sprintf("t%d", x.elem()), commit: c.random.IntN(4) > 0, txn: x.txn}
	tag, err := c.conn.Exec(ctx, "PREPARE TRANSACTION '"+p.gid+"'")
	var pg *pgconn.PgError
	if x.level == listappend.Serializable && errors.As(err, &pg) && pg.Code == "0A000" {
		return notSent{errGivenUp} // it has read what others may change before its decision
	}
	if outcomeOf(err) == refused {
		return notSent{err}
	}
	c.prepared = p
	if err != nil {
		return err
	}
	if tag.String() != "PREPARE TRANSACTION" {
		return broken{fmt.Errorf("PREPARE TRANSACTION says %s", tag)}
	}
	if _, err = c.conn.Exec(ctx, p.sql()); outcomeOf(err) == refused {
		return broken{fmt.Errorf("%s: %w", p.sql(), err)}
	}
	return err
}

// settle ends what its client left prepared. It may not be there any more, or never have been.
func (w *lists) settle(ctx context.Context, c *client) error {
	p := c.prepared
	var pg *pgconn.PgError
	_, err := c.conn.Exec(ctx, p.sql())
	for errors.As(err, &pg) && pg.Code == "55000" {
		// Busy: what a cut connection sent is still under way. To go on with other work would make a circle possible that
		// nobody sees: of clients that wait for each other's prepared transactions.
		pg = nil
		_, err = c.conn.Exec(ctx, p.sql())
	}
	at, counts := c.clock.done(c.epoch)
	switch {
	case !counts || outcomeOf(err) == unknown:
		return nil // another time
	case errors.As(err, &pg) && pg.Code != "42704":
		return broken{fmt.Errorf("%s: %w", p.sql(), err)}
	}
	if err == nil && p.commit {
		w.mu.Lock()
		p.txn.Status, p.txn.Done = listappend.Committed, at
		w.mu.Unlock()
	}
	c.prepared = nil
	return nil
}

// undone does operations and rolls them back to a savepoint.
func (x *transaction) undone(ctx context.Context) error {
	if _, err := x.tx.Exec(ctx, "SAVEPOINT s"); err != nil {
		return err
	}
	x.inside = true
	for range 1 + x.client.random.IntN(2) {
		if err := x.operation(ctx, true); err != nil {
			return err
		}
	}
	x.inside = false
	_, err := x.tx.Exec(ctx, "ROLLBACK TO s")
	return err
}

// appended writes an append down, before it is sent.
func (x *transaction) appended(key, elem int) {
	op := listappend.Op{Key: key, Elem: elem}
	if x.inside {
		x.txn.Undone = append(x.txn.Undone, op)
	} else {
		x.txn.Ops = append(x.txn.Ops, op)
	}
}

// operation appends or reads. In a block an append may also be a read and a write of what was read,
// which only REPEATABLE READ makes safe.
func (x *transaction) operation(ctx context.Context, block bool) error {
	random := x.client.random
	key := random.IntN(x.keys)
	switch n := random.IntN(12); {
	case n == 0:
		return x.feed(ctx)
	case n <= 2:
		return x.upsert(ctx, key)
	case n <= 4:
		return x.update(ctx, key)
	case n <= 5 && block:
		return x.rewrite(ctx, key)
	case n <= 7:
		return x.read(ctx, []int{key}, "k = "+strconv.Itoa(key))
	case n <= 8 && block:
		strength := []string{"UPDATE", "NO KEY UPDATE", "SHARE", "KEY SHARE"}[random.IntN(4)]
		return x.read(ctx, []int{key}, fmt.Sprintf("k = %d FOR %s", key, strength))
	case n <= 9:
		return x.readGroup(ctx, random.IntN(2))
	case n <= 10:
		return x.readFed(ctx)
	}
	return x.read(ctx, x.all(), fmt.Sprintf("k < %d", feedKeys))
}

func (x *transaction) all() []int {
	var keys []int
	for k := range x.keys {
		keys = append(keys, k)
	}
	return keys
}

func (x *transaction) upsert(ctx context.Context, key int) error {
	elem := x.elem()
	x.appended(key, elem)
	_, err := x.tx.Exec(ctx, "INSERT INTO list VALUES ($1, $2, $3) ON CONFLICT (k) DO UPDATE SET v = list.v || excluded.v",
		key, key%2, fmt.Sprintf(",%d", elem))
	return err
}

// update appends if there is a row, and inserts it if not, at the risk that another does.
func (x *transaction) update(ctx context.Context, key int) error {
	elem := x.elem()
	x.appended(key, elem)
	text := fmt.Sprintf(",%d", elem)
	if _, block := x.tx.(pgx.Tx); !block {
		// By itself it must be one statement.
		_, err := x.tx.Exec(ctx, "INSERT INTO list VALUES ($1, $2, $3) ON CONFLICT (k) DO UPDATE SET v = list.v || $3", key, key%2, text)
		return err
	}
	tag, err := x.tx.Exec(ctx, "UPDATE list SET v = v || $2 WHERE k = $1", key, text)
	if err == nil && tag.RowsAffected() == 0 {
		_, err = x.tx.Exec(ctx, "INSERT INTO list VALUES ($1, $2, $3)", key, key%2, text)
	}
	return err
}

// rewrite reads a list and writes it with one more element.
func (x *transaction) rewrite(ctx context.Context, key int) error {
	condition := "k = " + strconv.Itoa(key)
	if x.level == listappend.ReadCommitted {
		condition += " FOR UPDATE"
	}
	rows, err := x.rows(ctx, condition)
	if err != nil {
		return err
	}
	old, there := rows[key]
	if !x.inside {
		x.txn.Ops = append(x.txn.Ops, listappend.Op{Key: key, Read: true, List: old})
	}
	elem := x.elem()
	x.appended(key, elem)
	text := formatList(append(old, elem))
	if there {
		_, err = x.tx.Exec(ctx, "UPDATE list SET v = $2 WHERE k = $1", key, text)
	} else {
		_, err = x.tx.Exec(ctx, "INSERT INTO list VALUES ($1, $2, $3)", key, key%2, text)
	}
	return err
}

// feed appends an element to several lists that nobody has used, by a bulk load.
func (x *transaction) feed(ctx context.Context) error {
	elem := x.elem()
	x.mu.Lock()
	first := feedKeys + x.fed
	x.fed += fedKeys
	x.mu.Unlock()
	for k := first; k < first+fedKeys; k++ {
		x.appended(k, elem)
	}
	if x.client.random.IntN(3) == 0 {
		_, err := x.tx.Exec(ctx, "INSERT INTO list SELECT g, 2, $1 FROM generate_series($2::int, $3::int) g",
			fmt.Sprintf(",%d", elem), first, first+fedKeys-1)
		return err
	}
	var rows strings.Builder
	for k := first; k < first+fedKeys; k++ {
		fmt.Fprintf(&rows, "%d\t2\t,%d\n", k, elem)
	}
	_, err := x.client.conn.PgConn().CopyFrom(ctx, strings.NewReader(rows.String()), "COPY list FROM STDIN")
	return err
}

// fedKeys is how many lists a feed makes.
const fedKeys = 3

// readFed reads the newest lists that feeds have made or are making.
func (x *transaction) readFed(ctx context.Context) error {
	x.mu.Lock()
	fed := x.fed
	x.mu.Unlock()
	var keys []int
	for k := feedKeys + max(0, fed-4*fedKeys); k < feedKeys+fed; k++ {
		keys = append(keys, k)
	}
	return x.read(ctx, keys, fmt.Sprintf("k BETWEEN %d AND %d", feedKeys+max(0, fed-4*fedKeys), feedKeys+fed-1))
}

// readGroup reads by the index on another column.
func (x *transaction) readGroup(ctx context.Context, group int) error {
	var keys []int
	for _, k := range x.all() {
		if k%2 == group {
			keys = append(keys, k)
		}
	}
	return x.read(ctx, keys, fmt.Sprintf("grp = %d", group))
}

// read reads the rows of a condition, which are those of keys: what is not there is an empty list.
func (x *transaction) read(ctx context.Context, keys []int, condition string) error {
	rows, err := x.rows(ctx, condition)
	if err != nil || x.inside {
		return err
	}
	for _, k := range keys {
		x.txn.Ops = append(x.txn.Ops, listappend.Op{Key: k, Read: true, List: rows[k]})
	}
	return nil
}

func (x *transaction) rows(ctx context.Context, condition string) (map[int][]int, error) {
	return readLists(ctx, x.tx, condition)
}

func readLists(ctx context.Context, q querier, condition string) (map[int][]int, error) {
	rows, err := q.Query(ctx, "SELECT k, v FROM list WHERE "+condition)
	if err != nil {
		return nil, err
	}
	lists := map[int][]int{}
	var k int
	var v string
	_, err = pgx.ForEachRow(rows, []any{&k, &v}, func() error {
		if _, twice := lists[k]; twice {
			return broken{fmt.Errorf("key %d is there twice: %v and %v", k, formatList(lists[k]), v)}
		}
		lists[k], err = parseList(v)
		return err
	})
	return lists, err
}

func parseList(text string) ([]int, error) {
	var list []int
	for _, word := range strings.Split(text, ",")[1:] {
		n, err := strconv.Atoi(word)
		if err != nil {
			return nil, broken{fmt.Errorf("a list is %q", text)}
		}
		list = append(list, n)
	}
	return list, nil
}

func formatList(list []int) string {
	var b strings.Builder
	for _, n := range list {
		fmt.Fprintf(&b, ",%d", n)
	}
	return b.String()
}

// readAll reads everything in one transaction after all others.
func (w *lists) readAll(t *testing.T, s system) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.dsn())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := readLists(t.Context(), conn, "k >= 0")
	if err != nil {
		t.Fatal(err)
	}
	var latest int64
	seen := map[int]bool{}
	final := &listappend.Txn{Process: -1}
	for _, x := range w.history {
		latest = max(latest, x.Sent, x.Done)
		for _, op := range x.Ops {
			if !seen[op.Key] {
				seen[op.Key] = true
				final.Ops = append(final.Ops, listappend.Op{Key: op.Key, Read: true, List: rows[op.Key]})
			}
		}
	}
	for k := range rows { // made up, or of transactions that appended within savepoints alone
		if !seen[k] {
			final.Ops = append(final.Ops, listappend.Op{Key: k, Read: true, List: rows[k]})
		}
	}
	final.Sent, final.Done = latest+1, latest+2
	w.history = append(w.history, final)
}
