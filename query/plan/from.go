package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// source is a part of a FROM list: a node and its columns' place in the row of the query.
type source struct {
	node       Node
	start, end int
	relations  []*relation // that can qualify a name
	names      []named     // that need no qualifier
	// pending is what its rows depend on of the sources to its left.
	pending []capture
}

// from binds a FROM list: the node that yields its rows and the scope that names its columns. Without
// a list it is one row of nothing.
func (b *builder) from(items []ast.FromItem) (Node, *scope, error) {
	sc := b.newScope()
	var all *source
	for _, item := range items {
		next, err := b.fromItem(sc, item)
		if err != nil {
			return nil, nil, err
		}
		if all != nil {
			if next, err = b.join(InnerJoin, all, next); err != nil {
				return nil, nil, err
			}
		}
		all = next
		sc.show(all)
	}
	if all == nil {
		return &Values{Rows: [][]expr.Expr{{}}}, sc, nil
	}
	return all.node, sc, nil
}

// show makes the names of a source those of the scope.
func (s *scope) show(src *source) { s.relations, s.names = src.relations, src.names }

// seeing returns the scope with the names of a source only.
func (s *scope) seeing(src *source) *scope {
	v := *s
	v.show(src)
	return &v
}

// single makes a source of a node with one relation.
func (s *scope) single(n Node, r *relation) *source {
	s.place(r)
	return &source{node: n, start: r.offset, end: s.columns, relations: []*relation{r}, names: r.names()}
}

// fromItem binds one item. What is in sc already is to its left.
func (b *builder) fromItem(sc *scope, item ast.FromItem) (*source, error) {
	switch item := item.(type) {
	case *ast.RangeVar:
		n, r, err := b.rangeVar(item)
		if err != nil {
			return nil, err
		}
		return sc.single(n, r), nil
	case *ast.RangeFunction:
		return b.rangeFunction(sc, item)
	case *ast.RangeSubselect:
		return b.rangeSubselect(sc, item)
	case *ast.JoinExpr:
		return b.joinExpr(sc, item)
	}
	return nil, sqlerr.NotSupported("this FROM item is not supported").At(item.Pos())
}

func (b *builder) rangeVar(item *ast.RangeVar) (Node, *relation, error) {
	if item.Sample != nil {
		return nil, nil, sqlerr.NotSupported("TABLESAMPLE is not supported").At(item.Sample.Pos())
	}
	if item.Table.Schema == "" {
		if c := b.ctes.find(item.Table.Name); c != nil {
			return b.cteReference(c, item)
		}
	}
	if b.System != nil { // pg_catalog comes before public in every search path
		if f, ok := b.System.Relation(item.Table.Schema, item.Table.Name); ok {
			return b.system(f, item.Alias)
		}
	}
	found, pin, ok := b.relation(item.Table)
	switch {
	case !ok:
		return nil, nil, b.undefined(item.Table)
	case found.Object != nil && found.Object.View != nil:
		return b.viewRelation(found.Object, pin, item.Alias)
	case found.Object != nil && found.Object.Sequence != nil:
		return b.system(sequenceRelation(found.Object), item.Alias)
	case !found.IsTable():
		return nil, nil, notTable(found, item.Table).At(item.Table.Pos())
	}
	t := found.Table
	if t.Unpopulated {
		return nil, nil, sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "materialized view %q has not been populated", t.Name).
			WithHint("Use the REFRESH MATERIALIZED VIEW command.")
	}
	r, err := tableRelation(t, nil)
	if err != nil {
		return nil, nil, err
	}
	if pin != nil {
		r.asPinned(pin)
	}
	if err := r.rename(item.Alias); err != nil {
		return nil, nil, err
	}
	return newScan(t, r.alias), r, nil
}

// newScan returns a scan of all columns.
func newScan(t *schema.Table, alias string) *Scan {
	s := &Scan{Table: t, Alias: alias, Cols: make([]int16, len(t.Columns))}
	for i := range t.Columns {
		s.Cols[i] = t.Columns[i].Num
	}
	return s
}

// system reads a relation of the system.
func (b *builder) system(f *SystemRelation, alias *ast.Alias) (Node, *relation, error) {
	n := &System{Relation: f}
	r := relationOf(f.Name, f.Columns)
	r.table = f.Name
	for _, c := range f.Columns {
		n.types = append(n.types, c.Type)
	}
	err := r.rename(alias)
	n.Alias = r.alias
	return n, r, err
}

// relationOf describes the result of a query.
func relationOf(alias string, columns []Column) *relation {
	r := &relation{alias: alias}
	for _, c := range columns {
		r.columns = append(r.columns, scopeColumn{name: c.Name, typ: c.Type, tableOID: c.TableOID, attNum: c.AttNum})
	}
	return r
}

// lateral binds something that may name the columns to its left, and returns what it named.
func (b *builder) lateral(sc *scope, bind func() error) ([]capture, error) {
	back := b.level
	defer b.leave(back)
	left := *sc
	l := b.enter(&left)
	err := bind()
	return l.captures, err
}

// rangeSubselect binds a query in FROM.
func (b *builder) rangeSubselect(sc *scope, item *ast.RangeSubselect) (*source, error) {
	if item.Alias == nil {
		kind := "subquery"
		if item.Query.Values != nil {
			kind = "VALUES"
		}
		return nil, sqlerr.New(sqlerr.SyntaxError, "%s in FROM must have an alias", kind).
			WithHint("For example, FROM (SELECT ...) [AS] foo.").At(item.Pos())
	}
	var n Node
	var columns []Column
	bind := func() (err error) {
		n, columns, err = b.selectStmt(item.Query)
		return err
	}
	var pending []capture
	var err error
	if item.Lateral {
		pending, err = b.lateral(sc, bind)
	} else {
		err = bind()
	}
	if err != nil {
		return nil, err
	}
	r := relationOf(item.Alias.Name, columns)
	if err := r.rename(item.Alias); err != nil {
		return nil, err
	}
	src := sc.single(n, r)
	src.pending = pending
	return src, nil
}

// rangeFunction binds functions in FROM, which may name the columns to their left.
func (b *builder) rangeFunction(sc *scope, item *ast.RangeFunction) (*source, error) {
	n := &Functions{Ordinality: item.Ordinality}
	r := &relation{}
	pending, err := b.lateral(sc, func() error {
		for _, f := range eachUnnest(item.Funcs) {
			if err := b.tableFunction(n, r, item, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	single := len(n.Calls) == 1 && len(r.columns) == 1
	if n.Ordinality {
		r.columns = append(r.columns, scopeColumn{name: "ordinality", typ: value.Of(value.Int8)})
	}
	for _, c := range r.columns {
		n.types = append(n.types, c.typ)
	}
	r.alias, r.table = n.Name, n.Name
	r.scalar = single && !n.Ordinality && !returnsRecords(n.Calls[0])
	if single && item.Alias != nil && item.Alias.Name != "" && !namesColumn(n.Calls[0]) {
		r.columns[0].name = item.Alias.Name // a function's one column goes by the alias
	}
	if err := r.rename(item.Alias); err != nil {
		return nil, err
	}
	n.Alias = r.alias
	src := sc.single(n, r)
	src.pending = pending
	return src, nil
}

// tableFunction binds one function of a FROM item and adds its columns.
func (b *builder) tableFunction(n *Functions, r *relation, item *ast.RangeFunction, f *ast.TableFunc) error {
	x, err := b.binder(b.newScope(), "functions in FROM").BindText(f.Func)
	if err != nil {
		return err
	}
	if x, err = b.recordColumns(x, item, f); err != nil {
		return err
	}
	if n.Name == "" {
		n.Name = columnName(f.Func)
	}
	if call, ok := x.(*expr.SetCall); ok {
		for i, t := range call.Types {
			r.columns = append(r.columns, scopeColumn{name: call.Func.ColumnName(i), typ: t})
		}
	} else {
		if expr.HasSetCall(x) {
			return sqlerr.New(sqlerr.FeatureNotSupported, "set-returning functions must appear at top level of FROM").At(f.Pos())
		}
		r.columns = append(r.columns, scopeColumn{name: columnName(f.Func), typ: x.Type()})
	}
	n.Calls = append(n.Calls, x)
	return nil
}

// joinKinds are the kinds of the syntax.
var joinKinds = map[ast.JoinKind]JoinKind{ast.InnerJoin: InnerJoin, ast.CrossJoin: InnerJoin, ast.LeftJoin: LeftJoin,
	ast.RightJoin: RightJoin, ast.FullJoin: FullJoin}

// joinExpr binds a join.
func (b *builder) joinExpr(sc *scope, e *ast.JoinExpr) (*source, error) {
	seen := *sc
	defer func() { sc.relations, sc.names = seen.relations, seen.names }()
	left, err := b.fromItem(sc, e.Left)
	if err != nil {
		return nil, err
	}
	sc.relations = append(slices.Clip(sc.relations), left.relations...)
	sc.names = append(slices.Clip(sc.names), left.names...)
	right, err := b.fromItem(sc, e.Right)
	if err != nil {
		return nil, err
	}
	src, err := b.join(joinKinds[e.Kind], left, right)
	if err != nil {
		return nil, err
	}
	j := src.node.(*Join)
	if len(j.Slots) > 0 && (j.Kind == RightJoin || j.Kind == FullJoin) {
		return nil, sqlerr.New(sqlerr.InvalidColumnReference, "invalid reference to FROM-clause entry for table %q", left.relations[0].alias).
			WithDetail("The combining JOIN type must be INNER or LEFT for a LATERAL reference.").At(j.Args[0].Expr.Pos())
	}
	switch {
	case e.Natural || len(e.Using) > 0:
		err = b.using(sc, e, src, left, right)
	case e.On != nil:
		var cond expr.Expr
		cond, err = b.binder(sc.seeing(src), "JOIN conditions").BindBool(e.On, "JOIN/ON")
		if err == nil {
			j.On = src.conditions(expr.Conjuncts(cond))
		}
	}
	if err != nil {
		return nil, err
	}
	if e.Alias != nil {
		return src, src.rename(sc, e.Alias)
	}
	return src, nil
}

// join puts two sources side by side.
func (b *builder) join(kind JoinKind, left, right *source) (*source, error) {
	j := &Join{Kind: kind, Left: left.node, Right: right.node}
	src := &source{node: j, start: left.start, end: right.end, pending: left.pending}
	for _, c := range right.pending {
		inside := true
		expr.Columns(c.x, func(i int) { inside = inside && i >= left.start && i < left.end })
		if !inside {
			src.pending = append(src.pending, c)
			continue
		}
		j.Slots = append(j.Slots, c.slot)
		j.Args = append(j.Args, NewProgram(shiftColumns(c.x, -left.start)))
	}
	src.names = append(slices.Clip(left.names), right.names...)
	src.relations = slices.Clip(left.relations)
	for _, r := range right.relations {
		for _, o := range left.relations {
			if o.alias == r.alias && (o.aliased || r.aliased || o.schema == r.schema) {
				return nil, sqlerr.New(sqlerr.DuplicateAlias, "table name %q specified more than once", r.alias)
			}
		}
		src.relations = append(src.relations, r)
	}
	return src, nil
}

// conditions are conditions over the query's row as ones over the source's.
func (s *source) conditions(list []expr.Expr) []*Program {
	out := make([]*Program, len(list))
	for i, e := range list {
		out[i] = NewProgram(shiftColumns(e, -s.start))
	}
	return out
}

// shiftColumns moves the columns that an expression reads.
func shiftColumns(e expr.Expr, by int) expr.Expr {
	if by == 0 {
		return e
	}
	return expr.Rewrite(e, func(x expr.Expr) expr.Expr {
		c, ok := x.(*expr.Column)
		if !ok {
			return x
		}
		return expr.NewColumn(c.Index+by, c.Type(), c.Name, c.Pos())
	})
}

// using joins on the equality of columns that both sides have, and merges them.
func (b *builder) using(sc *scope, e *ast.JoinExpr, src, left, right *source) error {
	list := e.Using
	if e.Natural {
		for _, n := range left.names {
			if slices.ContainsFunc(right.names, func(o named) bool { return o.name == n.name }) {
				list = append(list, ast.Ident{Offset: e.Offset, Name: n.name})
			}
		}
	}
	j := src.node.(*Join)
	view := sc.seeing(src)
	binder := b.binder(view, "JOIN/USING")
	var merged []named
	for i, id := range list {
		if slices.ContainsFunc(list[:i], func(o ast.Ident) bool { return o.Name == id.Name }) {
			return sqlerr.New(sqlerr.DuplicateColumn, "column name %q appears more than once in USING clause", id.Name).At(id.Pos())
		}
		l, err := left.usingColumn(id, "left")
		if err != nil {
			return err
		}
		r, err := right.usingColumn(id, "right")
		if err != nil {
			return err
		}
		lx, rx := view.named(l, id.Pos()), view.named(r, id.Pos())
		eq, err := binder.Operator("=", lx, rx, e.Pos())
		if err != nil {
			return err
		}
		j.On = append(j.On, src.conditions([]expr.Expr{eq})...)
		both, typ, err := binder.CommonList([]expr.Expr{lx, rx}, "JOIN/USING")
		if err != nil {
			return err
		}
		x := both[0]
		switch j.Kind {
		case RightJoin:
			x = both[1]
		case FullJoin:
			x = expr.NewCoalesce(both, typ, id.Pos())
		}
		merged = append(merged, named{rel: l.rel, col: l.col, x: x, name: id.Name, typ: typ})
	}
	isMerged := func(n named) bool {
		return slices.ContainsFunc(merged, func(m named) bool { return m.name == n.name })
	}
	if e.UsingAlias != nil {
		r := &relation{alias: e.UsingAlias.Name, aliased: true}
		for _, m := range merged {
			r.columns = append(r.columns, scopeColumn{name: m.name, typ: m.typ, x: m.x})
		}
		src.relations = append(src.relations, r)
	}
	src.names = merged
	for _, n := range append(slices.Clip(left.names), right.names...) {
		if !isMerged(n) {
			src.names = append(src.names, n)
		}
	}
	return nil
}

// usingColumn finds a column of USING in one of the sides.
func (s *source) usingColumn(id ast.Ident, side string) (*named, error) {
	var found *named
	for i := range s.names {
		if s.names[i].name != id.Name {
			continue
		}
		if found != nil {
			return nil, sqlerr.New(sqlerr.AmbiguousColumn, "common column name %q appears more than once in %s table", id.Name, side).At(id.Pos())
		}
		found = &s.names[i]
	}
	if found == nil {
		return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q specified in USING clause does not exist in %s table", id.Name, side).At(id.Pos())
	}
	return found, nil
}

// rename gives a join one name; those of its parts are hidden.
func (s *source) rename(sc *scope, alias *ast.Alias) error {
	view := sc.seeing(s)
	r := &relation{alias: alias.Name}
	for i := range s.names {
		n := &s.names[i]
		r.columns = append(r.columns, scopeColumn{name: n.name, typ: n.typ, x: view.named(n, ast.NoPos)})
	}
	if err := r.rename(alias); err != nil {
		return err
	}
	s.relations, s.names = []*relation{r}, r.names()
	return nil
}
