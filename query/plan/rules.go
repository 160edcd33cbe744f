package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/query/expr"
)

// optimize applies the rules to a bound plan, in this order:
//
//  1. push: conditions go down to the scans, joins become groups (rules_push.go, rules_join.go);
//     what an index on an expression holds is read from its column (expression_index.go);
//  2. prune: columns that nothing reads go, and outer joins that change nothing (rules_prune.go);
//  3. order: a scan under a sort learns of the index that has the order;
//  4. point: a look-up of one row by primary key gets its short path.
func (p *Plan) optimize() {
	p.Root = optimizeTree(p.Root)
	p.Point = point(p.Root)
}

// optimizeTree applies the rules to the tree of a query and returns it in its new form.
func optimizeTree(n Node) Node {
	n = push(n, nil)
	useExpressionIndexes(n)
	n, _ = pruned(n, allColumns(n))
	order(n)
	notePartialIndexes(n)
	return n
}

// pruneTo makes the scan of an UPDATE or DELETE yield the key columns first, then those of its condition.
func (s *Scan) pruneTo(key []int16) {
	used := make([]bool, len(s.Cols))
	for _, p := range s.Where {
		expr.Columns(p.Expr, func(i int) { used[i] = true })
	}
	place := make([]int, len(s.Cols))
	cols := append([]int16(nil), key...)
	for i, num := range key {
		place[num-1] = i
		used[num-1] = false
	}
	for i, u := range used {
		if u {
			place[i] = len(cols)
			cols = append(cols, int16(i+1))
		}
	}
	s.Cols = cols
	mapPrograms(s.Where, func(e expr.Expr) expr.Expr { return moveColumns(e, place) })
}

// moveColumns renumbers the columns that an expression reads.
func moveColumns(e expr.Expr, place []int) expr.Expr {
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Column)
		if !ok || place[c.Index] == c.Index {
			return x
		}
		return expr.NewColumn(place[c.Index], c.Type(), c.Name, c.Pos())
	})
}

// mapExprs replaces each expression of a node over its input.
func mapExprs(n Node, f func(expr.Expr) expr.Expr) {
	switch n := n.(type) {
	case *Filter:
		mapPrograms(n.Where, f)
	case *Project:
		mapPrograms(n.Exprs, f)
	case *Aggregate:
		mapPrograms(n.Keys, f)
		for i, a := range n.Aggs {
			n.Aggs[i] = mapAggregate(a, f)
		}
	case *Sort:
		for _, k := range n.Keys {
			k.Program.Expr = f(k.Program.Expr)
		}
	case *Window:
		n.mapExprs(f)
	case *Limit:
		mapPrograms(n.Ties, f)
	case *LockRows:
		n.mapFixed(f)
	case *Distinct:
		mapPrograms(n.On, f)
	case *ProjectSet:
		for i, c := range n.Calls {
			n.Calls[i] = f(c).(*expr.SetCall)
		}
	case *JoinGroup:
		n.mapExprs(f)
	}
}

func mapAggregate(a *expr.AggCall, f func(expr.Expr) expr.Expr) *expr.AggCall {
	return expr.Rewrite(a, func(x expr.Expr) expr.Expr {
		if x == expr.Expr(a) {
			return x
		}
		return f(x)
	}).(*expr.AggCall)
}

func programExprs(list []*Program) []expr.Expr {
	out := make([]expr.Expr, len(list))
	for i, p := range list {
		out[i] = p.Expr
	}
	return out
}

func mapPrograms(list []*Program, f func(expr.Expr) expr.Expr) {
	for _, p := range list {
		p.Expr = f(p.Expr)
	}
}

// order tells the scan under a sort which index has the order that is asked for.
func order(n Node) {
	if s, ok := n.(*Sort); ok {
		if scan, ok := s.In.(*Scan); ok {
			scan.Order = scanOrder(scan, s.Keys)
			s.Narrow = narrowed(s, scan)
		}
		if g, ok := s.In.(*JoinGroup); ok {
			g.Order = g.order(s.Keys)
		}
	}
	for _, in := range n.Inputs() {
		order(in)
	}
}

// order finds a member with an index that has the order of some keys over the group's columns.
func (g *JoinGroup) order(keys []SortKey) *JoinOrder {
	member := -1
	var own []SortKey
	for _, k := range keys {
		c, ok := k.Program.Expr.(*expr.Column)
		if !ok {
			return nil
		}
		at := g.Out[c.Index]
		i := g.memberNumber(at)
		if member >= 0 && i != member {
			return nil
		}
		member = i
		k.Program = NewProgram(expr.NewColumn(at-g.Members[i].offset, c.Type(), c.Name, c.Pos()))
		own = append(own, k)
	}
	m := g.Members[member]
	scan, ok := m.Node.(*Scan)
	if !ok || m.Kind != InnerJoin || len(m.Args) > 0 {
		return nil
	}
	o := scanOrder(scan, own)
	if o == nil {
		return nil
	}
	walked := *scan
	walked.Order = o
	return &JoinOrder{Member: member, Scan: &walked}
}

// narrowed returns the sort over a scan of the columns that the scan's condition and the keys read, or nil when those are
// all there are.
func narrowed(s *Sort, scan *Scan) *Sort {
	used := make([]bool, len(scan.Cols))
	note := func(p *Program) { expr.Columns(p.Expr, func(i int) { used[i] = true }) }
	for _, p := range scan.Where {
		note(p)
	}
	for _, k := range s.Keys {
		note(k.Program)
	}
	narrow := &Scan{Table: scan.Table, Alias: scan.Alias}
	place := make([]int, len(scan.Cols))
	for i, u := range used {
		if u {
			place[i] = len(narrow.Cols)
			narrow.Cols = append(narrow.Cols, scan.Cols[i])
		}
	}
	if len(narrow.Cols) == len(scan.Cols) {
		return nil
	}
	for _, p := range scan.Where {
		narrow.Where = append(narrow.Where, NewProgram(moveColumns(p.Expr, place)))
	}
	out := &Sort{In: narrow}
	for _, k := range s.Keys {
		k.Program = NewProgram(moveColumns(k.Program.Expr, place))
		out.Keys = append(out.Keys, k)
	}
	return out
}

// scanOrder finds a B-tree whose order the keys are. Leading columns of the index that the
// condition fixes to one value need not be among the keys.
func scanOrder(s *Scan, keys []SortKey) *ScanOrder {
	for _, x := range s.Table.Indexes {
		if x.Kind != schema.BTree || x.Filter != 0 {
			continue
		}
		for bound := 0; bound < len(x.Columns); bound++ {
			if o := s.matchOrder(x, bound, keys); o != nil {
				return o
			}
			if !s.fixes(x.Columns[bound].Num) {
				break
			}
		}
	}
	return nil
}

// matchOrder compares the keys with the columns of an index from bound on.
func (s *Scan) matchOrder(x *schema.Index, bound int, keys []SortKey) *ScanOrder {
	if len(keys) > len(x.Columns)-bound {
		return nil
	}
	o := &ScanOrder{Index: x, Keys: keys, Bound: bound}
	for i, k := range keys {
		c, ok := expr.Unrelabel(k.Program.Expr).(*expr.Column)
		xc := x.Columns[bound+i]
		if !ok || s.Cols[c.Index] != xc.Num {
			return nil
		}
		reverse := k.Desc != xc.Desc
		if i > 0 && reverse != o.Reverse || (k.NullsFirst != xc.NullsFirst) != reverse {
			return nil
		}
		o.Reverse = reverse
	}
	return o
}

// fixes says whether the condition has column = constant.
func (s *Scan) fixes(num int16) bool {
	for _, p := range s.Where {
		if index, _, ok := equality(p.Expr); ok && s.Cols[index] == num {
			return true
		}
	}
	return false
}

// equality takes column = expression apart, where the expression has one value for the statement and
// is of the column's own kind or one with the same keys.
func equality(e expr.Expr) (index int, value expr.Expr, ok bool) {
	call, is := e.(*expr.Call)
	if !is || call.Func.Op != "=" || len(call.Args) != 2 {
		return 0, nil, false
	}
	for i := range 2 {
		c, is := expr.Unrelabel(call.Args[i]).(*expr.Column)
		other := call.Args[1-i]
		if is && expr.IsConst(other) && expr.SameKeys(c.Type().Kind, other.Type().Kind) {
			return c.Index, other, true
		}
	}
	return 0, nil, false
}

// pointKeys returns the values of the primary key when the condition fixes all of it.
func (s *Scan) pointKeys() []expr.Expr {
	keys, _ := s.splitKeys()
	return keys
}

// splitKeys returns the values of the primary key when the condition fixes all of
// it, and the rest of the condition.
func (s *Scan) splitKeys() (keys, rest []expr.Expr) {
	if s.Table.HiddenKey {
		return nil, nil
	}
	keys = make([]expr.Expr, len(s.Table.Key))
	found := 0
	for _, p := range s.Where {
		index, v, ok := equality(p.Expr)
		used := false
		for i, num := range s.Table.Key {
			if ok && s.Cols[index] == num && keys[i] == nil {
				keys[i], used = v, true
				found++
			}
		}
		if !used {
			rest = append(rest, p.Expr)
		}
	}
	if found < len(keys) {
		return nil, nil
	}
	return keys, rest
}

// point makes the short path of a projection over a scan that a primary key answers.
func point(n Node) *Point {
	p, ok := n.(*Project)
	if !ok {
		return nil
	}
	s, ok := p.In.(*Scan)
	if !ok {
		return nil
	}
	keys, rest := s.splitKeys()
	if keys == nil {
		return nil
	}
	for _, e := range slices.Concat(programExprs(p.Exprs), keys, rest) {
		if expr.HasSubquery(e) {
			return nil
		}
	}
	pt := &Point{Table: s.Table, Alias: s.Alias, Keys: keys, Cols: s.Cols, Where: rest}
	plain := true
	for _, e := range p.Exprs {
		pt.Exprs = append(pt.Exprs, e.Expr)
		c, ok := e.Expr.(*expr.Column)
		if plain = plain && ok; plain {
			pt.Plain = append(pt.Plain, c.Index)
		}
	}
	if !plain {
		pt.Plain = nil
	}
	return pt
}
