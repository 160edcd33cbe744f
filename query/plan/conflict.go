package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// onConflict binds ON CONFLICT. The only thing that can conflict is the primary key.
func (b *builder) onConflict(t *schema.Table, s *ast.InsertStmt) (*Conflict, error) {
	oc := s.OnConflict
	if oc == nil {
		return nil, nil
	}
	if oc.Target == nil {
		if oc.Update {
			return nil, sqlerr.New(sqlerr.SyntaxError, "ON CONFLICT DO UPDATE requires inference specification or constraint name").
				WithHint("For example, ON CONFLICT (column_name).").At(oc.Pos())
		}
		return &Conflict{}, nil
	}
	if err := checkConflictTarget(t, oc.Target); err != nil {
		return nil, err
	}
	c := &Conflict{Update: oc.Update}
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

// checkConflictTarget sees that the target is the primary key.
func checkConflictTarget(t *schema.Table, target *ast.ConflictTarget) error {
	if target.Constraint != "" {
		if t.HiddenKey || target.Constraint != t.KeyName {
			return sqlerr.New(sqlerr.UndefinedObject, "constraint %q for table %q does not exist", target.Constraint, t.Name)
		}
		return nil
	}
	var cols []int16
	for _, e := range target.Elems {
		if e.Column == "" {
			return sqlerr.NotSupported("expressions in ON CONFLICT are not supported").At(e.Pos())
		}
		c, ok := t.Column(e.Column)
		if !ok {
			return sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", e.Column).At(target.Pos())
		}
		if !slices.Contains(cols, c.Num) {
			cols = append(cols, c.Num)
		}
	}
	match := !t.HiddenKey && len(cols) == len(t.Key)
	for _, num := range cols {
		match = match && t.IsKey(num)
	}
	if !match {
		return sqlerr.New(sqlerr.InvalidColumnReference, "there is no unique or exclusion constraint matching the ON CONFLICT specification")
	}
	return nil
}
