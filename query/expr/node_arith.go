package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// arithNode is +, - or * of integers, float8s or numerics.
type arithNode struct {
	call *Call
	op   kernel
	kind value.Kind
	l, r node

	out  result
	vals [2]value.Value
}

func newArithNode(e *Call) *arithNode {
	return &arithNode{call: e, op: e.Func.kernel, kind: e.typ.Kind, l: compile(e.Args[0]), r: compile(e.Args[1])}
}

func (n *arithNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	l, err := n.l.eval(c, in, sel)
	if err != nil {
		return nil, err
	}
	r, err := n.r.eval(c, in, sel)
	if err != nil {
		return nil, err
	}
	if l.Const && l.IsNull(0) || r.Const && r.IsNull(0) || selected(in.N, sel) == 0 {
		return n.out.constant(n.kind, value.Null(n.kind)), nil
	}
	if l.Const && r.Const {
		n.vals[0], n.vals[1] = l.Value(0), r.Value(0)
		x, err := n.call.Func.fn(c, n.vals[:])
		return n.out.constant(n.kind, x), err
	}
	v := n.out.begin(n.kind, in.N)
	n.unite(l, r, in.N)
	switch n.kind.Rep() {
	case value.RepInt:
		return v, n.ints(v, l, r, in.N, sel)
	case value.RepFloat:
		return v, n.floats(v, l, r, in.N, sel)
	}
	return v, n.numerics(c, v, l, r, in.N, sel)
}

// unite makes the result NULL where an operand is.
func (n *arithNode) unite(l, r *column.Vec, rows int) {
	a, b := l.Nulls, r.Nulls
	if l.Const {
		a = nil
	}
	if r.Const {
		b = nil
	}
	switch {
	case a == nil:
		n.out.vec.Nulls = b
	case b == nil:
		n.out.vec.Nulls = a
	default:
		nulls := n.out.withNulls(rows)
		for i := range nulls {
			nulls[i] = a[i] || b[i]
		}
	}
}

// stride is 0 for a constant: i & stride is then always its only place.
func stride(v *column.Vec) int {
	if v.Const {
		return 0
	}
	return -1
}

func (n *arithNode) ints(out, l, r *column.Vec, rows int, sel []int32) error {
	ls, rs := stride(l), stride(r)
	op := addInt
	switch n.op {
	case subKernel:
		op = subInt
	case mulKernel:
		op = mulInt
	}
	a, b := l.I, r.I
	for k, count := 0, selected(rows, sel); k < count; k++ {
		i := rowAt(sel, k)
		x, ok := op(a[i&ls], b[i&rs])
		if !ok || !fits(n.kind, x) {
			if out.Nulls != nil && out.Nulls[i] {
				x, ok = 0, true
			}
			if !ok || !fits(n.kind, x) {
				return intRangeError(n.kind)
			}
		}
		out.I[i] = x
	}
	if out.Nulls != nil {
		zeroNulls(out.I, out.Nulls, rows, sel)
	}
	return nil
}

// zeroNulls puts the zero that a NULL's place must hold.
func zeroNulls[T int64 | float64](v []T, nulls []bool, rows int, sel []int32) {
	for k, count := 0, selected(rows, sel); k < count; k++ {
		if i := rowAt(sel, k); nulls[i] {
			v[i] = 0
		}
	}
}

func (n *arithNode) floats(out, l, r *column.Vec, rows int, sel []int32) error {
	ls, rs := stride(l), stride(r)
	for k, count := 0, selected(rows, sel); k < count; k++ {
		i := rowAt(sel, k)
		a, b := l.F[i&ls], r.F[i&rs]
		var x float64
		switch n.op {
		case addKernel:
			x = a + b
		case subKernel:
			x = a - b
		default:
			x = a * b
		}
		// Infinite or zero results are checked by the plain implementation.
		if x-x != 0 || x == 0 {
			if out.Nulls != nil && out.Nulls[i] {
				continue
			}
			n.vals[0], n.vals[1] = value.NewFloat(a), value.NewFloat(b)
			v, err := n.call.Func.fn(nil, n.vals[:])
			if err != nil {
				return err
			}
			x = v.Float()
		}
		out.F[i] = x
	}
	if out.Nulls != nil {
		zeroNulls(out.F, out.Nulls, rows, sel)
	}
	return nil
}

func (n *arithNode) numerics(c *Context, out, l, r *column.Vec, rows int, sel []int32) error {
	ls, rs := stride(l), stride(r)
	op := value.AddWords
	switch n.op {
	case subKernel:
		op = value.SubWords
	case mulKernel:
		op = value.MulWords
	}
	for k, count := 0, selected(rows, sel); k < count; k++ {
		i := rowAt(sel, k)
		if out.Nulls != nil && out.Nulls[i] {
			out.I[i] = 0
			continue
		}
		if w, ok := op(l.I[i&ls], r.I[i&rs]); ok {
			out.I[i] = w
			continue
		}
		n.vals[0], n.vals[1] = l.Value(i), r.Value(i)
		x, err := n.call.Func.fn(c, n.vals[:])
		if err != nil {
			return err
		}
		n.out.set(i, rows, x)
	}
	return nil
}
