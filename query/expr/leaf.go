package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// Const is a constant or a typed NULL.
type Const struct {
	head
	Val value.Value
}

// NewConst returns a constant of a type at a position (ast.NoPos for none).
func NewConst(v value.Value, t value.Type, pos int) *Const {
	return &Const{head: head{t, pos}, Val: v}
}

func (e *Const) children(func(Expr))          {}
func (e *Const) rebuild(func(Expr) Expr) Expr { return e }

func (e *Const) same(o Expr) bool {
	x, ok := o.(*Const)
	return ok && x.Val == e.Val
}

func (e *Const) eval(*Context, []value.Value) (value.Value, error) { return e.Val, nil }

// Column is a column of the input: of the batch in a Program, of the row in Eval.
type Column struct {
	head
	Index int
	Name  string // for deparsing, already qualified when it has to be
}

// NewColumn returns a reference to input column index.
func NewColumn(index int, t value.Type, name string, pos int) *Column {
	return &Column{head: head{t, pos}, Index: index, Name: name}
}

func (e *Column) children(func(Expr))          {}
func (e *Column) rebuild(func(Expr) Expr) Expr { return e }

func (e *Column) same(o Expr) bool {
	x, ok := o.(*Column)
	return ok && x.Index == e.Index
}

func (e *Column) eval(_ *Context, row []value.Value) (value.Value, error) { return row[e.Index], nil }

// Param is a parameter, $Index+1. Its type is Unknown until its context gives
// it one; the Binder then replaces it.
type Param struct {
	head
	Index int // from 0
}

// NewParam returns parameter $index+1.
func NewParam(index int, t value.Type, pos int) *Param {
	return &Param{head: head{t, pos}, Index: index}
}

func (e *Param) children(func(Expr))          {}
func (e *Param) rebuild(func(Expr) Expr) Expr { return e }

func (e *Param) same(o Expr) bool {
	x, ok := o.(*Param)
	return ok && x.Index == e.Index
}

func (e *Param) eval(c *Context, _ []value.Value) (value.Value, error) {
	if e.Index >= len(c.Params) {
		return value.Value{}, sqlerr.New(sqlerr.UndefinedParameter, "no value found for parameter %d", e.Index+1)
	}
	return c.Params[e.Index], nil
}

// AtPos returns a name's expression with another position.
func AtPos(e Expr, pos int) Expr {
	switch e := e.(type) {
	case *Column:
		c := *e
		c.pos = pos
		return &c
	case *Coalesce:
		c := *e
		c.pos = pos
		return &c
	case *Cast:
		c := *e
		c.pos = pos
		return &c
	}
	return e
}
