package query

import (
	"context"
	"sort"
	"strings"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/internal/value"
	"github.com/cachalotdb/cachalot/query/expr"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
)

// setStmt runs SET.
func (s *Session) setStmt(st *ast.SetStmt) error {
	if st.FromCurrent {
		return sqlerr.NotSupported("SET ... FROM CURRENT is not supported").At(st.Pos())
	}
	local := st.Scope == ast.ScopeLocal
	if local && s.status == server.TxIdle {
		s.warn(sqlerr.NoActiveSQLTransaction, "SET LOCAL can only be used in transaction blocks")
	}
	if len(st.Values) == 0 {
		return s.set.reset(st.Name, local)
	}
	v, err := settingText(st)
	if err != nil {
		return err
	}
	switch st.Name {
	case "session_authorization":
		if v != s.cfg.User {
			return sqlerr.NotSupported("SET SESSION AUTHORIZATION is not supported").At(st.Pos())
		}
	case "transaction_isolation", "transaction_read_only", "transaction_deferrable":
		return s.setCharacteristic(st.Name, v)
	}
	return s.set.set(st.Name, v, local)
}

// settingText joins the values of a SET as PostgreSQL does: those of a list setting are
// quoted where they have to be, and only such a setting takes several.
func settingText(st *ast.SetStmt) (string, error) {
	list := false
	if def, ok := settingsByName[st.Name]; ok {
		list = def.kind == listSetting || def.name == "DateStyle"
	}
	if len(st.Values) > 1 && !list {
		return "", sqlerr.New(sqlerr.InvalidParameterValue, "SET %s takes only one argument", st.Name)
	}
	parts := make([]string, len(st.Values))
	for i, e := range st.Values {
		if cast, ok := e.(*ast.TypeCast); ok && strings.EqualFold(st.Name, "timezone") {
			zone, err := zoneOfInterval(cast)
			return zone, err
		}
		c, ok := e.(*ast.Const)
		if !ok {
			return "", sqlerr.NotSupported("this value of a setting is not supported").At(e.Pos())
		}
		parts[i] = constText(c)
		if list && st.Name == "search_path" {
			parts[i] = quoteIdent(parts[i])
		}
	}
	return strings.Join(parts, ", "), nil
}

// zoneOfInterval returns the zone of SET TIME ZONE INTERVAL '+02:00' HOUR TO MINUTE: a distance east of Greenwich.
func zoneOfInterval(e *ast.TypeCast) (string, error) {
	t, err := expr.ResolveType(e.Type, value.DefaultStyle())
	if err != nil {
		return "", err
	}
	c, ok := e.Arg.(*ast.Const)
	if t.Kind != value.Interval || !ok {
		return "", sqlerr.NotSupported("this value of a setting is not supported").At(e.Pos())
	}
	v, err := value.Parse(t, c.Text, value.DefaultStyle())
	if err != nil {
		return "", err
	}
	p := value.SpanOf(v)
	what := ""
	switch {
	case p.Months != 0:
		what = "months"
	case p.Days != 0:
		what = "days"
	default:
		return posixZone(int(p.Micros / 1e6)), nil
	}
	return "", sqlerr.New(sqlerr.InvalidParameterValue, `invalid value for parameter "TimeZone": "INTERVAL '%s'"`, c.Text).
		WithDetail("Cannot specify %s in time zone interval.", what)
}

// constText is a literal as text.
func constText(c *ast.Const) string {
	switch {
	case c.Kind == ast.Bool && c.Int != 0:
		return "true"
	case c.Kind == ast.Bool:
		return "false"
	}
	return c.Text
}

// quoteIdent returns a name as it has to be written in SQL.
func quoteIdent(name string) string {
	for i, c := range name {
		plain := c == '_' || c >= 'a' && c <= 'z' || i > 0 && c >= '0' && c <= '9'
		if !plain {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

// resetStmt runs RESET.
func (s *Session) resetStmt(st *ast.ResetStmt) error {
	if st.All {
		s.set.resetAll()
		return nil
	}
	return s.set.reset(st.Name, false)
}

// prepareShow gives SHOW its columns.
func (s *Session) prepareShow(p *prepared, st *ast.ShowStmt) error {
	p.kind = server.KindRows
	if st.All {
		p.cols = []server.Column{textColumn("name"), textColumn("setting"), textColumn("description")}
		return nil
	}
	name := st.Name
	if def, ok := settingsByName[strings.ToLower(name)]; ok {
		name = def.name
	} else if _, ok := s.set.show(name); !ok {
		return unknownSetting(st.Name)
	}
	p.cols = []server.Column{textColumn(name)}
	return nil
}

// show runs SHOW.
func (s *Session) show(p *commandPortal, st *ast.ShowStmt) error {
	if !st.All {
		v, ok := s.set.show(st.Name)
		if !ok {
			return unknownSetting(st.Name)
		}
		p.answer([][]string{{v}})
		return nil
	}
	rows := make([][]string, 0, len(settingList))
	for _, def := range settingList {
		rows = append(rows, []string{def.name, def.shown(s.set.get(def)), def.about})
	}
	sort.Slice(rows, func(i, j int) bool { return strings.ToLower(rows[i][0]) < strings.ToLower(rows[j][0]) })
	p.answer(rows)
	return nil
}

// discard runs DISCARD.
func (s *Session) discard(ctx context.Context, st *ast.DiscardStmt) (server.Result, error) {
	switch st.Kind {
	case ast.DiscardPlans:
		return server.Result{Tag: "DISCARD PLANS"}, nil
	case ast.DiscardSequences:
		s.forgetSequences()
		return server.Result{Tag: "DISCARD SEQUENCES"}, nil
	case ast.DiscardTemp:
		return server.Result{Tag: "DISCARD TEMP"}, s.discardTemp(ctx)
	}
	if s.inBlock() {
		return server.Result{}, sqlerr.New(sqlerr.ActiveSQLTransaction, "DISCARD ALL cannot run inside a transaction block")
	}
	s.set.resetAll()
	s.cfg.Statements.Clear()
	s.locker.UnlockAllAdvisory()
	s.forgetSequences()
	return server.Result{Tag: "DISCARD ALL"}, s.discardTemp(ctx)
}
