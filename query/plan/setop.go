package plan

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// setOpNames are the words of messages.
var setOpNames = [...]string{ast.Union: "UNION", ast.Intersect: "INTERSECT", ast.Except: "EXCEPT"}

// arm is one side of a set operation, bound but for the types of its columns.
type arm struct {
	query   *query // a plain query, whose select list can still be given types
	node    Node   // else
	columns []Column
	pos     int
}

// setArm binds a side of a set operation.
func (b *builder) setArm(s *ast.SelectStmt) (*arm, error) {
	if s.SetOp != ast.NoSetOp || s.With != nil {
		n, columns, err := b.selectStmt(s)
		return &arm{node: n, columns: columns, pos: firstTarget(s).Pos()}, err
	}
	q := &query{builder: b, stmt: s, keepUnknown: true}
	if err := q.bind(); err != nil {
		return nil, err
	}
	return &arm{query: q, columns: q.columns(), pos: firstTarget(s).Pos()}, nil
}

// firstTarget is what messages about the columns of a query point at.
func firstTarget(s *ast.SelectStmt) ast.Node {
	for s.SetOp != ast.NoSetOp {
		s = s.Left
	}
	switch {
	case len(s.Targets) > 0:
		return s.Targets[0].Expr
	case s.Values != nil && len(s.Values.Rows[0]) > 0:
		return s.Values.Rows[0][0]
	}
	return s
}

// expr returns column i.
func (a *arm) expr(i int) expr.Expr {
	if a.query != nil {
		return a.query.targets[i].expr
	}
	return expr.NewColumn(i, a.columns[i].Type, quoteIdent(a.columns[i].Name), a.pos)
}

// finish returns the node, whose columns are the converted ones.
func (a *arm) finish(list []expr.Expr) (Node, error) {
	if a.query != nil {
		for i, x := range list {
			t := &a.query.targets[i]
			t.expr, t.Type = x, x.Type()
		}
		return a.query.assemble()
	}
	same := true
	p := &Project{In: a.node}
	for i, x := range list {
		c, ok := x.(*expr.Column)
		same = same && ok && c.Index == i
		p.Exprs = append(p.Exprs, NewProgram(x))
	}
	if same {
		return a.node, nil
	}
	return p, nil
}

// setOperation binds UNION, INTERSECT and EXCEPT with the clauses after them. A chain of them, which leans to the left, is bound
// from its first query on.
func (b *builder) setOperation(s *ast.SelectStmt) (Node, []Column, error) {
	chain := []*ast.SelectStmt{s}
	first := s.Left
	for first.SetOp != ast.NoSetOp && bare(first) {
		chain = append(chain, first)
		first = first.Left
	}
	left, err := b.setArm(first)
	if err != nil {
		return nil, nil, err
	}
	for i := len(chain) - 1; i >= 0; i-- {
		if left, err = b.combine(left, chain[i]); err != nil {
			return nil, nil, err
		}
	}
	return b.ordered(s, left.node, left.columns)
}

// bare says whether a query has none of the clauses that stand around a set operation.
func bare(s *ast.SelectStmt) bool {
	return s.With == nil && len(s.OrderBy) == 0 && s.Limit == nil && s.LimitOffset == nil && len(s.Locking) == 0 && !s.WithTies
}

// combine binds the right side of a set operation whose left side is bound.
func (b *builder) combine(left *arm, s *ast.SelectStmt) (*arm, error) {
	name := setOpNames[s.SetOp]
	right, err := b.setArm(s.Right)
	if err != nil {
		return nil, err
	}
	if len(left.columns) != len(right.columns) {
		return nil, sqlerr.New(sqlerr.SyntaxError, "each %s query must have the same number of columns", name).At(right.pos)
	}
	binder := b.binder(b.newScope(), name)
	ls, rs := make([]expr.Expr, len(left.columns)), make([]expr.Expr, len(left.columns))
	columns := make([]Column, len(left.columns))
	for i := range columns {
		both, typ, err := binder.CommonList([]expr.Expr{left.expr(i), right.expr(i)}, name)
		if err != nil {
			return nil, err
		}
		for j := range both {
			if both[j], err = binder.Text(both[j]); err != nil {
				return nil, err
			}
		}
		if typ.Kind == value.Unknown {
			typ = value.Of(value.Text)
		}
		if !s.All {
			if err := expr.RequireEquality(both[0], left.expr(i).Pos()); err != nil {
				return nil, err
			}
		}
		ls[i], rs[i] = both[0], both[1]
		columns[i] = Column{Name: left.columns[i].Name, Type: typ}
	}
	n := &SetOp{Op: s.SetOp, All: s.All}
	if n.Left, err = left.finish(ls); err != nil {
		return nil, err
	}
	if n.Right, err = right.finish(rs); err != nil {
		return nil, err
	}
	var root Node = n
	if s.SetOp == ast.Union && !s.All {
		n.All = true
		root = &Distinct{In: n}
	}
	return &arm{node: root, columns: columns, pos: left.pos}, nil
}

// ordered puts ORDER BY, LIMIT and OFFSET over a set operation.
func (b *builder) ordered(s *ast.SelectStmt, n Node, columns []Column) (Node, []Column, error) {
	if len(s.Locking) > 0 {
		return nil, nil, sqlerr.NotSupported("%s is not allowed with UNION/INTERSECT/EXCEPT",
			LockClauseName(lockModes[s.Locking[0].Strength])).At(s.Locking[0].Pos())
	}
	q := &query{builder: b, stmt: s, input: n, scope: b.newScope()}
	r := relationOf("*SELECT*", columns)
	q.scope.place(r)
	for i, c := range columns {
		q.targets = append(q.targets, target{Column: c, expr: q.scope.column(r, i, ast.NoPos), named: true})
	}
	for _, item := range s.OrderBy {
		_, byName := plainName(item.Expr)
		c, isConst := item.Expr.(*ast.Const)
		found := isConst && c.Kind == ast.Int
		if byName {
			i, err := q.byName(item.Expr.(*ast.ColumnRef).Parts[0].Name, item.Expr, "ORDER BY")
			if err != nil {
				return nil, nil, err
			}
			if found = i >= 0; !found {
				return nil, nil, q.scope.unknown(item.Expr.(*ast.ColumnRef))
			}
		}
		if ref, ok := item.Expr.(*ast.ColumnRef); ok && !found && len(ref.Parts) > 1 {
			return nil, nil, q.scope.unknown(ref)
		}
		if !found {
			return nil, nil, sqlerr.New(sqlerr.FeatureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause").
				WithDetail("Only result column names can be used, not expressions or functions.").
				WithHint("Add the expression/function to every SELECT, or move the UNION into a FROM clause.").At(item.Expr.Pos())
		}
	}
	if err := q.bindOrderBy(); err != nil {
		return nil, nil, err
	}
	n = sorted(n, q.keys, func(k sortKey) expr.Expr { return k.expr })
	n, err := q.limit(n)
	return n, columns, err
}
