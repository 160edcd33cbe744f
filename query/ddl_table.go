package query

import (
	"context"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// hiddenKeyName is the column of the key of a table without primary key. SQL cannot name it.
const hiddenKeyName = "\x01key"

// documentColumn is the JSON document of a table with layout default.
const documentColumn = "document"

// maxColumns is the most columns of a table, as in PostgreSQL.
const maxColumns = 1600

// createTable runs CREATE TABLE.
func (s *Session) createTable(ctx context.Context, st *ast.CreateTableStmt) error {
	if err := refuseTable(st); err != nil {
		return err
	}
	cat := s.catalog()
	in, err := s.creationSchema(cat, st.Table, st.Persistence == ast.Temporary)
	if err != nil {
		return err
	}
	name := st.Table.Name
	if cat.RelationExistsIn(in, name) {
		if st.IfNotExists {
			s.notice("NOTICE", sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists, skipping", name))
			return nil
		}
		return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", name)
	}
	t := &schema.Table{OID: s.txn.NewOID(), Schema: in, Name: name, Version: 1}
	d := &tableDefiner{session: s, table: t, catalog: cat, ctx: ctx}
	if err := s.onCommit(t, st.OnCommit); err != nil {
		return err
	}
	if err := d.options(st.Options); err != nil {
		return err
	}
	if err := d.elements(st.Elems); err != nil {
		return err
	}
	if err := d.finish(); err != nil {
		return err
	}
	t.Generation = s.txn.NewGeneration()
	t.Indexes = append(t.Indexes, d.indexes...)
	if err := s.txn.PutTable(t); err != nil {
		return err
	}
	for _, x := range d.later {
		if err := s.createIndex(ctx, x); err != nil {
			return err
		}
	}
	return d.refer(t.OID)
}

// refuseTable refuses the forms of CREATE TABLE that are not there.
func refuseTable(st *ast.CreateTableStmt) error {
	refuse := func(what string, pos int) error { return sqlerr.NotSupported("%s not supported", what).At(pos) }
	switch {
	case st.OfType != nil:
		return refuse("CREATE TABLE ... OF is", st.OfType.Pos())
	case len(st.Inherits) > 0:
		return refuse("INHERITS is", st.Inherits[0].Pos())
	case st.PartitionOf != nil:
		return refuse("PARTITION OF is", st.PartitionOf.Pos())
	case st.PartitionBy != nil:
		return refuse("PARTITION BY is", st.PartitionBy.Pos())
	case st.Method != "" && st.Method != "heap":
		return sqlerr.New(sqlerr.UndefinedObject, "access method %q does not exist", st.Method)
	case st.Tablespace != "" && st.Tablespace != "pg_default":
		return sqlerr.New(sqlerr.UndefinedObject, "tablespace %q does not exist", st.Tablespace)
	}
	return nil
}

// tableDefiner collects a table's definition.
type tableDefiner struct {
	session *Session
	table   *schema.Table
	catalog *schema.Catalog
	ctx     context.Context

	pending []pendingConstraint // bound when all columns are known
	indexes []*schema.Index     // of unique constraints
	foreign []pendingConstraint // foreign keys, added when the table is there
	later   []*ast.CreateIndexStmt
}

// pendingConstraint is a constraint of a column, or of the table when that is "".
type pendingConstraint struct {
	*ast.Constraint
	column string
}

// columns are the columns of a key, and the places where they were written.
func (p *pendingConstraint) columns() (names []string, places []int) {
	if p.column != "" {
		return []string{p.column}, []int{p.Pos()}
	}
	for _, c := range p.Columns {
		names, places = append(names, c.Name), append(places, c.Pos())
	}
	return names, places
}

// options reads WITH (...).
func (d *tableDefiner) options(list []*ast.OptionDef) error {
	for _, o := range list {
		v := ""
		if c, ok := o.Value.(*ast.Const); ok {
			v = constText(c)
		}
		switch name := strings.ToLower(o.Name); {
		case o.Namespace == "toast", strings.HasPrefix(name, "autovacuum_"):
		case name == "layout":
			switch strings.ToLower(v) {
			case "flat":
			case "default":
				d.table.Layout = schema.LayoutDefault
			case "compressed":
				return sqlerr.NotSupported("layout \"compressed\" is not supported").At(o.Pos())
			default:
				return sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for option \"layout\": \"%s\"", v).
					WithHint("Available values: flat, default.").At(o.Pos())
			}
		case name == "fillfactor", name == "parallel_workers", name == "toast_tuple_target", name == "user_catalog_table",
			name == "vacuum_index_cleanup", name == "vacuum_truncate", name == "log_autovacuum_min_duration":
		case name == "oids" && (v == "false" || v == "off"):
		default:
			return sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized parameter %q", o.Name)
		}
	}
	return nil
}

// elements reads the columns and constraints.
func (d *tableDefiner) elements(list []ast.TableElem) error {
	for _, e := range list {
		var err error
		switch e := e.(type) {
		case *ast.ColumnDef:
			_, err = d.column(e)
		case *ast.Constraint:
		case *ast.LikeClause:
			err = d.like(e)
		}
		if err != nil {
			return err
		}
	}
	for _, e := range list {
		if c, ok := e.(*ast.Constraint); ok {
			d.pending = append(d.pending, pendingConstraint{Constraint: c})
		}
	}
	return d.constraints()
}

// column adds a column.
func (d *tableDefiner) column(def *ast.ColumnDef) (*schema.Column, error) {
	t := d.table
	if _, dup := t.Column(def.Name); dup {
		return nil, sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", def.Name)
	}
	if len(t.Columns) >= maxColumns {
		return nil, sqlerr.New(sqlerr.TooManyColumns, "tables can have at most %d columns", maxColumns)
	}
	if systemColumn(def.Name) {
		return nil, sqlerr.New(sqlerr.DuplicateColumn, "column name %q conflicts with a system column name", def.Name)
	}
	typ, serial, err := d.columnType(def)
	if err != nil {
		return nil, err
	}
	t.Columns = append(t.Columns, schema.Column{Num: int16(len(t.Columns) + 1), Name: def.Name, Type: typ})
	c := &t.Columns[len(t.Columns)-1]
	null, hasDefault, generated := false, false, false
	if serial {
		if err := d.serial(c, def); err != nil {
			return nil, err
		}
	}
	for _, con := range def.Constraints {
		switch con.Kind {
		case ast.ConNull:
			null = true
			if c.NotNull {
				return nil, conflictingNull(t, c, con)
			}
		case ast.ConNotNull:
			if null {
				return nil, conflictingNull(t, c, con)
			}
			c.NotNull = true
		case ast.ConDefault:
			if c.Default != "" {
				err := sqlerr.New(sqlerr.SyntaxError, "multiple default values specified for column %q of table %q", c.Name, t.Name)
				if serial {
					return nil, err
				}
				return nil, err.At(con.Pos())
			}
			hasDefault = true
			if c.Default, err = d.session.defaultText(con.Expr, c); err != nil {
				return nil, err
			}
		case ast.ConIdentity:
			if null {
				return nil, conflictingNull(t, c, con)
			}
			if c.Identity != schema.NotIdentity {
				return nil, sqlerr.New(sqlerr.SyntaxError, "multiple identity specifications for column %q of table %q", c.Name, t.Name).At(con.Pos())
			}
			if err := d.identity(c, con); err != nil {
				return nil, err
			}
		case ast.ConGenerated:
			if generated {
				return nil, sqlerr.New(sqlerr.SyntaxError, "multiple generation clauses specified for column %q of table %q", c.Name, t.Name).At(con.Pos())
			}
			generated = true
			d.pending = append(d.pending, pendingConstraint{con, c.Name})
		default:
			d.pending = append(d.pending, pendingConstraint{con, c.Name})
		}
		both := ""
		switch {
		case hasDefault && c.Identity != schema.NotIdentity:
			both = "both default and identity specified"
		case hasDefault && generated:
			both = "both default and generation expression specified"
		case generated && c.Identity != schema.NotIdentity:
			both = "both identity and generation expression specified"
		}
		if both != "" {
			return nil, sqlerr.New(sqlerr.SyntaxError, "%s for column %q of table %q", both, c.Name, t.Name).At(con.Pos())
		}
	}
	return c, nil
}

func conflictingNull(t *schema.Table, c *schema.Column, con *ast.Constraint) error {
	return sqlerr.New(sqlerr.SyntaxError, "conflicting NULL/NOT NULL declarations for column %q of table %q", c.Name, t.Name).At(con.Pos())
}

func systemColumn(name string) bool {
	switch name {
	case "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid":
		return true
	}
	return false
}

// serialKinds are the types that make an integer column with a sequence.
var serialKinds = map[string]value.Kind{
	"smallserial": value.Int2, "serial2": value.Int2, "serial": value.Int4, "serial4": value.Int4,
	"bigserial": value.Int8, "serial8": value.Int8,
}

// columnType resolves a column's type, of serial columns too.
func (d *tableDefiner) columnType(def *ast.ColumnDef) (typ value.Type, serial bool, err error) {
	if def.Type != nil {
		if k, ok := serialKinds[def.Type.Name()]; ok {
			return value.Of(k), true, nil
		}
	}
	typ, err = d.session.columnTypeOf(def)
	return typ, false, err
}

// columnTypeOf resolves a column's type.
func (s *Session) columnTypeOf(def *ast.ColumnDef) (value.Type, error) {
	if def.Type == nil {
		return value.Type{}, sqlerr.NotSupported("a column without type is not supported").At(def.Pos())
	}
	if len(def.Collation) > 0 {
		switch def.Collation[len(def.Collation)-1].Name {
		case "C", "POSIX", "default", "C.UTF-8", "C.utf8", "ucs_basic":
		default:
			return value.Type{}, sqlerr.NotSupported("collation %q is not supported", def.Collation[len(def.Collation)-1].Name).At(def.Collation[0].Pos())
		}
	}
	return expr.ResolveType(def.Type, &s.set.vars.style)
}

// defaultText checks a default and returns it as SQL text; "" for NULL.
func (s *Session) defaultText(e ast.Expr, c *schema.Column) (string, error) {
	e, err := s.regclassDefault(e)
	if err != nil {
		return "", err
	}
	x, err := plan.BindDefault(e, c, &s.set.vars.style)
	if err != nil {
		return "", err
	}
	if k, ok := x.(*expr.Const); ok && k.Val.IsNull() {
		return "", nil
	}
	return x.String(), nil
}

// finish adds the columns that nobody wrote.
func (d *tableDefiner) finish() error {
	t := d.table
	if t.Layout == schema.LayoutDefault {
		c, ok := t.Column(documentColumn)
		switch {
		case !ok:
			t.Columns = append(t.Columns, schema.Column{Num: int16(len(t.Columns) + 1), Name: documentColumn,
				Type: value.Of(value.JSONB), Document: true})
		case c.Type.Kind == value.JSONB:
			c.Document = true
		default:
			return sqlerr.New(sqlerr.InvalidTableDefinition, "column %q of a table with layout default must be of type jsonb", documentColumn)
		}
	}
	if len(t.Key) == 0 {
		addHiddenKey(t)
	}
	return nil
}

// addHiddenKey gives a table without primary key the key that the store allots.
func addHiddenKey(t *schema.Table) {
	num := int16(len(t.Columns) + 1)
	t.Columns = append(t.Columns, schema.Column{Num: num, Name: hiddenKeyName, Type: value.Of(value.Int8), NotNull: true, Hidden: true})
	t.Key, t.HiddenKey = []int16{num}, true
}
