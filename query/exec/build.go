package exec

import (
	"math"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// parallelRows is the number of rows to read from which fragments get goroutines.
const parallelRows = 8192

// topRows is the largest LIMIT for which a sort forgets rows on the way.
const topRows = 100_000

// Build makes the operators of a plan's tree, and the steps that describe them when env.Explain is set.
func Build(n plan.Node, env *Env) (Operator, *Step, error) {
	if env.Expr.Queries == nil {
		env.attach()
	}
	b := &builder{env: env}
	t, err := b.build(n, -1)
	if err != nil {
		return nil, nil, err
	}
	op := b.single(t)
	return op, t.step, nil
}

// builder makes operators.
type builder struct {
	env *Env
	// refine asks for better estimates than a scan alone needs: an order of joins depends on them.
	refine bool
}

// tree is a node's operators: one, or one a fragment of a table's partitions.
type tree struct {
	ops  []Operator
	step *Step
	// rows estimates the result, touched the rows that have to be read for it.
	rows, touched float64
	total         float64 // of a scan: the rows of its table
	// sorted are the keys by which each fragment's rows come, if any.
	sorted []plan.SortKey
}

// parallel says whether the fragments are worth goroutines.
func (b *builder) parallel(t *tree) bool {
	return len(t.ops) > 1 && b.env.Workers > 1 && t.touched >= parallelRows
}

func (b *builder) workers(t *tree) int {
	if b.parallel(t) {
		return b.env.Workers
	}
	return 1
}

// alone keeps the fragments of a tree off goroutines when one of the expressions that are computed over them is
// volatile.
func (t *tree) alone(list []*plan.Program) {
	for _, p := range list {
		if p.Volatile {
			t.touched = 0
		}
	}
}

// single makes one operator of a tree.
func (b *builder) single(t *tree) Operator {
	switch {
	case len(t.ops) == 1:
		return t.ops[0]
	case t.sorted != nil:
		return newMerge(b.env, t.ops, t.sorted)
	case b.parallel(t):
		return &gather{in: t.ops, workers: b.env.Workers}
	}
	return &concat{in: t.ops}
}

// build makes the operators of a node. want is how many rows will be asked for at most, negative for all.
func (b *builder) build(n plan.Node, want float64) (*tree, error) {
	switch n := n.(type) {
	case *plan.Scan:
		return b.scan(n, want)
	case *plan.Values:
		return b.wrap(&tree{ops: []Operator{newValues(b.env, n)}, rows: float64(len(n.Rows))}, b.step("Result"), n), nil
	case *plan.System:
		return b.wrap(&tree{ops: []Operator{newSystem(b.env, n)}, rows: 1000}, b.functionStep(n.Relation.Name, n.Alias), n), nil
	case *plan.Functions:
		return b.wrap(&tree{ops: []Operator{newFunctions(b.env, n)}, rows: 1000}, b.functionStep(n.Name, n.Alias), n), nil
	case *plan.ProjectSet:
		return b.projectSet(n)
	case *plan.Join:
		return b.join(n)
	case *plan.JoinGroup:
		return b.joinGroup(n, nil, -1)
	case *plan.SetOp:
		return b.setOp(n)
	case *plan.With:
		return b.with(n)
	case *plan.CTEScan:
		return b.cteScan(n)
	case *plan.Recursion:
		return b.recursion(n)
	case *plan.WorkScan:
		return b.workScan(n)
	case *plan.Filter:
		return b.filter(n)
	case *plan.Project:
		return b.project(n, want)
	case *plan.Aggregate:
		return b.aggregate(n)
	case *plan.Window:
		return b.window(n)
	case *plan.Sort:
		return b.sort(n, -1, want)
	case *plan.Distinct:
		return b.distinct(n)
	case *plan.Limit:
		return b.limit(n)
	case *plan.LockRows:
		return b.lockRows(n, want)
	case *plan.Insert:
		return b.insert(n)
	case *plan.Update:
		return b.update(n)
	case *plan.Delete:
		return b.delete(n)
	}
	return nil, sqlerr.New(sqlerr.InternalError, "no operator for %T", n)
}

// wrap finishes a tree: its step, and the measuring of its operators.
func (b *builder) wrap(t *tree, s *Step, n plan.Node, kids ...*tree) *tree {
	if s == nil {
		return t
	}
	s.Rows, s.Width = math.Max(1, math.Round(t.rows)), width(n)
	for _, k := range kids {
		s.Kids = append(s.Kids, k.step)
	}
	if len(t.ops) > 1 {
		s.Fragments, s.Workers = len(t.ops), min(b.workers(t), len(t.ops))
	}
	t.step = s
	if b.env.Profile {
		for i, op := range t.ops {
			t.ops[i] = &profiled{Operator: op, step: s}
		}
	}
	return t
}

// step returns a new step when they are wanted.
func (b *builder) step(name string) *Step {
	if !b.env.Explain {
		return nil
	}
	return &Step{Name: name}
}

// width guesses the bytes of a row, as PostgreSQL's EXPLAIN shows.
func width(n plan.Node) int {
	w := 0
	for _, t := range n.Types() {
		if s := t.Kind.Size(); s > 0 {
			w += int(s)
		} else {
			w += 32
		}
	}
	return w
}

// table returns the view of a scan's table, which at SERIALIZABLE knows the scan's condition.
func (b *builder) table(n *plan.Scan) *store.TableView {
	tv := b.env.View.Table(n.Table.OID)
	if tv.Tracked() {
		tv.Restrict(b.env.restriction(n))
	}
	return tv
}

func (b *builder) scan(n *plan.Scan, want float64) (*tree, error) {
	tv := b.table(n)
	a, err := plan.Choose(n, tv, b.env.Expr, want, b.env.Avoid)
	if err != nil {
		return nil, err
	}
	if b.refine {
		a.Refine(n, tv, b.env.Expr)
	}
	t := &tree{rows: a.Rows, touched: a.Touched, total: a.TableRows}
	switch a.Kind {
	case plan.NoRows:
		t.ops = []Operator{none{}}
	case plan.KeyLookup:
		t.ops = []Operator{newLookup(b.env, n, a, tv)}
	default:
		for part := range tv.Parts() {
			t.ops = append(t.ops, newScan(b.env, n, a, tv, part))
		}
		if a.Kind == plan.IndexWalk {
			t.sorted = a.Walk.Keys
		}
	}
	t.alone(n.Where)
	return b.wrap(t, b.scanStep(n, a), n), nil
}

func (b *builder) filter(n *plan.Filter) (*tree, error) {
	in, err := b.build(n.In, -1)
	if err != nil {
		return nil, err
	}
	t := &tree{rows: in.rows / 2, touched: in.touched, sorted: in.sorted}
	t.alone(n.Where)
	for _, op := range in.ops {
		t.ops = append(t.ops, &filter{in: op, expr: b.env.Expr.Clone(), cond: newCondition(n.Where)})
	}
	s := b.step("Filter")
	if s != nil {
		s.Lines = append(s.Lines, Line{Key: "Filter", Text: condText(n.Where)})
	}
	return b.wrap(t, s, n, in), nil
}

func (b *builder) project(n *plan.Project, want float64) (*tree, error) {
	in, err := b.build(n.In, want)
	if err != nil {
		return nil, err
	}
	t := &tree{rows: in.rows, touched: in.touched, step: in.step}
	t.alone(n.Exprs)
	ops := in.ops
	if in.sorted != nil {
		ops = []Operator{b.single(in)} // the keys are columns of the input
	}
	for _, op := range ops {
		t.ops = append(t.ops, &project{in: op, expr: b.env.Expr.Clone(), exprs: newProjection(n.Exprs)})
	}
	return t, nil
}

func (b *builder) projectSet(n *plan.ProjectSet) (*tree, error) {
	in, err := b.build(n.In, -1)
	if err != nil {
		return nil, err
	}
	t := &tree{ops: []Operator{newProjectSet(b.env, b.single(in), n)}, rows: in.rows * 10, touched: in.touched}
	return b.wrap(t, b.step("ProjectSet"), n, in), nil
}

func (b *builder) join(n *plan.Join) (*tree, error) {
	left, err := b.build(n.Left, -1)
	if err != nil {
		return nil, err
	}
	var right *tree
	var op Operator
	if len(n.Slots) == 0 || b.env.Explain {
		if right, err = b.build(n.Right, -1); err != nil {
			left.close()
			return nil, err
		}
		if op = b.single(right); len(n.Slots) > 0 {
			op.Close()
			op = nil
		}
	}
	t := &tree{ops: []Operator{newNestedLoop(b.env, n, b.single(left), op)}, rows: left.rows, touched: left.touched}
	kids := []*tree{left}
	if right != nil {
		kids = append(kids, right)
	}
	return b.wrap(t, b.step("Nested Loop"), n, kids...), nil
}

func (b *builder) aggregate(n *plan.Aggregate) (*tree, error) {
	in, err := b.build(n.In, -1)
	if err != nil {
		return nil, err
	}
	in.alone(n.Keys)
	for _, agg := range n.Aggs {
		if expr.VolatilityOf(agg) == expr.Volatile {
			in.touched = 0
		}
	}
	op := newAggregate(b.env, in.ops, n)
	op.workers = b.workers(in)
	t := &tree{ops: []Operator{op}, rows: 1, touched: in.touched}
	if len(n.Keys) > 0 {
		if t.rows = math.Max(1, math.Min(in.rows/10, 200)) * float64(len(n.Sets)); b.refine {
			t.rows = plan.GroupRows(n, in.rows, distincts{b})
		}
	}
	return b.wrap(t, b.aggregateStep(n), n, in), nil
}

// sort makes a sort of all rows, or of the first limit rows when that is not negative.
func (b *builder) sort(n *plan.Sort, limit int64, want float64) (*tree, error) {
	in, err := b.sortInputOf(n, want)
	if err != nil {
		return nil, err
	}
	if n.Narrow != nil && limit >= 0 && limit <= fetchRows && in.sorted == nil && in.rows > float64(4*limit) {
		in.close()
		return b.sortNarrow(n, limit)
	}
	return b.sortInput(n, in, limit)
}

// sortInputOf makes the operators of a sort's input, which may have the order already.
func (b *builder) sortInputOf(n *plan.Sort, want float64) (*tree, error) {
	if g, ok := n.In.(*plan.JoinGroup); ok && g.Order != nil {
		return b.joinGroup(g, n.Keys, want)
	}
	return b.build(n.In, want)
}

// fetchRows is the largest LIMIT for which the columns that a sort does not need are fetched afterwards.
const fetchRows = 10_000

// sortNarrow sorts the columns that the sort needs and fetches the others for the first limit rows.
func (b *builder) sortNarrow(n *plan.Sort, limit int64) (*tree, error) {
	narrow := n.Narrow.In.(*plan.Scan)
	in, err := b.scan(narrow, -1)
	if err != nil {
		return nil, err
	}
	for i, op := range in.ops {
		in.ops[i] = &withNames{Operator: op, source: unwrap(op)}
	}
	t, err := b.sortInput(n.Narrow, in, limit)
	if err != nil {
		return nil, err
	}
	if s, ok := unwrap(t.ops[0]).(*sorter); ok && len(t.ops) == 1 {
		s.last = true // a merge would need the keys too
	}
	full := n.In.(*plan.Scan)
	f := &fetch{in: b.single(t), table: b.table(full), cols: full.Cols, kinds: kinds(full.Types())}
	out := &tree{ops: []Operator{f}, rows: t.rows, touched: t.touched}
	s := b.step("Fetch")
	if s != nil {
		s.Relation, s.Alias = full.Table.Name, full.Alias
	}
	return b.wrap(out, s, n, t), nil
}

// close releases operators that are not used after all.
func (t *tree) close() {
	for _, op := range t.ops {
		op.Close()
	}
}

// sortInput sorts the rows of a tree.
func (b *builder) sortInput(n *plan.Sort, in *tree, limit int64) (*tree, error) {
	if in.sorted != nil {
		in.ops, in.sorted = []Operator{b.single(in)}, nil
		return in, nil // the index has the order
	}
	t := &tree{rows: in.rows, touched: in.touched, sorted: n.Keys}
	ops := in.ops
	if !b.parallel(in) {
		ops = []Operator{b.single(in)}
	}
	for _, op := range ops {
		t.ops = append(t.ops, newSorter(b.env, op, n.Keys, limit))
	}
	b.wrap(t, b.sortStep(n, limit), n, in)
	if len(t.ops) > 1 {
		t.ops = []Operator{&gatherSorted{merge: newMerge(b.env, t.ops, n.Keys), workers: b.env.Workers}}
	}
	t.sorted = nil
	return t, nil
}

func (b *builder) distinct(n *plan.Distinct) (*tree, error) {
	in, err := b.build(n.In, -1)
	if err != nil {
		return nil, err
	}
	t := &tree{rows: math.Max(1, math.Min(in.rows/10, 200)), touched: in.touched}
	op := b.single(in)
	if n.On == nil && b.parallel(in) {
		for i, f := range in.ops {
			in.ops[i] = newDistinct(b.env, f, n)
		}
		op = b.single(in)
	}
	t.ops = []Operator{newDistinct(b.env, op, n)}
	s := b.step("Unique")
	if s != nil && n.On != nil {
		s.Lines = append(s.Lines, Line{Key: "Key", List: texts(n.On)})
	}
	return b.wrap(t, s, n, in), nil
}

func (b *builder) limit(n *plan.Limit) (*tree, error) {
	if n.WithTies {
		return b.ties(n)
	}
	skip, count, err := limits(b.env.Expr, n)
	if err != nil {
		return nil, err
	}
	want := -1.0
	if count >= 0 {
		want = float64(skip) + float64(count)
	}
	var in *tree
	sort, ok := n.In.(*plan.Sort)
	if ok && count >= 0 && count <= topRows && skip <= topRows {
		in, err = b.sort(sort, skip+count, want)
	} else {
		in, err = b.build(n.In, want)
	}
	if err != nil {
		return nil, err
	}
	if want >= 0 && in.rows > 0 {
		// Reading stops when there are enough rows: that may not be worth goroutines.
		in.touched = math.Min(in.touched, want*math.Max(1, in.touched/in.rows))
	}
	t := &tree{rows: in.rows, touched: in.touched}
	if count >= 0 {
		t.rows = math.Min(math.Max(0, in.rows-float64(skip)), float64(count))
	}
	t.ops = []Operator{&limit{in: b.single(in), skip: skip, count: count}}
	return b.wrap(t, b.step("Limit"), n, in), nil
}

// condText is a conjunction as EXPLAIN shows it.
func condText(list []*plan.Program) string {
	if len(list) == 1 {
		return plan.Parenthesized(list[0].Expr)
	}
	parts := make([]string, len(list))
	for i, p := range list {
		parts[i] = plan.Parenthesized(p.Expr)
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

func texts(list []*plan.Program) []string {
	out := make([]string, len(list))
	for i, p := range list {
		out[i] = p.Expr.String()
	}
	return out
}
