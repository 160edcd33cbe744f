package plan

import (
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

func (b *builder) updateStmt(s *ast.UpdateStmt) (Node, []Column, error) {
	switch {
	case s.With != nil:
		return nil, nil, sqlerr.NotSupported("WITH queries are not supported").At(s.With.Pos())
	case len(s.From) > 0:
		return nil, nil, sqlerr.NotSupported("UPDATE ... FROM is not supported").At(s.From[0].Pos())
	}
	t, sc, scan, where, err := b.target(s.Table, s.Where)
	if err != nil {
		return nil, nil, err
	}
	n := &Update{Table: t, Scan: scan, Where: where}
	if n.Set, err = b.assignments(t, sc, s.Set); err != nil {
		return nil, nil, err
	}
	if n.Rules, err = RulesOf(t, b.Style); err != nil {
		return nil, nil, err
	}
	n.Point = n.Scan.pointKeys()
	columns, err := b.returning(t, s.Table, s.Returning, &n.Returning)
	return n, columns, err
}

func (b *builder) deleteStmt(s *ast.DeleteStmt) (Node, []Column, error) {
	switch {
	case s.With != nil:
		return nil, nil, sqlerr.NotSupported("WITH queries are not supported").At(s.With.Pos())
	case len(s.Using) > 0:
		return nil, nil, sqlerr.NotSupported("DELETE ... USING is not supported").At(s.Using[0].Pos())
	}
	t, _, scan, where, err := b.target(s.Table, s.Where)
	if err != nil {
		return nil, nil, err
	}
	n := &Delete{Table: t, Scan: scan, Where: where}
	if n.Rules, err = RulesOf(t, b.Style); err != nil {
		return nil, nil, err
	}
	n.Point = n.Scan.pointKeys()
	columns, err := b.returning(t, s.Table, s.Returning, &n.Returning)
	return n, columns, err
}

// target binds the table of an UPDATE or DELETE and its condition: the scan that finds the rows, and the
// condition over the whole row for looking again at rows that changed meanwhile.
func (b *builder) target(r *ast.RangeVar, where ast.Expr) (*schema.Table, *scope, *Scan, []expr.Expr, error) {
	t, err := b.writeTable(r)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	rel, err := tableRelation(t, r.Alias)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	sc := b.newScope()
	sc.add(rel)
	cond, err := b.where(sc, where)
	if err != nil {
		return nil, nil, nil, nil, err
	}
	scan := newScan(t, rel.alias)
	var parts []expr.Expr
	if cond != nil {
		parts = expr.Conjuncts(cond)
		scan.Where = programs(parts)
	}
	return t, sc, scan, parts, nil
}

// assignments binds SET. The expressions are over the scope's row.
func (b *builder) assignments(t *schema.Table, sc *scope, list []*ast.Assignment) ([]Assignment, error) {
	var out []Assignment
	binder := b.binder(sc, "UPDATE")
	for _, a := range list {
		values := []ast.Expr{a.Value}
		if a.Multi {
			row, ok := a.Value.(*ast.RowExpr)
			switch {
			case ok:
				values = row.Args
			case len(a.Targets) > 1:
				return nil, sqlerr.NotSupported("this source for a multiple-column UPDATE is not supported").At(a.Value.Pos())
			}
		}
		if len(values) != len(a.Targets) {
			return nil, sqlerr.New(sqlerr.SyntaxError, "number of columns does not match number of values").At(a.Value.Pos())
		}
		for i, target := range a.Targets {
			x, err := b.assignment(t, binder, target, values[i])
			if err != nil {
				return nil, err
			}
			for _, o := range out {
				if o.Num == x.Num {
					return nil, sqlerr.New(sqlerr.SyntaxError, "multiple assignments to same column %q", target.Name)
				}
			}
			out = append(out, x)
		}
	}
	return out, nil
}

func (b *builder) assignment(t *schema.Table, binder *expr.Binder, target *ast.AssignTarget, e ast.Expr) (Assignment, error) {
	c, err := assignable(t, target)
	if err != nil {
		return Assignment{}, err
	}
	_, isDefault := e.(*ast.SetToDefault)
	if !isDefault && (c.Generated != "" || c.Identity == schema.IdentityAlways) {
		why := "a generated column"
		if c.Generated == "" {
			why = "an identity column defined as GENERATED ALWAYS"
		}
		return Assignment{}, sqlerr.New(sqlerr.GeneratedAlways, "column %q can only be updated to DEFAULT", c.Name).
			WithDetail("Column %q is %s.", c.Name, why)
	}
	if isDefault {
		x, err := DefaultExpr(c, b.Style)
		return Assignment{Num: c.Num, Expr: x}, err
	}
	x, err := binder.Bind(e)
	if err != nil {
		return Assignment{}, err
	}
	x, err = binder.Assign(x, c.Type, c.Name)
	return Assignment{Num: c.Num, Expr: x}, err
}
