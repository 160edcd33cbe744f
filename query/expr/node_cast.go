package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// relabelNode gives a vector another kind of the same stored values.
type relabelNode struct {
	arg  node
	kind value.Kind
	vec  column.Vec
}

func (n *relabelNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	v, err := n.arg.eval(c, in, sel)
	if err != nil {
		return nil, err
	}
	n.vec = *v // shares the slices
	n.vec.Kind = n.kind
	return &n.vec, nil
}

// intToNumericNode is the cast of an integer to numeric.
type intToNumericNode struct {
	arg node
	out result
}

func (n *intToNumericNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	x, err := n.arg.eval(c, in, sel)
	if err != nil {
		return nil, err
	}
	if x.Const {
		v := value.Null(value.Numeric)
		if !x.IsNull(0) {
			v = value.NumericFromInt(x.I[0])
		}
		return n.out.constant(value.Numeric, v), nil
	}
	v := n.out.begin(value.Numeric, in.N)
	for k, rows := 0, selected(in.N, sel); k < rows; k++ {
		i := rowAt(sel, k)
		w, ok := value.PackNumeric(x.I[i], 0)
		if !ok {
			n.out.set(i, in.N, value.NumericFromInt(x.I[i]))
			continue
		}
		v.I[i] = w
	}
	v.Nulls = x.Nulls
	return v, nil
}

// intToFloatNode is the cast of an integer to float8.
type intToFloatNode struct {
	arg node
	out result
}

func (n *intToFloatNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	x, err := n.arg.eval(c, in, sel)
	if err != nil {
		return nil, err
	}
	if x.Const {
		v := value.Null(value.Float8)
		if !x.IsNull(0) {
			v = value.NewFloat(float64(x.I[0]))
		}
		return n.out.constant(value.Float8, v), nil
	}
	v := n.out.begin(value.Float8, in.N)
	for k, rows := 0, selected(in.N, sel); k < rows; k++ {
		i := rowAt(sel, k)
		v.F[i] = float64(x.I[i])
	}
	v.Nulls = x.Nulls
	return v, nil
}
