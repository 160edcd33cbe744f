package expr

import (
	"github.com/cachalotdb/cachalot/internal/column"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Slot is a value that an enclosing query, or the left side of a lateral join, sets before
// what reads it runs: a column of its row. It is constant for that run.
type Slot struct {
	head
	Index int    // in Context.Slots
	Name  string // of the column, for deparsing
}

// NewSlot returns a reference to a slot.
func NewSlot(index int, t value.Type, name string, pos int) *Slot {
	return &Slot{head: head{t, pos}, Index: index, Name: name}
}

func (e *Slot) children(func(Expr))          {}
func (e *Slot) rebuild(func(Expr) Expr) Expr { return e }

func (e *Slot) same(o Expr) bool {
	x, ok := o.(*Slot)
	return ok && x.Index == e.Index
}

func (e *Slot) eval(c *Context, _ []value.Value) (value.Value, error) {
	if e.Index >= len(c.Slots) {
		return value.Value{}, sqlerr.New(sqlerr.InternalError, "slot %d is read before it is set", e.Index)
	}
	return c.Slots[e.Index].WithKind(e.typ.Kind), nil
}

func (e *Slot) String() string      { return deparse(e) }
func (e *Slot) deparse(d *deparser) { d.WriteString(e.Name) }

// SetSlot sets a slot of this context.
func (c *Context) SetSlot(i int, v value.Value) {
	for len(c.Slots) <= i {
		c.Slots = append(c.Slots, value.Value{})
	}
	c.Slots[i] = v
}

// Slots calls f with the index of each slot that e reads itself, not by way of its subqueries' plans.
func Slots(e Expr, f func(index int)) {
	Walk(e, func(e Expr) bool {
		if s, ok := e.(*Slot); ok {
			f(s.Index)
		}
		return true
	})
}

// slotNode is a slot in a program.
type slotNode struct {
	slot *Slot
	vec  column.Vec
}

func (n *slotNode) eval(c *Context, _ *column.Batch, _ []int32) (*column.Vec, error) {
	v, err := n.slot.eval(c, nil)
	if err != nil {
		return nil, err
	}
	n.vec.SetConst(v)
	return &n.vec, nil
}
