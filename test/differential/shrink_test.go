package differential

import (
	"slices"
	"strings"
	"time"

	"github.com/cachalotdb/cachalot/internal/sqlgen"
)

// shrinkTime is how long a difference is made smaller.
const shrinkTime = 20 * time.Second

// finding is a difference.
type finding struct {
	seed   uint64
	number int // of the statement
	kind   kind
	ours   *answer
	theirs *answer
	schema *sqlgen.Schema
	st     *sqlgen.Statement
}

// shrink makes a finding's statement, and then its data, smaller while the same kind of difference, with the same codes,
// stays. It leaves the engines with the data of the finding.
func (p *pair) shrink(f *finding) {
	until := time.Now().Add(shrinkTime)
	still := func() bool {
		if f.kind == noExplain {
			plan := p.explain(f.st)
			if plan.code != f.ours.code || p.there.run("explain "+f.st.String()).code != "" {
				return false
			}
			f.ours = plan
			return true
		}
		k, ours, theirs := p.ask(f.st, true)
		if k != f.kind || ours.code != f.ours.code || theirs.code != f.theirs.code {
			return false
		}
		f.ours, f.theirs = ours, theirs
		return true
	}
	orders := 0
	if f.kind == otherOrder {
		orders = strings.Count(f.st.String(), "order by")
	}
	shrinkStatement(f.st.Root, orders, still, until)
	p.shrinkData(f, still, until)
	shrinkStatement(f.st.Root, orders, still, until)
}

// shrinkStatement tries one reduction after the other. The statement keeps so many ORDER BY.
func shrinkStatement(root *sqlgen.Node, orders int, still func() bool, until time.Time) {
	for i := 0; ; i++ {
		steps := sqlgen.Reductions(root)
		if i >= len(steps) || time.Now().After(until) {
			return
		}
		before := root.String()
		steps[i].Do()
		after := root.String()
		if after == before || len(after) > len(before)+4 || strings.Count(after, "order by") < orders || !still() {
			steps[i].Undo()
			continue
		}
		i--
	}
}

// shrinkData drops indexes, tables, columns and rows.
func (p *pair) shrinkData(f *finding, still func() bool, until time.Time) {
	attempt := func(change func(s *sqlgen.Schema)) bool {
		if time.Now().After(until) {
			return false
		}
		was := f.schema
		f.schema = clone(was)
		change(f.schema)
		if p.load(f.schema) == nil && still() {
			return true
		}
		f.schema = was
		return false
	}
	attempt(func(s *sqlgen.Schema) { s.After = nil })
	attempt(func(s *sqlgen.Schema) { s.Before = nil })
	attempt(func(s *sqlgen.Schema) {
		s.Tables = slices.DeleteFunc(s.Tables, func(t *sqlgen.Table) bool { return !strings.Contains(f.st.String(), t.Name) })
		s.After = slices.DeleteFunc(s.After, func(sql string) bool {
			return !slices.ContainsFunc(s.Tables, func(t *sqlgen.Table) bool { return strings.Contains(sql, " "+t.Name+" ") })
		})
	})
	for i := len(f.schema.After) - 1; i >= 0; i-- {
		attempt(func(s *sqlgen.Schema) { s.After = slices.Delete(s.After, i, i+1) })
	}
	for i := range f.schema.Tables {
		if attempt(func(s *sqlgen.Schema) { s.Tables[i].Rows = nil }) {
			continue
		}
		for step := len(f.schema.Tables[i].Rows) / 2; step >= 1; step /= 2 {
			for from := 0; from+step <= len(f.schema.Tables[i].Rows); {
				if !attempt(func(s *sqlgen.Schema) { s.Tables[i].Rows = slices.Delete(s.Tables[i].Rows, from, from+step) }) {
					from += step
				}
			}
		}
	}
	for i := range f.schema.Tables {
		attempt(func(s *sqlgen.Schema) { s.Tables[i].Checks = nil })
		for c := len(f.schema.Tables[i].Columns) - 1; c >= 0; c-- {
			if !slices.Contains(f.schema.Tables[i].Key, c) {
				attempt(func(s *sqlgen.Schema) { dropColumn(s.Tables[i], c) })
			}
		}
	}
	_ = p.load(f.schema) // the last attempt may have left less
}

func dropColumn(t *sqlgen.Table, c int) {
	t.Columns = slices.Delete(t.Columns, c, c+1)
	for r := range t.Rows {
		t.Rows[r] = slices.Delete(t.Rows[r], c, c+1)
	}
	for i, k := range t.Key {
		if k > c {
			t.Key[i]--
		}
	}
}

func clone(s *sqlgen.Schema) *sqlgen.Schema {
	out := &sqlgen.Schema{Before: slices.Clone(s.Before), After: slices.Clone(s.After), Views: s.Views}
	for _, t := range s.Tables {
		c := *t
		c.Columns, c.Key, c.Checks, c.Rows = slices.Clone(t.Columns), slices.Clone(t.Key), slices.Clone(t.Checks), nil
		for _, r := range t.Rows {
			c.Rows = append(c.Rows, slices.Clone(r))
		}
		out.Tables = append(out.Tables, &c)
	}
	return out
}
