package exec

import (
	"testing"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// TestAggregateStaysInBudget groups more rows than there is memory for, and gives back what it took when it ends.
func TestAggregateStaysInBudget(t *testing.T) {
	group := func(rows int, budget *Budget) error {
		ks := []value.Kind{value.Int8, value.Text}
		in := &rowsOp{kinds: ks, step: 1024}
		for i := range rows {
			in.rows = append(in.rows, []value.Value{value.NewInt(value.Int8, int64(i)), value.NewText("x")})
		}
		keys := []*plan.Program{plan.NewProgram(expr.NewColumn(0, value.Of(ks[0]), "a", ast.NoPos)),
			plan.NewProgram(expr.NewColumn(1, value.Of(ks[1]), "b", ast.NoPos))}
		n := &plan.Aggregate{Keys: keys, Sets: [][]int{{0, 1}, {0}, {}}}
		op := newAggregate(&Env{Expr: &expr.Context{}, Budget: budget}, []Operator{in}, n)
		defer op.Close()
		var r Rows
		for {
			ok, err := op.Next(t.Context(), &r)
			if !ok || err != nil {
				return err
			}
		}
	}
	budget := &Budget{Limit: 1 << 20}
	if e := sqlerr.As(group(50_000, budget)); e == nil || e.Code != sqlerr.OutOfMemory {
		t.Errorf("the error is %v, want 53200", e)
	}
	for range 100 {
		if err := group(500, budget); err != nil {
			t.Fatal(err)
		}
	}
	if used := budget.used.Load(); used != 0 {
		t.Errorf("%d bytes are not given back", used)
	}
}
