package query

import (
	"context"
	"slices"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// intoTable returns SELECT INTO as the CREATE TABLE AS that it is, nil for another statement.
func intoTable(st ast.Stmt) *ast.CreateTableAsStmt {
	q, ok := st.(*ast.SelectStmt)
	if !ok {
		return nil
	}
	into, plain := withoutInto(q)
	if into == nil {
		return nil
	}
	return &ast.CreateTableAsStmt{Offset: q.Offset, Table: into.Table, Persistence: into.Persistence, Query: plain}
}

// withoutInto takes INTO out of a query: it stands in the first of several that UNION combines.
func withoutInto(q *ast.SelectStmt) (*ast.IntoClause, *ast.SelectStmt) {
	c := *q
	if q.SetOp != ast.NoSetOp {
		into, left := withoutInto(q.Left)
		c.Left = left
		return into, &c
	}
	c.Into = nil
	return q.Into, &c
}

// createTableAs runs CREATE TABLE AS, SELECT INTO and CREATE MATERIALIZED VIEW, and returns its tag.
func (s *Session) createTableAs(ctx context.Context, st *ast.CreateTableAsStmt, text string) (string, error) {
	cat := s.catalog()
	tag := "CREATE TABLE AS"
	if st.Materialized {
		tag = "CREATE MATERIALIZED VIEW"
	}
	target := st.Table
	target.Offset = ast.NoPos // PostgreSQL's errors about it have no place
	in, err := s.creationSchema(cat, target, st.Persistence == ast.Temporary)
	if err != nil {
		return "", err
	}
	name := target.Name
	if cat.RelationExistsIn(in, name) {
		if st.IfNotExists {
			s.notice("NOTICE", sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists, skipping", name))
			return tag, nil
		}
		return "", sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", name)
	}
	src, params, err := s.tableSource(ctx, st, text)
	if err != nil {
		return "", err
	}
	t := &schema.Table{Schema: in, Name: name, Version: 1}
	if err := s.defineFrom(t, st, src.plan); err != nil {
		return "", err
	}
	if st.Materialized {
		if t.View, err = s.materializedView(st, t); err != nil {
			return "", err
		}
		t.Unpopulated = st.WithNoData
	}
	t.OID, t.Generation = s.txn.NewOID(), s.txn.NewGeneration()
	if st.WithNoData {
		return tag, s.txn.PutTable(t)
	}
	n, err := s.fill(ctx, src, params, t)
	return "SELECT " + strconv.FormatInt(n, 10), err
}

// tableSource plans the query of CREATE TABLE AS.
func (s *Session) tableSource(ctx context.Context, st *ast.CreateTableAsStmt, text string) (*prepared, []value.Value, error) {
	if x, ok := st.Query.(*ast.ExecuteStmt); ok {
		inner, err := s.executed(x)
		if err != nil {
			return nil, nil, err
		}
		if inner.plan == nil || inner.plan.Columns == nil {
			return nil, nil, sqlerr.New(sqlerr.WrongObjectType, "prepared statement is not a SELECT")
		}
		params, err := s.executeArgs(ctx, x, inner)
		return inner, params, err
	}
	q := st.Query.(*ast.SelectStmt)
	if q.Into != nil {
		return nil, nil, sqlerr.New(sqlerr.SyntaxError, "SELECT ... INTO is not allowed here").At(q.Into.Pos())
	}
	p := &prepared{stmt: q, key: planKey{text: text, params: "as"}}
	return p, nil, s.preparePlan(p)
}

// defineFrom gives a table the columns of a query.
func (s *Session) defineFrom(t *schema.Table, st *ast.CreateTableAsStmt, pl *plan.Plan) error {
	d := &tableDefiner{session: s, table: t, catalog: s.catalog()}
	if err := refuseTable(&ast.CreateTableStmt{Method: st.Method, Tablespace: st.Tablespace}); err != nil {
		return err
	}
	if err := d.options(st.Options); err != nil {
		return err
	}
	if len(st.Columns) > len(pl.Columns) {
		return sqlerr.New(sqlerr.SyntaxError, "too many column names were specified")
	}
	if len(pl.Columns) > maxColumns {
		return sqlerr.New(sqlerr.TooManyColumns, "tables can have at most %d columns", maxColumns)
	}
	for i, c := range pl.Columns {
		if i < len(st.Columns) {
			c.Name = st.Columns[i].Name
		}
		switch {
		case systemColumn(c.Name):
			return sqlerr.New(sqlerr.DuplicateColumn, "column name %q conflicts with a system column name", c.Name)
		case slices.ContainsFunc(t.Columns, func(o schema.Column) bool { return o.Name == c.Name }):
			return sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", c.Name)
		case c.Type.Kind.Elem() == value.Void || c.Type.Kind.Elem() == value.Record:
			return sqlerr.New(sqlerr.InvalidTableDefinition, "column %q has pseudo-type %s", c.Name, c.Type.Kind)
		}
		t.Columns = append(t.Columns, schema.Column{Num: int16(i + 1), Name: c.Name, Type: c.Type})
	}
	if err := s.onCommit(t, st.OnCommit); err != nil {
		return err
	}
	addHiddenKey(t)
	return nil
}

// fill makes a table and puts the rows of a query into it.
func (s *Session) fill(ctx context.Context, src *prepared, params []value.Value, t *schema.Table) (rows int64, err error) {
	var env exec.Env
	pl, err := s.openPlan(ctx, src, &env)
	if err != nil {
		return 0, err
	}
	defer env.View.Close()
	if pl.Writes != nil {
		return 0, sqlerr.NotSupported("data-modifying statements in WITH are not supported here")
	}
	env.Expr = s.evaluation(ctx, params)
	op, _, err := exec.Build(pl.Root, &env)
	if err != nil {
		return 0, err
	}
	defer op.Close()
	if err := s.txn.PutTable(t); err != nil {
		return 0, err
	}
	feed, err := s.txn.Feed(ctx, t)
	if err != nil {
		return 0, err
	}
	rows, err = feedRows(ctx, op, feed, t)
	if closeErr := feed.Close(ctx); err == nil {
		err = closeErr
	}
	return rows, err
}

// feedRows gives the rows of an operator to a table's feed.
func feedRows(ctx context.Context, op exec.Operator, feed *store.Feed, t *schema.Table) (n int64, err error) {
	var rows exec.Rows
	for {
		ok, err := op.Next(ctx, &rows)
		if err != nil || !ok {
			return n, err
		}
		var dense column.Batch // a new one: the feed may go on reading the last
		var idx []uint32
		b := exec.Dense(&rows, &dense, &idx)
		out := column.Batch{N: b.N, Vecs: make([]column.Vec, len(t.Columns))}
		for i := range out.Vecs {
			switch {
			case i < len(b.Vecs):
				out.Vecs[i] = b.Vecs[i]
			case t.Columns[i].Num == t.Key[0] && t.HiddenKey:
				out.Vecs[i] = column.Vec{Kind: value.Int8} // the feed allots them
			default:
				nulls(&out.Vecs[i], t.Columns[i].Type.Kind, b.N)
			}
		}
		if err := feed.Add(ctx, &out); err != nil {
			return n, err
		}
		n += int64(b.N)
	}
}

// nulls fills a vector with n NULLs.
func nulls(v *column.Vec, k value.Kind, n int) {
	v.Reset(k)
	for range n {
		v.Append(value.Null(k))
	}
}

// onCommit notes what the end of a transaction does to a temporary table.
func (s *Session) onCommit(t *schema.Table, action ast.OnCommit) error {
	if action == ast.OnCommitNone {
		return nil
	}
	if !schema.IsTemp(t.Schema) {
		return sqlerr.New(sqlerr.InvalidTableDefinition, "ON COMMIT can only be used on temporary tables")
	}
	switch action {
	case ast.OnCommitDeleteRows:
		t.OnCommit = "delete rows"
	case ast.OnCommitDrop:
		t.OnCommit = "drop"
	}
	return nil
}

// materializedView returns the definition of the materialized view that t becomes.
func (s *Session) materializedView(st *ast.CreateTableAsStmt, t *schema.Table) (*schema.View, error) {
	v, _, err := s.viewDefinition(st.Query.(*ast.SelectStmt), st.Text)
	if err != nil {
		return nil, err
	}
	for i := range v.Columns {
		v.Columns[i].Name = t.Columns[i].Name
	}
	return v, nil
}
