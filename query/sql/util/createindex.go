package util

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// createIndex reads CREATE INDEX from [UNIQUE] INDEX on.
func (r reader) createIndex(at ast.Offset) ast.Stmt {
	s := &ast.CreateIndexStmt{Offset: at}
	s.Unique = r.Accept("unique")
	r.Expect("index")
	s.Concurrently = r.Accept("concurrently")
	s.IfNotExists = r.ifNotExists()
	if s.IfNotExists || !r.Is("on") {
		name := r.ColID()
		s.Name = &name
	}
	r.Expect("on")
	s.Table = r.Relation()
	if r.Accept("using") {
		s.Method = r.ColID().Name
	}
	s.Elems = r.IndexElems()
	if r.Accept("include") {
		s.Include = r.IndexElems()
	}
	if r.Accept("nulls", "not", "distinct") {
		s.NullsNotDistinct = true
	} else {
		r.Accept("nulls", "distinct")
	}
	if r.Accept("with") {
		s.Options = r.OptionList()
	}
	if r.Accept("tablespace") {
		s.Tablespace = r.ColID().Name
	}
	if r.Accept("where") {
		r.ExprInto(&s.Where)
	}
	return s
}
