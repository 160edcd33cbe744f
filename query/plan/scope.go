package plan

import (
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// relation is one entry of a FROM list: its name in the statement and the columns that it gives.
type relation struct {
	alias   string
	table   string // its own name
	aliased bool   // an alias was written, which hides the own name
	schema  string
	def     *schema.Table // nil when it is not a table
	columns []scopeColumn
	scalar  bool // its row as a value is its one column: it comes from a function that returns no rows of columns
	offset  int  // of its first column in the query's row; meaningless for the alias of a join
}

// scopeColumn is one column that can be named.
type scopeColumn struct {
	name     string
	typ      value.Type
	tableOID uint32
	attNum   int16
	hidden   bool
	// x is the expression that it stands for, of the alias of a join; nil: the column at its place.
	x expr.Expr
}

// named is a column that can be named without its relation; they are in the order of *.
type named struct {
	rel *relation
	col int // in the relation
	// x is set for a column that USING merged, and name and typ.
	x    expr.Expr
	name string
	typ  value.Type
}

// scope resolves the names of a FROM list, and those of the queries around it. It implements expr.Scope.
type scope struct {
	relations []*relation // by their names
	names     []named
	columns   int // of the query's row
	places    []place
	level     *level
	// qualify writes columns as table.column in deparsed expressions.
	qualify bool
	record  *recording // nil but for a view that is being made
}

// place is a column of the query's row.
type place struct {
	rel *relation
	col int
}

// newScope returns the scope of a query at the level that is being bound.
func (b *builder) newScope() *scope { return &scope{level: b.level, record: b.record} }

// add puts a relation at the end of the row and makes its names known.
func (s *scope) add(r *relation) {
	s.place(r)
	s.relations = append(s.relations, r)
	s.names = append(s.names, r.names()...)
}

// place gives a relation its columns at the end of the query's row.
func (s *scope) place(r *relation) {
	r.offset = s.columns
	for i := range r.columns {
		s.places = append(s.places, place{r, i})
	}
	s.columns += len(r.columns)
}

// names are the columns of a relation that can be named.
func (r *relation) names() []named {
	var list []named
	for i := range r.columns {
		if c := &r.columns[i]; !c.hidden {
			list = append(list, named{rel: r, col: i, name: c.name, typ: c.typ})
		}
	}
	return list
}

// width is the number of columns of the row that the scope describes.
func (s *scope) width() int { return s.columns }

// at returns the column with an index in the scope's row.
func (s *scope) at(index int) (*relation, *scopeColumn) {
	if index >= len(s.places) {
		return nil, nil
	}
	p := s.places[index]
	return p.rel, &p.rel.columns[p.col]
}

// tableRelation describes a table with all its columns, so that column number n is at n-1.
func tableRelation(t *schema.Table, alias *ast.Alias) (*relation, error) {
	r := &relation{alias: t.Name, table: t.Name, schema: t.Schema, def: t}
	for i := range t.Columns {
		c := &t.Columns[i]
		r.columns = append(r.columns, scopeColumn{name: c.Name, typ: c.Type, tableOID: t.OID, attNum: c.Num, hidden: c.Hidden})
	}
	return r, r.rename(alias)
}

// rename gives a relation and its first columns the names of an alias.
func (r *relation) rename(alias *ast.Alias) error {
	if alias == nil {
		return nil
	}
	r.alias, r.aliased = alias.Name, true
	next := 0
	for _, id := range alias.Columns {
		for next < len(r.columns) && r.columns[next].hidden {
			next++
		}
		if next == len(r.columns) {
			return sqlerr.New(sqlerr.InvalidColumnReference, "table %q has %d columns available but %d columns specified",
				r.alias, r.visible(), len(alias.Columns)).At(alias.Pos())
		}
		r.columns[next].name = id.Name
		next++
	}
	return nil
}

func (r *relation) visible() int {
	n := 0
	for i := range r.columns {
		if !r.columns[i].hidden {
			n++
		}
	}
	return n
}

func (r *relation) find(name string) int {
	for i := range r.columns {
		if r.columns[i].name == name && !r.columns[i].hidden {
			return i
		}
	}
	return -1
}

// Column implements expr.Scope. A name that this query does not have may be one of the queries around it.
func (s *scope) Column(ref *ast.ColumnRef) (expr.Expr, error) {
	if ref.Star && len(ref.Parts) > 0 {
		x, err := s.wholeRow(ref.Parts, ref.Pos())
		if x == nil && err == nil {
			err = s.noRelation(ref.Parts, ref.Pos())
		}
		return x, err
	}
	x, err := s.local(ref)
	if x != nil || err != nil {
		return x, err
	}
	for l := s.level; l != nil; l = l.up {
		x, err := l.outer.local(ref)
		if err != nil {
			return nil, err
		}
		if x != nil {
			return l.capture(x), nil
		}
	}
	if ref.MaybeLiteral {
		return expr.Literal(ref.Raw, ref.Pos()), nil
	}
	if len(ref.Parts) == 1 {
		if x, err := s.wholeRow(ref.Parts, ref.Pos()); x != nil || err != nil {
			return x, err
		}
	}
	return nil, s.unknown(ref)
}

// local resolves a name among the relations of this query; nil when it is none of theirs.
func (s *scope) local(ref *ast.ColumnRef) (expr.Expr, error) {
	name := ref.Parts[len(ref.Parts)-1].Name
	if len(ref.Parts) > 1 {
		r, err := s.qualifier(ref.Parts[:len(ref.Parts)-1], ref.Pos())
		if r == nil || err != nil {
			return nil, err
		}
		i := r.find(name)
		if i < 0 {
			return nil, s.missing(sqlerr.New(sqlerr.UndefinedColumn, "column %s.%s does not exist", r.alias, name), ref, name)
		}
		for k := i + 1; k < len(r.columns); k++ {
			if r.columns[k].name == name && !r.columns[k].hidden {
				return nil, sqlerr.New(sqlerr.AmbiguousColumn, "column reference %q is ambiguous", name).At(ref.Pos())
			}
		}
		return s.column(r, i, ref.Pos()), nil
	}
	var found *named
	for i := range s.names {
		if s.names[i].name != name {
			continue
		}
		if found != nil {
			return nil, sqlerr.New(sqlerr.AmbiguousColumn, "column reference %q is ambiguous", name).At(ref.Pos())
		}
		found = &s.names[i]
	}
	if found == nil {
		return nil, nil
	}
	return s.named(found, ref.Pos()), nil
}

// named returns the expression of a name.
func (s *scope) named(n *named, pos int) expr.Expr {
	if n.x != nil {
		return expr.AtPos(n.x, pos)
	}
	return s.column(n.rel, n.col, pos)
}

func (s *scope) column(r *relation, i, pos int) expr.Expr {
	c := &r.columns[i]
	if s.record != nil && c.tableOID != 0 {
		s.record.used(c.tableOID, c.attNum)
	}
	if c.x != nil {
		return expr.AtPos(c.x, pos)
	}
	name := quoteIdent(c.name)
	if s.qualify || len(s.relations) > 1 {
		name = quoteIdent(r.alias) + "." + name
	}
	return expr.NewColumn(r.offset+i, c.typ, name, pos)
}

// unknown is the error for a name that no query has.
func (s *scope) unknown(ref *ast.ColumnRef) error {
	name := ref.Parts[len(ref.Parts)-1].Name
	if len(ref.Parts) > 1 {
		return s.noRelation(ref.Parts[:len(ref.Parts)-1], ref.Pos())
	}
	return s.missing(sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", name), ref, name)
}

// qualifier finds the relation of t or s.t; nil when there is none.
func (s *scope) qualifier(parts []ast.Ident, pos int) (*relation, error) {
	name := parts[len(parts)-1].Name
	var found *relation
	for _, r := range s.relations {
		if r.alias != name || len(parts) > 1 && (r.aliased || r.schema != parts[len(parts)-2].Name) {
			continue
		}
		if found != nil {
			return nil, sqlerr.New(sqlerr.AmbiguousAlias, "table reference %q is ambiguous", name).At(pos)
		}
		found = r
	}
	return found, nil
}

// noRelation is the error for a qualifier that names no relation.
func (s *scope) noRelation(parts []ast.Ident, pos int) error {
	name := parts[len(parts)-1].Name
	written := make([]string, len(parts))
	for i, p := range parts {
		written[i] = p.Name
	}
	for _, r := range s.relations {
		if r.aliased && r.table == name {
			return sqlerr.New(sqlerr.UndefinedTable, "invalid reference to FROM-clause entry for table %q", name).
				WithHint("Perhaps you meant to reference the table alias %q.", r.alias).At(pos)
		}
	}
	return sqlerr.New(sqlerr.UndefinedTable, "missing FROM-clause entry for table %q", strings.Join(written, ".")).At(pos)
}

// missing adds the hint that helps most to an error about an unknown column.
func (s *scope) missing(err *sqlerr.Error, ref *ast.ColumnRef, name string) error {
	err = err.At(ref.Pos())
	if alias, column, ok := s.nearest(name); ok {
		return err.WithHint("Perhaps you meant to reference the column \"%s.%s\".", alias, column)
	}
	if len(ref.Parts) == 1 && len(s.relations) > 0 {
		word := name
		if ref.Raw != "" {
			word = ref.Raw // 'Paris', where the name was folded to paris
		}
		return err.WithHint("If %s is a value, write it as '%s'; bare words are values only after SET cachalot.bare_literals = on.", word, word)
	}
	return err
}

// nearest finds the column whose name is most like a misspelt one, within the
// distance that PostgreSQL allows.
func (s *scope) nearest(name string) (alias, column string, ok bool) {
	best := len(name)/2 + 1
	for _, r := range s.relations {
		for i := range r.columns {
			c := &r.columns[i]
			if c.hidden || strings.HasPrefix(c.name, hiddenName("")) {
				continue
			}
			if d := editDistance(name, c.name, best); d < best && d <= 3 {
				best, alias, column, ok = d, r.alias, c.name, true
			}
		}
	}
	return alias, column, ok
}

// editDistance is the Levenshtein distance of two names, or limit when it is not less.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := corner
			if a[i-1] != b[j-1] {
				cost = 1 + min(corner, row[j], row[j-1])
			}
			corner, row[j] = row[j], cost
		}
	}
	return min(row[len(b)], limit)
}
