package sqlgen

import (
	"fmt"
	"strings"
)

// query is a query under construction.
type query struct {
	node *Node
	cols []output
	size int // about how many rows
	// ordered says that the rows come in a total order.
	ordered bool
}

// queryOptions say what the place of a query allows.
type queryOptions struct {
	single bool // at most one row
	few    bool // a few rows
	noSRF  bool
	top    bool // not a subquery
}

// query makes a query with columns c1, c2, ... of the types, or of types it chooses when types is nil. It may refer to outer,
// which may be nil.
func (g *Generator) query(outer *scope, types []Type, depth int, o queryOptions) *query {
	if depth > 0 && !o.single && !o.few && g.allowed("set operation", 9) {
		return g.setOperation(outer, types, depth, o)
	}
	s := &scope{outer: outer}
	var from *Node
	if o.top && g.chance(3) {
		from = text("")
	} else {
		from = seq(" from ", g.from(s, depth))
	}
	grouped := g.allowed("group by", 22) && len(s.rels) > 0
	if o.single && g.chance(70) || grouped && g.chance(25) {
		return g.selectAggregates(s, from, types, depth, o)
	}
	if grouped && !o.single {
		return g.selectGroups(s, from, types, depth, o)
	}
	return g.selectRows(s, from, types, depth, o)
}

// where makes a WHERE clause.
func (g *Generator) where(s *scope, depth int) *Node {
	if len(s.rels) == 0 || g.chance(40) {
		return text("")
	}
	rows := &scope{rels: s.rels, outer: s.outer}
	if g.chance(50) {
		return maybe(" where ", g.predicate(rows, depth))
	}
	return maybe(" where ", g.expr(rows, Bool, depth+1))
}

// outputs makes the select list.
func (g *Generator) outputs(s *scope, types []Type, depth int, o queryOptions) (items []*Node, cols []output) {
	n := len(types)
	if types == nil {
		n = 1 + g.IntN(4)
	}
	for i := range n {
		t := g.outputType(s)
		if types != nil {
			t = types[i]
		}
		name := fmt.Sprintf("c%d", i+1)
		g.whole = o.top
		e := g.expr(s, t, depth+1)
		g.whole = false
		items = append(items, seq(e, " as "+name))
		cols = append(cols, output{name, t})
	}
	return items, cols
}

func (g *Generator) outputType(s *scope) Type {
	if len(s.rels) == 0 || g.chance(25) {
		return g.anyType()
	}
	if s.grouped && len(s.groups) > 0 && g.chance(50) {
		return s.groups[g.IntN(len(s.groups))].typ
	}
	if s.grouped {
		return []Type{Int8, Numeric, Int4, Text, Float8, Date, Bool}[g.IntN(7)]
	}
	return g.columnType(s)
}

// selectRows makes a query without groups.
func (g *Generator) selectRows(s *scope, from *Node, types []Type, depth int, o queryOptions) *query {
	s.windows = g.on("window") && len(s.rels) > 0 && !o.single && g.chance(30)
	s.named = new([]*Node)
	items, cols := g.outputs(s, types, depth, o)
	if o.top && types == nil && len(s.rels) > 0 && s.rels[0].name != "" && g.allowed("star", 4) {
		items, cols = []*Node{text(s.rels[0].name + ".*")}, s.rels[0].cols
	}
	where := g.where(s, depth)
	named := text("")
	if len(*s.named) > 0 {
		named = seq(" window ", list(", ", 0, *s.named))
	}
	q := &query{cols: cols, size: min(s.size(), 400)}
	if g.allowed("distinct on", 4) && s.sortable() && !o.single && len(s.rels) > 0 && len(*s.named) == 0 {
		return g.distinctOn(s, q, items, from, where)
	}
	distinct := text("")
	if g.allowed("distinct", 8) && !o.single {
		distinct = maybe("distinct ")
		g.loose = true
	}
	if o.top && !o.noSRF && types == nil && g.allowed("select srf", 3) && distinct.text == "" && len(distinct.kids) == 0 {
		items = append(items, text(g.pick("generate_series(1, 3) as s1", "unnest(array['x', 'y']) as s1", "generate_series(1, 2) as s1, unnest(array[7, 8, 9]) as s2")))
		q.cols = append(q.cols, output{"s1", ""})
	}
	var rows *scope
	if len(distinct.kids) == 0 && len(s.rels) > 0 {
		rows = &scope{rels: s.rels}
	}
	tail := g.tail(q, rows, len(q.cols), o)
	q.node = seq("select ", distinct, list(", ", 1, items), from, where, named, tail)
	return q
}

// distinctOn makes SELECT DISTINCT ON, whose order says which rows stay.
func (g *Generator) distinctOn(s *scope, q *query, items []*Node, from, where *Node) *query {
	cols := s.columns()
	key := cols[g.IntN(len(cols))]
	q.node = seq("select distinct on ("+key.ref+") ", list(", ", 1, items), from, where, " order by "+key.ref+g.pick("", " desc")+", "+s.totalOrder())
	g.loose = true
	return q
}

// tail makes ORDER BY and LIMIT over the n columns of the query's output; s, which may be nil, is what expressions of ORDER BY are over.
func (g *Generator) tail(q *query, s *scope, n int, o queryOptions) *Node {
	switch {
	case g.noisy && o.top:
		return text("")
	case o.single:
		g.loose = true
		return seq(ordinals(n), " limit 1")
	case o.few && g.on("limit"):
		q.size = 3
		g.loose = true
		return seq(ordinals(n), fmt.Sprintf(" limit %d", 1+g.IntN(3)))
	case g.allowed("limit", 12):
		g.loose = true
		q.ordered, q.size = true, min(q.size, 10)
		limit := fmt.Sprintf(" limit %d", g.IntN(12))
		if g.chance(20) {
			limit = fmt.Sprintf(" fetch first %d rows only", 1+g.IntN(9))
		} else if g.allowed("with ties", 8) {
			limit = fmt.Sprintf(" fetch first %d rows with ties", 1+g.IntN(9))
		}
		offset := text("")
		if g.chance(30) {
			offset = maybe(fmt.Sprintf(" offset %d", g.IntN(5)))
			if strings.Contains(limit, "fetch") {
				return seq(g.sortedOrdinals(n), offset, maybe(limit))
			}
		}
		return seq(g.sortedOrdinals(n), maybe(limit), offset)
	case s != nil && g.allowed("order by expression", 6):
		q.ordered, g.loose = true, true
		by := g.expr(s, g.columnType(s), 1)
		for strings.HasPrefix(by.String(), "null::") || !strings.Contains(by.String(), ".") && len(s.rels) > 0 && s.rels[0].name != "" { // a constant is an error
			by = typed(Text, "("+s.rels[0].ref(0)+"::text)")
		}
		return maybe(" order by ", by, g.pick("", " desc")+", "+strings.TrimPrefix(ordinals(n).text, " order by "))
	case g.chance(25):
		q.ordered = true
		g.loose = true
		return maybe(g.sortedOrdinals(n))
	}
	return text("")
}

// ordinals orders by all n columns.
func ordinals(n int) *Node {
	var keys []string
	for i := range n {
		keys = append(keys, fmt.Sprint(i+1))
	}
	return text(" order by " + strings.Join(keys, ", "))
}

// sortedOrdinals orders by all n columns, in some order and direction.
func (g *Generator) sortedOrdinals(n int) *Node {
	var keys []string
	for _, i := range g.Perm(n) {
		keys = append(keys, fmt.Sprint(i+1)+g.pick("", "", " desc", " nulls first", " desc nulls last", " asc"))
	}
	return text(" order by " + strings.Join(keys, ", "))
}

// selectAggregates makes a query of aggregates over all rows: one row, or none with HAVING.
func (g *Generator) selectAggregates(s *scope, from *Node, types []Type, depth int, o queryOptions) *query {
	if len(s.rels) == 0 {
		from = seq(" from ", g.tableItem(s))
	}
	where := g.where(s, depth)
	s.grouped = true
	items, cols := g.outputs(s, types, depth, o)
	if types == nil { // one that makes the query an aggregate query for sure
		items = append(items, text("count(*) as n"))
		cols = append(cols, output{"n", Int8})
	} else {
		where = seq(where, maybe(" having count(*) >= 0"))
	}
	having := text("")
	if types == nil && g.allowed("having", 10) {
		having = maybe(" having ", g.predicate(s, 1))
	}
	return &query{node: seq("select ", list(", ", 1, items), from, where, having), cols: cols, size: 1, ordered: true}
}

// selectGroups makes a query with GROUP BY.
func (g *Generator) selectGroups(s *scope, from *Node, types []Type, depth int, o queryOptions) *query {
	where := g.where(s, depth)
	var clause *Node
	sets := g.allowed("grouping sets", 18)
	rows := &scope{rels: s.rels, outer: nil}
	cols := s.columns()
	seen := map[string]bool{}
	for range 1 + g.IntN(3) {
		c := cols[g.IntN(len(cols))]
		e := typed(c.typ, c.ref)
		if !sets && g.chance(20) {
			// An expression over a column, so that it is no constant.
			e = g.groupExpr(rows, c)
		}
		if str := e.String(); !seen[str] {
			seen[str] = true
			s.groups = append(s.groups, e)
		}
	}
	s.grouped = true
	s.windows = !sets && g.chance(20)
	if sets {
		clause = g.groupingSets(s.groups)
	} else {
		clause = list(", ", 1, s.groups)
	}
	items, outs := g.outputs(s, types, depth, o)
	if !sets && types == nil && g.allowed("group by ordinal", 12) {
		items, outs, clause = g.groupsFirst(s.groups, items, outs)
	}
	if sets && types == nil && g.allowed("grouping()", 40) {
		items = append(items, seq("grouping(", s.groups[0], ") as gr"))
		outs = append(outs, output{"gr", Int4})
	}
	having := text("")
	if g.allowed("having", 20) {
		having = maybe(" having ", g.predicate(s, 1))
	}
	g.loose = true
	q := &query{cols: outs, size: min(s.size(), 60)}
	tail := g.tail(q, nil, len(items), o)
	q.node = seq("select ", list(", ", 1, items), from, where, " group by ", clause, having, tail)
	return q
}

// groupsFirst puts the groups before the other columns and groups by their ordinals, the first by its name.
func (g *Generator) groupsFirst(groups, items []*Node, outs []output) ([]*Node, []output, *Node) {
	var first, by []*Node
	var cols []output
	for i, e := range groups {
		name := fmt.Sprintf("g%d", i+1)
		first = append(first, seq(e, " as "+name))
		cols = append(cols, output{name, e.typ})
		by = append(by, text(fmt.Sprint(i+1)))
	}
	if g.chance(30) {
		by[0] = text("g1")
	}
	return append(first, items...), append(cols, outs...), list(", ", 1, by)
}

// groupExpr makes an expression to group by, over a column.
func (g *Generator) groupExpr(s *scope, c column) *Node {
	col := typed(c.typ, c.ref)
	switch {
	case c.typ.isInteger():
		return typed(c.typ, "(", col, " % 3::"+string(c.typ)+")")
	case c.typ == Text:
		return typed(Text, "upper(", col, ")")
	case c.typ == Numeric:
		return typed(Numeric, "round(", col, ")")
	case c.typ == Timestamp && g.on("date_trunc({|'second'|'minute'|'hour'|'day'|'week'|'month'|'quarter'|'year'|'decade'}, {timestamp})"):
		return typed(Timestamp, "date_trunc('month', ", col, ")")
	}
	return typed(Bool, "(", col, " is null)")
}

// groupingSets makes ROLLUP, CUBE or GROUPING SETS of expressions.
func (g *Generator) groupingSets(groups []*Node) *Node {
	switch g.IntN(3) {
	case 0:
		return seq("rollup (", list(", ", 1, groups), ")")
	case 1:
		return seq("cube (", list(", ", 1, groups), ")")
	}
	sets := []*Node{text("()")}
	for _, e := range groups {
		sets = append(sets, seq("(", e, ")"))
	}
	return seq("grouping sets ((", list(", ", 1, groups), "), ", list(", ", 1, sets), ")")
}

// setOperation makes UNION, INTERSECT or EXCEPT of two or three queries.
func (g *Generator) setOperation(outer *scope, types []Type, depth int, o queryOptions) *query {
	g.nested = true
	if types == nil {
		for range 1 + g.IntN(3) {
			types = append(types, g.anyType())
		}
	}
	inner := o
	inner.top = false
	left := g.query(outer, types, depth-1, inner)
	right := g.query(outer, types, depth-1, inner)
	op := g.pick("union", "union all", "union all", "intersect", "except", "intersect all", "except all")
	if !strings.Contains(op, "union all") {
		g.loose = true
	}
	l, r := seq("(", left.node, ")"), seq("(", right.node, ")")
	body := seq(l, " "+op+" ", r)
	body.alts = []*Node{l, r}
	q := &query{cols: left.cols, size: left.size + right.size}
	q.node = seq(body, g.tail(q, nil, len(types), o))
	return q
}
