package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/invariant"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// compile makes the vectorised form of an expression. Operators without a form of
// their own are applied value by value to the vectors of their operands.
func compile(e Expr) node {
	switch e := e.(type) {
	case *Const:
		return newConstNode(e.Val)
	case *Column:
		return columnNode(e.Index)
	case *Param:
		return &paramNode{expr: e}
	case *Slot:
		return &slotNode{slot: e}
	case *Subquery:
		return newSubqueryNode(e)
	case *Logic:
		return compileLogic(e)
	case *NullTest:
		return &nullTestNode{arg: compile(e.Arg), not: e.Not}
	case *Case:
		return newCaseNode(e)
	case *Coalesce:
		return newCoalesceNode(e)
	case *InList:
		return compileIn(e)
	case *Contains:
		return newApplyNode(e, true, e.apply, e.Arg, e.Elem)
	case *Cast:
		return compileCast(e)
	case *InDomain:
		return newApplyNode(e, false, e.apply, e.Arg)
	case *Call:
		return compileCall(e)
	case *BoolTest:
		return newApplyNode(e, false, e.apply, e.Arg)
	case *Distinct:
		return newApplyNode(e, false, e.apply, e.Left, e.Right)
	case *AnyAll:
		return newApplyNode(e, false, func(c *Context, a []value.Value) (value.Value, error) {
			return e.apply(c, a[0], a[1])
		}, e.Left, e.Array)
	case *MinMax:
		return newApplyNode(e, false, e.apply, e.Args...)
	case *Row:
		return newApplyNode(e, false, e.apply, e.operands()...)
	case *RowField:
		return newApplyNode(e, false, e.apply, e.Arg)
	case *RowNullTest:
		return newApplyNode(e, false, e.apply, e.Arg)
	case *ArrayCtor:
		return newApplyNode(e, false, e.apply, e.Elems...)
	case *Subscript:
		return newApplyNode(e, true, e.apply, e.operands()...)
	case *Slice:
		return newApplyNode(e, true, e.apply, e.operands()...)
	case *ArraySet:
		return newApplyNode(e, false, e.apply, e.operands()...)
	case *JSONSubscript:
		return newApplyNode(e, e.Val == nil, e.apply, e.operands()...)
	}
	invariant.Violated("expression %T cannot be compiled", e)
	return nil
}

func compileLogic(e *Logic) node {
	args := compileList(e.Args)
	if e.Op == ast.Not {
		return &notNode{arg: args[0]}
	}
	return &andOrNode{args: args, deciding: e.Op == ast.Or}
}

func compileList(list []Expr) []node {
	nodes := make([]node, len(list))
	for i, e := range list {
		nodes[i] = compile(e)
	}
	return nodes
}

func compileCast(e *Cast) node {
	from, to := kindOf(e.Arg), e.typ.Kind
	switch {
	case e.relabels():
		return &relabelNode{arg: compile(e.Arg), kind: to}
	case to == value.Numeric && e.typ.Mod == -1 && from.Rep() == value.RepInt && from != value.Bool:
		return &intToNumericNode{arg: compile(e.Arg)}
	case to == value.Float8 && from.Rep() == value.RepInt && from != value.Bool:
		return &intToFloatNode{arg: compile(e.Arg)}
	}
	return newApplyNode(e, true, func(c *Context, a []value.Value) (value.Value, error) { return e.apply(c, a[0]) }, e.Arg)
}

func compileCall(e *Call) node {
	k := value.Unknown
	if len(e.Args) > 0 {
		k = kindOf(e.Args[0])
	}
	switch e.Func.kernel {
	case compareKernel:
		return newCompareNode(e.Func.Op, k, compile(e.Args[0]), compile(e.Args[1]))
	case addKernel, subKernel, mulKernel:
		return newArithNode(e)
	case likeKernel:
		return newMatchNode(e)
	}
	return newApplyNode(e, e.Func.Strict, e.apply, e.Args...)
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

// paramNode is a parameter.
type paramNode struct {
	expr *Param
	vec  column.Vec
}

func (n *paramNode) eval(c *Context, _ *column.Batch, _ []int32) (*column.Vec, error) {
	v, err := n.expr.eval(c, nil)
	if err != nil {
		return nil, err
	}
	n.vec.SetConst(v.WithKind(n.expr.typ.Kind))
	return &n.vec, nil
}
