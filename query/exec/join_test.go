package exec

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/parse"
)

// joinSide is the random input of a join: some key columns, then an int4 and a text.
type joinSide struct {
	kinds []value.Kind
	rows  [][]value.Value
}

func randomSide(g *rand.Rand, keys []value.Kind, n int) joinSide {
	s := joinSide{kinds: append(slices.Clone(keys), value.Int4, value.Text)}
	for range n {
		var row []value.Value
		for _, k := range s.kinds {
			row = append(row, randomValue(g, k))
		}
		s.rows = append(s.rows, row)
	}
	return s
}

func (s *joinSide) types() []value.Type {
	var out []value.Type
	for _, k := range s.kinds {
		out = append(out, value.Of(k))
	}
	return out
}

// operators cuts the side into fragments.
func (s *joinSide) operators(g *rand.Rand) []Operator {
	var ops []Operator
	rest := s.rows
	for range g.IntN(3) {
		n := g.IntN(len(rest) + 1)
		ops = append(ops, &rowsOp{kinds: s.kinds, rows: rest[:n], step: 1 + g.IntN(40)})
		rest = rest[n:]
	}
	return append(ops, &rowsOp{kinds: s.kinds, rows: rest, step: 1 + g.IntN(1024)})
}

func columnOf(kinds []value.Kind, i int) expr.Expr {
	return expr.NewColumn(i, value.Of(kinds[i]), fmt.Sprintf("c%d", i), ast.NoPos)
}

// bindOver binds a condition over columns named c0, c1, ...
func bindOver(t *testing.T, kinds []value.Kind, text string) expr.Expr {
	t.Helper()
	list, err := parse.Parse("select "+text, parse.Options{})
	if err != nil {
		t.Fatal(err)
	}
	target := list[0].Stmt.(*ast.SelectStmt).Targets[0].Expr
	b := &expr.Binder{Scope: columnScope(kinds), Params: expr.NewParamTypes(nil), Style: value.DefaultStyle()}
	e, err := b.Bind(target)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

type columnScope []value.Kind

func (s columnScope) Column(ref *ast.ColumnRef) (expr.Expr, error) {
	var i int
	if _, err := fmt.Sscanf(ref.Parts[0].Name, "c%d", &i); err != nil {
		return nil, err
	}
	return columnOf(s, i), nil
}

// naive is the result of a join by its definition.
func naive(t *testing.T, kind plan.JoinKind, left, right *joinSide, keys int, rest expr.Expr) []string {
	t.Helper()
	var out []string
	seen := make([]bool, len(right.rows))
	show := func(l, r []value.Value) {
		row := append(slices.Clone(l), r...)
		out = append(out, showRow(row))
	}
	nulls := func(s *joinSide) []value.Value {
		var row []value.Value
		for _, k := range s.kinds {
			row = append(row, value.Null(k))
		}
		return row
	}
	for _, l := range left.rows {
		hit := false
		for j, r := range right.rows {
			ok := true
			for k := range keys {
				ok = ok && !l[k].IsNull() && !r[k].IsNull() && value.Compare(l[k], r[k]) == 0
			}
			if ok && rest != nil {
				v, err := expr.Eval(&expr.Context{}, rest, append(slices.Clone(l), r...))
				if err != nil {
					t.Fatal(err)
				}
				ok = !v.IsNull() && v.Bool()
			}
			if !ok {
				continue
			}
			hit, seen[j] = true, true
			if kind != plan.SemiJoin && kind != plan.AntiJoin {
				show(l, r)
			}
		}
		switch {
		case kind == plan.SemiJoin && hit, kind == plan.AntiJoin && !hit:
			show(l, nil)
		case !hit && (kind == plan.LeftJoin || kind == plan.FullJoin):
			show(l, nulls(right))
		}
	}
	if kind == plan.RightJoin || kind == plan.FullJoin {
		for j, r := range right.rows {
			if !seen[j] {
				show(nulls(left), r)
			}
		}
	}
	slices.Sort(out)
	return out
}

func showRow(row []value.Value) string {
	var b strings.Builder
	for _, v := range row {
		if v.IsNull() {
			b.WriteString("NULL|")
		} else {
			b.WriteString(string(value.AppendText(nil, v, value.DefaultStyle())) + "|")
		}
	}
	return b.String()
}

func drainShown(t *testing.T, ops []Operator) []string {
	t.Helper()
	var out []string
	for _, row := range drain(t, &concat{in: ops}) {
		out = append(out, showRow(row))
	}
	slices.Sort(out)
	return out
}

var joinKinds = []plan.JoinKind{plan.InnerJoin, plan.LeftJoin, plan.RightJoin, plan.FullJoin, plan.SemiJoin, plan.AntiJoin}

// TestHashJoin compares hash joins of all kinds, keys and shapes with the definition of a join.
func TestHashJoin(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 2))
	pairs := [][2]value.Kind{{value.Int4, value.Int8}, {value.Int4, value.Int4}, {value.Text, value.Text}, {value.Text, value.Varchar},
		{value.Float8, value.Float8}, {value.Numeric, value.Numeric}, {value.Date, value.Date}}
	sizes := []int{0, 1, 3, 30, 200}
	for round := range 300 {
		var lk, rk []value.Kind
		for range g.IntN(4) {
			p := pairs[g.IntN(len(pairs))]
			lk, rk = append(lk, p[0]), append(rk, p[1])
		}
		if round%3 == 0 {
			lk, rk = []value.Kind{value.Int8}, []value.Kind{value.Int4}
		}
		left, right := randomSide(g, lk, sizes[g.IntN(len(sizes))]), randomSide(g, rk, sizes[g.IntN(len(sizes))])
		if len(lk) == 1 && lk[0] == value.Int8 && g.IntN(2) == 0 {
			spreadKeys(g, &left, &right)
		}
		s := &hashSpec{kind: joinKinds[g.IntN(len(joinKinds))], leftTypes: left.types(), rightTypes: right.types(), buildLeft: g.IntN(2) == 0}
		for i := range lk {
			s.leftKeys = append(s.leftKeys, plan.NewProgram(columnOf(left.kinds, i)))
			s.rightKeys = append(s.rightKeys, plan.NewProgram(columnOf(right.kinds, i)))
		}
		var rest expr.Expr
		if g.IntN(2) == 0 {
			both := append(slices.Clone(left.kinds), right.kinds...)
			rest = bindOver(t, both, fmt.Sprintf("c%d < c%d", len(lk), len(left.kinds)+len(rk)))
			s.rest = []*plan.Program{plan.NewProgram(rest)}
		}
		name := fmt.Sprintf("round %d: kind %d, keys %v = %v, %d x %d rows, rest %v, build left %v", round, s.kind, lk, rk,
			len(left.rows), len(right.rows), rest != nil, s.buildLeft)
		got := drainShown(t, newHashJoin(&Env{Expr: &expr.Context{}}, s, left.operators(g), right.operators(g), 1))
		want := naive(t, s.kind, &left, &right, len(lk), rest)
		if !slices.Equal(got, want) {
			t.Fatalf("%s: %d rows, want %d\ngot  %.500v\nwant %.500v", name, len(got), len(want), got, want)
		}
	}
}

// spreadKeys makes the integer keys lie far apart, so that they are not looked up in an array.
func spreadKeys(g *rand.Rand, sides ...*joinSide) {
	far := int64(1) << (20 + g.IntN(30))
	for _, s := range sides {
		for _, row := range s.rows {
			if k := s.kinds[0]; !row[0].IsNull() && k == value.Int8 {
				row[0] = value.NewInt(k, row[0].Int()*far)
			}
		}
	}
}

// TestHashJoinYieldsSomeColumns checks that only the wanted columns come, in their order.
func TestHashJoinYieldsSomeColumns(t *testing.T) {
	g := rand.New(rand.NewPCG(3, 4))
	left, right := randomSide(g, []value.Kind{value.Int4}, 50), randomSide(g, []value.Kind{value.Int4}, 50)
	for _, kind := range joinKinds[:4] {
		s := &hashSpec{kind: kind, leftTypes: left.types(), rightTypes: right.types(),
			leftKeys: []*plan.Program{plan.NewProgram(columnOf(left.kinds, 0))}, rightKeys: []*plan.Program{plan.NewProgram(columnOf(right.kinds, 0))}}
		all := drain(t, &concat{in: newHashJoin(&Env{Expr: &expr.Context{}}, s, left.operators(g), right.operators(g), 1)})
		s.cols = []int{5, 1}
		some := drain(t, &concat{in: newHashJoin(&Env{Expr: &expr.Context{}}, s, left.operators(g), right.operators(g), 1)})
		var want, got []string
		for _, row := range all {
			want = append(want, showRow([]value.Value{row[5], row[1]}))
		}
		for _, row := range some {
			got = append(got, showRow(row))
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("kind %d: %v, want %v", kind, got, want)
		}
	}
}

// TestHashJoinParallel runs fragments side by side and compares with one after another, order included.
func TestHashJoinParallel(t *testing.T) {
	for seed := range uint64(20) {
		for _, kind := range joinKinds {
			run := func(workers int) []string {
				g := rand.New(rand.NewPCG(seed, 6))
				left, right := randomSide(g, []value.Kind{value.Int8}, 300), randomSide(g, []value.Kind{value.Int4}, 200)
				s := &hashSpec{kind: kind, leftTypes: left.types(), rightTypes: right.types(), buildLeft: seed%2 == 0,
					leftKeys: []*plan.Program{plan.NewProgram(columnOf(left.kinds, 0))}, rightKeys: []*plan.Program{plan.NewProgram(columnOf(right.kinds, 0))}}
				ops := newHashJoin(&Env{Expr: &expr.Context{}}, s, left.operators(g), right.operators(g), workers)
				var op Operator = &concat{in: ops}
				if workers > 1 {
					op = &gather{in: ops, workers: workers}
				}
				var out []string
				for _, row := range drain(t, op) {
					out = append(out, showRow(row))
				}
				return out
			}
			if one, many := run(1), run(4); !slices.Equal(one, many) {
				t.Fatalf("seed %d, kind %d: %d rows side by side, %d one after another, or another order", seed, kind, len(many), len(one))
			}
		}
	}
}

// TestHashJoinBudget checks that the inner side stays within the statement's memory and gives it back.
func TestHashJoinBudget(t *testing.T) {
	g := rand.New(rand.NewPCG(7, 8))
	left, right := randomSide(g, []value.Kind{value.Int8}, 10), randomSide(g, []value.Kind{value.Int8}, 5000)
	budget := &Budget{Limit: 50_000}
	s := &hashSpec{leftTypes: left.types(), rightTypes: right.types(),
		leftKeys: []*plan.Program{plan.NewProgram(columnOf(left.kinds, 0))}, rightKeys: []*plan.Program{plan.NewProgram(columnOf(right.kinds, 0))}}
	op := &concat{in: newHashJoin(&Env{Expr: &expr.Context{}, Budget: budget}, s, left.operators(g), right.operators(g), 1)}
	var r Rows
	if _, err := op.Next(context.Background(), &r); err == nil || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("error %v, want out of memory", err)
	}
	op.Close()
	if n := budget.used.Load(); n != 0 {
		t.Errorf("%d bytes are not given back", n)
	}
}
