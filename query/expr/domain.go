package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// Domain is what a domain asks of values of its base type.
type Domain struct {
	Name    string
	Type    value.Type // the base type
	NotNull bool
	Default ast.Expr // nil for none
	Checks  []DomainCheck
}

// DomainCheck is a CHECK of a domain, over the name value.
type DomainCheck struct {
	Name string
	Expr ast.Expr
}

// domainTypes is a value.UserTypes that knows domains.
type domainTypes interface {
	// Domain returns the domain of an OID; nil when that is another type.
	Domain(oid uint32) (*Domain, error)
}

// DomainOf returns the domain that a type is; nil for other types.
func DomainOf(t value.Type, st *value.Style) (*Domain, error) {
	if t.User == 0 || t.Kind.Elem() == value.Enum || st == nil {
		return nil, nil
	}
	if types, ok := st.Types.(domainTypes); ok {
		return types.Domain(t.User)
	}
	return nil, nil
}

// InDomain is its argument, a value of the base type, once it is known to be in a domain: 23502 for a NULL where there must be none,
// 23514 where a CHECK is false.
type InDomain struct {
	head
	Arg    Expr
	domain *Domain
	conds  []Expr // of the checks, over the value as column 0
}

// inDomain returns e, of a domain's base type, as a value of the domain.
func (b *Binder) inDomain(e Expr, d *Domain, t value.Type) (Expr, error) {
	x := &InDomain{head: head{t, e.Pos()}, Arg: e, domain: d}
	for _, c := range d.Checks {
		in := &Binder{Scope: valueScope{value.Type{Kind: d.Type.Kind, Mod: d.Type.Mod}}, Style: b.Style, Clause: "check constraints"}
		cond, err := in.BindBool(c.Expr, "CHECK")
		if err != nil {
			return nil, err
		}
		x.conds = append(x.conds, cond)
	}
	return x, nil
}

// BindDomainCheck binds a CHECK of a domain over a base type, and returns it as SQL text.
func BindDomainCheck(e ast.Expr, base value.Type, st *value.Style) (string, error) {
	b := &Binder{Scope: valueScope{base}, Style: st, Clause: "check constraints"}
	x, err := b.BindBool(e, "CHECK")
	if err != nil {
		return "", err
	}
	return x.String(), nil
}

// valueScope names the value that a domain's CHECK is about.
type valueScope struct{ typ value.Type }

// Column implements Scope.
func (s valueScope) Column(ref *ast.ColumnRef) (Expr, error) {
	if len(ref.Parts) == 1 && ref.Parts[0].Name == "value" {
		return NewColumn(0, s.typ, "VALUE", ref.Pos()), nil
	}
	return nil, sqlerr.New(sqlerr.UndefinedColumn, "column %q does not exist", ref.Parts[len(ref.Parts)-1].Name).At(ref.Pos())
}

func (e *InDomain) children(f func(Expr)) { f(e.Arg) }

func (e *InDomain) rebuild(f func(Expr) Expr) Expr {
	if a := f(e.Arg); a != e.Arg {
		c := *e
		c.Arg = a
		return &c
	}
	return e
}

func (e *InDomain) same(o Expr) bool {
	x, ok := o.(*InDomain)
	return ok && x.typ == e.typ && x.domain == e.domain
}

func (e *InDomain) eval(c *Context, row []value.Value) (value.Value, error) {
	v, err := e.Arg.eval(c, row)
	if err != nil {
		return v, err
	}
	return e.apply(c, []value.Value{v})
}

// apply tests one value.
func (e *InDomain) apply(c *Context, args []value.Value) (value.Value, error) {
	v := args[0]
	if v.IsNull() && e.domain.NotNull {
		return v, sqlerr.New(sqlerr.NotNullViolation, "domain %s does not allow null values", e.domain.Name)
	}
	for i, cond := range e.conds {
		ok, err := cond.eval(c, []value.Value{v})
		if err != nil {
			return v, err
		}
		if !ok.IsNull() && !ok.Bool() {
			return v, sqlerr.New(sqlerr.CheckViolation, "value for domain %s violates check constraint %q", e.domain.Name, e.domain.Checks[i].Name)
		}
	}
	return v, nil
}

func (e *InDomain) deparse(d *deparser) { d.expr(e.Arg) }

// String returns the argument: casts to domains come again with the column that the value goes to.
func (e *InDomain) String() string { return deparse(e) }
