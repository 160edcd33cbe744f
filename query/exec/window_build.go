package exec

import (
	"github.com/cachalotdb/cachalot/query/plan"
)

// window makes the operator of window functions.
func (b *builder) window(n *plan.Window) (*tree, error) {
	in, err := b.build(n.In, -1)
	if err != nil {
		return nil, err
	}
	t := &tree{rows: in.rows, touched: in.touched}
	t.ops = []Operator{newWindow(b.env, b.single(in), n)}
	return b.wrap(t, b.step("WindowAgg"), n, in), nil
}
