package query

import (
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
func (s *Session) createTable(st *ast.CreateTableStmt) error {
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
	t := &schema.Table{Schema: in, Name: name, Version: 1}
	d := &tableDefiner{session: s, table: t, catalog: cat}
	if err := d.options(st.Options); err != nil {
		return err
	}
	if err := d.elements(st.Elems); err != nil {
		return err
	}
	if err := d.finish(); err != nil {
		return err
	}
	t.OID, t.Generation = s.txn.NewOID(), s.txn.NewGeneration()
	if !t.HiddenKey {
		t.KeyOID = s.txn.NewOID()
	}
	return s.txn.PutTable(t)
}

// refuseTable refuses the forms of CREATE TABLE that are not there.
func refuseTable(st *ast.CreateTableStmt) error {
	refuse := func(what string, pos int) error { return sqlerr.NotSupported("%s not supported", what).At(pos) }
	switch {
	case st.Persistence == ast.Temporary:
		return refuse("temporary tables are", st.Pos())
	case st.Persistence == ast.Unlogged:
		return refuse("unlogged tables are", st.Pos())
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
		default:
			return sqlerr.NotSupported("LIKE in CREATE TABLE is not supported").At(e.Pos())
		}
		if err != nil {
			return err
		}
	}
	for _, e := range list {
		if c, ok := e.(*ast.Constraint); ok {
			if err := d.constraint(c); err != nil {
				return err
			}
		}
	}
	return nil
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
	typ, err := columnType(def)
	if err != nil {
		return nil, err
	}
	t.Columns = append(t.Columns, schema.Column{Num: int16(len(t.Columns) + 1), Name: def.Name, Type: typ})
	c := &t.Columns[len(t.Columns)-1]
	null := false
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
				return nil, sqlerr.New(sqlerr.SyntaxError, "multiple default values specified for column %q of table %q", c.Name, t.Name).At(con.Pos())
			}
			if c.Default, err = d.session.defaultText(con.Expr, c); err != nil {
				return nil, err
			}
		case ast.ConPrimaryKey:
			if err := d.primaryKey(con, []string{def.Name}, []int{con.Pos()}); err != nil {
				return nil, err
			}
		default:
			return nil, refuseConstraint(con)
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

// columnType resolves a column's type.
func columnType(def *ast.ColumnDef) (value.Type, error) {
	if def.Type == nil {
		return value.Type{}, sqlerr.NotSupported("a column without type is not supported").At(def.Pos())
	}
	switch name := def.Type.Name(); name {
	case "serial", "serial2", "serial4", "serial8", "bigserial", "smallserial":
		return value.Type{}, sqlerr.NotSupported("type %s is not supported", name).At(def.Type.Pos())
	}
	if len(def.Collation) > 0 {
		switch def.Collation[len(def.Collation)-1].Name {
		case "C", "POSIX", "default", "C.UTF-8", "C.utf8", "ucs_basic":
		default:
			return value.Type{}, sqlerr.NotSupported("collation %q is not supported", def.Collation[len(def.Collation)-1].Name).At(def.Collation[0].Pos())
		}
	}
	return expr.ResolveType(def.Type)
}

// defaultText checks a default and returns it as SQL text; "" for NULL.
func (s *Session) defaultText(e ast.Expr, c *schema.Column) (string, error) {
	x, err := plan.BindDefault(e, c, &s.set.vars.style)
	if err != nil {
		return "", err
	}
	if k, ok := x.(*expr.Const); ok && k.Val.IsNull() {
		return "", nil
	}
	return x.String(), nil
}

// refuseConstraint refuses the kinds of constraint that are not there.
func refuseConstraint(con *ast.Constraint) error {
	name := map[ast.ConstraintKind]string{
		ast.ConCheck: "CHECK constraints are", ast.ConUnique: "UNIQUE constraints are", ast.ConForeignKey: "foreign keys are",
		ast.ConExclude: "exclusion constraints are", ast.ConGenerated: "generated columns are", ast.ConIdentity: "identity columns are",
	}[con.Kind]
	if name == "" {
		name = "this constraint is"
	}
	return sqlerr.NotSupported("%s not supported", name).At(con.Pos())
}

// constraint adds a table constraint.
func (d *tableDefiner) constraint(con *ast.Constraint) error {
	if con.Kind != ast.ConPrimaryKey {
		return refuseConstraint(con)
	}
	var names []string
	var places []int
	for _, c := range con.Columns {
		names, places = append(names, c.Name), append(places, c.Pos())
	}
	return d.primaryKey(con, names, places)
}

// primaryKey makes columns the primary key.
func (d *tableDefiner) primaryKey(con *ast.Constraint, names []string, places []int) error {
	t := d.table
	switch {
	case len(t.Key) > 0:
		return sqlerr.New(sqlerr.InvalidTableDefinition, "multiple primary keys for table %q are not allowed", t.Name).At(con.Pos())
	case len(con.Include) > 0:
		return sqlerr.NotSupported("INCLUDE is not supported").At(con.Pos())
	case con.UsingIndex != "":
		return sqlerr.NotSupported("PRIMARY KEY USING INDEX is not supported").At(con.Pos())
	case con.Deferrable || con.InitiallyDeferred:
		return sqlerr.NotSupported("deferrable primary keys are not supported").At(con.Pos())
	}
	for i, name := range names {
		c, ok := t.Column(name)
		if !ok {
			return sqlerr.New(sqlerr.UndefinedColumn, "column %q named in key does not exist", name).At(con.Pos())
		}
		if t.IsKey(c.Num) {
			return sqlerr.New(sqlerr.DuplicateColumn, "column %q appears twice in primary key constraint", name).At(con.Pos())
		}
		if c.Type.Kind.IsArray() || c.Type.Kind == value.JSONB {
			return sqlerr.NotSupported("a primary key on a column of type %s is not supported", c.Type.Kind).At(places[i])
		}
		c.NotNull = true
		t.Key = append(t.Key, c.Num)
	}
	if t.KeyName = con.Name; t.KeyName == "" {
		t.KeyName = freeName(d.catalog, t.Schema, t.Name+"_pkey", t.Name)
	} else if d.catalog.RelationExistsIn(t.Schema, t.KeyName) || t.KeyName == t.Name {
		return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", t.KeyName)
	}
	return nil
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
