package exec

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/plan"
)

// hashSpec is what a hash join is made of. With no keys it is a nested loop: all pairs of rows are made and tested.
type hashSpec struct {
	kind                plan.JoinKind
	leftTypes           []value.Type
	rightTypes          []value.Type
	leftKeys, rightKeys []*plan.Program // in step
	rest                []*plan.Program // over left ++ right
	cols                []int           // of left ++ right, that it yields; nil: all
	buildLeft           bool
}

// newHashJoin makes the operators of a hash join: one for each fragment of the side that is read, and one for the
// rows of the other that remain at the end where the kind of join yields them.
func newHashJoin(env *Env, s *hashSpec, left, right []Operator, buildWorkers int) []Operator {
	shape := joinShape{left: len(s.leftTypes), right: len(s.rightTypes), outerRight: s.buildLeft, cols: s.cols, rest: s.rest}
	if shape.cols == nil && (s.kind == plan.SemiJoin || s.kind == plan.AntiJoin) {
		shape.cols = make([]int, shape.left)
		for i := range shape.cols {
			shape.cols[i] = i
		}
	}
	outer, inner := left, right
	outerTypes, innerTypes := s.leftTypes, s.rightTypes
	outerKeys, innerKeys := s.leftKeys, s.rightKeys
	if s.buildLeft {
		outer, inner = right, left
		outerTypes, innerTypes = innerTypes, outerTypes
		outerKeys, innerKeys = innerKeys, outerKeys
	}
	keep := keepOf(s.kind, s.buildLeft)
	build := &joinBuild{in: inner, workers: buildWorkers, keys: innerKeys, kinds: kinds(innerTypes), kept: make([]bool, len(innerTypes)),
		nulls: keep.marks, first: (keep.semi || keep.anti) && len(s.rest) == 0,
		expr: env.Expr, budget: env.Budget, running: len(outer), ended: make(chan struct{})}
	for _, p := range newJoinRow(env, &shape).inner {
		build.kept[p.from] = true
	}
	var ops []Operator
	for _, in := range outer {
		ops = append(ops, &hashJoin{in: in, build: build, exprs: newProjection(outerKeys), expr: env.Expr.Clone(),
			matcher: matcher{joinKeep: keep, pair: newJoinRow(env, &shape)}})
	}
	if keep.marks {
		t := &joinTail{build: build, want: s.kind == plan.SemiJoin, pair: newJoinRow(env, &shape)}
		t.none.Vecs = make([]column.Vec, len(outerTypes))
		for i, typ := range outerTypes {
			t.none.Vecs[i].Reset(typ.Kind)
		}
		ops = append(ops, t)
	}
	build.users = len(ops)
	return ops
}
