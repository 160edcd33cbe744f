package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// cmpOp is a comparison operator.
type cmpOp uint8

const (
	opEQ cmpOp = iota
	opNE
	opLT
	opLE
	opGT
	opGE
)

var cmpOps = map[string]cmpOp{"=": opEQ, "<>": opNE, "<": opLT, "<=": opLE, ">": opGT, ">=": opGE}

// not returns the operator that is true where o is false.
func (o cmpOp) not() cmpOp { return [...]cmpOp{opNE, opEQ, opGE, opGT, opLE, opLT}[o] }

// swapped returns the operator for exchanged operands.
func (o cmpOp) swapped() cmpOp { return [...]cmpOp{opEQ, opNE, opGT, opGE, opLT, opLE}[o] }

// holds says whether the operator accepts Compare's answer.
func (o cmpOp) holds(c int) bool {
	switch o {
	case opEQ:
		return c == 0
	case opNE:
		return c != 0
	case opLT:
		return c < 0
	case opLE:
		return c <= 0
	case opGT:
		return c > 0
	}
	return c >= 0
}

// compareNode is a comparison of two operands of one representation.
type compareNode struct {
	op   cmpOp
	l, r node

	out     result
	hits    []int32
	present []int32 // selected rows where neither operand is NULL
	mapped  [2][]int64
	memo    compareMemo
}

func newCompareNode(op string, _ value.Kind, l, r node) *compareNode {
	return &compareNode{op: cmpOps[op], l: l, r: r}
}

func (n *compareNode) operands(c *Context, in *column.Batch, sel []int32) (l, r *column.Vec, err error) {
	if l, err = n.l.eval(c, in, sel); err != nil {
		return nil, nil, err
	}
	r, err = n.r.eval(c, in, sel)
	return l, r, err
}

func (n *compareNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	l, r, err := n.operands(c, in, sel)
	if err != nil {
		return nil, err
	}
	if l.Const && r.Const {
		x := value.Null(value.Bool)
		if !l.IsNull(0) && !r.IsNull(0) {
			x = value.NewBool(n.op.holds(value.Compare(l.Value(0), r.Value(0))))
		}
		return n.out.constant(value.Bool, x), nil
	}
	v := n.out.begin(value.Bool, in.N)
	if l.Const && l.IsNull(0) || r.Const && r.IsNull(0) {
		return n.out.constant(value.Bool, value.Null(value.Bool)), nil
	}
	clear(v.I)
	if l.Nulls != nil || r.Nulls != nil {
		nulls := n.out.withNulls(in.N)
		for i := range nulls {
			nulls[i] = !l.Const && l.Nulls != nil && l.Nulls[i] || !r.Const && r.Nulls != nil && r.Nulls[i]
		}
	}
	n.hits = n.compare(l, r, in.N, sel, n.op, n.hits[:0])
	for _, i := range n.hits {
		v.I[i] = 1
	}
	return v, nil
}

func (n *compareNode) filter(c *Context, in *column.Batch, sel []int32, want bool, dst []int32) ([]int32, error) {
	l, r, err := n.operands(c, in, sel)
	if err != nil {
		return nil, err
	}
	op := n.op
	if !want {
		op = op.not()
	}
	return n.compare(l, r, in.N, sel, op, dst), nil
}

// compare appends the selected rows for which l op r is true.
func (n *compareNode) compare(l, r *column.Vec, rows int, sel []int32, op cmpOp, dst []int32) []int32 {
	if l.Const {
		if r.Const {
			if !l.IsNull(0) && !r.IsNull(0) && op.holds(value.Compare(l.Value(0), r.Value(0))) {
				return appendRows(dst, rows, sel)
			}
			return dst
		}
		l, r, op = r, l, op.swapped()
	}
	if r.Const && r.IsNull(0) {
		return dst
	}
	sel = n.notNull(l, rows, sel)
	if !r.Const {
		sel = n.notNull(r, rows, sel)
	}
	switch l.Kind.Rep() {
	case value.RepInt:
		if r.Const {
			return filterRange(l.I, rangeOf(op, r.I[0]), rows, sel, dst)
		}
		return filterPairs(l.I, r.I, op, rows, sel, dst)
	case value.RepFloat:
		a := n.ordered(0, l.F, rows, sel)
		if r.Const {
			return filterRange(a, rangeOf(op, orderedFloat(r.F[0])), rows, sel, dst)
		}
		return filterPairs(a, n.ordered(1, r.F, rows, sel), op, rows, sel, dst)
	case value.RepNumeric:
		return filterNumeric(l, r, op, rows, sel, dst)
	}
	if bytesAreValue(l.Kind) {
		return n.filterStrings(l, r, op, rows, sel, dst)
	}
	for k, count := 0, selected(rows, sel); k < count; k++ {
		i := rowAt(sel, k)
		if op.holds(value.Compare(l.Value(i), r.Value(i))) {
			dst = append(dst, int32(i))
		}
	}
	return dst
}

// notNull returns the selected rows where v is not NULL.
func (n *compareNode) notNull(v *column.Vec, rows int, sel []int32) []int32 {
	if v.Nulls == nil {
		return sel
	}
	out := n.present[:0] // in place when sel is already n.present
	if sel == nil && cap(out) == 0 {
		out = make([]int32, 0, column.BatchRows)
	}
	for k, count := 0, selected(rows, sel); k < count; k++ {
		if i := rowAt(sel, k); !v.Nulls[i] {
			out = append(out, int32(i))
		}
	}
	n.present = out
	if out == nil {
		out = []int32{} // not nil: that would be all rows
	}
	return out
}

func (n *compareNode) ordered(which int, f []float64, rows int, sel []int32) []int64 {
	n.mapped[which] = sized(n.mapped[which], rows)
	out := n.mapped[which]
	for k, count := 0, selected(rows, sel); k < count; k++ {
		i := rowAt(sel, k)
		out[i] = orderedFloat(f[i])
	}
	return out
}
