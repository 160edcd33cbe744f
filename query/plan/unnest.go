package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// unnest turns the conditions of a WHERE clause that are EXISTS, NOT EXISTS and IN into joins of the rows that they
// are about, and returns the others. NOT IN stays as it is: with NULLs it is no join.
func (b *builder) unnest(in Node, conds []expr.Expr) (Node, []expr.Expr) {
	if b.Plain {
		return in, conds
	}
	var rest []expr.Expr
	for _, c := range conds {
		if j := b.semiJoin(in, c); j != nil {
			in = j
		} else {
			rest = append(rest, c)
		}
	}
	return in, rest
}

// semiJoin returns the join that a condition over the rows of left is, or nil.
func (b *builder) semiJoin(left Node, cond expr.Expr) *Join {
	kind := SemiJoin
	if l, ok := cond.(*expr.Logic); ok && l.Op == ast.Not {
		kind, cond = AntiJoin, l.Args[0]
	}
	s, ok := cond.(*expr.Subquery)
	if !ok || s.Plan.Volatile() || slices.ContainsFunc(s.Args, expr.HasSubquery) {
		return nil
	}
	switch s.Kind {
	case ast.ExistsSubLink:
		if len(s.Slots) == 0 {
			return nil // it runs once
		}
	case ast.AnySubLink:
		if kind == AntiJoin || !equalities(s.Test) {
			return nil
		}
	default:
		return nil
	}
	p := s.Plan.(*Subplan)
	u := &unnesting{sub: s, width: len(left.Types())}
	j := &Join{Kind: kind, Left: left}
	if !u.pull(p.Root, j) {
		return nil
	}
	p.pulled = true
	return j
}

// equalities says whether a test is made of equalities, which can be looked up.
func equalities(test expr.Expr) bool {
	for _, c := range expr.Conjuncts(test) {
		if call, ok := c.(*expr.Call); !ok || call.Func.Op != "=" {
			return false
		}
	}
	return true
}

// unnesting takes a subquery apart. The columns of the join are the left side's, width of them, then the right side's.
type unnesting struct {
	sub   *expr.Subquery
	width int
}

// pull makes the right side and the condition of the join; false when the query depends on the outer row in other
// ways than by conditions.
func (u *unnesting) pull(root Node, j *Join) bool {
	if !u.reads(root) && u.sub.Kind != ast.ExistsSubLink {
		j.Right = root
		types := root.Types()
		j.On = programs(expr.Conjuncts(u.test(func(i int) expr.Expr {
			return expr.NewColumn(u.width+i, types[i], u.names(i), ast.NoPos)
		})))
		return true
	}
	top, project := u.strip(root)
	if top == nil {
		return false
	}
	var own []expr.Expr // conditions on the outer row
	bottom := top
	var kept []*Program
	for {
		f, ok := bottom.(*Filter)
		if !ok {
			break
		}
		kept = append(kept, u.split(f.Where, &own)...)
		bottom = f.In
	}
	var where []*Program
	scan, isScan := bottom.(*Scan)
	if isScan {
		where = u.split(scan.Where, &own)
	}
	for _, c := range own {
		if expr.VolatilityOf(c) == expr.Volatile || u.deep(c) {
			return false
		}
	}
	rest := bottom
	if isScan {
		s := *scan
		s.Where = where
		rest = &s
	}
	if u.reads(rest) {
		return false
	}
	for _, p := range kept {
		if u.readsExpr(p.Expr) {
			return false
		}
	}
	if u.sub.Kind == ast.AnySubLink {
		for _, p := range project.Exprs {
			if u.readsExpr(p.Expr) || expr.VolatilityOf(p.Expr) == expr.Volatile {
				return false
			}
		}
	}
	on := make([]expr.Expr, 0, len(own)+1)
	for _, c := range own {
		on = append(on, u.lift(c))
	}
	if u.sub.Kind == ast.AnySubLink {
		on = append(on, expr.Conjuncts(u.test(func(i int) expr.Expr { return shiftColumns(project.Exprs[i].Expr, u.width) }))...)
	}
	j.Right, j.On = filtered(rest, kept), programs(on)
	return true
}

// strip takes off what does not change whether there is a row (EXISTS), or which rows there are (IN): the
// select list, an order, DISTINCT, a LIMIT of at least one row.
func (u *unnesting) strip(n Node) (Node, *Project) {
	var project *Project
	for {
		switch x := n.(type) {
		case *Sort:
			n = x.In
		case *Distinct:
			if x.On != nil {
				return nil, nil
			}
			n = x.In
		case *Limit:
			c, ok := x.Count.(*expr.Const)
			if u.sub.Kind != ast.ExistsSubLink || x.Offset != nil || !ok || c.Val.IsNull() || c.Val.Int() < 1 {
				return nil, nil
			}
			n = x.In
		case *Project:
			if project != nil {
				return nil, nil
			}
			project = x
			n = x.In
		case *Filter, *Scan, *Join:
			return n, project
		default:
			return nil, nil
		}
	}
}

// split puts the conditions that read the outer row into own and returns the others.
func (u *unnesting) split(list []*Program, own *[]expr.Expr) []*Program {
	var kept []*Program
	for _, p := range list {
		if u.readsExpr(p.Expr) {
			*own = append(*own, p.Expr)
		} else {
			kept = append(kept, p)
		}
	}
	return kept
}

// readsExpr says whether an expression, or a query in it, reads the outer row.
func (u *unnesting) readsExpr(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.Slot:
			found = found || slices.Contains(u.sub.Slots, x.Index)
		case *expr.Subquery:
			found = found || slices.ContainsFunc(x.Plan.Outer(), func(i int) bool { return slices.Contains(u.sub.Slots, i) })
		}
		return !found
	})
	return found
}

// deep says whether a query in an expression reads the outer row itself: its slots must stay.
func (u *unnesting) deep(e expr.Expr) bool {
	found := false
	expr.Walk(e, func(x expr.Expr) bool {
		if s, ok := x.(*expr.Subquery); ok {
			found = found || slices.ContainsFunc(s.Plan.Outer(), func(i int) bool { return slices.Contains(u.sub.Slots, i) })
		}
		return !found
	})
	return found
}

// reads says whether anything in a tree reads the outer row.
func (u *unnesting) reads(n Node) bool {
	found := false
	eachExpr(n, func(e expr.Expr) { found = found || u.readsExpr(e) })
	return found
}

// lift makes a condition over the inner row and the slots one over the join's.
func (u *unnesting) lift(e expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		switch x := x.(type) {
		case *expr.Column:
			return expr.NewColumn(u.width+x.Index, x.Type(), x.Name, x.Pos())
		case *expr.Slot:
			if i := slices.Index(u.sub.Slots, x.Index); i >= 0 {
				return u.sub.Args[i]
			}
		}
		return x
	})
}

// names returns the name of a column of the result, for EXPLAIN.
func (u *unnesting) names(i int) string {
	name := "?column?"
	expr.Walk(u.sub.Test, func(x expr.Expr) bool {
		if s, ok := x.(*expr.Slot); ok && s.Index == u.sub.Out[i] {
			name = s.Name
		}
		return true
	})
	return name
}

// test is the test of IN over the join's row; target is a column of the query over it.
func (u *unnesting) test(target func(i int) expr.Expr) expr.Expr {
	return expr.Rewrite(u.sub.Test, func(x expr.Expr) expr.Expr {
		if s, ok := x.(*expr.Slot); ok {
			if i := slices.Index(u.sub.Out, s.Index); i >= 0 {
				return target(i)
			}
		}
		return x
	})
}
