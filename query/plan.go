package query

import (
	"github.com/cachalotdb/cachalot/internal/schema"
	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/plan"
)

// planIn returns a statement's plan for a catalog: its own if that is still good, the cache's, or a new one.
func (s *Session) planIn(p *prepared, cat *schema.Catalog) (*plan.Plan, error) {
	if p.plan != nil && p.key.settings == s.set.vars.planKey && p.plan.ValidIn(cat) {
		return p.plan, nil
	}
	if p.remake != nil {
		return p.remake(cat)
	}
	if p.use != nil {
		if err := s.leaveTemplate(p); err != nil {
			return nil, err
		}
	}
	p.key.settings = s.set.vars.planKey
	if pl := s.engine.plans.lookup(p.key, cat); pl != nil {
		return pl, nil
	}
	opts := s.planOptions(cat)
	opts.Params = p.fixed
	pl, err := plan.Make(p.stmt, opts)
	if err != nil {
		return nil, err
	}
	s.engine.plans.add(p.key, pl)
	return pl, nil
}

// replan returns the plan for a catalog that may have changed since Prepare: 0A000 when its result would have
// another shape than the client was told.
func (s *Session) replan(p *prepared, cat *schema.Catalog) (*plan.Plan, error) {
	old := p.plan
	pl, err := s.planIn(p, cat)
	if err != nil {
		return nil, err
	}
	if pl != old && !sameResult(pl, old) {
		return nil, sqlerr.NotSupported("cached plan must not change result type")
	}
	p.plan = pl
	return pl, nil
}

// sameResult says whether two plans of one statement can serve the same portal.
func sameResult(a, b *plan.Plan) bool {
	if len(a.Columns) != len(b.Columns) || len(a.Params) != len(b.Params) {
		return false
	}
	for i := range a.Columns {
		if a.Columns[i].Name != b.Columns[i].Name || a.Columns[i].Type != b.Columns[i].Type {
			return false
		}
	}
	for i := range a.Params {
		if a.Params[i] != b.Params[i] {
			return false
		}
	}
	return true
}
