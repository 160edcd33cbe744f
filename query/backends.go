package query

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/store"
)

// backends implements expr.Backends for a session: what it can do to the others.
type backends struct{ session *Session }

func (b backends) Cancel(pid int32) bool {
	a, ok := b.session.engine.sessions.find(pid)
	if ok && a.cfg.Cancel != nil {
		a.cfg.Cancel()
	}
	return ok
}

func (b backends) Terminate(pid int32) <-chan struct{} {
	a, ok := b.session.engine.sessions.find(pid)
	if !ok {
		return nil
	}
	if a.cfg.Terminate != nil {
		a.cfg.Terminate()
	}
	return a.ended
}

func (b backends) Blocking(pid int32) []int32 {
	if a, ok := b.session.engine.sessions.find(pid); ok {
		return a.locker.Blocking()
	}
	return nil
}

func (b backends) Warn(code, message string, args ...any) { b.session.warn(code, message, args...) }

// advisory implements expr.Advisory for a session.
type advisory struct{ session *Session }

func (a advisory) Lock(ctx context.Context, l expr.AdvisoryLock) (bool, error) {
	s := a.session
	id, mode := advisoryID(l)
	policy := store.WaitBlock
	if l.Try {
		policy = store.WaitSkip
	}
	if l.Txn {
		return s.txn.LockAdvisory(ctx, id, mode, policy)
	}
	return s.locker.LockAdvisory(ctx, id, mode, policy, s.set.vars.lockTimeout)
}

func (a advisory) Unlock(l expr.AdvisoryLock) bool {
	id, mode := advisoryID(l)
	if a.session.locker.UnlockAdvisory(id, mode) {
		return true
	}
	a.session.warn(sqlerr.Warning, "you don't own a lock of type %s", mode)
	return false
}

func (a advisory) UnlockAll() { a.session.locker.UnlockAllAdvisory() }

func advisoryID(l expr.AdvisoryLock) (store.AdvisoryID, store.LockMode) {
	mode := store.ExclusiveLock
	if l.Shared {
		mode = store.ShareLock
	}
	return store.AdvisoryID{Pair: l.Pair, Key: l.Key}, mode
}
