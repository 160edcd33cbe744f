package server

import (
	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// simpleQuery answers a Query message. Its statements are one implicit transaction; the
// first error ends it and the rest do not run.
func (s *session) simpleQuery(text string) error {
	s.text, s.textOffset = text, 0
	s.working(text)
	s.stmts.Delete("")
	s.portals.close("")
	if err := s.runQuery(text); err != nil {
		if err := s.failed(err); err != nil {
			return err
		}
	}
	s.text = ""
	return s.ready()
}

func (s *session) runQuery(text string) error {
	sources, err := s.eng.Split(text)
	if err != nil {
		return err
	}
	if len(sources) == 0 {
		if err := s.endImplicit(); err != nil {
			return err
		}
		s.w.sendFixed(emptyQueryResponse)
		return nil
	}
	for i, src := range sources {
		s.textOffset = src.Offset
		if err := s.runStatement(src, i == len(sources)-1); err != nil {
			return err
		}
	}
	return nil
}

// runStatement runs one statement of a Query. The transaction of the last one is
// ended before its CommandComplete, which would otherwise promise too much.
func (s *session) runStatement(src Source, last bool) error {
	s.openWork = true
	p, err := s.eng.Prepare(s.ctx, src, nil)
	if err != nil {
		return err
	}
	if len(p.ParamTypes()) > 0 {
		return sqlerr.New(sqlerr.UndefinedParameter, "there is no parameter $1")
	}
	portal, err := s.eng.Bind(s.ctx, p, Args{})
	if err != nil {
		return err
	}
	defer portal.Close()
	if p.Kind() == KindRows {
		s.w.sendRowDescription(portal.Columns(), nil)
	}
	res, err := s.runPortal(portal, nil, 0)
	if err != nil {
		return err
	}
	portal.Close()
	if last {
		if err := s.endImplicit(); err != nil {
			return err
		}
	}
	s.complete(res)
	return nil
}

// runPortal runs a portal with the session's sink.
func (s *session) runPortal(p Portal, formats []int16, maxRows int) (Result, error) {
	before := s.eng.TxStatus()
	s.sink = sink{s: s, rows: &s.rows}
	k := &s.sink
	k.rows.reset(p.Columns(), formats, p.TextStyle())
	s.running, s.w.running = true, true
	res, err := p.Run(s.ctx, k, maxRows)
	if err == nil {
		err = k.finish()
	}
	s.running, s.w.running = false, false
	if err != nil {
		return res, err
	}
	if s.w.err != nil {
		return res, s.w.err
	}
	if res.TxEnded || before != TxIdle && s.eng.TxStatus() == TxIdle {
		s.portals.closeAllBut(p)
	}
	return res, nil
}

// complete tells the end of a portal.
func (s *session) complete(res Result) {
	if res.Empty {
		s.w.sendFixed(emptyQueryResponse)
		return
	}
	s.w.sendCommandComplete(res.Tag)
}
