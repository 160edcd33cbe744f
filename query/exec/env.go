package exec

import (
	"sync/atomic"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/store"
)

// Env is what one execution of a plan works with.
type Env struct {
	Expr   *expr.Context // of the session's goroutine
	Txn    *store.Txn
	View   *store.View
	Budget *Budget // nil: none
	// Workers is the most goroutines that work at once; below 2 all runs on the caller's.
	Workers int
	Avoid   plan.Avoid
	// Deferred takes what deferred foreign keys ask for; nil makes them ask at the end of the statement.
	Deferred *Deferred
	// Explain makes Build describe the operators; Profile measures them too.
	Explain, Profile bool

	running *running // CTEs and working tables
	// late takes what foreign keys ask for at the end of a statement whose WITH clause modifies tables; nil in others.
	late *Events
}

// Budget bounds the memory that the operators of one statement keep rows in. Safe for
// concurrent use; a nil Budget has no bound.
type Budget struct {
	Limit int64
	used  atomic.Int64
}

// take adds n bytes: 53200 when the budget is spent.
func (b *Budget) take(n int64) error {
	if b == nil || b.used.Add(n) <= b.Limit {
		return nil
	}
	return sqlerr.New(sqlerr.OutOfMemory, "out of memory").
		WithDetail("The statement needs more than %d kB for its intermediate rows.", b.Limit>>10).
		WithHint("Raise work_mem, or let the statement sort, group or join fewer rows.")
}

// give returns n bytes.
func (b *Budget) give(n int64) {
	if b != nil {
		b.used.Add(-n)
	}
}
