package util

import (
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// transaction reads BEGIN, COMMIT, ROLLBACK, SAVEPOINT and their kin.
func (r reader) transaction() ast.Stmt {
	s := &ast.TransactionStmt{Offset: r.Here()}
	switch r.Advance().Val {
	case "begin":
		s.Kind = ast.Begin
		r.transactionWord()
		r.modes(&s.Modes, true)
	case "start":
		s.Kind = ast.StartTransaction
		r.Expect("transaction")
		r.modes(&s.Modes, true)
	case "commit":
		if r.Accept("prepared") {
			s.Kind, s.Name = ast.CommitPrepared, r.StringConst()
			break
		}
		r.commit(s)
	case "end":
		r.commit(s)
	case "abort":
		s.Kind = ast.Rollback
		r.transactionWord()
		s.Chain = r.chain()
	case "rollback":
		r.rollback(s)
	case "savepoint":
		s.Kind, s.Name = ast.Savepoint, r.ColID().Name
	case "release":
		s.Kind = ast.ReleaseSavepoint
		r.savepointWord()
		s.Name = r.ColID().Name
	}
	return s
}

func (r reader) transactionWord() {
	if r.IsAny("work", "transaction") {
		r.Advance()
	}
}

// savepointWord passes over SAVEPOINT, unless it is the name itself.
func (r reader) savepointWord() {
	if r.IsColID(1) {
		r.Accept("savepoint")
	}
}

func (r reader) commit(s *ast.TransactionStmt) {
	s.Kind = ast.Commit
	r.transactionWord()
	s.Chain = r.chain()
}

func (r reader) rollback(s *ast.TransactionStmt) {
	if r.Accept("prepared") {
		s.Kind, s.Name = ast.RollbackPrepared, r.StringConst()
		return
	}
	r.transactionWord()
	if r.Accept("to") {
		s.Kind = ast.RollbackTo
		r.savepointWord()
		s.Name = r.ColID().Name
		return
	}
	s.Kind = ast.Rollback
	s.Chain = r.chain()
}

// chain reads AND [NO] CHAIN.
func (r reader) chain() bool {
	if !r.Accept("and") {
		return false
	}
	no := r.Accept("no")
	r.Expect("chain")
	return !no
}

// modes reads transaction modes, separated by commas or blanks; none at all is
// allowed where optional is set.
func (r reader) modes(m *ast.TransactionModes, optional bool) {
	if optional && r.AtEnd() {
		return
	}
	for {
		r.mode(m)
		if r.Accept(",") {
			continue
		}
		if r.AtEnd() {
			return
		}
	}
}

func (r reader) mode(m *ast.TransactionModes) {
	yes, no := true, false
	switch {
	case r.Accept("isolation"):
		r.Expect("level")
		m.Isolation = r.isolation()
	case r.Accept("read", "only"):
		m.ReadOnly = &yes
	case r.Accept("read"):
		r.Expect("write")
		m.ReadOnly = &no
	case r.Accept("deferrable"):
		m.Deferrable = &yes
	case r.Accept("not"):
		r.Expect("deferrable")
		m.Deferrable = &no
	default:
		r.Fail()
	}
}

func (r reader) isolation() ast.IsolationLevel {
	switch {
	case r.Accept("serializable"):
		return ast.Serializable
	case r.Accept("repeatable"):
		r.Expect("read")
		return ast.RepeatableRead
	case r.Accept("read", "committed"):
		return ast.ReadCommitted
	}
	r.Expect("read", "uncommitted")
	return ast.ReadUncommitted
}
