package exec

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// rowsOp yields rows of values in batches of a few.
type rowsOp struct {
	kinds []value.Kind
	rows  [][]value.Value
	batch column.Batch
	step  int
}

func (o *rowsOp) Next(_ context.Context, r *Rows) (bool, error) {
	if len(o.rows) == 0 {
		return false, nil
	}
	n := min(len(o.rows), o.step)
	o.batch.Reset(o.kinds)
	for _, row := range o.rows[:n] {
		o.batch.AppendRow(row)
	}
	o.rows = o.rows[n:]
	r.set(&o.batch, nil)
	return true, nil
}

func (o *rowsOp) Close() {}

// drain reads all rows of an operator.
func drain(t *testing.T, op Operator) [][]value.Value {
	t.Helper()
	var out [][]value.Value
	var r Rows
	for {
		ok, err := op.Next(context.Background(), &r)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			op.Close()
			return out
		}
		if r.Count() == 0 {
			t.Fatal("an empty batch")
		}
		for i := range r.Count() {
			out = append(out, r.Row(nil, r.at(i)))
		}
	}
}

// randomValue is a value of a kind, often equal to others, sometimes NULL.
func randomValue(g *rand.Rand, k value.Kind) value.Value {
	if g.IntN(10) == 0 {
		return value.Null(k)
	}
	switch k {
	case value.Float8:
		return value.NewFloat([]float64{0, math.Copysign(0, -1), 1.5, -1.5, math.NaN(), math.Inf(1), math.Inf(-1), 1e300}[g.IntN(8)])
	case value.Numeric:
		if g.IntN(20) == 0 {
			v, _ := value.Parse(value.Of(value.Numeric), "123456789012345678901234567890.5", nil)
			return v
		}
		v, _ := value.Parse(value.Of(value.Numeric), fmt.Sprintf("%d.%0*d", g.IntN(40)-20, 1+g.IntN(3), g.IntN(10)), nil)
		return v
	case value.Text:
		return value.NewText([]string{"", "a", "ab", "abcdefgh", "abcdefghi", "abcdefgh\x00", "b", "\xff"}[g.IntN(8)])
	case value.Bool:
		return value.NewBool(g.IntN(2) == 0)
	}
	return value.NewInt(k, []int64{0, 1, -1, 5, math.MaxInt64, math.MinInt64, 4}[g.IntN(7)])
}

// TestSorterAgainstSliceSort compares sorts of random rows by random keys with a stable sort of the
// values, with and without limit, over batches of several sizes.
func TestSorterAgainstSliceSort(t *testing.T) {
	g := rand.New(rand.NewPCG(1, 2))
	types := []value.Kind{value.Int8, value.Float8, value.Numeric, value.Text, value.Bool, value.Timestamp}
	for round := range 60 {
		ks := []value.Kind{types[g.IntN(len(types))], types[g.IntN(len(types))], value.Int8}
		n := []int{0, 1, 100, 3000, 20000}[g.IntN(5)]
		in := &rowsOp{kinds: ks, step: []int{1, 7, 1024}[g.IntN(3)]}
		if in.step == 1 {
			n = min(n, 3000)
		}
		for i := range n {
			in.rows = append(in.rows, []value.Value{randomValue(g, ks[0]), randomValue(g, ks[1]), value.NewInt(value.Int8, int64(i))})
		}
		var keys []plan.SortKey
		for i := range 1 + g.IntN(2) {
			keys = append(keys, plan.SortKey{
				Program: plan.NewProgram(expr.NewColumn(i, value.Of(ks[i]), "c", -1)),
				Desc:    g.IntN(2) == 0, NullsFirst: g.IntN(2) == 0,
			})
		}
		limit := []int64{-1, 0, 3, 500}[g.IntN(4)]
		want := slices.Clone(in.rows)
		slices.SortStableFunc(want, func(a, b []value.Value) int {
			for i, k := range keys {
				if c := referenceCompare(&k, a[i], b[i]); c != 0 {
					return c
				}
			}
			return 0
		})
		if limit >= 0 && int64(len(want)) > limit {
			want = want[:limit]
		}
		got := drain(t, newSorter(&Env{Expr: &expr.Context{}}, in, keys, limit))
		if len(got) != len(want) {
			t.Fatalf("round %d: %d rows, want %d", round, len(got), len(want))
		}
		for i := range got {
			if got[i][2] != want[i][2] {
				t.Fatalf("round %d: row %d is %v, want %v (keys %v of %v)", round, i, got[i], want[i], keys, ks)
			}
		}
	}
}

func referenceCompare(k *plan.SortKey, a, b value.Value) int {
	if a.IsNull() || b.IsNull() {
		c := cmp.Compare(rank(a.IsNull(), k.NullsFirst), rank(b.IsNull(), k.NullsFirst))
		return c
	}
	if k.Desc {
		return value.Compare(b, a)
	}
	return value.Compare(a, b)
}

func rank(null, first bool) int {
	switch {
	case !null:
		return 1
	case first:
		return 0
	}
	return 2
}

func TestSortStaysInBudget(t *testing.T) {
	rows := func() *rowsOp {
		in := &rowsOp{kinds: []value.Kind{value.Int8}, step: 1024}
		for i := range 20000 {
			in.rows = append(in.rows, []value.Value{value.NewInt(value.Int8, int64(i*7919%20000))})
		}
		return in
	}
	keys := []plan.SortKey{{Program: plan.NewProgram(expr.NewColumn(0, value.Of(value.Int8), "c", -1))}}
	budget := &Budget{Limit: 500_000}
	s := newSorter(&Env{Expr: &expr.Context{}, Budget: budget}, rows(), keys, -1)
	var r Rows
	if _, err := s.Next(context.Background(), &r); sqlerr.Code(err) != sqlerr.OutOfMemory {
		t.Errorf("a sort of everything: %v", err)
	}
	s.Close()
	if got := drain(t, newSorter(&Env{Expr: &expr.Context{}, Budget: budget}, rows(), keys, 10)); len(got) != 10 {
		t.Errorf("the first 10: %d rows", len(got))
	}
	if left := budget.used.Load(); left != 0 {
		t.Errorf("%d bytes were not given back", left)
	}
}

// TestMergeKeepsOrder merges sorted inputs; equal rows come in the order of the inputs.
func TestMergeKeepsOrder(t *testing.T) {
	g := rand.New(rand.NewPCG(3, 4))
	keys := []plan.SortKey{{Program: plan.NewProgram(expr.NewColumn(0, value.Of(value.Int8), "c", -1)), Desc: true, NullsFirst: true}}
	var in []Operator
	total := 0
	for i := range 5 {
		op := &rowsOp{kinds: []value.Kind{value.Int8, value.Int8}, step: 10}
		n := []int{0, 1, 50, 2000, 3000}[i]
		for range n {
			op.rows = append(op.rows, []value.Value{value.NewInt(value.Int8, g.Int64N(100)), value.NewInt(value.Int8, int64(i))})
		}
		slices.SortStableFunc(op.rows, func(a, b []value.Value) int { return value.Compare(b[0], a[0]) })
		in = append(in, op)
		total += n
	}
	got := drain(t, newMerge(&Env{Expr: &expr.Context{}}, in, keys))
	if len(got) != total {
		t.Fatalf("%d rows, want %d", len(got), total)
	}
	for i := 1; i < len(got); i++ {
		c := value.Compare(got[i-1][0], got[i][0])
		if c < 0 || c == 0 && got[i-1][1].Int() > got[i][1].Int() {
			t.Fatalf("row %d: %v after %v", i, got[i], got[i-1])
		}
	}
}
