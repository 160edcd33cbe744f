package expr

import (
	"slices"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// applyNode computes a function value by value over the vectors of its operands.
//
// An immutable function of one dictionary vector and constants is computed once
// per code; see codeMemo.
type applyNode struct {
	kind   value.Kind
	strict bool
	fn     impl
	stable bool // the same arguments give the same value within a statement
	fixed  bool // ... and for ever
	args   []node

	vecs []*column.Vec
	vals []value.Value
	memo *codeMemo
	out  result
}

// newApplyNode returns a node for an expression that applies fn to the values of args. With
// strict the result is NULL where an argument is.
func newApplyNode(e Expr, strict bool, fn impl, args ...Expr) *applyNode {
	n := &applyNode{kind: kindOf(e), strict: strict, fn: fn, stable: true, fixed: true, args: compileList(args)}
	switch e := e.(type) {
	case *Call:
		n.fixed = e.Func.Volatility == Immutable
		n.stable = e.Func.Volatility <= Stable
	case *Cast:
		n.fixed = castVolatility(kindOf(e.Arg), e.typ.Kind) == Immutable
	}
	n.vecs = make([]*column.Vec, len(args))
	n.vals = make([]value.Value, len(args))
	return n
}

func (n *applyNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	constant := n.stable
	var dict *column.Vec
	for i, a := range n.args {
		v, err := a.eval(c, in, sel)
		if err != nil {
			return nil, err
		}
		n.vecs[i] = v
		if v.Const {
			n.vals[i] = v.Value(0)
			continue
		}
		constant = false
		if v.Codes != nil && dict == nil {
			dict = v
		} else {
			dict = nil
		}
	}
	if constant {
		if selected(in.N, sel) == 0 {
			return n.out.constant(n.kind, value.Null(n.kind)), nil
		}
		x, err := n.value(c)
		return n.out.constant(n.kind, x), err
	}
	n.out.begin(n.kind, in.N)
	if dict != nil && n.fixed && n.varying() == 1 {
		return &n.out.vec, n.evalCodes(c, dict, in.N, sel)
	}
	for k, rows := 0, selected(in.N, sel); k < rows; k++ {
		i := rowAt(sel, k)
		for j, v := range n.vecs {
			if !v.Const {
				n.vals[j] = v.Value(i)
			}
		}
		x, err := n.value(c)
		if err != nil {
			return nil, err
		}
		n.out.set(i, in.N, x)
	}
	return &n.out.vec, nil
}

// varying returns how many operands are not constant.
func (n *applyNode) varying() int {
	count := 0
	for _, v := range n.vecs {
		if !v.Const {
			count++
		}
	}
	return count
}

// value computes the function of vals.
func (n *applyNode) value(c *Context) (value.Value, error) {
	if n.strict {
		for _, v := range n.vals {
			if v.IsNull() {
				return value.Null(n.kind), nil
			}
		}
	}
	return n.fn(c, n.vals)
}

// codeMemo keeps what a node computed for the codes of one dictionary and the
// constants it was computed with.
type codeMemo struct {
	dict   *column.Dict
	consts []value.Value // NULL at the place of the dictionary operand
	known  []bool
	values []value.Value
}

// maxMemoCodes bounds a memo: 33 bytes a code.
const maxMemoCodes = 1 << 16

func (n *applyNode) evalCodes(c *Context, dict *column.Vec, rows int, sel []int32) error {
	at := 0
	for j, v := range n.vecs {
		if !v.Const {
			at = j
			n.vals[j] = value.Value{}
		}
	}
	m := n.memo
	if m == nil || m.dict != dict.Dict || !slices.Equal(m.consts, n.vals) {
		m = &codeMemo{dict: dict.Dict, consts: append([]value.Value(nil), n.vals...)}
		n.memo = m
	}
	size := min(dict.Dict.Len(), maxMemoCodes)
	for len(m.known) < size {
		m.known = append(m.known, false)
		m.values = append(m.values, value.Value{})
	}
	for k, count := 0, selected(rows, sel); k < count; k++ {
		i := rowAt(sel, k)
		null := dict.Nulls != nil && dict.Nulls[i]
		code := dict.Codes[i]
		if !null && int(code) < len(m.known) && m.known[code] {
			n.out.set(i, rows, m.values[code])
			continue
		}
		n.vals[at] = dict.Value(i)
		x, err := n.value(c)
		if err != nil {
			return err
		}
		if !null && int(code) < len(m.known) {
			m.known[code], m.values[code] = true, x
		}
		n.out.set(i, rows, x)
	}
	return nil
}
