package query

import (
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/sql/ast"
)

// freePortals are portals of a session that the server has closed, one of a kind: its next statement uses them again, so that
// a short one allocates next to nothing.
type freePortals struct {
	row     *rowPortal
	control *commandPortal // of BEGIN, COMMIT and their kin
}

// portalMemory is what a portal keeps for the one that takes its place.
type portalMemory struct {
	evaluation
	params []value.Value
	budget exec.Budget
}

// maxFreeParams is how many parameters a portal may have for its memory to be kept.
const maxFreeParams = 64

// rows returns the portal of a statement with a plan. Its parameters are still to be read.
func (f *freePortals) rows(s *Session, stmt *prepared) *rowPortal {
	p := f.row
	f.row = nil
	if p == nil {
		p = &rowPortal{memory: new(portalMemory)}
	}
	m := p.memory
	*p = rowPortal{session: s, stmt: stmt, memory: m, env: exec.Env{Budget: &m.budget}}
	return p
}

// takeRows takes a portal that is closed. One that had operators is not used again: they may have given what they know
// to others who are not done yet.
func (f *freePortals) takeRows(p *rowPortal) {
	if p.memory == nil || p.built || cap(p.params) > maxFreeParams {
		return
	}
	if p.stmt.use == nil {
		clear(p.params) // they may be large
		p.memory.params = p.params[:0]
	}
	p.memory.expr.Reset()
	f.row = p
}

// command returns the portal of a statement without a plan.
func (f *freePortals) command(s *Session, stmt *prepared, params []value.Value) *commandPortal {
	p := f.control
	f.control = nil
	if p == nil {
		p = new(commandPortal)
	}
	*p = commandPortal{session: s, stmt: stmt, params: params, bound: true}
	return p
}

// takeCommand takes a portal that is closed, if nobody can have kept it.
func (f *freePortals) takeCommand(p *commandPortal) {
	if _, ok := p.stmt.stmt.(*ast.TransactionStmt); ok && p.bound {
		p.bound = false
		f.control = p
	}
}
