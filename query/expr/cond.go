package expr

import (
	"github.com/cachalotdb/cachalot/internal/value"
)

// Case is CASE WHEN Conds[i] THEN Results[i] ... ELSE Else END. The form with
// an operand is bound to equalities.
type Case struct {
	head
	Conds, Results []Expr
	Else           Expr // never nil: a NULL when not written
	form           caseForm
}

// caseForm is how a Case was written, for deparsing.
type caseForm uint8

const (
	caseSearched caseForm = iota // CASE WHEN cond
	caseSimple                   // CASE x WHEN y: each cond is an operator with x at its left
	caseNullIf                   // NULLIF(x, y): CASE WHEN x = y THEN NULL ELSE x
)

func (e *Case) children(f func(Expr)) {
	for i := range e.Conds {
		f(e.Conds[i])
		f(e.Results[i])
	}
	f(e.Else)
}

func (e *Case) rebuild(f func(Expr) Expr) Expr {
	conds, c1 := rebuildList(e.Conds, f)
	results, c2 := rebuildList(e.Results, f)
	els := f(e.Else)
	if !c1 && !c2 && els == e.Else {
		return e
	}
	c := *e
	c.Conds, c.Results, c.Else = conds, results, els
	return &c
}

func (e *Case) same(o Expr) bool {
	x, ok := o.(*Case)
	return ok && len(x.Conds) == len(e.Conds) && x.form == e.form
}

func (e *Case) eval(c *Context, row []value.Value) (value.Value, error) {
	for i, cond := range e.Conds {
		v, err := cond.eval(c, row)
		if err != nil {
			return v, err
		}
		if v.Bool() {
			return e.Results[i].eval(c, row)
		}
	}
	return e.Else.eval(c, row)
}

// simplify drops the branches that are never taken.
func (e *Case) simplify() Expr {
	c := *e
	c.Conds, c.Results = nil, nil
	for i, cond := range e.Conds {
		k, ok := cond.(*Const)
		if !ok {
			c.Conds = append(c.Conds, cond)
			c.Results = append(c.Results, e.Results[i])
			continue
		}
		if k.Val.Bool() {
			c.Else = e.Results[i]
			break
		}
	}
	switch {
	case len(c.Conds) == 0:
		return c.Else
	case len(c.Conds) == len(e.Conds):
		return e
	}
	return &c
}

// Coalesce is the first of Args that is not NULL.
type Coalesce struct {
	head
	Args []Expr
}

func (e *Coalesce) children(f func(Expr)) { each(e.Args, f) }

func (e *Coalesce) rebuild(f func(Expr) Expr) Expr {
	args, changed := rebuildList(e.Args, f)
	if !changed {
		return e
	}
	c := *e
	c.Args = args
	return &c
}

func (e *Coalesce) same(o Expr) bool { _, ok := o.(*Coalesce); return ok }

func (e *Coalesce) eval(c *Context, row []value.Value) (value.Value, error) {
	for _, a := range e.Args {
		v, err := a.eval(c, row)
		if err != nil || !v.IsNull() {
			return v, err
		}
	}
	return value.Null(e.typ.Kind), nil
}

// simplify drops NULLs, and what stands after a constant.
func (e *Coalesce) simplify() Expr {
	kept := make([]Expr, 0, len(e.Args))
	for _, a := range e.Args {
		k, ok := a.(*Const)
		if ok && k.Val.IsNull() {
			continue
		}
		kept = append(kept, a)
		if ok {
			break
		}
	}
	switch len(kept) {
	case 0:
		return NewConst(value.Null(e.typ.Kind), e.typ, e.pos)
	case 1:
		return kept[0]
	case len(e.Args):
		return e
	}
	c := *e
	c.Args = kept
	return &c
}

// MinMax is GREATEST or LEAST: of the operands that are not NULL.
type MinMax struct {
	head
	Least bool
	Args  []Expr
}

func (e *MinMax) children(f func(Expr)) { each(e.Args, f) }

func (e *MinMax) rebuild(f func(Expr) Expr) Expr {
	args, changed := rebuildList(e.Args, f)
	if !changed {
		return e
	}
	c := *e
	c.Args = args
	return &c
}

func (e *MinMax) same(o Expr) bool {
	x, ok := o.(*MinMax)
	return ok && x.Least == e.Least
}

func (e *MinMax) eval(c *Context, row []value.Value) (value.Value, error) {
	best := value.Null(e.typ.Kind)
	for _, a := range e.Args {
		v, err := a.eval(c, row)
		if err != nil {
			return v, err
		}
		best = e.better(best, v)
	}
	return best, nil
}

func (e *MinMax) better(best, v value.Value) value.Value {
	if v.IsNull() {
		return best
	}
	if best.IsNull() {
		return v
	}
	if c := value.Compare(v, best); c != 0 && (c < 0) == e.Least {
		return v
	}
	return best
}

func (e *MinMax) apply(_ *Context, a []value.Value) (value.Value, error) {
	best := value.Null(e.typ.Kind)
	for _, v := range a {
		best = e.better(best, v)
	}
	return best, nil
}
