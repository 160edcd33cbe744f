package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// pruned returns a node that yields at least the used columns of n, and where each column of n is then (meaningless
// for those that went). It changes n.
func pruned(n Node, used []bool) (Node, []int) {
	switch n := n.(type) {
	case *Scan:
		return n, n.pruneColumns(used)
	case *Filter:
		return n, pruneUnary(&n.In, used, n)
	case *Sort:
		return n, pruneUnary(&n.In, used, n)
	case *LockRows:
		return n, n.pruneColumns(used)
	case *Limit:
		return n, pruneUnary(&n.In, used, n)
	case *Distinct:
		if n.On == nil {
			used = allColumns(n)
		}
		return n, pruneUnary(&n.In, used, n)
	case *Project:
		return n, n.pruneColumns(used)
	case *Aggregate:
		pruneInput(&n.In, n)
	case *ProjectSet:
		return n, n.pruneColumns(used)
	case *JoinGroup:
		return n.pruneColumns(used)
	default:
		pruneInputs(n)
	}
	return n, identity(len(used))
}

// pruneInputs prunes the inputs of a node all of whose inputs' columns are used.
func pruneInputs(n Node) {
	all := func(in *Node) {
		if *in != nil {
			*in, _ = pruned(*in, allColumns(*in))
		}
	}
	switch n := n.(type) {
	case *SetOp:
		all(&n.Left)
		all(&n.Right)
	case *With:
		for _, c := range n.CTEs {
			all(&c.Root)
		}
		all(&n.In)
	case *Recursion:
		all(&n.Init)
		all(&n.Step)
	case *Insert:
		all(&n.In)
	case *Update:
		all(&n.Joined)
	case *Delete:
		all(&n.Joined)
	case *Window:
		all(&n.In)
	}
}

func allColumns(n Node) []bool {
	used := make([]bool, len(n.Types()))
	for i := range used {
		used[i] = true
	}
	return used
}

func identity(n int) []int {
	place := make([]int, n)
	for i := range place {
		place[i] = i
	}
	return place
}

// readBy marks the columns of its input that a node's own expressions read.
func readBy(n Node, used []bool) {
	mapExprs(n, func(e expr.Expr) expr.Expr {
		expr.Columns(e, func(i int) { used[i] = true })
		return e
	})
}

// pruneUnary prunes the input of a node that yields its input's columns.
func pruneUnary(in *Node, used []bool, n Node) []int {
	used = slices.Clone(used)
	readBy(n, used)
	var place []int
	*in, place = pruned(*in, used)
	mapExprs(n, func(e expr.Expr) expr.Expr { return moveColumns(e, place) })
	return place
}

// pruneInput prunes the input of a node that yields columns of its own.
func pruneInput(in *Node, n Node) {
	used := make([]bool, len((*in).Types()))
	pruneUnary(in, used, n)
}

func (n *Project) pruneColumns(used []bool) []int {
	place := make([]int, len(used))
	var kept []*Program
	for i, p := range n.Exprs {
		if used[i] || !steady(p.Expr) {
			place[i] = len(kept)
			kept = append(kept, p)
		}
	}
	n.Exprs = kept
	pruneInput(&n.In, n)
	return place
}

func (n *ProjectSet) pruneColumns(used []bool) []int {
	width := len(n.In.Types())
	place := pruneUnary(&n.In, used[:width], n)
	for i := range n.Calls {
		place = append(place[:width:width], place[width:]...)
		place = append(place, len(n.In.Types())+i)
	}
	return place
}

// pruneColumns keeps the used columns of a scan and those of its condition.
func (s *Scan) pruneColumns(used []bool) []int {
	used = slices.Clone(used)
	for _, p := range s.Where {
		expr.Columns(p.Expr, func(i int) { used[i] = true })
	}
	place := make([]int, len(s.Cols))
	var cols []int16
	for i, u := range used {
		if u {
			place[i] = len(cols)
			cols = append(cols, s.Cols[i])
		}
	}
	s.Cols = cols
	mapPrograms(s.Where, func(e expr.Expr) expr.Expr { return moveColumns(e, place) })
	return place
}

// pruneColumns drops the columns that are not yielded, those of the members that nothing reads, and members that
// change nothing.
func (g *JoinGroup) pruneColumns(used []bool) (Node, []int) {
	place := make([]int, len(used))
	var out []int
	for i, u := range used {
		if u {
			place[i] = len(out)
			out = append(out, g.Out[i])
		}
	}
	g.Out = out
	g.dropIdle()
	read := make([]bool, g.width())
	g.mapExprs(func(e expr.Expr) expr.Expr {
		expr.Columns(e, func(i int) { read[i] = true })
		return e
	})
	for _, c := range g.Out {
		read[c] = true
	}
	moved := make([]int, len(read))
	offset := 0
	for _, m := range g.Members {
		var within []int
		if m.Alt != nil {
			m.Alt.Node, _ = pruned(m.Alt.Node, read[m.offset:m.offset+m.width])
		}
		m.Node, within = pruned(m.Node, read[m.offset:m.offset+m.width])
		for i, at := range within {
			moved[m.offset+i] = offset + at
		}
		offset += len(m.Node.Types())
	}
	g.mapExprs(func(e expr.Expr) expr.Expr { return moveColumns(e, moved) })
	for i, c := range g.Out {
		g.Out[i] = moved[c]
	}
	g.fix()
	if len(g.Members) == 1 && len(g.Conds) == 0 {
		types := g.row()
		cols := make([]expr.Expr, len(g.Out))
		for i, c := range g.Out {
			cols[i] = expr.NewColumn(c, types[c], "", ast.NoPos)
		}
		return projected(g.Members[0].Node, cols), place
	}
	return g, place
}

// dropIdle drops outer-joined members that are not read beyond their own condition and in which a row finds one match at most.
func (g *JoinGroup) dropIdle() {
	for i := 0; i < len(g.Members); i++ {
		m := g.Members[i]
		if m.Kind != LeftJoin || len(m.Args) > 0 || m.Alt != nil || g.readElsewhere(i) || !uniqueOn(m.Node, g.equalColumns(i)) {
			continue
		}
		place := identity(g.width())
		for c := m.offset + m.width; c < len(place); c++ {
			place[c] = c - m.width
		}
		g.Members = slices.Delete(g.Members, i, i+1)
		g.mapExprs(func(e expr.Expr) expr.Expr { return moveColumns(e, place) })
		for k, c := range g.Out {
			g.Out[k] = place[c]
		}
		g.fix()
		i--
	}
}

// readElsewhere says whether a member's columns are read by others than its own conditions.
func (g *JoinGroup) readElsewhere(member int) bool {
	m := g.Members[member]
	found := false
	note := func(i int) { found = found || i >= m.offset && i < m.offset+m.width }
	for _, c := range g.Out {
		note(c)
	}
	for _, c := range g.Conds {
		expr.Columns(c.Expr, note)
	}
	for i, o := range g.Members {
		for _, a := range o.Args {
			expr.Columns(a, note)
		}
		if o.Alt != nil {
			for _, a := range o.Alt.Args {
				expr.Columns(a, note)
			}
		}
		if i != member {
			for _, c := range o.On {
				expr.Columns(c.Expr, note)
			}
		}
	}
	return found
}

// equalColumns are the columns of a member that its conditions compare with values of other members.
func (g *JoinGroup) equalColumns(member int) []int {
	m := g.Members[member]
	var list []int
	for _, c := range m.On {
		for _, s := range c.sides {
			if col, ok := s.expr.(*expr.Column); ok && c.equal && s.members == 1<<member {
				list = append(list, col.Index-m.offset)
			}
		}
	}
	return list
}

// uniqueOn says whether no two rows of a node have the same values, none NULL, in some columns.
func uniqueOn(n Node, cols []int) bool {
	has := func(i int) bool { return slices.Contains(cols, i) }
	switch n := n.(type) {
	case *Scan:
		return n.uniqueOn(cols)
	case *Filter:
		return uniqueOn(n.In, cols)
	case *Sort:
		return uniqueOn(n.In, cols)
	case *Limit:
		return uniqueOn(n.In, cols)
	case *Project:
		var below []int
		for _, i := range cols {
			if c, ok := n.Exprs[i].Expr.(*expr.Column); ok {
				below = append(below, c.Index)
			}
		}
		return uniqueOn(n.In, below)
	case *Aggregate:
		if len(n.Sets) != 1 {
			return false
		}
		for _, k := range n.Sets[0] {
			if !has(k) {
				return false
			}
		}
		return true
	case *Distinct:
		if n.On != nil {
			return false
		}
		for i := range n.Types() {
			if !has(i) {
				return false
			}
		}
		return true
	}
	return false
}

// uniqueOn says whether some columns of the scan hold a key of the table.
func (s *Scan) uniqueOn(cols []int) bool {
	return s.keyWithin(func(num int16) bool {
		return slices.ContainsFunc(cols, func(i int) bool { return s.Cols[i] == num })
	})
}

// keyWithin says whether all columns of a key of the table are among some.
func (s *Scan) keyWithin(has func(num int16) bool) bool {
	if !s.Table.HiddenKey && !slices.ContainsFunc(s.Table.Key, func(num int16) bool { return !has(num) }) {
		return true
	}
	return slices.ContainsFunc(s.Table.Indexes, func(x *schema.Index) bool {
		return x.Unique && x.Filter == 0 && !slices.ContainsFunc(x.Columns, func(c schema.IndexColumn) bool { return !has(c.Num) })
	})
}
