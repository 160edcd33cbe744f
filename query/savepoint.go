package query

import (
	"maps"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
	"github.com/cachalotdb/cachalot/store"
)

// savepoint is a moment of a transaction that ROLLBACK TO goes back to.
type savepoint struct {
	name     string
	mark     *store.Savepoint
	settings savedSettings
	actions  int // signals before it
	notes    int
}

// savepoint runs SAVEPOINT, RELEASE and ROLLBACK TO.
func (s *Session) savepoint(t *ast.TransactionStmt) (server.Result, error) {
	command := map[ast.TransactionKind]string{ast.Savepoint: "SAVEPOINT", ast.ReleaseSavepoint: "RELEASE SAVEPOINT",
		ast.RollbackTo: "ROLLBACK TO SAVEPOINT"}[t.Kind]
	if s.status == server.TxIdle {
		return server.Result{}, sqlerr.New(sqlerr.NoActiveSQLTransaction, "%s can only be used in transaction blocks", command)
	}
	if t.Kind == ast.Savepoint {
		s.savepoints = append(s.savepoints, savepoint{name: t.Name, mark: s.txn.Savepoint(), settings: s.set.savepoint(),
			actions: len(s.signals.actions), notes: len(s.signals.notes)})
		return server.Result{Tag: "SAVEPOINT"}, nil
	}
	at := len(s.savepoints) - 1
	for at >= 0 && s.savepoints[at].name != t.Name {
		at--
	}
	if at < 0 {
		return server.Result{}, sqlerr.New(sqlerr.SavepointNotFound, "savepoint \"%s\" does not exist", t.Name)
	}
	if t.Kind == ast.ReleaseSavepoint {
		s.savepoints = s.savepoints[:at]
		for p := range s.portals {
			p.level = min(p.level, at)
		}
		for _, c := range s.cursors {
			c.level = min(c.level, at)
		}
		return server.Result{Tag: "RELEASE"}, nil
	}
	s.savepoints = s.savepoints[:at+1]
	s.rollbackToLast()
	s.status = server.TxInBlock
	return server.Result{Tag: "ROLLBACK"}, nil
}

// rollbackToLast takes back what was done since the last savepoint, which stays.
func (s *Session) rollbackToLast() {
	n := len(s.savepoints)
	s.closeCursors(func(c *cursor) bool { return !c.held && c.level >= n })
	for p := range s.portals {
		if p.level >= n {
			p.release()
		}
	}
	last := s.savepoints[n-1]
	s.txn.RollbackTo(last.mark)
	s.set.rollbackTo(last.settings)
	s.signals.actions, s.signals.notes = s.signals.actions[:last.actions], s.signals.notes[:last.notes]
}

// savedSettings are the settings at a savepoint.
type savedSettings struct{ session, local map[string]string }

func (s *settings) savepoint() savedSettings {
	return savedSettings{maps.Clone(s.session), maps.Clone(s.local)}
}

func (s *settings) rollbackTo(saved savedSettings) {
	if maps.Equal(s.session, saved.session) && maps.Equal(s.local, saved.local) {
		return
	}
	s.session, s.local = maps.Clone(saved.session), maps.Clone(saved.local)
	s.changed()
}
