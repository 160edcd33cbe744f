package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// filterNode keeps the selected rows for which n is want; see filter. The result is
// never nil, which would mean all rows where it is used as a selection.
func filterNode(n node, c *Context, in *column.Batch, sel []int32, want bool, dst []int32) ([]int32, error) {
	if dst == nil {
		dst = make([]int32, 0, column.BatchRows)
	}
	if f, ok := n.(filter); ok {
		return f.filter(c, in, sel, want, dst)
	}
	v, err := n.eval(c, in, sel)
	if err != nil {
		return nil, err
	}
	return filterVec(v, in.N, sel, want, dst), nil
}

// filterVec keeps the selected rows of a boolean vector that are want.
func filterVec(v *column.Vec, n int, sel []int32, want bool, dst []int32) []int32 {
	if v.Const {
		if v.IsNull(0) || (v.I[0] != 0) != want {
			return dst
		}
		return appendRows(dst, n, sel)
	}
	for k, rows := 0, selected(n, sel); k < rows; k++ {
		i := rowAt(sel, k)
		if (v.I[i] != 0) == want && (v.Nulls == nil || !v.Nulls[i]) {
			dst = append(dst, int32(i))
		}
	}
	return dst
}

// appendRows appends all selected rows.
func appendRows(dst []int32, n int, sel []int32) []int32 {
	if sel != nil {
		return append(dst, sel...)
	}
	for i := range n {
		dst = append(dst, int32(i))
	}
	return dst
}

// subtract appends the rows of sel (nil: all of n) that are not in minus, which is a part of it.
// The result may be nil when it is empty.
func subtract(dst []int32, n int, sel, minus []int32) []int32 {
	m := 0
	for k, rows := 0, selected(n, sel); k < rows; k++ {
		i := int32(rowAt(sel, k))
		if m < len(minus) && minus[m] == i {
			m++
			continue
		}
		dst = append(dst, i)
	}
	return dst
}

// merge appends the union of two ascending lists without common rows.
func merge(dst, a, b []int32) []int32 {
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			dst, a = append(dst, a[0]), a[1:]
		} else {
			dst, b = append(dst, b[0]), b[1:]
		}
	}
	return append(append(dst, a...), b...)
}

// andOrNode is AND or OR. An operand is evaluated for the rows that the ones before it
// do not decide: those not FALSE for AND, those not TRUE for OR.
type andOrNode struct {
	args     []node
	deciding bool // true: OR, decided by TRUE

	out     result
	open    [2][]int32 // rows not decided yet
	decided []int32
	union   [2][]int32
}

func (n *andOrNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	v := n.out.begin(value.Bool, in.N)
	settled, open := int64(0), int64(1)
	if n.deciding {
		settled, open = 1, 0
	}
	for k, rows := 0, selected(in.N, sel); k < rows; k++ {
		v.I[rowAt(sel, k)] = open
	}
	left := sel
	for a, arg := range n.args {
		if a > 0 && len(left) == 0 {
			break
		}
		x, err := arg.eval(c, in, left)
		if err != nil {
			return nil, err
		}
		next := n.open[a&1][:0]
		for k, rows := 0, selected(in.N, left); k < rows; k++ {
			i := rowAt(left, k)
			at := i
			if x.Const {
				at = 0
			}
			switch {
			case x.Nulls != nil && x.Nulls[at]:
				n.out.null(i, in.N)
				next = append(next, int32(i))
			case (x.I[at] != 0) == n.deciding:
				v.I[i] = settled
				if v.Nulls != nil {
					v.Nulls[i] = false
				}
			default:
				next = append(next, int32(i))
			}
		}
		n.open[a&1] = next
		left = next
	}
	return v, nil
}

// filter narrows the rows operand by operand when all have to be want, and
// otherwise unites the rows where one is.
func (n *andOrNode) filter(c *Context, in *column.Batch, sel []int32, want bool, dst []int32) ([]int32, error) {
	if want == n.deciding {
		return n.filterAny(c, in, sel, want, dst)
	}
	left := sel
	for a, arg := range n.args {
		if a > 0 && len(left) == 0 {
			return dst, nil
		}
		next, err := filterNode(arg, c, in, left, want, n.open[a&1][:0])
		if err != nil {
			return nil, err
		}
		// A row that is NULL here is out: unlike eval, later operands do not see it.
		n.open[a&1], left = next, next
	}
	return append(dst, left...), nil
}

func (n *andOrNode) filterAny(c *Context, in *column.Batch, sel []int32, want bool, dst []int32) ([]int32, error) {
	left := sel
	united := n.union[1][:0]
	for a, arg := range n.args {
		if a > 0 && len(left) == 0 {
			break
		}
		var err error
		if n.decided, err = filterNode(arg, c, in, left, want, n.decided[:0]); err != nil {
			return nil, err
		}
		if a == 0 {
			united = append(united, n.decided...)
		} else {
			n.union[0] = merge(n.union[0][:0], united, n.decided)
			n.union[0], n.union[1] = united, n.union[0]
			united = n.union[1]
		}
		if a+1 < len(n.args) {
			n.open[a&1] = subtract(n.open[a&1][:0], in.N, left, n.decided)
			left = n.open[a&1]
		}
	}
	n.union[1] = united
	return append(dst, united...), nil
}

// notNode is NOT.
type notNode struct {
	arg node
	out result
}

func (n *notNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	x, err := n.arg.eval(c, in, sel)
	if err != nil {
		return nil, err
	}
	if x.Const {
		if x.IsNull(0) {
			return x, nil
		}
		return n.out.constant(value.Bool, value.NewBool(x.I[0] == 0)), nil
	}
	v := n.out.begin(value.Bool, in.N)
	v.Nulls = x.Nulls
	for k, rows := 0, selected(in.N, sel); k < rows; k++ {
		i := rowAt(sel, k)
		v.I[i] = x.I[i] ^ 1
		if v.Nulls != nil && v.Nulls[i] {
			v.I[i] = 0
		}
	}
	return v, nil
}

func (n *notNode) filter(c *Context, in *column.Batch, sel []int32, want bool, dst []int32) ([]int32, error) {
	return filterNode(n.arg, c, in, sel, !want, dst)
}

// nullTestNode is IS [NOT] NULL.
type nullTestNode struct {
	arg node
	not bool
	out result
}

func (n *nullTestNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	x, err := n.arg.eval(c, in, sel)
	if err != nil {
		return nil, err
	}
	if x.Const || x.Nulls == nil {
		return n.out.constant(value.Bool, value.NewBool(x.IsNull(0) != n.not)), nil
	}
	v := n.out.begin(value.Bool, in.N)
	for k, rows := 0, selected(in.N, sel); k < rows; k++ {
		i := rowAt(sel, k)
		v.I[i] = 0
		if x.Nulls[i] != n.not {
			v.I[i] = 1
		}
	}
	return v, nil
}

func (n *nullTestNode) filter(c *Context, in *column.Batch, sel []int32, want bool, dst []int32) ([]int32, error) {
	x, err := n.arg.eval(c, in, sel)
	if err != nil {
		return nil, err
	}
	wantNull := want != n.not
	if x.Const || x.Nulls == nil {
		if x.IsNull(0) == wantNull {
			return appendRows(dst, in.N, sel), nil
		}
		return dst, nil
	}
	for k, rows := 0, selected(in.N, sel); k < rows; k++ {
		if i := rowAt(sel, k); x.Nulls[i] == wantNull {
			dst = append(dst, int32(i))
		}
	}
	return dst, nil
}
