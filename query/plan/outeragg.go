package plan

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
)

// aggregating returns what a binder calls before it binds an aggregate's arguments. That returns what it calls with
// the bound call: it answers with what stands for the call when it belongs to a query further out, else with nil.
//
// An aggregate belongs to the innermost query whose columns it reads, as the standard has it. When that is not the one
// that it stands in, it is computed there and reaches its place like a column of that query.
func (b *builder) aggregating(x *expr.Binder) func() func(*expr.AggCall) (expr.Expr, error) {
	return func() func(*expr.AggCall) (expr.Expr, error) {
		var marks []int
		for l := b.level; l != nil; l = l.up {
			marks = append(marks, len(l.captures))
		}
		if b.aggregatesOpen == nil {
			b.aggregatesOpen = map[*expr.Binder]int{}
		}
		b.aggregatesOpen[x]++
		return func(call *expr.AggCall) (expr.Expr, error) {
			b.aggregatesOpen[x]--
			return b.outerAggregate(call, marks)
		}
	}
}

// outerAggregate puts an aggregate that reads only columns of queries further out into the innermost of them. marks
// are how many values each level had captured before the call was bound.
func (b *builder) outerAggregate(call *expr.AggCall, marks []int) (expr.Expr, error) {
	read := map[int]bool{}
	local := false
	expr.Walk(call, func(e expr.Expr) bool {
		switch e := e.(type) {
		case *expr.Column:
			local = true
		case *expr.Slot:
			read[e.Index] = true
		case *expr.Subquery:
			local = local || len(e.Plan.Outer()) > 0
		}
		return !local
	})
	if local || len(read) == 0 {
		return nil, nil
	}
	for l, i := b.level, 0; l != nil; l, i = l.up, i+1 {
		if !l.owns(read) {
			continue
		}
		if err := b.aggregateAllowed(l, call); err != nil {
			return nil, err
		}
		lifted := expr.Rewrite(call, func(e expr.Expr) expr.Expr {
			if s, ok := e.(*expr.Slot); ok {
				for _, c := range l.captures {
					if c.slot == s.Index {
						return expr.AtPos(c.x, s.Pos())
					}
				}
			}
			return e
		})
		l.captures = l.captures[:marks[i]] // what only the call's arguments captured
		return l.capture(lifted), nil
	}
	return nil, nil
}

// owns says whether one of some slots is set from the row of the query around the level.
func (l *level) owns(slots map[int]bool) bool {
	for _, c := range l.captures {
		if slots[c.slot] {
			return true
		}
	}
	return false
}

// aggregateAllowed refuses an aggregate of the query around a level where the subquery stands in a clause
// that can have none.
func (b *builder) aggregateAllowed(l *level, call *expr.AggCall) error {
	refuse := func(format string, args ...any) error {
		return sqlerr.New(sqlerr.GroupingError, format, args...).At(call.Pos())
	}
	switch {
	case l.binder == nil:
		return refuse("aggregate functions are not allowed in FROM clause of their own query level")
	case b.aggregatesOpen[l.binder] > 0:
		return refuse("aggregate function calls cannot be nested")
	case !l.binder.Aggregates:
		return refuse("aggregate functions are not allowed in %s", l.binder.Clause)
	}
	return nil
}
