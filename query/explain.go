package query

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlerr"
	"github.com/cachalotdb/cachalot/query/exec"
	"github.com/cachalotdb/cachalot/query/plan"
	"github.com/cachalotdb/cachalot/query/sql/ast"
	"github.com/cachalotdb/cachalot/server"
)

// explainOptions are the options of EXPLAIN that there are.
type explainOptions struct {
	analyze, verbose, costs, timing, summary, json bool
}

func readExplainOptions(list []*ast.OptionDef) (o explainOptions, err error) {
	o.costs, o.timing = true, true
	summary := false
	for _, def := range list {
		text := "on"
		if c, ok := def.Value.(*ast.Const); ok {
			text = constText(c)
		}
		name := strings.ToLower(def.Name)
		if name == "format" {
			switch strings.ToLower(text) {
			case "text":
				o.json = false
			case "json":
				o.json = true
			case "xml", "yaml":
				return o, sqlerr.NotSupported("EXPLAIN format %q is not supported", text).At(def.Pos())
			default:
				return o, sqlerr.New(sqlerr.InvalidParameterValue, "unrecognized value for EXPLAIN option %q: \"%s\"", name, text).At(def.Pos())
			}
			continue
		}
		on, ok := parseBool(text)
		if !ok {
			return o, sqlerr.New(sqlerr.SyntaxError, "%s requires a Boolean value", name).At(def.Pos())
		}
		switch name {
		case "analyze":
			o.analyze = on
		case "verbose":
			o.verbose = on
		case "costs":
			o.costs = on
		case "timing":
			o.timing = on
		case "summary":
			o.summary, summary = on, true
		case "buffers", "settings", "wal":
		default:
			return o, sqlerr.New(sqlerr.SyntaxError, "unrecognized EXPLAIN option %q", name).At(def.Pos())
		}
	}
	if !summary {
		o.summary = o.analyze
	}
	return o, nil
}

// prepareExplain gives EXPLAIN its column and plans its statement.
func (s *Session) prepareExplain(_ context.Context, p *prepared, st *ast.ExplainStmt) error {
	if _, err := readExplainOptions(st.Options); err != nil {
		return err
	}
	p.kind = server.KindRows
	p.cols = []server.Column{textColumn("QUERY PLAN")}
	inner, err := s.explained(p, st)
	if err != nil {
		return err
	}
	p.setParams(inner.params)
	return nil
}

// explained returns the statement that an EXPLAIN is about.
func (s *Session) explained(outer *prepared, st *ast.ExplainStmt) (*prepared, error) {
	if x, ok := st.Stmt.(*ast.ExecuteStmt); ok {
		inner, err := s.executed(x)
		if err == nil && inner.plan == nil {
			err = sqlerr.NotSupported("EXPLAIN of this statement is not supported").At(st.Stmt.Pos())
		}
		return inner, err
	}
	if !plan.Planned(st.Stmt) {
		return nil, sqlerr.NotSupported("EXPLAIN of this statement is not supported").At(st.Stmt.Pos())
	}
	p := &prepared{src: outer.src, start: outer.start, stmt: st.Stmt, fixed: outer.fixed}
	p.key = planKey{text: outer.key.text, start: outer.start, params: "explain" + outer.key.params}
	return p, s.preparePlan(p)
}

// explain runs EXPLAIN.
func (s *Session) explain(ctx context.Context, p *commandPortal, st *ast.ExplainStmt) error {
	o, err := readExplainOptions(st.Options)
	if err != nil {
		return err
	}
	began := time.Now()
	inner, err := s.explained(p.stmt, st)
	if err != nil {
		return err
	}
	params := p.params
	if x, ok := st.Stmt.(*ast.ExecuteStmt); ok {
		if params, err = s.executeArgs(ctx, x, inner); err != nil {
			return err
		}
	}
	env := exec.Env{Explain: true, Profile: o.analyze}
	pl, err := s.openPlan(ctx, inner, &env)
	if err != nil {
		return err
	}
	defer env.View.Close()
	if o.analyze && pl.Writes != nil {
		if err := s.checkWritable(commandName(inner.stmt)); err != nil {
			return err
		}
	}
	env.Expr = s.evaluation(ctx, params)
	op, step, err := exec.Build(pl.Root, &env)
	if err != nil {
		return err
	}
	defer op.Close()
	e := &explanation{explainOptions: o, planning: time.Since(began)}
	began = time.Now()
	if o.analyze {
		var r exec.Rows
		for {
			ok, err := op.Next(ctx, &r)
			if err != nil {
				return err
			}
			if !ok {
				break
			}
		}
	}
	e.execution = time.Since(began)
	p.answer(s.nameTypesIn(e.render(step)))
	return nil
}

// explanation renders the steps of a plan.
type explanation struct {
	explainOptions
	planning, execution time.Duration
	lines               [][]string
}

func (e *explanation) render(step *exec.Step) [][]string {
	if e.json {
		return e.renderJSON(step)
	}
	e.text(step, 0)
	if e.summary {
		e.line(0, "Planning Time: %.3f ms", millis(e.planning))
	}
	if e.summary && e.analyze {
		e.line(0, "Execution Time: %.3f ms", millis(e.execution))
	}
	return e.lines
}

func millis(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

func (e *explanation) line(indent int, format string, args ...any) {
	e.lines = append(e.lines, []string{strings.Repeat(" ", indent) + fmt.Sprintf(format, args...)})
}

// text writes a step and those below it, laid out as PostgreSQL does.
func (e *explanation) text(s *exec.Step, depth int) {
	title, indent := s.Title(), 0
	if depth > 0 {
		indent = 6*depth - 4
		title = "->  " + title
	}
	if e.costs {
		title += fmt.Sprintf("  (rows=%.0f width=%d)", s.Rows, s.Width)
	}
	if e.analyze {
		title += e.actual(s)
	}
	e.line(indent, "%s", title)
	detail := 2
	if depth > 0 {
		detail = indent + 6
	}
	for _, l := range s.Lines {
		text := l.Text
		if l.List != nil {
			text = strings.Join(l.List, ", ")
		}
		e.line(detail, "%s: %s", l.Key, text)
	}
	if m := s.Measured(); e.analyze && m.Removed > 0 {
		e.line(detail, "Rows Removed by Filter: %d", m.Removed)
	}
	if s.Fragments > 0 && e.verbose {
		e.line(detail, "Partitions: %d  Workers: %d", s.Fragments, s.Workers)
	}
	for _, k := range s.Kids {
		e.text(k, depth+1)
	}
}

// actual is what was measured of a step.
func (e *explanation) actual(s *exec.Step) string {
	m := s.Measured()
	if m.Runs == 0 {
		if s.Lookup {
			return "" // measured with its scan
		}
		return " (never executed)"
	}
	if !e.timing {
		return fmt.Sprintf(" (actual rows=%d loops=1)", m.Rows)
	}
	return fmt.Sprintf(" (actual time=%.3f..%.3f rows=%d loops=1)", millis(m.First), millis(m.Total), m.Rows)
}

// object is a JSON object whose members keep their order.
type object struct {
	names  []string
	values []any
}

func (o *object) add(name string, v any) {
	o.names, o.values = append(o.names, name), append(o.values, v)
}

// marshal is json.Marshal that leaves <, > and & as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// MarshalJSON implements json.Marshaler.
func (o *object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, name := range o.names {
		if i > 0 {
			b = append(b, ',')
		}
		k, err := marshal(name)
		if err != nil {
			return nil, err
		}
		v, err := marshal(o.values[i])
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, k...), ':'), v...)
	}
	return append(b, '}'), nil
}

func (e *explanation) renderJSON(step *exec.Step) [][]string {
	top := &object{}
	top.add("Plan", e.object(step))
	if e.summary {
		top.add("Planning Time", round3(millis(e.planning)))
	}
	if e.summary && e.analyze {
		top.add("Execution Time", round3(millis(e.execution)))
	}
	text, err := marshal([]any{top})
	if err != nil {
		return [][]string{{err.Error()}} // no value here fails to marshal
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, text, "", "  "); err != nil {
		return [][]string{{err.Error()}}
	}
	return [][]string{{pretty.String()}}
}

func round3(f float64) json.Number { return json.Number(fmt.Sprintf("%.3f", f)) }

func (e *explanation) object(s *exec.Step) *object {
	o := &object{}
	o.add("Node Type", s.Kind())
	if s.Join != "" {
		o.add("Join Type", s.Join)
	}
	if s.Index != "" {
		o.add("Index Name", s.Index)
	}
	if s.Relation != "" {
		o.add("Relation Name", s.Relation)
		o.add("Alias", s.Alias)
	}
	if e.costs {
		o.add("Plan Rows", int64(s.Rows))
		o.add("Plan Width", s.Width)
	}
	m := s.Measured()
	if e.analyze && m.Runs > 0 {
		if e.timing {
			o.add("Actual Startup Time", round3(millis(m.First)))
			o.add("Actual Total Time", round3(millis(m.Total)))
		}
		o.add("Actual Rows", m.Rows)
		o.add("Actual Loops", 1)
	}
	for _, l := range s.Lines {
		if l.List != nil {
			o.add(l.Key, l.List)
		} else {
			o.add(l.Key, l.Text)
		}
	}
	if e.analyze && m.Removed > 0 {
		o.add("Rows Removed by Filter", m.Removed)
	}
	if s.Fragments > 0 && e.verbose {
		o.add("Partitions", s.Fragments)
		o.add("Workers", s.Workers)
	}
	if len(s.Kids) > 0 {
		kids := make([]any, len(s.Kids))
		for i, k := range s.Kids {
			kids[i] = e.object(k)
		}
		o.add("Plans", kids)
	}
	return o
}
