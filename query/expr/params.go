package expr

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// ParamTypes collects the types of a statement's parameters: those that the client fixed and
// those that the binder infers. Not safe for concurrent use.
type ParamTypes struct {
	kinds []value.Kind // Unknown: open
}

// NewParamTypes returns the types that the client fixed; Unknown leaves one open.
func NewParamTypes(fixed []value.Kind) *ParamTypes {
	p := &ParamTypes{}
	for i, k := range fixed {
		p.grow(i + 1)
		p.kinds[i] = k
	}
	return p
}

func (p *ParamTypes) grow(n int) {
	for len(p.kinds) < n {
		p.kinds = append(p.kinds, value.Unknown)
	}
}

// bind returns the node of $n.
func (p *ParamTypes) bind(n, pos int) (Expr, error) {
	if p == nil || n < 1 || n > 65535 {
		return nil, sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $%d", n).At(pos)
	}
	p.grow(n)
	return NewParam(n-1, value.Of(p.kinds[n-1]), pos), nil
}

// infer gives an open parameter its type and returns the node with it.
func (p *ParamTypes) infer(e *Param, k value.Kind) (Expr, error) {
	old := p.kinds[e.Index]
	if old != value.Unknown && old != k {
		return nil, sqlerr.New(sqlerr.AmbiguousParameter, "inconsistent types deduced for parameter $%d", e.Index+1).
			WithDetail("%s versus %s", old, k).At(e.pos)
	}
	p.kinds[e.Index] = k
	return NewParam(e.Index, value.Of(k), e.pos), nil
}

// Kinds returns the types, Unknown where none was found, without check.
func (p *ParamTypes) Kinds() []value.Kind { return p.kinds }

// Finish returns the types of $1, $2, ...: 42P18 when one could not be
// determined, or was skipped.
func (p *ParamTypes) Finish() ([]value.Kind, error) {
	for i, k := range p.kinds {
		if k == value.Unknown {
			return nil, sqlerr.New(sqlerr.IndeterminateDatatype, "could not determine data type of parameter $%d", i+1)
		}
	}
	return p.kinds, nil
}
