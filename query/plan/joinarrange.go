package plan

import (
	"math"
	"slices"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
)

// PhysicalJoin is a choice for a group with its conditions compiled: a member, or the join of two others. The
// row of a join is that of its left input, then that of its right one; what it yields are the columns Cols of it.
// Immutable; shared by executions that choose alike.
type PhysicalJoin struct {
	Member      *JoinMember // of a leaf; Left and Right are nil
	Left, Right *PhysicalJoin

	Kind      JoinKind
	Method    JoinMethod
	BuildLeft bool
	// LeftKeys and RightKeys are equal pairwise: of HashJoin, over the row of the left and of the right input.
	LeftKeys, RightKeys []*Program
	// Rest are the conditions that make a match beside the keys, over the join's row.
	Rest []*Program
	Cols []int
	// Filter are conditions over what is yielded, tested on rows without a match too; then the columns Pick remain.
	Filter []*Program
	Pick   []int // nil: all
	Seek   *Seek // of IndexJoin
	// Run is the lateral join: its left input yields the same columns as Left. Memo says that two runs with the
	// same arguments give the same.
	Run  *Join
	Memo bool

	// KeyConds and RestConds are the conditions for EXPLAIN.
	KeyConds, RestConds []expr.Expr

	columns []int // of the group's row, that it yields
	types   []value.Type
}

// Types are those of the columns that it yields.
func (p *PhysicalJoin) Types() []value.Type { return p.types }

// Inputs are none: it is not part of a plan's tree.
func (p *PhysicalJoin) Inputs() []Node { return nil }

// Seek is how an IndexJoin finds the rows of the right side, a scan, for a left row.
type Seek struct {
	Scan  *Scan
	Index *schema.Index // nil: the primary key
	// Keys are the values of the leading columns of the index, over the left row.
	Keys []*Program
}

// Arrange returns the physical form of a choice.
func (g *JoinGroup) Arrange(s *JoinStep) *PhysicalJoin {
	var buf [64]byte
	key := s.signature(buf[:0])
	late, places := g.placeCostly(s)
	key = append(key, places...)
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.arranged[string(key)]; p != nil {
		return p
	}
	p := g.arrange(s, g.Out, true, late)
	if len(g.arranged) >= maxArranged {
		clear(g.arranged)
	}
	if g.arranged == nil {
		g.arranged = map[string]*PhysicalJoin{}
	}
	g.arranged[string(key)] = p
	return p
}

// maxArranged bounds the choices that a group remembers.
const maxArranged = 64

// placeCostly finds for each costly condition the step with the fewest rows that have its columns, and returns
// a name for the places.
func (g *JoinGroup) placeCostly(root *JoinStep) (late map[*JoinStep][]*JoinCond, name []byte) {
	for _, c := range g.Conds {
		if !c.costly {
			continue
		}
		best, s := root, root
		for s.Left != nil && c.members != 0 {
			switch {
			case s.Left.set.has(c.members):
				s = s.Left
			case s.Right.set.has(c.members) && g.keepsRight(s):
				s = s.Right
			default:
				s = &JoinStep{Rows: math.Inf(1)}
			}
			if s.Rows < best.Rows {
				best = s
			}
		}
		if late == nil {
			late = map[*JoinStep][]*JoinCond{}
		}
		late[best] = append(late[best], c)
		name = strconv.AppendUint(append(name, ' '), uint64(best.set), 36)
	}
	return late, name
}

// keepsRight says whether rows of the right side may be dropped before the join.
func (g *JoinGroup) keepsRight(s *JoinStep) bool {
	return s.Right.Left != nil || g.Members[s.Right.Member].Kind == InnerJoin && s.Method != LateralRun && s.Method != IndexJoin
}

// arrange makes the physical form of a step that is to yield some columns of the group's row: exactly those, or
// at least those.
func (g *JoinGroup) arrange(s *JoinStep, want []int, exactly bool, late map[*JoinStep][]*JoinCond) *PhysicalJoin {
	if s.Left == nil {
		m := g.Members[s.Member]
		p := &PhysicalJoin{Member: m, types: m.types}
		for i := range m.width {
			p.columns = append(p.columns, m.offset+i)
		}
		for _, c := range late[s] {
			p.Filter = append(p.Filter, NewProgram(g.local(c.Expr, s.Member)))
		}
		return p
	}
	p := &PhysicalJoin{Kind: InnerJoin, Method: s.Method, BuildLeft: s.BuildLeft}
	a := &arranger{group: g, join: p, step: s, after: slices.Clone(late[s])}
	a.conditions()
	needed := slices.Clone(want)
	for _, c := range append(append(slices.Clone(a.keys), a.rest...), a.after...) {
		expr.Columns(c.Expr, func(i int) { needed = append(needed, i) })
	}
	for _, x := range a.args {
		expr.Columns(x, func(i int) { needed = append(needed, i) })
	}
	slices.Sort(needed)
	needed = slices.Compact(needed)
	p.Left = g.arrange(s.Left, g.within(needed, s.Left.set), false, late)
	p.Right = g.arrange(s.Right, g.within(needed, s.Right.set), false, late)
	a.place()
	switch s.Method {
	case IndexJoin:
		a.seek()
	case LateralRun:
		a.lateral()
	default:
		a.keyPrograms()
	}
	a.yield(want, exactly)
	return p
}

// within are the columns that members of a set have.
func (g *JoinGroup) within(columns []int, set memberSet) []int {
	var out []int
	for _, c := range columns {
		if set.has(1 << g.memberNumber(c)) {
			out = append(out, c)
		}
	}
	return out
}

// arranger makes one physical join.
type arranger struct {
	group  *JoinGroup
	join   *PhysicalJoin
	step   *JoinStep
	member *JoinMember // the right side when it hangs on the left
	args   []expr.Expr // of LateralRun
	// keys are the equalities of both sides, rest the other conditions of the join, after those on its result.
	keys, rest, after []*JoinCond
	places            []int // of the group's columns in the join's row
	row               []int // the group's column at each place
}

// conditions finds what is to be tested.
func (a *arranger) conditions() {
	l, r := a.step.Left.set, a.step.Right.set
	if a.step.Right.Left == nil {
		m := a.group.Members[a.step.Right.Member]
		if m.Kind != InnerJoin || a.step.Method == LateralRun {
			a.member, a.join.Kind = m, m.Kind
		}
		if a.step.Method == LateralRun {
			if a.args = m.Args; m.Alt != nil {
				a.args = m.Alt.Args
			}
		}
	}
	classes := map[int]bool{}
	add := func(c *JoinCond) {
		if c.class != 0 && classes[c.class] && a.step.Method != IndexJoin {
			return // follows from another; an index may want this one
		}
		if c.class != 0 {
			classes[c.class] = true
		}
		if c.across(l, r) {
			a.keys = append(a.keys, c)
		} else {
			a.rest = append(a.rest, c)
		}
	}
	if a.member != nil {
		for _, c := range a.member.On {
			add(c)
		}
	}
	c := &chooser{group: a.group}
	c.crossing(l, r, func(cond *JoinCond) {
		if a.join.Kind == InnerJoin {
			add(cond)
		} else {
			a.after = append(a.after, cond)
		}
	})
	// Conditions on one member that could not be pushed into it are tested where it is joined, those without columns
	// in the end.
	for _, cond := range a.group.Conds {
		if cond.costly {
			continue
		}
		alone := a.step.Left.Left == nil && cond.members == l || a.step.Right.Left == nil && cond.members == r
		if alone || cond.members == 0 && l|r == a.group.all() {
			a.after = append(a.after, cond)
		}
	}
}

func (g *JoinGroup) all() memberSet { return 1<<len(g.Members) - 1 }

// place finds the places of the columns in the join's row.
func (a *arranger) place() {
	a.places = make([]int, a.group.width())
	for i := range a.places {
		a.places[i] = -1
	}
	a.row = append(slices.Clone(a.join.Left.columns), a.join.Right.columns...)
	for at, c := range a.row {
		a.places[c] = at
	}
}

// over moves an expression over the group's row to places less a number.
func (a *arranger) over(e expr.Expr, less int) *Program {
	return NewProgram(shiftTo(e, func(i int) int { return a.places[i] - less }))
}

func (a *arranger) programs(conds []*JoinCond) ([]*Program, []expr.Expr) {
	var list []*Program
	var texts []expr.Expr
	for _, c := range conds {
		list = append(list, a.over(c.Expr, 0))
		texts = append(texts, c.Expr)
	}
	return list, texts
}

// keyPrograms makes keys of the equalities, for a hash join, or tests them, for a loop.
func (a *arranger) keyPrograms() {
	p := a.join
	rest := a.rest
	if p.Method == LoopJoin {
		rest = append(slices.Clone(a.keys), rest...)
	} else {
		left := len(p.Left.columns)
		for _, c := range a.keys {
			l, r := c.sides[0], c.sides[1]
			if !a.step.Left.set.has(l.members) {
				l, r = r, l
			}
			p.LeftKeys = append(p.LeftKeys, a.over(l.expr, 0))
			p.RightKeys = append(p.RightKeys, a.over(r.expr, left))
			p.KeyConds = append(p.KeyConds, c.Expr)
		}
	}
	p.Rest, p.RestConds = a.programs(rest)
}

// seek makes the look-up of an index join: the equalities that its columns have, and the other conditions, those
// of the scan among them, as tests.
func (a *arranger) seek() {
	p := a.join
	m := a.group.Members[a.step.Right.Member]
	scan := m.Node.(*Scan)
	fixed := a.group.fixedBy(a.step.Right.Member, a.step.Left.set, a.keys)
	s := &Seek{Scan: scan, Index: a.step.Index}
	cols := scan.Table.Key
	if s.Index != nil {
		cols = nil
		for _, xc := range s.Index.Columns[:usableColumns(scan.Table, s.Index, fixed)] {
			cols = append(cols, xc.Num)
		}
	}
	var used []*JoinCond
	var answered []int
	for _, num := range cols {
		f := fixed[num]
		s.Keys = append(s.Keys, a.over(f.value, 0))
		if f.cond != nil {
			used = append(used, f.cond)
			p.KeyConds = append(p.KeyConds, f.cond.Expr)
		} else {
			answered = append(answered, f.own)
			p.KeyConds = append(p.KeyConds, scan.Where[f.own].Expr)
		}
	}
	for _, c := range a.keys {
		if !slices.Contains(used, c) {
			a.rest = append(a.rest, c)
		}
	}
	p.Rest, p.RestConds = a.programs(a.rest)
	for i, w := range scan.Where {
		if !slices.Contains(answered, i) {
			p.Rest = append(p.Rest, NewProgram(shiftColumns(w.Expr, len(p.Left.columns))))
			p.RestConds = append(p.RestConds, w.Expr)
		}
	}
	p.Seek = s
}

// lateral makes the node that runs the right side for each left row.
func (a *arranger) lateral() {
	p := a.join
	on, texts := a.programs(append(slices.Clone(a.keys), a.rest...))
	p.RestConds = texts
	m := a.member
	node, slots := m.Node, m.Slots
	if p.Memo = !m.volatile; m.Alt != nil {
		node, slots, p.Memo = m.Alt.Node, m.Alt.Slots, true
	}
	p.Run = &Join{Kind: p.Kind, Left: rowOf(p.Left.types), Right: node, On: on, Slots: slots}
	for _, x := range a.args {
		p.Run.Args = append(p.Run.Args, a.over(x, 0))
	}
}

// rowOf stands for an input of which only the types matter.
type rowOf []value.Type

func (r rowOf) Types() []value.Type { return r }
func (r rowOf) Inputs() []Node      { return nil }

// yield chooses the columns that the join yields.
func (a *arranger) yield(want []int, exactly bool) {
	p := a.join
	p.columns = slices.Clone(want)
	if len(a.after) > 0 {
		for _, c := range a.after {
			expr.Columns(c.Expr, func(i int) {
				if !slices.Contains(p.columns, i) {
					p.columns = append(p.columns, i)
				}
			})
		}
	}
	all := a.group.row()
	p.Cols = make([]int, 0, len(p.columns)) // not nil, which is all
	for _, c := range p.columns {
		p.Cols = append(p.Cols, a.places[c])
		p.types = append(p.types, all[c])
	}
	if len(a.after) == 0 {
		return
	}
	for _, c := range a.after {
		p.Filter = append(p.Filter, NewProgram(shiftTo(c.Expr, func(i int) int { return slices.Index(p.columns, i) })))
	}
	if exactly && len(p.columns) > len(want) {
		p.Pick = identity(len(want))
		p.columns, p.types = p.columns[:len(want)], p.types[:len(want)]
	}
}

// row returns the types of the group's row.
func (g *JoinGroup) row() []value.Type {
	var types []value.Type
	for _, m := range g.Members {
		types = append(types, m.types...)
	}
	return types
}

// volatileTree says whether two runs of a tree with the same slots may differ, or do something else than read.
func volatileTree(root Node) bool {
	volatile := false
	eachExpr(root, func(e expr.Expr) { volatile = volatile || expr.VolatilityOf(e) == expr.Volatile })
	eachNode(root, func(n Node) {
		switch n.(type) {
		case *Insert, *Update, *Delete, *LockRows, *With:
			volatile = true
		}
	})
	return volatile
}
