package query

import (
	"context"

	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/parse"
	"github.com/cachalotdb/cachalot/server"
)

// Statements of a simple Query whose literals become parameters (template): the session's side.

// learner is what a session keeps of its last simple Query, from Split to Prepare.
type learner struct {
	shaper
	wanted bool   // its shape wants a template
	text   string // its text, when wanted
}

// useTemplate returns the text of a simple Query as a statement of a template, if there is one for it. If
// there could be one, the statement's Prepare is asked to make it (learn).
func (s *Session) useTemplate(text string) ([]server.Source, bool) {
	s.literals.wanted = false
	if s.engine.shapes == nil || s.set.vars.bareLiterals {
		return nil, false
	}
	key, list, ok := s.literals.shape(text)
	if !ok {
		return nil, false
	}
	e := s.engine.shapes.lookup(key)
	if e == nil {
		s.engine.shapes.note(key, nil)
		return nil, false
	}
	for _, t := range e.templates {
		if t.settings != s.set.vars.planKey || t.plan.Load() == nil {
			continue
		}
		if u := t.match(text, list); u != nil {
			return []server.Source{{Text: text[t.start : len(text)-t.tail], Offset: t.start, Parsed: u}}, true
		}
	}
	s.literals.wanted = e.wantsTemplate()
	s.literals.text = text
	return nil, false
}

// prepareUse prepares a statement of a template.
func (s *Session) prepareUse(ctx context.Context, u *use, src server.Source) (server.Prepared, error) {
	p := &prepared{src: src, stmt: u.stmt, start: u.start, key: planKey{settings: u.settings}, plan: u.plan.Load(), use: u}
	if err := s.allowed(u.stmt); err != nil {
		return nil, p.failure(ctx, err)
	}
	if err := s.preparePlan(p); err != nil {
		return nil, p.failure(ctx, err)
	}
	p.setParams(nil) // the client has none to give
	return p, nil
}

// leaveTemplate makes a statement of a template one of its own again: the template's plan is of another catalog,
// in which its literals met columns of other types.
func (s *Session) leaveTemplate(p *prepared) error {
	p.use.plan.Store(nil)
	list, err := parse.Parse(p.src.Text, s.parseOptions())
	if err != nil {
		return err
	}
	st := &list[0]
	p.stmt, p.start, p.use = st.Stmt, st.Start, nil
	p.key = planKey{text: st.Text, start: st.Start}
	return nil
}

// learn makes a template of the statement that the last Query was, once it has been planned.
func (s *Session) learn(p *prepared, st *parse.Statement) {
	if !s.literals.wanted {
		return
	}
	s.literals.wanted = false
	var t *template
	if p.plan != nil && !s.several {
		t = newTemplate(s.literals.text, s.literals.list, st, p.plan, s.set.vars.planKey, s.planOptions(s.catalog()))
	}
	s.engine.shapes.note(s.literals.key, t)
}

// planOptions are those of the session's statements in a catalog.
func (s *Session) planOptions(cat *schema.Catalog) plan.Options {
	style := s.set.vars.style
	s.nameTypes(&style, cat)
	return plan.Options{Catalog: cat, Path: s.path(), Database: s.cfg.Database, Style: &style, System: s.engine.cfg.System, ViewStyle: s.viewStyle,
		Plain: s.plain}
}
