package sqlgen

import "fmt"

// Statement is a statement to run.
type Statement struct {
	Root *Node
	// Writes says that it changes rows: those of Tables.
	Writes bool
	Tables []string
	// Ordered says that the order of the rows is determined.
	Ordered bool
	// Loose says that of equal values that look different (1.0 and 1.00) any may come.
	Loose bool
	// Inexact says that floats were summed, in whatever order.
	Inexact bool
	// Nested says that there is a join or a subquery.
	Nested bool
	// Risky says that the statement may fail at run time, for one reason.
	Risky bool
}

// String returns the statement's text.
func (s *Statement) String() string { return s.Root.String() }

func (g *Generator) begin() {
	g.names, g.ctes, g.risky, g.loose, g.inexact, g.nested, g.whole, g.noisy = 0, nil, false, false, false, false, false, false
	g.budget = 2
	if g.chance(15) {
		g.budget = 4
	}
}

func (g *Generator) end(root *Node, ordered bool) *Statement {
	return &Statement{Root: root, Ordered: ordered, Loose: g.loose, Inexact: g.inexact, Nested: g.nested}
}

// Query makes a query.
func (g *Generator) Query() *Statement {
	g.begin()
	if g.allowed("risky", 5) {
		return g.riskyQuery()
	}
	if g.allowed("table", 1) {
		return g.end(text("table "+g.Schema.Tables[g.IntN(len(g.Schema.Tables))].Name), false)
	}
	with := text("")
	if g.allowed("with", 12) {
		with = g.with()
	}
	q := g.query(nil, nil, 1+g.IntN(2), queryOptions{top: true})
	return g.end(seq(maybe(with), q.node), q.ordered)
}

// riskyQuery makes one whose only expression may fail: for each row of a table, so that all plans see it.
func (g *Generator) riskyQuery() *Statement {
	s := &scope{}
	from := g.tableItem(s)
	for tries := 0; s.size() == 1 && tries < 5; tries++ { // without rows only constants fail, while PostgreSQL plans
		s = &scope{}
		from = g.tableItem(s)
	}
	types := []Type{Int4, Int2, Int8, Numeric, Float8, Text, Date, Bool, UUID, JSONB}
	t := types[g.IntN(len(types))]
	for !g.on(string(t)) {
		t = types[g.IntN(len(types))]
	}
	g.budget, g.risky = 0, true
	e := g.expr(s, t, 2)
	st := g.end(seq("select ", e, " as c1 from ", from), false)
	st.Risky, st.Loose = true, true
	return st
}

// with makes one or two CTEs.
func (g *Generator) with() *Node {
	g.nested = true
	if g.allowed("recursive", 30) {
		return g.recursive()
	}
	var parts []*Node
	for range 1 + g.IntN(2) {
		q := g.query(nil, nil, 1, queryOptions{})
		r := &relation{name: g.name("w"), cols: q.cols, size: q.size}
		parts = append(parts, seq(r.name+" as "+g.pick("", "", "materialized ", "not materialized ")+"(", q.node, ")"))
		g.ctes = append(g.ctes, r)
	}
	return seq("with ", list(", ", 1, parts), " ")
}

// recursive makes a recursive CTE: a counter, or a walk over a table's values.
func (g *Generator) recursive() *Node {
	r := &relation{name: g.name("w"), size: 10}
	t := g.Schema.Tables[g.IntN(len(g.Schema.Tables))]
	switch g.IntN(3) {
	case 0:
		r.cols = []output{{"n", Int4}, {"x", Text}}
		g.ctes = append(g.ctes, r)
		return text(fmt.Sprintf("with recursive %s(n, x) as (select 1, 'a'::text union all select n + 1, x || n::text from %s where n < %d) ", r.name, r.name, 1+g.IntN(6)))
	case 1:
		r.cols = []output{{"a", Int4}, {"b", Text}}
		g.ctes = append(g.ctes, r)
		return text(fmt.Sprintf("with recursive %[1]s(a, b) as (select a, b from %[2]s where a < %[3]d union select y.a, y.b from %[1]s join %[2]s y on y.b > %[1]s.b) ", r.name, t.Name, g.IntN(5)))
	}
	r.cols = []output{{"a", Int4}, {"d", Int4}}
	g.ctes = append(g.ctes, r)
	return text(fmt.Sprintf("with recursive %[1]s(a, d) as (select distinct a, 0 from %[2]s union all select (%[1]s.a + y.n) %% 10, d + 1 from %[1]s, generate_series(1, 2) y(n) where d < 2) ", r.name, t.Name))
}
