package query

import (
	"context"
	"encoding/binary"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/query/sql/parse"
	"github.com/cachalotdb/cachalot/server"
)

// prepared is an analysed statement. It implements server.Prepared.
type prepared struct {
	src    server.Source
	stmt   ast.Stmt // nil for an empty statement
	start  int      // where its text begins in what was parsed
	kind   server.Kind
	params []value.Kind
	oids   []uint32 // of params, nil until somebody asks
	cols   []server.Column

	fixed []value.Kind // types that the client fixed
	key   planKey
	plan  *plan.Plan // nil for commands; replaced when the catalog has changed
	// remake makes the plan where it is not made of the statement itself; nil for most.
	remake func(*schema.Catalog) (*plan.Plan, error)
	use    *use // of the template whose statement this is, nil for most
}

// failure is an error of running the statement, for the server.
func (p *prepared) failure(ctx context.Context, err error) error {
	if p.use != nil {
		err = p.use.relocate(err)
	}
	return failure(ctx, err, p.start)
}

func (p *prepared) Kind() server.Kind        { return p.kind }
func (p *prepared) Columns() []server.Column { return p.cols }
func (p *prepared) Source() server.Source    { return p.src }

func (p *prepared) ParamTypes() []uint32 {
	if p.oids == nil && len(p.params) > 0 {
		p.oids = make([]uint32, len(p.params))
		for i, k := range p.params {
			p.oids[i] = k.OID()
		}
	}
	return p.oids
}

// setParams says of which types the parameters are.
func (p *prepared) setParams(kinds []value.Kind) { p.params, p.oids = kinds, nil }

// Prepare implements server.Session.
func (s *Session) Prepare(ctx context.Context, src server.Source, paramTypes []uint32) (server.Prepared, error) {
	if u, ok := src.Parsed.(*use); ok {
		return s.prepareUse(ctx, u, src)
	}
	st, err := s.parsed(src)
	if err != nil {
		return nil, err
	}
	p, err := s.prepare(ctx, st, src, paramTypes)
	if err != nil {
		start := 0
		if st != nil {
			start = st.Start
		}
		return nil, failure(ctx, err, start)
	}
	if src.Parsed != nil {
		s.learn(p, st)
	}
	return p, nil
}

// parsed returns the statement of a source, nil when it is empty.
func (s *Session) parsed(src server.Source) (*parse.Statement, error) {
	if st, ok := src.Parsed.(*parse.Statement); ok {
		return st, nil
	}
	list, err := parse.Parse(src.Text, s.parseOptions())
	switch {
	case err != nil:
		return nil, err
	case len(list) > 1:
		return nil, sqlerr.New(sqlerr.SyntaxError, "cannot insert multiple commands into a prepared statement")
	case len(list) == 0:
		return nil, nil
	}
	return &list[0], nil
}

func (s *Session) prepare(ctx context.Context, st *parse.Statement, src server.Source, paramTypes []uint32) (*prepared, error) {
	if st == nil {
		return &prepared{src: src, kind: server.KindEmpty}, nil
	}
	if err := s.allowed(st.Stmt); err != nil {
		return nil, err
	}
	for _, n := range st.Notices {
		s.notice("NOTICE", n)
	}
	p := &prepared{src: src, stmt: st.Stmt, start: st.Start}
	if st.NumParams > 0 && !takesParams(st.Stmt, paramTypes) {
		return nil, noParameter(st.Stmt)
	}
	var err error
	if p.fixed, err = fixedTypes(paramTypes); err != nil {
		return nil, err
	}
	p.key = planKey{text: st.Text, start: st.Start, params: string(encodeOIDs(paramTypes))}
	if into := intoTable(st.Stmt); into != nil {
		p.stmt = into
	}
	if plan.Planned(p.stmt) {
		return p, s.preparePlan(p)
	}
	return p, s.prepareCommand(ctx, p)
}

// takesParams says whether a statement may have parameters: one of the extended protocol that is
// planned, or an EXPLAIN of it. Those of PREPARE are its own.
func takesParams(stmt ast.Stmt, paramTypes []uint32) bool {
	switch stmt.(type) {
	case *ast.PrepareStmt:
		return true
	case *ast.ExplainStmt, *ast.MergeStmt:
		return paramTypes != nil
	}
	return paramTypes != nil && plan.Planned(stmt)
}

// noParameter is the 42P02 error for the first parameter of a statement that has none.
func noParameter(stmt ast.Stmt) error {
	var first *ast.ParamRef
	ast.Inspect(stmt, func(n ast.Node) bool {
		if r, ok := n.(*ast.ParamRef); ok && first == nil {
			first = r
		}
		return first == nil
	})
	if first == nil {
		return nil
	}
	return sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $%d", first.N).At(first.Pos())
}

// fixedTypes turns the client's type OIDs into kinds.
func fixedTypes(oids []uint32) ([]value.Kind, error) {
	out := make([]value.Kind, len(oids))
	for i, oid := range oids {
		if oid == 0 || oid == value.Unknown.OID() {
			continue
		}
		k, ok := value.KindOfOID(oid)
		if !ok {
			return nil, sqlerr.NotSupported("the type with OID %d of parameter $%d is not supported", oid, i+1)
		}
		out[i] = k
	}
	return out, nil
}

func encodeOIDs(oids []uint32) []byte {
	var b []byte
	for _, o := range oids {
		b = binary.BigEndian.AppendUint32(b, o)
	}
	return b
}

// preparePlan makes or finds the plan of a statement in the newest catalog.
func (s *Session) preparePlan(p *prepared) error {
	s.open()
	view := s.txn.View()
	defer view.Close()
	pl, err := s.planIn(p, view.Catalog())
	if err != nil {
		return err
	}
	p.adopt(pl)
	return nil
}

// adopt makes a plan the statement's.
func (p *prepared) adopt(pl *plan.Plan) {
	p.plan = pl
	p.setParams(pl.Params)
	p.kind = server.KindCommand
	if pl.Columns != nil {
		p.kind = server.KindRows
		p.cols = serverColumns(pl.Columns)
	}
}

func serverColumns(list []plan.Column) []server.Column {
	out := make([]server.Column, len(list))
	for i, c := range list {
		out[i] = server.Column{Name: c.Name, Type: c.Type, TableOID: c.TableOID, AttNum: c.AttNum}
	}
	return out
}
