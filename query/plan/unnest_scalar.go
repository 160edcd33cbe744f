package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// A condition like a < (SELECT avg(x) FROM t WHERE t.k = outer.k) can be tested in two ways: run the query for each
// different outer.k, or aggregate t by k once and join. unnestScalars makes a join that can be done either way (Join.Alt);
// which is cheaper is known when it runs.

// Lateral is another way to make the right side of a join: it is run for each left row, with Slots set from Args.
type Lateral struct {
	Node  Node
	Slots []int
	Args  []*Program // over the left side
	// Scan is the scan whose columns Cols the slots are compared with.
	Scan *Scan
	Nums []int16
}

// tested puts the conditions of a WHERE clause over a node.
func (b *builder) tested(in Node, conds []expr.Expr) Node {
	types := in.Types()
	in, conds = b.unnestScalars(in, conds)
	n := filtered(in, programs(conds))
	if len(in.Types()) == len(types) {
		return n
	}
	cut := &Project{In: n}
	for i, t := range types {
		cut.Exprs = append(cut.Exprs, NewProgram(expr.NewColumn(i, t, "", ast.NoPos)))
	}
	return cut
}

// unnestScalars turns the queries in conditions over in that aggregate rows which are equal to the outer row in some columns
// into joins. The node that it returns yields the columns of in and more.
func (b *builder) unnestScalars(in Node, conds []expr.Expr) (Node, []expr.Expr) {
	if b.Plain {
		return in, conds
	}
	width := len(in.Types())
	out := make([]expr.Expr, len(conds))
	for i, c := range conds {
		out[i] = expr.Rewrite(c, func(x expr.Expr) expr.Expr {
			s, ok := x.(*expr.Subquery)
			if !ok {
				return x
			}
			j, col := scalarJoin(in, s)
			if j == nil {
				return x
			}
			in = j
			return col
		})
	}
	if len(in.Types()) == width {
		return in, conds
	}
	return in, out
}

// scalarJoin returns the join that gives the value of a query, and the column that has it; nil when there is none.
func scalarJoin(left Node, s *expr.Subquery) (*Join, expr.Expr) {
	p := s.Plan.(*Subplan)
	if s.Kind != ast.ExprSubLink || len(s.Slots) == 0 || p.pulled || p.Volatile() || slices.ContainsFunc(s.Args, expr.HasSubquery) {
		return nil, nil
	}
	for _, i := range p.Outer() {
		if !slices.Contains(s.Slots, i) {
			return nil, nil
		}
	}
	top, ok := p.Root.(*Project)
	if !ok || len(top.Exprs) != 1 {
		return nil, nil
	}
	agg, ok := top.In.(*Aggregate)
	if !ok || len(agg.Keys) > 0 || len(agg.Sets) != 1 || len(agg.Groupings) > 0 || !nullOfNothing(agg, top.Exprs[0].Expr) {
		return nil, nil
	}
	u := &unnesting{sub: s, width: len(left.Types())}
	body, own := u.detach(agg.In)
	if body == nil || u.reads(body) || u.readsAggs(agg) || u.readsExpr(top.Exprs[0].Expr) {
		return nil, nil
	}
	inner, outer := u.keys(own)
	if inner == nil {
		return nil, nil
	}
	alt := u.lateral(inner, outer, p, body)
	if alt == nil {
		return nil, nil
	}
	// The aggregation of all rows by the keys: its row is the keys, then the aggregates.
	grouped := &Aggregate{In: body, Keys: programs(inner), Sets: [][]int{identity(len(inner))}, Aggs: slices.Clone(agg.Aggs)}
	right := &Project{In: grouped, Exprs: []*Program{NewProgram(shiftColumns(top.Exprs[0].Expr, len(inner)))}}
	for i, k := range inner {
		right.Exprs = append(right.Exprs, NewProgram(expr.NewColumn(i, k.Type(), k.String(), ast.NoPos)))
	}
	j := &Join{Kind: LeftJoin, Left: left, Right: right, Alt: alt}
	for i, c := range own {
		call := c.(*expr.Call)
		key := expr.NewColumn(u.width+1+i, inner[i].Type(), inner[i].String(), ast.NoPos)
		j.On = append(j.On, NewProgram(call.WithArgs(outer[i], key)))
	}
	p.pulled = true
	t := top.Exprs[0].Expr.Type()
	return j, expr.NewColumn(u.width, t, top.Exprs[0].Expr.String(), s.Pos())
}

// nullOfNothing says whether an expression over the aggregates of no rows is NULL.
func nullOfNothing(agg *Aggregate, e expr.Expr) bool {
	for _, a := range agg.Aggs {
		switch a.Func.Name {
		case "sum", "avg", "min", "max", "stddev", "stddev_samp", "stddev_pop", "variance", "var_samp", "var_pop":
		default:
			return false
		}
	}
	return nullWith(e, func(int) bool { return true })
}

// detach returns a copy of the input of an aggregation without the conditions on the outer row, and those. nil: it cannot
// be copied.
func (u *unnesting) detach(n Node) (body Node, own []expr.Expr) {
	var kept []*Program
	for {
		f, ok := n.(*Filter)
		if !ok {
			break
		}
		kept = append(kept, u.split(f.Where, &own)...)
		n = f.In
	}
	body = copied(n)
	if s, ok := body.(*Scan); ok {
		s.Where = u.split(s.Where, &own)
	}
	if body == nil {
		return nil, nil
	}
	return filterOver(body, programExprs(kept)), own
}

// copied returns a copy of a tree that rules may change apart from the other; nil when it has nodes that are not copied.
func copied(n Node) Node {
	fresh := func(list []*Program) []*Program { return programs(programExprs(list)) }
	switch n := n.(type) {
	case *Scan:
		c := *n
		c.Cols, c.Where = slices.Clone(n.Cols), fresh(n.Where)
		return &c
	case *Filter:
		if in := copied(n.In); in != nil {
			return &Filter{In: in, Where: fresh(n.Where)}
		}
	case *Join:
		l, r := copied(n.Left), copied(n.Right)
		if l != nil && r != nil && len(n.Slots) == 0 && n.Alt == nil {
			return &Join{Kind: n.Kind, Left: l, Right: r, On: fresh(n.On)}
		}
	}
	return nil
}

func (u *unnesting) readsAggs(agg *Aggregate) bool {
	return slices.ContainsFunc(agg.Aggs, func(a *expr.AggCall) bool { return u.readsExpr(a) })
}

// keys takes conditions apart that all compare something of the inner row with something of the outer one: inner is over
// the row of the query, outer over that around it. nil when there are others.
func (u *unnesting) keys(own []expr.Expr) (inner, outer []expr.Expr) {
	for i, c := range own {
		call, ok := c.(*expr.Call)
		if !ok || call.Func.Op != "=" || len(call.Args) != 2 || u.deep(c) || !steady(c) {
			return nil, nil
		}
		a, b := call.Args[0], call.Args[1]
		if u.readsExpr(a) {
			a, b = b, a
		}
		reads := false
		expr.Columns(b, func(int) { reads = true })
		same := a.Type().Kind == b.Type().Kind || call.Args[0].Type().Kind.Rep() == value.RepInt && expr.SameKeys(a.Type().Kind, b.Type().Kind)
		if u.readsExpr(a) || reads || !u.readsExpr(b) || !same || containsExpr(inner, a) {
			return nil, nil
		}
		inner, outer = append(inner, a), append(outer, u.lift(b))
		own[i] = call
		if a.Type().Kind != b.Type().Kind {
			return nil, nil // the operator is of two kinds: its arguments cannot change places
		}
	}
	return inner, outer
}

// lateral makes the other way: the query itself, with the keys beside its value.
func (u *unnesting) lateral(inner, outer []expr.Expr, p *Subplan, body Node) *Lateral {
	top := p.Root.(*Project)
	agg := *top.In.(*Aggregate)
	in, own := u.withConditions(agg.In)
	if in == nil {
		return nil
	}
	agg.In = in
	exprs := []expr.Expr{top.Exprs[0].Expr}
	for _, c := range own {
		call := c.(*expr.Call)
		b := call.Args[1]
		if !u.readsExpr(b) {
			b = call.Args[0]
		}
		exprs = append(exprs, b)
	}
	l := &Lateral{Node: &Project{In: &agg, Exprs: programs(exprs)}, Slots: u.sub.Slots, Args: programs(u.sub.Args)}
	l.Scan, l.Nums = compared(body, inner)
	return l
}

// withConditions returns a copy of the input of an aggregation with all conditions, and those on the outer row.
func (u *unnesting) withConditions(n Node) (Node, []expr.Expr) {
	body, own := u.detach(n)
	if body == nil {
		return nil, nil
	}
	if s, ok := body.(*Scan); ok {
		s.Where = append(s.Where, programs(own)...)
		return s, own
	}
	return filterOver(body, own), own
}

// compared returns the scan that all of some columns are of, and their numbers in its table; nil when there is none.
func compared(n Node, cols []expr.Expr) (*Scan, []int16) {
	var scan *Scan
	var nums []int16
	for _, e := range cols {
		c, ok := expr.Unrelabel(e).(*expr.Column)
		if !ok {
			return nil, nil
		}
		s, num := originBound(n, c.Index)
		if s == nil || scan != nil && s != scan {
			return nil, nil
		}
		scan, nums = s, append(nums, num)
	}
	return scan, nums
}

// originBound is origin for a tree that no rule has changed yet.
func originBound(n Node, i int) (*Scan, int16) {
	switch n := n.(type) {
	case *Filter:
		return originBound(n.In, i)
	case *Join:
		if w := len(n.Left.Types()); i >= w {
			return originBound(n.Right, i-w)
		}
		return originBound(n.Left, i)
	}
	return origin(n, i)
}
