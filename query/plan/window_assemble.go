package plan

import (
	"cmp"
	"slices"

	"github.com/cachalotdb/cachalot/query/expr"
)

// windowing puts the window functions of a query over its input. A projection below them has what they and the
// select list read, so that the columns above it have fixed places; each distinct order of rows is sorted for once.
type windowing struct {
	query *query
	input *Project
	calls []*expr.WindowCall // without repeats, over the query's input
	over  []*expr.WindowCall // the calls over the projection
	// place is the column of each call.
	place []int
}

// window puts the window functions over n and rewrites the targets and the keys of the order to be over what comes of it.
func (q *query) window(n Node) Node {
	w := &windowing{query: q, input: &Project{In: n}}
	for _, e := range q.resultExprs() {
		w.collect(*e)
	}
	if len(w.calls) == 0 {
		return n
	}
	w.place = make([]int, len(w.calls))
	out := w.assemble()
	for _, e := range q.resultExprs() {
		*e = expr.Rewrite(*e, w.replace)
	}
	return out
}

// hasWindows says whether the query calls a window function.
func (q *query) hasWindows() bool {
	for _, e := range q.resultExprs() {
		if expr.HasWindow(*e) {
			return true
		}
	}
	return false
}

// resultExprs returns the expressions of the select list, the order and DISTINCT ON, to be replaced in place.
func (q *query) resultExprs() []*expr.Expr {
	var list []*expr.Expr
	for i := range q.targets {
		list = append(list, &q.targets[i].expr)
	}
	for i := range q.keys {
		list = append(list, &q.keys[i].expr)
	}
	for i := range q.on {
		list = append(list, &q.on[i])
	}
	return list
}

// collect notes the window functions in e, and the columns that it reads beside them.
func (w *windowing) collect(e expr.Expr) {
	expr.Walk(e, func(x expr.Expr) bool {
		switch x := x.(type) {
		case *expr.WindowCall:
			if w.find(x) < 0 {
				w.calls = append(w.calls, x)
			}
			return false
		case *expr.Column:
			w.column(x)
		}
		return true
	})
}

func (w *windowing) find(c *expr.WindowCall) int {
	return slices.IndexFunc(w.calls, func(o *expr.WindowCall) bool {
		return o == c || expr.Equal(o, c) && expr.VolatilityOf(c) < expr.Volatile
	})
}

// column returns the column of the projection that computes e.
func (w *windowing) column(e expr.Expr) *expr.Column {
	at := slices.IndexFunc(w.input.Exprs, func(p *Program) bool { return expr.Equal(p.Expr, e) && !p.Volatile })
	if at < 0 {
		at = len(w.input.Exprs)
		w.input.Exprs = append(w.input.Exprs, NewProgram(e))
	}
	return expr.NewColumn(at, e.Type(), e.String(), e.Pos())
}

// replace returns the column that stands for a window function or for a column of the query's input.
func (w *windowing) replace(e expr.Expr) expr.Expr {
	switch e := e.(type) {
	case *expr.WindowCall:
		return expr.NewColumn(w.place[w.find(e)], e.Type(), e.String(), e.Pos())
	case *expr.Column:
		return w.column(e)
	}
	return e
}

// pass is the calls that one Window computes: those of windows with the same partitions and order.
type pass struct {
	partition []*Program
	order     []SortKey
	// sort has each column once: the partitions' and then the order's.
	sort []SortKey
	// refs are the numbers of the sorted expressions; see ranked.
	refs  []int
	calls []int
}

// assemble makes the tree of projection, sorts and windows.
func (w *windowing) assemble() Node {
	passes := w.passes()
	// All columns of the projection are known now that the calls are over it.
	next := len(w.input.Exprs)
	var n Node = w.input
	var have []SortKey
	for _, p := range passes {
		if !isPrefix(p.sort, have) {
			n, have = &Sort{In: n, Keys: copyKeys(p.sort)}, p.sort
		}
		node := &Window{In: n, Partition: p.partition, Order: p.order}
		for _, i := range p.calls {
			node.Calls = append(node.Calls, WindowCall{Call: w.over[i], Frame: w.query.windows.bound[w.calls[i].Window].frame})
			w.place[i] = next
			next++
		}
		n = node
	}
	w.query.windows.order = have
	return n
}

// copyKeys returns keys with programs of their own: nodes are rewritten one by one.
func copyKeys(keys []SortKey) []SortKey {
	out := slices.Clone(keys)
	for i := range out {
		out[i].Program = NewProgram(out[i].Program.Expr)
	}
	return out
}

// passes sorts the windows that are used so that those with a common prefix of their orders follow one another, the
// longest first, as PostgreSQL does: a window whose order is a prefix of the one before needs no sort.
func (w *windowing) passes() []*pass {
	var list []*pass
	byWindow := map[int]*pass{}
	ranks := w.ranked()
	for i, c := range w.calls {
		w.over = append(w.over, expr.Rewrite(c, func(x expr.Expr) expr.Expr {
			if x == expr.Expr(c) {
				return x
			}
			return w.column(x)
		}).(*expr.WindowCall))
		p := byWindow[c.Window]
		if p == nil {
			p = w.pass(&w.query.windows.bound[c.Window], ranks)
			at := slices.IndexFunc(list, func(o *pass) bool { return o.same(p) })
			if at < 0 {
				list = append(list, p)
			} else {
				p = list[at]
			}
			byWindow[c.Window] = p
		}
		p.calls = append(p.calls, i)
	}
	slices.SortStableFunc(list, func(a, b *pass) int { return a.compare(b) })
	return list
}

// pass describes the work for one window. Constants neither part nor order.
func (w *windowing) pass(b *window, ranks []expr.Expr) *pass {
	p := &pass{}
	add := func(e expr.Expr, k SortKey) {
		if at := indexOfExpr(ranks, e); !slices.Contains(p.refs, at) || at < 0 {
			p.refs = append(p.refs, at)
			p.sort = append(p.sort, k)
		}
	}
	for _, e := range b.partition {
		if expr.IsConst(e) {
			continue
		}
		k := SortKey{Program: NewProgram(w.column(e))}
		for _, o := range b.order {
			if expr.Equal(o.expr, e) {
				k.Desc, k.NullsFirst = o.desc, o.nullsFirst
			}
		}
		p.partition = append(p.partition, NewProgram(k.Program.Expr))
		add(e, k)
	}
	for _, o := range b.order {
		if expr.IsConst(o.expr) {
			// A RANGE frame with an offset compares it all the same.
			if b.frame.Bound == nil {
				continue
			}
		}
		k := SortKey{Program: NewProgram(w.column(o.expr)), Desc: o.desc, NullsFirst: o.nullsFirst}
		p.order = append(p.order, SortKey{Program: NewProgram(k.Program.Expr), Desc: k.Desc, NullsFirst: k.NullsFirst})
		add(o.expr, k)
	}
	return p
}

// ranked lists the expressions that the query sorts and groups by in the order in which PostgreSQL numbers them:
// those of ORDER BY, GROUP BY and DISTINCT ON, then each window's order and partitions.
func (w *windowing) ranked() []expr.Expr {
	var list []expr.Expr
	add := func(e expr.Expr) {
		if !containsExpr(list, e) {
			list = append(list, e)
		}
	}
	q := w.query
	for _, k := range q.keys {
		add(k.expr)
	}
	if q.group != nil {
		for i, e := range q.group.keys {
			add(expr.NewColumn(i, e.Type(), "", e.Pos())) // where the aggregation yields it
		}
	}
	for _, e := range q.on {
		add(e)
	}
	for _, b := range q.windows.bound {
		for _, k := range b.order {
			add(k.expr)
		}
		for _, e := range b.partition {
			add(e)
		}
	}
	return list
}

// same says whether two windows have the same partitions and order.
func (p *pass) same(o *pass) bool {
	return len(p.partition) == len(o.partition) && len(p.order) == len(o.order) && len(p.sort) == len(o.sort) &&
		isPrefix(p.sort, o.sort) && isPrefix(p.order, o.order) &&
		slices.EqualFunc(p.partition, o.partition, func(a, b *Program) bool { return expr.Equal(a.Expr, b.Expr) })
}

// compare is PostgreSQL's common_prefix_cmp.
func (p *pass) compare(o *pass) int {
	for i := range min(len(p.refs), len(o.refs)) {
		a, b := p.sort[i], o.sort[i]
		switch {
		case p.refs[i] != o.refs[i]:
			return cmp.Compare(o.refs[i], p.refs[i])
		case a.Desc != b.Desc:
			return first(a.Desc)
		case a.NullsFirst != b.NullsFirst:
			return first(a.NullsFirst)
		}
	}
	return cmp.Compare(len(o.refs), len(p.refs))
}

func first(yes bool) int {
	if yes {
		return -1
	}
	return 1
}

// inOrder says whether the window functions leave the rows in the order of ORDER BY.
func (q *query) inOrder() bool {
	var keys []SortKey
	for _, k := range q.keys {
		if !expr.IsConst(k.expr) {
			keys = append(keys, SortKey{Program: NewProgram(k.expr), Desc: k.desc, NullsFirst: k.nullsFirst})
		}
	}
	return len(keys) > 0 && isPrefix(keys, q.windows.order)
}

// isPrefix says whether rows in the order of keys are in the order of want.
func isPrefix(want, keys []SortKey) bool {
	if len(want) > len(keys) {
		return false
	}
	for i, k := range want {
		if h := keys[i]; k.Desc != h.Desc || k.NullsFirst != h.NullsFirst || !expr.Equal(k.Program.Expr, h.Program.Expr) {
			return false
		}
	}
	return true
}
