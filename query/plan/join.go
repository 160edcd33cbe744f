package plan

import (
	"math/bits"
	"sync"

	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// JoinGroup joins several relations in an order that is chosen when it runs and the parameters and the counts in the
// indexes are known. Its expressions are over the row of all members side by side, in the order of the
// list ("the group's row").
//
// Members of kind InnerJoin are joined by Conds in any order. The others hang on them: a LeftJoin, SemiJoin or AntiJoin
// member looks for its matches, by its On, for each row of the members in its needs, and may do so at any time after
// those have been joined; so may a lateral member, which is run for each such row. A FullJoin member is the second of two.
//
// What a choice leads to (compiled conditions, columns) is kept by the choice, so that the plan of a
// statement is both generic and custom.
type JoinGroup struct {
	Members []*JoinMember
	Conds   []*JoinCond
	// Out are the columns of the group's row that it yields.
	Out []int
	// Order is the order that the node above wants, when an index of a member could give it; nil mostly.
	Order *JoinOrder

	mu       sync.Mutex
	arranged map[string]*PhysicalJoin
	choices  map[string]*JoinStep
}

// JoinOrder is an order that a walk over a member's index gives.
type JoinOrder struct {
	Member int
	Scan   *Scan // the member's, with the order
}

// JoinMember is one relation of a group.
type JoinMember struct {
	Node Node
	Kind JoinKind
	On   []*JoinCond // of kinds but InnerJoin
	// Slots make it lateral: they are set from Args before each run of Node.
	Slots []int
	Args  []expr.Expr
	// Alt is another way: it is lateral then.
	Alt *JoinAlt

	offset, width int
	needs         memberSet // what has to be joined before it; of an inner member that is not lateral nothing
	types         []value.Type
	volatile      bool // of a lateral member: two runs may differ
}

// JoinAlt makes the rows of a member by running Node for each row of those before it.
type JoinAlt struct {
	Node  Node
	Slots []int
	Args  []expr.Expr // over the group's row
	// Scan is the scan whose columns Nums the slots are compared with; nil: not one.
	Scan *Scan
	Nums []int16

	needs memberSet
}

// JoinCond is a condition over the group's row.
type JoinCond struct {
	Expr    expr.Expr
	members memberSet // that it reads
	// Of an equality between two sets of members whose values can be looked up by their keys.
	sides [2]keySide
	equal bool
	// class numbers equalities that follow from one another: one of a class is enough for two sets. 0: none.
	class int
	// costly conditions run a query for each row: they are tested where there are the fewest.
	costly bool
}

// keySide is one side of an equality.
type keySide struct {
	expr    expr.Expr
	members memberSet
}

// memberSet is a set of members by number.
type memberSet uint64

// maxMembers bounds a group: larger joins are groups of groups.
const maxMembers = 32

func (s memberSet) has(o memberSet) bool { return o&^s == 0 }
func (s memberSet) count() int           { return bits.OnesCount64(uint64(s)) }
func (s memberSet) first() int           { return bits.TrailingZeros64(uint64(s)) }

// Types are those of the columns in Out.
func (g *JoinGroup) Types() []value.Type {
	types := make([]value.Type, len(g.Out))
	for i, c := range g.Out {
		m := g.memberOf(c)
		types[i] = m.types[c-m.offset]
	}
	return types
}

// Inputs are the members.
func (g *JoinGroup) Inputs() []Node {
	list := make([]Node, len(g.Members))
	for i, m := range g.Members {
		list[i] = m.Node
	}
	return list
}

// memberOf returns the member that a column of the group's row is of.
func (g *JoinGroup) memberOf(column int) *JoinMember {
	return g.Members[g.memberNumber(column)]
}

func (g *JoinGroup) memberNumber(column int) int {
	for i, m := range g.Members {
		if column < m.offset+m.width {
			return i
		}
	}
	return -1
}

// width is the number of columns of the group's row.
func (g *JoinGroup) width() int {
	if len(g.Members) == 0 {
		return 0
	}
	last := g.Members[len(g.Members)-1]
	return last.offset + last.width
}

// add makes a member of a node and returns its columns over the group's row.
func (g *JoinGroup) add(n Node, kind JoinKind) (*JoinMember, []expr.Expr) {
	types := n.Types()
	m := &JoinMember{Node: n, Kind: kind, offset: g.width(), width: len(types), types: types}
	g.Members = append(g.Members, m)
	cols := make([]expr.Expr, len(types))
	for i, t := range types {
		cols[i] = expr.NewColumn(m.offset+i, t, "", ast.NoPos) // substitute keeps the name that was written
	}
	return m, cols
}

// membersOf returns the members whose columns an expression reads.
func (g *JoinGroup) membersOf(e expr.Expr) memberSet {
	var s memberSet
	expr.Columns(e, func(i int) { s |= 1 << g.memberNumber(i) })
	return s
}

// newCond takes a condition over the group's row apart.
func (g *JoinGroup) newCond(e expr.Expr) *JoinCond {
	c := &JoinCond{Expr: e, members: g.membersOf(e), costly: expr.Correlated(e)}
	call, ok := e.(*expr.Call)
	if !ok || call.Func.Op != "=" || len(call.Args) != 2 {
		return c
	}
	for i, a := range call.Args {
		c.sides[i] = keySide{a, g.membersOf(a)}
	}
	l, r := c.sides[0], c.sides[1]
	c.equal = l.members != 0 && r.members != 0 && l.members&r.members == 0 &&
		expr.SameKeys(l.expr.Type().Kind, r.expr.Type().Kind) && expr.VolatilityOf(e) != expr.Volatile
	return c
}

// fix numbers what depends on the list of members: it is called when they are complete or have changed.
func (g *JoinGroup) fix() {
	offset := 0
	for _, m := range g.Members {
		m.types = m.Node.Types()
		m.offset, m.width = offset, len(m.types)
		offset += m.width
	}
	for i, c := range g.Conds {
		class := c.class
		g.Conds[i] = g.newCond(c.Expr)
		g.Conds[i].class = class
	}
	for i, m := range g.Members {
		m.needs = 0
		for k, c := range m.On {
			m.On[k] = g.newCond(c.Expr)
			m.needs |= m.On[k].members
		}
		for _, a := range m.Args {
			m.needs |= g.membersOf(a)
		}
		m.volatile = len(m.Slots) > 0 && volatileTree(m.Node)
		m.needs &^= 1 << i
		if m.Alt != nil {
			m.Alt.needs = 0
			for _, a := range m.Alt.Args {
				m.Alt.needs |= g.membersOf(a)
			}
		}
		if m.Kind != InnerJoin && m.needs == 0 {
			m.needs = g.anchor(i)
		}
	}
}

// anchor returns an inner member for a member that hangs on none in particular.
func (g *JoinGroup) anchor(except int) memberSet {
	for i, m := range g.Members {
		if i != except && m.Kind == InnerJoin && len(m.Args) == 0 {
			return 1 << i
		}
	}
	return 0
}

// mapExprs replaces each expression over the group's row.
func (g *JoinGroup) mapExprs(f func(expr.Expr) expr.Expr) {
	for _, c := range g.Conds {
		c.Expr = f(c.Expr)
	}
	for _, m := range g.Members {
		for _, c := range m.On {
			c.Expr = f(c.Expr)
		}
		for i, a := range m.Args {
			m.Args[i] = f(a)
		}
		if m.Alt != nil {
			for i, a := range m.Alt.Args {
				m.Alt.Args[i] = f(a)
			}
		}
	}
}
