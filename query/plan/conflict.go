package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// onConflict binds ON CONFLICT.
func (b *builder) onConflict(t *schema.Table, s *ast.InsertStmt) (*Conflict, error) {
	oc := s.OnConflict
	if oc == nil {
		return nil, nil
	}
	c := &Conflict{Update: oc.Update}
	if oc.Target == nil {
		if oc.Update {
			return nil, sqlerr.New(sqlerr.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
				WithHint("For example, ON CONFLICT (column_name).").At(oc.Pos())
		}
		c.Key = !t.HiddenKey
		for _, x := range t.Indexes {
			if x.Unique {
				c.Indexes = append(c.Indexes, x)
			}
		}
		return c, nil
	}
	if err := b.arbiters(c, t, oc.Target); err != nil {
		return nil, err
	}
	if !oc.Update {
		return c, nil
	}
	rel, err := tableRelation(t, s.Table.Alias)
	if err != nil {
		return nil, err
	}
	excluded, err := tableRelation(t, &ast.Alias{Name: "excluded"})
	if err != nil {
		return nil, err
	}
	sc := &scope{qualify: true}
	sc.add(rel)
	sc.add(excluded)
	if c.Set, err = b.assignments(t, sc, oc.Set); err != nil {
		return nil, err
	}
	c.Where, err = b.where(sc, oc.Where)
	return c, err
}

// Arbiter says whether an index is an arbiter: rows that conflict in it have been looked for.
func (c *Conflict) Arbiter(x *schema.Index) bool {
	return c != nil && slices.ContainsFunc(c.Indexes, func(o *schema.Index) bool { return o.OID == x.OID })
}

// arbiters finds the unique indexes that a conflict target means.
func (b *builder) arbiters(c *Conflict, t *schema.Table, target *ast.ConflictTarget) error {
	if name := target.Constraint; name != "" {
		x, ok := t.Index(name)
		switch {
		case !t.HiddenKey && name == t.KeyName:
			c.Key = true
		case ok && x.Constraint:
			c.Indexes = append(c.Indexes, x)
		case t.HasConstraint(name):
			return sqlerr.New(sqlerr.WrongObjectType, "constraint in ON CONFLICT clause has no associated index")
		default:
			return sqlerr.New(sqlerr.UndefinedObject, "constraint %q for table %q does not exist", name, t.Name)
		}
		return nil
	}
	var wanted []string // columns by number, expressions by text
	for _, e := range target.Elems {
		x, err := b.conflictElement(t, e, target)
		if err != nil {
			return err
		}
		if !slices.Contains(wanted, x) {
			wanted = append(wanted, x)
		}
	}
	var where []expr.Expr
	if target.Where != nil {
		x, err := inPredicate.bind(target.Where, rowScope{t}, b.Style)
		if err != nil {
			return err
		}
		where = expr.Conjuncts(x)
	}
	var key []string
	for _, num := range t.Key {
		key = append(key, itoa(int(num)))
	}
	c.Key = !t.HiddenKey && sameElements(key, wanted)
	for _, x := range t.Indexes {
		if !x.Unique {
			continue
		}
		var has []string
		for _, xc := range x.Columns {
			has = append(has, elementName(t.ColumnByNum(xc.Num)))
		}
		if !sameElements(has, wanted) {
			continue
		}
		implied, err := predicateImplied(t, x, where, b.Style)
		if err != nil {
			return err
		}
		if implied {
			c.Indexes = append(c.Indexes, x)
		}
	}
	if !c.Key && len(c.Indexes) == 0 {
		return sqlerr.New(sqlerr.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
	}
	return nil
}

// conflictElement names what an element of a conflict target is about: a column by its number, an expression by its text.
func (b *builder) conflictElement(t *schema.Table, e *ast.IndexElem, target *ast.ConflictTarget) (string, error) {
	if e.Column != "" {
		col, ok := t.Column(e.Column)
		if !ok {
			return "", sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", e.Column).At(target.Pos())
		}
		return itoa(int(col.Num)), nil
	}
	x, err := inIndex.bind(e.Expr, rowScope{t}, b.Style)
	if err != nil {
		return "", err
	}
	if col, ok := x.(*expr.Column); ok {
		return itoa(col.Index + 1), nil
	}
	return x.String(), nil
}

// elementName names a column of an index as conflictElement does.
func elementName(c *schema.Column) string {
	if c.Hidden && c.Generated != "" {
		return c.Generated
	}
	return itoa(int(c.Num))
}

// sameElements says whether two lists have the same elements.
func sameElements(a, b []string) bool {
	contains := func(list []string) func(string) bool {
		return func(s string) bool { return !slices.Contains(list, s) }
	}
	return !slices.ContainsFunc(a, contains(b)) && !slices.ContainsFunc(b, contains(a))
}
