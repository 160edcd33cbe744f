package query

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// prepareTransaction is PREPARE TRANSACTION. It ends the block, whatever comes of it; a failed one is rolled back.
func (s *Session) prepareTransaction(ctx context.Context, gid string) (server.Result, error) {
	switch s.status {
	case server.TxFailed:
		return s.abortBlock(false)
	case server.TxIdle:
		s.warn(sqlerr.NoActiveSQLTransaction, "there is no transaction in progress")
		if !s.several {
			// As PostgreSQL has it: statements of a pipeline before this one are committed, whatever the tag says.
			return server.Result{Tag: "ROLLBACK", TxEnded: true}, s.commit(ctx)
		}
		// Statements of one query are a block of their own.
	}
	s.status = server.TxIdle
	if err := s.preparable(); err != nil {
		s.rollback()
		return server.Result{}, err
	}
	if err := s.runDeferred(ctx); err != nil {
		s.rollback()
		return server.Result{}, err
	}
	s.dropCursors()
	s.closePortals()
	txn := s.txn
	s.txn, s.savepoints, s.deferred = nil, nil, exec.Deferred{}
	// As with COMMIT, what is in the log cannot be called off.
	err := txn.Prepare(context.WithoutCancel(ctx), store.PrepareInfo{GID: gid, User: s.cfg.User, Database: s.cfg.Database})
	s.set.end(err == nil)
	return server.Result{Tag: "PREPARE TRANSACTION", TxEnded: true}, err
}

// preparable refuses what a prepared transaction cannot do at its end.
func (s *Session) preparable() error {
	if len(s.signals.actions)+len(s.signals.notes) > 0 {
		return sqlerr.NotSupported("cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY")
	}
	for _, c := range s.cursors {
		if c.hold && !c.held {
			return sqlerr.NotSupported("cannot PREPARE a transaction that has created a cursor WITH HOLD")
		}
	}
	return nil
}

// finishPrepared is COMMIT PREPARED and ROLLBACK PREPARED.
func (s *Session) finishPrepared(ctx context.Context, t *ast.TransactionStmt) (server.Result, error) {
	tag, finish := "COMMIT PREPARED", s.engine.db.CommitPrepared
	if t.Kind == ast.RollbackPrepared {
		tag, finish = "ROLLBACK PREPARED", s.engine.db.RollbackPrepared
	}
	if s.inBlock() {
		return server.Result{}, sqlerr.New(sqlerr.ActiveSQLTransaction, "%s cannot run inside a transaction block", tag)
	}
	// Every user is a superuser.
	err := finish(context.WithoutCancel(ctx), t.Name, store.Finisher{User: s.cfg.User, Superuser: true, Database: s.cfg.Database})
	return server.Result{Tag: tag}, err
}
