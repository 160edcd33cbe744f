package sqlgen

import (
	"fmt"
	"slices"
	"strings"
)

// expr makes an expression of a type, at most depth levels deep.
func (g *Generator) expr(s *scope, t Type, depth int) *Node {
	whole := g.whole
	g.whole = false
	if s.grouped && !s.aggregated && g.chance(45) {
		if n := g.aggregate(s, t, depth, whole); n != nil {
			return n
		}
	}
	if depth <= 0 || g.chance(25) {
		return g.leaf(s, t)
	}
	if s.windows && g.chance(12) {
		if n := g.window(s, t, depth-1); n != nil {
			return n
		}
	}
	if g.budget > 0 && g.chance(8) {
		if n := g.subqueryExpr(s, t); n != nil {
			return n
		}
	}
	if t == Bool && g.chance(45) {
		return g.predicate(s, depth)
	}
	choices := g.choices(functions, t, g.risky && depth > 1)
	if len(choices) == 0 {
		return g.leaf(s, t)
	}
	f := choices[g.IntN(len(choices))]
	if g.risky {
		for range 3 { // prefer those that may fail
			if f.risky {
				break
			}
			f = choices[g.IntN(len(choices))]
		}
		if f.risky {
			g.risky = false // one in an expression, so that it is known which fails
		}
	}
	return g.fill(f, func(t Type) *Node { return g.expr(s, t, depth-1) }, func(t Type) *Node { return g.plain(s, t) })
}

// plain makes a column, a group or a literal.
func (g *Generator) plain(s *scope, t Type) *Node {
	if s.grouped && !s.aggregated {
		for _, e := range s.groups {
			if e.typ == t {
				return e
			}
		}
		return g.literal(t)
	}
	return g.leaf(s, t)
}

// leaf makes a column or a literal.
func (g *Generator) leaf(s *scope, t Type) *Node {
	if s.grouped && !s.aggregated {
		var fit []*Node
		for _, e := range s.groups {
			if e.typ == t {
				fit = append(fit, e)
			}
		}
		if len(fit) > 0 && g.chance(85) {
			return fit[g.IntN(len(fit))]
		}
		if g.chance(60) {
			if n := g.aggregate(s, t, 1, false); n != nil {
				return n
			}
		}
		return g.literal(t)
	}
	if refs := s.refs(t); len(refs) > 0 && g.chance(80) {
		return typed(t, g.pick(refs...))
	}
	if s.outer != nil && !s.aggregated && g.chance(40) {
		if o := s.outer; !o.grouped {
			if refs := o.refs(t); len(refs) > 0 && g.on("correlated") {
				return typed(t, g.pick(refs...))
			}
		}
	}
	return g.literal(t)
}

// predicate makes a condition over a column of the scope, so that it is not all constants.
func (g *Generator) predicate(s *scope, depth int) *Node {
	if g.chance(25) {
		op := g.pick("and", "and", "or")
		return typed(Bool, "(", g.predicate(s, depth-1), " "+op+" ", g.predicate(s, depth-1), ")")
	}
	cols := s.columns()
	if s.grouped && !s.aggregated || len(cols) == 0 {
		t := []Type{Int4, Int8, Text, Numeric}[g.IntN(4)]
		return g.compare(g.expr(s, t, depth-1), g.literal(t), t)
	}
	c := cols[g.IntN(len(cols))]
	left := typed(c.typ, c.ref)
	switch {
	case g.chance(25):
		return typed(Bool, left, g.pick(" is null", " is not null"))
	case g.chance(25):
		return typed(Bool, left, g.pick(" in (", " not in ("), list(", ", 1, []*Node{g.literal(c.typ), g.literal(c.typ), g.literal(c.typ)}), ")")
	}
	return g.compare(left, g.leaf(s, c.typ), c.typ)
}

func (g *Generator) compare(left, right *Node, t Type) *Node {
	op := g.pick(" = ", " = ", " <> ", " < ", " <= ", " > ", " >= ")
	return typed(Bool, "(", left, op, right, ")")
}

// aggregate makes an aggregate of a type with its arguments over the rows of the group; nil when there is none. A noisy one is
// made only as a whole column.
func (g *Generator) aggregate(s *scope, t Type, depth int, whole bool) *Node {
	fs := g.choices(aggregates, t, false)
	if !whole {
		fs = slices.DeleteFunc(fs, (*template).noisy)
	}
	if len(fs) == 0 {
		return nil
	}
	f := fs[g.IntN(len(fs))]
	g.noisy = g.noisy || f.noisy()
	rows := *s
	rows.aggregated, rows.windows = true, false
	budget := g.budget
	g.budget = 0 // aggregates over subqueries are rare and PostgreSQL has rules of its own for whose they are
	call := g.fill(f, func(t Type) *Node { return g.expr(&rows, t, min(depth-1, 1)) }, func(t Type) *Node { return g.plain(&rows, t) })
	call = unwrapped(call)
	if g.allowed("filter", 12) {
		call = typed(t, call, maybe(" filter (where ", g.predicate(&rows, 1), ")"))
	}
	g.budget = budget
	g.inexact = g.inexact || t == Float8 || t == Float4
	g.loose = true
	return call
}

// unwrapped takes the parentheses off that fill put around a template.
func unwrapped(n *Node) *Node {
	n.kids = n.kids[1 : len(n.kids)-1]
	return n
}

// window makes a window function call; nil when there is none of the type.
func (g *Generator) window(s *scope, t Type, depth int) *Node {
	if !g.on("window") || !s.sortable() && !s.grouped || len(s.rels) == 0 {
		return nil
	}
	own := g.choices(windowFunctions, t, false)
	args := *s
	args.windows = false
	arg := func(t Type) *Node { return g.expr(&args, t, min(depth, 1)) }
	order := g.windowOrder(&args)
	if len(own) > 0 && (g.chance(70) || s.grouped) {
		f := own[g.IntN(len(own))]
		if order == nil || !s.grouped && !s.unique() && !strings.Contains(f.text, "rank()") && f.text != "cume_dist()" {
			return nil
		}
		frame := ""
		if strings.Contains(f.text, "_value(") {
			frame = g.frame(true)
		}
		return typed(t, unwrapped(g.fill(f, arg, arg)), g.over(s, seq(g.partition(&args), order), maybe(frame)))
	}
	if s.grouped {
		return nil
	}
	g.inexact = g.inexact || t == Float8 || t == Float4
	return g.windowAggregate(s, &args, t, arg, order)
}

// windowAggregate makes an aggregate over a window; those with DISTINCT, ORDER BY or WITHIN GROUP cannot be.
func (g *Generator) windowAggregate(s, args *scope, t Type, arg func(Type) *Node, order *Node) *Node {
	var fit []*template
	for _, f := range g.choices(aggregates, t, false) {
		if !f.noisy() && !strings.Contains(f.text, "distinct") && !strings.Contains(f.text, "order by") && !strings.HasSuffix(f.text, "::int4") {
			fit = append(fit, f)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	call := unwrapped(g.fill(fit[g.IntN(len(fit))], arg, arg))
	if g.allowed("window filter", 10) {
		call = typed(t, call, " filter (where ", g.predicate(args, 1), ")")
	}
	if order == nil || g.chance(25) {
		return typed(t, call, g.over(s, g.partition(args), text("")))
	}
	if g.allowed("range offset", 20) {
		if refs := s.refs(Int4); len(refs) > 0 {
			return typed(t, call, " over (", g.partition(args), "order by "+g.pick(refs...)+g.pick("", " desc"), maybe(g.pick(
				" range between 1 preceding and 2 following", " range between unbounded preceding and 1 following", " range between 3 preceding and current row exclude current row")), ")")
		}
	}
	if g.allowed("range interval", 10) {
		if refs := append(s.refs(Date), s.refs(Timestamp)...); len(refs) > 0 {
			return typed(t, call, " over (", g.partition(args), "order by "+g.pick(refs...)+" range between '", g.pick("1 day", "1 month", "36 hours"), "' preceding and ",
				g.pick("current row", "'10 days' following"), ")")
		}
	}
	frame := ""
	if s.unique() {
		frame = g.frame(false)
	}
	return typed(t, call, g.over(s, seq(g.partition(args), order), maybe(frame)))
}

// over makes OVER with a definition and a frame: there, or in the WINDOW clause.
func (g *Generator) over(s *scope, definition, frame *Node) *Node {
	if s.named == nil || !g.allowed("named window", 20) {
		return seq(" over (", definition, frame, ")")
	}
	name := g.name("w")
	if g.chance(50) {
		*s.named = append(*s.named, seq(name+" as (", definition, frame, ")"))
		return text(" over " + name)
	}
	*s.named = append(*s.named, seq(name+" as (", definition, ")"))
	return seq(" over ("+name, frame, ")")
}

func (g *Generator) partition(s *scope) *Node {
	if g.chance(40) {
		return text("")
	}
	return maybe("partition by ", g.groupOrColumn(s), " ")
}

// groupOrColumn makes an expression to partition by.
func (g *Generator) groupOrColumn(s *scope) *Node {
	if s.grouped {
		if len(s.groups) > 0 {
			return s.groups[g.IntN(len(s.groups))]
		}
		return text("1")
	}
	cols := s.columns()
	c := cols[g.IntN(len(cols))]
	return typed(c.typ, c.ref)
}

// windowOrder orders the rows of a window in total; nil when it cannot.
func (g *Generator) windowOrder(s *scope) *Node {
	if s.grouped {
		if len(s.groups) == 0 {
			return nil
		}
		return seq("order by ", list(", ", len(s.groups), s.groups))
	}
	if !s.sortable() {
		return nil
	}
	lead := maybe(g.groupOrColumn(s), g.pick("", " desc", " nulls first")+", ")
	return seq("order by ", lead, s.totalOrder())
}

// frame makes a frame clause. For a function of rows it names rows or has no peers to choose from.
func (g *Generator) frame(value bool) string {
	if !g.on("frame") || g.chance(25) {
		return ""
	}
	from := []string{"unbounded preceding", fmt.Sprintf("%d preceding", g.IntN(4)), "current row", fmt.Sprintf("%d following", g.IntN(3))}
	i := g.IntN(len(from))
	to := []string{"current row", fmt.Sprintf("%d following", g.IntN(4)), "unbounded following"}
	if i == 3 {
		to = to[1:]
	}
	unit := g.pick("rows", "rows", "groups")
	if i == 0 && !value && g.chance(30) {
		return " range between unbounded preceding and " + g.pick("current row", "unbounded following")
	}
	return fmt.Sprintf(" %s between %s and %s%s", unit, from[i], g.pick(to...), g.pick("", "", "", " exclude current row", " exclude ties", " exclude group"))
}

// subqueryExpr makes an expression of a type that has a subquery; nil when it cannot.
func (g *Generator) subqueryExpr(s *scope, t Type) *Node {
	if !g.on("subquery") || s.grouped && !s.aggregated {
		return nil
	}
	outer := *s
	outer.windows = false
	g.nested = true
	if t == Bool && g.chance(80) {
		return g.subqueryTest(&outer)
	}
	if t.array() && g.allowed("array subquery", 50) {
		elem := Type(strings.TrimSuffix(string(t), "[]"))
		q := g.sub(func() *query { return g.query(&outer, []Type{elem}, 1, queryOptions{noSRF: true}) })
		return typed(t, "array(select c1 from (", q.node, ") q order by 1)")
	}
	q := g.sub(func() *query { return g.query(&outer, []Type{t}, 1, queryOptions{single: true}) })
	return typed(t, "(", q.node, ")")
}

// sub makes a subquery and takes it off the budget.
func (g *Generator) sub(make func() *query) *query {
	g.budget--
	return make()
}

// subqueryTest makes EXISTS, IN, ANY or ALL.
func (g *Generator) subqueryTest(s *scope) *Node {
	not := g.pick("", "", "not ")
	if g.allowed("exists", 40) {
		q := g.sub(func() *query { return g.query(s, nil, 1, queryOptions{}) })
		return typed(Bool, not+"exists (", q.node, ")")
	}
	t := g.columnType(s)
	if g.allowed("row in", 8) {
		u := g.columnType(s)
		q := g.sub(func() *query { return g.query(s, []Type{t, u}, 1, queryOptions{}) })
		return typed(Bool, "(", g.expr(s, t, 0), ", ", g.expr(s, u, 0), ") "+not+"in (", q.node, ")")
	}
	q := g.sub(func() *query { return g.query(s, []Type{t}, 1, queryOptions{}) })
	if g.allowed("quantified", 25) {
		return typed(Bool, "(", g.expr(s, t, 1), " "+g.pick("=", "<", "<>", ">=")+" "+g.pick("any", "all", "some")+" (", q.node, "))")
	}
	return typed(Bool, "(", g.expr(s, t, 1), " "+not+"in (", q.node, "))")
}

// columnType draws the type of one of the scope's columns.
func (g *Generator) columnType(s *scope) Type {
	if cols := s.columns(); len(cols) > 0 {
		return cols[g.IntN(len(cols))].typ
	}
	return Int4
}
