package query

import (
	"context"
	"sync/atomic"
	"time"
)

// life is the context of what the expressions of a portal wait for: that of the Run that is under way. A suspended
// portal outlives the contexts of its Runs, and its workers go on between them. The zero value never ends.
type life struct {
	run atomic.Pointer[context.Context]
}

var _ context.Context = (*life)(nil)

// set makes ctx what life is.
func (l *life) set(ctx context.Context) { l.run.Store(&ctx) }

func (l *life) now() context.Context {
	if p := l.run.Load(); p != nil {
		return *p
	}
	return context.Background()
}

// Deadline implements context.Context.
func (l *life) Deadline() (time.Time, bool) { return l.now().Deadline() }

// Done implements context.Context.
func (l *life) Done() <-chan struct{} { return l.now().Done() }

// Err implements context.Context.
func (l *life) Err() error { return l.now().Err() }

// Value implements context.Context; the cause of an end is found by it.
func (l *life) Value(key any) any { return l.now().Value(key) }
