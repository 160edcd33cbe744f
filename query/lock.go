package query

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// tableLockModes are the modes of LOCK TABLE by their names.
var tableLockModes = map[string]store.LockMode{
	"access share": store.AccessShareLock, "row share": store.RowShareLock, "row exclusive": store.RowExclusiveLock,
	"share update exclusive": store.ShareUpdateExclusiveLock, "share": store.ShareLock,
	"share row exclusive": store.ShareRowExclusiveLock, "exclusive": store.ExclusiveLock,
	"access exclusive": store.AccessExclusiveLock,
}

// lockTables runs LOCK TABLE.
func (s *Session) lockTables(ctx context.Context, st *ast.LockStmt) error {
	if s.status == server.TxIdle && !s.several {
		return sqlerr.New(sqlerr.NoActiveSQLTransaction, "LOCK TABLE can only be used in transaction blocks")
	}
	mode := tableLockModes[st.Mode]
	policy := store.WaitBlock
	if st.NoWait {
		policy = store.WaitError
	}
	for _, r := range st.Tables {
		t, err := s.namedTable(s.catalog(), r.Table)
		if err != nil {
			return err
		}
		if err := s.txn.LockTablePolicy(ctx, t.OID, mode, policy); err != nil {
			return err
		}
		if mode == store.AccessExclusiveLock {
			s.txn.ExcludeReaders()
		}
	}
	return nil
}

// awaitReadable waits for those who have locked tables of the plan against readers.
func (s *Session) awaitReadable(ctx context.Context, pl *plan.Plan) error {
	if !s.txn.ReadersExcluded() {
		return nil
	}
	for _, t := range pl.Tables() {
		if err := s.txn.LockTable(ctx, t.OID, store.AccessShareLock); err != nil {
			return err
		}
	}
	return nil
}
