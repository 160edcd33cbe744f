package util

import (
	"strings"

	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// create reads CREATE and dispatches on what follows.
func (r reader) create() ast.Stmt {
	at := r.Here()
	r.Expect("create")
	replace := r.Is("or")
	if replace {
		r.Expect("or", "replace")
	}
	persistence, written := r.persistence()
	switch {
	case r.Is("table") && !replace:
		return r.createTable(at, persistence)
	case r.IsAny("view", "recursive"):
		return r.createView(at, persistence, replace)
	case r.Is("sequence") && !replace:
		return r.createSequence(at, persistence)
	case written && persistence == ast.Unlogged && r.Is("materialized"):
		return r.createMatView(at, persistence)
	case written:
		r.Fail()
	case r.IsAny("function", "procedure"):
		return r.createFunction(at, replace)
	case replace:
		return r.createOther()
	case r.IsAny("unique", "index"):
		return r.createIndex(at)
	case r.Is("materialized"):
		return r.createMatView(at, ast.Permanent)
	case r.Is("schema"):
		return r.createSchema(at)
	case r.Is("domain"):
		return r.createDomain(at)
	case r.Is("type"):
		return r.createType(at)
	case r.Is("database"):
		return r.createDatabase(at)
	case r.Is("extension"):
		return r.createExtension(at)
	}
	return r.createOther()
}

// persistence reads TEMP, UNLOGGED and their variants.
func (r reader) persistence() (p ast.Persistence, written bool) {
	scoped := r.IsAny("local", "global")
	if scoped {
		r.Advance()
	}
	switch {
	case r.IsAny("temporary", "temp"):
		r.Advance()
		return ast.Temporary, true
	case scoped:
		r.Fail()
	case r.Accept("unlogged"):
		return ast.Unlogged, true
	}
	return ast.Permanent, false
}

// otherKinds are the objects whose CREATE is recognised only, by first word.
var otherKinds = map[string]string{
	"access": "ACCESS METHOD", "aggregate": "AGGREGATE", "cast": "CAST", "collation": "COLLATION",
	"constraint": "TRIGGER", "conversion": "CONVERSION", "default": "CONVERSION", "domain": "DOMAIN",
	"event": "EVENT TRIGGER", "foreign": "FOREIGN TABLE", "function": "FUNCTION", "group": "GROUP",
	"language": "LANGUAGE", "operator": "OPERATOR", "policy": "POLICY", "procedural": "LANGUAGE",
	"procedure": "PROCEDURE", "publication": "PUBLICATION", "role": "ROLE", "rule": "RULE",
	"server": "SERVER", "statistics": "STATISTICS", "subscription": "SUBSCRIPTION",
	"tablespace": "TABLESPACE", "text": "TEXT SEARCH", "transform": "TRANSFORM", "trigger": "TRIGGER",
	"trusted": "LANGUAGE", "user": "USER",
}

// createOther recognises the other kinds of CREATE.
func (r reader) createOther() ast.Stmt {
	t := r.Tok()
	if t.Kind != lex.Word {
		r.Fail()
	}
	kind, ok := otherKinds[t.Val]
	if !ok {
		r.Fail()
	}
	return r.skip("CREATE " + kind)
}

// createSchema reads CREATE SCHEMA. Elements inside it are refused.
func (r reader) createSchema(at ast.Offset) ast.Stmt {
	s := &ast.CreateSchemaStmt{Offset: at}
	r.Expect("schema")
	s.IfNotExists = r.ifNotExists()
	if !r.Is("authorization") {
		s.Name = r.ColID().Name
	}
	if r.Accept("authorization") {
		s.Owner = r.role()
		if s.Name == "" {
			s.Name = s.Owner
		}
	}
	if r.IsAny("create", "grant") {
		r.Unsupported(r.Pos(), "an element inside CREATE SCHEMA")
	}
	return s
}

// createSequence reads CREATE SEQUENCE.
func (r reader) createSequence(at ast.Offset, p ast.Persistence) ast.Stmt {
	s := &ast.CreateSequenceStmt{Offset: at, Persistence: p}
	r.Expect("sequence")
	s.IfNotExists = r.ifNotExists()
	s.Name = r.QualifiedName()
	s.Options = r.sequenceOptions(r.AtEnd)
	return s
}

// sequenceOptions reads sequence options until end reports true. Names are
// "as", "cache", "cycle" (Bool), "increment", "maxvalue", "minvalue" (nil for
// NO MAXVALUE and NO MINVALUE), "owned_by", "sequence_name", "start", "restart".
func (r reader) sequenceOptions(end func() bool) []*ast.OptionDef {
	var list []*ast.OptionDef
	for !end() {
		list = append(list, r.sequenceOption())
	}
	return list
}

func (r reader) sequenceOption() *ast.OptionDef {
	at := r.Here()
	o := &ast.OptionDef{Offset: at}
	boolean := func(name string, v int64) {
		o.Name, o.Value = name, &ast.Const{Offset: at, Kind: ast.Bool, Int: v}
	}
	switch {
	case r.Accept("as"):
		t := r.TypeName()
		o.Name, o.Value = "as", str(t.Offset, t.Name())
	case r.Accept("cache"):
		o.Name, o.Value = "cache", r.SignedNumber()
	case r.Accept("cycle"):
		boolean("cycle", 1)
	case r.Accept("no", "cycle"):
		boolean("cycle", 0)
	case r.Accept("no", "maxvalue"):
		o.Name = "maxvalue"
	case r.Accept("no", "minvalue"):
		o.Name = "minvalue"
	case r.Accept("increment"):
		r.Accept("by")
		o.Name, o.Value = "increment", r.SignedNumber()
	case r.IsAny("maxvalue", "minvalue"):
		o.Name = r.Advance().Val
		o.Value = r.SignedNumber()
	case r.Accept("owned"):
		r.Expect("by")
		o.Name, o.Value = "owned_by", r.nameText()
	case r.Accept("sequence"):
		r.Expect("name")
		o.Name, o.Value = "sequence_name", r.nameText()
	case r.Accept("start"):
		r.Accept("with")
		o.Name, o.Value = "start", r.SignedNumber()
	case r.Accept("restart"):
		o.Name = "restart"
		r.Accept("with")
		if k := r.Tok().Kind; k == lex.Int || k == lex.Number || r.IsAny("-", "+") {
			o.Value = r.SignedNumber()
		}
	default:
		r.Fail()
	}
	return o
}

// nameText reads a qualified name as one string constant.
func (r reader) nameText() ast.Expr {
	at := r.Here()
	var parts []string
	for _, id := range r.AnyName() {
		parts = append(parts, id.Name)
	}
	return str(at, strings.Join(parts, "."))
}

// createView reads CREATE VIEW from VIEW or RECURSIVE on.
func (r reader) createView(at ast.Offset, p ast.Persistence, replace bool) ast.Stmt {
	s := &ast.CreateViewStmt{Offset: at, Persistence: p, OrReplace: replace}
	s.Recursive = r.Accept("recursive")
	r.Expect("view")
	s.Name = r.QualifiedName()
	if r.Is("(") {
		s.Columns = r.ColumnList()
	} else if s.Recursive {
		r.Fail()
	}
	if r.Accept("with") {
		s.Options = r.OptionList()
	}
	r.Expect("as")
	if !r.IsQuery() {
		r.Fail()
	}
	start := r.Pos()
	r.QueryInto(func(q *ast.SelectStmt) { s.Query = q })
	s.Text = r.Text(start, r.PrevEnd())
	if r.Accept("with") {
		s.CheckOption = "cascaded"
		if r.Accept("local") {
			s.CheckOption = "local"
		} else {
			r.Accept("cascaded")
		}
		r.Expect("check", "option")
	}
	return s
}

// createMatView reads CREATE MATERIALIZED VIEW from MATERIALIZED on.
func (r reader) createMatView(at ast.Offset, p ast.Persistence) ast.Stmt {
	r.Expect("materialized", "view")
	s := &ast.CreateTableAsStmt{Offset: at, Persistence: p, Materialized: true}
	s.IfNotExists = r.ifNotExists()
	s.Table = r.QualifiedName()
	if r.Is("(") {
		s.Columns = r.ColumnList()
	}
	r.tableAsOptions(s)
	r.asQuery(s)
	return s
}

// createType reads CREATE TYPE.
func (r reader) createType(at ast.Offset) ast.Stmt {
	r.Expect("type")
	s := &ast.CreateTypeStmt{Offset: at, Name: r.QualifiedName()}
	switch {
	case r.Accept("as", "enum"):
		s.Enum = true
		r.Expect("(")
		for !r.Is(")") {
			s.Labels = append(s.Labels, r.StringConst())
			if !r.Accept(",") {
				break
			}
		}
		r.Expect(")")
	case r.Accept("as"):
		r.Expect("(")
		s.Composite = true
		if r.Accept(")") {
			break
		}
		s.Columns = r.ColumnDefs()
	case r.IsSeq("as", "range"):
		return r.skip("CREATE TYPE")
	case r.Is("("):
		s.Options = r.OptionList()
	}
	return s
}

// createDatabase reads CREATE DATABASE.
func (r reader) createDatabase(at ast.Offset) ast.Stmt {
	r.Expect("database")
	s := &ast.CreateDatabaseStmt{Offset: at, Name: r.ColID().Name}
	r.Accept("with")
	for !r.AtEnd() {
		o := &ast.OptionDef{Offset: r.Here(), Name: r.Label().Name}
		if o.Name == "connection" {
			r.Expect("limit")
			o.Name = "connection_limit"
		}
		r.Accept("=")
		if !r.Accept("default") {
			o.Value = r.OptionValue()
		}
		s.Options = append(s.Options, o)
	}
	return s
}

// createExtension reads CREATE EXTENSION.
func (r reader) createExtension(at ast.Offset) ast.Stmt {
	r.Expect("extension")
	s := &ast.CreateExtensionStmt{Offset: at}
	s.IfNotExists = r.ifNotExists()
	s.Name = r.ColID().Name
	r.Accept("with")
	for !r.AtEnd() {
		o := &ast.OptionDef{Offset: r.Here()}
		switch {
		case r.Accept("schema"):
			o.Name, o.Value = "schema", r.nameText()
		case r.Accept("version"):
			o.Name, o.Value = "new_version", r.copyWord()
		case r.Accept("cascade"):
			o.Name = "cascade"
		default:
			r.Fail()
		}
		s.Options = append(s.Options, o)
	}
	return s
}
