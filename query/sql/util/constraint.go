package util

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/lex"
)

// columnConstraints reads the constraints and COLLATE of a column.
func (r reader) columnConstraints(d *ast.ColumnDef) {
	for {
		if r.Accept("collate") {
			d.Collation = r.AnyName()
			continue
		}
		at := r.Here()
		name := ""
		if r.Accept("constraint") {
			name = r.ColID().Name
		}
		c := r.columnConstraint()
		switch {
		case c != nil:
			c.Offset, c.Name = at, name
			d.Constraints = append(d.Constraints, c)
		case len(d.Constraints) > 0 && name == "" && r.attribute(d.Constraints[len(d.Constraints)-1]):
		case name != "":
			r.Fail()
		default:
			return
		}
	}
}

// columnConstraint reads one constraint of a column, or returns nil.
func (r reader) columnConstraint() *ast.Constraint {
	c := &ast.Constraint{}
	switch {
	case r.Is("not") && !r.IsAt(1, "deferrable") && !r.IsAt(1, "valid"):
		r.Expect("not", "null")
		c.Kind = ast.ConNotNull
	case r.Accept("null"):
		c.Kind = ast.ConNull
	case r.Accept("unique"):
		c.Kind = ast.ConUnique
		r.nullsDistinct(c)
		r.indexParameters(c)
	case r.Accept("primary"):
		r.Expect("key")
		c.Kind = ast.ConPrimaryKey
		r.indexParameters(c)
	case r.Accept("check"):
		r.check(c)
	case r.Accept("default"):
		c.Kind = ast.ConDefault
		r.RestrictedExprInto(&c.Expr)
	case r.Accept("generated"):
		r.generated(c)
	case r.Is("references"):
		c.Kind = ast.ConForeignKey
		r.references(c)
	default:
		return nil
	}
	return c
}

func (r reader) check(c *ast.Constraint) {
	c.Kind = ast.ConCheck
	r.Expect("(")
	r.ExprInto(&c.Expr)
	r.Expect(")")
	c.NoInherit = r.Accept("no", "inherit")
}

// generated reads GENERATED ALWAYS AS (..) STORED, or AS IDENTITY.
func (r reader) generated(c *ast.Constraint) {
	at := r.Pos()
	if c.Always = r.Accept("always"); !c.Always {
		r.Expect("by", "default")
	}
	r.Expect("as")
	if r.Accept("identity") {
		c.Kind = ast.ConIdentity
		if r.Accept("(") {
			c.Sequence = r.sequenceOptions(func() bool { return r.Is(")") })
			r.Expect(")")
		}
		return
	}
	c.Kind = ast.ConGenerated
	r.Expect("(")
	r.ExprInto(&c.Expr)
	r.Expect(")", "stored")
	if !c.Always {
		r.Error(at, sqlerr.SyntaxError, "for a generated column, GENERATED ALWAYS must be specified")
	}
}

// attribute reads DEFERRABLE and INITIALLY of the constraint before them.
func (r reader) attribute(c *ast.Constraint) bool {
	switch {
	case r.Accept("not", "deferrable"):
		c.Deferrable = false
	case r.Accept("deferrable"):
		c.Deferrable = true
	case r.Accept("initially", "deferred"):
		c.InitiallyDeferred, c.Deferrable = true, true
	case r.Accept("initially"):
		r.Expect("immediate")
	case r.Accept("not", "valid"):
		c.NotValid = true
	case r.Accept("no", "inherit"):
		c.NoInherit = true
	default:
		return false
	}
	return true
}

func (r reader) nullsDistinct(c *ast.Constraint) {
	if r.Accept("nulls", "not", "distinct") {
		c.NullsNotDistinct = true
	} else {
		r.Accept("nulls", "distinct")
	}
}

// indexParameters reads [INCLUDE (..)] [WITH (..)] [USING INDEX TABLESPACE t].
func (r reader) indexParameters(c *ast.Constraint) {
	if r.Accept("include") {
		c.Include = r.ColumnList()
	}
	if r.Is("with") && r.IsAt(1, "(") {
		r.Advance()
		c.Options = r.OptionList()
	}
	if r.Accept("using", "index", "tablespace") {
		c.Tablespace = r.ColID().Name
	}
}

// references reads REFERENCES table [(columns)] with its actions.
func (r reader) references(c *ast.Constraint) {
	r.Expect("references")
	c.RefTable = r.QualifiedName()
	if r.Is("(") {
		c.RefColumns = r.ColumnList()
	}
	switch {
	case r.Accept("match", "full"):
		c.Match = ast.MatchFull
	case r.Accept("match", "partial"):
		c.Match = ast.MatchPartial
	case r.Accept("match"):
		r.Expect("simple")
	}
	for r.Is("on") && (r.IsAt(1, "delete") || r.IsAt(1, "update")) {
		r.Advance()
		if r.Advance().Val == "delete" {
			c.OnDelete = r.action()
		} else {
			c.OnUpdate = r.action()
		}
	}
}

func (r reader) action() ast.FKAction {
	action := ast.FKNoAction
	switch {
	case r.Accept("no", "action"):
	case r.Accept("restrict"):
		action = ast.FKRestrict
	case r.Accept("cascade"):
		action = ast.FKCascade
	case r.Accept("set", "null"):
		action = ast.FKSetNull
	case r.Accept("set", "default"):
		action = ast.FKSetDefault
	default:
		r.Fail()
	}
	if (action == ast.FKSetNull || action == ast.FKSetDefault) && r.Is("(") {
		r.Unsupported(r.Pos(), "a column list for a foreign key's action")
	}
	return action
}

// tableConstraint reads [CONSTRAINT name] and a constraint of a table.
func (r reader) tableConstraint() *ast.Constraint {
	c := &ast.Constraint{Offset: r.Here()}
	if r.Accept("constraint") {
		c.Name = r.ColID().Name
	}
	switch {
	case r.Accept("check"):
		r.check(c)
	case r.Accept("unique"):
		c.Kind = ast.ConUnique
		r.nullsDistinct(c)
		r.keyColumns(c)
	case r.Accept("primary"):
		r.Expect("key")
		c.Kind = ast.ConPrimaryKey
		r.keyColumns(c)
	case r.Accept("foreign"):
		r.Expect("key")
		c.Kind = ast.ConForeignKey
		c.Columns = r.ColumnList()
		r.references(c)
	case r.Accept("exclude"):
		r.exclude(c)
	default:
		r.Fail()
	}
	for r.attribute(c) {
	}
	return c
}

// keyColumns reads (columns) with index parameters, or USING INDEX name.
func (r reader) keyColumns(c *ast.Constraint) {
	if r.Accept("using") {
		r.Expect("index")
		c.UsingIndex = r.ColID().Name
		return
	}
	c.Columns = r.ColumnList()
	r.indexParameters(c)
}

func (r reader) exclude(c *ast.Constraint) {
	c.Kind = ast.ConExclude
	if r.Accept("using") {
		c.Method = r.ColID().Name
	}
	r.Expect("(")
	for {
		c.Exclude = append(c.Exclude, r.IndexElem())
		r.Expect("with")
		op := r.Tok()
		if r.Accept("operator", "(") {
			for r.Tok().Kind != lex.Op {
				r.ColID()
				r.Expect(".")
			}
			op = r.Advance()
			r.Expect(")")
		} else if op.Kind != lex.Op {
			r.Fail()
		} else {
			r.Advance()
		}
		c.Operator = append(c.Operator, op.Val)
		if !r.Accept(",") {
			break
		}
	}
	r.Expect(")")
	r.indexParameters(c)
	if r.Accept("where", "(") {
		r.ExprInto(&c.Where)
		r.Expect(")")
	}
}
