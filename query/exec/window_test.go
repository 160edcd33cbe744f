package exec

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// The columns of the rows that windows are tested over: partition, order, and arguments of several kinds.
var windowKinds = []value.Kind{value.Int4, value.Int8, value.Int4, value.Numeric, value.Float8, value.Text, value.Bool}

const (
	partitionColumn = iota
	orderColumn
	intColumn
	numericColumn
	floatColumn
	textColumn
	boolColumn
)

func windowColumn(i int) *expr.Column {
	return expr.NewColumn(i, value.Of(windowKinds[i]), "c", ast.NoPos)
}

// windowCalls binds the calls under test.
func windowCalls(t *testing.T) []*expr.WindowCall {
	t.Helper()
	b := &expr.Binder{Scope: windowScope{}, Clause: "SELECT", Window: func(*ast.WindowDef) (int, error) { return 0, nil }}
	call := func(name string, filter ast.Expr, args ...ast.Expr) *expr.WindowCall {
		e, err := b.Bind(&ast.FuncCall{Name: []ast.Ident{{Name: name}}, Args: args, Star: len(args) == 0 && name == "count",
			Filter: filter, Over: &ast.WindowDef{}})
		if err != nil {
			t.Fatal(name, err)
		}
		return e.(*expr.WindowCall)
	}
	col := func(name string) ast.Expr { return &ast.ColumnRef{Parts: []ast.Ident{{Name: name}}} }
	num := func(n int64) ast.Expr { return &ast.Const{Kind: ast.Int, Int: n} }
	return []*expr.WindowCall{
		call("row_number", nil), call("rank", nil), call("dense_rank", nil), call("percent_rank", nil), call("cume_dist", nil),
		call("ntile", nil, num(3)), call("lag", nil, col("int")), call("lead", nil, col("text"), num(2)),
		call("lag", nil, col("int"), num(2), num(7)),
		call("first_value", nil, col("text")), call("last_value", nil, col("numeric")), call("nth_value", nil, col("int"), num(2)),
		call("count", nil), call("count", nil, col("int")), call("sum", nil, col("int")), call("avg", nil, col("int")),
		call("sum", nil, col("order")), call("sum", nil, col("numeric")), call("avg", nil, col("numeric")),
		call("sum", nil, col("float")), call("min", nil, col("numeric")), call("max", nil, col("text")),
		call("bool_and", nil, col("bool")), call("bool_or", nil, col("bool")), call("array_agg", nil, col("int")),
		call("stddev", nil, col("int")), call("sum", col("bool"), col("int")), call("max", col("bool"), col("int")),
		call("sum", col("bool"), col("float")),
	}
}

type windowScope struct{}

func (windowScope) Column(ref *ast.ColumnRef) (expr.Expr, error) {
	at := slices.Index([]string{"partition", "order", "int", "numeric", "float", "text", "bool"}, ref.Parts[0].Name)
	return windowColumn(at), nil
}

// TestWindowAgainstDefinition compares windows over random rows and frames with what each frame's definition says,
// row by row.
func TestWindowAgainstDefinition(t *testing.T) {
	calls := windowCalls(t)
	for seed := range uint64(150) {
		g := rand.New(rand.NewPCG(seed, 3))
		n := []int{0, 1, 5, 40, 120}[g.IntN(5)]
		if seed%50 == 0 {
			n = 1500 // more than a batch
		}
		node := &plan.Window{Partition: []*plan.Program{plan.NewProgram(windowColumn(partitionColumn))}}
		key := plan.SortKey{Program: plan.NewProgram(windowColumn(orderColumn)), Desc: g.IntN(2) == 0, NullsFirst: g.IntN(2) == 0}
		if g.IntN(6) > 0 {
			node.Order = []plan.SortKey{key}
		}
		if g.IntN(4) == 0 {
			node.Partition = nil
		}
		rows := randomWindowRows(g, n, len(node.Partition) > 0)
		slices.SortStableFunc(rows, func(a, b []value.Value) int {
			asc := plan.SortKey{}
			c := 0
			if node.Partition != nil {
				c = referenceCompare(&asc, a[partitionColumn], b[partitionColumn])
			}
			if c == 0 && node.Order != nil {
				c = referenceCompare(&key, a[orderColumn], b[orderColumn])
			}
			return c
		})
		var chosen []*expr.WindowCall
		for _, c := range calls {
			if n < 1000 || g.IntN(6) == 0 {
				chosen = append(chosen, c)
				node.Calls = append(node.Calls, plan.WindowCall{Call: c, Frame: randomFrame(g, node)})
			}
		}
		in := &rowsOp{kinds: windowKinds, rows: slices.Clone(rows), step: []int{1, 7, 1024}[g.IntN(3)]}
		got := drain(t, newWindow(&Env{Expr: &expr.Context{}}, in, node))
		if len(got) != len(rows) {
			t.Fatalf("seed %d: %d rows, want %d", seed, len(got), len(rows))
		}
		twin := newWindowTwin(node, rows, key)
		for i := range rows {
			for k, c := range chosen {
				want := twin.value(t, &node.Calls[k], i)
				have := got[i][len(windowKinds)+k]
				if show(have) != show(want) {
					t.Fatalf("seed %d row %d: %s %+v\n got %s\nwant %s", seed, i, c, node.Calls[k].Frame, show(have), show(want))
				}
			}
		}
	}
}

func show(v value.Value) string {
	if v.IsNull() {
		return "NULL"
	}
	return string(value.AppendText(nil, v, value.DefaultStyle()))
}

func randomWindowRows(g *rand.Rand, n int, partitioned bool) [][]value.Value {
	rows := make([][]value.Value, n)
	for i := range rows {
		row := make([]value.Value, len(windowKinds))
		for c, k := range windowKinds {
			switch {
			case g.IntN(8) == 0:
				row[c] = value.Null(k)
			case c == partitionColumn:
				row[c] = value.NewInt(k, int64(g.IntN(5)))
			case c == orderColumn:
				row[c] = value.NewInt(k, int64(g.IntN(20)))
			case k == value.Numeric:
				row[c], _ = value.Parse(value.Of(k), []string{"1", "1.0", "1.00", "-2.5", "3.25", "NaN", "Infinity", "-Infinity",
					"12345678901234567890123.5"}[g.IntN(9)*g.IntN(2)], nil)
			case k == value.Float8:
				row[c] = value.NewFloat([]float64{1e16, 1, -1e16, 0.1, 3}[g.IntN(5)])
			case k == value.Text:
				row[c] = value.NewText(strings.Repeat("x", g.IntN(4)))
			case k == value.Bool:
				row[c] = value.NewBool(g.IntN(3) > 0)
			default:
				row[c] = value.NewInt(k, int64(g.IntN(10)-5))
			}
		}
		rows[i] = row
	}
	return rows
}

// randomFrame returns a frame that the parser and the planner let pass.
func randomFrame(g *rand.Rand, n *plan.Window) plan.Frame {
	for {
		f := plan.Frame{Mode: ast.FrameMode(g.IntN(3)), Start: ast.BoundKind(g.IntN(5)), End: ast.BoundKind(g.IntN(5)),
			Exclude: ast.FrameExclusion(g.IntN(4) * g.IntN(2))}
		offsets := offsetBound(f.Start) || offsetBound(f.End)
		switch {
		case f.Start == ast.UnboundedFollowing, f.End == ast.UnboundedPreceding, f.Start > f.End,
			n.Order == nil && (f.Mode == ast.FrameGroups || f.Mode == ast.FrameRange && offsets):
			continue
		}
		b := &expr.Binder{}
		offset := func() expr.Expr {
			e, bound, err := b.BindRangeOffset(expr.NewConst(value.NewInt(value.Int8, int64(g.IntN(6))), value.Of(value.Int8), ast.NoPos), value.Int8)
			if err != nil {
				panic(err)
			}
			f.Bound = bound
			return e
		}
		if offsetBound(f.Start) {
			f.StartOffset = offset()
		}
		if offsetBound(f.End) {
			f.EndOffset = offset()
		}
		return f
	}
}

func offsetBound(k ast.BoundKind) bool { return k == ast.OffsetPreceding || k == ast.OffsetFollowing }

// windowTwin evaluates windows by the definition of their frames.
type windowTwin struct {
	node *plan.Window
	rows [][]value.Value
	key  plan.SortKey
	// group numbers the groups of peers over all rows; only the differences within a partition count.
	group []int
}

func newWindowTwin(node *plan.Window, rows [][]value.Value, key plan.SortKey) *windowTwin {
	w := &windowTwin{node: node, rows: rows, key: key, group: make([]int, len(rows))}
	for i := 1; i < len(rows); i++ {
		w.group[i] = w.group[i-1]
		if !w.peers(i-1, i) {
			w.group[i]++
		}
	}
	return w
}

func (w *windowTwin) samePartition(a, b int) bool {
	return w.node.Partition == nil || equalValues(w.rows[a][partitionColumn], w.rows[b][partitionColumn])
}

func (w *windowTwin) peers(a, b int) bool {
	return w.node.Order == nil || equalValues(w.rows[a][orderColumn], w.rows[b][orderColumn])
}

func equalValues(a, b value.Value) bool {
	return a.IsNull() == b.IsNull() && (a.IsNull() || value.Compare(a, b) == 0)
}

// distance is how far row j is after row i, in the frame's unit; ok is false when there is no telling because of NULLs.
func (w *windowTwin) distance(mode ast.FrameMode, i, j int) (d int64, ok bool) {
	switch mode {
	case ast.FrameRows:
		return int64(j - i), true
	case ast.FrameGroups:
		return int64(w.group[j] - w.group[i]), true
	}
	a, b := w.rows[i][orderColumn], w.rows[j][orderColumn]
	if a.IsNull() || b.IsNull() {
		return 0, false
	}
	d = b.Int() - a.Int()
	if w.key.Desc {
		d = -d
	}
	return d, true
}

// inFrame says whether row j is in the frame of row i.
func (w *windowTwin) inFrame(f *plan.Frame, i, j int) bool {
	switch {
	case !w.samePartition(i, j),
		f.Exclude == ast.ExcludeCurrentRow && i == j,
		f.Exclude == ast.ExcludeGroup && w.peers(i, j),
		f.Exclude == ast.ExcludeTies && i != j && w.peers(i, j):
		return false
	}
	return w.notBefore(f, i, j) && w.notAfter(f, i, j)
}

func (w *windowTwin) notBefore(f *plan.Frame, i, j int) bool {
	switch f.Start {
	case ast.UnboundedPreceding:
		return true
	case ast.CurrentRow:
		return j >= i || f.Mode != ast.FrameRows && w.peers(i, j)
	}
	k := f.StartOffset.(*expr.Const).Val.Int()
	if f.Start == ast.OffsetPreceding {
		k = -k
	}
	d, ok := w.distance(f.Mode, i, j)
	if !ok { // NULLs: peers only, and what comes after
		return j > i || w.peers(i, j)
	}
	return d >= k
}

func (w *windowTwin) notAfter(f *plan.Frame, i, j int) bool {
	switch f.End {
	case ast.UnboundedFollowing:
		return true
	case ast.CurrentRow:
		return j <= i || f.Mode != ast.FrameRows && w.peers(i, j)
	}
	k := f.EndOffset.(*expr.Const).Val.Int()
	if f.End == ast.OffsetPreceding {
		k = -k
	}
	d, ok := w.distance(f.Mode, i, j)
	if !ok {
		return j < i || w.peers(i, j)
	}
	return d <= k
}

func (w *windowTwin) value(t *testing.T, c *plan.WindowCall, i int) value.Value {
	var partition, frame []int
	for j := range w.rows {
		if w.samePartition(i, j) {
			partition = append(partition, j)
		}
		if w.inFrame(&c.Frame, i, j) {
			frame = append(frame, j)
		}
	}
	if c.Call.Agg != nil {
		return w.aggregate(t, c.Call.Agg, frame)
	}
	at := slices.Index(partition, i)
	before, same, groups := 0, 0, 0
	for k, j := range partition {
		switch {
		case w.peers(i, j):
			same++
		case k < at:
			before++
			if k == 0 || !w.peers(partition[k-1], j) {
				groups++
			}
		}
	}
	n := len(partition)
	arg := func(k, row int) value.Value {
		v, err := expr.Eval(&expr.Context{}, c.Call.Args[k], w.rows[row])
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	pick := func(list []int, k int) value.Value {
		if k < 0 || k >= len(list) {
			return value.Value{}
		}
		return arg(0, list[k])
	}
	switch c.Call.Func.Kind {
	case expr.RowNumber:
		return value.NewInt(value.Int8, int64(at+1))
	case expr.Rank:
		return value.NewInt(value.Int8, int64(before+1))
	case expr.DenseRank:
		return value.NewInt(value.Int8, int64(groups+1))
	case expr.PercentRank:
		return value.NewFloat(float64(before) / float64(max(n-1, 1)))
	case expr.CumeDist:
		return value.NewFloat(float64(before+same) / float64(n))
	case expr.Ntile:
		// The first n%3 buckets have one row more.
		small, larger := n/3, n%3
		if at < larger*(small+1) {
			return value.NewInt(value.Int4, int64(at/(small+1)+1))
		}
		return value.NewInt(value.Int4, int64((at-larger*(small+1))/small+larger+1))
	case expr.Lag, expr.Lead:
		d := 1
		if len(c.Call.Args) > 1 {
			d = int(arg(1, i).Int())
		}
		if c.Call.Func.Kind == expr.Lag {
			d = -d
		}
		if k := at + d; (k < 0 || k >= n) && len(c.Call.Args) > 2 {
			return arg(2, i)
		}
		return pick(partition, at+d)
	case expr.FirstValue:
		return pick(frame, 0)
	case expr.LastValue:
		return pick(frame, len(frame)-1)
	}
	return pick(frame, int(arg(1, i).Int())-1)
}

// aggregate computes an aggregate over some rows at once.
func (w *windowTwin) aggregate(t *testing.T, call *expr.AggCall, frame []int) value.Value {
	agg := expr.NewAggregator(call)
	agg.Grow(1)
	in := &rowsOp{kinds: windowKinds, step: 1024}
	for _, j := range frame {
		in.rows = append(in.rows, w.rows[j])
	}
	var r Rows
	c := &expr.Context{}
	for {
		ok, err := in.Next(t.Context(), &r)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if err := agg.Add(c, &r.Batch, nil, nil, 1); err != nil {
			t.Fatal(err)
		}
	}
	v, err := agg.Result(c, 0)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
