package exec

import (
	"context"
	"strings"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// Modifier is the operator of an INSERT, UPDATE or DELETE. Its first Next does all the
// work; the rows it yields are those of RETURNING.
type Modifier interface {
	Operator
	// Affected returns the number of rows inserted, changed or removed.
	Affected() int64
}

// Affected returns what Modifier.Affected does, if the operator, or the one that a WITH clause stands over, is one.
func Affected(op Operator) (n int64, ok bool) {
	op = unwrap(op)
	if w, is := op.(*with); is {
		return Affected(w.Operator)
	}
	m, ok := op.(Modifier)
	if !ok {
		return 0, false
	}
	return m.Affected(), true
}

// writer changes the rows of one table and collects what RETURNING gives.
type writer struct {
	env       *Env
	table     *schema.Table
	rules     *plan.RowRules // nil: none
	events    *Events        // what foreign keys ask for at the end of the statement; nil: nothing
	all       []int16        // every column number
	returning []*plan.Program
	kinds     []value.Kind
	results   []*column.Batch
	row       []value.Value
	newKey    []byte // of replace
	affected  int64
	done      bool
	at        int
}

func newWriter(env *Env, t *schema.Table, rules *plan.RowRules, returning []*plan.Program) writer {
	var w writer
	w.reset(env, t, rules, returning)
	return w
}

// reset makes a writer that has done its work a new one, which keeps memory.
func (w *writer) reset(env *Env, t *schema.Table, rules *plan.RowRules, returning []*plan.Program) {
	*w = writer{env: env, table: t, rules: rules, returning: returning, all: w.all[:0], kinds: w.kinds[:0], newKey: w.newKey}
	if rules != nil && (rules.References || rules.Referenced) {
		if w.events = env.late; w.events == nil {
			w.events = NewEvents(env)
		}
	}
	for i := range t.Columns {
		w.all = append(w.all, t.Columns[i].Num)
	}
	for _, p := range returning {
		w.kinds = append(w.kinds, p.Expr.Type().Kind)
	}
}

// Affected implements Modifier.
func (w *writer) Affected() int64 { return w.affected }

// yield gives the next batch of RETURNING, after run has done the work.
func (w *writer) yield(ctx context.Context, r *Rows, run func(context.Context) error) (bool, error) {
	if !w.done {
		w.done = true
		if err := run(ctx); err != nil {
			return false, err
		}
		if err := w.finish(ctx); err != nil {
			return false, err
		}
	}
	if w.at == len(w.results) {
		return false, nil
	}
	r.set(w.results[w.at], nil)
	w.at++
	return true, nil
}

// finish looks at what foreign keys ask for when all rows are written.
func (w *writer) finish(ctx context.Context) error {
	if w.env.late != nil {
		return nil
	}
	return w.events.Run(ctx)
}

// wrote counts a row and computes RETURNING over it.
func (w *writer) wrote(row []value.Value) error {
	w.affected++
	if len(w.returning) == 0 {
		return nil
	}
	w.row = w.row[:0]
	for _, p := range w.returning {
		v, err := expr.Eval(w.env.Expr, p.Expr, row)
		if err != nil {
			return err
		}
		w.row = append(w.row, v)
	}
	n := len(w.results)
	if n == 0 || w.results[n-1].N == column.BatchRows {
		b := new(column.Batch)
		b.Reset(w.kinds)
		w.results = append(w.results, b)
		n++
		if err := w.env.Budget.take(int64(column.BatchRows * 16 * len(w.kinds))); err != nil {
			return err
		}
	}
	w.results[n-1].AppendRow(w.row)
	return nil
}

// complete computes the generated columns of a row, and refuses it when it breaks a constraint that it alone can break.
func (w *writer) complete(row []value.Value) error {
	return Complete(w.env.Expr, w.table, w.rules, row)
}

// Complete computes the generated columns of a row of a table, and returns 23502 or 23514 when it breaks NOT NULL or
// CHECK. rules may be nil.
func Complete(c *expr.Context, t *schema.Table, rules *plan.RowRules, row []value.Value) error {
	if rules != nil {
		if err := assign(c, t.Columns, rules.Generated, row, row); err != nil {
			return err
		}
	}
	if err := checkNotNull(t, row, c.Style); err != nil || rules == nil {
		return err
	}
	for i := range rules.Checks {
		v, err := expr.Eval(c, rules.Checks[i].Expr, row)
		if err != nil {
			return err
		}
		if !v.IsNull() && !v.Bool() {
			return checkViolation(t, rules.Checks[i].Name, row, c.Style)
		}
	}
	return nil
}

// checkViolation is the 23514 error for a row.
func checkViolation(t *schema.Table, name string, row []value.Value, style *value.Style) error {
	return sqlerr.New(sqlerr.CheckViolation, "new row for relation %q violates check constraint %q", t.Name, name).
		WithDetail("Failing row contains (%s).", describeRow(t, row, style)).
		WithConstraint(t.Schema, t.Name, name)
}

// checkNotNull refuses a row with a NULL where there must be none.
func checkNotNull(t *schema.Table, row []value.Value, style *value.Style) error {
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.NotNull && !c.Hidden && row[i].IsNull() {
			return NotNullViolation(t, c, row, style)
		}
	}
	return nil
}

// NotNullViolation is the 23502 error for a column of a row.
func NotNullViolation(t *schema.Table, c *schema.Column, row []value.Value, style *value.Style) error {
	err := sqlerr.New(sqlerr.NotNullViolation, "null value in column %q of relation %q violates not-null constraint", c.Name, t.Name).
		WithDetail("Failing row contains (%s).", describeRow(t, row, style))
	err.Schema, err.Table, err.Column = t.Schema, t.Name, c.Name
	return err
}

// describeRow is a row as error details show it: each value cut at 64 bytes.
func describeRow(t *schema.Table, row []value.Value, style *value.Style) string {
	if style == nil {
		style = value.DefaultStyle()
	}
	var parts []string
	for i := range t.Columns {
		if t.Columns[i].Hidden {
			continue
		}
		s := "null"
		if !row[i].IsNull() {
			s = string(value.AppendText(nil, row[i], style))
		}
		if len(s) > 64 {
			s = strings.ToValidUTF8(s[:64], "") + "..."
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, ", ")
}

// lock takes the lock of a key and returns its newest row.
func (w *writer) lock(ctx context.Context, key []byte, mode store.LockMode) (store.Current, bool, error) {
	if _, err := w.env.Txn.LockKey(ctx, w.table, key, mode, store.WaitBlock); err != nil {
		return store.Current{}, false, err
	}
	return w.env.Txn.Newest(w.table, key)
}

// addRow adds a complete row whose key and unique values are locked and free.
func (w *writer) addRow(key []byte, row []value.Value) error {
	w.events.Added(w.table, nil, row)
	return w.env.Txn.Insert(w.table, key, row)
}

// replace puts a new row in the place of the current one of a locked key, of which old are the values. When the new
// row has another key, that must be free.
func (w *writer) replace(ctx context.Context, key []byte, cur store.Current, old, row []value.Value) error {
	if err := w.complete(row); err != nil {
		return err
	}
	newKey, err := w.env.Txn.RowKey(w.newKey[:0], w.table, row)
	if err != nil {
		return err
	}
	w.newKey = newKey
	same := string(newKey) == string(key)
	if !same || w.rules != nil && keyChanges(w.rules.Unique, old, row) {
		// From here on it is an update of a key, which excludes those who refer to the row.
		if _, _, err := w.lock(ctx, key, store.ForUpdate); err != nil {
			return err
		}
	}
	if !same {
		_, taken, err := w.lock(ctx, newKey, store.ForUpdate)
		if err != nil {
			return err
		}
		if taken {
			return store.UniqueViolation(w.table, newKey)
		}
	}
	if err := w.claim(ctx, row, old, nil); err != nil {
		return err
	}
	w.events.Added(w.table, old, row)
	w.events.left(w.table, old, row)
	if same {
		return w.env.Txn.Update(w.table, key, cur, row)
	}
	if err := w.env.Txn.Delete(w.table, key, cur); err != nil {
		return err
	}
	return w.env.Txn.Insert(w.table, newKey, row)
}

// keyChanges says whether a row gets another value in a unique index that a foreign key can refer to.
func keyChanges(unique []*schema.Index, old, row []value.Value) bool {
	for _, x := range unique {
		if x.Filter == 0 && !sameColumns(x.Nums(), old, row) {
			return true
		}
	}
	return false
}

// remove deletes the current row of a locked key, of which row are the values.
func (w *writer) remove(ctx context.Context, key []byte, cur store.Current, row []value.Value) error {
	if w.rules != nil {
		for _, x := range w.rules.Unique {
			if err := w.giveUp(ctx, x, row); err != nil {
				return err
			}
		}
	}
	w.events.left(w.table, row, nil)
	return w.env.Txn.Delete(w.table, key, cur)
}

// claim locks the values that a row gets in the unique indexes, but for those of one index, and sees that no other row has
// them; those that it had before, old (nil for a new row), are locked too, so that who wants one waits for the end of the transaction.
func (w *writer) claim(ctx context.Context, row, old []value.Value, but func(*schema.Index) bool) error {
	if w.rules == nil {
		return nil
	}
	for _, x := range w.rules.Unique {
		if but != nil && but(x) {
			continue
		}
		key, ok := store.UniqueKey(nil, x, row)
		if old != nil {
			was, had := store.UniqueKey(nil, x, old)
			if had == ok && string(was) == string(key) {
				continue
			}
			if err := w.giveUp(ctx, x, old); err != nil {
				return err
			}
		}
		if !ok {
			continue
		}
		_, taken, err := w.env.Txn.LockUnique(ctx, w.table, x, key, store.ForUpdate, store.WaitBlock)
		if err != nil {
			return err
		}
		if taken {
			return store.IndexViolation(w.table, x, row)
		}
	}
	return nil
}

// giveUp locks the value that a row has in a unique index and will no longer have.
func (w *writer) giveUp(ctx context.Context, x *schema.Index, row []value.Value) error {
	key, ok := store.UniqueKey(nil, x, row)
	if !ok {
		return nil
	}
	_, _, err := w.env.Txn.LockUnique(ctx, w.table, x, key, store.ForUpdate, store.WaitBlock)
	return err
}

// meets says whether a row meets a conjunction.
func meets(c *expr.Context, where []expr.Expr, row []value.Value) (bool, error) {
	for _, e := range where {
		v, err := expr.Eval(c, e, row)
		if err != nil || v.IsNull() || !v.Bool() {
			return false, err
		}
	}
	return true, nil
}
