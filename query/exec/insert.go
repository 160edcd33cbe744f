package exec

import (
	"context"
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// feedRows is the number of rows from which an INSERT is a feed: its rows then go to the log as they come
// instead of into the commit record.
const feedRows = 4096

// insert adds rows to a table.
type insert struct {
	writer
	node *plan.Insert
	in   Operator // nil when the node has the rows

	pending [][]value.Value // rows kept back until it is known whether they become a feed
	feed    *store.Feed
	batch   column.Batch
	columns []value.Kind
	touched map[string]struct{} // keys that ON CONFLICT DO UPDATE has written
	key     []byte
	pair    []value.Value
	// cells are the values of a row of expressions; defaults marks those that are DEFAULT.
	cells    []value.Value
	defaults []bool
}

func (b *builder) insert(n *plan.Insert) (*tree, error) {
	op := &insert{writer: newWriter(b.env, n.Table, n.Rules, n.Returning), node: n}
	var in *tree
	if n.In != nil {
		var err error
		if in, err = b.build(n.In, -1); err != nil {
			return nil, err
		}
		op.in = b.single(in)
	}
	for i := range n.Table.Columns {
		op.columns = append(op.columns, n.Table.Columns[i].Type.Kind)
	}
	t := b.modify(op, "Insert", n.Table.Name, n, in)
	if s := t.step; s != nil && in == nil {
		rows := len(n.Rows.Bound) + len(n.Rows.Plain)
		s.Kids = append(s.Kids, &Step{Name: "Values Scan", Rows: float64(rows)})
	}
	return t, nil
}

func (n *insert) Next(ctx context.Context, r *Rows) (bool, error) { return n.yield(ctx, r, n.run) }

// run inserts all rows.
func (n *insert) run(ctx context.Context) error {
	var err error
	if n.in != nil {
		err = n.fromInput(ctx)
	} else {
		err = n.fromRows(ctx)
	}
	if err != nil {
		n.abandon(ctx)
		return err
	}
	if n.feed != nil {
		if err := n.flush(ctx); err != nil {
			n.abandon(ctx)
			return err
		}
		return n.feed.Close(ctx)
	}
	for _, row := range n.pending {
		if err := n.put(ctx, row); err != nil {
			return err
		}
	}
	return nil
}

// abandon ends the feed of a statement that failed; its transaction will be rolled back.
func (n *insert) abandon(ctx context.Context) {
	if n.feed != nil {
		_ = n.feed.Close(ctx) // the statement's own error is the one to tell
	}
}

func (n *insert) fromInput(ctx context.Context) error {
	var r Rows
	cells := make([]value.Value, 0, len(n.columns))
	for {
		ok, err := n.in.Next(ctx, &r)
		if err != nil || !ok {
			return err
		}
		for i := range r.Count() {
			cells = r.Row(cells[:0], r.at(i))
			if err := n.add(ctx, cells, nil); err != nil {
				return err
			}
		}
	}
}

func (n *insert) fromRows(ctx context.Context) error {
	rows := n.node.Rows
	for i, row := range rows.Bound {
		if i%256 == 0 && ctx.Err() != nil {
			return Canceled(ctx)
		}
		if err := n.evaluate(row); err != nil {
			return err
		}
		if err := n.add(ctx, n.cells, n.defaults); err != nil {
			return err
		}
	}
	cells := make([]value.Value, len(rows.Types))
	for i, row := range rows.Plain {
		if i%256 == 0 && ctx.Err() != nil {
			return Canceled(ctx)
		}
		for j, c := range row {
			v, err := plan.ConstValue(c.(*ast.Const), rows.Types[j], rows.Names[j], n.env.Expr.Style)
			if err != nil {
				return err
			}
			cells[j] = v
		}
		if err := n.add(ctx, cells, nil); err != nil {
			return err
		}
	}
	return nil
}

// evaluate sets cells and defaults to a row of expressions.
func (n *insert) evaluate(row []expr.Expr) error {
	n.cells, n.defaults = n.cells[:0], n.defaults[:0]
	for _, e := range row {
		var v value.Value
		if e != nil {
			var err error
			if v, err = expr.EvalConst(n.env.Expr, e); err != nil {
				return err
			}
		}
		n.cells, n.defaults = append(n.cells, v), append(n.defaults, e == nil)
	}
	return nil
}

// add makes a row of the table of the cells of the input, and writes it or keeps it back.
func (n *insert) add(ctx context.Context, cells []value.Value, defaults []bool) error {
	row, err := n.newRow(cells, defaults)
	if err != nil {
		return err
	}
	if n.node.Conflict != nil || len(n.returning) > 0 {
		return n.put(ctx, row)
	}
	n.pending = append(n.pending, row)
	if n.feed != nil {
		n.events.Added(n.table, nil, row)
	}
	if n.feed == nil && len(n.pending) == feedRows {
		if n.feed, err = n.env.Txn.Feed(ctx, n.table); err != nil {
			return err
		}
		for _, row := range n.pending {
			n.events.Added(n.table, nil, row)
		}
	}
	if n.feed != nil && len(n.pending) >= column.BatchRows {
		return n.flush(ctx)
	}
	return nil
}

// newRow makes a complete row of the table of the cells of the input; defaults marks those that are DEFAULT.
func (n *insert) newRow(cells []value.Value, defaults []bool) ([]value.Value, error) {
	row := make([]value.Value, len(n.table.Columns))
	for i := range row {
		src := &n.node.Sources[i]
		switch {
		case src.Input >= 0 && (defaults == nil || !defaults[src.Input]):
			row[i] = cells[src.Input]
		case src.Default != nil:
			v, err := expr.EvalConst(n.env.Expr, src.Default)
			if err != nil {
				return nil, err
			}
			row[i] = v
		default:
			row[i] = value.Null(n.table.Columns[i].Type.Kind)
		}
	}
	return row, n.complete(row)
}

// flush gives the pending rows to the feed.
func (n *insert) flush(ctx context.Context) error {
	for len(n.pending) > 0 {
		k := min(len(n.pending), column.BatchRows)
		n.batch.Reset(n.columns)
		for _, row := range n.pending[:k] {
			n.batch.AppendRow(row)
		}
		if err := n.feed.Add(ctx, &n.batch); err != nil {
			return err
		}
		n.affected += int64(k)
		n.pending = n.pending[k:]
	}
	n.pending = nil
	return nil
}

// put inserts one row, or does what ON CONFLICT says.
func (n *insert) put(ctx context.Context, row []value.Value) error {
	var err error
	if n.key, err = n.env.Txn.RowKey(n.key[:0], n.table, row); err != nil {
		return err
	}
	c := n.node.Conflict
	if c != nil {
		other, cur, found, err := n.conflict(ctx, c, row)
		if err != nil {
			return err
		}
		if found {
			return n.resolve(ctx, c, other, cur, row)
		}
	}
	if c == nil || !c.Key {
		_, exists, err := n.lock(ctx, n.key, store.ForUpdate)
		if err != nil {
			return err
		}
		if exists {
			return store.UniqueViolation(n.table, n.key)
		}
	}
	if n.rules != nil {
		if err := n.claim(ctx, row, nil, c.Arbiter); err != nil {
			return err
		}
	}
	if err := n.addRow(n.key, row); err != nil {
		return err
	}
	n.touch(c, n.key)
	return n.wrote(row)
}

// conflict looks for a row that has the key or a value of the new one where ON CONFLICT asks for it, and locks it; without
// one the key and those values are the transaction's.
func (n *insert) conflict(ctx context.Context, c *plan.Conflict, row []value.Value) (key []byte, cur store.Current, found bool, err error) {
	txn := n.env.Txn
	if c.Key {
		mark := txn.LockMark()
		cur, found, err := n.lock(ctx, n.key, store.ForUpdate)
		if found && !c.Update {
			txn.UnlockTo(mark)
		}
		if err != nil || found {
			return n.key, cur, found, err
		}
	}
	for _, x := range c.Indexes {
		value, ok := store.UniqueKey(nil, x, row)
		if !ok {
			continue
		}
		for {
			mark := txn.LockMark()
			h, found, err := txn.LockUnique(ctx, n.table, x, value, store.ForUpdate, store.WaitBlock)
			if err != nil {
				return nil, cur, false, err
			}
			if !found {
				break
			}
			txn.UnlockTo(mark)
			if !c.Update {
				return h.Key, h.Current, true, nil
			}
			// The row before its value, as those who change or delete rows lock them.
			if cur, found, err = n.lock(ctx, h.Key, store.ForUpdate); err != nil {
				return nil, cur, false, err
			}
			if found {
				again, has, err := txn.LockUnique(ctx, n.table, x, value, store.ForUpdate, store.WaitBlock)
				if err != nil {
					return nil, cur, false, err
				}
				if has && string(again.Key) == string(h.Key) {
					return h.Key, cur, true, nil
				}
			}
			txn.UnlockTo(mark)
		}
	}
	return nil, cur, false, nil
}

// resolve does what ON CONFLICT says about the row that there is.
func (n *insert) resolve(ctx context.Context, c *plan.Conflict, key []byte, cur store.Current, row []value.Value) error {
	if _, again := n.touched[string(key)]; again && c.Update {
		return sqlerr.New(sqlerr.CardinalityViolation, "ON CONFLICT DO UPDATE command cannot affect row a second time").
			WithHint("Ensure that no rows proposed for insertion within the same command have duplicate constrained values.")
	}
	switch {
	case !n.env.Txn.Sees(cur):
		return store.SerializationFailure(false)
	case !c.Update:
		return nil
	}
	return n.merge(ctx, key, cur, row)
}

// touch notes a key as written by this command.
func (n *insert) touch(c *plan.Conflict, key []byte) {
	if c == nil || !c.Update {
		return
	}
	if n.touched == nil {
		n.touched = make(map[string]struct{})
	}
	n.touched[string(key)] = struct{}{}
}

// merge is ON CONFLICT DO UPDATE: its expressions see the existing row, then the one that was to be inserted.
func (n *insert) merge(ctx context.Context, key []byte, cur store.Current, excluded []value.Value) error {
	c := n.node.Conflict
	n.pair = append(cur.Values(n.pair[:0], n.all), excluded...)
	if c.Where != nil {
		if ok, err := meets(n.env.Expr, []expr.Expr{c.Where}, n.pair); !ok || err != nil {
			return err
		}
	}
	width := len(n.table.Columns)
	row := slices.Clone(n.pair[:width])
	if err := assign(n.env.Expr, n.table.Columns, c.Set, n.pair, row); err != nil {
		return err
	}
	n.touch(c, key)
	if err := n.replace(ctx, key, cur, n.pair[:width], row); err != nil {
		return err
	}
	return n.wrote(row)
}

// assign evaluates assignments over in and stores them in a row of the table.
func assign(c *expr.Context, cols []schema.Column, set []plan.Assignment, in, row []value.Value) error {
	for _, a := range set {
		if a.Expr == nil {
			row[a.Num-1] = value.Null(cols[a.Num-1].Type.Kind)
			continue
		}
		v, err := expr.Eval(c, a.Expr, in)
		if err != nil {
			return err
		}
		row[a.Num-1] = v
	}
	return nil
}

func (n *insert) Close() {
	if n.in != nil {
		n.in.Close()
	}
}
