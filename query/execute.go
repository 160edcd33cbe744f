package query

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
)

// prepareStmt runs PREPARE.
func (s *Session) prepareStmt(ctx context.Context, st *ast.PrepareStmt, outer *prepared) error {
	if err := s.cfg.Statements.Free(st.Name); err != nil {
		return err
	}
	p := &prepared{src: outer.src, stmt: st.Stmt, start: outer.start}
	oids := make([]uint32, len(st.Types))
	for i, t := range st.Types {
		typ, err := expr.ResolveType(t, &s.set.vars.style)
		if err != nil {
			return err
		}
		if typ.User != 0 {
			typ.Kind = value.Unknown // its use says the same, with the type
		}
		p.fixed = append(p.fixed, typ.Kind)
		oids[i] = typ.Kind.OID()
	}
	p.key = planKey{text: outer.src.Text, start: outer.start, params: "prepare" + string(encodeOIDs(oids))}
	if plan.Planned(st.Stmt) {
		if err := s.preparePlan(p); err != nil {
			return err
		}
	} else if err := s.prepareCommand(ctx, p); err != nil {
		return err
	}
	return s.cfg.Statements.Put(st.Name, p)
}

// executed returns the statement that an EXECUTE names.
func (s *Session) executed(x *ast.ExecuteStmt) (*prepared, error) {
	p, err := s.cfg.Statements.Get(x.Name)
	if err != nil {
		return nil, err
	}
	return p.(*prepared), nil
}

// prepareExecute gives EXECUTE the shape of the statement that it names.
func (s *Session) prepareExecute(p *prepared, x *ast.ExecuteStmt) error {
	inner, err := s.executed(x)
	if err != nil {
		return err
	}
	p.kind, p.cols = inner.kind, inner.cols
	return nil
}

// execute runs EXECUTE: the portal of the named statement.
func (p *commandPortal) execute(ctx context.Context, x *ast.ExecuteStmt, sink server.Sink, maxRows int) (server.Result, error) {
	s := p.session
	if p.inner == nil {
		inner, err := s.executed(x)
		if err != nil {
			return server.Result{}, err
		}
		params, err := s.executeArgs(ctx, x, inner)
		if err != nil {
			return server.Result{}, failure(ctx, err, p.stmt.start)
		}
		if inner.stmt == nil {
			return server.Result{Empty: true}, nil
		}
		p.inner = s.newPortal(inner, params)
	}
	res, err := p.inner.Run(ctx, sink, maxRows)
	if e := sqlerr.As(err); e != nil && e.Pos != 0 {
		// The position is in the text of PREPARE, which the client has not sent now.
		c := *e
		c.Pos = 0
		err = &c
	}
	return res, err
}

// executeArgs evaluates the arguments of EXECUTE.
func (s *Session) executeArgs(ctx context.Context, x *ast.ExecuteStmt, inner *prepared) ([]value.Value, error) {
	if len(x.Args) != len(inner.params) {
		return nil, sqlerr.New(sqlerr.SyntaxError, "wrong number of parameters for prepared statement %q", x.Name).
			WithDetail("Expected %d parameters but got %d.", len(inner.params), len(x.Args))
	}
	b := &expr.Binder{Style: &s.set.vars.style, Clause: "EXECUTE"}
	c := s.evaluation(ctx, nil)
	out := make([]value.Value, len(x.Args))
	for i, a := range x.Args {
		e, err := b.Bind(a)
		if err != nil {
			return nil, err
		}
		to := value.Of(inner.params[i])
		conv, err := b.Coerce(e, to, value.CastAssignment)
		if sqlerr.Code(err) == sqlerr.CannotCoerce {
			return nil, sqlerr.New(sqlerr.DatatypeMismatch, "parameter $%d of type %s cannot be coerced to the expected type %s",
				i+1, e.Type().Kind, to.Kind).WithHint("You will need to rewrite or cast the expression.").At(a.Pos())
		}
		if err != nil {
			return nil, err
		}
		if out[i], err = expr.EvalConst(c, conv); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// deallocate runs DEALLOCATE.
func (s *Session) deallocate(st *ast.DeallocateStmt) (server.Result, error) {
	if st.All {
		s.cfg.Statements.Clear()
		return server.Result{Tag: "DEALLOCATE ALL"}, nil
	}
	if _, err := s.cfg.Statements.Get(st.Name); err != nil {
		return server.Result{}, err
	}
	s.cfg.Statements.Delete(st.Name)
	return server.Result{Tag: "DEALLOCATE"}, nil
}
