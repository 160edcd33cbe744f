package exec

import (
	"strconv"
	"strings"

	"github.com/cachalotdb/cachalot/query/plan"
)

// scanStep describes how a table is read.
func (b *builder) scanStep(n *plan.Scan, a *plan.Access) *Step {
	s := b.step("Seq Scan")
	if s == nil {
		return nil
	}
	s.Relation, s.Alias, s.Access = n.Table.Name, n.Alias, a
	switch a.Kind {
	case plan.NoRows:
		s.Name = "Result"
		s.Relation, s.Alias = "", ""
		s.Lines = append(s.Lines, Line{Key: "One-Time Filter", Text: "false"})
		return s
	case plan.KeyLookup:
		s.Name, s.Index = "Index Scan", n.Table.KeyName
		for _, w := range a.Weighed {
			if w.Used {
				s.Lines = append(s.Lines, Line{Key: "Index Cond", Text: w.Lookup.Cond})
			}
		}
	case plan.IndexSets:
		s.Name = "Bitmap Heap Scan"
		s.Kids = append(s.Kids, lookupStep(a.Lookup))
	case plan.IndexWalk:
		s.Name, s.Index = "Index Scan", a.Walk.Index.Name
		if a.Walk.Reverse {
			s.Name = "Index Scan Backward"
		}
	}
	if len(a.Left) > 0 {
		s.Lines = append(s.Lines, Line{Key: "Filter", Text: condText(a.Left)})
	}
	for _, w := range a.Weighed {
		if !w.Used && w.Lookup.Index != nil && (a.Walk == nil || a.Walk.Index != w.Lookup.Index) {
			s.Lines = append(s.Lines, Line{Key: "Not Used",
				Text: w.Lookup.String() + " (rows=" + strconv.FormatFloat(w.Lookup.Count, 'f', 0, 64) + " of " +
					strconv.FormatFloat(a.TableRows, 'f', 0, 64) + ")"})
		}
	}
	return s
}

// lookupStep describes the questions to indexes whose answers are combined.
func lookupStep(l *plan.Lookup) *Step {
	s := &Step{Rows: l.Count, Lookup: true}
	switch l.Kind {
	case plan.And:
		s.Name = "BitmapAnd"
	case plan.Or:
		s.Name = "BitmapOr"
	case plan.Not:
		s.Name = "BitmapNot"
	case plan.Primary:
		s.Name, s.Index = "Bitmap Index Scan", "primary key"
	default:
		if s.Name = "Result"; l.Index != nil { // else a condition that nothing meets
			s.Name, s.Index = "Bitmap Index Scan", l.Index.Name
		}
	}
	if len(l.Kids) == 0 && l.Cond != "" {
		s.Lines = append(s.Lines, Line{Key: "Index Cond", Text: l.Cond})
	}
	for _, k := range l.Kids {
		s.Kids = append(s.Kids, lookupStep(k))
	}
	return s
}

func (b *builder) functionStep(name, alias string) *Step {
	s := b.step("Function Scan")
	if s != nil {
		s.Relation, s.Alias = name, alias
	}
	return s
}

func (b *builder) aggregateStep(n *plan.Aggregate) *Step {
	s := b.step("Aggregate")
	if s == nil || len(n.Keys) == 0 {
		return s
	}
	s.Name = "HashAggregate"
	keys := texts(n.Keys)
	if len(n.Sets) == 1 {
		s.Lines = append(s.Lines, Line{Key: "Group Key", List: keys})
		return s
	}
	s.Name = "MixedAggregate"
	for _, set := range n.Sets {
		names := make([]string, len(set))
		for i, k := range set {
			names[i] = keys[k]
		}
		if len(set) == 0 {
			names = []string{"()"}
		}
		s.Lines = append(s.Lines, Line{Key: "Group Key", List: names})
	}
	return s
}

func (b *builder) sortStep(n *plan.Sort, limit int64) *Step {
	s := b.step("Sort")
	if s == nil {
		return nil
	}
	keys := make([]string, len(n.Keys))
	for i, k := range n.Keys {
		keys[i] = k.Program.Expr.String()
		if k.Desc {
			keys[i] += " DESC"
		}
		switch {
		case k.Desc && !k.NullsFirst:
			keys[i] += " NULLS LAST"
		case !k.Desc && k.NullsFirst:
			keys[i] += " NULLS FIRST"
		}
	}
	s.Lines = append(s.Lines, Line{Key: "Sort Key", List: keys})
	if limit >= 0 {
		s.Lines = append(s.Lines, Line{Key: "Sort Method", Text: "top-N"})
	}
	return s
}

// Title is a step's first line: "Bitmap Heap Scan on home h".
func (s *Step) Title() string {
	var t strings.Builder
	t.WriteString(s.Name)
	if s.Index != "" {
		if s.Relation != "" {
			t.WriteString(" using " + s.Index)
		} else {
			t.WriteString(" on " + s.Index)
		}
	}
	if s.Relation != "" {
		t.WriteString(" on " + s.Relation)
		if s.Alias != "" && s.Alias != s.Relation {
			t.WriteString(" " + s.Alias)
		}
	}
	return t.String()
}
