package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// pushJoin makes a group of a tree of joins, with the conditions above it, and pushes the conditions of single members
// into them.
func pushJoin(n *Join, conds []expr.Expr) Node {
	down, volatile := split(conds, steady)
	f := &flattener{group: &JoinGroup{}}
	cols := f.join(n, down)
	f.addConds(substituteAll(down, cols))
	f.finish()
	return filterOver(f.result(cols), volatile)
}

// flattener collects the members of a group.
type flattener struct {
	group *JoinGroup
	// waiting is the number of relations that come after the part of the tree that is being added.
	waiting int
	conds   []expr.Expr // over the group's row: of the inner joins and above them
}

func (f *flattener) addConds(list []expr.Expr) { f.conds = append(f.conds, list...) }

// node adds a node's relations and returns its columns over the group's row. above are conditions over
// the columns, tested on every row that they are in.
func (f *flattener) node(n Node, above []expr.Expr) []expr.Expr {
	if len(f.group.Members)+f.waiting+relations(n) <= maxMembers {
		switch n := n.(type) {
		case *Join:
			return f.join(n, above)
		case *Filter:
			where, volatile := split(programExprs(n.Where), steady)
			if len(volatile) > 0 {
				break
			}
			cols := f.node(n.In, append(slices.Clone(above), where...))
			f.addConds(substituteAll(where, cols))
			return cols
		case *Project:
			exprs := programExprs(n.Exprs)
			if slices.ContainsFunc(exprs, func(e expr.Expr) bool { return !movable(e) }) {
				break
			}
			cols := f.node(n.In, substituteAll(above, exprs))
			return substituteAll(exprs, cols)
		}
	}
	_, cols := f.group.add(n, InnerJoin)
	return cols
}

// relations is the number of relations that a tree of joins would add to a group.
func relations(n Node) int {
	switch n := n.(type) {
	case *Join:
		return relations(n.Left) + relations(n.Right)
	case *Filter:
		return relations(n.In)
	case *Project:
		return relations(n.In)
	}
	return 1
}

// before adds the side of a join that comes first, when others follow.
func (f *flattener) before(n Node, above []expr.Expr, others Node) []expr.Expr {
	more := relations(others)
	f.waiting += more
	cols := f.node(n, above)
	f.waiting -= more
	return cols
}

// join adds a join.
func (f *flattener) join(n *Join, above []expr.Expr) []expr.Expr {
	left := len(n.Left.Types())
	on, _ := split(programExprs(n.On), func(e expr.Expr) bool { return !isTrue(e) })
	if slices.ContainsFunc(on, func(e expr.Expr) bool { return !steady(e) }) {
		return f.opaque(n)
	}
	if n.Kind == FullJoin || n.Kind == RightJoin || n.Kind == LeftJoin {
		n = reduced(n, above)
	}
	if n.Alt != nil {
		return f.either(n, above)
	}
	switch n.Kind {
	case InnerJoin:
		all := append(slices.Clone(above), on...)
		lcols := f.before(n.Left, leftOnly(all, left), n.Right)
		rcols := f.right(n, lcols, rightOnly(all, left))
		cols := append(slices.Clip(lcols), rcols...)
		f.addConds(substituteAll(on, cols))
		return cols
	case LeftJoin, SemiJoin, AntiJoin:
		lcols := f.before(n.Left, leftOnly(above, left), n.Right)
		if n.Kind == LeftJoin && len(n.Slots) == 0 && wantsNoMatch(on, above, left) {
			f.dependent(AntiJoin, n.Right, lcols, on, nil, nil, false)
			return append(slices.Clip(lcols), nulls(n.Right.Types())...)
		}
		return f.dependent(n.Kind, n.Right, lcols, on, n.Slots, programExprs(n.Args), false)
	case RightJoin:
		rcols := f.before(n.Right, rightOnly(above, left), n.Left)
		return f.dependent(LeftJoin, n.Left, rcols, on, nil, nil, true)
	}
	return f.opaque(n)
}

// wantsNoMatch says whether the conditions above a left join are met only by rows without a match: they want a
// column of the right side, whose first is at left, to be NULL that is not NULL in a match.
func wantsNoMatch(on, above []expr.Expr, left int) bool {
	return slices.ContainsFunc(above, func(e expr.Expr) bool {
		t, ok := e.(*expr.NullTest)
		if !ok || t.Not {
			return false
		}
		c, ok := t.Arg.(*expr.Column)
		return ok && c.Index >= left && slices.ContainsFunc(on, func(e expr.Expr) bool {
			return rejectsNull(e, func(i int) bool { return i == c.Index })
		})
	})
}

// nulls are NULLs of some types.
func nulls(types []value.Type) []expr.Expr {
	list := make([]expr.Expr, len(types))
	for i, t := range types {
		list[i] = expr.NewConst(value.Null(t.Kind), t, ast.NoPos)
	}
	return list
}

// either adds a join whose right side can be made in two ways.
func (f *flattener) either(n *Join, above []expr.Expr) []expr.Expr {
	on := programExprs(n.On)
	lcols := f.before(n.Left, leftOnly(above, len(n.Left.Types())), n.Right)
	m, rcols := f.group.add(push(n.Right, nil), n.Kind)
	m.Alt = &JoinAlt{Node: push(n.Alt.Node, nil), Slots: n.Alt.Slots, Args: substituteAll(programExprs(n.Alt.Args), lcols),
		Scan: n.Alt.Scan, Nums: n.Alt.Nums}
	cols := append(slices.Clip(lcols), rcols...)
	on = substituteAll(on, cols)
	if n.Kind == InnerJoin {
		f.addConds(on)
		return cols
	}
	for _, e := range on {
		m.On = append(m.On, &JoinCond{Expr: e})
	}
	return cols
}

// isTrue says whether a condition is the constant TRUE.
func isTrue(e expr.Expr) bool {
	c, ok := e.(*expr.Const)
	return ok && !c.Val.IsNull() && c.Val.Kind() == value.Bool && c.Val.Bool()
}

// right adds the right side of an inner join, which may be lateral.
func (f *flattener) right(n *Join, lcols []expr.Expr, above []expr.Expr) []expr.Expr {
	if len(n.Slots) == 0 {
		return f.node(n.Right, above)
	}
	m, cols := f.group.add(push(n.Right, nil), InnerJoin)
	m.Slots, m.Args = n.Slots, substituteAll(programExprs(n.Args), lcols)
	return cols
}

// dependent adds a member that hangs on others, whose columns are base. Its conditions are over base and then its own columns,
// or the other way round. It returns the columns of the join.
func (f *flattener) dependent(kind JoinKind, n Node, base, on []expr.Expr, slots []int, args []expr.Expr, first bool) []expr.Expr {
	width := len(n.Types())
	own := func(i int) int { // of the member's column, or -1
		switch {
		case first && i < width:
			return i
		case !first && i >= len(base):
			return i - len(base)
		}
		return -1
	}
	var inside, outside []expr.Expr
	for _, e := range on {
		mine, some := true, false
		expr.Columns(e, func(i int) { mine, some = mine && own(i) >= 0, true })
		if mine && some && len(slots) == 0 {
			inside = append(inside, shiftTo(e, own))
		} else {
			outside = append(outside, e)
		}
	}
	m, cols := f.group.add(push(n, inside), kind)
	m.Slots, m.Args = slots, substituteAll(args, base)
	all := append(slices.Clip(base), cols...)
	if first {
		all = append(slices.Clip(cols), base...)
	}
	for _, e := range outside {
		m.On = append(m.On, &JoinCond{Expr: substitute(e, all)})
	}
	if kind == SemiJoin || kind == AntiJoin {
		return base
	}
	return all
}

func shiftTo(e expr.Expr, place func(int) int) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		if c, ok := x.(*expr.Column); ok {
			return expr.NewColumn(place(c.Index), c.Type(), c.Name, c.Pos())
		}
		return x
	})
}

// opaque adds a join that is not taken apart: a full join, or one with a volatile condition.
func (f *flattener) opaque(n *Join) []expr.Expr {
	g := &JoinGroup{}
	_, lcols := g.add(push(n.Left, nil), InnerJoin)
	m, rcols := g.add(push(n.Right, nil), n.Kind)
	cols := append(slices.Clip(lcols), rcols...)
	m.Slots, m.Args = n.Slots, substituteAll(programExprs(n.Args), lcols)
	for _, e := range substituteAll(programExprs(n.On), cols) {
		if n.Kind == InnerJoin {
			g.Conds = append(g.Conds, &JoinCond{Expr: e})
		} else {
			m.On = append(m.On, &JoinCond{Expr: e})
		}
	}
	width := g.width()
	if n.Kind == SemiJoin || n.Kind == AntiJoin {
		width = m.offset
	}
	for i := range width {
		g.Out = append(g.Out, i)
	}
	g.fix()
	m.needs = 1
	_, out := f.group.add(g, InnerJoin)
	return out
}

// leftOnly returns the conditions over the first n columns, rightOnly those over the columns from n on, over those.
func leftOnly(conds []expr.Expr, n int) []expr.Expr {
	out, _ := split(conds, func(e expr.Expr) bool { return columnsBelow(e, n) })
	return out
}

func rightOnly(conds []expr.Expr, n int) []expr.Expr {
	var out []expr.Expr
	for _, e := range conds {
		ok := true
		expr.Columns(e, func(i int) { ok = ok && i >= n })
		if ok {
			out = append(out, shiftColumns(e, -n))
		}
	}
	return out
}

// reduced returns an outer join as the narrower kind that it is when the conditions above drop rows
// that have NULLs for a side.
func reduced(n *Join, above []expr.Expr) *Join {
	left := len(n.Left.Types())
	rejects := func(side func(int) bool) bool {
		return slices.ContainsFunc(above, func(e expr.Expr) bool { return rejectsNull(e, side) })
	}
	noLeft := rejects(func(i int) bool { return i < left })   // rows without a left row are dropped
	noRight := rejects(func(i int) bool { return i >= left }) // rows without a right row are dropped
	kind := n.Kind
	switch {
	case kind == FullJoin && noLeft && noRight, kind == LeftJoin && noRight, kind == RightJoin && noLeft:
		kind = InnerJoin
	case kind == FullJoin && noLeft:
		kind = LeftJoin
	case kind == FullJoin && noRight:
		kind = RightJoin
	}
	if kind == n.Kind {
		return n
	}
	c := *n
	c.Kind = kind
	return &c
}

// rejectsNull says whether a condition cannot be true in a row in which the columns of a side are all NULL.
func rejectsNull(e expr.Expr, side func(int) bool) bool {
	if nullWith(e, side) {
		return true
	}
	all := func(list []expr.Expr) bool {
		return !slices.ContainsFunc(list, func(a expr.Expr) bool { return !rejectsNull(a, side) })
	}
	switch e := e.(type) {
	case *expr.Logic:
		switch e.Op {
		case ast.And:
			return slices.ContainsFunc(e.Args, func(a expr.Expr) bool { return rejectsNull(a, side) })
		case ast.Or:
			return all(e.Args)
		}
		if t, ok := e.Args[0].(*expr.NullTest); ok && !t.Not {
			return nullWith(t.Arg, side)
		}
	case *expr.NullTest:
		return e.Not && nullWith(e.Arg, side)
	case *expr.BoolTest:
		return e.Kind == ast.IsTrue && rejectsNull(e.Arg, side)
	case *expr.InList:
		return nullWith(e.Arg, side)
	case *expr.AnyAll:
		return !e.All && nullWith(e.Left, side)
	}
	return false
}

// nullWith says whether an expression is NULL when the columns of a side are.
func nullWith(e expr.Expr, side func(int) bool) bool {
	switch e := e.(type) {
	case *expr.Column:
		return side(e.Index)
	case *expr.Call:
		return e.Func.Strict && slices.ContainsFunc(e.Args, func(a expr.Expr) bool { return nullWith(a, side) })
	case *expr.Cast:
		return nullWith(e.Arg, side)
	case *expr.Logic:
		return e.Op == ast.Not && nullWith(e.Args[0], side)
	}
	return false
}

// finish pushes conditions into the members and numbers them.
func (f *flattener) finish() {
	g := f.group
	for _, e := range f.conds {
		if expr.IsConst(e) {
			if e = expr.Fold(e); isTrue(e) {
				continue
			}
		}
		for _, part := range factored(e) {
			g.Conds = append(g.Conds, &JoinCond{Expr: part})
		}
	}
	g.fix()
	g.restrict()
	g.derive()
	g.fix()
	into := make([][]expr.Expr, len(g.Members))
	var kept []*JoinCond
	for _, c := range g.Conds {
		i := 0
		switch c.members.count() {
		case 0:
			// A constant: one relation without rows is enough. Without columns it may be put anywhere.
			if i = g.constantPlace(); i < 0 {
				kept = append(kept, c)
				continue
			}
		case 1:
			i = c.members.first()
		default:
			kept = append(kept, c)
			continue
		}
		if m := g.Members[i]; m.Kind != InnerJoin || len(m.Args) > 0 || m.Alt != nil || c.costly && len(g.Members) > 1 {
			kept = append(kept, c)
			continue
		}
		into[i] = append(into[i], g.local(c.Expr, i))
	}
	g.Conds = kept
	for i, m := range g.Members {
		if m.Kind == InnerJoin && len(m.Args) == 0 && m.Alt == nil {
			m.Node = push(m.Node, into[i])
		}
	}
	g.fix()
}

// constantPlace returns the member that tests conditions without columns.
func (g *JoinGroup) constantPlace() int {
	return slices.IndexFunc(g.Members, func(m *JoinMember) bool { return m.Kind == InnerJoin && len(m.Args) == 0 && m.Alt == nil })
}

// local is a condition over the columns of one member as one over that.
func (g *JoinGroup) local(e expr.Expr, member int) expr.Expr {
	return shiftColumns(e, -g.Members[member].offset)
}

// maxClass bounds the columns of which each is compared with each.
const maxClass = 10

// derive adds the equalities that follow from others: a = b and b = 5 make a = 5, a = b and b = c make a = c.
// Only values of one kind follow: the equality of two kinds may be that of a third.
func (g *JoinGroup) derive() {
	var classes [][]expr.Expr
	find := func(e expr.Expr) int {
		return slices.IndexFunc(classes, func(c []expr.Expr) bool { return containsExpr(c, e) })
	}
	plain := func(e expr.Expr) bool {
		_, ok := e.(*expr.Column)
		return ok
	}
	type fixed struct{ column, value expr.Expr }
	var known []fixed
	funcs := map[value.Kind]*expr.Call{}
	for _, c := range g.Conds {
		call, ok := c.Expr.(*expr.Call)
		if !ok || call.Func.Op != "=" || len(call.Args) != 2 {
			continue
		}
		a, b := call.Args[0], call.Args[1]
		if a.Type().Kind != b.Type().Kind {
			continue
		}
		switch {
		case plain(a) && plain(b):
			funcs[a.Type().Kind] = call
			i, j := find(a), find(b)
			switch {
			case i < 0 && j < 0:
				classes = append(classes, []expr.Expr{a, b})
			case i < 0:
				classes[j] = append(classes[j], a)
			case j < 0:
				classes[i] = append(classes[i], b)
			case i != j:
				classes[i] = append(classes[i], classes[j]...)
				classes = slices.Delete(classes, j, j+1)
			}
		case plain(a) && expr.IsConst(b) && !expr.HasSubquery(b):
			known = append(known, fixed{a, b})
			funcs[a.Type().Kind] = call
		case plain(b) && expr.IsConst(a) && !expr.HasSubquery(a):
			known = append(known, fixed{b, a})
			funcs[a.Type().Kind] = call
		}
	}
	add := func(a, b expr.Expr, class int) {
		like := funcs[a.Type().Kind]
		e := like.WithArgs(a, b)
		for _, c := range g.Conds {
			if expr.Equal(c.Expr, e) || expr.Equal(c.Expr, like.WithArgs(b, a)) {
				c.class = max(c.class, class)
				return
			}
		}
		g.Conds = append(g.Conds, &JoinCond{Expr: e, class: class})
	}
	for n, list := range classes {
		pairs := len(list) <= maxClass
		var values []expr.Expr
		for _, k := range known {
			if containsExpr(list, k.column) {
				values = append(values, k.value)
			}
		}
		for i, a := range list {
			for _, v := range values {
				add(a, v, 0)
			}
			for _, b := range list[i+1:] {
				if pairs {
					add(a, b, n+1)
				}
			}
		}
	}
	g.deriveDependents(classes, func(e expr.Expr) []expr.Expr {
		var values []expr.Expr
		for _, k := range known {
			if expr.Equal(k.column, e) {
				values = append(values, k.value)
			}
		}
		return values
	})
}

// deriveDependents tells the members that hang on others which values their columns must have: all rows of
// the group have those of the columns that they are compared with.
func (g *JoinGroup) deriveDependents(classes [][]expr.Expr, known func(expr.Expr) []expr.Expr) {
	for i, m := range g.Members {
		if m.Kind == InnerJoin || len(m.Args) > 0 || m.Alt != nil {
			continue
		}
		var into []expr.Expr
		for _, c := range m.On {
			call, ok := c.Expr.(*expr.Call)
			if !ok || !c.equal {
				continue
			}
			for s, side := range c.sides {
				own, is := side.expr.(*expr.Column)
				other := c.sides[1-s].expr
				if !is || side.members != 1<<i || other.Type().Kind != own.Type().Kind {
					continue
				}
				list := []expr.Expr{other}
				for _, class := range classes {
					if containsExpr(class, other) {
						list = class
					}
				}
				for _, o := range list {
					for _, v := range known(o) {
						into = append(into, g.local(call.WithArgs(own, v), i))
					}
				}
			}
		}
		if len(into) > 0 {
			m.Node = push(m.Node, into)
		}
	}
}

// projected yields expressions over a node, and is the node itself where they are its columns.
func projected(n Node, cols []expr.Expr) Node {
	same := len(cols) == len(n.Types())
	for i, e := range cols {
		c, ok := e.(*expr.Column)
		same = same && ok && c.Index == i
	}
	if same {
		return n
	}
	return &Project{In: n, Exprs: programs(cols)}
}

// result is the group, and above it a projection when its columns are not all plain ones. cols are the columns of the result
// over the group's row.
func (f *flattener) result(cols []expr.Expr) Node {
	g := f.group
	if len(g.Members) == 1 && len(g.Conds) == 0 {
		return projected(g.Members[0].Node, cols)
	}
	place := map[int]int{}
	plain := true
	for _, e := range cols {
		expr.Columns(e, func(i int) {
			if _, ok := place[i]; !ok {
				place[i] = len(g.Out)
				g.Out = append(g.Out, i)
			}
		})
		_, ok := e.(*expr.Column)
		plain = plain && ok
	}
	if plain {
		g.Out = g.Out[:0]
		for _, e := range cols {
			g.Out = append(g.Out, e.(*expr.Column).Index)
		}
		return g
	}
	for i, e := range cols {
		cols[i] = shiftTo(e, func(i int) int { return place[i] })
	}
	return &Project{In: g, Exprs: programs(cols)}
}
