package sqlgen

import (
	"fmt"
	"strings"
)

// Write makes an INSERT, UPDATE or DELETE. Some violate a constraint. What it does to the rows is determined.
func (g *Generator) Write() *Statement {
	g.begin()
	t := g.Schema.Tables[g.IntN(len(g.Schema.Tables))]
	var root *Node
	switch n := g.IntN(100); {
	case n < 45:
		root = g.insert(t)
	case n < 80:
		root = g.update(t)
	default:
		root = g.delete(t)
	}
	if g.allowed("writable cte", 6) {
		root = g.writableCTE(t, root)
	}
	st := g.end(root, false)
	st.Writes, st.Loose = true, true
	for _, t := range g.Schema.Tables {
		st.Tables = append(st.Tables, t.Name)
	}
	return st
}

// writableCTE puts a write into WITH and reads what it returns.
func (g *Generator) writableCTE(t *Table, write *Node) *Node {
	g.nested = true
	body := write.String()
	if i := strings.LastIndex(body, " returning "); i < 0 {
		return seq("with w as (", write, " returning 1 as r) select count(*) from w")
	}
	return seq("with w as (", write, ") select count(*) from w")
}

// returning makes RETURNING over the rows of the scope.
func (g *Generator) returning(s *scope) *Node {
	if !g.on("returning") || g.chance(30) {
		return text("")
	}
	if g.chance(25) {
		return maybe(" returning *")
	}
	items, _ := g.outputs(s, nil, 0, queryOptions{})
	return maybe(" returning ", list(", ", 1, items))
}

// insert makes an INSERT of values or of a query, with ON CONFLICT or without.
func (g *Generator) insert(t *Table) *Node {
	var names []string
	var cols []Column
	for i, c := range t.Columns {
		if c.Generated == "" && (c.NotNull || i < 2 || g.chance(80)) {
			if c.NotNull && g.chance(2) {
				continue // a violation, of NOT NULL or of nothing
			}
			names = append(names, c.Name)
			cols = append(cols, c)
		}
	}
	source := g.insertSource(t, cols)
	s := &scope{rels: []*relation{t.relation(t.Name)}}
	return seq("insert into "+t.Name+" ("+strings.Join(names, ", ")+") ", source, g.onConflict(t, s), g.returning(s))
}

func (g *Generator) insertSource(t *Table, cols []Column) *Node {
	if g.allowed("insert select", 30) {
		s := &scope{}
		from := g.from(s, 0)
		var items []*Node
		for _, c := range cols {
			items = append(items, g.insertValue(t, s, c))
		}
		order := text(" limit 0")
		if s.sortable() {
			order = text(" order by " + s.totalOrder() + " limit 3")
		}
		return seq("select ", list(", ", len(items), items), " from ", from, order)
	}
	var rows []*Node
	for range 1 + g.IntN(3) {
		var items []*Node
		for _, c := range cols {
			v := g.insertValue(t, &scope{}, c)
			if !t.isKey(c.Name) && g.allowed("default", 4) {
				v = text("default")
			}
			items = append(items, v)
		}
		rows = append(rows, seq("(", list(", ", len(items), items), ")"))
	}
	return seq("values ", list(", ", 1, rows))
}

// isKey says whether a column is of the primary key.
func (t *Table) isKey(name string) bool {
	for _, k := range t.Key {
		if t.Columns[k].Name == name {
			return true
		}
	}
	return false
}

// insertValue makes a column's value; a key is mostly new.
func (g *Generator) insertValue(t *Table, s *scope, c Column) *Node {
	switch {
	case t.isKey(c.Name) && c.Type == Int4 && g.chance(85):
		if refs := s.refs(Int4); len(refs) > 0 && g.chance(70) {
			return typed(Int4, fmt.Sprintf("(%s + %d)", g.pick(refs...), 200+g.IntN(50)))
		}
		return typed(Int4, fmt.Sprint(100+g.IntN(60)))
	case t.isKey(c.Name) && c.Type == Int4:
		return typed(Int4, fmt.Sprint(1+g.IntN(8)))
	case c.Name == "ref":
		return typed(Int4, g.pick("null::int4", "1", "2", "77"))
	case c.NotNull && !g.chance(3):
		return typed(c.Type, quote(g.pick(pools[c.Type]...))+"::"+string(c.Type))
	case strings.Contains(c.DDL, "("):
		return typed(c.Type, quote(g.pick(pools[c.Type][:5]...)))
	}
	return g.expr(s, c.Type, 1)
}

// onConflict makes ON CONFLICT for the key, if the table has one.
func (g *Generator) onConflict(t *Table, s *scope) *Node {
	if len(t.Key) == 0 || !g.allowed("on conflict", 35) {
		return text("")
	}
	if g.chance(30) {
		return maybe(" on conflict do nothing")
	}
	target := " on conflict (" + t.keyNames() + ")"
	if g.chance(30) {
		return maybe(target + " do nothing")
	}
	excluded := t.relation("excluded")
	both := &scope{rels: append([]*relation{excluded}, s.rels...)}
	return maybe(target+" do update set ", g.assignments(t, both), g.where(both, 1))
}

// assignments makes the list after SET; keys stay as they are.
func (g *Generator) assignments(t *Table, s *scope) *Node {
	var items []*Node
	for _, i := range g.Perm(len(t.Columns))[:1+g.IntN(2)] {
		c := t.Columns[i]
		switch {
		case t.isKey(c.Name) || c.Generated != "":
			continue
		case c.Name == "ref" || strings.Contains(c.DDL, "("):
			items = append(items, seq(c.Name+" = ", g.insertValue(t, s, c)))
		case c.NotNull:
			items = append(items, seq(c.Name+" = coalesce(", g.expr(s, c.Type, 1), ", ", typed(c.Type, quote(pools[c.Type][0])+"::"+string(c.Type)), ")"))
		default:
			items = append(items, seq(c.Name+" = ", g.expr(s, c.Type, 2)))
		}
	}
	if len(items) == 0 {
		items = append(items, seq("a = ", g.expr(s, Int4, 1)))
	}
	return list(", ", 1, items)
}

// update makes an UPDATE, with FROM a table that is joined by its key, so that a row is updated once.
func (g *Generator) update(t *Table) *Node {
	s := &scope{rels: []*relation{t.relation(t.Name)}}
	from, where := text(""), g.where(s, 1)
	if other := g.keyedTable(); other != nil && g.allowed("update from", 30) {
		g.nested = true
		r := other.relation(g.name("r"))
		s.rels = append(s.rels, r)
		from = text(" from " + other.Name + " as " + r.name)
		where = seq(" where ", typed(Bool, r.name+"."+other.Columns[other.Key[0]].Name+" = "+t.Name+".a"), maybe(" and ", g.expr(s, Bool, 1)))
	}
	set := g.assignments(t, s)
	if len(t.Key) == 1 && g.allowed("update key", 6) {
		set = seq("id = "+t.Name+".id + ", text(g.pick("1000", "1", "0")))
	}
	return seq("update "+t.Name+" set ", set, from, where, g.returning(s))
}

// keyedTable draws a table with a key of one column; nil when there is none.
func (g *Generator) keyedTable() *Table {
	for range 4 {
		if t := g.Schema.Tables[g.IntN(len(g.Schema.Tables))]; len(t.Key) == 1 {
			return t
		}
	}
	return nil
}

// delete makes a DELETE, with USING or without.
func (g *Generator) delete(t *Table) *Node {
	s := &scope{rels: []*relation{t.relation(t.Name)}}
	if g.allowed("delete using", 30) {
		g.nested = true
		other := g.Schema.Tables[g.IntN(len(g.Schema.Tables))]
		r := other.relation(g.name("r"))
		both := &scope{rels: append([]*relation{r}, s.rels...)}
		return seq("delete from "+t.Name+" using "+other.Name+" as "+r.name+" where ", typed(Bool, r.name+".a = "+t.Name+".a"),
			maybe(" and ", g.expr(both, Bool, 1)), maybe(" returning "+t.Name+".*"))
	}
	return seq("delete from "+t.Name, g.where(s, 1), g.returning(s))
}
