package plan

import (
	"github.com/cachalotdb/cachalot/query/expr"
)

// level is the inside of a subquery, or of a lateral item of a FROM list: what is bound there may name the columns of
// the query around it, and of those around that.
type level struct {
	outer    *scope // of the query around it
	up       *level // that the query around it is in
	captures []capture
	slots    *slots
	binder   *expr.Binder // of the clause that the subquery stands in; nil in a FROM list
}

// capture is a value of the row of the query around a level that is read inside.
type capture struct {
	slot int
	x    expr.Expr // over that query's row
}

// enter begins a level inside a query; leave ends it.
func (b *builder) enter(outer *scope) *level {
	b.level = &level{outer: outer, up: outer.level, slots: b.slots}
	return b.level
}

func (b *builder) leave(back *level) { b.level = back }

// capture returns the slot that stands for an expression over the outer query's row.
func (l *level) capture(x expr.Expr) expr.Expr {
	for _, c := range l.captures {
		if expr.Equal(c.x, x) {
			return expr.NewSlot(c.slot, x.Type(), x.String(), x.Pos())
		}
	}
	c := capture{slot: l.slots.next(), x: x}
	l.captures = append(l.captures, c)
	return expr.NewSlot(c.slot, x.Type(), x.String(), x.Pos())
}

// slots numbers the slots of a statement.
type slots struct{ n int }

func (s *slots) next() int {
	s.n++
	return s.n - 1
}
