package query

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
)

// EndImplicit implements server.Session.
func (s *Session) EndImplicit(ctx context.Context, failed bool) error {
	s.several = false
	switch {
	case s.status == server.TxIdle && failed:
		s.rollback()
	case s.status == server.TxIdle:
		return s.commit(ctx)
	case s.status == server.TxInBlock && failed:
		// As in PostgreSQL a failed block gives up its locks at once, back to its last savepoint.
		if len(s.savepoints) > 0 {
			s.rollbackToLast()
		} else {
			s.rollback()
		}
		s.status = server.TxFailed
	}
	return nil
}

// commit commits the open transaction, if any.
func (s *Session) commit(ctx context.Context) error {
	if len(s.cursors) > 0 {
		if err := s.holdCursors(ctx); err != nil {
			s.rollback()
			return err
		}
	}
	s.closePortals()
	if err := s.runDeferred(ctx); err != nil {
		s.rollback()
		return err
	}
	txn := s.txn
	if txn == nil {
		s.savepoints = nil
		s.set.end(true)
		return nil
	}
	if err := s.tempAtCommit(ctx); err != nil {
		s.rollback()
		return err
	}
	s.txn, s.savepoints, s.deferred = nil, nil, exec.Deferred{}
	// Once the record is in the log a commit can no longer be called off; the wait for a lock has no place in it.
	txn.SetAsyncCommit(s.set.vars.asyncCommit)
	if txn.Wrote() {
		ctx = context.WithoutCancel(ctx)
	}
	err := txn.Commit(ctx)
	s.set.end(err == nil)
	if err == nil {
		s.signal()
	} else {
		s.signals = signals{}
	}
	return err
}

// rollback rolls the open transaction back, if any.
func (s *Session) rollback() {
	s.dropCursors()
	s.closePortals()
	s.savepoints, s.signals, s.deferred = nil, signals{}, exec.Deferred{}
	if s.txn != nil {
		s.txn.Rollback()
		s.txn = nil
	}
	s.set.end(false)
}

// closePortals ends what still reads from the transaction.
func (s *Session) closePortals() {
	for p := range s.portals {
		p.release()
	}
}

// errFailedBlock is the 25P02 error.
var errFailedBlock = sqlerr.New(sqlerr.InFailedSQLTransaction,
	"current transaction is aborted, commands ignored until end of transaction block")

// allowed returns 25P02 in a failed block for all statements but those that end it.
func (s *Session) allowed(stmt ast.Stmt) error {
	if s.status != server.TxFailed {
		return nil
	}
	if t, ok := stmt.(*ast.TransactionStmt); ok {
		switch t.Kind {
		case ast.Commit, ast.Rollback, ast.RollbackTo, ast.PrepareTransaction:
			return nil
		}
	}
	return errFailedBlock
}

// transaction runs BEGIN, COMMIT and their kin.
func (s *Session) transaction(ctx context.Context, t *ast.TransactionStmt) (server.Result, error) {
	switch t.Kind {
	case ast.Begin, ast.StartTransaction:
		tag := "BEGIN"
		if t.Kind == ast.StartTransaction {
			tag = "START TRANSACTION"
		}
		return server.Result{Tag: tag}, s.beginBlock(t.Modes)
	case ast.Commit:
		return s.endBlock(ctx, t.Chain)
	case ast.Rollback:
		return s.abortBlock(t.Chain)
	case ast.Savepoint, ast.ReleaseSavepoint, ast.RollbackTo:
		return s.savepoint(t)
	case ast.PrepareTransaction:
		return s.prepareTransaction(ctx, t.Name)
	}
	return s.finishPrepared(ctx, t)
}

func (s *Session) beginBlock(m ast.TransactionModes) error {
	if s.status != server.TxIdle {
		s.warn(sqlerr.ActiveSQLTransaction, "there is already a transaction in progress")
	} else {
		s.status = server.TxInBlock
		s.open()
	}
	return s.setModes(m)
}

// endBlock is COMMIT.
func (s *Session) endBlock(ctx context.Context, chain bool) (server.Result, error) {
	switch s.status {
	case server.TxFailed:
		return s.abortBlock(chain)
	case server.TxIdle:
		if chain {
			return server.Result{}, sqlerr.New(sqlerr.NoActiveSQLTransaction, "COMMIT AND CHAIN can only be used in transaction blocks")
		}
		s.warn(sqlerr.NoActiveSQLTransaction, "there is no transaction in progress")
	}
	s.status = server.TxIdle
	modes := s.characteristics(chain)
	res := server.Result{Tag: "COMMIT", TxEnded: true}
	if err := s.commit(ctx); err != nil {
		return res, err
	}
	if chain {
		s.chain(modes)
	}
	return res, nil
}

// abortBlock is ROLLBACK.
func (s *Session) abortBlock(chain bool) (server.Result, error) {
	if s.status == server.TxIdle {
		if chain {
			return server.Result{}, sqlerr.New(sqlerr.NoActiveSQLTransaction, "ROLLBACK AND CHAIN can only be used in transaction blocks")
		}
		s.warn(sqlerr.NoActiveSQLTransaction, "there is no transaction in progress")
	}
	s.status = server.TxIdle
	modes := s.characteristics(chain)
	s.rollback()
	if chain {
		s.chain(modes)
	}
	return server.Result{Tag: "ROLLBACK", TxEnded: true}, nil
}

// characteristics returns those of the current transaction, by setting, if another is to have them too.
func (s *Session) characteristics(chain bool) map[string]string {
	if !chain {
		return nil
	}
	modes := map[string]string{}
	for name := range transactionDefaults {
		modes[name], _ = s.set.show(name)
	}
	return modes
}

// chain begins a block with the characteristics of the one before: AND CHAIN.
func (s *Session) chain(modes map[string]string) {
	s.status = server.TxInBlock
	s.open()
	for name, v := range modes {
		_ = s.set.set(name, v, true) // they were accepted before
	}
	s.txn.SetIsolation(s.set.vars.isolation, s.set.vars.readOnly)
}

// inBlock says whether the statement is inside of a transaction block, be it that of a query of several
// statements.
func (s *Session) inBlock() bool { return s.status != server.TxIdle || s.several }

// checkWritable returns 25006 in a read-only transaction.
func (s *Session) checkWritable(command string) error {
	if s.set.vars.readOnly {
		return sqlerr.New(sqlerr.ReadOnlySQLTransaction, "cannot execute %s in a read-only transaction", command)
	}
	return nil
}
