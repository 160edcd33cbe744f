package query

import (
	"context"
	"io"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/copyfmt"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// loader feeds the rows of a COPY FROM into a table. Rows are decoded on the session's goroutine, which reads them
// from the client, while another gives the chunk before to the feed.
type loader struct {
	session *Session
	table   *schema.Table
	cols    []*schema.Column // of the input, in its order
	expr    *expr.Context

	domains  []expr.Expr // by table column: what tests a value of a domain, over the value; nil for none
	place    []int       // by table column: the input's column, or -1
	defaults []expr.Expr // by table column, where place is -1; nil for NULL
	batch    column.Batch
	rows     int64

	rules  *plan.RowRules // nil: none
	events *exec.Events   // what the table's foreign keys ask for at the end
}

// prepare looks at where each column of the table comes from.
func (l *loader) prepare() error {
	l.place = make([]int, len(l.table.Columns))
	l.defaults = make([]expr.Expr, len(l.table.Columns))
	l.batch.Vecs = make([]column.Vec, len(l.table.Columns))
	l.domains = make([]expr.Expr, len(l.table.Columns))
	var err error
	if l.rules, err = plan.RulesOf(l.table, l.expr.Style); err != nil {
		return err
	}
	for i := range l.table.Columns {
		c := &l.table.Columns[i]
		l.place[i] = -1
		for j, in := range l.cols {
			if in.Num == c.Num {
				l.place[i] = j
			}
		}
		if err := l.domain(i, c); err != nil {
			return err
		}
		if l.place[i] < 0 && c.Generated == "" {
			if l.defaults[i], err = plan.DefaultExpr(c, l.expr.Style); err != nil {
				return err
			}
		}
	}
	return nil
}

// chunkDepth is how many chunks are decoded ahead of the feed.
const chunkDepth = 3

// load reads all rows.
func (l *loader) load(ctx context.Context, d *copyfmt.Decoder) (int64, error) {
	feed, err := l.session.txn.Feed(ctx, l.table)
	if err != nil {
		return 0, err
	}
	if l.rules != nil && l.rules.References {
		env := l.session.constraintEnv(ctx)
		env.Deferred = &l.session.deferred
		l.events = exec.NewEvents(env)
	}
	whole := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	full, free := make(chan *copyfmt.Chunk, chunkDepth), make(chan *copyfmt.Chunk, chunkDepth+1)
	for range chunkDepth {
		free <- new(copyfmt.Chunk)
	}
	fed := make(chan error, 1)
	go func() {
		err := l.feedAll(ctx, feed, full, free)
		if err != nil {
			stop(err) // the reader need not go on
		}
		fed <- err
	}()
	err = l.decodeAll(ctx, d, full, free)
	close(full)
	if feedErr := <-fed; feedErr != nil {
		err = feedErr // of rows before the one where decoding stopped
	}
	if closeErr := feed.Close(context.WithoutCancel(ctx)); err == nil {
		err = closeErr
	}
	if err == nil {
		err = l.events.Run(whole)
	}
	return l.rows, err
}

// decodeAll decodes the client's rows into chunks until their end.
func (l *loader) decodeAll(ctx context.Context, d *copyfmt.Decoder, full, free chan *copyfmt.Chunk) error {
	for {
		var c *copyfmt.Chunk
		select {
		case c = <-free:
		case <-ctx.Done():
			return exec.Canceled(ctx)
		}
		switch err := d.Next(c); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		select {
		case full <- c:
		case <-ctx.Done():
			return exec.Canceled(ctx)
		}
	}
}

// feedAll gives the chunks to the feed.
func (l *loader) feedAll(ctx context.Context, feed *store.Feed, full, free chan *copyfmt.Chunk) error {
	for c := range full {
		if err := exec.Guard(func() error { return l.add(ctx, feed, c) }); err != nil {
			return err
		}
		free <- c
	}
	return nil
}

// add gives one chunk to the feed.
func (l *loader) add(ctx context.Context, feed *store.Feed, c *copyfmt.Chunk) error {
	l.batch.N = c.N
	for i := range l.batch.Vecs {
		v := &l.batch.Vecs[i]
		switch {
		case l.place[i] >= 0:
			*v = c.Vecs[l.place[i]]
			if err := l.inDomain(i, v, c); err != nil {
				return err
			}
		case l.table.HiddenKey && l.table.Key[0] == l.table.Columns[i].Num:
			*v = column.Vec{Kind: value.Int8}
		default:
			if err := l.fill(v, i, c.N); err != nil {
				return err
			}
		}
	}
	if err := l.check(c); err != nil {
		return err
	}
	if err := feed.Add(ctx, &l.batch); err != nil {
		if e := sqlerr.As(err); e != nil && e.Code == sqlerr.UniqueViolation {
			return e.WithWhere("%s", c.LineContext(feed.FailedRow()))
		}
		return err
	}
	l.rows += int64(c.N)
	return nil
}

// domain binds the test of the values of a column, if its type is a domain.
func (l *loader) domain(i int, c *schema.Column) error {
	d, err := expr.DomainOf(c.Type, l.expr.Style)
	if err != nil || d == nil || l.place[i] < 0 {
		return err
	}
	b := &expr.Binder{Style: l.expr.Style, Clause: "COPY"}
	l.domains[i], err = b.Assign(expr.NewColumn(0, d.Type, c.Name, -1), c.Type, c.Name)
	return err
}

// inDomain tests the values of a column whose type is a domain.
func (l *loader) inDomain(i int, v *column.Vec, c *copyfmt.Chunk) error {
	if l.domains[i] == nil {
		return nil
	}
	for row := range c.N {
		x := v.Value(row)
		_, err := expr.Eval(l.expr, l.domains[i], []value.Value{x})
		if e := sqlerr.As(err); e != nil {
			text := "null input"
			if !x.IsNull() {
				text = "\"" + string(value.AppendText(nil, x, l.expr.Style)) + "\""
			}
			return e.WithWhere("%s, column %s: %s", c.LineContext(row), l.table.Columns[i].Name, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fill makes n defaults of a column.
func (l *loader) fill(v *column.Vec, i, n int) error {
	v.Reset(l.table.Columns[i].Type.Kind)
	x := value.Null(l.table.Columns[i].Type.Kind)
	e := l.defaults[i]
	for row := range n {
		if e != nil && (row == 0 || !expr.IsConst(e)) {
			var err error
			if x, err = expr.EvalConst(l.expr, e); err != nil {
				return err
			}
		}
		v.Append(x)
	}
	return nil
}

// check sees that the rows of the batch are as the table wants them, and computes what is generated.
func (l *loader) check(c *copyfmt.Chunk) error {
	if l.rules == nil || len(l.rules.Generated)+len(l.rules.Checks) == 0 && l.events == nil {
		return l.checkNotNull(c)
	}
	for _, a := range l.rules.Generated {
		v := new(column.Vec) // not that of the last batch, which the feed may still have
		v.Reset(l.table.ColumnByNum(a.Num).Type.Kind)
		l.batch.Vecs[a.Num-1] = *v
	}
	row := make([]value.Value, len(l.batch.Vecs))
	for at := range l.batch.N {
		for i := range l.batch.Vecs {
			if v := &l.batch.Vecs[i]; at < v.Len() {
				row[i] = v.Value(at)
			}
		}
		if err := exec.Complete(l.expr, l.table, l.rules, row); err != nil {
			if e := sqlerr.As(err); e != nil {
				return e.WithWhere("%s", c.Where(at))
			}
			return err
		}
		for _, a := range l.rules.Generated {
			l.batch.Vecs[a.Num-1].Append(row[a.Num-1])
		}
		l.events.Added(l.table, nil, row)
	}
	return nil
}

// checkNotNull refuses NULLs where there must be none.
func (l *loader) checkNotNull(c *copyfmt.Chunk) error {
	first, at := l.batch.N, -1
	for i := range l.table.Columns {
		def := &l.table.Columns[i]
		if !def.NotNull || def.Hidden || l.batch.Vecs[i].Nulls == nil {
			continue
		}
		for row, null := range l.batch.Vecs[i].Nulls[:first] {
			if null {
				first, at = row, i
				break
			}
		}
	}
	if at < 0 {
		return nil
	}
	row := make([]value.Value, len(l.batch.Vecs))
	for i := range l.batch.Vecs {
		if v := &l.batch.Vecs[i]; v.Len() > 0 {
			row[i] = v.Value(first)
		}
	}
	err := sqlerr.As(exec.NotNullViolation(l.table, &l.table.Columns[at], row, l.expr.Style))
	return err.WithWhere("%s", c.Where(first))
}

// encoderSink gives the rows of a portal to an encoder.
type encoderSink struct{ *copyfmt.Encoder }

// CopyIn is not called: a query is no COPY FROM.
func (encoderSink) CopyIn(server.CopyHeader) (io.Reader, error) { return nil, errNestedCopy }

// CopyOut is not called either.
func (encoderSink) CopyOut(server.CopyHeader) (io.Writer, error) { return nil, errNestedCopy }

var errNestedCopy = sqlerr.New(sqlerr.InternalError, "COPY within COPY")
