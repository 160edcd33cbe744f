package util

import (
	"strings"

	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// createTable reads CREATE TABLE from TABLE on, in all its forms.
func (r reader) createTable(at ast.Offset, p ast.Persistence) ast.Stmt {
	r.Expect("table")
	s := &ast.CreateTableStmt{Offset: at, Persistence: p}
	s.IfNotExists = r.ifNotExists()
	s.Table = r.QualifiedName()
	switch {
	case r.Is("as"), r.IsAny("using", "with", "on", "tablespace"), r.columnsThenAs():
		return r.createTableAs(s)
	case r.Accept("of"):
		at := r.Here()
		s.OfType = &ast.TypeName{Offset: at, Names: r.AnyName()}
		if r.Is("(") {
			r.tableElems(s, true)
		}
	case r.Is("partition"):
		r.Expect("partition", "of")
		parent := r.QualifiedName()
		s.PartitionOf = &parent
		if r.Is("(") {
			r.tableElems(s, true)
		}
		s.Bound = r.bound()
	default:
		r.tableElems(s, false)
		if r.Accept("inherits", "(") {
			s.Inherits = r.QualifiedNames()
			r.Expect(")")
		}
	}
	r.tableOptions(s)
	return s
}

// columnsThenAs reports whether a list of bare names stands here, as CREATE
// TABLE t (a, b) AS has it.
func (r reader) columnsThenAs() bool {
	if !r.Is("(") {
		return false
	}
	n := 1
	for r.IsColID(n) && (r.IsAt(n+1, ",") || r.IsAt(n+1, ")")) {
		if r.IsAt(n+1, ")") {
			return true
		}
		n += 2
	}
	return false
}

// tableElems reads (columns, constraints, LIKE ..). A typed one has columns
// without a type.
func (r reader) tableElems(s *ast.CreateTableStmt, typed bool) {
	r.Expect("(")
	if !typed && r.Accept(")") {
		return
	}
	for {
		s.Elems = append(s.Elems, r.tableElem(typed))
		if !r.Accept(",") {
			break
		}
	}
	r.Expect(")")
}

func (r reader) tableElem(typed bool) ast.TableElem {
	switch {
	case r.IsAny("constraint", "check", "unique", "primary", "foreign", "exclude"):
		return r.tableConstraint()
	case r.Is("like"):
		return r.likeClause()
	case typed:
		d := &ast.ColumnDef{Offset: r.Here(), Name: r.ColID().Name}
		r.Accept("with", "options")
		r.columnConstraints(d)
		return d
	}
	return r.columnDef()
}

// likeClause reads LIKE table [INCLUDING|EXCLUDING what ..].
func (r reader) likeClause() ast.TableElem {
	c := &ast.LikeClause{Offset: r.Here()}
	r.Expect("like")
	c.Table = r.QualifiedName()
	for r.IsAny("including", "excluding") {
		word := r.Advance().Val
		if !r.IsAny("comments", "compression", "constraints", "defaults", "identity", "generated",
			"indexes", "statistics", "storage", "all") {
			r.Fail()
		}
		c.Options = append(c.Options, word+" "+r.Advance().Val)
	}
	return c
}

// columnDef reads name type [options] [constraints].
func (r reader) columnDef() *ast.ColumnDef {
	d := &ast.ColumnDef{Offset: r.Here(), Name: r.ColID().Name}
	d.Type = r.TypeName()
	if r.Is("storage") {
		r.Advance()
		d.Storage = r.ColID().Name
	}
	if r.Accept("compression") {
		if r.Accept("default") {
			d.Compression = "default"
		} else {
			d.Compression = r.ColID().Name
		}
	}
	r.columnConstraints(d)
	return d
}

// bound reads FOR VALUES .. or DEFAULT of a partition and returns its text.
func (r reader) bound() string {
	start := r.Pos()
	if r.Accept("default") {
		return "DEFAULT"
	}
	r.Expect("for", "values")
	if !r.IsAny("in", "from", "with") {
		r.Fail()
	}
	r.Advance()
	if !r.Is("(") {
		r.Fail()
	}
	depth := 0
	for {
		switch {
		case r.AtEnd():
			if depth > 0 {
				r.Fail()
			}
			return strings.TrimSpace(r.Text(start, r.PrevEnd()))
		case r.Is("("):
			depth++
		case r.Is(")"):
			depth--
		case depth == 0 && r.IsAny("partition", "using", "with", "without", "on", "tablespace"):
			return strings.TrimSpace(r.Text(start, r.PrevEnd()))
		}
		r.Advance()
	}
}

// tableOptions reads what follows the elements: PARTITION BY, USING, WITH, ON
// COMMIT and TABLESPACE.
func (r reader) tableOptions(s *ast.CreateTableStmt) {
	if r.Is("partition") {
		s.PartitionBy = r.partitionBy()
	}
	if r.Accept("using") {
		s.Method = r.ColID().Name
	}
	s.Options = r.withOptions()
	s.OnCommit = r.onCommit()
	if r.Accept("tablespace") {
		s.Tablespace = r.ColID().Name
	}
}

func (r reader) partitionBy() *ast.PartitionSpec {
	s := &ast.PartitionSpec{Offset: r.Here()}
	r.Expect("partition", "by")
	s.Strategy = r.ColID().Name
	s.Elems = r.IndexElems()
	return s
}

// withOptions reads WITH (..), or the old WITH|WITHOUT OIDS.
func (r reader) withOptions() []*ast.OptionDef {
	switch {
	case r.Is("with") && r.IsAt(1, "("):
		r.Advance()
		return r.OptionList()
	case r.Is("with") && r.IsAt(1, "oids"):
		r.Unsupported(r.Pos(), "WITH OIDS")
	case r.Accept("without"):
		r.Expect("oids")
	}
	return nil
}

func (r reader) onCommit() ast.OnCommit {
	if !r.Is("on") || !r.IsAt(1, "commit") {
		return ast.OnCommitNone
	}
	r.Expect("on", "commit")
	switch {
	case r.Accept("drop"):
		return ast.OnCommitDrop
	case r.Accept("delete", "rows"):
		return ast.OnCommitDeleteRows
	}
	r.Expect("preserve", "rows")
	return ast.OnCommitPreserveRows
}

// createTableAs reads the rest of CREATE TABLE .. AS; t has what was read.
func (r reader) createTableAs(t *ast.CreateTableStmt) ast.Stmt {
	s := &ast.CreateTableAsStmt{Offset: t.Offset, Table: t.Table, Persistence: t.Persistence,
		IfNotExists: t.IfNotExists}
	if r.Is("(") {
		s.Columns = r.ColumnList()
	}
	r.tableAsOptions(s)
	r.asQuery(s)
	return s
}

func (r reader) tableAsOptions(s *ast.CreateTableAsStmt) {
	if r.Accept("using") {
		s.Method = r.ColID().Name
	}
	s.Options = r.withOptions()
	s.OnCommit = r.onCommit()
	if r.Accept("tablespace") {
		s.Tablespace = r.ColID().Name
	}
}

// asQuery reads AS query [WITH [NO] DATA].
func (r reader) asQuery(s *ast.CreateTableAsStmt) {
	r.Expect("as")
	start := r.Pos()
	switch {
	case r.IsQuery() && !r.BeginsDML():
		r.Preparable(func(q ast.Stmt) { s.Query = q })
	case r.Is("execute") && !s.Materialized:
		s.Query = r.execute()
	default:
		r.Fail()
	}
	s.Text = r.Text(start, r.PrevEnd())
	s.WithNoData = r.withNoData()
}
