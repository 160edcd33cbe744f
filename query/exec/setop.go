package exec

import (
	"context"

	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// setOperation is INTERSECT and EXCEPT: it counts the right side's rows, then goes through the left side's. Rows are
// equal as in DISTINCT: NULLs are.
type setOperation struct {
	left, right Operator
	except, all bool
	table       *groupTable
	budget      *Budget
	taken       int64
	counts      []int64 // of right rows by group
	given       []bool  // groups that have been yielded, without ALL
	built       bool
	sel         []int32
}

func newSetOperation(env *Env, n *plan.SetOp, left, right Operator) *setOperation {
	return &setOperation{left: left, right: right, except: n.Op == ast.Except, all: n.All,
		table: newGroupTable(kinds(n.Types())), budget: env.Budget}
}

// build counts the right side's rows.
func (s *setOperation) build(ctx context.Context) error {
	var r Rows
	for {
		ok, err := s.right.Next(ctx, &r)
		if err != nil || !ok {
			return err
		}
		groups := s.groups(&r)
		forRows(r.N, r.Sel, func(row int) { s.counts[groups[row]]++ })
		if err := s.charge(); err != nil {
			return err
		}
	}
}

// groups numbers the rows by their values.
func (s *setOperation) groups(r *Rows) []uint32 {
	groups := s.table.add(r.Vecs, r.N, r.Sel)
	for len(s.counts) < s.table.n {
		s.counts = append(s.counts, 0)
		s.given = append(s.given, false)
	}
	return groups
}

func (s *setOperation) charge() error {
	now := s.table.bytes() + int64(9*len(s.counts))
	err := s.budget.take(now - s.taken)
	s.taken = now
	return err
}

func (s *setOperation) Next(ctx context.Context, r *Rows) (bool, error) {
	if !s.built {
		s.built = true
		if err := s.build(ctx); err != nil {
			return false, err
		}
	}
	for {
		ok, err := s.left.Next(ctx, r)
		if !ok || err != nil {
			return false, err
		}
		groups := s.groups(r)
		out := s.sel[:0]
		forRows(r.N, r.Sel, func(row int) {
			if s.keeps(groups[row]) {
				out = append(out, int32(row))
			}
		})
		s.sel = out
		if err := s.charge(); err != nil {
			return false, err
		}
		if len(out) > 0 {
			r.Sel = out
			return true, nil
		}
	}
}

// keeps says whether a left row of a group is yielded.
func (s *setOperation) keeps(g uint32) bool {
	if !s.all {
		if s.given[g] || (s.counts[g] > 0) == s.except {
			return false
		}
		s.given[g] = true
		return true
	}
	if s.counts[g] > 0 { // a right row for this one
		s.counts[g]--
		return !s.except
	}
	return s.except
}

func (s *setOperation) Close() {
	s.budget.give(s.taken)
	s.left.Close()
	s.right.Close()
}

func (b *builder) setOp(n *plan.SetOp) (*tree, error) {
	left, err := b.build(n.Left, -1)
	if err != nil {
		return nil, err
	}
	right, err := b.build(n.Right, -1)
	if err != nil {
		left.close()
		return nil, err
	}
	t := &tree{touched: left.touched + right.touched}
	if n.Op == ast.Union {
		t.ops = []Operator{&concat{in: []Operator{b.single(left), b.single(right)}}}
		t.rows = left.rows + right.rows
		return b.wrap(t, b.step("Append"), n, left, right), nil
	}
	t.ops = []Operator{newSetOperation(b.env, n, b.single(left), b.single(right))}
	t.rows = left.rows / 2
	name := "HashSetOp Intersect"
	if n.Op == ast.Except {
		name = "HashSetOp Except"
	}
	if n.All {
		name += " All"
	}
	return b.wrap(t, b.step(name), n, left, right), nil
}
