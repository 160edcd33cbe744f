package query

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
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
		// As in PostgreSQL a failed block gives up its locks at once.
		s.rollback()
		s.status = server.TxFailed
	}
	return nil
}

// commit commits the open transaction, if any.
func (s *Session) commit(ctx context.Context) error {
	s.closePortals()
	txn := s.txn
	s.txn = nil
	if txn == nil {
		s.set.end(true)
		return nil
	}
	// Once the record is in the log a commit can no longer be called off; the wait for a lock has no place in it.
	txn.SetAsyncCommit(s.set.vars.asyncCommit)
	err := txn.Commit(context.WithoutCancel(ctx))
	s.set.end(err == nil)
	return err
}

// rollback rolls the open transaction back, if any.
func (s *Session) rollback() {
	s.closePortals()
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
		return server.Result{Tag: tag}, s.beginBlock(t.Modes, t.Pos())
	case ast.Commit:
		return s.endBlock(ctx, t.Chain)
	case ast.Rollback:
		return s.abortBlock(t.Chain)
	case ast.Savepoint, ast.ReleaseSavepoint, ast.RollbackTo:
		if s.status == server.TxIdle {
			name := map[ast.TransactionKind]string{ast.Savepoint: "SAVEPOINT", ast.ReleaseSavepoint: "RELEASE SAVEPOINT",
				ast.RollbackTo: "ROLLBACK TO SAVEPOINT"}[t.Kind]
			return server.Result{}, sqlerr.New(sqlerr.NoActiveSQLTransaction, "%s can only be used in transaction blocks", name)
		}
		return server.Result{}, sqlerr.NotSupported("savepoints are not supported").At(t.Pos())
	}
	return server.Result{}, sqlerr.NotSupported("two-phase transactions are not supported").At(t.Pos())
}

func (s *Session) beginBlock(m ast.TransactionModes, pos int) error {
	if s.status != server.TxIdle {
		s.warn(sqlerr.ActiveSQLTransaction, "there is already a transaction in progress")
	} else {
		s.status = server.TxInBlock
		s.open()
	}
	return s.setModes(m, pos)
}

// setModes sets the characteristics of the current transaction.
func (s *Session) setModes(m ast.TransactionModes, pos int) error {
	if m.Isolation == ast.RepeatableRead || m.Isolation == ast.Serializable {
		name := map[ast.IsolationLevel]string{ast.RepeatableRead: "REPEATABLE READ", ast.Serializable: "SERIALIZABLE"}[m.Isolation]
		return sqlerr.NotSupported("isolation level %s is not supported", name).At(pos)
	}
	if m.Isolation != ast.IsolationDefault {
		name := "read committed"
		if m.Isolation == ast.ReadUncommitted {
			name = "read uncommitted"
		}
		if err := s.set.set("transaction_isolation", name, true); err != nil {
			return err
		}
	}
	if m.ReadOnly != nil && *m.ReadOnly != s.set.vars.readOnly {
		readOnly := *m.ReadOnly
		if !readOnly && s.txn != nil && s.txn.Wrote() {
			return sqlerr.New(sqlerr.ActiveSQLTransaction, "transaction read-write mode must be set before any query")
		}
		return s.set.set("transaction_read_only", onOff(readOnly), true)
	}
	return nil
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
	res := server.Result{Tag: "COMMIT", TxEnded: true}
	if err := s.commit(ctx); err != nil {
		return res, err
	}
	if chain {
		s.status = server.TxInBlock
		s.open()
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
	s.rollback()
	if chain {
		s.status = server.TxInBlock
		s.open()
	}
	return server.Result{Tag: "ROLLBACK", TxEnded: true}, nil
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
