package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// compile makes the vectorised form of an expression. What has no form of its own
// is interpreted row by row.
func compile(e Expr) node {
	switch e := e.(type) {
	case *Const:
		return newConstNode(e.Val)
	case *Column:
		return columnNode(e.Index)
	}
	return newRowNode(e)
}

// constNode is a constant.
type constNode struct{ vec column.Vec }

func newConstNode(v value.Value) *constNode {
	n := &constNode{}
	n.vec.SetConst(v)
	return n
}

func (n *constNode) eval(*Context, *column.Batch, []int32) (*column.Vec, error) { return &n.vec, nil }

// columnNode is a column of the batch.
type columnNode int

func (n columnNode) eval(_ *Context, in *column.Batch, _ []int32) (*column.Vec, error) {
	return &in.Vecs[n], nil
}

// rowNode interprets an expression row by row.
type rowNode struct {
	expr    Expr
	columns []int // that it reads
	row     []value.Value
	out     column.Vec
}

func newRowNode(e Expr) *rowNode {
	n := &rowNode{expr: e}
	size := 0
	seen := map[int]bool{}
	Columns(e, func(i int) {
		if !seen[i] {
			seen[i] = true
			n.columns = append(n.columns, i)
			size = max(size, i+1)
		}
	})
	n.row = make([]value.Value, size)
	return n
}

func (n *rowNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	if len(n.columns) == 0 && IsConst(n.expr) {
		v, err := n.expr.eval(c, nil)
		if err != nil && count(in, sel) == 0 {
			v, err = value.Null(kindOf(n.expr)), nil
		}
		n.out.SetConst(v)
		return &n.out, err
	}
	prepare(&n.out, kindOf(n.expr), in.N)
	err := eachRow(in, sel, func(i int) error {
		for _, k := range n.columns {
			n.row[k] = in.Vecs[k].Value(i)
		}
		v, err := n.expr.eval(c, n.row)
		store(&n.out, i, v)
		return err
	})
	return &n.out, err
}

// count returns the number of selected rows.
func count(in *column.Batch, sel []int32) int {
	if sel == nil {
		return in.N
	}
	return len(sel)
}

// eachRow calls f for each selected row until it fails.
func eachRow(in *column.Batch, sel []int32, f func(i int) error) error {
	if sel == nil {
		for i := range in.N {
			if err := f(i); err != nil {
				return err
			}
		}
		return nil
	}
	for _, i := range sel {
		if err := f(int(i)); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes v a vec of n values of a kind, without NULLs and otherwise with
// anything in its slices.
func prepare(v *column.Vec, k value.Kind, n int) {
	v.Kind, v.Const, v.Nulls, v.Codes, v.Dict = k, false, nil, nil, nil
	switch k.Rep() {
	case value.RepInt:
		v.I = sized(v.I, n)
	case value.RepFloat:
		v.F = sized(v.F, n)
	case value.RepNumeric:
		v.I = sized(v.I, n)
		v.S = nil
	default:
		v.S = sized(v.S, n)
	}
}

func sized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, max(n, column.BatchRows))
	}
	return s[:n]
}

// store sets value i of a prepared vec.
func store(v *column.Vec, i int, x value.Value) {
	if x.IsNull() {
		setNull(v, i)
		return
	}
	switch v.Kind.Rep() {
	case value.RepInt:
		v.I[i] = x.Int()
	case value.RepFloat:
		v.F[i] = x.Float()
	case value.RepNumeric:
		v.I[i] = x.Int()
		if value.IsWide(x.Int()) {
			if v.S == nil {
				v.S = make([]string, len(v.I))
			}
			v.S[i] = x.Bytes()
		}
	default:
		v.S[i] = x.Bytes()
	}
}

// setNull makes value i of a prepared vec NULL.
func setNull(v *column.Vec, i int) {
	n := max(len(v.I), len(v.F), len(v.S))
	if v.Nulls == nil {
		v.Nulls = make([]bool, n)
	}
	v.Nulls[i] = true
	switch v.Kind.Rep() {
	case value.RepInt, value.RepNumeric:
		v.I[i] = 0
	case value.RepFloat:
		v.F[i] = 0
	default:
		v.S[i] = ""
	}
}

// filterNode keeps the selected rows for which n is want.
func filterNode(n node, c *Context, in *column.Batch, sel []int32, want bool, dst []int32) ([]int32, error) {
	if f, ok := n.(filter); ok {
		return f.filter(c, in, sel, want, dst)
	}
	v, err := n.eval(c, in, sel)
	if err != nil {
		return nil, err
	}
	_ = eachRow(in, sel, func(i int) error {
		k := i
		if v.Const {
			k = 0
		}
		if (v.Nulls == nil || !v.Nulls[k]) && (v.I[k] != 0) == want {
			dst = append(dst, int32(i))
		}
		return nil
	})
	return dst, nil
}
