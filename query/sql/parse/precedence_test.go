package parse

import (
	"fmt"
	"math/rand"
	"regexp"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// generator makes random expressions.
type generator struct{ *rand.Rand }

func (g generator) pick(words ...string) string { return words[g.Intn(len(words))] }

func (g generator) list(n, depth int) []ast.Expr {
	out := make([]ast.Expr, n)
	for i := range out {
		out[i] = g.expr(depth - 1)
	}
	return out
}

func (g generator) leaf() ast.Expr {
	if g.Intn(3) == 0 {
		n := int64(g.Intn(100))
		return &ast.Const{Kind: ast.Int, Int: n, Text: fmt.Sprint(n)}
	}
	return &ast.ColumnRef{Parts: []ast.Ident{{Name: g.pick("a", "b", "c", "select", "x`y")}}}
}

func (g generator) expr(depth int) ast.Expr {
	if depth <= 0 {
		return g.leaf()
	}
	sub := func() ast.Expr { return g.expr(depth - 1) }
	flip := func() bool { return g.Intn(2) == 0 }
	switch g.Intn(17) {
	case 0, 1:
		return &ast.OpExpr{Op: g.pick("=", "<>", "<", ">", "<=", ">="), Left: sub(), Right: sub()}
	case 2, 3:
		return &ast.OpExpr{Op: g.pick("+", "-", "*", "/", "%"), Left: sub(), Right: sub()}
	case 4:
		return &ast.OpExpr{Op: g.pick("||", "^", "@>", "->>"), Left: sub(), Right: sub()}
	case 5:
		arg := sub()
		if _, ok := arg.(*ast.Const); ok { // a sign would become part of it
			arg = &ast.ColumnRef{Parts: []ast.Ident{{Name: "n"}}}
		}
		return &ast.OpExpr{Op: g.pick("-", "@"), Right: arg}
	case 6, 7:
		op := ast.And
		if flip() {
			op = ast.Or
		}
		args := g.list(2+g.Intn(10)/8*8, depth)
		if b, ok := args[0].(*ast.BoolExpr); ok && b.Op == op { // would be one list
			args[0] = g.leaf()
		}
		return &ast.BoolExpr{Op: op, Args: args}
	case 8:
		return &ast.BoolExpr{Op: ast.Not, Args: g.list(1, depth)}
	case 9:
		if flip() {
			return &ast.NullTest{Not: flip(), Arg: sub()}
		}
		return &ast.IsDistinct{Not: flip(), Left: sub(), Right: sub()}
	case 10:
		return &ast.InExpr{Not: flip(), Arg: sub(), List: g.list(1+g.Intn(3), depth)}
	case 11:
		return &ast.BetweenExpr{Not: flip(), Symmetric: g.Intn(4) == 0, Arg: sub(), Low: sub(), High: sub()}
	case 12:
		e := &ast.LikeExpr{Kind: ast.LikeKind(g.Intn(2)), Not: flip(), Arg: sub(), Pattern: sub()}
		if g.Intn(4) == 0 {
			e.Escape = sub()
		}
		return e
	case 13:
		return &ast.CaseExpr{Whens: []*ast.CaseWhen{{Cond: sub(), Result: sub()}}, Else: sub()}
	case 14:
		return &ast.FuncCall{Name: []ast.Ident{{Name: "f"}}, Args: g.list(1+g.Intn(3), depth)}
	case 15:
		return &ast.ArrayExpr{Elems: g.list(1+g.Intn(3), depth)}
	}
	return &ast.BooleanTest{Kind: ast.BoolTestKind(g.Intn(6)), Arg: sub()}
}

// writer writes an expression with all parentheses, or with those alone that
// PostgreSQL's precedences need.
type sqlWriter struct{ minimal bool }

// prec is the precedence of an expression's outermost operator.
func prec(e ast.Expr) int {
	switch e := e.(type) {
	case *ast.BoolExpr:
		return 1 + int(map[ast.BoolOp]int{ast.Or: 0, ast.And: 1, ast.Not: 2}[e.Op])
	case *ast.NullTest, *ast.BooleanTest, *ast.IsDistinct:
		return 4
	case *ast.InExpr, *ast.BetweenExpr, *ast.LikeExpr:
		return 6
	case *ast.OpExpr:
		if e.Left == nil && e.Op == "-" {
			return 14
		}
		switch e.Op {
		case "=", "<>", "<", ">", "<=", ">=":
			return 5
		case "+", "-":
			return 9
		case "*", "/", "%":
			return 10
		case "^":
			return 11
		}
		return 8
	}
	return 100
}

// sub writes an operand that must bind at least as tightly as p.
func (w sqlWriter) sub(e ast.Expr, p int) string {
	if w.minimal && prec(e) >= p {
		return w.expr(e)
	}
	return "(" + w.expr(e) + ")"
}

func (w sqlWriter) list(es []ast.Expr) string {
	var parts []string
	for _, e := range es {
		parts = append(parts, w.sub(e, 0))
	}
	return strings.Join(parts, ", ")
}

func word(on bool, s string) string {
	if on {
		return s
	}
	return ""
}

func (w sqlWriter) expr(e ast.Expr) string {
	p := prec(e)
	switch e := e.(type) {
	case *ast.Const:
		return e.Text
	case *ast.ColumnRef:
		return "\"" + e.Parts[0].Name + "\""
	case *ast.OpExpr:
		if e.Left == nil {
			return e.Op + " " + w.sub(e.Right, p+1)
		}
		left := p
		if p == 5 { // does not chain
			left = 6
		}
		return w.sub(e.Left, left) + " " + e.Op + " " + w.sub(e.Right, p+1)
	case *ast.BoolExpr:
		if e.Op == ast.Not {
			return "NOT " + w.sub(e.Args[0], p)
		}
		var parts []string
		for i, a := range e.Args {
			parts = append(parts, w.sub(a, p+min(i, 1)))
		}
		return strings.Join(parts, map[ast.BoolOp]string{ast.And: " AND ", ast.Or: " OR "}[e.Op])
	case *ast.NullTest:
		return w.sub(e.Arg, 5) + " IS " + word(e.Not, "NOT ") + "NULL"
	case *ast.BooleanTest:
		return w.sub(e.Arg, 5) + " IS " + [...]string{"TRUE", "NOT TRUE", "FALSE", "NOT FALSE", "UNKNOWN", "NOT UNKNOWN"}[e.Kind]
	case *ast.IsDistinct:
		return w.sub(e.Left, 5) + " IS " + word(e.Not, "NOT ") + "DISTINCT FROM " + w.sub(e.Right, 5)
	case *ast.InExpr:
		return w.sub(e.Arg, 7) + word(e.Not, " NOT") + " IN (" + w.list(e.List) + ")"
	case *ast.BetweenExpr:
		return w.sub(e.Arg, 7) + word(e.Not, " NOT") + " BETWEEN " + word(e.Symmetric, "SYMMETRIC ") + w.sub(e.Low, 8) +
			" AND " + w.sub(e.High, 7)
	case *ast.LikeExpr:
		s := w.sub(e.Arg, 7) + word(e.Not, " NOT") + [...]string{" LIKE ", " ILIKE "}[e.Kind] + w.sub(e.Pattern, 7)
		if e.Escape != nil {
			s += " ESCAPE " + w.sub(e.Escape, 7)
		}
		return s
	case *ast.CaseExpr:
		return "CASE WHEN " + w.sub(e.Whens[0].Cond, 0) + " THEN " + w.sub(e.Whens[0].Result, 0) + " ELSE " + w.sub(e.Else, 0) + " END"
	case *ast.FuncCall:
		return "f(" + w.list(e.Args) + ")"
	case *ast.ArrayExpr:
		return "ARRAY[" + w.list(e.Elems) + "]"
	}
	panic(fmt.Sprintf("%T", e))
}

var offsets = regexp.MustCompile(`@-?\d+`)

// TestTreesSurviveTheWayThroughTiDB: a random tree, written with all parentheses
// or with as few as PostgreSQL needs, comes back as it was.
func TestTreesSurviveTheWayThroughTiDB(t *testing.T) {
	g := generator{rand.New(rand.NewSource(3))}
	for range 4000 {
		e := g.expr(1 + g.Intn(4))
		want := offsets.ReplaceAllString(ast.Print(e), "")
		for _, minimal := range []bool{false, true} {
			text := "SELECT " + sqlWriter{minimal}.expr(e)
			stmts, err := parse(text, Options{})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			got := offsets.ReplaceAllString(ast.Print(stmts[0].Stmt.(*ast.SelectStmt).Targets[0].Expr), "")
			if got != want {
				t.Fatalf("%s\ngot %s\nwant %s", text, got, want)
			}
		}
	}
}
