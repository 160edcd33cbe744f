package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// compileIn compiles a look-up in a set of constants; a list with other items
// is compared item by item.
func compileIn(e *InList) node {
	if e.set != nil {
		return &inNode{arg: compile(e.Arg), set: e.set, not: e.Not}
	}
	if constantList(e.List) {
		return &inNode{arg: compile(e.Arg), not: e.Not, items: e.List}
	}
	args := append([]Expr{e.Arg}, e.List...)
	return newApplyNode(e, false, e.apply, args...)
}

// constantList says whether the items have one value for a whole statement: parameters, mostly.
func constantList(list []Expr) bool {
	for _, e := range list {
		if !IsConst(e) {
			return false
		}
	}
	return true
}

// apply is IN over values: the operand, then the list.
func (e *InList) apply(_ *Context, a []value.Value) (value.Value, error) {
	if a[0].IsNull() {
		return value.Null(value.Bool), nil
	}
	null := false
	for _, x := range a[1:] {
		if x.IsNull() {
			null = true
		} else if value.Equal(a[0], x) {
			return value.NewBool(!e.Not), nil
		}
	}
	if null {
		return value.Null(value.Bool), nil
	}
	return value.NewBool(e.Not), nil
}

// inNode is a look-up in a set of constants.
type inNode struct {
	arg node
	set *valueSet
	not bool
	// items are what set is made of for each statement, nil when it is fixed.
	items []Expr
	vals  []value.Value

	out      result
	dict     *column.Dict
	verdicts []uint8 // by code: 0 not known, 1 not in the set, 2 in it
}

// operand evaluates the left side, and makes the set that of the context.
func (n *inNode) operand(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	x, err := n.arg.eval(c, in, sel)
	if err != nil || n.items == nil {
		return x, err
	}
	same := n.set != nil
	for i, e := range n.items {
		v, err := e.eval(c, nil)
		if err != nil {
			return nil, err
		}
		if len(n.vals) <= i {
			n.vals = append(n.vals, v)
		} else if n.vals[i] != v {
			n.vals[i], same = v, false
		}
	}
	if !same {
		n.set, n.dict = &valueSet{}, nil
		var buf []byte
		for _, v := range n.vals {
			buf = n.set.put(v, buf)
		}
	}
	return x, nil
}

func (n *inNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	x, err := n.operand(c, in, sel)
	if err != nil {
		return nil, err
	}
	if x.Const {
		v := value.Null(value.Bool)
		if !x.IsNull(0) {
			if found := n.set.has(x.Value(0)); found || !n.set.null {
				v = value.NewBool(found != n.not)
			}
		}
		return n.out.constant(value.Bool, v), nil
	}
	n.begin(x)
	v := n.out.begin(value.Bool, in.N)
	for k, rows := 0, selected(in.N, sel); k < rows; k++ {
		i := rowAt(sel, k)
		if x.Nulls != nil && x.Nulls[i] {
			n.out.null(i, in.N)
			continue
		}
		found := n.has(x, i)
		v.I[i] = 0
		switch {
		case !found && n.set.null:
			n.out.null(i, in.N)
		case found != n.not:
			v.I[i] = 1
		}
	}
	return v, nil
}

func (n *inNode) filter(c *Context, in *column.Batch, sel []int32, want bool, dst []int32) ([]int32, error) {
	x, err := n.operand(c, in, sel)
	if err != nil {
		return nil, err
	}
	wantFound := want != n.not
	if !wantFound && n.set.null {
		return dst, nil // not found is NULL then
	}
	if x.Const {
		if !x.IsNull(0) && n.set.has(x.Value(0)) == wantFound {
			return appendRows(dst, in.N, sel), nil
		}
		return dst, nil
	}
	n.begin(x)
	for k, rows := 0, selected(in.N, sel); k < rows; k++ {
		i := rowAt(sel, k)
		if (x.Nulls == nil || !x.Nulls[i]) && n.has(x, i) == wantFound {
			dst = append(dst, int32(i))
		}
	}
	return dst, nil
}

// begin makes the memo that of x's dictionary.
func (n *inNode) begin(x *column.Vec) {
	if x.Codes == nil {
		return
	}
	if n.dict != x.Dict {
		n.dict = x.Dict
		clear(n.verdicts)
	}
	for size := x.Dict.Len(); len(n.verdicts) < size; {
		n.verdicts = append(n.verdicts, 0)
	}
}

// has says whether value i, which is not NULL, is in the set.
func (n *inNode) has(x *column.Vec, i int) bool {
	switch {
	case x.Codes != nil:
		code := x.Codes[i]
		if n.verdicts[code] == 0 {
			n.verdicts[code] = 1
			if n.set.has(x.Value(i)) {
				n.verdicts[code] = 2
			}
		}
		return n.verdicts[code] == 2
	case x.Kind.Rep() == value.RepInt:
		return n.set.hasInt(x.I[i])
	}
	return n.set.has(x.Value(i))
}
