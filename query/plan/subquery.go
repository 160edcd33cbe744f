package plan

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// subLink binds a query inside an expression. The expression is over the row of sc.
func (b *builder) subLink(binder *expr.Binder, sc *scope, e *ast.SubLink) (expr.Expr, error) {
	var left []expr.Expr
	if e.Test != nil {
		var err error
		if left, err = b.testSide(binder, e); err != nil {
			return nil, err
		}
	}
	back := b.level
	l := b.enter(sc)
	l.binder = binder
	root, columns, err := b.selectStmt(e.Query)
	b.leave(back)
	if err != nil {
		return nil, err
	}
	s := expr.Subquery{Kind: e.Kind, In: e.In}
	for _, c := range l.captures {
		s.Slots = append(s.Slots, c.slot)
		s.Args = append(s.Args, c.x)
	}
	if e.Kind == ast.ExprSubLink && e.Test != nil {
		return b.rowSubLink(binder, s, e, left, root, columns)
	}
	typ := value.Of(value.Bool)
	switch e.Kind {
	case ast.ExprSubLink, ast.ArraySubLink:
		if len(columns) != 1 {
			return nil, sqlerr.New(sqlerr.SyntaxError, "subquery must return only one column").At(e.Pos())
		}
		if typ = columns[0].Type; e.Kind == ast.ArraySubLink {
			typ = value.Of(typ.Kind.Array()) // of arrays it has a dimension more
		}
	case ast.AnySubLink, ast.AllSubLink:
		if err := b.subLinkTest(binder, &s, e, left, columns); err != nil {
			return nil, err
		}
	}
	s.Plan = b.subplan(root, s.Slots, s.Out)
	x := expr.NewSubquery(s, typ, e.Pos())
	if e.Kind == ast.AllSubLink && e.Op == "<>" && len(left) == 1 {
		// x <> ALL (..) is NOT x = ANY (..), which is looked up.
		return expr.NewNot(x), nil
	}
	return x, nil
}

// testSide binds what ANY and ALL compare.
func (b *builder) testSide(binder *expr.Binder, e *ast.SubLink) ([]expr.Expr, error) {
	x, err := binder.Bind(e.Test)
	if err != nil {
		return nil, err
	}
	if _, ok := e.Test.(*ast.RowExpr); ok {
		return x.(*expr.Row).Fields, nil
	}
	return []expr.Expr{x}, nil
}

// rowSubLink binds (a, b) = (SELECT x, y): the query yields its one row as a record, of which the fields are compared.
func (b *builder) rowSubLink(binder *expr.Binder, s expr.Subquery, e *ast.SubLink, left []expr.Expr, root Node, columns []Column) (expr.Expr, error) {
	if err := sameWidth(e, left, columns); err != nil {
		return nil, err
	}
	fields := make([]expr.Expr, len(columns))
	names := make([]string, len(columns))
	for i, c := range columns {
		fields[i], names[i] = expr.NewColumn(i, c.Type, quoteIdent(c.Name), e.Pos()), c.Name
	}
	row := expr.NewWholeRow("", fields, names, nil, e.Pos())
	s.Plan = b.subplan(&Project{In: root, Exprs: []*Program{NewProgram(row)}}, s.Slots, nil)
	record := expr.NewSubquery(s, row.Type(), e.Pos())
	right := make([]expr.Expr, len(columns))
	for i, c := range columns {
		right[i] = expr.NewRowField(record, i, c.Type, e.Pos())
	}
	return binder.RowOperator(e.Op, left, right, e.Pos())
}

// sameWidth checks that a query has as many columns as what is compared with it.
func sameWidth(e *ast.SubLink, left []expr.Expr, columns []Column) error {
	switch {
	case len(columns) < len(left):
		return sqlerr.New(sqlerr.SyntaxError, "subquery has too few columns").At(e.Pos())
	case len(columns) > len(left):
		return sqlerr.New(sqlerr.SyntaxError, "subquery has too many columns").At(e.Pos())
	}
	return nil
}

// subLinkTest binds the comparison of ANY and ALL with a row of the result.
func (b *builder) subLinkTest(binder *expr.Binder, s *expr.Subquery, e *ast.SubLink, left []expr.Expr, columns []Column) error {
	if err := sameWidth(e, left, columns); err != nil {
		return err
	}
	right := make([]expr.Expr, len(columns))
	for i, c := range columns {
		slot := b.slots.next()
		s.Out = append(s.Out, slot)
		right[i] = expr.NewSlot(slot, c.Type, quoteIdent(c.Name), e.Query.Pos())
	}
	op := e.Op
	if len(left) == 1 {
		if op == "<>" && e.Kind == ast.AllSubLink {
			op, s.Kind = "=", ast.AnySubLink
		}
		x, err := binder.Operator(op, left[0], right[0], e.Pos())
		if err != nil {
			return err
		}
		s.Test, err = binder.Bool(x, "ANY/ALL")
		return err
	}
	var err error
	s.Test, err = binder.RowOperator(op, left, right, e.Pos())
	return err
}

// subplan makes the plan of a query inside an expression that sets the slots own before each run, and out for
// each row.
func (b *builder) subplan(root Node, own, out []int) *Subplan {
	p := &Subplan{Root: root, types: root.Types()}
	set := map[int]bool{}
	for _, i := range append(append([]int(nil), own...), out...) {
		set[i] = true
	}
	read := map[int]bool{}
	eachExpr(root, func(e expr.Expr) {
		if volatile(e) {
			p.volatile = true
		}
		expr.Slots(e, func(i int) { read[i] = true })
		expr.Walk(e, func(x expr.Expr) bool {
			if s, ok := x.(*expr.Subquery); ok {
				for _, i := range append(append([]int(nil), s.Slots...), s.Out...) {
					set[i] = true
				}
				for _, i := range s.Plan.Outer() {
					read[i] = true
				}
			}
			return true
		})
	})
	eachNode(root, func(n Node) {
		switch n := n.(type) {
		case *Join:
			for _, i := range n.Slots {
				set[i] = true
			}
			if n.Alt != nil {
				for _, i := range n.Alt.Slots {
					set[i] = true
				}
			}
		case *Insert, *Update, *Delete:
			p.volatile = true
		case *LockRows:
			p.volatile = true
		}
	})
	for i := range read {
		if !set[i] {
			p.outer = append(p.outer, i)
		}
	}
	b.subplans = append(b.subplans, p)
	return p
}

// volatile says whether an expression, or a query in it, is volatile.
func volatile(e expr.Expr) bool {
	found := expr.VolatilityOf(e) == expr.Volatile
	expr.Walk(e, func(x expr.Expr) bool {
		if s, ok := x.(*expr.Subquery); ok && s.Plan.Volatile() {
			found = true
		}
		return !found
	})
	return found
}

// eachNode calls f for a node and those below it, not for the queries inside expressions. The query of a CTE is below
// the With that it belongs to.
func eachNode(n Node, f func(Node)) {
	f(n)
	for _, in := range n.Inputs() {
		eachNode(in, f)
	}
}

// eachExpr calls f for each expression of a tree.
func eachExpr(root Node, f func(expr.Expr)) {
	note := func(e expr.Expr) expr.Expr {
		f(e)
		return e
	}
	eachNode(root, func(n Node) {
		switch n := n.(type) {
		case *Scan:
			mapPrograms(n.Where, note)
		case *Values:
			for _, row := range n.Rows {
				for _, e := range row {
					f(e)
				}
			}
		case *Functions:
			for _, e := range n.Calls {
				f(e)
			}
		case *Limit:
			if n.Count != nil {
				f(n.Count)
			}
			if n.Offset != nil {
				f(n.Offset)
			}
			mapPrograms(n.Ties, note)
		case *Join:
			mapPrograms(n.On, note)
			mapPrograms(n.Args, note)
		default:
			mapExprs(n, note)
		}
	})
}
