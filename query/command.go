package query

import (
	"context"
	"slices"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
)

// prepareCommand analyses a statement that has no plan: what it answers with.
func (s *Session) prepareCommand(ctx context.Context, p *prepared) error {
	switch st := p.stmt.(type) {
	case *ast.ShowStmt:
		return s.prepareShow(p, st)
	case *ast.ExplainStmt:
		return s.prepareExplain(ctx, p, st)
	case *ast.ExecuteStmt:
		return s.prepareExecute(p, st)
	case *ast.FetchStmt:
		return s.prepareFetch(p, st)
	case *ast.DeclareCursorStmt:
		return s.prepareDeclare(p, st)
	case *ast.CopyStmt:
		return s.prepareCopy(ctx, p, st)
	case *ast.BackupStmt:
		p.kind = server.KindCopyOut
	case *ast.MergeStmt: // which PREPARE takes, as it does those with a plan
		return unsupportedStatement(st)
	}
	return nil
}

// textColumn is a result column of type text.
func textColumn(name string) server.Column {
	return server.Column{Name: name, Type: value.Of(value.Text)}
}

// answer makes rows of text the result of a command.
func (p *commandPortal) answer(rows [][]string) {
	p.rows = &batchList{}
	kinds := make([]value.Kind, len(p.stmt.cols))
	for i, c := range p.stmt.cols {
		kinds[i] = c.Type.Kind
	}
	p.rows.batch.Reset(kinds)
	for _, r := range rows {
		for i, x := range r {
			p.rows.batch.Vecs[i].Append(value.NewBytes(kinds[i], x))
		}
		p.rows.batch.N++
	}
}

// runCommand runs a statement that has no plan.
func (s *Session) runCommand(ctx context.Context, p *commandPortal, sink server.Sink) (server.Result, error) {
	tag := func(t string, err error) (server.Result, error) { return server.Result{Tag: t}, err }
	switch st := p.stmt.stmt.(type) {
	case *ast.TransactionStmt:
		return s.transaction(ctx, st)
	case *ast.SetStmt:
		return tag("SET", s.setStmt(st))
	case *ast.SetTransactionStmt:
		return tag("SET", s.setTransaction(st))
	case *ast.ResetStmt:
		return tag("RESET", s.resetStmt(st))
	case *ast.ShowStmt:
		return tag("SHOW", s.show(p, st))
	case *ast.DiscardStmt:
		return s.discard(ctx, st)
	case *ast.PrepareStmt:
		return tag("PREPARE", s.prepareStmt(ctx, st, p.stmt))
	case *ast.DeallocateStmt:
		return s.deallocate(st)
	case *ast.ExplainStmt:
		return tag("EXPLAIN", s.explain(ctx, p, st))
	case *ast.DeclareCursorStmt:
		return tag("DECLARE CURSOR", s.declare(ctx, p.stmt, st, p.params))
	case *ast.FetchStmt:
		return s.fetch(ctx, p, st)
	case *ast.CloseStmt:
		return s.closeCursor(st)
	case *ast.ListenStmt, *ast.UnlistenStmt, *ast.NotifyStmt:
		return s.channelStmt(st)
	case *ast.CopyStmt:
		return s.copyStmt(ctx, p, st, sink)
	case *ast.VacuumStmt:
		return s.vacuum(st)
	case *ast.BackupStmt:
		return tag("BACKUP", s.backup(ctx, sink))
	case *ast.CheckpointStmt:
		return tag("CHECKPOINT", s.engine.db.Checkpoint(ctx))
	case *ast.SetConstraintsStmt:
		return tag("SET CONSTRAINTS", s.setConstraints(ctx, st))
	case *ast.LockStmt:
		return tag("LOCK TABLE", s.lockTables(ctx, st))
	}
	if st := p.stmt.stmt; defines(st) {
		t, err := s.define(ctx, st, p.stmt.src.Text)
		return server.Result{Tag: t}, err
	}
	return server.Result{}, unsupportedStatement(p.stmt.stmt)
}

// unsupportedStatement is the 0A000 error for a statement that is not there.
func unsupportedStatement(st ast.Stmt) error {
	name := ""
	switch st := st.(type) {
	case *ast.UnsupportedStmt:
		name = st.Command
	case *ast.CreateFunctionStmt:
		name = "CREATE FUNCTION"
		if st.Procedure {
			name = "CREATE PROCEDURE"
		}
	case *ast.MergeStmt:
		name = "MERGE"
	case *ast.CreateSequenceStmt:
		name = "CREATE SEQUENCE"
	case *ast.CreateDatabaseStmt:
		name = "CREATE DATABASE"
	case *ast.ReindexStmt:
		name = "REINDEX"
	case *ast.CallStmt:
		name = "CALL"
	case *ast.DoStmt:
		name = "DO"
	default:
		name = "this statement"
	}
	return sqlerr.NotSupported("%s is not supported", name).At(st.Pos())
}

// vacuum accepts VACUUM and ANALYZE: vacuum runs by itself, and plans need no statistics.
func (s *Session) vacuum(st *ast.VacuumStmt) (server.Result, error) {
	name := "VACUUM"
	if st.Analyze {
		name = "ANALYZE"
	}
	if !st.Analyze && s.inBlock() {
		return server.Result{}, sqlerr.New(sqlerr.ActiveSQLTransaction, "VACUUM cannot run inside a transaction block")
	}
	analyze := st.Analyze || slices.ContainsFunc(st.Options, func(o *ast.OptionDef) bool { return strings.EqualFold(o.Name, "analyze") })
	if err := s.analyze(st.Tables, analyze); err != nil {
		return server.Result{}, err
	}
	return server.Result{Tag: name}, nil
}

// analyze looks up the tables of a VACUUM or ANALYZE, and learns their columns if it is to.
func (s *Session) analyze(list []*ast.VacuumTable, learn bool) error {
	view := s.txn.View()
	defer view.Close()
	if len(list) == 0 && learn {
		for _, t := range view.Catalog().Tables() {
			plan.Analyze(view.Table(t.OID), nil)
		}
	}
	for _, item := range list {
		t, err := s.namedTable(view.Catalog(), item.Table.Table)
		if err != nil {
			return err
		}
		var nums []int16
		for _, id := range item.Columns {
			c, ok := t.Column(id.Name)
			if !ok {
				return sqlerr.New(sqlerr.UndefinedColumn, "column %q of relation %q does not exist", id.Name, t.Name)
			}
			nums = append(nums, c.Num)
		}
		if learn {
			plan.Analyze(view.Table(t.OID), nums)
		}
	}
	return nil
}
