package server

import (
	"strings"

	"github.com/jackc/pgproto3/v2"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
)

// The messages of the extended protocol. Each method returns the statement's
// error; extended then sends it and skips to the next Sync.

// extended ends a message of the extended protocol.
func (s *session) extended(err error) error {
	if err == nil {
		s.text = ""
		return s.w.flushFull()
	}
	s.skipping = true
	err = s.failed(err)
	s.text = ""
	if err != nil {
		return err
	}
	// A client may wait for this after a Flush, which is skipped now.
	return s.w.flush()
}

// sync ends the implicit transaction and the cycle.
func (s *session) sync() error {
	s.skipping = false
	if err := s.endImplicit(); err != nil {
		if err := s.failed(err); err != nil {
			return err
		}
	}
	return s.ready()
}

func (s *session) parse(m *pgproto3.Parse) error {
	s.text, s.textOffset = m.Query, 0
	s.working(m.Query)
	if m.Name == "" {
		s.stmts.Delete("")
	}
	s.openWork = true
	p, err := s.eng.Prepare(s.ctx, Source{Text: m.Query}, append([]uint32{}, m.ParameterOIDs...))
	if err != nil {
		return err
	}
	if err := s.stmts.Put(m.Name, p); err != nil {
		return err
	}
	s.w.sendFixed(parseComplete)
	return nil
}

func (s *session) bind(m *bindMessage) error {
	defer clear(m.params) // they would keep the memory of a long message
	p, err := s.stmts.find(m.statement)
	if err != nil {
		return err
	}
	text := p.Source().Text
	s.text, s.textOffset = text, 0
	if n := len(m.formats); n > 1 && n != len(m.params) {
		return sqlerr.New(sqlerr.ProtocolViolation,
			"bind message has %d parameter formats but %d parameters", n, len(m.params))
	}
	if want := len(p.ParamTypes()); len(m.params) != want {
		return sqlerr.New(sqlerr.ProtocolViolation,
			"bind message supplies %d parameters, but prepared statement \"%s\" requires %d",
			len(m.params), m.statement, want)
	}
	name := string(m.portal)
	if err := s.portals.free(name); err != nil {
		return err
	}
	s.openWork = true
	args := Args{Portal: name, Values: m.params, Formats: m.formats}
	if err := checkFormats(args.Formats); err != nil {
		return args.inParameter(err, 0, "")
	}
	bound, err := s.eng.Bind(s.ctx, p, args)
	if err != nil {
		return err
	}
	if n, columns := len(m.resultFormats), len(bound.Columns()); n > 1 && n != columns && p.Kind() == KindRows {
		bound.Close()
		return sqlerr.New(sqlerr.ProtocolViolation,
			"bind message has %d result formats but query has %d columns", n, columns)
	}
	s.portals.add(name, bound, p, text, m.resultFormats)
	s.w.sendFixed(bindComplete)
	return nil
}

func (s *session) describe(m *objectMessage) error {
	switch m.kind {
	case 'S':
		p, err := s.stmts.find(m.name)
		if err != nil {
			return err
		}
		if err := s.mayDescribe(p.Kind()); err != nil {
			return err
		}
		s.w.send(&pgproto3.ParameterDescription{ParameterOIDs: p.ParamTypes()})
		s.describeColumns(p.Kind(), p.Columns(), nil)
		return nil
	case 'P':
		p, err := s.portals.get(m.name)
		if err != nil {
			return err
		}
		if err := s.mayDescribe(p.kind); err != nil {
			return err
		}
		s.describeColumns(p.kind, p.Columns(), p.formats)
		return nil
	}
	return protocolError("invalid DESCRIBE message subtype %d", m.kind)
}

// mayDescribe refuses what a failed block refuses: looking up a result's shape needs a transaction.
func (s *session) mayDescribe(k Kind) error {
	if k == KindRows && s.eng.TxStatus() == TxFailed {
		return sqlerr.New(sqlerr.InFailedSQLTransaction,
			"current transaction is aborted, commands ignored until end of transaction block")
	}
	return nil
}

func (s *session) describeColumns(k Kind, columns []Column, formats []int16) {
	if k != KindRows {
		s.w.sendFixed(noData)
		return
	}
	s.w.sendRowDescription(columns, formats)
}

func (s *session) execute(m *executeMessage) error {
	p, err := s.portals.get(m.portal)
	if err != nil {
		return err
	}
	s.text, s.textOffset = p.text, 0
	s.working(p.text)
	if p.done {
		return s.executeAgain(p)
	}
	if err := checkFormats(p.formats); err != nil {
		return err
	}
	s.openWork = true
	res, err := s.runPortal(p.Portal, p.formats, int(max(0, int32(m.maxRows))))
	if err != nil {
		return err
	}
	if res.Suspended {
		s.w.sendFixed(portalSuspended)
		return nil
	}
	p.done, p.tag = true, res.Tag
	s.complete(res)
	return nil
}

// executeAgain answers an Execute of a portal that has run to its end: one
// with rows has no more, another cannot run twice.
func (s *session) executeAgain(p *portal) error {
	switch {
	case p.kind == KindEmpty:
		s.w.sendFixed(emptyQueryResponse)
	case p.kind != KindRows:
		return sqlerr.New(sqlerr.ObjectNotInPrerequisiteState, "portal \"%s\" cannot be run", p.name)
	case strings.HasPrefix(p.tag, "SELECT "):
		s.w.sendCommandComplete("SELECT 0")
	default:
		s.w.sendCommandComplete(p.tag)
	}
	return nil
}

func (s *session) closeObject(m *objectMessage) error {
	switch m.kind {
	case 'S':
		s.stmts.Delete(string(m.name))
	case 'P':
		s.portals.close(string(m.name))
	default:
		return protocolError("invalid CLOSE message subtype %d", m.kind)
	}
	s.w.sendFixed(closeComplete)
	return nil
}
