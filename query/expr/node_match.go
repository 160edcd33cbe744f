package expr

import (
	"github.com/cachalotdb/cachalot/internal/are"
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
)

// matchNode is LIKE, ILIKE or a regular expression. The last pattern stays compiled, and what
// it says of each code of a dictionary is remembered.
type matchNode struct {
	op   matchOp
	l, r node

	out      result
	pattern  string
	like     *likePattern
	regex    *are.Regexp
	dict     *column.Dict
	verdicts []uint8 // by code: 0 not known, 1 no match, 2 match
}

func newMatchNode(e *Call) *matchNode {
	n := &matchNode{l: compile(e.Args[0]), r: compile(e.Args[1])}
	for _, m := range matchOps {
		if m.op == e.Func.Op {
			n.op = m
		}
	}
	return n
}

// use makes pattern the compiled one.
func (n *matchNode) use(c *Context, pattern string) error {
	if (n.like != nil || n.regex != nil) && n.pattern == pattern {
		return nil
	}
	n.dict, n.like, n.regex = nil, nil, nil
	var err error
	if n.op.regex {
		n.regex, err = c.regexp(pattern, are.Flags{FoldCase: n.op.fold})
	} else {
		n.like = compileLike(pattern, n.op.fold)
	}
	n.pattern = pattern
	return err
}

func (n *matchNode) matches(s string) (bool, error) {
	if n.regex != nil {
		return matchRegexp(n.regex, s)
	}
	return n.like.match(s)
}

// verdict says whether string i of v matches.
func (n *matchNode) verdict(v *column.Vec, i int) (bool, error) {
	if v.Codes == nil || v.Const {
		return n.matches(stringAt(v, i))
	}
	if n.dict != v.Dict {
		n.dict = v.Dict
		clear(n.verdicts)
	}
	for size := v.Dict.Len(); len(n.verdicts) < size; {
		n.verdicts = append(n.verdicts, 0)
	}
	code := v.Codes[i]
	if n.verdicts[code] == 0 {
		ok, err := n.matches(v.Dict.String(code))
		if err != nil {
			return false, err
		}
		n.verdicts[code] = 1
		if ok {
			n.verdicts[code] = 2
		}
	}
	return n.verdicts[code] == 2, nil
}

// each calls f with each selected row where no operand is NULL, and whether it matches.
func (n *matchNode) each(c *Context, in *column.Batch, sel []int32, f func(i int, ok bool), null func(i int)) error {
	l, err := n.l.eval(c, in, sel)
	if err != nil {
		return err
	}
	r, err := n.r.eval(c, in, sel)
	if err != nil {
		return err
	}
	ready := false
	for k, rows := 0, selected(in.N, sel); k < rows; k++ {
		i := rowAt(sel, k)
		if l.IsNull(i) || r.IsNull(i) {
			null(i)
			continue
		}
		if !ready {
			if err := n.use(c, stringAt(r, i)); err != nil {
				return err
			}
			ready = r.Const
		}
		ok, err := n.verdict(l, i)
		if err != nil {
			return err
		}
		f(i, ok != n.op.negate)
	}
	return nil
}

func (n *matchNode) eval(c *Context, in *column.Batch, sel []int32) (*column.Vec, error) {
	v := n.out.begin(value.Bool, in.N)
	err := n.each(c, in, sel, func(i int, ok bool) {
		v.I[i] = 0
		if ok {
			v.I[i] = 1
		}
	}, func(i int) { n.out.null(i, in.N) })
	return v, err
}

func (n *matchNode) filter(c *Context, in *column.Batch, sel []int32, want bool, dst []int32) ([]int32, error) {
	err := n.each(c, in, sel, func(i int, ok bool) {
		if ok == want {
			dst = append(dst, int32(i))
		}
	}, func(int) {})
	return dst, err
}
