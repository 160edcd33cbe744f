package exec

import (
	"context"
	"math"
	"strings"

	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// lateralRows is how many rows a lateral member is taken to give for each left row.
const lateralRows = 10

// joinGroup joins the members of a group in the order and by the methods that are the cheapest for this execution. want is how
// many rows will be asked for at most in the order of keys, if there are any; negative for all.
func (b *builder) joinGroup(n *plan.JoinGroup, keys []plan.SortKey, want float64) (*tree, error) {
	j := &joinBuilder{builder: b, members: make([]*tree, len(n.Members)), used: make([]bool, len(n.Members))}
	in := make([]plan.JoinInput, len(n.Members))
	for i, m := range n.Members {
		in[i] = plan.JoinInput{Rows: lateralRows, Total: lateralRows, Cost: 1000, Parts: 1}
		if len(m.Slots) > 0 {
			continue
		}
		t, err := b.apart().build(m.Node, -1)
		if err != nil {
			j.closeUnused()
			return nil, err
		}
		j.members[i] = t
		in[i] = plan.JoinInput{Rows: t.rows, Total: math.Max(t.rows, t.total), Cost: t.touched * touchCost, Parts: len(t.ops)}
		if m.Alt != nil {
			in[i].Run = b.runCost(m.Alt, t)
		}
	}
	step := n.Choose(in, distincts{b}, b.env.Avoid)
	ordered := false
	if keys != nil && want >= 0 {
		if s := n.ChooseOrdered(in, distincts{b}, b.env.Avoid, step, want); s != nil {
			var err error
			if ordered, err = j.walk(n.Order, want); err != nil {
				j.closeUnused()
				return nil, err
			}
			if ordered {
				step = s
			}
		}
	}
	t, err := j.physical(n.Arrange(step), step)
	j.closeUnused()
	if err == nil && ordered {
		t.sorted = keys
	}
	return t, err
}

// walk makes the tree of the member that has the order of the group one whose rows come in that, and says whether it could.
func (j *joinBuilder) walk(o *plan.JoinOrder, want float64) (bool, error) {
	b := j.apart()
	b.env.Avoid.Sort = true // another access has no order
	t, err := b.scan(o.Scan, want)
	if err != nil {
		return false, err
	}
	if t.sorted == nil {
		t.close()
		return false, nil
	}
	t.ops, t.sorted = []Operator{b.single(t)}, nil
	j.members[o.Member].close()
	j.members[o.Member] = t
	return true, nil
}

// apart returns a builder for a part of the tree that another goroutine may run than the one that runs the rest.
func (b *builder) apart() *builder {
	env := *b.env
	env.Expr = env.Expr.Clone()
	return &builder{env: &env, refine: true}
}

// runCost estimates what it costs to run a member once for a row of those before it, in nanoseconds; t is the tree that makes
// it for all rows.
func (b *builder) runCost(alt *plan.JoinAlt, t *tree) float64 {
	const start = 30_000 // to make the operators
	if alt.Scan == nil {
		return start + t.touched*touchCost
	}
	tv := b.env.View.Table(alt.Scan.Table.OID)
	rows := float64(tv.EstimateRows())
	others := math.Max(0, t.touched-rows) * touchCost
	if found, ok := plan.FoundByIndex(alt.Scan, alt.Nums, rows, distincts{b}); ok {
		return start + others + found*300
	}
	return start + others + rows*touchCost/2
}

// touchCost is about what it costs to read a row, in nanoseconds.
const touchCost = 12

// distincts implements plan.Distincts for one execution.
type distincts struct{ *builder }

func (d distincts) Distinct(s *plan.Scan, num int16) float64 {
	return plan.DistinctValues(d.env.View.Table(s.Table.OID), num)
}

// joinBuilder makes the operators of one group.
type joinBuilder struct {
	*builder
	members []*tree
	used    []bool
}

// closeUnused releases the members that are not read as they are.
func (j *joinBuilder) closeUnused() {
	for i, t := range j.members {
		if t != nil && !j.used[i] {
			t.close()
		}
	}
}

// physical makes the operators of a join. Trees that it was given or has made are closed when it fails.
func (j *joinBuilder) physical(p *plan.PhysicalJoin, s *plan.JoinStep) (*tree, error) {
	if p.Member != nil {
		j.used[s.Member] = true
		return j.finish(j.members[s.Member], p), nil
	}
	left, err := j.physical(p.Left, s.Left)
	if err != nil {
		return nil, err
	}
	var t *tree
	switch p.Method {
	case plan.IndexJoin:
		t = j.seek(p, s, left)
	case plan.LateralRun:
		t, err = j.lateral(p, s, left)
	default:
		var right *tree
		if right, err = j.physical(p.Right, s.Right); err == nil {
			t = j.hash(p, s, left, right)
		}
	}
	if err != nil {
		left.close()
		return nil, err
	}
	return j.finish(t, p), nil
}

// hash makes a hash join or, without keys, a nested loop.
func (j *joinBuilder) hash(p *plan.PhysicalJoin, s *plan.JoinStep, left, right *tree) *tree {
	spec := &hashSpec{kind: p.Kind, leftTypes: p.Left.Types(), rightTypes: p.Right.Types(), leftKeys: p.LeftKeys, rightKeys: p.RightKeys,
		rest: p.Rest, cols: p.Cols, buildLeft: p.BuildLeft}
	outer, inner := left, right
	if p.BuildLeft {
		outer, inner = right, left
	}
	t := &tree{rows: s.Rows, touched: outer.touched + inner.touched}
	for _, list := range [][]*plan.Program{p.LeftKeys, p.RightKeys, p.Rest, p.Filter} {
		t.alone(list)
	}
	outer.touched = t.touched
	if !j.parallel(outer) {
		outer.ops = []Operator{j.single(outer)}
	}
	workers := 1
	if j.parallel(inner) && t.touched > 0 {
		workers = j.env.Workers
	}
	buildOps := inner.ops
	if workers == 1 {
		buildOps = []Operator{j.single(inner)}
	}
	if p.BuildLeft {
		t.ops = newHashJoin(j.env, spec, buildOps, outer.ops, workers)
	} else {
		t.ops = newHashJoin(j.env, spec, outer.ops, buildOps, workers)
	}
	return j.joinStep(t, p, outer, inner)
}

// lateral makes the join with a right side that is run for each left row.
func (j *joinBuilder) lateral(p *plan.PhysicalJoin, s *plan.JoinStep, left *tree) (*tree, error) {
	t := &tree{rows: s.Rows, touched: left.touched}
	t.ops = []Operator{newLateralJoin(j.env, p.Run, j.single(left), p.Cols, p.Memo)}
	kids := []*tree{left}
	if j.env.Explain {
		right, err := j.build(p.Run.Right, -1)
		if err != nil {
			return nil, err
		}
		right.close()
		kids = append(kids, right)
	}
	return j.joinStep(t, p, kids...), nil
}

// finish adds the conditions on the result.
func (j *joinBuilder) finish(t *tree, p *plan.PhysicalJoin) *tree {
	if len(p.Filter) > 0 {
		t.alone(p.Filter)
		for i, op := range t.ops {
			t.ops[i] = &filter{in: op, expr: j.env.Expr.Clone(), cond: newCondition(p.Filter)}
			if j.env.Profile {
				t.ops[i] = &profiled{Operator: t.ops[i], step: t.step}
			}
		}
		if t.step != nil {
			t.step.Lines = append(t.step.Lines, Line{Key: "Filter", Text: condText(p.Filter)})
		}
	}
	if p.Pick != nil {
		for i, op := range t.ops {
			t.ops[i] = &columns{in: op, cols: p.Pick}
		}
	}
	return t
}

// joinStep describes a join; the side that is looked up in comes last.
func (j *joinBuilder) joinStep(t *tree, p *plan.PhysicalJoin, kids ...*tree) *tree {
	kind := p.Kind
	if p.BuildLeft {
		switch kind {
		case plan.LeftJoin:
			kind = plan.RightJoin
		case plan.RightJoin:
			kind = plan.LeftJoin
		}
	}
	word := map[plan.JoinKind]string{plan.LeftJoin: " Left", plan.RightJoin: " Right", plan.FullJoin: " Full", plan.SemiJoin: " Semi",
		plan.AntiJoin: " Anti"}[kind]
	if p.BuildLeft && (kind == plan.SemiJoin || kind == plan.AntiJoin) {
		word = " Right" + word
	}
	name := "Nested Loop" + word
	hash := p.Method == plan.HashJoin
	if hash {
		name = "Hash" + word
	}
	if hash || word != "" {
		name += " Join"
	}
	s := j.step(name)
	if s != nil {
		if s.Join = strings.TrimSpace(word); word == "" {
			s.Join = "Inner"
		}
		if hash {
			s.Lines = append(s.Lines, Line{Key: "Hash Cond", Text: exprsText(p.KeyConds)})
			h := &Step{Name: "Hash", Kids: []*Step{kids[1].step}}
			if in := kids[1].step; in != nil {
				h.Rows, h.Width, h.through = in.Rows, in.Width, in
			}
			kids = []*tree{kids[0], {step: h}}
		}
		if len(p.RestConds) > 0 && p.Method != plan.IndexJoin {
			s.Lines = append(s.Lines, Line{Key: "Join Filter", Text: exprsText(p.RestConds)})
		}
	}
	return j.wrap(t, s, p, kids...)
}

func exprsText(list []expr.Expr) string {
	parts := make([]string, len(list))
	for i, e := range list {
		parts[i] = plan.Parenthesized(e)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

// columns yields some columns of its input.
type columns struct {
	in   Operator
	cols []int
	out  column.Batch
}

func (c *columns) Next(ctx context.Context, r *Rows) (bool, error) {
	ok, err := c.in.Next(ctx, r)
	if !ok || err != nil {
		return false, err
	}
	c.out.N = r.N
	c.out.Vecs = c.out.Vecs[:0]
	for _, i := range c.cols {
		c.out.Vecs = append(c.out.Vecs, r.Vecs[i])
	}
	r.Vecs = c.out.Vecs
	return true, nil
}

func (c *columns) Close() { c.in.Close() }
