package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// caseNode is CASE: each result is evaluated for the rows whose condition chose it.
type caseNode struct {
	kind           value.Kind
	conds, results []node
	els            node

	out  result
	open [2][]int32
	hit  []int32
}

func newCaseNode(e *Case) node {
	return &caseNode{kind: e.typ.Kind, conds: compileList(e.Conds), results: compileList(e.Results), els: compile(e.Else)}
}

func (n *caseNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	n.out.begin(n.kind, in.N)
	left := sel
	for a, cond := range n.conds {
		if a > 0 && len(left) == 0 {
			return &n.out.vec, nil
		}
		var err error
		if n.hit, err = filterNode(cond, c, in, left, true, n.hit[:0]); err != nil {
			return nil, err
		}
		if len(n.hit) > 0 {
			v, err := n.results[a].eval(c, in, n.hit)
			if err != nil {
				return nil, err
			}
			n.out.copyFrom(v, in.N, n.hit)
		}
		n.open[a&1] = subtract(n.open[a&1][:0], in.N, left, n.hit)
		left = n.open[a&1]
	}
	if len(n.conds) > 0 && len(left) == 0 {
		return &n.out.vec, nil
	}
	v, err := n.els.eval(c, in, left)
	if err != nil {
		return nil, err
	}
	n.out.copyFrom(v, in.N, left)
	return &n.out.vec, nil
}

// coalesceNode is COALESCE: each operand is evaluated for the rows where those before it are NULL.
type coalesceNode struct {
	kind value.Kind
	args []node

	out  result
	open [2][]int32
	some []int32
}

func newCoalesceNode(e *Coalesce) node {
	return &coalesceNode{kind: e.typ.Kind, args: compileList(e.Args)}
}

func (n *coalesceNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	n.out.begin(n.kind, in.N)
	left := sel
	for a, arg := range n.args {
		if a > 0 && len(left) == 0 {
			break
		}
		v, err := arg.eval(c, in, left)
		if err != nil {
			return nil, err
		}
		if a == 0 && v.Nulls == nil {
			return v, nil
		}
		last := a == len(n.args)-1
		n.some, n.open[a&1] = n.some[:0], n.open[a&1][:0]
		for k, rows := 0, selected(in.N, left); k < rows; k++ {
			i := rowAt(left, k)
			if v.IsNull(i) && !last {
				n.open[a&1] = append(n.open[a&1], int32(i))
			} else {
				n.some = append(n.some, int32(i))
			}
		}
		if len(n.some) > 0 {
			n.out.copyFrom(v, in.N, n.some)
		}
		left = n.open[a&1]
	}
	return &n.out.vec, nil
}
