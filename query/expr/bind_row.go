package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// bindRow binds ROW(..) and (a, b). t.* in it is the columns of t.
func (b *Binder) bindRow(e *ast.RowExpr) (Expr, error) {
	x := &Row{head: head{value.Of(value.Record), e.Pos()}}
	for _, a := range e.Args {
		y, err := b.Bind(a)
		if err != nil {
			return nil, err
		}
		if r, ok := y.(*Row); ok && isStar(a) {
			x.Fields = append(x.Fields, r.Fields...)
			continue
		}
		x.Fields = append(x.Fields, y)
	}
	if len(x.Fields) > maxRowFields {
		return nil, sqlerr.New(sqlerr.TooManyColumns, "ROW expressions can have at most %d entries", maxRowFields).At(e.Pos())
	}
	return x, nil
}

const maxRowFields = 1664

// isStar says whether an expression ends in a star.
func isStar(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ColumnRef:
		return e.Star
	case *ast.Indirection:
		return len(e.Path) > 0 && e.Path[len(e.Path)-1].Star
	}
	return false
}

// writtenRow returns the row that an expression writes out; nil for others.
func writtenRow(e Expr) *Row {
	if r, ok := e.(*Row); ok && r.Names == nil {
		return r
	}
	return nil
}

// RowOperator compares two rows field by field, as PostgreSQL does for rows that are written out.
func (b *Binder) RowOperator(op string, l, r []Expr, pos int) (Expr, error) {
	switch {
	case len(l) != len(r):
		return nil, sqlerr.New(sqlerr.SyntaxError, "unequal number of entries in row expressions").At(pos)
	case len(l) == 0:
		return nil, sqlerr.NotSupported("cannot compare rows of zero length").At(pos)
	}
	each := make([]Expr, len(l))
	for i := range l {
		x, err := b.callOperator(op, l[i], r[i], pos)
		if err != nil {
			return nil, err
		}
		if kindOf(x) != value.Bool {
			return nil, sqlerr.New(sqlerr.DatatypeMismatch, "row comparison operator must yield type boolean, not type %s", kindOf(x)).At(pos)
		}
		each[i] = x
	}
	if len(each) == 1 {
		return each[0], nil
	}
	switch op {
	case "=":
		return foldNode(newLogic(ast.And, each), Immutable, foldContext()), nil
	case "<>":
		return foldNode(newLogic(ast.Or, each), Immutable, foldContext()), nil
	case "<", "<=", ">", ">=":
		return b.rowOrder(op, l, r, each, pos)
	}
	return nil, sqlerr.NotSupported("could not determine interpretation of row comparison operator %s", op).
		WithHint("Row comparison operators must be associated with btree operator families.").At(pos)
}

// rowOrder is (a, b) < (c, d): a < c OR a = c AND b < d. A NULL in the first fields that are not equal makes it NULL, here as
// there.
func (b *Binder) rowOrder(op string, l, r, last []Expr, pos int) (Expr, error) {
	n := len(l) - 1
	x := last[n]
	for i := n - 1; i >= 0; i-- {
		before, err := b.callOperator(op[:1], l[i], r[i], pos)
		if err != nil {
			return nil, err
		}
		equal, err := b.callOperator("=", l[i], r[i], pos)
		if err != nil {
			return nil, err
		}
		x = NewOr(before, NewAnd(equal, x))
	}
	return foldNode(x, Immutable, foldContext()), nil
}

// rowDistinct is IS DISTINCT FROM of rows that are written out: that of one of their fields.
func (b *Binder) rowDistinct(e *ast.IsDistinct, l, r *Row) (Expr, error) {
	if len(l.Fields) != len(r.Fields) {
		return nil, sqlerr.New(sqlerr.SyntaxError, "unequal number of entries in row expressions").At(e.Pos())
	}
	var list []Expr
	for i := range l.Fields {
		x, err := b.distinct(l.Fields[i], r.Fields[i], e.Not, e.Pos())
		if err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	join := ast.Or
	if e.Not {
		join = ast.And
	}
	switch len(list) {
	case 0:
		return NewConst(value.NewBool(e.Not), boolType, e.Pos()), nil
	case 1:
		return list[0], nil
	}
	return foldNode(newLogic(join, list), Immutable, foldContext()), nil
}

// rowNullTest is IS NULL of a row: that all of its fields are NULL, none with not.
func rowNullTest(r *Row, not bool, pos int) Expr {
	var list []Expr
	for _, f := range r.Fields {
		if writtenRow(f) != nil {
			list = append(list, NewConst(value.NewBool(not), boolType, pos)) // a row is not NULL itself
			continue
		}
		list = append(list, &NullTest{head: head{boolType, pos}, Arg: f, Not: not})
	}
	switch len(list) {
	case 0:
		return NewConst(value.NewBool(true), boolType, pos)
	case 1:
		return list[0]
	}
	return foldNode(newLogic(ast.And, list), Immutable, foldContext())
}

// rowStep is (x).name, or the x of (x).*.
func (b *Binder) rowStep(x Expr, step ast.Step) (Expr, error) {
	r, ok := x.(*Row)
	switch {
	case ok && step.Star:
		return x, nil
	case ok:
		if f := r.field(step.Field); f != nil {
			return f, nil
		}
		if r.Relation != "" {
			return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %s.%s does not exist", r.Relation, step.Field).At(x.Pos())
		}
		return nil, sqlerr.New(sqlerr.UndefinedColumn, "could not identify column %q in record data type", step.Field).At(x.Pos())
	case kindOf(x) == value.Record:
		return nil, sqlerr.NotSupported("fields of a record that is not a row of this query are not supported").At(x.Pos())
	}
	return nil, sqlerr.New(sqlerr.WrongObjectType, "column notation .%s applied to type %s, which is not a composite type",
		step.Field, kindOf(x)).At(x.Pos())
}
