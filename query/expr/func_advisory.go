package expr

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
)

// AdvisoryLock says what the functions about advisory locks want.
type AdvisoryLock struct {
	// Key is the one key, or both of a Pair, the first in the upper half. They are two spaces.
	Key    uint64
	Pair   bool
	Shared bool
	Txn    bool // until the end of the transaction, not of the session
	Try    bool // do not wait
}

// Advisory is what the functions about advisory locks call.
type Advisory interface {
	// Lock takes a lock; false when it is not free and was only tried.
	Lock(ctx context.Context, l AdvisoryLock) (bool, error)
	// Unlock gives up a lock of the session; false when it is not held.
	Unlock(l AdvisoryLock) bool
	// UnlockAll gives up all those of the session.
	UnlockAll()
}

// advisoryFuncs is the functions about advisory locks.
func advisoryFuncs() []Func {
	list := []Func{{Name: "pg_advisory_unlock_all", Ret: value.Text, Volatility: Volatile, Strict: true,
		fn: withAdvisory(func(_ *Context, locks Advisory) (value.Value, error) {
			locks.UnlockAll()
			return void, nil
		})}}
	add := func(name string, ret value.Kind, fn func(l AdvisoryLock) impl, l AdvisoryLock) {
		for _, shared := range []bool{false, true} {
			if l.Shared = shared; shared {
				name += "_shared"
			}
			for _, args := range [][]value.Kind{kinds(value.Int8), kinds(value.Int4, value.Int4)} {
				l.Pair = len(args) == 2
				list = append(list, Func{Name: name, Args: args, Ret: ret, Volatility: Volatile, Strict: true, fn: fn(l)})
			}
		}
	}
	add("pg_advisory_lock", value.Text, advisoryLock, AdvisoryLock{})
	add("pg_advisory_xact_lock", value.Text, advisoryLock, AdvisoryLock{Txn: true})
	add("pg_try_advisory_lock", value.Bool, advisoryLock, AdvisoryLock{Try: true})
	add("pg_try_advisory_xact_lock", value.Bool, advisoryLock, AdvisoryLock{Try: true, Txn: true})
	add("pg_advisory_unlock", value.Bool, advisoryUnlock, AdvisoryLock{})
	return list
}

// void is what a function without a result returns: PostgreSQL's void shows as an empty text.
var void = value.NewText("")

func withAdvisory(f func(c *Context, locks Advisory) (value.Value, error)) impl {
	return func(c *Context, _ []value.Value) (value.Value, error) {
		locks := c.session().Advisory
		if locks == nil {
			return value.Value{}, sqlerr.NotSupported("advisory locks are not supported here")
		}
		return f(c, locks)
	}
}

// keyed returns the lock for a function's arguments.
func (l AdvisoryLock) keyed(args []value.Value) AdvisoryLock {
	l.Key = uint64(args[0].Int())
	if l.Pair {
		l.Key = uint64(uint32(args[0].Int()))<<32 | uint64(uint32(args[1].Int()))
	}
	return l
}

func advisoryLock(l AdvisoryLock) impl {
	return func(c *Context, args []value.Value) (value.Value, error) {
		return withAdvisory(func(c *Context, locks Advisory) (value.Value, error) {
			ok, err := locks.Lock(c.ctx(), l.keyed(args))
			if !l.Try {
				return void, err
			}
			return value.NewBool(ok), err
		})(c, args)
	}
}

func advisoryUnlock(l AdvisoryLock) impl {
	return func(c *Context, args []value.Value) (value.Value, error) {
		return withAdvisory(func(_ *Context, locks Advisory) (value.Value, error) {
			return value.NewBool(locks.Unlock(l.keyed(args))), nil
		})(c, args)
	}
}
