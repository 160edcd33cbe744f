package expr

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// Subquery is a query inside an expression.
//
// Columns of the enclosing queries reach it by slots: before a run each of Slots is set from Args, which are
// over the row of the query that the expression stands in. Without Slots it runs once a statement (or, inside
// another subquery, once a run of that); with them once for each different list of arguments.
type Subquery struct {
	head
	Kind ast.SubLinkKind
	// Plan is the planner's; it is run by Context.Queries.
	Plan QueryPlan
	// Slots are set from Args.
	Slots []int
	Args  []Expr
	// Test, of ANY and ALL, is the comparison with a row of the result, which is put in the slots Out.
	Test Expr
	Out  []int
	// In is how it was written, for deparsing.
	In bool
}

// QueryPlan is a planned query inside an expression.
type QueryPlan interface {
	// Volatile says that two runs with the same slots may differ, or do something else than read.
	Volatile() bool
	// Outer are the slots it reads that are set by a query further out than the one that it stands in.
	Outer() []int
	// Types are those of its columns.
	Types() []value.Type
}

// Queries runs the queries inside the expressions of one execution.
type Queries interface {
	// Run runs a plan with the slots of c and calls row for each of its rows until that returns false. The row
	// is valid during the call.
	Run(c *Context, p QueryPlan, row func([]value.Value) (more bool, err error)) error
	// Once returns what make returned when it was first called for s in this execution. Safe for
	// concurrent use.
	Once(s *Subquery, make func() (any, error)) (any, error)
}

// NewSubquery returns a subquery of a type.
func NewSubquery(s Subquery, t value.Type, pos int) *Subquery {
	s.head = head{t, pos}
	return &s
}

func (e *Subquery) children(f func(Expr)) {
	each(e.Args, f)
	if e.Test != nil {
		f(e.Test)
	}
}

func (e *Subquery) rebuild(f func(Expr) Expr) Expr {
	args, changed := rebuildList(e.Args, f)
	test := e.Test
	if test != nil {
		test = f(test)
	}
	if !changed && test == e.Test {
		return e
	}
	c := *e
	c.Args, c.Test = args, test
	return &c
}

func (e *Subquery) same(o Expr) bool {
	x, ok := o.(*Subquery)
	return ok && x.Kind == e.Kind && x.Plan == e.Plan
}

func (e *Subquery) String() string { return deparse(e) }

func (e *Subquery) deparse(d *deparser) {
	switch e.Kind {
	case ast.ExistsSubLink:
		d.WriteString("EXISTS(SubPlan)")
	case ast.ArraySubLink:
		d.WriteString("ARRAY(SubPlan)")
	case ast.AnySubLink, ast.AllSubLink:
		d.WriteString("(SubPlan ")
		d.expr(e.Test)
		d.WriteString(")")
	default:
		d.WriteString("(SubPlan)")
	}
}

// HasSubquery says whether e contains a subquery.
func HasSubquery(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		if _, ok := e.(*Subquery); ok {
			found = true
		}
		return !found
	})
	return found
}

// volatile says whether it may have another value for the next row without reading it.
func (e *Subquery) volatile() bool {
	return e.Plan.Volatile() && len(e.Slots)+len(e.Plan.Outer()) > 0
}

// Correlated says whether e contains a subquery whose runs depend on the row.
func Correlated(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		if s, ok := e.(*Subquery); ok && (len(s.Slots) > 0 || s.Plan.Volatile()) {
			found = true
		}
		return !found
	})
	return found
}

// maxMemo bounds what one subquery remembers of its runs.
const maxMemo = 1024

func (e *Subquery) eval(c *Context, row []value.Value) (value.Value, error) {
	res, err := e.result(c, row)
	if err != nil {
		return value.Value{}, err
	}
	if e.Test != nil {
		return res.(*rowSet).test(c, e, row)
	}
	return res.(value.Value), nil
}

// result returns a value, or the *rowSet of ANY and ALL.
func (e *Subquery) result(c *Context, row []value.Value) (any, error) {
	if c.Queries == nil {
		return nil, sqlerr.New(sqlerr.FeatureNotSupported, "cannot use subquery in this context").At(e.pos)
	}
	memo, outer := !e.Plan.Volatile(), e.Plan.Outer()
	if len(e.Slots) == 0 && len(outer) == 0 { // also where it is volatile, as PostgreSQL has it
		return c.Queries.Once(e, func() (any, error) { return e.run(c) })
	}
	args := make([]value.Value, len(e.Args))
	var key []byte
	for i, a := range e.Args {
		v, err := a.eval(c, row)
		if err != nil {
			return nil, err
		}
		args[i] = v
		key = value.AppendStored(key, v)
	}
	for _, i := range outer {
		if i < len(c.Slots) {
			key = value.AppendStored(key, c.Slots[i])
		}
	}
	if memo {
		if res, ok := c.memo[e][string(key)]; ok {
			return res, nil
		}
	}
	for i, s := range e.Slots {
		c.SetSlot(s, args[i])
	}
	res, err := e.run(c)
	if err != nil || !memo {
		return res, err
	}
	if c.memo == nil {
		c.memo = map[*Subquery]map[string]any{}
	}
	if m := c.memo[e]; m == nil || len(m) >= maxMemo {
		c.memo[e] = map[string]any{}
	}
	c.memo[e][string(key)] = res
	return res, nil
}

// run runs the query.
func (e *Subquery) run(c *Context) (any, error) {
	switch e.Kind {
	case ast.ExistsSubLink:
		exists := false
		err := c.Queries.Run(c, e.Plan, func([]value.Value) (bool, error) {
			exists = true
			return false, nil
		})
		return value.NewBool(exists), err
	case ast.ArraySubLink:
		var list []value.Value
		err := c.Queries.Run(c, e.Plan, func(row []value.Value) (bool, error) {
			list = append(list, row[0])
			return true, nil
		})
		if err != nil {
			return nil, err
		}
		return e.array(list)
	case ast.AnySubLink, ast.AllSubLink:
		set := newRowSet(e)
		err := c.Queries.Run(c, e.Plan, func(row []value.Value) (bool, error) {
			return true, set.add(c, row)
		})
		return set, err
	}
	out, n := value.Null(e.typ.Kind), 0
	err := c.Queries.Run(c, e.Plan, func(row []value.Value) (bool, error) {
		if n++; n > 1 {
			return false, sqlerr.New(sqlerr.CardinalityViolation, "more than one row returned by a subquery used as an expression")
		}
		out = row[0]
		return true, nil
	})
	return out, err
}

// array makes the value of ARRAY(subquery).
func (e *Subquery) array(list []value.Value) (any, error) {
	return ArrayOfRows(e.Plan.Types()[0].Kind, list)
}

// rowSet is the result of a subquery of ANY or ALL.
type rowSet struct {
	rows [][]value.Value
	// Where the test is a conjunction of equalities, left sides over the row and right sides over the result:
	// the rows whose right sides are not NULL, by key.
	left, right []Expr
	out         []int
	keys        map[string]struct{}
	nulls       [][]value.Value // the other rows
}

func newRowSet(e *Subquery) *rowSet {
	s := &rowSet{out: e.Out}
	if e.Kind != ast.AnySubLink {
		return s
	}
	var left, right []Expr
	for _, c := range Conjuncts(e.Test) {
		call, ok := c.(*Call)
		if !ok || call.Func.Op != "=" || len(call.Args) != 2 || HasSubquery(c) ||
			!SameKeys(kindOf(call.Args[0]), kindOf(call.Args[1])) || s.reads(call.Args[0]) || !s.only(call.Args[1]) {
			return s
		}
		left, right = append(left, call.Args[0]), append(right, call.Args[1])
	}
	s.left, s.right, s.keys = left, right, map[string]struct{}{}
	return s
}

// reads says whether e reads the result's row.
func (s *rowSet) reads(e Expr) bool {
	found := false
	Slots(e, func(i int) { found = found || slices.Contains(s.out, i) })
	return found
}

// only says whether e reads nothing but the result's row.
func (s *rowSet) only(e Expr) bool {
	ok := VolatilityOf(e) < Volatile
	Walk(e, func(x Expr) bool {
		switch x := x.(type) {
		case *Column:
			ok = false
		case *Slot:
			ok = ok && slices.Contains(s.out, x.Index)
		}
		return ok
	})
	return ok
}

// add keeps a row of the result.
func (s *rowSet) add(c *Context, row []value.Value) error {
	if s.keys == nil {
		s.rows = append(s.rows, slices.Clone(row))
		return nil
	}
	for i, slot := range s.out {
		c.SetSlot(slot, row[i])
	}
	var key []byte
	for _, r := range s.right {
		v, err := r.eval(c, nil)
		if err != nil {
			return err
		}
		if v.IsNull() {
			s.nulls = append(s.nulls, slices.Clone(row))
			return nil
		}
		key = value.AppendKey(key, v)
	}
	if _, ok := s.keys[string(key)]; !ok {
		s.keys[string(key)] = struct{}{}
		s.rows = append(s.rows, slices.Clone(row))
	}
	return nil
}

// test computes ANY or ALL for a row.
func (s *rowSet) test(c *Context, e *Subquery, row []value.Value) (value.Value, error) {
	if s.keys == nil {
		return s.scan(c, e, row, s.rows)
	}
	if len(s.rows) == 0 && len(s.nulls) == 0 {
		return value.NewBool(false), nil
	}
	var buf [64]byte
	key := buf[:0]
	for _, l := range s.left {
		v, err := l.eval(c, row)
		if err != nil {
			return v, err
		}
		if v.IsNull() {
			return s.withNull(c, e, row)
		}
		key = value.AppendKey(key, v)
	}
	if _, ok := s.keys[string(key)]; ok {
		return value.NewBool(true), nil
	}
	return s.scan(c, e, row, s.nulls)
}

// withNull computes ANY for a left side with a NULL: of one column it is NULL.
func (s *rowSet) withNull(c *Context, e *Subquery, row []value.Value) (value.Value, error) {
	if len(s.left) == 1 {
		return value.Null(value.Bool), nil
	}
	v, err := s.scan(c, e, row, s.nulls)
	if err != nil || v.IsNull() || v.Bool() {
		return v, err
	}
	return s.scan(c, e, row, s.rows)
}

// scan tests rows one after another.
func (s *rowSet) scan(c *Context, e *Subquery, row []value.Value, rows [][]value.Value) (value.Value, error) {
	deciding := e.Kind == ast.AnySubLink
	null := false
	for _, r := range rows {
		for i, slot := range e.Out {
			c.SetSlot(slot, r[i])
		}
		v, err := e.Test.eval(c, row)
		if err != nil {
			return v, err
		}
		switch {
		case v.IsNull():
			null = true
		case v.Bool() == deciding:
			return v, nil
		}
	}
	if null {
		return value.Null(value.Bool), nil
	}
	return value.NewBool(!deciding), nil
}

// subqueryNode evaluates a subquery row by row.
type subqueryNode struct {
	expr *Subquery
	cols []int // the columns that it reads
	row  []value.Value
	out  result
}

func newSubqueryNode(e *Subquery) *subqueryNode {
	n := &subqueryNode{expr: e}
	Columns(e, func(i int) {
		if !slices.Contains(n.cols, i) {
			n.cols = append(n.cols, i)
		}
	})
	if len(n.cols) > 0 {
		n.row = make([]value.Value, slices.Max(n.cols)+1)
	}
	return n
}

func (n *subqueryNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	kind := kindOf(n.expr)
	if len(n.cols) == 0 && !n.expr.volatile() {
		if selected(in.N, sel) == 0 {
			return n.out.constant(kind, value.Null(kind)), nil
		}
		v, err := n.expr.eval(c, nil)
		return n.out.constant(kind, v), err
	}
	n.out.begin(kind, in.N)
	for k, rows := 0, selected(in.N, sel); k < rows; k++ {
		i := rowAt(sel, k)
		for _, col := range n.cols {
			n.row[col] = in.Vecs[col].Value(i)
		}
		v, err := n.expr.eval(c, n.row)
		if err != nil {
			return nil, err
		}
		n.out.set(i, in.N, v)
	}
	return &n.out.vec, nil
}
