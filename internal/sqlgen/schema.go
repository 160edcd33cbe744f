package sqlgen

import (
	"fmt"
	"strings"
)

// Schema is a set of tables with data.
type Schema struct {
	// Before are statements that come first: types.
	Before []string
	Tables []*Table
	Views  []*relation
	// After are statements that follow the data: views and indexes.
	After []string
}

// Table is a table with its rows.
type Table struct {
	Name    string
	Columns []Column
	Key     []int    // columns of the primary key; none when there is none
	Checks  []string // constraints, as in CREATE TABLE
	Rows    []Row
}

// Column is a column of a table.
type Column struct {
	Name    string
	Type    Type
	DDL     string // its declared type
	NotNull bool
	// Generated is the expression of a generated column, which takes no value; "" is none.
	Generated string
}

// Row is a row's values as SQL literals.
type Row []string

// NewSchema makes a schema of three to five small tables.
func NewSchema(g *Generator) *Schema {
	s := &Schema{}
	g.Schema = s
	if g.on(string(Enum)) {
		s.Before = append(s.Before, EnumSetup)
	}
	for i := range 3 + g.IntN(3) {
		s.Tables = append(s.Tables, g.table(fmt.Sprintf("t%d", i)))
	}
	if g.on("view") {
		for i := range g.IntN(3) {
			g.begin()
			g.budget = 1
			q := g.query(nil, nil, 1, queryOptions{})
			v := &relation{name: fmt.Sprintf("v%d_view", i), cols: q.cols, size: q.size}
			s.After = append(s.After, "create view "+v.name+" as "+q.node.String())
			s.Views = append(s.Views, v)
		}
	}
	for _, t := range s.Tables {
		if g.on("index") {
			for range g.IntN(3) {
				s.After = append(s.After, g.index(t))
			}
		}
	}
	return s
}

func (g *Generator) table(name string) *Table {
	t := &Table{Name: name}
	keyed := g.chance(85)
	switch {
	case keyed && g.chance(80):
		t.Columns = append(t.Columns, Column{Name: "id", Type: Int4, DDL: "int", NotNull: true})
		t.Key = []int{0}
	case keyed:
		t.Columns = append(t.Columns, Column{Name: "k", Type: Int4, DDL: "int", NotNull: true}, Column{Name: "s", Type: Text, DDL: "text", NotNull: true})
		t.Key = []int{0, 1}
	}
	// Every table has what joins are made of.
	a := Column{Name: "a", Type: Int4, DDL: "int"}
	if g.allowed("identity", 20) {
		a.DDL = "int default 7"
	}
	t.Columns = append(t.Columns, a, Column{Name: "b", Type: Text, DDL: "text"})
	for i := range 2 + g.IntN(5) {
		w := g.weighted()
		t.Columns = append(t.Columns, Column{Name: string(rune('c' + i)), Type: w.typ, DDL: g.ddl(w), NotNull: g.chance(15)})
	}
	if g.allowed("generated column", 12) {
		t.Columns = append(t.Columns, Column{Name: "gen", Type: Int4, DDL: "int", Generated: g.pick("a * 2", "coalesce(a, 0) + 1", "length(b)")})
	}
	if g.allowed("check", 20) {
		t.Checks = append(t.Checks, g.pick("check (a < 1000)", "check (length(b) < 40)", "check (a is null or a > -50)"))
	}
	if g.allowed("unique", 15) && t.Columns[0].Name == "id" {
		t.Checks = append(t.Checks, "unique (id, a)")
	}
	if other := len(g.Schema.Tables); g.allowed("foreign key", 20) && other > 0 {
		if ref := g.Schema.Tables[g.IntN(other)]; len(ref.Key) == 1 {
			t.Columns = append(t.Columns, Column{Name: "ref", Type: Int4, DDL: "int"})
			t.Checks = append(t.Checks, fmt.Sprintf("foreign key (ref) references %s%s", ref.Name, g.pick("", " on delete cascade", " on delete set null")))
		}
	}
	rows := g.IntN(12)
	if g.chance(20) {
		rows = 20 + g.IntN(41)
	}
	for i := range rows {
		t.Rows = append(t.Rows, g.row(t, i))
	}
	return t
}

// ddl is how a column declares its type: with a modifier where that is on.
func (g *Generator) ddl(w weightedType) string { return w.ddl[g.IntN(len(w.ddl))] }

// row makes row number i, whose key is its own.
func (g *Generator) row(t *Table, i int) Row {
	row := make(Row, len(t.Columns))
	for c, col := range t.Columns {
		switch {
		case col.Generated != "":
			row[c] = "default"
		case len(t.Key) > 0 && c == t.Key[0]:
			row[c] = fmt.Sprint(i + 1)
		case col.Name == "ref":
			row[c] = g.reference(t)
		case !col.NotNull && g.chance(15):
			row[c] = "null"
		default:
			row[c] = quote(g.pick(pools[col.Type]...))
		}
		if strings.HasPrefix(col.DDL, "varchar(12") && len(row[c]) > 14 && row[c] != "null" {
			row[c] = "'abc'"
		}
	}
	return row
}

// reference draws a key of the table that ref refers to.
func (g *Generator) reference(t *Table) string {
	for _, other := range g.Schema.Tables {
		if strings.Contains(strings.Join(t.Checks, ";"), "references "+other.Name) && len(other.Rows) > 0 {
			return other.Rows[g.IntN(len(other.Rows))][other.Key[0]]
		}
	}
	return "null"
}

func (g *Generator) index(t *Table) string {
	var cols []string
	for range 1 + g.IntN(2) {
		if c := t.Columns[g.IntN(len(t.Columns))]; c.Type != JSONB && !c.Type.array() && c.Generated == "" && !strings.Contains(strings.Join(cols, " "), c.Name) {
			cols = append(cols, c.Name+g.pick("", "", " desc"))
		}
	}
	if len(cols) == 0 {
		cols = []string{"a"}
	}
	if len(cols) == 1 && g.chance(30) {
		return fmt.Sprintf("create index on %s using hash (%s)", t.Name, strings.TrimSuffix(cols[0], " desc"))
	}
	where := ""
	if g.allowed("partial index", 10) {
		where = " where a > 1"
	}
	return fmt.Sprintf("create index on %s (%s)%s", t.Name, strings.Join(cols, ", "), where)
}

// Create returns the table's CREATE TABLE.
func (t *Table) Create() string {
	var parts []string
	for _, c := range t.Columns {
		part := c.Name + " " + c.DDL
		if c.Generated != "" {
			part += " generated always as (" + c.Generated + ") stored"
		}
		if c.NotNull {
			part += " not null"
		}
		parts = append(parts, part)
	}
	if len(t.Key) > 0 {
		parts = append(parts, "primary key ("+t.keyNames()+")")
	}
	return fmt.Sprintf("create table %s (%s)", t.Name, strings.Join(append(parts, t.Checks...), ", "))
}

// keyNames lists the columns of the key.
func (t *Table) keyNames() string {
	var names []string
	for _, k := range t.Key {
		names = append(names, t.Columns[k].Name)
	}
	return strings.Join(names, ", ")
}

// Insert returns the statement that fills the table; "" when it has no rows.
func (t *Table) Insert() string {
	if len(t.Rows) == 0 {
		return ""
	}
	rows := make([]string, len(t.Rows))
	for i, r := range t.Rows {
		rows[i] = "(" + strings.Join(r, ", ") + ")"
	}
	return "insert into " + t.Name + " values " + strings.Join(rows, ", ")
}

// Script returns the statements that make the schema, in order.
func (s *Schema) Script() (out []string) {
	out = append(out, s.Before...)
	for _, t := range s.Tables {
		out = append(out, t.Create())
		if insert := t.Insert(); insert != "" {
			out = append(out, insert)
		}
	}
	return append(out, s.After...)
}
