package plan

import (
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/store"
)

// Options is what a plan depends on beside the statement.
type Options struct {
	Catalog *schema.Catalog
	// Path says where names without a schema are looked for.
	Path schema.Path
	// Database is the name of the database, the only one that names may begin with.
	Database string
	// Style reads literals; the session's.
	Style *value.Style
	// Params are the types that the client fixed; Unknown leaves one open.
	Params []value.Kind
	System SystemRelations
	// ViewStyle returns how the literals of a view's text are read; nil: as Style says.
	ViewStyle func(*schema.View) *value.Style
	// Plain leaves the tree as it was bound: no rule is applied. It is what tests compare with.
	Plain bool
}

// Planned says whether Make knows a kind of statement; the others are commands.
func Planned(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.SelectStmt, *ast.InsertStmt, *ast.UpdateStmt, *ast.DeleteStmt:
		return true
	}
	return false
}

// Make plans a statement that Planned knows. Errors are *sqlerr.Error.
func Make(s ast.Stmt, opts Options) (*Plan, error) { return make1(s, opts, nil) }

// make1 is Make that notes what the statement names, unless rec is nil.
func make1(s ast.Stmt, opts Options, rec *recording) (*Plan, error) {
	b := &builder{Options: opts, params: expr.NewParamTypes(opts.Params), slots: &slots{}, record: rec}
	if rec != nil {
		b.Style = withTypes(b.Style, func(t userTypes) value.UserTypes { return notedTypes{t, rec, b.Catalog} })
	}
	p := &Plan{}
	var err error
	switch s := s.(type) {
	case *ast.SelectStmt:
		p.Root, p.Columns, err = b.selectStmt(s)
	case *ast.InsertStmt:
		p.Root, p.Columns, err = b.insertStmt(s)
	case *ast.UpdateStmt:
		p.Root, p.Columns, err = b.updateStmt(s)
	case *ast.DeleteStmt:
		p.Root, p.Columns, err = b.deleteStmt(s)
	default:
		return nil, sqlerr.NotSupported("this statement is not supported").At(s.Pos())
	}
	if err != nil {
		return nil, err
	}
	return p, b.finish(p)
}

// finish makes the plan of the tree that was bound.
func (b *builder) finish(p *Plan) (err error) {
	p.Writes, p.Locks, p.LockMode, p.tables = b.writes, b.locks, b.lockMode, b.tables
	p.path, p.uses, p.types = b.Path, b.uses, b.Catalog.Types()
	if p.Params, err = b.params.Finish(); err != nil {
		return err
	}
	for _, s := range b.subplans {
		if !s.pulled && !b.Plain {
			s.Root = optimizeTree(s.Root)
		}
	}
	p.Fault = b.fault(p.Root)
	if b.Plain {
		return nil
	}
	p.optimize()
	return nil
}

// fault returns the error of the first constant part of a statement that cannot be computed.
func (b *builder) fault(root Node) error {
	var err error
	note := func(e expr.Expr) {
		if err == nil {
			err = expr.Fault(e)
		}
	}
	eachExpr(root, note)
	for _, s := range b.subplans {
		if !s.pulled {
			eachExpr(s.Root, note)
		}
	}
	return err
}

// builder binds one statement.
type builder struct {
	Options
	params *expr.ParamTypes
	writes []*schema.Table
	// locks are the tables of which rows are locked, lockMode how.
	locks    []*schema.Table
	lockMode store.LockMode
	// openTargets, when set, takes the literals and parameters of unknown type of the select list of openStmt, but of no
	// query inside it, by index: they get the type of the column that they are inserted into.
	openTargets map[int]expr.Expr
	openStmt    *ast.SelectStmt
	tables      []*schema.Table // all that were named
	uses        []dependency

	view   *schema.View // whose query is being bound; nil outside of views
	views  []uint32     // the OIDs of the views that are being expanded, outermost first
	record *recording   // nil but for a view that is being made

	slots *slots
	level *level // that is being bound; nil outside of subqueries
	ctes  *ctes  // that can be named
	depth int    // of queries inside queries
	// aggregatesOpen counts the aggregates whose arguments a binder is binding.
	aggregatesOpen map[*expr.Binder]int
	// subplans are the queries inside expressions.
	subplans []*Subplan
}

// binder returns a binder for one clause.
func (b *builder) binder(sc expr.Scope, clause string) *expr.Binder {
	x := &expr.Binder{Scope: sc, Params: b.params, Style: b.Style, Clause: clause}
	x.Special = func(e ast.Expr) (expr.Expr, error) { return b.special(x, e) }
	x.Aggregating = b.aggregating(x)
	return x
}

// special answers for the expressions that need a planner; those that it could do are done by
// its callers before it is asked.
func (b *builder) special(binder *expr.Binder, e ast.Expr) (expr.Expr, error) {
	switch e := e.(type) {
	case *ast.SubLink:
		sc, ok := binder.Scope.(*scope)
		if !ok {
			sc = b.newScope()
		}
		return b.subLink(binder, sc, e)
	case *ast.SetToDefault:
		return nil, sqlerr.New(sqlerr.SyntaxError, "DEFAULT is not allowed in this context").At(e.Pos())
	case *ast.CurrentOf:
		return nil, sqlerr.NotSupported("WHERE CURRENT OF is not supported").At(e.Pos())
	case *ast.GroupingFunc:
		return nil, sqlerr.New(sqlerr.GroupingError, "grouping operations are not allowed in %s", binder.Clause).At(e.Pos())
	}
	return nil, nil
}

// conjuncts splits a condition and compiles its parts.
func conjuncts(cond expr.Expr) []*Program {
	if cond == nil {
		return nil
	}
	return programs(expr.Conjuncts(cond))
}

// where binds a WHERE clause; nil without one.
func (b *builder) where(sc *scope, e ast.Expr) (expr.Expr, error) {
	if e == nil {
		return nil, nil
	}
	x, err := b.binder(sc, "WHERE").BindBool(e, "WHERE")
	if err == nil {
		err = noSets(x, "WHERE")
	}
	return x, err
}
