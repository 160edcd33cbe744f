package plan

import (
	"sync"

	"github.com/cachalotdb/cachalot/query/expr"
)

// programPool keeps compiled forms that nobody uses at the moment.
type programPool struct{ sync.Pool }

// NewProgram returns an uncompiled program.
func NewProgram(e expr.Expr) *Program {
	return &Program{Expr: e, Volatile: expr.VolatilityOf(e) == expr.Volatile || expr.Correlated(e)}
}

// programs wraps each expression.
func programs(list []expr.Expr) []*Program {
	out := make([]*Program, len(list))
	for i, e := range list {
		out[i] = NewProgram(e)
	}
	return out
}

// Acquire returns a compiled form for one goroutine, which gives it back with Release.
func (p *Program) Acquire() *expr.Program {
	if c, ok := p.pool.Get().(*expr.Program); ok {
		return c
	}
	return expr.Compile(p.Expr)
}

// Release takes back what Acquire returned. The vectors it returned are no longer valid.
func (p *Program) Release(c *expr.Program) {
	if c != nil {
		p.pool.Put(c)
	}
}
