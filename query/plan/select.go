package plan

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// query is a SELECT being bound.
type query struct {
	*builder
	stmt  *ast.SelectStmt
	scope *scope
	input Node

	targets []target
	keys    []sortKey
	on      []expr.Expr // DISTINCT ON
	having  expr.Expr
	group   *grouping // nil without aggregation
	// groupingCalls are the calls of GROUPING(), in the order of their placeholders.
	groupingCalls []*ast.GroupingFunc
	windows       windows
	// aggregates says that an aggregate of this query was bound; an expression may have lost it since.
	aggregates bool
	// keepUnknown leaves literals in the select list without a type: they are a set operation's.
	keepUnknown bool
}

// target is a column of the select list; its expression is over the input.
type target struct {
	Column
	expr  expr.Expr
	named bool // by an alias or a column name, so that ORDER BY and GROUP BY may use it
}

// sortKey is a key of ORDER BY; target is the index of the target that it is, or -1.
type sortKey struct {
	expr       expr.Expr
	target     int
	desc       bool
	nullsFirst bool
}

// selectStmt binds a SELECT, VALUES or set operation.
func (b *builder) selectStmt(s *ast.SelectStmt) (Node, []Column, error) {
	if err := b.deeper(s); err != nil {
		return nil, nil, err
	}
	defer b.shallower()
	if s.With == nil {
		return b.selectQuery(s)
	}
	names := b.ctes
	defer func() { b.ctes = names }()
	kept, err := b.with(s.With, s)
	if err != nil {
		return nil, nil, err
	}
	n, columns, err := b.selectQuery(s)
	if err == nil && len(kept) > 0 {
		n = &With{CTEs: kept, In: n}
	}
	return n, columns, err
}

// selectQuery binds a SELECT without its WITH clause.
func (b *builder) selectQuery(s *ast.SelectStmt) (Node, []Column, error) {
	if err := checkClauses(s); err != nil {
		return nil, nil, err
	}
	if s.SetOp != ast.NoSetOp {
		return b.setOperation(s)
	}
	q := &query{builder: b, stmt: s}
	if err := q.bind(); err != nil {
		return nil, nil, err
	}
	n, err := q.assemble()
	return n, q.columns(), err
}

// bind binds the clauses of a SELECT or VALUES.
func (q *query) bind() error {
	if err := checkClauses(q.stmt); err != nil {
		return err
	}
	if q.stmt.Values != nil {
		return q.bindValues()
	}
	return q.bindSelect()
}

// columns are those of the result.
func (q *query) columns() []Column {
	columns := make([]Column, len(q.targets))
	for i, t := range q.targets {
		columns[i] = t.Column
	}
	return columns
}

// maxQueryDepth bounds the nesting of queries.
const maxQueryDepth = 400

func (b *builder) deeper(s *ast.SelectStmt) error {
	if b.depth++; b.depth > maxQueryDepth {
		return sqlerr.New(sqlerr.StatementTooComplex, "stack depth limit exceeded").
			WithHint("Queries are nested more than %d levels deep.", maxQueryDepth).At(s.Pos())
	}
	return nil
}

func (b *builder) shallower() { b.depth-- }

// checkClauses refuses clauses that do not go together, and those that are not there yet.
func checkClauses(s *ast.SelectStmt) error {
	if s.Into != nil {
		return sqlerr.NotSupported("SELECT INTO is not supported").At(s.Into.Pos())
	}
	return checkTies(s)
}

// bindSelect binds the clauses of a plain SELECT in the order in which PostgreSQL looks at
// them: FROM, the select list, WHERE, HAVING, ORDER BY, GROUP BY, DISTINCT, the windows.
func (q *query) bindSelect() error {
	s := q.stmt
	var err error
	if q.input, q.scope, err = q.from(s.From); err != nil {
		return err
	}
	q.windows.defs, q.windows.named = s.Windows[:len(s.Windows):len(s.Windows)], len(s.Windows)
	if err = q.bindTargets(); err != nil {
		return err
	}
	cond, err := q.where(q.scope, s.Where)
	if err != nil {
		return err
	}
	if s.Having != nil {
		if q.having, err = q.aggregateBinder("HAVING").BindBool(s.Having, "HAVING"); err != nil {
			return err
		}
	}
	if err = q.bindOrderBy(); err != nil {
		return err
	}
	if q.group, err = q.bindGroupBy(); err != nil {
		return err
	}
	if err = q.bindDistinct(); err != nil {
		return err
	}
	if err = q.bindWindows(); err != nil {
		return err
	}
	if !q.aggregated() {
		q.group = nil
	}
	if cond != nil && len(s.Locking) > 0 {
		q.input = filtered(q.input, conjuncts(cond)) // rows to lock are those of a scan
	} else if cond != nil {
		in, rest := q.unnest(q.input, expr.Conjuncts(cond))
		q.input = q.tested(in, rest)
	}
	return nil
}

// aggregated says whether the query groups its rows. An aggregate may come from a query inside it.
func (q *query) aggregated() bool {
	if len(q.stmt.GroupBy) > 0 || q.stmt.Having != nil || q.aggregates {
		return true
	}
	return slices.ContainsFunc(append(q.resultExprs(), q.windows.exprs()...), func(e *expr.Expr) bool { return expr.HasAggregate(*e) })
}

// filtered puts conditions on a node, into it where it is a scan.
func filtered(n Node, where []*Program) Node {
	if len(where) == 0 {
		return n
	}
	if s, ok := n.(*Scan); ok {
		s.Where = append(s.Where, where...)
		return s
	}
	return &Filter{In: n, Where: where}
}

// aggregateBinder returns a binder for a clause in which aggregates may stand.
func (q *query) aggregateBinder(clause string) *expr.Binder {
	b := q.binder(q.scope, clause)
	b.Aggregates = true
	if clause != "HAVING" {
		b.Window = q.windowNumber
	}
	outer := b.Aggregating
	b.Aggregating = func() func(*expr.AggCall) (expr.Expr, error) {
		done := outer()
		return func(call *expr.AggCall) (expr.Expr, error) {
			x, err := done(call)
			q.aggregates = q.aggregates || x == nil && err == nil
			return x, err
		}
	}
	special := b.Special
	b.Special = func(e ast.Expr) (expr.Expr, error) {
		if g, ok := e.(*ast.GroupingFunc); ok {
			if q.aggregatesOpen[b] > 0 {
				return nil, sqlerr.New(sqlerr.GroupingError, "aggregate function calls cannot be nested").At(g.Pos())
			}
			return q.groupingCall(g)
		}
		return special(e)
	}
	return b
}

func (q *query) bindTargets() error {
	var open map[int]expr.Expr
	if q.stmt == q.openStmt {
		open, q.openTargets, q.openStmt = q.openTargets, nil, nil
	}
	if open != nil && len(q.stmt.GroupBy) == 0 && !q.stmt.Distinct {
		if err := q.bindOpenTargets(open); err != nil {
			return err
		}
	}
	targets, err := q.bindTargetList(q.stmt.Targets, q.scope, q.aggregateBinder("SELECT"), q.keepUnknown)
	q.targets = targets
	return err
}

// bindOpenTargets notes the targets that are literals or parameters without a type, and puts NULL in their place.
func (q *query) bindOpenTargets(open map[int]expr.Expr) error {
	list := make([]*ast.Target, len(q.stmt.Targets))
	copy(list, q.stmt.Targets)
	for i, t := range list {
		switch e := t.Expr.(type) {
		case *ast.Const:
			if e.Kind != ast.String && e.Kind != ast.Null {
				continue
			}
		case *ast.ParamRef:
		case *ast.ColumnRef:
			if e.Star {
				return nil // places in the list are not those of the columns
			}
			continue
		default:
			continue
		}
		x, err := q.binder(nil, "SELECT").Bind(t.Expr)
		if err != nil {
			return err
		}
		if x.Type().Kind == value.Unknown {
			open[i] = x
			list[i] = &ast.Target{Offset: t.Offset, Alias: t.Alias, Expr: &ast.Const{Offset: ast.Offset(t.Expr.Pos()), Kind: ast.Null}}
		}
	}
	stmt := *q.stmt
	stmt.Targets = list
	q.stmt = &stmt
	return nil
}

// bindTargetList binds a select list or RETURNING list and expands its stars. What has no type becomes text, unless
// keepUnknown.
func (b *builder) bindTargetList(list []*ast.Target, sc *scope, binder *expr.Binder, keepUnknown bool) ([]target, error) {
	var out []target
	for _, t := range list {
		if ref, ok := t.Expr.(*ast.ColumnRef); ok && ref.Star {
			stars, err := starTargets(sc, ref)
			if err != nil {
				return nil, err
			}
			out = append(out, stars...)
			continue
		}
		e, err := binder.Bind(t.Expr)
		if ind, ok := t.Expr.(*ast.Indirection); ok && err == nil && len(ind.Path) > 0 && ind.Path[len(ind.Path)-1].Star {
			expanded, err := rowTargets(binder, e)
			if err != nil {
				return nil, err
			}
			out = append(out, expanded...)
			continue
		}
		if err == nil && !keepUnknown {
			e, err = binder.Text(e)
		}
		if err != nil {
			return nil, err
		}
		x := target{expr: e, named: true}
		x.Name, x.Type = columnName(t.Expr), e.Type()
		if t.Alias != nil {
			x.Name = t.Alias.Name
		}
		if c, ok := e.(*expr.Column); ok && c.Index < sc.width() {
			_, sc := sc.at(c.Index)
			x.TableOID, x.AttNum = sc.tableOID, sc.attNum
		}
		out = append(out, x)
	}
	return out, nil
}

// rowTargets expands (x).*.
func rowTargets(binder *expr.Binder, e expr.Expr) ([]target, error) {
	var out []target
	fields, names := e.(*expr.Row).Expanded()
	for i, f := range fields {
		f, err := binder.Text(f)
		if err != nil {
			return nil, err
		}
		out = append(out, target{Column: Column{Name: names[i], Type: f.Type()}, expr: f, named: true})
	}
	return out, nil
}

// starTargets expands * or t.*.
func starTargets(sc *scope, ref *ast.ColumnRef) ([]target, error) {
	list := sc.names
	if len(ref.Parts) > 0 {
		r, err := sc.qualifier(ref.Parts, ref.Pos())
		if err != nil {
			return nil, err
		}
		if r == nil {
			return nil, sc.noRelation(ref.Parts, ref.Pos())
		}
		list = r.names()
	} else if len(sc.relations) == 0 {
		return nil, sqlerr.New(sqlerr.SyntaxError, "SELECT * with no tables specified is not valid").At(ref.Pos())
	}
	var out []target
	for i := range list {
		n := &list[i]
		t := target{Column: Column{Name: n.name, Type: n.typ}, expr: sc.named(n, ref.Pos()), named: true}
		if n.x == nil {
			c := &n.rel.columns[n.col]
			t.TableOID, t.AttNum = c.tableOID, c.attNum
		}
		out = append(out, t)
	}
	return out, nil
}

// bindValues binds VALUES as a query.
func (q *query) bindValues() error {
	rows := q.stmt.Values.Rows
	width := len(rows[0])
	binder := q.binder(q.newScope(), "VALUES")
	bound := make([][]expr.Expr, len(rows))
	for i, row := range rows {
		if len(row) != width {
			pos := q.stmt.Pos()
			if len(row) > 0 {
				pos = row[0].Pos()
			}
			return sqlerr.New(sqlerr.SyntaxError, "VALUES lists must all be the same length").At(pos)
		}
		bound[i] = make([]expr.Expr, width)
		for j, cell := range row {
			x, err := binder.Bind(cell)
			if err != nil {
				return err
			}
			bound[i][j] = x
		}
	}
	n := &Values{Rows: bound, types: make([]value.Type, width)}
	r := &relation{alias: "*VALUES*"}
	column := make([]expr.Expr, len(rows))
	for j := range width {
		for i := range bound {
			column[i] = bound[i][j]
		}
		same, typ, err := binder.CommonList(column, "VALUES")
		if err != nil {
			return err
		}
		for i := range bound {
			if bound[i][j], err = binder.Text(same[i]); err != nil {
				return err
			}
		}
		if typ.Kind == value.Unknown {
			typ = value.Of(value.Text)
		}
		n.types[j] = typ
		r.columns = append(r.columns, scopeColumn{name: "column" + itoa(j+1), typ: typ})
	}
	q.input, q.scope = n, q.newScope()
	q.scope.add(r)
	for j := range width {
		q.targets = append(q.targets, target{Column: Column{Name: r.columns[j].name, Type: n.types[j]},
			expr: q.scope.column(r, j, ast.NoPos), named: true})
	}
	if err := q.bindOrderBy(); err != nil {
		return err
	}
	return q.bindWindows()
}

// assemble puts the bound clauses together.
func (q *query) assemble() (Node, error) {
	if err := q.checkLocking(); err != nil {
		return nil, err
	}
	n := q.input
	if q.group != nil {
		var err error
		if n, err = q.aggregate(n); err != nil {
			return nil, err
		}
	}
	n, err := q.expandSets(q.window(n))
	if err != nil {
		return nil, err
	}
	switch {
	case q.on != nil:
		n = q.distinctOn(n)
	case q.stmt.Distinct:
		n = &Distinct{In: q.project(n)}
		n = sorted(n, q.keys, func(k sortKey) expr.Expr {
			t := &q.targets[k.target]
			return expr.NewColumn(k.target, t.Type, quoteIdent(t.Name), k.expr.Pos())
		})
	case q.inOrder():
	default:
		n = sorted(n, q.keys, func(k sortKey) expr.Expr { return k.expr })
	}
	n, err = q.locked(n)
	if err != nil {
		return nil, err
	}
	n, err = q.limit(n)
	if err != nil {
		return nil, err
	}
	switch {
	case q.on != nil:
		return q.trim(n), nil
	case q.stmt.Distinct:
		return n, nil
	}
	return q.project(n), nil
}

// project computes the select list.
func (q *query) project(n Node) Node {
	p := &Project{In: n}
	for _, t := range q.targets {
		p.Exprs = append(p.Exprs, NewProgram(t.expr))
	}
	return p
}

// distinctOn computes the select list and the keys beside it, sorts, and keeps the first row of
// each group.
func (q *query) distinctOn(n Node) Node {
	p := q.project(n).(*Project)
	add := func(e expr.Expr) expr.Expr {
		p.Exprs = append(p.Exprs, NewProgram(e))
		return expr.NewColumn(len(p.Exprs)-1, e.Type(), e.String(), e.Pos())
	}
	d := &Distinct{}
	for _, e := range q.on {
		d.On = append(d.On, NewProgram(add(e)))
	}
	d.In = sorted(p, q.keys, func(k sortKey) expr.Expr { return add(k.expr) })
	return d
}

// trim drops the columns after the select list.
func (q *query) trim(n Node) Node {
	p := &Project{In: n}
	for i, t := range q.targets {
		p.Exprs = append(p.Exprs, NewProgram(expr.NewColumn(i, t.Type, quoteIdent(t.Name), ast.NoPos)))
	}
	return p
}

// sorted sorts a node by keys whose expressions over it at returns.
func sorted(n Node, keys []sortKey, at func(sortKey) expr.Expr) Node {
	s := &Sort{In: n}
	for _, k := range keys {
		e := at(k)
		if expr.IsConst(e) {
			continue // a constant orders nothing
		}
		s.Keys = append(s.Keys, SortKey{Program: NewProgram(e), Desc: k.desc, NullsFirst: k.nullsFirst})
	}
	if len(s.Keys) == 0 {
		return n
	}
	return s
}

// limit binds LIMIT and OFFSET.
func (q *query) limit(n Node) (Node, error) {
	if q.stmt.Limit == nil && q.stmt.LimitOffset == nil {
		return n, nil
	}
	l := &Limit{In: n}
	var err error
	if l.Offset, err = q.count(q.stmt.LimitOffset, "OFFSET"); err != nil {
		return nil, err
	}
	if l.Count, err = q.count(q.stmt.Limit, "LIMIT"); err != nil {
		return nil, err
	}
	if q.stmt.WithTies {
		l.WithTies, l.Ties = true, q.tieKeys(n)
	}
	return l, nil
}

// count binds the number of a LIMIT or OFFSET.
func (q *query) count(e ast.Expr, clause string) (expr.Expr, error) {
	if e == nil {
		return nil, nil
	}
	b := q.binder(noColumns{clause}, clause)
	x, err := b.Bind(e)
	if err != nil {
		return nil, err
	}
	return b.Int8(x, clause)
}

// noColumns refuses column names in a clause that stands outside of the rows.
type noColumns struct{ clause string }

func (s noColumns) Column(ref *ast.ColumnRef) (expr.Expr, error) {
	return nil, sqlerr.New(sqlerr.InvalidColumnReference, "argument of %s must not contain variables", s.clause).At(ref.Pos())
}
