package query

import (
	"context"
	"io"
	"math"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
)

// cursor is a query that DECLARE has opened. Its rows are read as they are asked for, from the snapshot of the
// moment in which it was opened; those that were read are kept for going back, unless it was declared NO SCROLL.
type cursor struct {
	name     string
	cols     []server.Column
	portal   server.Portal // nil when all rows are read
	noScroll bool
	hold     bool
	level    int  // how many savepoints there were when it was opened
	held     bool // its transaction has been committed

	batches []*column.Batch // rows read, full but for the last
	first   int64           // number of the first row that is kept, from 1
	read    int64           // rows read
	at      int64           // 0 before the first row, read+1 after the last
}

// declare opens a cursor.
func (s *Session) declare(ctx context.Context, p *prepared, st *ast.DeclareCursorStmt, params []value.Value) error {
	switch {
	case st.Binary:
		return sqlerr.NotSupported("binary cursors are not supported").At(st.Pos())
	case !st.Hold && !s.inBlock():
		return sqlerr.New(sqlerr.NoActiveSQLTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	case st.Scroll != nil && *st.Scroll && len(st.Query.Locking) > 0:
		return sqlerr.NotSupported("DECLARE SCROLL CURSOR ... FOR UPDATE is not supported").WithDetail("Scrollable cursors must be READ ONLY.")
	case st.Hold && len(st.Query.Locking) > 0:
		return sqlerr.NotSupported("DECLARE CURSOR WITH HOLD ... FOR UPDATE is not supported").WithDetail("Holdable cursors must be READ ONLY.")
	case s.cursors[st.Name] != nil:
		return sqlerr.New(sqlerr.DuplicateCursor, "cursor \"%s\" already exists", st.Name)
	}
	q := declared(p, st)
	if err := s.preparePlan(q); err != nil {
		return err
	}
	portal := s.newPortal(q, params).(*rowPortal)
	// The snapshot is that of now: the portal begins, and gives no row yet.
	if err := portal.open(ctx); err != nil {
		portal.Close()
		return err
	}
	if s.cursors == nil {
		s.cursors = map[string]*cursor{}
	}
	s.cursors[st.Name] = &cursor{name: st.Name, cols: q.cols, portal: portal, first: 1, hold: st.Hold,
		noScroll: st.Scroll != nil && !*st.Scroll, level: len(s.savepoints)}
	return nil
}

// prepareDeclare plans the query of DECLARE, for the types of its parameters.
func (s *Session) prepareDeclare(p *prepared, st *ast.DeclareCursorStmt) error {
	q := declared(p, st)
	err := s.preparePlan(q)
	p.setParams(q.params)
	return err
}

// declared is the query of a DECLARE.
func declared(p *prepared, st *ast.DeclareCursorStmt) *prepared {
	q := &prepared{src: p.src, start: p.start, stmt: st.Query, fixed: p.fixed}
	q.key = planKey{text: p.key.text, start: p.start, params: "declare" + p.key.params}
	return q
}

// cursorNamed returns an open cursor.
func (s *Session) cursorNamed(name string) (*cursor, error) {
	if c := s.cursors[name]; c != nil {
		return c, nil
	}
	return nil, sqlerr.New(sqlerr.InvalidCursorName, "cursor \"%s\" does not exist", name)
}

// prepareFetch gives FETCH the columns of its cursor.
func (s *Session) prepareFetch(p *prepared, st *ast.FetchStmt) error {
	if st.Move {
		return nil
	}
	c, err := s.cursorNamed(st.Cursor)
	if err != nil {
		return err
	}
	p.kind, p.cols = server.KindRows, c.cols
	return nil
}

// fetch runs FETCH and MOVE.
func (s *Session) fetch(ctx context.Context, p *commandPortal, st *ast.FetchStmt) (server.Result, error) {
	c, err := s.cursorNamed(st.Cursor)
	if err != nil {
		return server.Result{}, err
	}
	from, to, step, err := c.seek(ctx, st)
	if err != nil {
		return server.Result{}, err
	}
	count := int64(0)
	if from <= to {
		count = to - from + 1
	}
	tag := "MOVE "
	if !st.Move {
		tag = "FETCH "
		p.rows = &batchList{}
		c.copyRows(&p.rows.batch, from, to, step)
	}
	c.forget()
	return server.Result{Tag: tag + strconv.FormatInt(count, 10)}, nil
}

// seek moves a cursor and returns the rows [from, to] that it has gone over, in the direction of step.
func (c *cursor) seek(ctx context.Context, st *ast.FetchStmt) (from, to, step int64, err error) {
	n := st.Count
	if st.All {
		n = math.MaxInt64
	}
	back := st.Dir == ast.FetchBackward
	switch st.Dir {
	case ast.FetchAbsolute, ast.FetchRelative:
		return c.seekRow(ctx, st.Dir, n)
	}
	if n < 0 {
		n, back = -n, !back
	}
	switch {
	case n == 0: // the row that it is on
		if c.at < 1 || c.at > c.read {
			return 1, 0, 1, nil
		}
		return c.at, c.at, 1, nil
	case back && c.noScroll:
		return 0, 0, 0, errForwardOnly
	case back:
		to = min(c.at-1, c.read)
		from = max(1, to-min(n, to)+1)
		if c.at = max(0, from-1); n <= to {
			c.at = from
		} else {
			c.at = 0
		}
		return from, to, -1, nil
	}
	from = c.at + 1
	want := int64(math.MaxInt64)
	if n < math.MaxInt64-c.at {
		want = c.at + n
	}
	if err := c.need(ctx, want); err != nil {
		return 0, 0, 0, err
	}
	if to = want; c.read < want {
		to = c.read
		c.at = c.read + 1
	} else {
		c.at = want
	}
	return from, to, 1, nil
}

// seekRow moves to one row.
func (c *cursor) seekRow(ctx context.Context, dir ast.FetchDir, n int64) (from, to, step int64, err error) {
	target := n
	switch {
	case dir == ast.FetchRelative:
		target = c.at + n
	case n < 0: // from the end
		if err := c.need(ctx, math.MaxInt64); err != nil {
			return 0, 0, 0, err
		}
		target = c.read + 1 + n
	}
	if c.noScroll && target <= c.at {
		return 0, 0, 0, errForwardOnly
	}
	if target > 0 {
		if err := c.need(ctx, target); err != nil {
			return 0, 0, 0, err
		}
	}
	c.at = max(0, min(target, c.read+1))
	if c.at < 1 || c.at > c.read {
		return 1, 0, 1, nil
	}
	return c.at, c.at, 1, nil
}

// errForwardOnly is the error of going back where there is no going back.
var errForwardOnly = sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "cursor can only scan forward").
	WithHint("Declare it with SCROLL option to enable backward scan.")

// need reads until there are n rows, or no more.
func (c *cursor) need(ctx context.Context, n int64) error {
	for c.portal != nil && c.read < n {
		res, err := c.portal.Run(ctx, (*cursorSink)(c), int(min(n-c.read, math.MaxInt32)))
		if err != nil {
			return err
		}
		if !res.Suspended {
			c.portal.Close()
			c.portal = nil
		}
	}
	return nil
}

// forget drops the rows before the current one where there is no going back.
func (c *cursor) forget() {
	if !c.noScroll {
		return
	}
	for len(c.batches) > 0 && c.first+int64(c.batches[0].N) <= c.at {
		c.first += int64(c.batches[0].N)
		c.batches = c.batches[1:]
	}
}

// copyRows makes dst a copy of rows.
func (c *cursor) copyRows(dst *column.Batch, from, to, step int64) {
	kinds := make([]value.Kind, len(c.cols))
	for i, col := range c.cols {
		kinds[i] = col.Type.Kind
	}
	dst.Reset(kinds)
	var row []value.Value
	for k := range max(0, to-from+1) {
		i := from + k
		if step < 0 {
			i = to - k
		}
		b, at := c.row(i)
		row = b.Row(row[:0], at)
		dst.AppendRow(row)
	}
}

// row finds a row that is kept.
func (c *cursor) row(i int64) (*column.Batch, int) {
	at := i - c.first
	for _, b := range c.batches {
		if at < int64(b.N) {
			return b, int(at)
		}
		at -= int64(b.N)
	}
	return nil, 0
}

// cursorSink keeps the rows that a cursor reads.
type cursorSink cursor

// Rows implements server.Sink.
func (c *cursorSink) Rows(b *column.Batch, from, to int) error {
	out := &column.Batch{N: to - from, Vecs: make([]column.Vec, len(b.Vecs))}
	for i := range b.Vecs {
		out.Vecs[i].Reset(b.Vecs[i].Kind)
		out.Vecs[i].AppendVec(&b.Vecs[i], from, to)
	}
	c.batches = append(c.batches, out)
	c.read += int64(out.N)
	return nil
}

// CopyIn implements server.Sink.
func (*cursorSink) CopyIn(server.CopyHeader) (io.Reader, error) { return nil, errNoCopy }

// CopyOut implements server.Sink.
func (*cursorSink) CopyOut(server.CopyHeader) (io.Writer, error) { return nil, errNoCopy }

var errNoCopy = sqlerr.New(sqlerr.FeatureNotSupported, "COPY is not supported here")

// closeCursor runs CLOSE.
func (s *Session) closeCursor(st *ast.CloseStmt) (server.Result, error) {
	if st.All {
		s.closeCursors(func(*cursor) bool { return true })
		return server.Result{Tag: "CLOSE CURSOR ALL"}, nil
	}
	c, err := s.cursorNamed(st.Name)
	if err != nil {
		return server.Result{}, err
	}
	s.closeCursors(func(o *cursor) bool { return o == c })
	return server.Result{Tag: "CLOSE CURSOR"}, nil
}

// closeCursors closes some cursors.
func (s *Session) closeCursors(which func(*cursor) bool) {
	for name, c := range s.cursors {
		if which(c) {
			if c.portal != nil {
				c.portal.Close()
			}
			delete(s.cursors, name)
		}
	}
}

// holdCursors reads the rest of the cursors that outlive their transaction, and closes the others.
func (s *Session) holdCursors(ctx context.Context) error {
	for _, c := range s.cursors {
		if !c.hold || c.held {
			continue
		}
		if err := c.need(ctx, math.MaxInt64); err != nil {
			return err
		}
		c.held = true
	}
	s.dropCursors()
	return nil
}

// dropCursors closes the cursors of a transaction that has ended.
func (s *Session) dropCursors() { s.closeCursors(func(c *cursor) bool { return !c.held }) }
