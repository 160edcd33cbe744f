package plan

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// ctes are the queries of WITH clauses that can be named: a clause's, then those around it.
type ctes struct {
	def *cteDef
	up  *ctes
}

// cteDef is one query of a WITH clause.
type cteDef struct {
	ast     *ast.CTE
	columns []Column
	// inline is the node to put in the place of the one reference; nil when the rows are kept, and once it was taken: the
	// reference may be in a query that is bound anew, and nodes are not shared.
	inline Node
	kept   *CTE
	// again says that each reference binds the query anew (NOT MATERIALIZED), in these surroundings.
	again bool
	level *level
	ctes  *ctes
	// work is set while the recursive part is bound: a reference reads the working table.
	work  *WorkTable
	types []value.Type
	used  bool
}

func (c *ctes) find(name string) *cteDef {
	for ; c != nil; c = c.up {
		if c.def.ast.Name == name {
			return c.def
		}
	}
	return nil
}

// with binds a WITH clause. The queries can be named until the caller puts b.ctes back. It returns those that
// must be kept. within is the statement that the clause belongs to.
func (b *builder) with(w *ast.WithClause, within ast.Node) ([]*CTE, error) {
	var kept []*CTE
	for i, c := range w.CTEs {
		for _, o := range w.CTEs[:i] {
			if o.Name == c.Name {
				return nil, sqlerr.New(sqlerr.DuplicateAlias, "WITH query name %q specified more than once", c.Name).At(c.Pos())
			}
		}
		d := &cteDef{ast: c, level: b.level, ctes: b.ctes}
		if err := b.bindCTE(d, w.Recursive, references(within, c.Name)); err != nil {
			return nil, err
		}
		b.ctes = &ctes{def: d, up: b.ctes}
		if d.kept != nil {
			kept = append(kept, d.kept)
		}
	}
	return kept, nil
}

// references counts the places that may name a CTE.
func references(n ast.Node, name string) int {
	count := 0
	ast.Inspect(n, func(n ast.Node) bool {
		if r, ok := n.(*ast.RangeVar); ok && r.Table.Schema == "" && r.Table.Name == name {
			count++
		}
		return true
	})
	return count
}

func (b *builder) bindCTE(d *cteDef, recursive bool, refs int) error {
	sel, ok := d.ast.Query.(*ast.SelectStmt)
	if !ok {
		return b.bindModifyingCTE(d)
	}
	if recursive && references(sel, d.ast.Name) > 0 {
		return b.bindRecursion(d, sel)
	}
	n, columns, err := b.selectStmt(sel)
	if err != nil {
		return err
	}
	if d.columns, err = d.rename(columns); err != nil {
		return err
	}
	switch m := d.ast.Materialize; {
	case m == ast.MaterializeAlways, m == ast.MaterializeDefault && refs > 1, m == ast.MaterializeDefault && !pure(n):
		d.keep(n)
	case refs > 1:
		d.again = true
	default:
		d.inline = n
	}
	return nil
}

// pure says whether a query may run any number of times, or not at all.
func pure(n Node) bool {
	ok := true
	eachExpr(n, func(e expr.Expr) { ok = ok && !volatile(e) })
	eachNode(n, func(n Node) {
		switch n.(type) {
		case *LockRows, *Insert, *Update, *Delete:
			ok = false
		}
	})
	return ok
}

func (d *cteDef) keep(n Node) {
	d.kept = &CTE{Name: d.ast.Name, Root: n, Types: n.Types()}
}

// rename gives the columns the names of WITH name (columns).
func (d *cteDef) rename(columns []Column) ([]Column, error) {
	if len(d.ast.Columns) > len(columns) {
		return nil, sqlerr.New(sqlerr.InvalidColumnReference, "WITH query %q has %d columns available but %d columns specified",
			d.ast.Name, len(columns), len(d.ast.Columns)).At(d.ast.Pos())
	}
	out := append([]Column(nil), columns...)
	for i, id := range d.ast.Columns {
		out[i].Name = id.Name
	}
	return out, nil
}

// cteReference reads a CTE in FROM.
func (b *builder) cteReference(d *cteDef, item *ast.RangeVar) (Node, *relation, error) {
	r := relationOf(d.ast.Name, d.columns)
	r.table = d.ast.Name
	if err := r.rename(item.Alias); err != nil {
		return nil, nil, err
	}
	switch {
	case d.work != nil:
		d.used = true
		return &WorkScan{Table: d.work, Alias: r.alias, types: d.types}, r, nil
	case d.kept != nil:
		if len(d.columns) == 0 && d.kept.Modifies {
			return nil, nil, sqlerr.New(sqlerr.FeatureNotSupported, "WITH query %q does not have a RETURNING clause", d.ast.Name).At(item.Pos())
		}
		return &CTEScan{CTE: d.kept, Alias: r.alias}, r, nil
	case d.again, d.inline == nil:
		level, names := b.level, b.ctes
		b.level, b.ctes = d.level, d.ctes
		n, _, err := b.selectStmt(d.ast.Query.(*ast.SelectStmt))
		b.level, b.ctes = level, names
		return n, r, err
	}
	n := d.inline
	d.inline = nil
	return n, r, nil
}

// bindRecursion binds WITH RECURSIVE name AS (init UNION [ALL] step).
func (b *builder) bindRecursion(d *cteDef, s *ast.SelectStmt) error {
	name := d.ast.Name
	malformed := func(format string, args ...any) error {
		return sqlerr.New(sqlerr.InvalidRecursion, format, args...).At(d.ast.Pos())
	}
	switch {
	case s.SetOp != ast.Union:
		return malformed("recursive query %q does not have the form non-recursive-term UNION [ALL] recursive-term", name)
	case references(s.Left, name) > 0:
		return malformed("recursive reference to query %q must not appear within its non-recursive term", name)
	case references(s.Right, name) > 1:
		return malformed("recursive reference to query %q must not appear more than once", name)
	case len(s.OrderBy) > 0:
		return sqlerr.NotSupported("ORDER BY in a recursive query is not implemented").At(s.OrderBy[0].Pos())
	case s.LimitOffset != nil:
		return sqlerr.NotSupported("OFFSET in a recursive query is not implemented").At(s.LimitOffset.Pos())
	case s.Limit != nil:
		return sqlerr.NotSupported("LIMIT in a recursive query is not implemented").At(s.Limit.Pos())
	case s.With != nil:
		return sqlerr.NotSupported("WITH inside a recursive query is not supported").At(s.With.Pos())
	}
	init, columns, err := b.selectStmt(s.Left)
	if err != nil {
		return err
	}
	if d.columns, err = d.rename(columns); err != nil {
		return err
	}
	d.types = init.Types()
	d.work = &WorkTable{Name: name}
	names := b.ctes
	b.ctes = &ctes{def: d, up: names}
	step, stepColumns, err := b.selectStmt(s.Right)
	b.ctes = names
	work := d.work
	d.work = nil
	if err != nil {
		return err
	}
	if err := nullable(step, work, name); err != nil {
		return err
	}
	if len(stepColumns) != len(columns) {
		return sqlerr.New(sqlerr.SyntaxError, "each UNION query must have the same number of columns").At(s.Right.Pos())
	}
	if step, err = b.stepTypes(name, step, stepColumns, columns, s.Right); err != nil {
		return err
	}
	n := &Recursion{Init: init, Step: step, Table: work, All: s.All}
	d.kept = &CTE{Name: name, Root: n, Recursive: work, Types: d.types}
	return nil
}

// stepTypes converts the columns of the recursive term to those of the other one, which decides.
func (b *builder) stepTypes(name string, n Node, from, to []Column, at ast.Node) (Node, error) {
	p := &Project{In: n}
	binder := b.binder(b.newScope(), "UNION")
	same := true
	for i, c := range from {
		var x expr.Expr = expr.NewColumn(i, c.Type, quoteIdent(c.Name), at.Pos())
		if c.Type != to[i].Type {
			want := expr.NewColumn(i, to[i].Type, quoteIdent(c.Name), at.Pos())
			both, common, err := binder.CommonList([]expr.Expr{want, x}, "UNION")
			if err != nil {
				return nil, err
			}
			if common.Kind != to[i].Type.Kind {
				return nil, sqlerr.New(sqlerr.DatatypeMismatch,
					"recursive query %q column %d has type %s in non-recursive term but type %s overall", name, i+1, value.FormatType(to[i].Type),
					value.FormatType(common)).WithHint("Cast the output of the non-recursive term to the correct type.").At(at.Pos())
			}
			x, same = both[1], same && both[1] == x
		}
		p.Exprs = append(p.Exprs, NewProgram(x))
	}
	if same {
		return n, nil
	}
	return p, nil
}

// nullable refuses a recursive term that reads its working table where it must not: PostgreSQL allows it neither in
// the nullable side of an outer join, nor in EXCEPT's right side, nor under an aggregate.
func nullable(n Node, t *WorkTable, name string) error {
	refuse := func(place string) error {
		return sqlerr.New(sqlerr.InvalidRecursion, "recursive reference to query %q must not appear within %s", name, place)
	}
	reads := func(n Node) bool {
		found := false
		eachNode(n, func(n Node) {
			if w, ok := n.(*WorkScan); ok && w.Table == t {
				found = true
			}
		})
		return found
	}
	var err error
	eachNode(n, func(n Node) {
		switch n := n.(type) {
		case *Join:
			if (n.Kind == LeftJoin || n.Kind == FullJoin) && reads(n.Right) || (n.Kind == RightJoin || n.Kind == FullJoin) && reads(n.Left) {
				err = refuse("an outer join")
			}
		case *SetOp:
			if n.Op == ast.Except && reads(n.Right) {
				err = refuse("EXCEPT")
			}
		case *Aggregate:
			if reads(n.In) {
				err = sqlerr.New(sqlerr.InvalidRecursion, "aggregate functions are not allowed in a recursive query's recursive term")
			}
		}
	})
	return err
}

// bindModifyingCTE binds WITH name AS (INSERT, UPDATE or DELETE .. RETURNING ..).
func (b *builder) bindModifyingCTE(d *cteDef) error {
	if b.level != nil || b.depth > 1 {
		return sqlerr.NotSupported("WITH clause containing a data-modifying statement must be at the top level").At(d.ast.Pos())
	}
	var n Node
	var columns []Column
	var err error
	switch s := d.ast.Query.(type) {
	case *ast.InsertStmt:
		n, columns, err = b.insertStmt(s)
	case *ast.UpdateStmt:
		n, columns, err = b.updateStmt(s)
	case *ast.DeleteStmt:
		n, columns, err = b.deleteStmt(s)
	default:
		return sqlerr.NotSupported("this statement is not supported in WITH").At(d.ast.Pos())
	}
	if err != nil {
		return err
	}
	if d.columns, err = d.rename(columns); err != nil {
		return err
	}
	d.kept = &CTE{Name: d.ast.Name, Root: n, Types: n.Types(), Modifies: true}
	return nil
}
