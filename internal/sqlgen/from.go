package sqlgen

import (
	"fmt"
)

// maxJoin is how many rows the product of a FROM clause's relations may have.
const maxJoin = 20000

// from makes a FROM clause and puts its relations into the scope.
func (g *Generator) from(s *scope, depth int) *Node {
	if g.budget == 0 && s.outer == nil && g.allowed("unqualified", 15) {
		t := g.Schema.Tables[g.IntN(len(g.Schema.Tables))]
		s.rels = append(s.rels, t.relation(""))
		return text(t.Name)
	}
	n := g.fromItem(s, depth)
	joins := 0
	if g.on("join") {
		for joins < 3 && g.chance(38-8*joins) {
			if joins++; s.size() > maxJoin/60 {
				break
			}
			n = g.join(s, n, depth)
			g.nested = true
		}
	}
	if g.allowed("comma join", 6) && s.size() < maxJoin/60 {
		g.nested = true
		n = seq(n, ", ", g.fromItem(s, depth))
	}
	return n
}

// join joins one more relation to what is in the scope.
func (g *Generator) join(s *scope, left *Node, depth int) *Node {
	before := len(s.rels)
	leftScope := &scope{rels: append([]*relation{}, s.rels...), outer: s.outer}
	kind := g.pick("join", "join", "join", "left join", "left join", "right join", "full join", "cross join")
	if !g.on(kind) {
		kind = "join"
	}
	if (kind == "join" || kind == "left join" || kind == "cross join") && g.budget > 0 && g.allowed("lateral", 12) {
		return g.lateral(s, leftScope, left, kind)
	}
	right := g.fromItem(s, depth)
	rightScope := &scope{rels: s.rels[before:]}
	var n *Node
	switch {
	case kind == "cross join":
		n = seq(left, " cross join ", right)
	case g.allowed("natural join", 6) && len(leftScope.rels) == 1 && natural(leftScope.rels[0], s.rels[before]):
		n = seq("(", left, " natural "+kind+" ", right, ")")
	case g.allowed("using", 12) && len(leftScope.rels) == 1 && g.shareColumn(leftScope.rels[0], s.rels[before], "a"):
		// Both sides keep their columns, and the merged one has a name of its own.
		alias := ""
		if g.allowed("merged column", 60) {
			merged := &relation{name: g.name("m"), cols: []output{{"a", Int4}}, size: 1, merged: true}
			s.rels = append(s.rels, merged)
			alias = " as " + merged.name
		}
		n = seq("(", left, " "+kind+" ", right, " using (a)"+alias+")")
	default:
		n = seq("(", left, " "+kind+" ", right, " on ", g.joinCondition(leftScope, rightScope, s, kind), ")")
	}
	n.alts = []*Node{left, right}
	return n
}

// natural says whether two relations share columns, each of one type, and none has two of a name.
func natural(l, r *relation) bool {
	types := map[string]Type{}
	for _, c := range l.cols {
		if _, twice := types[c.name]; twice || c.typ == "" {
			return false
		}
		types[c.name] = c.typ
	}
	shared := 0
	seen := map[string]bool{}
	for _, c := range r.cols {
		if seen[c.name] || c.typ == "" {
			return false
		}
		seen[c.name] = true
		if t, ok := types[c.name]; ok && t != c.typ {
			return false
		} else if ok {
			shared++
		}
	}
	return shared > 0
}

func (g *Generator) shareColumn(l, r *relation, name string) bool {
	has := func(r *relation) bool {
		for _, c := range r.cols {
			if c.name == name && c.typ == Int4 {
				return true
			}
		}
		return false
	}
	return has(l) && has(r)
}

// joinCondition mostly compares a column of each side. A full join's is always mergeable.
func (g *Generator) joinCondition(left, right, both *scope, kind string) *Node {
	var pairs [][2]column
	for _, l := range left.columns() {
		for _, r := range right.columns() {
			if l.typ == r.typ || l.typ.isInteger() && r.typ.isInteger() {
				pairs = append(pairs, [2]column{l, r})
			}
		}
	}
	if len(pairs) == 0 {
		return typed(Bool, g.pick("true", "1 = 1"))
	}
	pair := pairs[g.IntN(len(pairs))]
	op := " = "
	if kind != "full join" && g.chance(12) {
		op = g.pick(" < ", " <> ", " >= ", " is not distinct from ")
	}
	n := typed(Bool, pair[0].ref, op, pair[1].ref)
	if kind == "full join" {
		if g.chance(20) {
			other := pairs[g.IntN(len(pairs))]
			return typed(Bool, n, maybe(" and ", typed(Bool, other[0].ref, " = ", other[1].ref)))
		}
		return n
	}
	if g.chance(30) {
		return typed(Bool, n, maybe(g.pick(" and ", " and ", " or "), g.expr(&scope{rels: both.rels, outer: both.outer}, Bool, 1)))
	}
	return n
}

// isInteger says whether the type is one of the integers, which compare with each other.
func (t Type) isInteger() bool { return t == Int2 || t == Int4 || t == Int8 }

// lateral joins a subquery that sees the left side.
func (g *Generator) lateral(s, left *scope, leftNode *Node, kind string) *Node {
	if g.allowed("unnest", 30) {
		if n := g.lateralUnnest(s, left, leftNode, kind); n != nil {
			return n
		}
	}
	g.budget--
	q := g.query(left, nil, 1, queryOptions{few: true})
	r := &relation{name: g.name("l"), cols: q.cols, size: 4}
	s.rels = append(s.rels, r)
	on := " on true"
	if kind == "cross join" {
		on = ""
	}
	n := seq(leftNode, " "+kind+" lateral (", q.node, ") "+r.name+on)
	n.alts = []*Node{leftNode}
	return n
}

// lateralUnnest joins the elements of an array column.
func (g *Generator) lateralUnnest(s, left *scope, leftNode *Node, kind string) *Node {
	refs := left.refs(Int4Array)
	if len(refs) == 0 {
		return nil
	}
	r := &relation{name: g.name("u"), cols: []output{{"e", Int4}}, size: 3}
	alias, ordinality := r.name+"(e)", ""
	if g.allowed("ordinality", 50) {
		alias, ordinality = r.name+"(e, n)", " with ordinality"
		r.cols = append(r.cols, output{"n", Int8})
	}
	s.rels = append(s.rels, r)
	on := " on true"
	if kind == "cross join" {
		on = ""
	}
	n := seq(leftNode, " "+kind+" lateral unnest("+g.pick(refs...)+")"+ordinality+" "+alias+on)
	n.alts = []*Node{leftNode}
	return n
}

// fromItem makes one item of FROM and puts its relation into the scope.
func (g *Generator) fromItem(s *scope, depth int) *Node {
	switch n := g.IntN(100); {
	case n < 12 && depth > 0 && g.budget > 0 && g.on("derived"):
		g.budget--
		g.nested = true
		q := g.query(nil, nil, depth-1, queryOptions{})
		return g.relate(s, &relation{name: g.name("d"), cols: q.cols, size: q.size}, "(", q.node, ") ")
	case n < 18 && g.on("values"):
		return g.values(s)
	case n < 24 && g.on("generate_series"):
		return g.series(s)
	case n < 28:
		return g.function(s)
	case n < 34 && len(g.Schema.Views) > 0:
		v := g.Schema.Views[g.IntN(len(g.Schema.Views))]
		return g.relate(s, &relation{name: g.name("r"), cols: v.cols, size: v.size}, v.name+" ")
	case n < 50 && len(g.ctes) > 0:
		c := g.ctes[g.IntN(len(g.ctes))]
		return g.relate(s, &relation{name: g.name("x"), cols: c.cols, size: c.size}, c.name+" ")
	}
	return g.tableItem(s)
}

// tableItem makes a table an item of FROM.
func (g *Generator) tableItem(s *scope) *Node {
	t := g.Schema.Tables[g.IntN(len(g.Schema.Tables))]
	return g.relate(s, t.relation(g.name("r")), t.Name+" ")
}

// relation makes a table's relation.
func (t *Table) relation(name string) *relation {
	r := &relation{name: name, key: t.Key, size: len(t.Rows)}
	for _, c := range t.Columns {
		r.cols = append(r.cols, output{c.Name, c.Type})
	}
	return r
}

// relate puts a relation into the scope; the parts come before its name.
func (g *Generator) relate(s *scope, r *relation, parts ...any) *Node {
	s.rels = append(s.rels, r)
	return seq(append(parts, "as "+r.name)...)
}

// function makes a function an item of FROM.
func (g *Generator) function(s *scope) *Node {
	r := &relation{name: g.name("f"), size: 3}
	var sql string
	switch {
	case g.allowed("json functions in from", 40):
		switch g.IntN(4) {
		case 0:
			r.cols, sql = []output{{"e", JSONB}}, "jsonb_array_elements('[1, \"x\", null, {\"a\": 2}]'::jsonb) as %s(e)"
		case 1:
			r.cols, sql = []output{{"e", Text}}, "jsonb_array_elements_text('[1, \"x\", null, [2]]'::jsonb) as %s(e)"
		case 2:
			r.cols, sql = []output{{"k", Text}, {"v", JSONB}}, "jsonb_each('{\"a\": 1, \"b\": [2], \"c\": null}'::jsonb) as %s(k, v)"
		default:
			r.cols, sql = []output{{"k", Text}}, "jsonb_object_keys('{\"a\": 1, \"b\": [2]}'::jsonb) as %s(k)"
		}
	case g.allowed("text functions in from", 60):
		switch g.IntN(3) {
		case 0:
			r.cols, sql = []output{{"m", TextArray}}, "regexp_matches('abcab', '(a)(b)', 'g') as %s(m)"
		case 1:
			r.cols, sql = []output{{"e", Text}}, "string_to_table('a,b,,c', ',') as %s(e)"
		default:
			r.cols, sql = []output{{"e", Text}}, "regexp_split_to_table('a b  c', '\\s') as %s(e)"
		}
	case g.on("rows from"):
		r.cols, sql = []output{{"n", Int4}, {"e", Text}}, "rows from (generate_series(1, 3), unnest(array['a', 'b'])) as %s(n, e)"
	default:
		return g.tableItem(s)
	}
	s.rels = append(s.rels, r)
	return text(fmt.Sprintf(sql, r.name))
}

func (g *Generator) values(s *scope) *Node {
	types := []Type{Int4, g.anyType()}
	var rows []*Node
	for range 1 + g.IntN(4) {
		rows = append(rows, seq("(", g.literal(types[0]), ", ", g.literal(types[1]), ")"))
	}
	r := &relation{name: g.name("v"), cols: []output{{"a", types[0]}, {"x", types[1]}}, size: len(rows)}
	s.rels = append(s.rels, r)
	return seq("(values ", list(", ", 1, rows), ") as "+r.name+"(a, x)")
}

func (g *Generator) series(s *scope) *Node {
	r := &relation{name: g.name("s"), size: 6, key: []int{0}}
	switch g.IntN(4) {
	case 0:
		r.cols = []output{{"n", Int8}}
		s.rels = append(s.rels, r)
		return text(fmt.Sprintf("generate_series(%d::int8, %d) as %s(n)", g.IntN(3), g.IntN(9), r.name))
	case 1:
		if g.on("generate_series timestamp") {
			r.cols = []output{{"n", Timestamp}}
			s.rels = append(s.rels, r)
			return text(fmt.Sprintf("generate_series(timestamp '2024-01-0%d', '2024-01-31', '%s') as %s(n)", 1+g.IntN(9), g.pick("7 days", "1 week", "10 days 12 hours"), r.name))
		}
	}
	r.cols = []output{{"n", Int4}}
	s.rels = append(s.rels, r)
	return text(fmt.Sprintf("generate_series(%d, %d%s) as %s(n)", g.IntN(3), g.IntN(9), g.pick("", ", 2"), r.name))
}
