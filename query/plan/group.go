package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// grouping is a bound GROUP BY: expressions over the input, and the sets of them to group by.
type grouping struct {
	keys []expr.Expr
	sets [][]int
}

// groupingColumn is the index of the placeholder that stands for GROUPING() calls
// until the aggregation's columns are known; call i is at groupingColumn+i.
const groupingColumn = 1 << 24

// maxSets is the most grouping sets, as in PostgreSQL.
const maxSets = 4096

// groupingCall returns the placeholder of a GROUPING() call.
func (q *query) groupingCall(g *ast.GroupingFunc) (expr.Expr, error) {
	if len(q.stmt.GroupBy) == 0 {
		return nil, sqlerr.New(sqlerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level").At(g.Args[0].Pos())
	}
	if len(g.Args) > 31 {
		return nil, sqlerr.New(sqlerr.ProgramLimitExceeded, "GROUPING must have fewer than 32 arguments").At(g.Pos())
	}
	q.groupingCalls = append(q.groupingCalls, g)
	return expr.NewColumn(groupingColumn+len(q.groupingCalls)-1, value.Of(value.Int4), "GROUPING", g.Pos()), nil
}

// bindGroupBy binds GROUP BY and expands its grouping sets.
func (q *query) bindGroupBy() (*grouping, error) {
	g := &grouping{sets: [][]int{{}}}
	for _, item := range q.stmt.GroupBy {
		sets, err := q.groupItem(g, item)
		if err != nil {
			return nil, err
		}
		if len(sets)*len(g.sets) > maxSets {
			return nil, sqlerr.New(sqlerr.StatementTooComplex, "too many grouping sets present (maximum %d)", maxSets).At(item.Pos())
		}
		var product [][]int
		for _, a := range g.sets {
			for _, b := range sets {
				product = append(product, unite(a, b))
			}
		}
		g.sets = product
	}
	if q.stmt.GroupDistinct {
		g.sets = distinctSets(g.sets)
	}
	return g, nil
}

// groupItem returns the grouping sets of one item of GROUP BY.
func (q *query) groupItem(g *grouping, item ast.Expr) ([][]int, error) {
	set, ok := item.(*ast.GroupingSet)
	if !ok {
		s, err := q.groupKeys(g, item)
		return [][]int{s}, err
	}
	switch set.Kind {
	case ast.EmptySet:
		return [][]int{{}}, nil
	case ast.GroupingSets:
		var all [][]int
		for _, it := range set.Items {
			sets, err := q.groupItem(g, it)
			if err != nil {
				return nil, err
			}
			all = append(all, sets...)
		}
		return all, nil
	}
	parts := make([][]int, len(set.Items))
	for i, it := range set.Items {
		var err error
		if parts[i], err = q.groupKeys(g, it); err != nil {
			return nil, err
		}
	}
	if set.Kind == ast.Rollup {
		return rollup(parts), nil
	}
	if len(parts) > 12 {
		return nil, sqlerr.New(sqlerr.TooManyColumns, "CUBE is limited to 12 elements").At(set.Pos())
	}
	return cube(parts), nil
}

func rollup(parts [][]int) [][]int {
	var sets [][]int
	for n := len(parts); n >= 0; n-- {
		s := []int{}
		for _, p := range parts[:n] {
			s = unite(s, p)
		}
		sets = append(sets, s)
	}
	return sets
}

func cube(parts [][]int) [][]int {
	var sets [][]int
	for mask := 1<<len(parts) - 1; mask >= 0; mask-- {
		s := []int{}
		for i, p := range parts {
			if mask>>(len(parts)-1-i)&1 != 0 {
				s = unite(s, p)
			}
		}
		sets = append(sets, s)
	}
	return sets
}

// unite returns the keys of a and b without repeats.
func unite(a, b []int) []int {
	out := slices.Clone(a)
	for _, k := range b {
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

func distinctSets(sets [][]int) [][]int {
	var out [][]int
	for _, s := range sets {
		same := func(o []int) bool {
			return len(o) == len(s) && !slices.ContainsFunc(s, func(k int) bool { return !slices.Contains(o, k) })
		}
		if !slices.ContainsFunc(out, same) {
			out = append(out, s)
		}
	}
	return out
}

// groupKeys binds an expression, or the several of a row, and returns the indexes of its keys.
func (q *query) groupKeys(g *grouping, e ast.Expr) ([]int, error) {
	if row, ok := e.(*ast.RowExpr); ok && !row.Explicit {
		var all []int
		for _, a := range row.Args {
			s, err := q.groupKeys(g, a)
			if err != nil {
				return nil, err
			}
			all = unite(all, s)
		}
		return all, nil
	}
	x, err := q.groupKey(e)
	if err != nil {
		return nil, err
	}
	if err := expr.RequireEquality(x, e.Pos()); err != nil {
		return nil, err
	}
	i := indexOfExpr(g.keys, x)
	if i < 0 {
		i = len(g.keys)
		g.keys = append(g.keys, x)
	}
	return []int{i}, nil
}

// groupKey binds one expression of GROUP BY. A name is an input column if there is one, else an output
// column.
func (q *query) groupKey(e ast.Expr) (expr.Expr, error) {
	i, ok, err := q.byPosition(e, "GROUP BY")
	if err != nil {
		return nil, err
	}
	if name, plain := plainName(e); plain && !q.scope.has(name) {
		if i, err = q.byName(name, e, "GROUP BY"); err != nil {
			return nil, err
		}
		ok = i >= 0
	}
	if ok {
		x := q.targets[i].expr
		if expr.HasAggregate(x) {
			return nil, sqlerr.New(sqlerr.GroupingError, "aggregate functions are not allowed in GROUP BY").At(x.Pos())
		}
		if expr.HasWindow(x) {
			return nil, sqlerr.New(sqlerr.WindowingError, "window functions are not allowed in GROUP BY").At(x.Pos())
		}
		return x, nil
	}
	return q.binder(q.scope, "GROUP BY").BindText(e)
}

// has says whether an unqualified name is a column.
func (s *scope) has(name string) bool {
	for i := range s.names {
		if s.names[i].name == name {
			return true
		}
	}
	return false
}

// aggregate puts the aggregation over n and rewrites the targets, the keys of the order and HAVING
// to be over its output.
func (q *query) aggregate(n Node) (Node, error) {
	g := q.group
	a := &Aggregate{In: n, Sets: g.sets}
	for _, c := range q.groupingCalls {
		keys, err := q.groupingArgs(c)
		if err != nil {
			return nil, err
		}
		a.Groupings = append(a.Groupings, keys)
	}
	lift := &lifter{query: q, agg: a}
	rewrite := func(e expr.Expr) (expr.Expr, error) {
		if e == nil {
			return nil, nil
		}
		return lift.lift(e)
	}
	// Keys and aggregates are counted first so that the places of the columns after them are known.
	list := append(q.resultExprs(), q.windows.exprs()...)
	for _, e := range list {
		lift.collect(*e)
	}
	if q.having != nil {
		lift.collect(q.having)
	}
	var err error
	for _, e := range list {
		if *e, err = rewrite(*e); err != nil {
			return nil, err
		}
	}
	if q.having, err = rewrite(q.having); err != nil {
		return nil, err
	}
	a.Keys = programs(g.keys)
	return filtered(a, conjuncts(q.having)), nil
}

// groupingArgs returns the key indexes of a GROUPING() call.
func (q *query) groupingArgs(c *ast.GroupingFunc) ([]int, error) {
	var keys []int
	for _, arg := range c.Args {
		x, err := q.binder(q.scope, "GROUPING").BindText(arg)
		if err != nil {
			return nil, err
		}
		i := indexOfExpr(q.group.keys, x)
		if i < 0 {
			return nil, sqlerr.New(sqlerr.GroupingError, "arguments to GROUPING must be grouping expressions of the associated query level").At(leftmost(x))
		}
		keys = append(keys, i)
	}
	return keys, nil
}

// leftmost is the place in the text where an expression begins.
func leftmost(e expr.Expr) int {
	at := e.Pos()
	expr.Walk(e, func(x expr.Expr) bool {
		if p := x.Pos(); p >= 0 && (at < 0 || p < at) {
			at = p
		}
		return true
	})
	return at
}

// lifter rewrites expressions over the input of an aggregation to be over its output.
type lifter struct {
	query *query
	agg   *Aggregate
	err   error
}

// collect notes the aggregate calls in e, and the columns that need to become keys.
func (l *lifter) collect(e expr.Expr) {
	l.addDetermined(e)
	expr.Walk(e, func(x expr.Expr) bool {
		c, ok := x.(*expr.AggCall)
		if ok && l.find(c) < 0 {
			l.checkDirect(c)
			l.agg.Aggs = append(l.agg.Aggs, c)
		}
		return !ok
	})
}

// checkDirect refuses direct arguments of an ordered-set aggregate that are not the same for all rows of a group.
func (l *lifter) checkDirect(c *expr.AggCall) {
	for _, a := range c.Direct {
		l.addDetermined(a)
		expr.Walk(a, func(e expr.Expr) bool {
			if l.query.group.has(e) {
				return false
			}
			if c, ok := e.(*expr.Column); ok && l.err == nil {
				l.err = l.ungroupedError(c).WithDetail("Direct arguments of an ordered-set aggregate must use only grouped columns.")
			}
			return l.err == nil
		})
	}
}

func (l *lifter) find(c *expr.AggCall) int {
	return slices.IndexFunc(l.agg.Aggs, func(o *expr.AggCall) bool {
		return o == c || expr.Equal(o, c) && expr.VolatilityOf(c) < expr.Volatile
	})
}

func (l *lifter) lift(e expr.Expr) (expr.Expr, error) {
	x := expr.Rewrite(e, l.replace)
	if l.err != nil {
		return nil, l.err
	}
	return x, nil
}

// replace returns the output column that e is, or e.
func (l *lifter) replace(e expr.Expr) expr.Expr {
	g := l.query.group
	if c, ok := e.(*expr.Column); ok && c.Index >= groupingColumn {
		return expr.NewColumn(len(g.keys)+len(l.agg.Aggs)+c.Index-groupingColumn, e.Type(), e.String(), e.Pos())
	}
	if i, negated := g.key(e); i >= 0 {
		if _, ok := e.(*expr.Const); !ok {
			c := expr.NewColumn(i, e.Type(), g.keys[i].String(), e.Pos())
			if negated {
				return expr.NewNot(c)
			}
			return c
		}
	}
	switch x := e.(type) {
	case *expr.Subquery:
		l.checkSubquery(x)
	case *expr.AggCall:
		return expr.NewColumn(len(g.keys)+l.find(x), e.Type(), e.String(), e.Pos())
	case *expr.Column:
		return l.ungrouped(x)
	}
	return e
}

// checkSubquery refuses a subquery that reads columns of this query that are no grouping keys.
func (l *lifter) checkSubquery(s *expr.Subquery) {
	for _, a := range s.Args {
		expr.Walk(a, func(e expr.Expr) bool {
			if _, ok := e.(*expr.AggCall); ok || l.query.group.has(e) {
				return false
			}
			if c, ok := e.(*expr.Column); ok && c.Index < groupingColumn && l.err == nil {
				r, col := l.query.scope.at(c.Index)
				l.err = sqlerr.New(sqlerr.GroupingError, "subquery uses ungrouped column \"%s.%s\" from outer query", r.alias, col.name).At(c.Pos())
			}
			return l.err == nil
		})
	}
}

// ungrouped refuses a column that is no grouping key.
func (l *lifter) ungrouped(c *expr.Column) expr.Expr {
	if l.err == nil {
		l.err = l.ungroupedError(c)
	}
	return c
}

func (l *lifter) ungroupedError(c *expr.Column) *sqlerr.Error {
	r, col := l.query.scope.at(c.Index)
	return sqlerr.New(sqlerr.GroupingError, "column \"%s.%s\" must appear in the GROUP BY clause or be used in an aggregate function",
		r.alias, col.name).At(c.Pos())
}

// addDetermined makes keys of the columns in e that the keys determine because all grouping sets hold
// the primary key of the column's table.
func (l *lifter) addDetermined(e expr.Expr) {
	g := l.query.group
	common := g.common()
	if len(common) == 0 {
		return
	}
	expr.Walk(e, func(x expr.Expr) bool {
		if _, ok := x.(*expr.AggCall); ok || g.has(x) {
			return false
		}
		c, ok := x.(*expr.Column)
		if !ok || c.Index >= groupingColumn {
			return true
		}
		if r, _ := l.query.scope.at(c.Index); r.determinedBy(common) {
			g.keys = append(g.keys, c)
			for i := range g.sets {
				g.sets[i] = append(g.sets[i][:len(g.sets[i]):len(g.sets[i])], len(g.keys)-1)
			}
		}
		return false
	})
}

// key returns the key that an expression is, or that it is the negation of: a NOT around a key was moved into it. -1
// when there is none.
func (g *grouping) key(e expr.Expr) (i int, negated bool) {
	if i := indexOfExpr(g.keys, e); i >= 0 {
		return i, false
	}
	if n := expr.Negation(e); n != nil {
		if _, ok := n.(*expr.Const); !ok {
			return indexOfExpr(g.keys, n), true
		}
	}
	return -1, false
}

// has says whether an expression can be computed from one key.
func (g *grouping) has(e expr.Expr) bool {
	i, _ := g.key(e)
	return i >= 0
}

// common are the keys that all grouping sets have.
func (g *grouping) common() []expr.Expr {
	var list []expr.Expr
	for i, k := range g.keys {
		if !slices.ContainsFunc(g.sets, func(set []int) bool { return !slices.Contains(set, i) }) {
			list = append(list, k)
		}
	}
	return list
}

// determinedBy says whether the keys hold the primary key of the relation's table.
func (r *relation) determinedBy(keys []expr.Expr) bool {
	if r.def == nil || r.def.HiddenKey {
		return false
	}
	for _, num := range r.def.Key {
		index := r.offset + int(num) - 1
		if !slices.ContainsFunc(keys, func(e expr.Expr) bool {
			c, ok := e.(*expr.Column)
			return ok && c.Index == index
		}) {
			return false
		}
	}
	return true
}
