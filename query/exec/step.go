package exec

import (
	"context"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cachalotdb/cachalot/query/plan"
)

// Step describes one operator, or the fragments of one, for EXPLAIN.
type Step struct {
	Name string
	// Join is the kind of a join: "Inner", "Left", ...; it is part of the Name too.
	Join string
	// Relation, Alias and Index are set where a table is read.
	Relation, Alias, Index string
	Lines                  []Line
	Rows                   float64 // estimated
	Width                  int
	Access                 *plan.Access // of a scan
	Lookup                 bool         // part of a scan: a question to an index, or several combined
	Subplan                string       // what it is to the step above: "CTE x", "" for an input
	Kids                   []*Step
	// Fragments is how many fragments work on it, on as many as Workers goroutines; 0 where it is one.
	Fragments, Workers int

	// What was measured; rows and calls are sums over the fragments.
	rows    atomic.Int64
	removed atomic.Int64 // rows read and dropped by the condition
	nanos   atomic.Int64 // of the busiest goroutine only when there are several
	first   atomic.Int64
	runs    atomic.Int64
	through *Step // whose measure it has, instead
}

// Line is a detail of a step: "Filter", "(a > 1)".
type Line struct {
	Key  string
	Text string   // one text,
	List []string // or several
}

// Kind is the name without the kind of a join: "Hash Join" for "Hash Left Join".
func (s *Step) Kind() string {
	switch {
	case s.Join == "" || s.Join == "Inner":
		return s.Name
	case strings.HasPrefix(s.Name, "Nested Loop"):
		return "Nested Loop"
	}
	return strings.Replace(s.Name, " "+s.Join, "", 1)
}

// Measured is what a profiled run of a step took.
type Measured struct {
	Rows    int64
	Removed int64
	First   time.Duration // until the first batch
	Total   time.Duration
	Runs    int64
}

// Measured returns what was measured.
func (s *Step) Measured() Measured {
	if s.through != nil {
		m := s.through.Measured()
		m.Removed = 0
		return m
	}
	return Measured{Rows: s.rows.Load(), Removed: s.removed.Load(), First: time.Duration(s.first.Load()),
		Total: time.Duration(s.nanos.Load()), Runs: s.runs.Load()}
}

// profiled measures an operator.
type profiled struct {
	Operator
	step  *Step
	nanos int64
	began bool
}

func (p *profiled) Next(ctx context.Context, r *Rows) (bool, error) {
	start := time.Now()
	ok, err := p.Operator.Next(ctx, r)
	p.nanos += int64(time.Since(start))
	if !p.began {
		p.began = true
		p.step.runs.Add(1)
		p.step.first.CompareAndSwap(0, max(1, p.nanos))
	}
	raise(&p.step.nanos, p.nanos)
	if ok {
		p.step.rows.Add(int64(r.Count()))
		if s, is := p.Operator.(*scan); is {
			p.step.removed.Add(int64(s.batch.N - r.Count()))
		}
	}
	return ok, err
}

// raise makes a at least n: fragments run side by side.
func raise(a *atomic.Int64, n int64) {
	for {
		old := a.Load()
		if old >= n || a.CompareAndSwap(old, n) {
			return
		}
	}
}
