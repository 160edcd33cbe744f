package plan

import (
	"math"
	"slices"
	"strconv"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/query/expr"
)

// JoinMethod is how two inputs are joined.
type JoinMethod uint8

// The methods.
const (
	HashJoin   JoinMethod = iota // the rows of one side are looked up in a hash table of the other's
	LoopJoin                     // all pairs are tested
	IndexJoin                    // the left rows are looked up in an index of the right table
	LateralRun                   // the right side is run for each left row
)

// JoinInput is what is known of a member of a group when an order is chosen.
type JoinInput struct {
	Rows  float64 // that meet its own conditions
	Total float64 // of its table, or Rows
	Cost  float64 // nanoseconds to read them
	Parts int     // partitions of its table
	Run   float64 // nanoseconds to run it once in the other way (JoinMember.Alt)
}

// JoinStep is one execution's choice for a set of members: a member, or the join of two steps.
type JoinStep struct {
	Left, Right *JoinStep
	Member      int // of a step without Left
	Method      JoinMethod
	BuildLeft   bool          // HashJoin and LoopJoin: the left side is kept
	Index       *schema.Index // of IndexJoin; nil is the primary key
	Rows, Cost  float64
	// Walk says that the member's rows come in the group's Order. Joins keep the order of their left input (keepsOrder).
	Walk bool

	set memberSet
}

// What joins cost, in nanoseconds. From BenchmarkJoin of query/exec.
const (
	costBuildRow   = 30.0  // to keep a row and put it into a hash table
	costKeepValue  = 4.0   // a column of a kept row
	costProbeRow   = 12.0  // to look up a row in a hash table
	costProbeFar   = 40.0  // more, when the table does not fit the processor's cache
	farRows        = 200e3 // rows of such a table
	costPairRow    = 6.0   // a pair of rows
	costPairValue  = 3.0   // a column of it
	costLoopPair   = 4.0   // to test a pair of a nested loop
	costSeekKey    = 550.0 // to look up a row by primary key
	costSeekIndex  = 450.0 // to look up a key in a dictionary index, in one partition
	costSeekTree   = 2500. // to look up a key in a B-tree, in one partition
	costSeekRow    = 150.0 // to fetch a row that was found
	costLateralRun = 5000.0
)

// Distincts estimates the number of different values in a column of a table.
type Distincts interface {
	Distinct(s *Scan, num int16) float64
}

// maxExhaustive is the largest group for which all orders are compared.
const maxExhaustive = 8

// Choose chooses the order and the methods of a group.
func (g *JoinGroup) Choose(in []JoinInput, d Distincts, avoid Avoid) *JoinStep {
	key := ""
	if len(in) > 3 {
		// A choice of many is used again as long as the estimates are alike.
		key = choiceKey(in, avoid)
		g.mu.Lock()
		s := g.choices[key]
		g.mu.Unlock()
		if s != nil {
			return s
		}
	}
	c := &chooser{group: g, in: in, distincts: d, avoid: avoid}
	var s *JoinStep
	switch {
	case avoid.JoinOrder:
		s = c.asWritten()
	case len(in) <= maxExhaustive:
		s = c.exhaustive()
	default:
		s = c.greedy()
	}
	if key != "" {
		g.mu.Lock()
		if len(g.choices) > 64 {
			clear(g.choices)
		}
		if g.choices == nil {
			g.choices = map[string]*JoinStep{}
		}
		g.choices[key] = s
		g.mu.Unlock()
	}
	return s
}

// choiceKey stands for estimates that are alike.
func choiceKey(in []JoinInput, avoid Avoid) string {
	b := make([]byte, 0, 3*len(in)+8)
	for _, x := range in {
		b = append(b, byte(3*math.Log2(x.Rows+1)), byte(3*math.Log2(x.Total+1)), byte(2*math.Log2(x.Cost+1)))
	}
	for _, on := range []bool{avoid.HashJoin, avoid.NestLoop, avoid.JoinOrder, avoid.IndexWalk} {
		b = strconv.AppendBool(b, on)
	}
	return string(b)
}

// chooser chooses once.
type chooser struct {
	group     *JoinGroup
	in        []JoinInput
	distincts Distincts
	avoid     Avoid
	leaves    []*JoinStep
	cross     bool // joins without a condition are considered
	keeping   bool // the left side is never the one that is kept
	distinct  map[int]float64
}

// makeLeaves makes the steps of the single members.
func (c *chooser) makeLeaves() {
	c.leaves = make([]*JoinStep, len(c.in))
	steps := make([]JoinStep, len(c.in))
	for i, x := range c.in {
		steps[i] = JoinStep{Member: i, Rows: math.Max(x.Rows, 0.01), Cost: x.Cost, set: 1 << i}
		c.leaves[i] = &steps[i]
	}
}

// ChooseOrdered returns a choice that yields the rows in the group's Order and that is cheaper than best and a sort when
// only the first want rows are read; nil when there is none.
func (g *JoinGroup) ChooseOrdered(in []JoinInput, d Distincts, avoid Avoid, best *JoinStep, want float64) *JoinStep {
	if g.Order == nil || len(in) > maxExhaustive || avoid.IndexWalk {
		return nil
	}
	c := &chooser{group: g, in: in, distincts: d, avoid: avoid}
	c.makeLeaves()
	first := g.Order.Member
	share := math.Min(1, (want+1)/math.Max(best.Rows, 0.01))
	walk := c.leaves[first]
	walk.Walk = true
	walk.Rows *= share
	walk.Cost = share*in[first].Total*costWalkRow + 1000
	s := walk
	left := g.all() &^ walk.set
	for left != 0 {
		var next *JoinStep
		for rest := left; rest != 0; rest &= rest - 1 {
			i := rest.first()
			if m := g.Members[i]; !s.set.has(m.needs) || m.Kind == FullJoin || m.Kind == RightJoin {
				continue
			}
			if j := c.joinKeeping(s, c.leaves[i]); j != nil && g.keepsOrder(j) && (next == nil || j.Cost < next.Cost) {
				next = j
			}
		}
		if next == nil {
			return nil
		}
		s = next
		left &^= s.set
	}
	sort := best.Rows * costSortRow
	if avoid.Sort {
		sort += penalty
	}
	if s.Cost >= best.Cost+sort {
		return nil
	}
	return s
}

// keepsOrder says whether a join yields its rows in the order of its left input. An outer one does when the look-up by
// primary key is all of its condition.
func (g *JoinGroup) keepsOrder(s *JoinStep) bool {
	m := g.Members[s.Right.Member]
	if m.Kind != LeftJoin {
		return true
	}
	scan, ok := m.Node.(*Scan)
	return ok && s.Method == IndexJoin && s.Index == nil && len(scan.Where) == 0 && len(m.On) == len(scan.Table.Key)
}

// joinKeeping is join by methods that keep the order of the left input.
func (c *chooser) joinKeeping(l, r *JoinStep) *JoinStep {
	s := c.join(l, r)
	if s == nil || !s.BuildLeft {
		return s
	}
	c.keeping = true
	s = c.join(l, r)
	c.keeping = false
	return s
}

// alone says whether a member may stand at the left of a join or be one side of a bushy one.
func (c *chooser) alone(i int) bool {
	m := c.group.Members[i]
	return m.Kind == InnerJoin && len(m.Args) == 0
}

// asWritten joins in the order of the statement.
func (c *chooser) asWritten() *JoinStep {
	c.makeLeaves()
	c.cross = true
	s := c.leaves[0]
	for _, l := range c.leaves[1:] {
		s = c.join(s, l)
	}
	return s
}

// exhaustive compares all orders, those with joins that no condition restricts only when there are no others.
func (c *chooser) exhaustive() *JoinStep {
	c.makeLeaves()
	full := memberSet(1)<<len(c.in) - 1
	near := c.neighbours(full)
	for {
		best := make([]*JoinStep, full+1)
		for i := range c.in {
			if c.alone(i) {
				best[1<<i] = c.leaves[i]
			}
		}
		for set := memberSet(3); set <= full; set++ {
			if set.count() > 1 {
				best[set] = c.bestOf(set, best, near)
			}
		}
		if s := best[full]; s != nil || c.cross {
			return s
		}
		c.cross = true
	}
}

// neighbours returns for each set the members that conditions connect it with.
func (c *chooser) neighbours(full memberSet) []memberSet {
	near := make([]memberSet, full+1)
	for _, cond := range c.group.Conds {
		if cond.costly {
			continue
		}
		for rest := cond.members; rest != 0; rest &= rest - 1 {
			near[rest&-rest] |= cond.members
		}
	}
	for set := memberSet(3); set <= full; set++ {
		if low := set & -set; low != set {
			near[set] = near[low] | near[set&^low]
		}
	}
	return near
}

// bestOf finds the cheapest way to join a set from the ways for its subsets.
func (c *chooser) bestOf(set memberSet, best []*JoinStep, near []memberSet) *JoinStep {
	var found *JoinStep
	try := func(l, r *JoinStep) {
		if l == nil || r == nil {
			return
		}
		if s := c.join(l, r); s != nil && (found == nil || s.Cost < found.Cost) {
			if found != nil {
				s.Rows = found.Rows // as estimated first: it does not depend on the way
			}
			found = s
		}
	}
	for rest := set; rest != 0; rest &= rest - 1 {
		i := rest.first()
		without := set &^ (1 << i)
		if m := c.group.Members[i]; !c.alone(i) && without.has(m.needs) {
			try(best[without], c.leaves[i])
		}
	}
	low := set & -set
	for sub := (set - 1) & set; sub != 0; sub = (sub - 1) & set {
		if rest := set &^ sub; sub&low != 0 && (c.cross || near[sub]&rest != 0) {
			try(best[sub], best[rest])
		}
	}
	return found
}

// greedy joins, again and again, the two sets whose join is the smallest.
func (c *chooser) greedy() *JoinStep {
	c.makeLeaves()
	var sets, hanging []*JoinStep
	for i, l := range c.leaves {
		if c.alone(i) {
			sets = append(sets, l)
		} else {
			hanging = append(hanging, l)
		}
	}
	for len(sets)+len(hanging) > 1 {
		var best *JoinStep
		bi, bj, hangs := -1, -1, false
		weigh := func(s *JoinStep, i, j int, h bool) {
			if s != nil && (best == nil || s.Rows+s.Cost/100 < best.Rows+best.Cost/100) {
				best, bi, bj, hangs = s, i, j, h
			}
		}
		for i, a := range sets {
			for j, b := range sets[:i] {
				weigh(c.join(b, a), i, j, false)
			}
			for j, b := range hanging {
				if a.set.has(c.group.Members[b.Member].needs) {
					weigh(c.join(a, b), i, j, true)
				}
			}
		}
		if best == nil {
			c.cross = true
			continue
		}
		sets[bi] = best
		if hangs {
			hanging = append(hanging[:bj:bj], hanging[bj+1:]...)
		} else {
			sets = append(sets[:bj:bj], sets[bj+1:]...)
		}
	}
	return sets[0]
}

// crossing are the conditions that can be tested when two sets are joined and not before.
func (c *chooser) crossing(l, r memberSet, f func(*JoinCond)) {
	both := l | r
	for _, cond := range c.group.Conds {
		if !cond.costly && both.has(cond.members) && !l.has(cond.members) && !r.has(cond.members) {
			f(cond)
		}
	}
}

// join returns the cheapest way to join two steps, nil when they are not to be joined.
func (c *chooser) join(l, r *JoinStep) *JoinStep {
	e := c.estimate(l, r)
	if !e.connected && !c.cross {
		return nil
	}
	s := &JoinStep{Left: l, Right: r, set: l.set | r.set, Rows: e.rows, Cost: math.Inf(1)}
	consider := func(method JoinMethod, buildLeft bool, cost float64, avoid bool) {
		if avoid {
			cost += penalty
		}
		if cost < s.Cost {
			s.Method, s.BuildLeft, s.Cost = method, buildLeft, cost
		}
	}
	out := e.pairs * (costPairRow + 4*costPairValue)
	if len(e.args) > 0 {
		consider(LateralRun, false, l.Cost+l.Rows*(costLateralRun+r.Cost)+out, false)
		return s
	}
	if e.equal {
		consider(HashJoin, false, l.Cost+r.Cost+hashCost(l, r)+out, c.avoid.HashJoin)
		if !c.keeping && (e.kind == InnerJoin || l.Rows < r.Rows/2) {
			consider(HashJoin, true, l.Cost+r.Cost+hashCost(r, l)+out, c.avoid.HashJoin)
		}
		c.considerIndex(s, e, out)
	}
	if r.Left == nil {
		if alt := c.group.Members[r.Member].Alt; alt != nil && l.set.has(alt.needs) {
			consider(LateralRun, false, l.Cost+l.Rows*c.in[r.Member].Run+out, false)
		}
	}
	pairs := l.Rows * r.Rows * costLoopPair
	consider(LoopJoin, false, l.Cost+r.Cost+pairs+r.Rows*costBuildRow+out, c.avoid.NestLoop || e.equal && l.Rows*r.Rows > 64)
	return s
}

// hashCost is what it costs to keep inner and to look up the rows of outer.
func hashCost(outer, inner *JoinStep) float64 {
	probe := costProbeRow
	if inner.Rows > farRows {
		probe += costProbeFar
	}
	return inner.Rows*(costBuildRow+3*costKeepValue) + outer.Rows*probe
}

// joinEstimate is what is known of the join of two sets.
type joinEstimate struct {
	kind      JoinKind
	connected bool
	equal     bool
	rows      float64 // of the result
	pairs     float64 // that are made for it
	args      []expr.Expr
	conds     []*JoinCond
}

func (c *chooser) estimate(l, r *JoinStep) joinEstimate {
	e := joinEstimate{kind: InnerJoin}
	var on []*JoinCond
	if r.Left == nil {
		m := c.group.Members[r.Member]
		e.kind, on, e.args = m.Kind, m.On, m.Args
		e.connected = m.Kind != InnerJoin || len(m.Args) > 0
	}
	share := 1.0
	classes := map[int]bool(nil)
	one := func(cond *JoinCond) {
		e.connected = true
		e.conds = append(e.conds, cond)
		e.equal = e.equal || cond.across(l.set, r.set)
		if cond.class != 0 {
			if classes[cond.class] {
				return
			}
			if classes == nil {
				classes = map[int]bool{}
			}
			classes[cond.class] = true
		}
		share *= c.share(cond, l, r)
	}
	for _, cond := range on {
		one(cond)
	}
	after := 1.0
	if e.kind == InnerJoin {
		c.crossing(l.set, r.set, one)
		share = c.byKey(share, l, r, e.conds)
	} else {
		share = c.byKey(share, l, r, e.conds)
		c.crossing(l.set, r.set, func(*JoinCond) { after *= 0.3 })
	}
	e.pairs = l.Rows * r.Rows * share
	if len(e.args) > 0 {
		e.pairs = l.Rows * r.Rows
	}
	switch e.kind {
	case InnerJoin:
		e.rows = e.pairs
	case LeftJoin:
		e.rows = math.Max(l.Rows, e.pairs)
	case RightJoin:
		e.rows = math.Max(r.Rows, e.pairs)
	case FullJoin:
		e.rows = math.Max(l.Rows, e.pairs) + r.Rows/2
	case SemiJoin:
		e.rows = l.Rows * c.matching(on, l, r)
		e.pairs = l.Rows
	case AntiJoin:
		e.rows = l.Rows * math.Max(0.02, 1-c.matching(on, l, r))
		e.pairs = l.Rows
	}
	e.rows = math.Max(e.rows*after, 0.01)
	return e
}

// across says whether an equality compares one set with the other.
func (c *JoinCond) across(l, r memberSet) bool {
	a, b := c.sides[0].members, c.sides[1].members
	return c.equal && (l.has(a) && r.has(b) || l.has(b) && r.has(a))
}

// share guesses the share of all pairs that meet a condition.
func (c *chooser) share(cond *JoinCond, l, r *JoinStep) float64 {
	if !cond.across(l.set, r.set) {
		return unknownJoinShare(cond.Expr)
	}
	d := 1.0
	for _, s := range cond.sides {
		d = math.Max(d, c.distinctOf(s, l, r))
	}
	return 1 / d
}

// distinctOf estimates the different values of one side of an equality.
func (c *chooser) distinctOf(s keySide, l, r *JoinStep) float64 {
	rows := l.Rows
	if r.set.has(s.members) {
		rows = r.Rows
	}
	col, ok := expr.Unrelabel(s.expr).(*expr.Column)
	if !ok {
		return math.Max(1, math.Min(rows, 200))
	}
	i := s.members.first()
	own := math.Max(1, c.in[i].Rows) // a member's values are those of its own rows, whatever it is joined with
	d, known := c.distinct[col.Index]
	if !known {
		d = c.distinctColumn(i, col.Index)
		if c.distinct == nil {
			c.distinct = map[int]float64{}
		}
		c.distinct[col.Index] = d
	}
	if d >= own {
		return own
	}
	return math.Max(1, d*(1-math.Exp(-own/d)))
}

// distinctColumn estimates the different values of a column of the group's row before any condition.
func (c *chooser) distinctColumn(member, column int) float64 {
	m := c.group.Members[member]
	scan, num := origin(m.Node, column-m.offset)
	if scan == nil {
		if uniqueOn(m.Node, []int{column - m.offset}) {
			return c.in[member].Rows
		}
		return math.Max(1, math.Min(c.in[member].Rows, 200))
	}
	if scan.keyWithin(func(n int16) bool { return n == num }) {
		return math.Max(1, c.in[member].Total)
	}
	return math.Max(1, c.distincts.Distinct(scan, num))
}

// origin returns the scan and the column of its table that a node's column is, or nil.
func origin(n Node, i int) (*Scan, int16) {
	switch n := n.(type) {
	case *Scan:
		return n, n.Cols[i]
	case *Filter:
		return origin(n.In, i)
	case *Sort:
		return origin(n.In, i)
	case *Limit:
		return origin(n.In, i)
	case *Distinct:
		return origin(n.In, i)
	case *LockRows:
		return origin(n.In, i)
	case *Project:
		if c, ok := n.Exprs[i].Expr.(*expr.Column); ok {
			return origin(n.In, c.Index)
		}
	case *Aggregate:
		if i < len(n.Keys) {
			if c, ok := n.Keys[i].Expr.(*expr.Column); ok {
				return origin(n.In, c.Index)
			}
		}
	case *JoinGroup:
		m := n.memberOf(n.Out[i])
		return origin(m.Node, n.Out[i]-m.offset)
	}
	return nil, 0
}

// byKey corrects the share of equalities of all columns of a key of one member: each row of the other side finds one row
// at most in its table.
func (c *chooser) byKey(share float64, l, r *JoinStep, conds []*JoinCond) float64 {
	if len(conds) < 2 {
		return share
	}
	for i, m := range c.group.Members {
		if set := memberSet(1) << i; !l.set.has(set) && !r.set.has(set) {
			continue
		}
		var cols []int
		for _, cond := range conds {
			for _, side := range cond.sides {
				col, ok := side.expr.(*expr.Column)
				if ok && side.members == 1<<i && cond.across(l.set, r.set) {
					cols = append(cols, col.Index-m.offset)
				}
			}
		}
		if len(cols) > 1 && uniqueOn(m.Node, cols) {
			share = math.Max(share, 1/math.Max(1, c.in[i].Total))
		}
	}
	return share
}

// matching guesses the share of the left rows that have a match.
func (c *chooser) matching(on []*JoinCond, l, r *JoinStep) float64 {
	share := 1.0
	for _, cond := range on {
		if !cond.across(l.set, r.set) {
			share *= 0.5
			continue
		}
		a, b := cond.sides[0], cond.sides[1]
		if !l.set.has(a.members) {
			a, b = b, a
		}
		dl, dr := c.distinctOf(a, l, r), c.distinctOf(b, l, r)
		share *= math.Min(1, dr/dl)
	}
	return share
}

// unknownJoinShare guesses the share of pairs that meet a condition that is no equality of both sides.
func unknownJoinShare(e expr.Expr) float64 {
	if call, ok := e.(*expr.Call); ok {
		switch call.Func.Op {
		case "=":
			return 0.005
		case "<>":
			return 0.995
		}
	}
	return 1.0 / 3
}

// considerIndex compares with looking up the left rows in an index of the right table.
func (c *chooser) considerIndex(s *JoinStep, e joinEstimate, out float64) {
	r := s.Right
	if r.Left != nil || e.kind == RightJoin || e.kind == FullJoin {
		return
	}
	m := c.group.Members[r.Member]
	scan, ok := m.Node.(*Scan)
	if !ok {
		return
	}
	in := c.in[r.Member]
	fixed := c.group.fixedBy(r.Member, s.Left.set, e.conds)
	each := func(x *schema.Index, key, found float64) {
		cost := s.Left.Cost + s.Left.Rows*(key+found*(costSeekRow+costSetValue*float64(len(scan.Cols)))) + out
		if c.avoid.NestLoop || c.avoid.IndexWalk {
			cost += penalty
		}
		if cost < s.Cost {
			s.Method, s.BuildLeft, s.Index, s.Cost = IndexJoin, false, x, cost
		}
	}
	if scan.keyWithin(fixed.has) {
		each(nil, costSeekKey, 1)
	}
	for _, x := range scan.Table.Indexes {
		n := usableColumns(scan.Table, x, fixed)
		if n == 0 {
			continue
		}
		different := 1.0
		for _, xc := range x.Columns[:n] {
			different *= math.Max(1, c.distincts.Distinct(scan, xc.Num))
		}
		key := costSeekIndex
		if x.Kind == schema.BTree {
			key = costSeekTree
		}
		// Columns that depend on one another are fewer than their product: the pairs know better.
		found := math.Max(e.pairs/s.Left.Rows, in.Total/math.Min(different, math.Max(1, in.Total)))
		each(x, key*float64(max(1, in.Parts)), found)
	}
}

// usableColumns is the number of leading columns of an index by which rows can be looked up when some are fixed; 0 is
// none.
func usableColumns(t *schema.Table, x *schema.Index, fixed fixedColumns) int {
	n := 0
	for n < len(x.Columns) && fixed.has(x.Columns[n].Num) {
		n++
	}
	if !joinIndex(x, t) || x.Kind == schema.Dictionary && n < len(x.Columns) {
		return 0
	}
	return n
}

// fixedColumns are the columns of a table to which equalities give a value, and the values.
type fixedColumns map[int16]fixedColumn

type fixedColumn struct {
	value expr.Expr // over the group's row; a constant of the scan's own conditions otherwise
	cond  *JoinCond // nil when it is a condition of the scan's own
	own   int       // the number of that
}

func (f fixedColumns) has(num int16) bool {
	_, ok := f[num]
	return ok
}

// fixedBy are the columns of a member's table that get a value from the rows of a set, or from a constant.
func (g *JoinGroup) fixedBy(member int, left memberSet, conds []*JoinCond) fixedColumns {
	m := g.Members[member]
	scan := m.Node.(*Scan)
	f := fixedColumns{}
	for _, c := range conds {
		if !c.across(left, 1<<member) {
			continue
		}
		side, other := c.sides[0], c.sides[1]
		if side.members != 1<<member {
			side, other = other, side
		}
		col, ok := expr.Unrelabel(side.expr).(*expr.Column)
		if !ok || !expr.SameKeys(col.Type().Kind, other.expr.Type().Kind) {
			continue
		}
		if num := scan.Cols[col.Index-m.offset]; !f.has(num) {
			f[num] = fixedColumn{value: other.expr, cond: c}
		}
	}
	if len(f) == 0 {
		return nil
	}
	for i, p := range scan.Where {
		index, v, ok := equality(p.Expr)
		if ok && !f.has(scan.Cols[index]) {
			f[scan.Cols[index]] = fixedColumn{value: v, own: i}
		}
	}
	return f
}

// signature stands for the choice in the group's table of arranged joins.
func (s *JoinStep) signature(dst []byte) []byte {
	if s.Left == nil {
		return strconv.AppendInt(dst, int64(s.Member), 10)
	}
	dst = s.Left.signature(append(dst, '('))
	dst = append(dst, "hlimx"[s.Method])
	if s.BuildLeft {
		dst = append(dst, '<')
	}
	if s.Index != nil {
		dst = strconv.AppendUint(dst, uint64(s.Index.OID), 10)
		dst = append(dst, '.')
	}
	return append(s.Right.signature(dst), ')')
}

// joinIndex says whether an index can be asked for the rows of a join: it holds all rows, by the values of its columns.
func joinIndex(x *schema.Index, t *schema.Table) bool {
	if x.Filter != 0 {
		return false
	}
	for _, xc := range x.Columns {
		if x.Kind == schema.Dictionary && t.ColumnByNum(xc.Num).Type.Kind.IsArray() {
			return false
		}
	}
	return true
}

// FoundByIndex estimates how many of a table's rows a look-up by equality of some columns reads; ok is false when
// no index serves.
func FoundByIndex(s *Scan, nums []int16, rows float64, d Distincts) (found float64, ok bool) {
	has := func(num int16) bool { return slices.Contains(nums, num) }
	if s.keyWithin(has) {
		return 1, true
	}
	fixed := fixedColumns{}
	for _, num := range nums {
		fixed[num] = fixedColumn{}
	}
	for _, x := range s.Table.Indexes {
		n := usableColumns(s.Table, x, fixed)
		if n == 0 {
			continue
		}
		different := 1.0
		for _, xc := range x.Columns[:n] {
			different *= math.Max(1, d.Distinct(s, xc.Num))
		}
		if f := rows / math.Min(different, math.Max(1, rows)); !ok || f < found {
			found, ok = f, true
		}
	}
	return found, ok
}
