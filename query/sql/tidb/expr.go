package tidb

import (
	tast "github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// expr converts an expression. A marker that only notes something gives nil.
func (c *converter) expr(e tast.ExprNode) ast.Expr {
	switch e := e.(type) {
	case *number:
		return c.leaf(e.note())
	case *tast.PositionExpr: // a number in ORDER BY or GROUP BY
		return c.leaf(e.N)
	case *tast.ColumnNameExpr:
		return c.column(e)
	case *tast.FuncCallExpr:
		n := c.note(e.FnName.O)
		if n == nil || n.Build == nil {
			fail("call of %q", e.FnName.O)
		}
		return n.Build(c.exprs(e.Args))
	case *tast.ParenthesesExpr:
		return c.expr(e.Expr)
	case *tast.BinaryOperationExpr:
		return c.binary(e)
	case *tast.UnaryOperationExpr:
		if e.Op != opcode.Not {
			fail("unary %s", e.Op)
		}
		return &ast.BoolExpr{Offset: c.opAt(e), Op: ast.Not, Args: []ast.Expr{c.expr(e.V)}}
	case *tast.PatternInExpr:
		return c.in(e)
	case *tast.PatternLikeOrIlikeExpr:
		kind := ast.ILike
		if e.IsLike {
			kind = ast.Like
		}
		return &ast.LikeExpr{Offset: c.opBefore(e.Pattern), Kind: kind, Not: e.Not,
			Arg: c.expr(e.Expr), Pattern: c.expr(e.Pattern)}
	case *tast.BetweenExpr:
		return &ast.BetweenExpr{Offset: c.opBefore(e.Left), Not: e.Not,
			Arg: c.expr(e.Expr), Low: c.expr(e.Left), High: c.expr(e.Right)}
	case *tast.CaseExpr:
		return c.caseExpr(e)
	case *tast.SubqueryExpr:
		return c.subLink(e)
	case *tast.ExistsSubqueryExpr:
		s := c.subLink(e.Sel)
		s.Kind, s.Offset = ast.ExistsSubLink, c.opAt(e)
		return s
	}
	fail("unexpected %T", e)
	return nil
}

func (c *converter) exprs(list []tast.ExprNode) []ast.Expr {
	if len(list) == 0 {
		return nil
	}
	out := make([]ast.Expr, len(list))
	for i, e := range list {
		out[i] = c.expr(e)
	}
	return out
}

// leaf returns the node of a number. Number 0 stands for nothing.
func (c *converter) leaf(n int) ast.Expr {
	if n < 0 || n >= len(c.rw.Notes) {
		fail("number %d", n)
	}
	return c.rw.Notes[n].Leaf
}

func (c *converter) column(e *tast.ColumnNameExpr) ast.Expr {
	col := c.rw.Column(e.OriginTextPosition())
	if col == nil || col.Parts[len(col.Parts)-1].Name != e.Name.Name.O {
		fail("column %q", e.Name.Name.O)
	}
	return col
}

// opAt returns the source offset of the keyword or parenthesis with which e begins.
func (c *converter) opAt(e tast.ExprNode) ast.Offset {
	return c.rw.OperatorAt(e.OriginTextPosition())
}

// opBefore returns the source offset of the operator before the operand.
func (c *converter) opBefore(operand tast.ExprNode) ast.Offset {
	return c.rw.OperatorBefore(operand.OriginTextPosition())
}

func (c *converter) binary(e *tast.BinaryOperationExpr) ast.Expr {
	switch e.Op {
	case opcode.LogicAnd:
		return c.boolean(e, ast.And)
	case opcode.LogicOr:
		return c.boolean(e, ast.Or)
	}
	return &ast.OpExpr{Offset: c.opBefore(e.R), Op: operatorName(e.Op), Left: c.expr(e.L), Right: c.expr(e.R)}
}

func operatorName(op opcode.Op) string {
	switch op {
	case opcode.EQ:
		return "="
	case opcode.NE:
		return "<>"
	case opcode.LT:
		return "<"
	case opcode.GT:
		return ">"
	case opcode.LE:
		return "<="
	case opcode.GE:
		return ">="
	case opcode.Plus:
		return "+"
	case opcode.Minus:
		return "-"
	case opcode.Mul:
		return "*"
	case opcode.Div:
		return "/"
	case opcode.Mod:
		return "%"
	}
	fail("operator %s", op)
	return ""
}

// boolean makes one node of a chain to the left, as PostgreSQL does.
func (c *converter) boolean(e *tast.BinaryOperationExpr, op ast.BoolOp) ast.Expr {
	at := c.opBefore(e.R)
	left, right := c.expr(e.L), c.expr(e.R)
	if b, ok := left.(*ast.BoolExpr); ok && b.Op == op {
		b.Args = append(b.Args, right)
		return b
	}
	return &ast.BoolExpr{Offset: at, Op: op, Args: []ast.Expr{left, right}}
}

func (c *converter) in(e *tast.PatternInExpr) ast.Expr {
	if e.Sel == nil {
		return &ast.InExpr{Offset: c.opBefore(e.List[0]), Not: e.Not, Arg: c.expr(e.Expr), List: c.exprs(e.List)}
	}
	at := c.opBefore(e.Sel)
	test := c.expr(e.Expr)
	s := c.subLink(e.Sel)
	s.Kind, s.Offset, s.Op, s.In, s.Test = ast.AnySubLink, at, "=", true, test
	if e.Not {
		return &ast.BoolExpr{Offset: at, Op: ast.Not, Args: []ast.Expr{s}}
	}
	return s
}

func (c *converter) caseExpr(e *tast.CaseExpr) ast.Expr {
	out := &ast.CaseExpr{Offset: c.opAt(e)}
	if e.Value != nil {
		out.Arg = c.expr(e.Value)
	}
	for _, w := range e.WhenClauses {
		out.Whens = append(out.Whens, &ast.CaseWhen{Offset: c.opBefore(w.Expr),
			Cond: c.expr(w.Expr), Result: c.expr(w.Result)})
	}
	if e.ElseClause != nil {
		out.Else = c.expr(e.ElseClause)
	}
	return out
}

// subLink converts a subquery; its kind is left for the caller to change.
func (c *converter) subLink(e tast.ExprNode) *ast.SubLink {
	s, ok := e.(*tast.SubqueryExpr)
	if !ok {
		fail("%T for a subquery", e)
	}
	return &ast.SubLink{Offset: c.opAt(s), Query: c.query(s.Query)}
}
