package query

import (
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/parse"
)

// createView runs CREATE VIEW.
func (s *Session) createView(st *ast.CreateViewStmt) error {
	if st.Persistence == ast.Unlogged {
		return sqlerr.New(sqlerr.SyntaxError, "views cannot be unlogged because they do not have storage")
	}
	check, err := viewOptions(st)
	if err != nil {
		return err
	}
	if check != "" {
		return sqlerr.NotSupported("WITH CHECK OPTION is not supported").At(st.Pos())
	}
	text, q := st.Text, st.Query
	if st.Recursive {
		if text, q, err = s.recursiveView(st); err != nil {
			return err
		}
	}
	v, _, err := s.viewDefinition(q, text)
	if err != nil {
		return err
	}
	if err := nameViewColumns(v, st.Columns); err != nil {
		return err
	}
	cat := s.catalog()
	temporary := st.Persistence == ast.Temporary
	if !temporary && namesTemp(cat, v) && st.Name.Schema != "pg_temp" {
		s.notice("NOTICE", sqlerr.New("00000", "view %q will be a temporary view", st.Name.Name))
		temporary = true
	}
	name := st.Name
	name.Offset = ast.NoPos
	in, err := s.creationSchema(cat, name, temporary)
	if err != nil {
		return err
	}
	if old, ok := cat.Relation(in, st.Name.Name); ok {
		return s.replaceView(cat, st, old, v)
	}
	return s.txn.PutObject(&schema.Object{OID: s.txn.NewOID(), Kind: schema.ViewObject, Schema: in, Name: st.Name.Name, View: v})
}

// viewOptions reads WITH (...) of a view and returns its check option.
func viewOptions(st *ast.CreateViewStmt) (string, error) {
	check := st.CheckOption
	for _, o := range st.Options {
		v := "true"
		if c, ok := o.Value.(*ast.Const); ok {
			v = constText(c)
		}
		switch name := strings.ToLower(o.Name); name {
		case "security_barrier", "security_invoker":
			if _, ok := parseBool(v); !ok {
				return "", sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for boolean option %q: %s", name, v)
			}
		case "check_option":
			if check = strings.ToLower(v); check != "local" && check != "cascaded" {
				return "", sqlerr.New(sqlerr.InvalidParameterValue, "invalid value for enum option \"check_option\": %s", v).
					WithDetail("Valid values are \"local\" and \"cascaded\".")
			}
		default:
			return "", sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized parameter %q", o.Name)
		}
	}
	return check, nil
}

// recursiveView returns the query that CREATE RECURSIVE VIEW stands for, and its text.
func (s *Session) recursiveView(st *ast.CreateViewStmt) (string, *ast.SelectStmt, error) {
	columns := make([]string, len(st.Columns))
	for i, c := range st.Columns {
		columns[i] = `"` + strings.ReplaceAll(c.Name, `"`, `""`) + `"`
	}
	name, list := `"`+strings.ReplaceAll(st.Name.Name, `"`, `""`)+`"`, strings.Join(columns, ", ")
	text := "WITH RECURSIVE " + name + " (" + list + ") AS (" + st.Text + ") SELECT " + list + " FROM " + name
	parsed, err := parse.Parse(text, s.parseOptions())
	if err != nil {
		return "", nil, err
	}
	return text, parsed[0].Stmt.(*ast.SelectStmt), nil
}

// viewDefinition plans the query of a view and returns the view.
func (s *Session) viewDefinition(q *ast.SelectStmt, text string) (*schema.View, *plan.Plan, error) {
	if q.Into != nil {
		return nil, nil, sqlerr.NotSupported("views must not contain SELECT INTO")
	}
	if modifies(q) {
		return nil, nil, sqlerr.NotSupported("views must not contain data-modifying statements in WITH")
	}
	v, p, err := plan.Definition(q, s.planOptions(s.catalog()))
	if err != nil {
		return nil, nil, err
	}
	v.Query, v.BareLiterals = text, s.set.vars.bareLiterals
	v.TimeZone, _ = s.set.show("timezone")
	v.DateStyle, _ = s.set.show("datestyle")
	return v, p, nil
}

// modifies says whether a query writes in its WITH clause.
func modifies(q *ast.SelectStmt) bool {
	if q.With == nil {
		return false
	}
	return slices.ContainsFunc(q.With.CTEs, func(c *ast.CTE) bool {
		_, reads := c.Query.(*ast.SelectStmt)
		return !reads
	})
}

// viewStyle is how the literals in the text of a view are read.
func (s *Session) viewStyle(v *schema.View) *value.Style {
	style := s.set.vars.style
	if _, loc, err := loadZone(v.TimeZone); err == nil {
		style.Location = loc
	}
	if format, order, err := parseDateStyle(v.DateStyle, style.DateFormat, style.DateOrder); err == nil {
		style.DateFormat, style.DateOrder = format, order
	}
	return &style
}

// nameViewColumns gives the columns of a view the names of a list, as far as it goes.
func nameViewColumns(v *schema.View, names []ast.Ident) error {
	if len(names) > len(v.Columns) {
		return sqlerr.New(sqlerr.SyntaxError, "CREATE VIEW specifies more column names than columns")
	}
	for i, id := range names {
		v.Columns[i].Name = id.Name
	}
	return uniqueViewColumns(v)
}

func uniqueViewColumns(v *schema.View) error {
	for i, c := range v.Columns {
		if slices.ContainsFunc(v.Columns[:i], func(o schema.ViewColumn) bool { return o.Name == c.Name }) {
			return sqlerr.New(sqlerr.DuplicateColumn, "column %q specified more than once", c.Name)
		}
	}
	return nil
}

// namesTemp says whether a view names a temporary relation.
func namesTemp(cat *schema.Catalog, v *schema.View) bool {
	for i := range v.Names {
		if t, ok := cat.TableByOID(v.Names[i].OID); ok && schema.IsTemp(t.Schema) {
			return true
		}
		if o, ok := cat.Object(v.Names[i].OID); ok && schema.IsTemp(o.Schema) {
			return true
		}
	}
	return false
}

// replaceView is CREATE OR REPLACE VIEW of a view that is there: it may only get more columns.
func (s *Session) replaceView(cat *schema.Catalog, st *ast.CreateViewStmt, r schema.Relation, v *schema.View) error {
	name := st.Name.Name
	switch {
	case !st.OrReplace:
		return sqlerr.New(sqlerr.DuplicateTable, "relation %q already exists", name)
	case r.Object == nil || r.Object.View == nil:
		return sqlerr.New(sqlerr.WrongObjectType, "%q is not a view", name)
	case len(v.Columns) < len(r.Object.View.Columns):
		return sqlerr.New(sqlerr.InvalidTableDefinition, "cannot drop columns from view")
	}
	for i, old := range r.Object.View.Columns {
		now := v.Columns[i]
		if old.Name != now.Name {
			return sqlerr.New(sqlerr.InvalidTableDefinition, "cannot change name of view column %q to %q", old.Name, now.Name).
				WithHint("Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.")
		}
		if old.Type != now.Type {
			return sqlerr.New(sqlerr.InvalidTableDefinition, "cannot change data type of view column %q from %s to %s",
				old.Name, s.fullTypeName(cat, old.Type), s.fullTypeName(cat, now.Type))
		}
	}
	replaced := *r.Object
	replaced.View = v
	return s.txn.PutObject(&replaced)
}

// fullTypeName is a type's name with its modifier.
func (s *Session) fullTypeName(_ *schema.Catalog, t value.Type) string {
	if t.User != 0 {
		return s.typeName(t)
	}
	return value.FormatType(t)
}
