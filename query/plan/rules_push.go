package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/query/expr"
)

// push puts conditions over a node's columns as far down as they may go and returns the node in
// its new form, which yields the same columns. On the way joins become groups (join.go), conditions that two
// relations share reach both, and projections that only rename or compute go away where the node above
// can do it.
func push(n Node, conds []expr.Expr) Node {
	switch n := n.(type) {
	case *Scan:
		for _, c := range conds {
			n.Where = append(n.Where, NewProgram(c))
		}
		mapPrograms(n.Where, bareDates)
		return n
	case *Filter:
		return pushFilter(n, conds)
	case *Join:
		return pushJoin(n, conds)
	case *Project:
		return pushProject(n, conds)
	case *Aggregate:
		down, here := split(conds, n.keysOnly)
		n.In = push(n.In, substituteAll(down, programExprs(n.Keys)))
		return filterOver(n, here)
	case *Sort:
		n.In = push(n.In, conds)
		return n
	case *Distinct:
		down, here := conds, []expr.Expr(nil)
		if n.On != nil {
			down, here = split(conds, n.onOnly)
		}
		down, more := split(down, steady)
		n.In = push(n.In, down)
		return filterOver(n, append(here, more...))
	case *ProjectSet:
		width := len(n.In.Types())
		down, here := split(conds, func(e expr.Expr) bool { return steady(e) && columnsBelow(e, width) })
		n.In = push(n.In, down)
		return filterOver(n, here)
	case *Window:
		down, here := split(conds, n.partitionOnly)
		n.In = push(n.In, down)
		return filterOver(n, here)
	case *SetOp:
		down, here := split(conds, steady)
		n.Left = push(n.Left, down)
		n.Right = push(n.Right, down)
		return filterOver(n, here)
	case *With:
		for _, c := range n.CTEs {
			c.Root = push(c.Root, nil)
		}
		n.In = push(n.In, conds)
		return n
	case *Recursion:
		n.Init, n.Step = push(n.Init, nil), push(n.Step, nil)
	case *Limit:
		n.In = push(n.In, nil)
	case *LockRows:
		n.In = push(n.In, nil)
	case *Insert:
		if n.In != nil {
			n.In = push(n.In, nil)
		}
	case *Update:
		if n.Joined != nil {
			n.Joined = push(n.Joined, nil)
		}
	case *Delete:
		if n.Joined != nil {
			n.Joined = push(n.Joined, nil)
		}
	}
	return filterOver(n, conds)
}

// filterOver tests conditions over a node.
func filterOver(n Node, conds []expr.Expr) Node {
	if len(conds) == 0 {
		return n
	}
	return &Filter{In: n, Where: programs(conds)}
}

// split divides conditions by a test.
func split(conds []expr.Expr, test func(expr.Expr) bool) (yes, no []expr.Expr) {
	for _, c := range conds {
		if test(c) {
			yes = append(yes, c)
		} else {
			no = append(no, c)
		}
	}
	return yes, no
}

// steady says that a condition may be tested elsewhere and another number of times.
func steady(e expr.Expr) bool { return expr.VolatilityOf(e) != expr.Volatile }

func columnsBelow(e expr.Expr, n int) bool {
	below := true
	expr.Columns(e, func(i int) { below = below && i < n })
	return below
}

// substitute puts expressions in the place of columns. A column that another stands for keeps the name that was written.
func substitute(e expr.Expr, cols []expr.Expr) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Column)
		if !ok {
			return x
		}
		r, plain := cols[c.Index].(*expr.Column)
		if !plain {
			return cols[c.Index]
		}
		if r.Index == c.Index && r.Name == "" {
			return x
		}
		name := r.Name
		if name == "" {
			name = c.Name
		}
		return expr.NewColumn(r.Index, c.Type(), name, c.Pos())
	})
}

func substituteAll(list, cols []expr.Expr) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = substitute(e, cols)
	}
	return out
}

// pushFilter passes a filter's conditions on; a volatile one stays, and is tested on the rows that the others leave.
func pushFilter(n *Filter, conds []expr.Expr) Node {
	down, here := split(programExprs(n.Where), steady)
	above, more := split(conds, steady)
	if _, ok := n.In.(*Scan); ok {
		return push(n.In, append(append(programExprs(n.Where), above...), more...))
	}
	return filterOver(push(n.In, append(down, above...)), append(here, more...))
}

// keysOnly says whether a condition over an aggregation may be tested before it: it is over keys that every
// grouping set has.
func (n *Aggregate) keysOnly(e expr.Expr) bool {
	if !steady(e) || len(n.Keys) == 0 {
		return false
	}
	ok, some := true, false
	expr.Columns(e, func(i int) {
		some = true
		if i >= len(n.Keys) || !steady(n.Keys[i].Expr) || expr.HasSubquery(n.Keys[i].Expr) {
			ok = false
			return
		}
		for _, set := range n.Sets {
			ok = ok && slices.Contains(set, i)
		}
	})
	return ok && some
}

// onOnly says whether a condition over a DISTINCT ON is over its keys, so that it drops whole groups.
func (n *Distinct) onOnly(e expr.Expr) bool {
	ok := steady(e)
	expr.Columns(e, func(i int) {
		ok = ok && slices.ContainsFunc(n.On, func(p *Program) bool {
			c, is := p.Expr.(*expr.Column)
			return is && c.Index == i
		})
	})
	return ok
}

// partitionOnly says whether a condition over a window is over columns that it partitions by, so that it drops whole
// partitions.
func (n *Window) partitionOnly(e expr.Expr) bool {
	ok := steady(e)
	expr.Columns(e, func(i int) {
		ok = ok && slices.ContainsFunc(n.Partition, func(p *Program) bool {
			c, is := p.Expr.(*expr.Column)
			return is && c.Index == i
		})
	})
	return ok
}

// movable says whether an expression of a select list may be computed above or below the place where it stands.
func movable(e expr.Expr) bool {
	return steady(e) && !expr.HasSubquery(e) && !expr.HasSetCall(e)
}

func pushProject(n *Project, conds []expr.Expr) Node {
	exprs := programExprs(n.Exprs)
	down, here := split(conds, func(e expr.Expr) bool {
		ok := steady(e)
		expr.Columns(e, func(i int) { ok = ok && movable(exprs[i]) })
		return ok
	})
	n.In = push(n.In, substituteAll(down, exprs))
	if p, ok := n.In.(*Project); ok && p.renames() {
		// The columns of a query in FROM that only names them.
		inner := programExprs(p.Exprs)
		mapPrograms(n.Exprs, func(e expr.Expr) expr.Expr { return substitute(e, inner) })
		n.In = p.In
	}
	return filterOver(n, here)
}

// renames says whether a projection yields only columns of its input.
func (n *Project) renames() bool {
	return !slices.ContainsFunc(n.Exprs, func(p *Program) bool {
		_, ok := p.Expr.(*expr.Column)
		return !ok
	})
}
