package query

import (
	"context"
	"slices"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/copyfmt"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// prepareCopy checks a COPY as far as can be done before it runs.
func (s *Session) prepareCopy(_ context.Context, p *prepared, st *ast.CopyStmt) error {
	switch {
	case st.Program:
		return sqlerr.NotSupported("COPY with PROGRAM is not supported").At(st.Pos())
	case st.File != "":
		return sqlerr.NotSupported("COPY with a file of the server is not supported").
			WithHint("Use COPY ... FROM STDIN or TO STDOUT, or psql's \\copy.").At(st.Pos())
	case st.Where != nil:
		return sqlerr.NotSupported("COPY ... WHERE is not supported").At(st.Where.Pos())
	case st.Query != nil && !plan.Planned(st.Query):
		return sqlerr.NotSupported("COPY of this statement is not supported").At(st.Query.Pos())
	}
	p.kind = server.KindCopyOut
	if st.From {
		p.kind = server.KindCopyIn
	}
	return nil
}

// copyOptions converts and checks the options of a COPY.
func copyOptions(st *ast.CopyStmt, dir copyfmt.Direction) (*copyfmt.Options, error) {
	list := make([]copyfmt.Option, 0, len(st.Options))
	for _, o := range st.Options {
		c := copyfmt.Option{Name: o.Name, Pos: o.Pos()}
		switch v := o.Value.(type) {
		case *ast.Const:
			c.Value, c.Set = constText(v), true
		case *ast.ArrayExpr:
			for _, e := range v.Elems {
				if k, ok := e.(*ast.Const); ok {
					c.List = append(c.List, k.Text)
				}
			}
		case *ast.ColumnRef:
			c.Star = v.Star
		}
		list = append(list, c)
	}
	return copyfmt.ParseOptions(list, dir)
}

// copyStmt runs COPY.
func (s *Session) copyStmt(ctx context.Context, p *commandPortal, st *ast.CopyStmt, sink server.Sink) (server.Result, error) {
	var n int64
	var err error
	if st.From {
		n, err = s.copyIn(ctx, st, sink)
	} else {
		n, err = s.copyOut(ctx, p, st, sink)
	}
	return server.Result{Tag: "COPY " + strconv.FormatInt(n, 10)}, err
}

// copyColumns resolves the column list of a COPY; without one it is all columns.
func copyColumns(t *schema.Table, list []ast.Ident) ([]*schema.Column, error) {
	var cols []*schema.Column
	if list == nil {
		for i := range t.Columns {
			if c := &t.Columns[i]; !c.Hidden && c.Generated == "" {
				cols = append(cols, c)
			}
		}
		return cols, nil
	}
	for _, id := range list {
		c, ok := t.Column(id.Name)
		if !ok {
			return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", id.Name, t.Name)
		}
		if c.Generated != "" {
			return nil, sqlerr.New(sqlerr.InvalidColumnReference, "column %q is a generated column", id.Name).
				WithDetail("Generated columns cannot be used in COPY.")
		}
		for _, o := range cols {
			if o == c {
				return nil, sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", id.Name)
			}
		}
		cols = append(cols, c)
	}
	return cols, nil
}

func copyFormat(cols []*schema.Column) []copyfmt.Column {
	out := make([]copyfmt.Column, len(cols))
	for i, c := range cols {
		out[i] = copyfmt.Column{Name: c.Name, Type: c.Type}
	}
	return out
}

// copyIn runs COPY FROM STDIN: a feed.
func (s *Session) copyIn(ctx context.Context, st *ast.CopyStmt, sink server.Sink) (int64, error) {
	if err := s.checkWritable("COPY FROM"); err != nil {
		return 0, err
	}
	t, err := s.writableTable(ctx, st.Table.Table)
	if err != nil {
		return 0, err
	}
	cols, err := copyColumns(t, st.Columns)
	if err != nil {
		return 0, err
	}
	opts, err := copyOptions(st, copyfmt.From)
	if err != nil {
		return 0, err
	}
	l := &loader{session: s, table: t, cols: cols, expr: s.evaluation(ctx, nil)}
	if err := l.prepare(); err != nil {
		return 0, err
	}
	if err := opts.CheckColumns(copyFormat(cols)); err != nil {
		return 0, err
	}
	r, err := sink.CopyIn(server.CopyHeader{Binary: opts.Format == copyfmt.Binary, Columns: len(cols)})
	if err != nil {
		return 0, err
	}
	if opts.Freeze && !s.ownGeneration(t) { // told, as by PostgreSQL, when the client has begun to send
		return 0, sqlerr.New(sqlerr.ObjectNotInPrerequisiteState,
			"cannot perform COPY FREEZE because the table was not created or truncated in the current subtransaction")
	}
	d, err := copyfmt.NewDecoder(r, opts, t.Name, copyFormat(cols), l.expr.Style)
	if err != nil {
		return 0, err
	}
	return l.load(ctx, d)
}

// ownGeneration says whether the transaction itself has created or truncated a table.
func (s *Session) ownGeneration(t *schema.Table) bool {
	others := s.engine.db.Begin(store.TxnOptions{ReadOnly: true})
	defer others.Rollback()
	view := others.View()
	defer view.Close()
	committed, ok := view.Catalog().TableByOID(t.OID)
	return !ok || committed.Generation != t.Generation
}

// writableTable locks a table for changing its rows and returns its newest definition.
func (s *Session) writableTable(ctx context.Context, name ast.QualifiedName) (*schema.Table, error) {
	for {
		t, err := s.namedTable(s.catalog(), name)
		if err != nil {
			return nil, err
		}
		if err := s.txn.LockTable(ctx, t.OID, store.RowExclusiveLock); err != nil {
			return nil, err
		}
		now, err := s.namedTable(s.catalog(), name)
		if err != nil || now == t {
			return now, err
		}
	}
}

// copyOut runs COPY TO STDOUT.
func (s *Session) copyOut(ctx context.Context, p *commandPortal, st *ast.CopyStmt, sink server.Sink) (int64, error) {
	opts, err := copyOptions(st, copyfmt.To)
	if err != nil {
		return 0, err
	}
	inner, err := s.copySource(p.stmt, st)
	if err != nil {
		return 0, err
	}
	if inner.plan.Columns == nil {
		return 0, sqlerr.NotSupported("COPY query must have a RETURNING clause")
	}
	cols := make([]copyfmt.Column, len(inner.plan.Columns))
	for i, c := range inner.plan.Columns {
		cols[i] = copyfmt.Column{Name: c.Name, Type: c.Type}
	}
	if err := opts.CheckColumns(cols); err != nil {
		return 0, err
	}
	portal := &rowPortal{session: s, stmt: inner}
	defer portal.release()
	w, err := sink.CopyOut(server.CopyHeader{Binary: opts.Format == copyfmt.Binary, Columns: len(cols)})
	if err != nil {
		return 0, err
	}
	style := s.set.vars.style
	enc, err := copyfmt.NewEncoder(w, opts, cols, &style)
	if err != nil {
		return 0, err
	}
	if err := enc.Begin(); err != nil {
		return 0, err
	}
	if _, err := portal.run(ctx, encoderSink{enc}, 0); err != nil {
		return 0, err
	}
	return enc.End()
}

// copySource returns the query of a COPY TO: the one written, or a SELECT of the table's columns.
func (s *Session) copySource(outer *prepared, st *ast.CopyStmt) (*prepared, error) {
	p := &prepared{src: outer.src, start: outer.start, stmt: st.Query}
	p.key = planKey{text: outer.key.text, start: outer.start, params: "copy"}
	if st.Query == nil {
		// Columns are looked for first: COPY's message about a missing one is its own.
		t, err := s.copyTable(st.Table.Table)
		if err != nil {
			return nil, err
		}
		if t != nil {
			cols, err := copyColumns(t, st.Columns)
			if err != nil {
				return nil, err
			}
			st = withoutGenerated(st, t, cols)
		}
		p.stmt = selectOf(st)
	}
	return p, s.preparePlan(p)
}

// copyTable finds the table of a COPY TO, nil for a relation of the system.
func (s *Session) copyTable(name ast.QualifiedName) (*schema.Table, error) {
	t, err := plan.Table(s.catalog(), s.path(), name)
	if err == nil {
		return t, nil
	}
	if s.engine.cfg.System != nil {
		if _, ok := s.engine.cfg.System.Relation(name.Schema, name.Name); ok {
			return nil, nil
		}
	}
	return nil, err
}

// withoutGenerated gives a COPY of all columns of a table with generated ones the list of the others.
func withoutGenerated(st *ast.CopyStmt, t *schema.Table, cols []*schema.Column) *ast.CopyStmt {
	if st.Columns != nil || !slices.ContainsFunc(t.Columns, func(c schema.Column) bool { return c.Generated != "" && !c.Hidden }) {
		return st
	}
	some := *st
	for _, c := range cols {
		some.Columns = append(some.Columns, ast.Ident{Offset: st.Offset, Name: c.Name})
	}
	return &some
}

// selectOf is COPY table (columns) TO as a SELECT.
func selectOf(st *ast.CopyStmt) *ast.SelectStmt {
	sel := &ast.SelectStmt{Offset: st.Offset, From: []ast.FromItem{st.Table}}
	if st.Columns == nil {
		sel.Targets = []*ast.Target{{Offset: st.Offset, Expr: &ast.ColumnRef{Offset: st.Offset, Star: true}}}
	}
	for _, c := range st.Columns {
		sel.Targets = append(sel.Targets, &ast.Target{Offset: c.Offset, Expr: &ast.ColumnRef{Offset: c.Offset, Parts: []ast.Ident{c}}})
	}
	return sel
}
