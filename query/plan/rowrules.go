package plan

import (
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/parse"
)

// RowRules are what a table asks of each row that is put into it, beside types and NOT NULL. Expressions are
// over the whole row. Immutable; nil for a table that asks nothing more.
type RowRules struct {
	// Generated are the generated columns, those of indexes too, by number. They read no other generated column, but for those
	// of indexes, which come last.
	Generated []Assignment
	// Checks are the CHECK constraints in the order in which they are tested: by name.
	Checks []RowCheck
	// Unique are the unique indexes beside the primary key.
	Unique []*schema.Index
	// References says that the table has foreign keys, Referenced that others refer to it.
	References, Referenced bool
}

// RowCheck is one CHECK constraint.
type RowCheck struct {
	Name string
	Expr expr.Expr // boolean
}

// RulesOf binds the rules of a table.
func RulesOf(t *schema.Table, style *value.Style) (*RowRules, error) {
	r := &RowRules{References: len(t.ForeignKeys) > 0, Referenced: len(t.ReferencedBy) > 0}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Generated == "" {
			continue
		}
		e, err := StoredExpr(t, c.Generated, style)
		if err != nil {
			return nil, err
		}
		b := &expr.Binder{Style: style, Clause: "GENERATED"}
		if e, err = b.Assign(e, c.Type, c.Name); err != nil {
			return nil, err
		}
		r.Generated = append(r.Generated, Assignment{Num: c.Num, Expr: e})
	}
	slices.SortStableFunc(r.Generated, func(a, b Assignment) int {
		return rank(t.ColumnByNum(a.Num).Hidden) - rank(t.ColumnByNum(b.Num).Hidden)
	})
	for i := range t.Checks {
		e, err := StoredExpr(t, t.Checks[i].Expr, style)
		if err != nil {
			return nil, err
		}
		b := &expr.Binder{Style: style, Clause: "CHECK"}
		if e, err = b.Bool(e, "CHECK"); err != nil {
			return nil, err
		}
		r.Checks = append(r.Checks, RowCheck{Name: t.Checks[i].Name, Expr: e})
	}
	slices.SortFunc(r.Checks, func(a, b RowCheck) int { return strings.Compare(a.Name, b.Name) })
	for _, x := range t.Indexes {
		if x.Unique {
			r.Unique = append(r.Unique, x)
		}
	}
	if len(r.Generated)+len(r.Checks)+len(r.Unique) == 0 && !r.References && !r.Referenced {
		return nil, nil
	}
	return r, nil
}

func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}

// StoredExpr binds an expression of a table's definition, which is kept as text, over the table's whole row.
// style knows the names of the user's types; literals are in the default style, whatever it says.
func StoredExpr(t *schema.Table, text string, style *value.Style) (expr.Expr, error) {
	e, err := ParseExpr(text)
	if err != nil {
		return nil, err
	}
	written := *value.DefaultStyle()
	if style != nil {
		written.Types, written.Names = style.Types, style.Names
	}
	b := &expr.Binder{Scope: rowScope{t}, Style: &written, Clause: "CHECK"}
	return b.Bind(e)
}

// ParseExpr parses the text of an expression, as definitions keep it.
func ParseExpr(text string) (ast.Expr, error) {
	list, err := parse.Parse("SELECT "+text, parse.Options{})
	if err != nil {
		return nil, err
	}
	sel, ok := list[0].Stmt.(*ast.SelectStmt)
	if !ok || len(sel.Targets) != 1 {
		return nil, sqlerr.New(sqlerr.InternalError, "not an expression: %s", text)
	}
	return sel.Targets[0].Expr, nil
}

// rowScope names the columns of one table without qualification in what is bound to text.
type rowScope struct{ table *schema.Table }

// Column implements expr.Scope.
func (s rowScope) Column(ref *ast.ColumnRef) (expr.Expr, error) {
	c, err := s.find(ref)
	if err != nil {
		return nil, err
	}
	return expr.NewColumn(int(c.Num)-1, c.Type, quoteIdent(c.Name), ref.Pos()), nil
}

func (s rowScope) find(ref *ast.ColumnRef) (*schema.Column, error) {
	name := ref.Parts[len(ref.Parts)-1].Name
	if n := len(ref.Parts); n > 2 || n == 2 && ref.Parts[0].Name != s.table.Name {
		return nil, sqlerr.New(sqlerr.UndefinedTable, "missing FROM-clause entry for table %q", ref.Parts[n-2].Name).At(ref.Pos())
	}
	c, ok := s.table.Column(name)
	if !ok {
		return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", name).At(ref.Pos())
	}
	return c, nil
}

// definition is where an expression of a table's definition stands.
type definition struct {
	clause string // in messages of expr: "check constraints"
	what   string // singular: "check constraint"
}

// Places of the expressions in a table's definition.
var (
	inCheck     = definition{"check constraints", "check constraint"}
	inGenerated = definition{"column generation expressions", "column generation expression"}
	inIndex     = definition{"index expressions", "index expression"}
	inPredicate = definition{"index predicates", "index predicate"}
)

// bind binds an expression of a definition over the table's row.
func (d definition) bind(e ast.Expr, sc expr.Scope, style *value.Style) (expr.Expr, error) {
	b := &expr.Binder{Scope: sc, Style: style, Clause: d.clause, Special: func(e ast.Expr) (expr.Expr, error) {
		switch e := e.(type) {
		case *ast.SubLink:
			return nil, sqlerr.NotSupported("cannot use subquery in %s", d.what).At(e.Pos())
		case *ast.SetToDefault:
			return nil, sqlerr.New(sqlerr.SyntaxError, "DEFAULT is not allowed in this context").At(e.Pos())
		}
		return nil, nil
	}}
	return b.Bind(e)
}

// BindCheck binds the condition of a CHECK constraint and returns it as SQL text with the columns that it reads.
func BindCheck(e ast.Expr, t *schema.Table, style *value.Style) (*schema.Check, error) {
	x, err := inCheck.bind(e, rowScope{t}, style)
	if err != nil {
		return nil, err
	}
	b := &expr.Binder{Style: style, Clause: inCheck.clause}
	if x, err = b.Bool(x, "CHECK"); err != nil {
		return nil, err
	}
	return &schema.Check{Expr: x.String(), Columns: columnsOf(x)}, nil
}

// columnsOf lists the numbers of the columns that an expression over a table's row reads, ascending.
func columnsOf(e expr.Expr) []int16 {
	var nums []int16
	expr.Columns(e, func(i int) { nums = append(nums, int16(i+1)) })
	slices.Sort(nums)
	return slices.Compact(nums)
}

// BindGenerated binds the expression of a generated column and returns it as SQL text.
func BindGenerated(e ast.Expr, t *schema.Table, c *schema.Column, style *value.Style) (string, error) {
	x, err := inGenerated.bind(e, generatedScope{rowScope{t}, c}, style)
	if err != nil {
		return "", err
	}
	if expr.VolatilityOf(x) != expr.Immutable {
		return "", sqlerr.New(sqlerr.InvalidObjectDefinition, "generation expression is not immutable")
	}
	b := &expr.Binder{Style: style, Clause: inGenerated.clause}
	if !canAssign(b, x, c) {
		return "", sqlerr.New(sqlerr.DatatypeMismatch, "column %q is of type %s but default expression is of type %s",
			c.Name, c.Type.Kind, x.Type().Kind).WithHint("You will need to rewrite or cast the expression.")
	}
	if x, err = b.Assign(x, c.Type, c.Name); err != nil {
		return "", err
	}
	return x.String(), nil
}

// generatedScope refuses generated columns, as they are computed together.
type generatedScope struct {
	rowScope
	column *schema.Column // the one that is defined
}

// Column implements expr.Scope.
func (s generatedScope) Column(ref *ast.ColumnRef) (expr.Expr, error) {
	c, err := s.find(ref)
	if err != nil {
		return nil, err
	}
	if c.Num == s.column.Num || c.Generated != "" {
		return nil, sqlerr.New(sqlerr.InvalidObjectDefinition, "cannot use generated column %q in column generation expression", c.Name).
			WithDetail("A generated column cannot reference another generated column.").At(ref.Pos())
	}
	return s.rowScope.Column(ref)
}

// BindIndexExpr binds the expression of an index and returns it with its SQL text.
func BindIndexExpr(e ast.Expr, t *schema.Table, style *value.Style) (expr.Expr, string, error) {
	x, err := inIndex.bind(e, rowScope{t}, style)
	if err != nil {
		return nil, "", err
	}
	b := &expr.Binder{Style: style, Clause: inIndex.clause}
	if x, err = b.Text(x); err != nil {
		return nil, "", err
	}
	if expr.VolatilityOf(x) != expr.Immutable {
		return nil, "", sqlerr.New(sqlerr.InvalidObjectDefinition, "functions in index expression must be marked IMMUTABLE")
	}
	return x, x.String(), nil
}

// BindPredicate binds the predicate of a partial index and returns its SQL text.
func BindPredicate(e ast.Expr, t *schema.Table, style *value.Style) (string, error) {
	x, err := inPredicate.bind(e, rowScope{t}, style)
	if err != nil {
		return "", err
	}
	b := &expr.Binder{Style: style, Clause: inPredicate.clause}
	if x, err = b.Bool(x, "WHERE"); err != nil {
		return "", err
	}
	if expr.VolatilityOf(x) != expr.Immutable {
		return "", sqlerr.New(sqlerr.InvalidObjectDefinition, "functions in index predicate must be marked IMMUTABLE")
	}
	return x.String(), nil
}

// RenameInRules returns a copy of a table's definition with a column renamed, in its expressions too.
func RenameInRules(t *schema.Table, num int16, name string, style *value.Style) (*schema.Table, error) {
	def := t.Clone()
	def.ColumnByNum(num).Name = name
	again := func(text string) (string, error) {
		if text == "" {
			return "", nil
		}
		e, err := ParseExpr(text)
		if err != nil {
			return "", err
		}
		b := &expr.Binder{Scope: renamedScope{rowScope{t}, def}, Style: style, Clause: "CHECK"}
		x, err := b.Bind(e)
		if err != nil {
			return "", err
		}
		return x.String(), nil
	}
	var err error
	for i := range def.Columns {
		if def.Columns[i].Generated, err = again(def.Columns[i].Generated); err != nil {
			return nil, err
		}
	}
	for i := range def.Checks {
		if def.Checks[i].Expr, err = again(def.Checks[i].Expr); err != nil {
			return nil, err
		}
	}
	return def, nil
}

// renamedScope finds columns by their old names and writes the new ones.
type renamedScope struct {
	rowScope
	now *schema.Table
}

// Column implements expr.Scope.
func (s renamedScope) Column(ref *ast.ColumnRef) (expr.Expr, error) {
	c, err := s.find(ref)
	if err != nil {
		return nil, err
	}
	return expr.NewColumn(int(c.Num)-1, c.Type, quoteIdent(s.now.ColumnByNum(c.Num).Name), ref.Pos()), nil
}
