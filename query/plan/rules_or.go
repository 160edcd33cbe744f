package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// arms returns the conjuncts of each arm of an OR.
func arms(e expr.Expr) ([][]expr.Expr, bool) {
	l, ok := e.(*expr.Logic)
	if !ok || l.Op != ast.Or {
		return nil, false
	}
	list := make([][]expr.Expr, len(l.Args))
	for i, a := range l.Args {
		list[i] = expr.Conjuncts(a)
	}
	return list, true
}

// factored takes out of an OR what all its arms say: (a and x) or (a and y) is a and (x or y).
func factored(e expr.Expr) []expr.Expr {
	list, ok := arms(e)
	if !ok || !steady(e) {
		return []expr.Expr{e}
	}
	var common []expr.Expr
	for _, c := range list[0] {
		everywhere := !slices.ContainsFunc(list[1:], func(arm []expr.Expr) bool { return !containsExpr(arm, c) })
		if everywhere && !containsExpr(common, c) {
			common = append(common, c)
		}
	}
	if len(common) == 0 {
		return []expr.Expr{e}
	}
	var rest []expr.Expr
	for _, arm := range list {
		_, others := split(arm, func(c expr.Expr) bool { return containsExpr(common, c) })
		if len(others) == 0 {
			return common // the arm is true whenever they are
		}
		rest = append(rest, expr.NewAnd(others...))
	}
	return append(common, expr.NewOr(rest...))
}

// restrict adds, for each OR over several members, what it says about one: when each arm has conditions
// on a member, rows of it that meet those of none are of no use.
func (g *JoinGroup) restrict() {
	for _, c := range slices.Clone(g.Conds) {
		list, ok := arms(c.Expr)
		if !ok || c.members.count() < 2 || !steady(c.Expr) {
			continue
		}
		for i, m := range g.Members {
			if m.Kind != InnerJoin || len(m.Args) > 0 || m.Alt != nil || c.members&(1<<i) == 0 {
				continue
			}
			var parts []expr.Expr
			for _, arm := range list {
				own, _ := split(arm, func(e expr.Expr) bool { return g.membersOf(e) == 1<<i && !expr.HasSubquery(e) })
				if len(own) == 0 {
					parts = nil
					break
				}
				parts = append(parts, expr.NewAnd(own...))
			}
			if parts != nil {
				e := expr.NewOr(parts...)
				g.Conds = append(g.Conds, &JoinCond{Expr: e, members: 1 << i})
			}
		}
	}
}
